//! What the tests stand on: a place of their own, venvs to hurt, an independent eye, and faults from outside.

pub(crate) mod answers;
pub(crate) mod bucket;
pub(crate) mod cached;
pub(crate) mod conda;
pub(crate) mod damage;
pub(crate) mod faults;
pub(crate) mod hostile;
pub(crate) mod hosts;
pub(crate) mod html;
pub(crate) mod index;
pub(crate) mod killed;
pub(crate) mod mapped;
pub(crate) mod meanwhile;
pub(crate) mod mounts;
pub(crate) mod packs;
pub(crate) mod pips;
pub(crate) mod pythons;
pub(crate) mod readme;
pub(crate) mod sandbox;
pub(crate) mod schema;
pub(crate) mod session;
pub(crate) mod stocked;
pub(crate) mod tar;
pub(crate) mod tools;
pub(crate) mod transport;
pub(crate) mod tree;
pub(crate) mod upgrade;
pub(crate) mod users;
pub(crate) mod uv;
pub(crate) mod venv;
pub(crate) mod wheel;

pub(crate) use sandbox::{Run, Sandbox};
pub(crate) use tree::Tree;
