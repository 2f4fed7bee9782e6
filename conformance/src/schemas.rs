//! JSON Schemas of what the commands write, made from the very types that they write.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use crate::chart::TraceLine;
use crate::cli::FmtOutput;
use crate::compare::CompareOutput;
use crate::corners::Corner;
use crate::explain::Explanation;
use crate::graph::{GraphOutput, OverviewOutput};
use crate::learn::LearnOutput;
use crate::learned::CheckOutput;
use crate::output::{
    CoverageOutput, EvidenceRow, ExploreOutput, FuzzOutput, Half, ListedScenario, MuseumOutput, RunOutputs, Witness,
};
use crate::problem::ErrorOutput;

/// The schema of what is written: a field that is left out when empty is not required.
fn schema_of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}

/// Every schema with the name of its file in `conformance/schemas/`, without the ending.
#[must_use]
pub fn all() -> Vec<(&'static str, Schema)> {
    vec![
        ("check", schema_of::<CheckOutput>()),
        ("compare", schema_of::<CompareOutput>()),
        ("coverage", schema_of::<CoverageOutput>()),
        ("errors", schema_of::<ErrorOutput>()),
        ("evidence", schema_of::<Vec<EvidenceRow>>()),
        ("evidence-corners", schema_of::<Vec<Corner>>()),
        ("evidence-halves", schema_of::<Vec<Half>>()),
        ("explain", schema_of::<Explanation>()),
        ("explore", schema_of::<ExploreOutput>()),
        ("explore-how", schema_of::<Witness>()),
        ("fmt", schema_of::<FmtOutput>()),
        ("fuzz", schema_of::<FuzzOutput>()),
        ("graph", schema_of::<GraphOutput>()),
        ("graph-overview", schema_of::<OverviewOutput>()),
        ("learn", schema_of::<LearnOutput>()),
        ("list", schema_of::<Vec<ListedScenario>>()),
        ("museum", schema_of::<MuseumOutput>()),
        ("run", schema_of::<RunOutputs>()),
        ("trace", schema_of::<TraceLine>()),
    ]
}
