//! Claims about `watch`: what it does about damage, whom it tells, and that it lives through what happens to it.

mod daemon;
mod dashboard;
mod figures;
mod gone;
mod rounds;
mod saves;
mod scene;
mod shared;
mod spellings;
mod story;
