//! `rebuild`: a sound venv without a snapshot.

mod beside;
mod index;
mod kill;
mod leads;
mod lists;
mod locks;
mod owner;
mod places;
mod projects;
mod remains;
mod scene;
mod session;
mod sources;
