//! Snapshots on their way: `copy`, `export` and `import`.

pub(crate) mod copy;
mod copy_crash;
mod hostile_headers;
pub(crate) mod hostile_tars;
pub(crate) mod import;
mod import_crash;
mod tars_of_others;
pub(crate) mod transport;
