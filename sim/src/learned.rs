//! A state machine that was learned from a real stack, walked beside the model.
//!
//! Who learns such a machine drives a server through a small harness and a raw peer, and sees no more than the first segment
//! that each input provokes. [`judge`] lets the model do the same: for every state of the machine it keeps all the worlds
//! whose answers fit so far (the subset construction), and says of each transition what the model would have answered.

mod harness;
mod walk;

use std::collections::BTreeSet;

use winaccept_model::choice::Alt;

pub use harness::{INPUTS, Input, OUTPUTS, Output};
pub use walk::{Walk, judge};

/// A learned machine. Names of inputs and outputs that the model does not know are kept as they are.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Learned {
    /// The states by name; the first is where it starts.
    pub states: Vec<String>,
    /// The transitions, in the order of the file.
    pub transitions: Vec<Transition>,
}

/// A transition of a learned machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transition {
    /// The state, as index into [`Learned::states`].
    pub from: usize,
    /// What is put in.
    pub input: String,
    /// What comes out.
    pub output: String,
    /// The state afterwards.
    pub to: usize,
}

/// What the model says to a transition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Says {
    /// It answers so, and in no other way.
    Exact,
    /// It may answer so, and otherwise too.
    Wider(Vec<Also>),
    /// It never answers so after this word, which ends with the input in question and is a shortest one.
    Wrong {
        /// What it may answer.
        allowed: BTreeSet<Output>,
        /// The inputs.
        word: Vec<String>,
    },
    /// Nothing can be said; why.
    Unsayable(String),
}

/// Another answer that the model allows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Also {
    /// The answer.
    pub output: Output,
    /// What leads to it and not to the learned one, at choice points that the profile leaves open.
    pub choices: BTreeSet<Alt>,
}
