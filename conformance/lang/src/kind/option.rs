//! Socket options and their values.

use winaccept_model::call::{OPTIONS, Opt, OptVal};
use winaccept_model::kind::{OptionIn, OptionName};
use winaccept_sim::script::Script;

use super::super::cursor::{Parsed, shortened};
use super::super::diagnostic::Diagnostic;
use super::super::parser::Parser;
use super::super::render;
use super::super::suggest::did_you_mean;
use super::{Asking, Text};

/// A level and an option that belongs to it.
impl Text for OptionName {
    const ARGUMENTS: (usize, usize) = (2, 2);
    const EXAMPLE: &'static str = "SOL_SOCKET, SO_LINGER";
    fn parse(parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<Opt> {
        let cursor = &mut parser.cursor;
        let (level, level_span) =
            cursor.word("the level of an option: `SOL_SOCKET`, `IPPROTO_TCP` or `IPPROTO_IPV6`")?;
        cursor.expect(",")?;
        let (name, span) = cursor.word("an option")?;
        let Some((right_level, _, opt)) = OPTIONS.iter().find(|(_, known, _)| *known == name) else {
            let near = did_you_mean(name, OPTIONS.iter().map(|(_, known, _)| *known));
            let title = format!("unknown option `{}`", shortened(name));
            let problem = Diagnostic::new(title, span, "the model has no such option");
            return Err(cursor.report(problem.maybe_help(near)));
        };
        if *right_level != level {
            let title = format!("`{name}` is no option of `{}`", shortened(level));
            let problem = Diagnostic::new(title, level_span, format!("expected `{right_level}`"));
            return Err(cursor.report(problem.help(format!("write `{right_level}, {name}`"))));
        }
        asking.option = Some(*opt);
        Ok(*opt)
    }
    fn write(value: &Opt, _: &Script) -> String {
        let known = OPTIONS.iter().find(|(_, _, known)| known == value);
        known.map_or_else(String::new, |(level, name, _)| format!("{level}, {name}"))
    }
}

/// In the shape that the option has.
impl Text for OptionIn {
    const EXAMPLE: &'static str = "{1, 0}";
    fn parse(parser: &mut Parser<'_>, asking: &mut Asking) -> Parsed<OptVal> {
        let option = asking.option.expect("invariant: the value of an option stands behind its name");
        parser.option_value(option)
    }
    fn write(value: &OptVal, _: &Script) -> String {
        render::option_value(*value)
    }
}
