//! Staged → Verified: the staged tree is read back as a whole and compared with the target, then made durable.

use std::collections::HashSet;

use super::readback::Readback;
use super::stage::Staged;
use super::taken::Proved;
use crate::model::{Entry, Kind, Manifest, Node, RelPath};
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::tree::stream::stream;

/// A tree that is right and durable. Only this can be swapped.
pub(super) struct Verified<'a> {
    pub(super) staged: Staged<'a>,
}

impl<'a> Staged<'a> {
    /// Reads every written byte back and every attribute, and compares. What was taken over must be in the state in which it
    /// was proved good.
    pub(super) fn verify(self, context: &Context<'_>) -> Result<Verified<'a>, Error> {
        let verified = Verified { staged: self };
        context.monitor.phase("verifying", 0, 0);
        let staging = &verified.staged.bench.staging;
        // The disk works while the processors do.
        std::thread::scope(|scope| {
            let synced = scope.spawn(|| staging.sync());
            verified.check(context)?;
            context.go_on()?;
            let synced = synced
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            Ok::<_, Error>(synced?)
        })?;
        Ok(verified)
    }
}

impl Verified<'_> {
    /// Compares the whole staging with the target.
    pub(super) fn check(&self, context: &Context<'_>) -> Result<(), Error> {
        let staged = &self.staged;
        let target = &staged.plan.target.manifest;
        let proved = Proved {
            target,
            taken: &staged.taken,
        };
        let choice = staged.choice.as_ref();
        let in_place = choice.is_some();
        let staged_part = choice.map(|choice| only(target, &choice.staged));
        // In place, the staged directories only carry the files; their own attributes are set at the goal. Those of the root
        // come when it is exposed, and are read back then.
        let counts = |kind: Kind, entry: &Entry| {
            let later = in_place && entry.node == Node::Dir || entry.path.is_root();
            !(later && matches!(kind, Kind::Mode | Kind::Owner | Kind::Mtime))
        };
        let readback = Readback::new(staged_part.as_ref().unwrap_or(target), &counts);
        let root = staged.bench.staging.root();
        stream(root, &proved, context.monitor, &|found, stats| {
            readback.take(found, stats);
        })?;
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
