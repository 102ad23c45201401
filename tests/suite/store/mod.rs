//! The care of a store: `verify`, `prune`, `forget`, and what is lost or damaged in it.

mod care;
mod damaged_packs;
mod header;
mod lost;
mod packs;
