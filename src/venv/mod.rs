//! A live venv: where it stands and what it holds. Knows no store.

mod assemble;
pub(crate) mod beyond;
pub(crate) mod bytecode;
mod culprit;
pub(crate) mod dist;
pub(crate) mod errand;
mod error;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
pub(crate) mod hash;
pub(crate) mod hashes;
pub(crate) mod imports;
pub(crate) mod interpreter;
pub(crate) mod marshal;
mod read;
pub(crate) mod recompile;
pub(crate) mod relocate;
pub(crate) mod scan;
pub(crate) mod sharing;
pub(crate) mod sink;
mod site;
pub(crate) mod stat_cache;
pub(crate) mod stream;

pub(crate) use culprit::Culprit;
pub use error::Error;
pub use site::{Site, Standing};
