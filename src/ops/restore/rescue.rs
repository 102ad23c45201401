//! What an interrupted restore would take along is saved before that is completed (promise 4).

use super::late::{Late, name_of_rest, write_afresh};
use super::merge;
use super::recover::{Recovery, unsettled};
use crate::disk::apply::doomed;
use crate::disk::inode::Inode;
use crate::disk::journal::Step;
use crate::disk::remove::remove_tree;
use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::disk::swap;
use crate::model::{Entry, Manifest, RelPath, SnapshotId};
use crate::ops::error::{Error, reason};
use crate::store::{self, Store};
use crate::tree::scan::{Scan, scan};
use crate::tree::sink::DigestsOnly;
use crate::tree::stat_cache::StatCache;

/// How often it is looked whether what was saved is still all that stands there.
const ATTEMPTS: usize = 3;

/// Why something is not replaced.
fn unsaved(path: &RelPath, why: &str) -> Error {
    Error::Refused(format!(
        "'{path}' {why}, so it cannot be saved before it is replaced"
    ))
}

impl Recovery<'_> {
    /// Sees to it that nothing is lost with the replaced tree. Returns why something would be. Fails where that is not known, since
    /// somebody else is at work in the store.
    pub(super) fn secure(&self, old: &Rooted, staged: Inode) -> Result<Option<String>, Error> {
        let (Some(first), Some(store)) = (self.journal.incident, self.store) else {
            // The empty directory that gave its place to a new tree.
            let is_empty = !self.journal.foreign && old.names().is_ok_and(|names| names.is_empty());
            return Ok((!is_empty).then(|| "no snapshot has it".to_owned()));
        };
        match self.save_late(store, first, old, staged) {
            Ok(lost) => Ok(lost),
            Err(Error::Store(error @ store::Error::Locked(_))) => {
                Err(unsettled(store.path().to_owned(), error))
            }
            Err(error) => Ok(Some(reason(&error))),
        }
    }

    /// Saves what changed in the replaced tree, and gives the new one files of its own in place of those that changed through the old
    /// one. A removal that was interrupted left only part of the old tree, all of which was saved before. Returns why not all is saved.
    fn save_late(
        &self,
        store: &Store,
        first: SnapshotId,
        old: &Rooted,
        staged: Inode,
    ) -> Result<Option<String>, Error> {
        let context = self.context;
        let Some((scanned, known)) = self.known(store, first)? else {
            return Ok(Some("its incident snapshot is gone".to_owned()));
        };
        let found = scan(old, &StatCache::default(), &DigestsOnly, context.monitor)?;
        let part = |stays| self.part(store, &scanned, &found, old, staged, stays);
        let parted = part(false);
        if merge::over(&known, &found.manifest) == known && found.unstable.is_empty() {
            return parted.map(|()| None);
        }
        let late = self.late(store);
        let over = |found: Manifest| merge::over(&known, &found);
        let lost = match late.save(old, &StatCache::default(), first, &over) {
            Ok(saved) => saved
                .lost()
                .map(|path| format!("'{path}' cannot be read, or never holds still")),
            Err(error @ Error::Store(store::Error::Locked(_))) => return Err(error),
            Err(error) => Some(reason(&error)),
        };
        parted?;
        if lost.is_some() {
            part(true)?;
        }
        Ok(lost)
    }

    /// Saves what stands in the way of steps that are still to be done and is not what the restore found there. As an addition to the
    /// replaced state, of which other parts are replaced already. Fails where something of it cannot be saved: it must stay then.
    pub(super) fn save_doomed(
        &self,
        venv: &Rooted,
        staging: &Rooted,
        steps: &[Step],
    ) -> Result<(), Error> {
        let doomed = doomed(venv, staging, steps)?;
        let Some(any) = doomed.first() else {
            return Ok(());
        };
        let (Some(first), Some(store)) = (self.journal.incident, self.store) else {
            return Err(unsaved(any, "is in no snapshot"));
        };
        let Some((_, mut known)) = self.known(store, first)? else {
            return Err(unsaved(any, "is in no snapshot any more"));
        };
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
            let found = scan(venv, &nothing, &DigestsOnly, self.context.monitor)?;
            // What lies in a directory that cannot be read is not found at all.
            let hides = |path: &&RelPath| {
                is_doomed(path) || doomed.iter().any(|doomed| doomed.is_within(path))
            };
            let lost = found.unreadable.iter().chain(&found.unstable).find(hides);
            if let Some(lost) = lost {
                return Err(unsaved(lost, "cannot be read, or never holds still"));
            }
            if over(&known, found.manifest) == known {
                return Ok(());
            }
            let over = |found: Manifest| over(&known, found);
            let saved = self.late(store).save(venv, &nothing, first, &over)?;
            known = saved.scan.manifest;
        }
        Err(unsaved(any, "or something beside it changes all the time"))
    }

    /// What the incident snapshot holds: as it was scanned, and with what completes it.
    fn known(
        &self,
        store: &Store,
        first: SnapshotId,
    ) -> Result<Option<(Manifest, Manifest)>, Error> {
        store.load_objects(self.context.monitor)?;
        let catalog = store.catalog()?;
        let snapshots = &catalog.snapshots;
        let scanned = snapshots.iter().find(|(id, _)| *id == first);
        let newest = snapshots
            .iter()
            .rfind(|(id, snapshot)| *id == first || snapshot.completes == Some(first));
        let (Some((_, scanned)), Some((_, newest))) = (scanned, newest) else {
            return Ok(None);
        };
        let scanned = store.manifest(&scanned.root, scanned.entries())?;
        let known = store.manifest(&newest.root, newest.entries())?;
        Ok(Some((scanned, known)))
    }

    fn late<'l>(&'l self, store: &'l Store) -> Late<'l> {
        Late {
            context: self.context,
            store,
            venv: self.context.venv_id(self.site),
            snapshot: self.journal.snapshot,
        }
    }

    /// What both trees share was taken over because the scan of the old one had found it good: it must still be that. Where the old
    /// tree stays nothing may be shared.
    fn part(
        &self,
        store: &Store,
        scanned: &Manifest,
        found: &Scan,
        old: &Rooted,
        staged: Inode,
        stays: bool,
    ) -> Result<(), Error> {
        let venv = self.site.again()?.open()?;
        if !Inode::of(&venv)?.is(staged) {
            return Ok(());
        }
        let now = found.manifest.entries().iter().zip(&found.stats);
        let changed: Vec<(&Entry, &Stat)> = now
            .filter_map(|(entry, stat)| {
                let then = scanned.get(&entry.path)?;
                let same = (then.size(), then.digest(), &then.meta)
                    == (entry.size(), entry.digest(), &entry.meta);
                let shared = || venv.stat_below(&entry.path, true);
                let shared = || shared().is_ok_and(|there| there.same_inode(stat));
                (stat.is_file() && (stays || !same) && shared()).then_some((then, stat))
            })
            .collect();
        write_afresh(self.context, store, old, venv, &changed, false)
    }

    /// Removes the old tree, which is in the incident snapshot. One that cannot be removed (an immutable file) must not block the next
    /// restore: what is left of it stays beside the venv.
    pub(super) fn remove_old(&self, name: &str, staged: Inode) -> Result<(), Error> {
        let Err(error) = remove_tree(&self.work.dir, name.as_bytes()) else {
            return Ok(());
        };
        if !self.replaces {
            return Err(error.into());
        }
        let shares = match self.unshare(name, staged) {
            Ok(()) => String::new(),
            Err(error) => format!(", and may share files with the venv ({})", reason(&error)),
        };
        let keep = name_of_rest(self.site.name())?;
        swap::keep(self.work, name, keep.as_bytes())?;
        self.context.monitor.warn(&format!(
            "what an earlier restore replaced cannot be removed ({}); what is left of it is kept as '{keep}'{shares}",
            reason(&error)
        ));
        Ok(())
    }

    /// Gives the venv files of its own in place of those that it shares with what is left of the old tree.
    fn unshare(&self, name: &str, staged: Inode) -> Result<(), Error> {
        let (Some(first), Some(store)) = (self.journal.incident, self.store) else {
            return Ok(());
        };
        let Some((scanned, _)) = self.known(store, first)? else {
            return Err(Error::Refused("its incident snapshot is gone".to_owned()));
        };
        let old = self.work.dir.enter(name.as_bytes())?;
        let found = scan(
            &old,
            &StatCache::default(),
            &DigestsOnly,
            self.context.monitor,
        )?;
        self.part(store, &scanned, &found, &old, staged, true)
    }
}
