//! What `cache check`, `cache quarantine` and `cache release` make of the caches of installers.

mod check;
mod quarantine;
mod unlisted;
mod unpacked;
