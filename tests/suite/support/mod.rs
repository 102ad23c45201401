//! What the tests stand on: a place of their own, venvs to hurt, an independent eye, and faults from outside.

pub(crate) mod cached;
pub(crate) mod damage;
pub(crate) mod faults;
pub(crate) mod index;
pub(crate) mod mounts;
pub(crate) mod pips;
pub(crate) mod pythons;
pub(crate) mod sandbox;
pub(crate) mod schema;
pub(crate) mod tar;
pub(crate) mod tools;
pub(crate) mod tree;
pub(crate) mod uv;
pub(crate) mod venv;
pub(crate) mod wheel;

pub(crate) use sandbox::{Run, Sandbox};
pub(crate) use tree::Tree;
