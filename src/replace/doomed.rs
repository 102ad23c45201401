//! What an interrupted replacement in place would take along is kept before that is completed (promise 4).

use super::disk::apply::doomed;
use super::disk::step::Step;
use super::error::{Error, Unreplaced, Unsaved};
use super::keeper::{Late, Whole};
use super::merge;
use super::recovery::Recovery;
use crate::disk::rooted::Rooted;
use crate::model::{Manifest, RelPath};
use crate::tree::scan::scan;
use crate::tree::sink::DigestsOnly;
use crate::tree::stat_cache::StatCache;

/// How often it is looked whether what was kept is still all that stands there.
const ATTEMPTS: usize = 3;

/// Why something is not replaced.
fn unsaved(path: &RelPath, why: Unsaved) -> Error {
    let path = path.clone();
    Unreplaced::Unsaved { path, why }.into()
}

impl Recovery<'_> {
    /// Keeps what stands in the way of steps that are still to be done and is not what the replacement found there. It
    /// is added to the replaced state, of which other parts are replaced already. Fails where something of it cannot be
    /// kept, which must stay then.
    pub(super) fn keep_doomed(
        &self,
        venv: &Rooted,
        staging: &Rooted,
        steps: &[Step],
    ) -> Result<(), Error> {
        let doomed = doomed(venv, staging, steps)?;
        let Some(any) = doomed.first() else {
            return Ok(());
        };
        let Some(sources) = self.sources() else {
            return Err(unsaved(any, Unsaved::NoKeeper));
        };
        let keeper = sources.keeper;
        let Some(kept) = keeper.kept(self.monitor)? else {
            return Err(unsaved(any, Unsaved::KeptGone));
        };
        let mut known = kept.newest;
        let is_doomed = |path: &RelPath| {
            let mut above = std::iter::successors(Some(path.clone()), RelPath::parent);
            above.any(|path| doomed.binary_search(&path).is_ok())
        };
        let over = |known: &Manifest, found: Manifest| {
            let mut entries = found.into_entries();
            entries.retain(|entry| is_doomed(&entry.path));
            merge::over(known, &Manifest::new(entries))
        };
        for _ in 0..ATTEMPTS {
            let nothing = StatCache::default();
            let found = scan(venv, &nothing, &DigestsOnly, self.monitor)?;
            // What lies in a directory that cannot be read is not found at all.
            let hides = |path: &&RelPath| {
                is_doomed(path) || doomed.iter().any(|doomed| doomed.is_within(path))
            };
            let lost = found.unreadable.iter().chain(&found.unstable).find(hides);
            if let Some(lost) = lost {
                return Err(unsaved(lost, Unsaved::Unread));
            }
            if over(&known, found.tree.into_manifest()) == known {
                return Ok(());
            }
            let added = keeper.add(Late {
                old: venv,
                known: &mut std::iter::empty(),
                whole: Whole::Over(&|found| over(&known, found)),
                monitor: self.monitor,
            })?;
            known = added.tree.into_manifest();
        }
        Err(unsaved(any, Unsaved::Restless))
    }
}
