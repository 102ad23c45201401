//! Staged → Verified: the staged tree is read back as a whole and compared with the target, then made durable.

use std::collections::HashSet;

use super::stage::Staged;
use super::taken::Proved;
use crate::model::compare::compare;
use crate::model::{Kind, Manifest, RelPath};
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::venv::scan::scan_private;

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
        let found = scan_private(staged.bench.staging.root(), &proved, context.monitor)?;
        let choice = staged.choice.as_ref();
        let in_place = choice.is_some();
        let staged_part = choice.map(|choice| only(target, &choice.staged));
        let expected = staged_part.as_ref().unwrap_or(target);
        // In place, the staged directories only carry the files; their own attributes are set at the goal. Those of the root
        // come when it is exposed, and are read back then.
        let wrong = compare(expected, &found).into_iter().find(|difference| {
            let dir = difference
                .actual
                .or(difference.expected)
                .is_some_and(|entry| entry.node == crate::model::Node::Dir);
            let root = difference
                .expected
                .is_some_and(|entry| entry.path.is_root());
            !((in_place && dir || root)
                && matches!(difference.kind, Kind::Mode | Kind::Owner | Kind::Mtime))
        });
        match wrong {
            Some(difference) => {
                let path = difference
                    .expected
                    .or(difference.actual)
                    .map(|entry| entry.path.to_string())
                    .unwrap_or_default();
                let what = format!(
                    "{}{}",
                    difference.kind.as_str(),
                    difference
                        .reason
                        .map(|reason| format!(", {reason}"))
                        .unwrap_or_default()
                );
                Err(Error::NotVerified { path, what })
            }
            None => Ok(()),
        }
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
