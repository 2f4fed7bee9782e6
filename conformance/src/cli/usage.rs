//! What is wrong with a command line that cannot be read at all.

use std::error::Error as _;
use std::ffi::OsString;
use std::process::ExitCode;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{Format, failed};
use crate::problem::Problem;

/// Ends a command that asked for help or for the version, or that nobody understands.
pub(super) fn ended(error: &Error, arguments: impl Iterator<Item = OsString>) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    if wants_json(arguments) {
        return failed(&problem(error).into(), Format::Json);
    }
    // In colour, where the terminal has it.
    let _ = error.print();
    ExitCode::from(2)
}

/// Is JSON asked for, in what could not be read as a whole?
fn wants_json(arguments: impl Iterator<Item = OsString>) -> bool {
    let mut before = OsString::new();
    for argument in arguments {
        if argument == "--format=json" || (before == "--format" && argument == "json") {
            return true;
        }
        before = argument;
    }
    false
}

fn problem(error: &Error) -> Problem {
    let said = |kind| error.get(kind).map(ToString::to_string).unwrap_or_default();
    let argument = || said(ContextKind::InvalidArg);
    let message = match error.kind() {
        ErrorKind::UnknownArgument => format!("there is no argument `{}`", argument()),
        ErrorKind::InvalidSubcommand => format!("there is no command `{}`", said(ContextKind::InvalidSubcommand)),
        ErrorKind::InvalidValue if said(ContextKind::InvalidValue).is_empty() => {
            format!("`{}` needs a value", argument())
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            format!("`{}` is no value of `{}`", said(ContextKind::InvalidValue), argument())
        }
        ErrorKind::MissingRequiredArgument => format!("`{}` is missing", argument()),
        ErrorKind::ArgumentConflict => format!("`{}` does not go with `{}`", argument(), said(ContextKind::PriorArg)),
        other => other.as_str().map_or_else(|| other.to_string(), str::to_owned),
    };
    let meant = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    let near = meant.iter().find_map(|kind| first(error.get(*kind)?));
    let problem = Problem::new(message).shown(error.render().to_string().trim_end());
    match (near, said(ContextKind::ValidValue)) {
        (Some(near), _) => problem.help(format!("did you mean `{near}`?")),
        (None, _) if error.kind() == ErrorKind::ValueValidation && error.source().is_some() => {
            problem.help(error.source().map(ToString::to_string).unwrap_or_default())
        }
        (None, values) if !values.is_empty() => problem.help(format!("the values are {values}")),
        (None, _) => problem.help("`--help` behind the command tells what it takes"),
    }
}

/// The nearest of what was suggested.
fn first(suggested: &ContextValue) -> Option<String> {
    match suggested {
        ContextValue::String(one) => Some(one.clone()),
        ContextValue::Strings(several) => several.first().cloned(),
        _ => None,
    }
}
