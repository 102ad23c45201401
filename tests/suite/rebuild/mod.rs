//! `rebuild`: a sound venv without a snapshot.

mod index;
mod kill;
mod owner;
mod scene;
mod session;
mod sources;
