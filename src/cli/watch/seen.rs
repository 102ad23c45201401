//! Who was seen to do what since the last look: it is kept before the next one, whose diagnosis asks for it.

use std::collections::HashMap;
use std::path::Path;

use venv_snap::Site;
use venv_snap::model::{RelPath, Who};
use venv_snap::ops::{self, Context, keep_sightings};

use super::super::session::Session;
use super::super::when;

/// So many sightings are remembered of one venv at most: a whole tree may go at once.
const MAX: usize = 10_000;

/// What was seen, by the number of the venv.
#[derive(Default)]
pub(super) struct Seen(HashMap<usize, ops::Seen>);

impl Seen {
    /// Remembers what somebody did to a path of a venv, just now.
    pub(super) fn add(&mut self, number: usize, path: RelPath, who: &Who) {
        let of_venv = self.0.entry(number).or_default();
        if of_venv.paths.len() < MAX || of_venv.paths.contains_key(&path) {
            of_venv.paths.insert(path, (when::now(), who.clone()));
        } else {
            of_venv.is_part = true;
        }
    }

    /// Keeps in the store what was seen of a venv. Where that fails, later commands do not know who it was, and nothing
    /// else changes.
    pub(super) fn keep(&mut self, session: &Session<'_>, number: usize, venv: &Path) {
        let Some(seen) = self.0.remove(&number) else {
            return;
        };
        let own = &session.context;
        let context = Context {
            store: own.store.clone(),
            host: own.host.clone(),
            host_name: own.host_name.clone(),
            now: when::now(),
            ..*own
        };
        let site = Site::resolve(venv).unwrap_or_else(|_| Site::known(venv));
        if let Err(why) = keep_sightings(&context, &site, &seen) {
            session.ui.alert(&format!(
                "who changed files cannot be kept for later commands ({why})"
            ));
        }
    }
}
