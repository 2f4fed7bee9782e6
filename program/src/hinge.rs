//! The choices of the stack on which a finding hangs.

use std::fmt;

use winaccept_lang::profiles::{Choices, NAMES};
use winaccept_model::choice::{Alt, CHOICES};
use winaccept_model::profile::Profile;

use crate::engine::Ran;
use crate::judge::Judge;
use crate::record::Entry;

/// A choice point that makes the difference: decided otherwise, as the profile would allow, the same run convicts nobody.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hinge {
    /// The choice point.
    pub choice: &'static str,
    /// What was chosen.
    pub alternative: &'static str,
    /// What would convict nobody.
    pub otherwise: Vec<&'static str>,
    /// Other profiles that leave nothing open here, each with what it says.
    pub decided: Vec<(&'static str, &'static str)>,
}

impl fmt::Display for Hinge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Hinge { choice, alternative, decided, .. } = self;
        write!(f, "it hangs on a choice of the stack, {choice} = {alternative}; ")?;
        write!(f, "with {} nothing is wrong in this run", self.otherwise.join(" or "))?;
        let said = |(profile, said): &(&str, &str)| format!("{profile} ({said}{})", too(*said == *alternative));
        let said: Vec<String> = decided.iter().map(said).collect();
        if let [(first, _), ..] = decided[..] {
            let all = said.join(", ");
            write!(f, ". Decided under profile {all}: .profile(\"{first}\"), or --profile {first}")?;
        }
        Ok(())
    }
}

fn too(same: bool) -> &'static str {
    if same { ", too" } else { "" }
}

/// On which of what was chosen in a run, of those whom the scenario still shows, the verdict hangs. `again` makes the run anew, under
/// another profile.
pub(crate) fn hinges(
    ran: &Ran,
    judge: Judge,
    scenario: &str,
    profile: &Profile,
    again: &mut dyn FnMut(Profile) -> Ran,
) -> Vec<Hinge> {
    let mut chosen: Vec<Alt> = Vec::new();
    for entry in &ran.record {
        if let Entry::Chooses(alt) = entry {
            chosen.retain(|other| other.point() != alt.point());
            chosen.push(*alt);
        }
    }
    let mut convicts = |profile: Profile| again(profile).verdict.is_some_and(|(by, _)| by == judge);
    // What was chosen elsewhere stays as it was.
    let mut settled = profile.clone();
    chosen.iter().for_each(|alt| narrow(&mut settled, *alt, alt.name()));
    let all: Vec<Alt> = if convicts(settled.clone()) { chosen } else { Vec::new() };
    let shown = |alt: &&Alt| scenario.lines().any(|line| line.trim() == format!("choose {}", alt.text()));
    let mut hinges = Vec::new();
    for alt in all.iter().filter(shown) {
        let index = alt.point().index();
        let others = allowed(profile, index).into_iter().filter(|other| *other != alt.name());
        let otherwise: Vec<&str> = others
            .filter(|other| {
                let mut changed = settled.clone();
                narrow(&mut changed, *alt, other);
                !convicts(changed)
            })
            .collect();
        if !otherwise.is_empty() {
            hinges.push(Hinge {
                choice: CHOICES[index].name,
                alternative: alt.name(),
                otherwise,
                decided: decided(profile, index),
            });
        }
    }
    hinges
}

fn narrow(profile: &mut Profile, alt: Alt, to: &str) {
    profile.narrow(alt.point().name(), [to]).expect("invariant: an alternative of the point is known");
}

/// What a profile allows at a choice point.
fn allowed(profile: &Profile, point: usize) -> Vec<&'static str> {
    let bits = profile.allowed(point);
    let named = CHOICES[point].alternatives.iter().enumerate();
    named.filter(|(at, _)| bits >> at & 1 == 1).map(|(_, name)| *name).collect()
}

/// The bundled profiles beside this one that say what a stack does there.
fn decided(profile: &Profile, point: usize) -> Vec<(&'static str, &'static str)> {
    let others = NAMES.iter().filter(|name| **name != profile.name);
    others
        .filter_map(|name| match allowed(&Choices::bundled().profile(name).ok()?, point)[..] {
            [one] => Some((*name, one)),
            _ => None,
        })
        .collect()
}
