//! What probably did it.

use serde::{Deserialize, Serialize};

use super::path::RelPath;

/// A cause that explains damage, as one rule tells it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The name of the rule, for scripts.
    pub rule: String,
    /// What a person should know and do, in whole sentences.
    pub text: String,
    /// How many damaged entries it explains.
    pub explains: usize,
    /// Of the damage of its kind, the share that it explains: 0 to 1. A rule below 0.9 stays silent.
    pub precision: f64,
    /// Of what the cause would have hit, the share that it did hit: 0 to 1.
    pub recall: f64,
    /// What the cause would have hit and did not.
    pub survivors: Vec<RelPath>,
}
