//! The profiles that come with the program, each made once.

use winaccept::profiles::{Choices, NAMES};
use winaccept_model::profile::Profile;
use winaccept_model::step::Machine;

/// The machine of each profile that comes with the program, and at last one that may do whatever any of them may.
pub(crate) fn machines() -> Vec<Machine> {
    let shipped = NAMES.iter().map(|name| Choices::bundled().profile(name).expect("the bundled profiles are tested"));
    shipped.chain([Profile::widest("widest")]).map(Machine::new).collect()
}
