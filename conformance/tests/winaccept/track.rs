//! A broken rule that is played only where it makes a difference shows what it shows when it is played from the beginning.

use winaccept::coverage::mutants;
use winaccept::suite;
use winaccept_lang::profiles::Choices;
use winaccept_model::step::Machine;
use winaccept_sim::limit;
use winaccept_sim::run::{Guide, run_breaking_at};
use winaccept_sim::track::{Broken, Track};

/// Of so many mutants one is tried in each scenario, each time another one.
const SOME: usize = 17;

#[test]
fn what_is_not_played_again_would_go_as_before() {
    limit::are_errors();
    let (all, mut different) = (mutants(), 0);
    for (index, scenario) in suite::bundled().unwrap().iter().enumerate().step_by(47) {
        let name = ["documented", "wine-10.0"][index % 2];
        let sound = Machine::new(Choices::bundled().profile(name).unwrap());
        let track = Track::of(&scenario.program, &sound, Guide::Expectations, None);
        for (_, mutant) in all.iter().skip(index % SOME).step_by(SOME) {
            let machine = Machine { mutant: Some(*mutant), ..sound.clone() };
            for from in [0, scenario.program.steps.len() / 2] {
                let broken = Broken::new(&machine).unwrap().from(from);
                let told = format!("{} {mutant:?} from {from}", scenario.file);
                let (program, guide) = (&scenario.program, Guide::Expectations);
                let played = limit::hushed(|| track.broken(program, &broken, guide, &|_, _| false)).unwrap();
                let whole = limit::hushed(|| run_breaking_at(program, [&sound, &machine], from, guide)).unwrap();
                let (played, whole) = match (played, whole) {
                    (Ok(played), Ok(whole)) => (played, whole),
                    (played, whole) => {
                        assert_eq!(played.map_err(Some).err(), whole.map_err(Some).err(), "{told}");
                        continue;
                    }
                };
                different += usize::from(whole.steps != track.run.steps);
                assert_eq!(played.steps, whole.steps, "{told}");
                assert_eq!(played.between, whole.between, "{told}");
                assert_eq!((played.broken, played.missed), (whole.broken, whole.missed), "{told}");
                assert_eq!((played.ends, played.limit), (whole.ends, whole.limit), "{told}");
            }
        }
    }
    assert!(different > 100, "too few make a difference: {different}");
}
