//! What `diff` tells: damage apart from drift and noise, and its cause.

mod caches;
mod damage;
pub(crate) mod diagnosis;
mod emptied_venvs;
mod full_copies;
mod installers;
mod mixtures;
mod overlooked;
pub(crate) mod packages;
mod shared;
mod sums;
mod wrong_causes;
