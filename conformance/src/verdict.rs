//! Verdicts: the words in which every command speaks of a scenario.

use schemars::JsonSchema;
use serde::Serialize;

/// A verdict on one scenario.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As documented.
    Pass,
    /// What the scenario expects is allowed, and so is something else that it does not name.
    Possible,
    /// Not as documented, but exactly what the model does under this stack's profile.
    Deviates,
    /// The profile says that it would deviate, and it did not.
    Fixed,
    /// The scenario expects what the documents do not say, or the stack did what its profile does not say.
    Fail,
    /// An earlier step deviated, so the claim was not reached.
    Blocked,
    /// Rests on an assumed wait, asks for more than the model holds, or the stack lost its process.
    Unresolved,
    /// The model says that it does not know what happens there.
    Unmodelled,
    /// This stack does not have one of the calls.
    LacksCall,
    /// No real stack can take a step of it.
    ModelOnly,
}

impl Verdict {
    /// All, in the order in which they are shown.
    pub const ALL: [Verdict; 10] = [
        Verdict::Pass,
        Verdict::Possible,
        Verdict::Deviates,
        Verdict::Fixed,
        Verdict::Fail,
        Verdict::Blocked,
        Verdict::Unresolved,
        Verdict::Unmodelled,
        Verdict::LacksCall,
        Verdict::ModelOnly,
    ];

    /// As it is written in output.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Possible => "possible",
            Verdict::Deviates => "deviates",
            Verdict::Fixed => "fixed",
            Verdict::Fail => "fail",
            Verdict::Blocked => "blocked",
            Verdict::Unresolved => "unresolved",
            Verdict::Unmodelled => "unmodelled",
            Verdict::LacksCall => "lacks_call",
            Verdict::ModelOnly => "model_only",
        }
    }
}

/// A verdict with its reason.
#[derive(Clone, PartialEq, Debug)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, in a sentence; empty for a plain pass.
    pub reason: String,
    /// What else is to be said of the scenario: claims that nothing could break.
    pub notes: Vec<String>,
    /// For [`Verdict::Possible`]: how many of how many allowed outcomes the scenario names.
    pub ways: Option<(usize, usize)>,
    /// The number of the step that decided.
    pub step: Option<usize>,
    /// The choice points that make the difference between what was expected and what was seen.
    pub choices: Vec<&'static str>,
    /// The profile keeps the documented set at a choice point on which this rests, because nothing is known.
    pub rests_on_unknown: bool,
    /// The steps that a real stack took, by number; none on the model.
    pub taken: Vec<usize>,
}

impl Judged {
    /// A verdict about one step, or about the whole.
    #[must_use]
    pub fn new(verdict: Verdict, reason: String, step: Option<usize>) -> Judged {
        Judged {
            verdict,
            reason,
            notes: Vec::new(),
            ways: None,
            step,
            choices: Vec::new(),
            rests_on_unknown: false,
            taken: Vec::new(),
        }
    }

    /// As documented.
    #[must_use]
    pub fn pass() -> Judged {
        Judged::new(Verdict::Pass, String::new(), None)
    }

    /// The verdict as people read it: `possible (1 of 2 allowed ways)`.
    #[must_use]
    pub fn word(&self) -> String {
        match self.ways {
            Some((n, m)) => format!("{} ({n} of {m} allowed ways)", self.verdict.name()),
            None => self.verdict.name().to_owned(),
        }
    }
}

/// What a deviation rests on that comes of the order in which a stack makes its checks.
pub const CHECK_ORDER: &str = "check-order";
