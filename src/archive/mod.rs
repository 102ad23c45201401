//! Trees as tar archives, out and in: entries to the blocks of a PAX archive and back. Knows neither store nor file
//! system, and unpacks nothing.

mod block;
mod error;
mod field;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod gather;
mod kind;
mod origin;
mod pax;
mod read;
mod records;
mod source;
mod write;

pub(crate) use error::Error;
pub use error::{RefusedEntry, RefusedName, RefusedTar};
pub(crate) use gather::{Gathered, RootMark};
pub(crate) use kind::Kind;
pub(crate) use origin::Origin;
pub(crate) use read::{Member, Reader};
pub(crate) use source::{Promised, plain};
pub(crate) use write::{END, Left, header, opening, padding};

/// The block that everything in a tar is a multiple of.
const BLOCK: usize = 512;
/// The largest size that the header's octal digits hold.
const OCTAL_MAX: u64 = 0o777_7777_7777;
