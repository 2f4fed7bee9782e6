//! `winaccept run`.

use clap::Args as ClapArgs;
use winaccept_model::step::Machine;

use super::Format;
use crate::profiles::Choices;
use crate::suite;
use crate::verdict::{self, Verdict};

/// Arguments of `run`.
#[derive(ClapArgs, Debug, Default)]
pub(super) struct Args {
    /// Scenario files, or folders of them; without any, the bundled scenarios
    pub(super) paths: Vec<std::path::PathBuf>,
    /// The profile to judge by: documented, windows, wine-8.0, wine-10.0
    #[arg(long)]
    profile: Option<String>,
}

pub(super) fn run(args: &Args, _format: Format) -> Result<u8, String> {
    let scenarios = if args.paths.is_empty() { suite::bundled()? } else { suite::read(&args.paths)? };
    let profile = Choices::bundled().profile(args.profile.as_deref().unwrap_or("documented"))?;
    let machine = Machine::new(profile);
    let mut failed = 0;
    for scenario in &scenarios {
        let judged = verdict::model(scenario, &machine);
        println!("{:10} {}  {}", judged.verdict.name(), scenario.file, judged.reason);
        failed += usize::from(judged.verdict != Verdict::Pass);
    }
    println!("{} scenarios, {failed} not as documented", scenarios.len());
    Ok(u8::from(failed > 0))
}
