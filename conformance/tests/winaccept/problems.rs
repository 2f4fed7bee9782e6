//! What a scenario that cannot be read tells, as data and as text.

use winaccept::suite::Scenario;

#[test]
fn a_scenario_tells_places_and_remedies() {
    let source = b"scenario \"t\"\n\nserver  acept(L, NULL, NULL) = A\nserver  listn(L, 5)\n";
    let problems = Scenario::read(source, "a:b.winaccept").unwrap_err();
    let [call, other] = &problems.0[..] else { panic!("{problems}") };
    assert_eq!(call.message, "unknown call `acept`");
    assert_eq!((call.file.as_deref(), call.line, call.column), (Some("a:b.winaccept"), Some(3), Some(9)));
    assert_eq!(call.help.as_deref(), Some("did you mean `accept`?"));
    assert!(call.to_string().contains("3 | server  acept(L, NULL, NULL) = A"), "{call}");
    assert_eq!((other.message.as_str(), other.line), ("unknown call `listn`", Some(4)));
    assert!(problems.to_string().contains("\n\nerror: unknown call `listn`"), "{problems}");
}

#[test]
fn of_many_in_one_file_the_first_are_shown_and_all_are_told() {
    let source = format!("scenario \"t\"\n\n{}", "server  acept(L, NULL, NULL) = A\n".repeat(23));
    let problems = Scenario::read(source.as_bytes(), "many").unwrap_err();
    assert_eq!(problems.output().errors.len(), 23);
    assert!(problems.to_string().ends_with("\n\nand 3 more"), "{problems}");
    assert_eq!(problems.to_string().matches("unknown call").count(), 20);
}
