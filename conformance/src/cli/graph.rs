//! `winaccept graph`.

use clap::Args as ClapArgs;
use winaccept_model::profile::Profile;

use super::run::profile_named;
use super::{Format, OutputArgs, json};
use crate::graph::{self, Flow, GraphOutput, Legality, OverviewOutput, SUBJECTS, Sockets, Subject};
use crate::problem::{Problem, Problems};
use crate::spec::similar;

/// Arguments of `graph`.
#[derive(ClapArgs, Debug)]
#[command(after_help = "\
Examples:
  winaccept graph                                    all names, the states of a socket, and every call in every state
  winaccept graph accept                             accept, stage by stage, from state to outcome
  winaccept graph accept --format svg -o accept.svg  the same as a picture; --format dot for Graphviz
  winaccept graph --profile wine-8.0 getpeername     what one stack does; without it, what the documents say
  winaccept graph --format mermaid                   the states of a socket, for a page that GitHub draws

The graphs are read off the rules: what is drawn is what runs.")]
pub(super) struct Args {
    /// A call or a happening, such as accept, connect, SYN, timer; without it, the states of a socket over all calls
    name: Option<String>,
    /// The profile that says what can happen, by name or as a file
    #[arg(long, default_value = "documented")]
    profile: String,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn graph(args: &Args, format: Format) -> Result<u8, Problems> {
    let profile = lasting(&args.profile)?;
    let text = match &args.name {
        Some(name) => one(name, profile, format)?,
        None => overview(profile, format)?,
    };
    args.output.write(&text)?;
    Ok(0)
}

/// The profile of this name, for as long as the program runs.
pub(super) fn lasting(name: &str) -> Result<&'static Profile, Problems> {
    let profile = profile_named(name)?;
    Ok(Box::leak(Box::new(profile)))
}

fn one(name: &str, profile: &'static Profile, format: Format) -> Result<String, Problems> {
    let flow = Flow::of(Subject::by_name(name).ok_or_else(|| unknown(name))?.under(profile));
    Ok(match format {
        Format::Text => graph::flow_text(&flow),
        Format::Dot => graph::flow_dot(&flow),
        Format::Mermaid => graph::flow_mermaid(&flow),
        Format::Svg => graph::flow_svg(&flow),
        Format::Json => {
            let gives = flow.subject.is_call.then(|| Legality::of(flow.subject).data());
            json(&GraphOutput { name: flow.subject.name, graph: flow.data(), gives })
        }
        Format::Junit | Format::Pcapng | Format::Tap => return Err(Problem::new(FORMATS).into()),
    })
}

/// Said where another format is asked for.
const FORMATS: &str = "graph writes text, json, dot, mermaid or svg";

fn overview(profile: &'static Profile, format: Format) -> Result<String, Problems> {
    let sockets = Sockets::under(profile);
    Ok(match format {
        Format::Text => graph::overview_text(&sockets, &Legality::all(profile)),
        Format::Dot => graph::sockets_dot(&sockets),
        Format::Mermaid => graph::sockets_mermaid(&sockets),
        Format::Svg => graph::sockets_svg(&sockets),
        Format::Json => {
            let named = |calls| SUBJECTS.iter().filter(move |subject| subject.is_call == calls);
            json(&OverviewOutput {
                calls: named(true).map(|subject| subject.name).collect(),
                happenings: named(false).map(|subject| subject.name).collect(),
                sockets: sockets.data(),
                table: Legality::all(profile).iter().map(Legality::data).collect(),
            })
        }
        Format::Junit | Format::Pcapng | Format::Tap => return Err(Problem::new(FORMATS).into()),
    })
}

fn unknown(name: &str) -> Problem {
    let near = similar(name, SUBJECTS.iter().map(|subject| subject.name));
    let help = match near.first() {
        Some(near) => format!("did you mean `{near}`?"),
        None => "winaccept graph lists the names".to_owned(),
    };
    Problem::new(format!("no call or happening is called `{name}`")).help(help)
}
