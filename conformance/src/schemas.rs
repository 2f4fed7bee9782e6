//! JSON Schemas of what the commands write, made from the very types that they write.

use schemars::{Schema, schema_for};

use crate::chart::TraceEvent;
use crate::cli::FmtOutput;
use crate::explain::Explanation;
use crate::graph::{GraphOutput, OverviewOutput};
use crate::output::{CoverageOutput, EvidenceRow, ExploreOutput, Half, RunOutput};

/// Every schema with the name of its file in `conformance/schemas/`, without the ending.
#[must_use]
pub fn all() -> Vec<(&'static str, Schema)> {
    vec![
        ("coverage", schema_for!(CoverageOutput)),
        ("evidence", schema_for!(Vec<EvidenceRow>)),
        ("evidence-halves", schema_for!(Vec<Half>)),
        ("explain", schema_for!(Explanation)),
        ("explore", schema_for!(ExploreOutput)),
        ("fmt", schema_for!(FmtOutput)),
        ("graph", schema_for!(GraphOutput)),
        ("graph-overview", schema_for!(OverviewOutput)),
        ("run", schema_for!(RunOutput)),
        ("trace", schema_for!(TraceEvent)),
    ]
}
