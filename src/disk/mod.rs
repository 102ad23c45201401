//! The only hand that changes files, and all that only Linux has.

pub(crate) mod again;
pub(crate) mod atomic;
pub(crate) mod clock;
pub(crate) mod dirs;
pub(crate) mod displace;
pub(crate) mod error;
pub(crate) mod fence;
pub(crate) mod file_system;
pub(crate) mod flags;
pub(crate) mod limits;
pub(crate) mod lock;
pub(crate) mod mapped;
pub(crate) mod meta;
pub(crate) mod namespace;
pub(crate) mod network;
pub(crate) mod out_file;
pub(crate) mod processes;
pub(crate) mod remove;
pub(crate) mod rename;
pub(crate) mod rooted;
pub(crate) mod self_test;
pub(crate) mod space;
pub(crate) mod stat;
pub(crate) mod symlinks;
pub(crate) mod trial;
pub(crate) mod walk;
pub(crate) mod workroom;
pub(crate) mod write_test;

pub use error::PathError;
