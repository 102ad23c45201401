//! What `diff` tells: damage apart from drift and noise, and its cause.

mod agreement;
mod caches;
mod damage;
mod diagnosis;
mod emptied_venvs;
mod full_copies;
mod installers;
mod mixtures;
mod normal_use;
mod overlooked;
mod packages;
mod settings;
mod shared;
mod stripped;
mod sums;
mod wrong_causes;
