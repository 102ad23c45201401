//! Why: what a difference means. Pure: differences and clues in, findings out.

mod case;
mod class;
mod packages;
mod rules;

pub(crate) use case::{Actual, Case, Expected, Hurt};
pub(crate) use class::classify;
pub(crate) use packages::{Packages, Progress, settle_directories, versions};
pub(crate) use rules::diagnose;
