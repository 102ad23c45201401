//! Plan → Staged: builds the new tree beside the old one. Good files are taken over, all others come from the packs.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::in_place::Choice;
use super::plan::{Keep, Plan, Route};
use super::special::{settle_taken, settle_written};
use super::taken::Taken;
use super::write::Writer;
use crate::disk::journal::{Journal, Workplace};
use crate::disk::remove::remove_held;
use crate::disk::reuse::Reuse;
use crate::disk::space::preflight;
use crate::disk::staging::Staging;
use crate::disk::stat::Stat;
use crate::model::{Entry, Node, SnapshotId};
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::ops::snapshot::Incident;
use crate::ops::snapshot::Live;
use crate::store::Store;
use crate::tree::Standing;

/// A tree that is built but not yet known to be right.
pub(super) struct Staged<'a> {
    pub(super) plan: Plan<'a>,
    pub(super) bench: Bench<'a>,
    /// Where only what differs is staged.
    pub(super) choice: Option<Choice>,
    pub(super) taken: Taken,
    pub(super) written: u64,
    pub(super) written_bytes: u64,
}

/// The staging directory with all that must go if the restore does not happen.
pub(super) struct Bench<'a> {
    pub(super) work: Workplace,
    pub(super) staging: Staging,
    pub(super) journal: Journal,
    store: &'a Store,
    pub(super) incident: Incident,
    abandoned: bool,
}

impl Bench<'_> {
    /// From now on what is here is the next command's to settle if this one dies, and not ours to throw away.
    pub(super) fn commit(&mut self) {
        self.abandoned = false;
    }

    /// The venv turned out to be untouched after all: everything here goes.
    pub(super) fn give_up(&mut self) {
        self.abandoned = true;
    }
}

impl Drop for Bench<'_> {
    fn drop(&mut self) {
        if self.abandoned {
            // What fails here is settled by the next command, from the journal, which therefore goes last, or stays.
            let name = self.work.staging();
            let removed = remove_held(&self.work.dir, name.as_bytes(), self.staging.root());
            if removed.is_ok() && self.incident.withdraw(self.store).is_ok() {
                let _ = self.work.clear();
            }
        }
    }
}

impl<'a> Plan<'a> {
    /// Checks that there is room, and builds the tree.
    pub(super) fn stage(mut self, context: &Context<'_>) -> Result<Staged<'a>, Error> {
        let choice = match self.route {
            Route::Exchange => None,
            Route::InPlace(_) => Some(Choice::of(&self)),
        };
        if let Some(Choice { staged, .. }) = &choice {
            let preserve = self.options.preserve_special;
            settle_written(&mut self.target, staged, preserve, context.monitor);
        }
        let proofs = self.proofs();
        let bench = self.set_up(context, &proofs)?;
        let taken = match &choice {
            Some(_) => Taken::none(&self.target.manifest),
            // Files are about to be.
            None => Taken::new(Vec::new()),
        };
        let mut staged = Staged {
            taken,
            plan: self,
            bench,
            choice,
            written: 0,
            written_bytes: 0,
        };
        staged.build(context, proofs)?;
        Ok(staged)
    }

    fn set_up(
        &mut self,
        context: &Context<'_>,
        proofs: &[Option<Stat>],
    ) -> Result<Bench<'a>, Error> {
        let work = self.workplace()?;
        if work.has_staging()? {
            return Err(Error::InTheWay(work.shown(&work.staging())));
        }
        let keep_old = self.keep != Keep::No;
        if keep_old && matches!(self.route, Route::InPlace(_)) {
            return Err(self.cannot_keep("files are replaced one by one"));
        }
        preflight(&work.dir, self.need(proofs))??;
        let mut incident = std::mem::replace(&mut self.incident, Incident::none());
        let kept = self.keep_old_name(incident.id())?;
        let journal = Journal::begin(&work, self.store.path(), self.snapshot, incident.id(), kept);
        // The journal first: a crash after it cleans up all that follows.
        let staging = work.write(&journal).map_err(Error::from).and_then(|()| {
            incident.commit(context, self.store, keep_old)?;
            Ok(Staging::create(&work)?)
        });
        match staging {
            Ok(staging) => Ok(Bench {
                work,
                staging,
                journal,
                store: self.store,
                incident,
                abandoned: true,
            }),
            Err(error) => {
                // As above: the journal goes last, or stays.
                let gone = work.has_staging().is_ok_and(|there| !there);
                if gone && incident.withdraw(self.store).is_ok() {
                    let _ = work.clear();
                }
                Err(error)
            }
        }
    }

    /// Why nothing is done where the old tree would have to stay and cannot.
    pub(super) fn cannot_keep(&self, why: &str) -> Error {
        Error::Refused(match self.keep {
            Keep::Unread => format!(
                "what cannot be read would be lost, since {why} here and the old tree cannot be kept; nothing was changed"
            ),
            _ => format!("the old tree cannot be kept here, where {why}; nothing was changed"),
        })
    }

    /// The name under which the old tree stays: when asked for, and always when it is no directory, since a snapshot cannot
    /// hold that.
    fn keep_old_name(&self, saved: Option<SnapshotId>) -> Result<Option<String>, Error> {
        let is_file = self.place.standing() == Standing::Other;
        if self.keep == Keep::No && !is_file || self.place.standing() == Standing::Nothing {
            return Ok(None);
        }
        let saved = saved.filter(|_| self.keep != Keep::Unread && !is_file);
        super::late::name_to_keep(self.place.name(), saved).map(Some)
    }
}

