//! The judge: what a scenario expects, held against the documents; what a stack did, held against both.
//!
//! There is one, and every command asks it: `run` and `show` on the model and on real stacks, `explore`, `coverage`, the recordings.
//! It asks in this order.
//!
//! 1. What do the documents say? The scenario is run on the model under `documented`. What it expects has to be what is allowed
//!    there: no less ([`Verdict::Possible`], or [`Verdict::Fail`] where it is nothing of it), no more, and every claim has to
//!    hold. A scenario that fails here fails everywhere, for there is nothing that a stack could deviate from.
//!    Where steps confirm facts, it is run under `windows`, too, and what they say that Windows does has to be what is allowed.
//! 2. What does the profile say? It has to predict what was seen. If that is not what was expected, it [deviates](Verdict::Deviates),
//!    because of the choice points that make the difference there.

mod asked;
mod behind;
mod claims;
mod documents;
mod facts;
mod model;
mod replay;
mod words;

pub use asked::{asked, asked_by};
pub use claims::{claim_broken, empty_claims};
pub use documents::{Fit, first_problem, fit};
pub use facts::{confirms, on_windows, windows};
pub use model::{by_documents, model};
pub use replay::{Prediction, predicts, replay};
pub use words::{beyond, seen_at};

pub use crate::verdict::{CHECK_ORDER, Judged, Verdict};
