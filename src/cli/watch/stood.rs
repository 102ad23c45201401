//! Where a venv stood before its guard first looked: a file system that is not mounted yet is no damage.

use std::path::Path;

use venv_snap::Site;
use venv_snap::ops::saved_on;
use venv_snap::watch::{Memory, Place};

use super::super::session::Session;

/// What is remembered of a venv, with where it stood when it was saved if nothing else tells where it stands.
pub(super) fn known(session: &Session<'_>, venv: &Path, memory: Memory) -> Memory {
    if memory.place != Place::default() || Place::of(venv).1.is_none() {
        return memory;
    }
    let site = Site::resolve(venv).unwrap_or_else(|_| Site::known(venv));
    let place = Place {
        device: saved_on(&session.context, &site),
        ..Place::default()
    };
    Memory { place, ..memory }
}