impl Staged<'_> {
    fn build(&mut self, context: &Context<'_>, proofs: Vec<Option<Stat>>) -> Result<(), Error> {
        let wanted = self.choice.as_ref().map(|choice| &choice.staged);
        let manifest = &self.plan.target.manifest;
        let is_wanted = |entry: &&Entry| wanted.is_none_or(|wanted| wanted.contains(&entry.path));
        let staging = &self.bench.staging;
        let dirs = levels(manifest.entries().iter().filter(is_wanted));
        for level in dirs.iter().skip(1) {
            level
                .par_iter()
                .try_for_each(|dir| staging.make_dir(&dir.path))?;
        }
        if wanted.is_none() {
            self.taken = self.take_over(context, proofs)?;
            let preserve = self.plan.options.preserve_special;
            let target = &mut self.plan.target;
            settle_taken(target, &mut self.taken, preserve, context.monitor);
        }
        let target = &self.plan.target;
        let fresh: Vec<&Entry> = self
            .taken
            .others(&target.manifest)
            .filter(is_wanted)
            .collect();
        let staging = &self.bench.staging;
        let writer = Writer::new(staging, self.plan.store, &target.rewritten);
        writer.write(context, &fresh)?;
        (self.written, self.written_bytes) = (
            writer.files.load(Ordering::Relaxed),
            writer.bytes.load(Ordering::Relaxed),
        );
        if wanted.is_none() {
            // The root comes last of all, when it is exposed.
            let levels = levels(target.manifest.entries().iter());
            for level in levels.iter().skip(1).rev() {
                level
                    .par_iter()
                    .try_for_each(|dir| staging.settle_dir(&dir.path, &dir.meta))?;
            }
        }
        Ok(())
    }

    /// Takes over what was proved good. The state of each file that is takes the place of its proof.
    fn take_over(&self, context: &Context<'_>, proofs: Vec<Option<Stat>>) -> Result<Taken, Error> {
        let entries = self.plan.target.manifest.entries();
        let mut states = match &self.plan.live {
            Some(live) => self.take_from(live, context, proofs)?,
            None => vec![None; entries.len()],
        };
        // Each further name moved the change time of a file that has several.
        for (at, state) in states.iter_mut().enumerate() {
            if let Some(then) = state.as_mut().filter(|then| then.nlink > 2) {
                let now = self
                    .bench
                    .staging
                    .root()
                    .stat_below(&entries[at].path, false)?;
                let ctime = now.ctime;
                *state = now.same_state(&Stat { ctime, ..*then }).then_some(now);
            }
        }
        Ok(Taken::new(states))
    }

    /// Takes files from the live tree, directory by directory.
    fn take_from(
        &self,
        live: &Live,
        context: &Context<'_>,
        proofs: Vec<Option<Stat>>,
    ) -> Result<Vec<Option<Stat>>, Error> {
        let entries = self.plan.target.manifest.entries();
        let mut dirs: BTreeMap<&[u8], Vec<usize>> = BTreeMap::new();
        for (at, entry) in entries.iter().enumerate() {
            if proofs[at].is_some() {
                let dir = dirs.entry(entry.path.parent_bytes());
                dir.or_default().push(at);
            }
        }
        let files = dirs.values().map(Vec::len).sum::<usize>();
        context
            .monitor
            .phase("taking over good files", files as u64, 0);
        let may_link = |entry: &Entry| match entry.node {
            Node::Special(_) => self.plan.may_link_special(),
            _ => self.plan.may_link(),
        };
        let shared = Mutex::new(proofs);
        let states = || shared.lock().unwrap_or_else(PoisonError::into_inner);
        let dirs: Vec<Vec<usize>> = dirs.into_values().collect();
        dirs.par_iter().try_for_each(|files| {
            context.go_on()?;
            let dir = entries[files[0]].path.parent().unwrap_or_default();
            let both = Reuse::of(&live.root, &self.bench.staging, &dir)?;
            let proofs: Vec<Option<Stat>> = {
                let mut states = states();
                files.iter().map(|&at| states[at].take()).collect()
            };
            for (&at, proof) in files.iter().zip(proofs) {
                let (Some(both), Some(proof)) = (&both, proof) else {
                    continue;
                };
                let Entry { path, meta, .. } = &entries[at];
                let taken = both.take(path, &proof, meta, may_link(&entries[at]))?;
                states()[at] = taken;
            }
            context.monitor.advance(files.len() as u64, 0);
            Ok::<_, Error>(())
        })?;
        Ok(shared.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The directories by their depth, the root's level first: those of one level do not depend on one another.
fn levels<'e>(entries: impl Iterator<Item = &'e Entry>) -> Vec<Vec<&'e Entry>> {
    let mut levels: Vec<Vec<&Entry>> = vec![Vec::new()];
    for entry in entries.filter(|entry| entry.node == Node::Dir) {
        let depth = entry.path.parts().count();
        if levels.len() <= depth {
            levels.resize_with(depth + 1, Vec::new);
        }
        levels[depth].push(entry);
    }
    levels
}
