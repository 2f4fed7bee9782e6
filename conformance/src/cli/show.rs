//! `winaccept show`.

use clap::Args as ClapArgs;
use winaccept_model::step::Machine;

use super::limits::{LimitArgs, too_small};
use super::run::profile_named;
use super::{Format, OutputArgs};
use crate::chart;
use crate::problem::{Problem, Problems};
use crate::suite;

/// Arguments of `show`.
#[derive(ClapArgs, Debug)]
#[command(after_help = "\
Examples:
  winaccept show peer-reset-while-queued                      calls, segments and rules, line by line
  winaccept show peer-reset-while-queued --profile windows    the same as Windows is known to behave
  winaccept show my.winaccept --format mermaid                a sequence chart that GitHub draws
  winaccept show my.winaccept --format svg -o my.svg          a picture, for a slide
  winaccept show my.winaccept --format pcapng -o my.pcapng    a capture, for Wireshark and tshark
  winaccept show my.winaccept --format json                   the trace, one event a line (conformance/schemas/trace.json)
  winaccept show - < my.winaccept                             from standard input

Of all runs that the profile allows it shows the first that goes as the scenario expects; where none does it goes on with
what happens instead, and marks it with `!`. The same scenario gives the same bytes everywhere.")]
pub(super) struct Args {
    /// A scenario file, or the name of a bundled scenario; `-` is standard input
    scenario: std::path::PathBuf,
    /// The profile to run it under: documented, windows, wine-8.0, wine-10.0
    #[arg(long, default_value = "documented")]
    profile: String,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn show(args: &Args, format: Format) -> Result<u8, Problems> {
    let machine = Machine::new(profile_named(&args.profile)?);
    let mut scenario = suite::find(&args.scenario)?;
    args.limits.bound(&mut scenario);
    let (chart, judged) = winaccept_sim::limit::within(|| chart::of(&scenario, &machine))
        .map_err(|reached| too_small(&scenario, &reached))?;
    let text = match format {
        Format::Text => chart::chart(&chart),
        Format::Json => chart::json_lines(&chart, &judged),
        Format::Mermaid => chart::sequence(&chart),
        Format::Svg => chart::picture(&chart),
        Format::Pcapng => {
            args.output.write_bytes(&chart::capture(&chart))?;
            return Ok(0);
        }
        Format::Dot | Format::Junit | Format::Tap => {
            return Err(Problem::new("show writes text, json, mermaid, svg or pcapng; graph writes dot").into());
        }
    };
    args.output.write(&text)?;
    Ok(0)
}
