//! The care of a store: `verify`, `prune`, `forget`, and what is lost or damaged in it.

pub(crate) mod care;
mod damaged_packs;
mod header;
pub(crate) mod lost;
mod packs;
