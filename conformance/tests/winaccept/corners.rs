//! The disputed corners: whole, each asked or with the reason why not, and right where it is known what is right.

use winaccept::corners::{Cell, Corner, CornerRow, UNKNOWN, corners, wrong};
use winaccept::evidence::bundled;
use winaccept::suite;

fn all() -> Vec<Corner> {
    corners(None, &suite::bundled().unwrap(), &bundled())
}

fn cell<'r>(row: &'r CornerRow, stack: &str) -> &'r Cell {
    row.cells.iter().find(|cell| cell.stack == stack).unwrap_or_else(|| panic!("{stack}: {row:?}"))
}

#[test]
fn every_fact_and_scenario_exists() {
    assert_eq!(wrong(&suite::bundled().unwrap()), Vec::<String>::new());
}

#[test]
fn the_fourteen_corners_and_twenty_three_surprises_are_there() {
    let ids: Vec<&str> = all().iter().map(|corner| corner.id).collect();
    let wanted = (1..=14).map(|n| format!("C{n}")).chain((1..=23).map(|n| format!("S{n}")));
    assert_eq!(ids, wanted.collect::<Vec<_>>());
}

#[test]
fn each_says_something_of_everybody_with_its_source_or_that_it_is_unknown() {
    for corner in all() {
        assert!(!corner.rows.is_empty(), "{}", corner.id);
        for row in &corner.rows {
            assert_eq!(row.cells.len(), 2 + bundled().len(), "{}: {row:?}", corner.id);
            assert_eq!(row.scenario.is_none(), row.not_asked.is_some(), "{}: {row:?}", corner.id);
            for cell in &row.cells {
                assert!(!cell.says.is_empty(), "{}: {row:?}", corner.id);
                let sourced = cell.grade.is_some() || !cell.source.is_empty() || cell.says == UNKNOWN;
                assert!(sourced, "{}: {row:?}", corner.id);
            }
        }
    }
}

#[test]
fn a_reset_in_the_queue_is_told_by_the_documents_and_not_by_windows() {
    let corners = corners(Some("c1"), &suite::bundled().unwrap(), &bundled());
    let [corner] = corners.as_slice() else { panic!("{corners:?}") };
    let asked = |row: &&CornerRow| row.scenario.as_deref() == Some("accept/peer-reset-while-queued");
    let row = corner.rows.iter().find(asked).unwrap();
    assert_eq!(cell(row, "documents").says, "INVALID_SOCKET WSAECONNRESET");
    assert_eq!(cell(row, "documents").source, "accept.err.WSAECONNRESET");
    // The profile's own entry says where it has that from.
    let windows = cell(row, "windows");
    assert_eq!((windows.says.as_str(), windows.grade.as_deref()), ("handle", Some("S")));
    assert!(windows.source.starts_with("C1"), "{windows:?}");
    assert_eq!(cell(row, "wine-10.0").grade.as_deref(), Some("run"));
}

#[test]
fn what_nobody_knows_is_unknown() {
    let corners = corners(Some("C11"), &suite::bundled().unwrap(), &bundled());
    let rows = corners.iter().flat_map(|corner| &corner.rows);
    let open = rows.filter(|row| row.facts.is_empty() && cell(row, "windows").grade.is_none());
    let mut says = open.map(|row| cell(row, "windows").says.as_str());
    assert!(says.any(|says| says.starts_with(UNKNOWN)), "{corners:?}");
}
