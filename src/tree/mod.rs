//! A live tree of files: where it stands and what it holds. Knows no store and no Python.

mod assemble;
mod batch;
mod error;
pub(crate) mod fingerprint;
pub(crate) mod follow;
pub(crate) mod hash;
pub(crate) mod lead;
pub(crate) mod listing;
mod read;
pub(crate) mod scan;
pub(crate) mod sharing;
pub(crate) mod sink;
mod site;
pub(crate) mod stat_cache;
pub(crate) mod stated;
pub(crate) mod stream;

pub use error::Error;
pub use site::{Site, Standing};
