//! Staged → Verified: the staged tree is read back as a whole and compared with the goal, then made durable.

use std::collections::HashSet;

use super::error::Error;
use super::readback::Readback;
use super::reused::Proved;
use super::route::Route;
use super::stage::Staged;
use super::workspace::go_on;
use crate::model::{Entry, Kind, Manifest, Node, RelPath};
use crate::monitor::Monitor;
use crate::tree::stream::stream;

/// A tree that is right and durable. Only this can be swapped.
pub(crate) struct Verified<'a> {
    pub(super) staged: Staged<'a>,
}

impl<'a> Staged<'a> {
    /// Reads every written byte back and every attribute, and compares. What was taken over must be in the state in
    /// which it was proved good.
    pub(crate) fn verify(self, monitor: &dyn Monitor) -> Result<Verified<'a>, Error> {
        let verified = Verified { staged: self };
        let (files, bytes) = verified.staged.to_read_back();
        monitor.phase("verifying", files, bytes);
        let staging = &verified.staged.space.staging;
        // The disk works while the processors do.
        std::thread::scope(|scope| {
            let synced = std::thread::Builder::new().spawn_scoped(scope, || staging.sync());
            verified.check(monitor)?;
            go_on(monitor)?;
            let synced = match synced {
                Ok(synced) => synced
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
                // No thread is to be had.
                Err(_) => staging.sync(),
            };
            Ok::<_, Error>(synced?)
        })?;
        Ok(verified)
    }
}

impl Verified<'_> {
    /// Compares the whole staging with the goal.
    pub(super) fn check(&self, monitor: &dyn Monitor) -> Result<(), Error> {
        let staged = &self.staged;
        let target = &staged.plan.goal.manifest;
        let proved = Proved {
            target,
            reused: &staged.reused,
        };
        let part = match &staged.plan.route {
            Route::InPlace(in_place) => Some(only(target, &in_place.staged)),
            Route::Place { .. } | Route::Exchange => None,
        };
        // In place, the staged directories only carry the files; their own attributes are set at the goal. Those of
        // the root come when it is exposed, and are read back then.
        let counts = |kind: Kind, entry: &Entry| {
            let later = part.is_some() && entry.node == Node::Dir || entry.path.is_root();
            let comes = later && matches!(kind, Kind::Mode | Kind::Owner | Kind::Mtime);
            let lacks = kind == Kind::Mtime && staged.fit.loses_times(entry);
            !comes && !lacks
        };
        let readback = Readback::new(part.as_ref().unwrap_or(target), &counts);
        let root = staged.space.staging.root();
        stream(root, &proved, monitor, &|found| readback.take(found))?;
        readback.end()
    }
}

/// The part of a manifest that is staged in place, with the root.
fn only(manifest: &Manifest, wanted: &HashSet<RelPath>) -> Manifest {
    let kept = manifest
        .entries()
        .iter()
        .filter(|entry| entry.path.is_root() || wanted.contains(&entry.path));
    Manifest::new(kept.cloned().collect())
}
