//! `rebuild`: a sound venv without a snapshot.

mod scene;
mod session;
