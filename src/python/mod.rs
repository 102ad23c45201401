//! What Python and its installers put into a venv, read from whatever gives the contents. Knows no store.

pub(crate) mod bytecode;
pub(crate) mod complaint;
pub(crate) mod config;
pub(crate) mod dist;
pub(crate) mod elf;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
pub(crate) mod hashes;
pub(crate) mod imports;
pub(crate) mod interpreter;
pub(crate) mod layout;
pub(crate) mod made;
pub(crate) mod marshal;
pub(crate) mod path_files;
pub(crate) mod prefix;
pub(crate) mod pyvenv;
pub(crate) mod recompile;
mod release;
pub(crate) mod relocate;
pub(crate) mod requirements;
mod sha256;
pub(crate) mod subprocess;
pub(crate) mod system_site;
pub(crate) mod text;
mod withheld;
pub(crate) mod worker;
pub(crate) mod zip;

pub(crate) use interpreter::Culprit;
pub(crate) use layout::{Layout, holds_site};
