//! Snapshots on their way: `copy`, `export` and `import`.

mod copy;
mod copy_crash;
mod elsewhere;
mod hollow;
mod hostile_headers;
mod hostile_tars;
mod import;
mod import_crash;
mod tars_of_others;
mod transport;
