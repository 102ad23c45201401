//! Why: what a difference means. Pure: differences and clues in, findings out.

mod case;
mod class;
mod left_out;
mod normal_use;
mod packages;
mod rules;
mod standing;
mod versions;

pub(crate) use case::{Actual, Case, Expected, Hurt, Interruption};
pub(crate) use class::{classify, classify_directories};
pub(crate) use packages::{Packages, Progress};
pub(crate) use rules::{brought, diagnose};
pub(crate) use versions::versions;
