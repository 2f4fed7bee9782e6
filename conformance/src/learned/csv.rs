//! The file of a learned machine: comma-separated values with the columns `state`, `input`, `output` and `next`.

use std::collections::BTreeMap;

use winaccept_sim::learned::{Learned, Transition};

use crate::page::printable;
use crate::problem::Problem;

/// The columns that it must have, in any order; others are passed over.
const COLUMNS: [&str; 4] = ["state", "input", "output", "next"];
/// The most states that a machine may have.
const MAX_STATES: usize = 10_000;

/// Reads a machine. Its first row begins in the state where the machine starts. Lines that begin with `#` are comments.
pub(super) fn read(content: &[u8], name: &str) -> Result<Learned, Problem> {
    let text = std::str::from_utf8(content).map_err(|error| {
        let line = content[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        Problem::new("this is not UTF-8")
            .help("save the table as comma-separated UTF-8 text")
            .in_file(name)
            .on_line(line)
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let rows = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    let mut rows = rows.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let begin = format!("the first line names the columns: {}", COLUMNS.join(","));
    let (line, header) =
        rows.next().ok_or_else(|| Problem::new("there is no table in it").in_file(name).help(&begin))?;
    let header = fields(header).map_err(|why| why.in_file(name).on_line(line))?;
    let place = |column: &str| {
        let found = header.iter().position(|title| title.trim() == column);
        found.ok_or_else(|| {
            Problem::new(format!("there is no column `{column}`")).in_file(name).on_line(line).help(&begin)
        })
    };
    let places = [place("state")?, place("input")?, place("output")?, place("next")?];
    let mut reader = Reader::default();
    for (line, row) in rows {
        let fields = fields(row).map_err(|why| why.in_file(name).on_line(line))?;
        if fields.len() != header.len() {
            let (found, expected) = (fields.len(), header.len());
            let problem = Problem::new(format!("this row has {found} fields, the header {expected}"));
            return Err(problem.in_file(name).on_line(line).help("a field with a comma in it stands in double quotes"));
        }
        reader.row(places.map(|place| fields[place].trim())).map_err(|why| why.in_file(name).on_line(line))?;
    }
    if reader.learned.transitions.is_empty() {
        let problem = Problem::new("there is no transition in it").in_file(name);
        return Err(problem.help("a row is one, such as `idle,syn,SYN-ACK,half`"));
    }
    Ok(reader.learned)
}

/// A machine under construction.
#[derive(Default)]
struct Reader {
    learned: Learned,
    states: BTreeMap<String, usize>,
    /// By state and input, the output and the state afterwards.
    seen: BTreeMap<(usize, String), (String, usize)>,
}

impl Reader {
    fn row(&mut self, [state, input, output, next]: [&str; 4]) -> Result<(), Problem> {
        for (field, column) in [state, input, output, next].into_iter().zip(COLUMNS) {
            if field.is_empty() {
                return Err(Problem::new(format!("the field `{column}` is empty")).help("no answer is written `-`"));
            }
        }
        let (from, to) = (self.state(state)?, self.state(next)?);
        match self.seen.insert((from, input.to_owned()), (output.to_owned(), to)) {
            None => {}
            Some(before) if before == (output.to_owned(), to) => return Ok(()),
            Some((other, _)) => {
                let problem = Problem::new(format!(
                    "`{}` has two transitions with `{}`: one gives {}, one {}",
                    printable(state),
                    printable(input),
                    printable(&other),
                    printable(output)
                ));
                return Err(problem.help("a learned machine is deterministic; keep one of them"));
            }
        }
        self.learned.transitions.push(Transition { from, input: input.to_owned(), output: output.to_owned(), to });
        Ok(())
    }

    fn state(&mut self, name: &str) -> Result<usize, Problem> {
        if let Some(known) = self.states.get(name) {
            return Ok(*known);
        }
        let number = self.states.len();
        if number == MAX_STATES {
            let problem = Problem::new(format!("this would be one more than {MAX_STATES} states"));
            return Err(problem.help("no learned machine is that large"));
        }
        self.states.insert(name.to_owned(), number);
        self.learned.states.push(name.to_owned());
        Ok(number)
    }
}

/// The fields of a row. One in double quotes may hold commas, and quotes written twice.
fn fields(row: &str) -> Result<Vec<String>, Problem> {
    let mut all = vec![String::new()];
    let mut quoted = false;
    let mut rest = row.chars().peekable();
    while let Some(c) = rest.next() {
        let field = all.last_mut().expect("invariant: a row has a field");
        match c {
            '"' if quoted && rest.peek() == Some(&'"') => {
                rest.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => all.push(String::new()),
            _ => field.push(c),
        }
    }
    if quoted {
        return Err(Problem::new("a quote is not closed").help("a field ends on the line where it begins"));
    }
    Ok(all)
}
