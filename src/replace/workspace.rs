//! The staging directory and the journal beside it, with all that must go if nothing is replaced.

use super::disk::journal::{Journal, Workplace};
use super::disk::reuse::shares_blocks;
use super::disk::staging::Staging;
use super::disk::step::PathText;
use super::error::Error;
use super::goal::Live;
use super::keep::Keep;
use super::keeper::Keeper;
use super::names::name_to_keep;
use super::plan::Plan;
use super::route::Route;
use super::unlocked::Unlocked;
use crate::disk::PathError;
use crate::disk::flags::{Flags, take_off};
use crate::disk::remove::{Names, remove_held};
use crate::disk::space::{Need, preflight};
use crate::disk::stat::Stat;
use crate::model::{Entry, RelPath};
use crate::monitor::{Monitor, Silent};
use crate::tree::Standing;

/// What is under way on the disk. Dropped before it is committed, it leaves nothing.
pub(super) struct Workspace<'a> {
    pub(super) work: Workplace,
    pub(super) staging: Staging,
    pub(super) journal: Journal,
    keeper: &'a dyn Keeper,
    /// The replaced tree, where flags are or will be taken off it.
    unlocked: Option<Unlocked>,
    /// Whether all of this is thrown away when it is dropped.
    abandoned: bool,
}

impl Workspace<'_> {
    /// From now on what is here is the next command's to settle if this one dies, and not ours to throw away.
    pub(super) fn commit(&mut self) {
        self.abandoned = false;
    }

    /// Names in the journal that is written next which flags are taken off the tree that is replaced. Returns whether
    /// there are any.
    pub(super) fn note_flags(&mut self, live: &Live) -> Result<bool, PathError> {
        let locked = live.locked();
        if locked.is_empty() {
            return Ok(false);
        }
        self.journal.flags = locked;
        let root = live.root.known_as(live.root.path())?;
        self.unlocked = Some(Unlocked::from_journal(&self.journal, root));
        Ok(true)
    }

    /// The tree turned out to be untouched after all: everything here goes.
    pub(super) fn give_up(&mut self) {
        self.abandoned = true;
    }
}

impl Drop for Workspace<'_> {
    fn drop(&mut self) {
        if self.abandoned {
            // What fails here is settled by the next command, from the journal, which therefore goes last, or stays.
            let name = self.work.staging();
            let removed = remove_held(
                &self.work.dir,
                name.as_bytes(),
                self.staging.root(),
                &Names::default(),
            );
            let locked = self.unlocked.as_ref().map_or(Ok(()), Unlocked::lock_inside);
            let is_clean = removed.is_ok() && locked.is_ok();
            if is_clean && self.keeper.withdraw(&Silent::default()).is_ok() {
                let _ = self.work.clear();
                let _ = self.unlocked.as_ref().map(Unlocked::lock_root);
            }
        }
    }
}

impl<'a> Plan<'a> {
    /// Writes the journal, and makes the staging directory.
    pub(super) fn set_up(&self, proofs: &[Option<Stat>]) -> Result<Workspace<'a>, Error> {
        let work = self.workplace()?;
        if let Some(name) = work.in_the_way()? {
            return Err(Error::InTheWay(work.shown(&name)));
        }
        let stays = self.keep.is_some();
        if let (true, Route::InPlace(in_place)) = (stays, &self.route) {
            return Err(self.cannot_keep(&in_place.why));
        }
        preflight(&work.dir, self.need(&work, proofs))??;
        let receipt = self.keeper.receipt();
        let saved = receipt.incident.map(|id| id.to_string());
        let mut journal = Journal::begin(&work, &receipt, self.keep_old_name(saved)?);
        let unlocked = self.open_root(&work, &mut journal)?;
        // The journal first: a crash after it cleans up all that follows.
        let staging = work.write(&journal).map_err(Error::from).and_then(|()| {
            self.keeper.commit(stays)?;
            Ok(Staging::create(&work)?)
        });
        match staging {
            Ok(staging) => Ok(Workspace {
                work,
                staging,
                journal,
                keeper: self.keeper,
                unlocked,
                abandoned: true,
            }),
            Err(error) => {
                // As in `drop`, the journal goes last, or stays.
                let gone = work.has_staging().is_ok_and(|there| !there);
                if gone && self.keeper.withdraw(&Silent::default()).is_ok() {
                    let _ = work.clear();
                    let _ = unlocked.as_ref().map(Unlocked::lock_root);
                }
                Err(error)
            }
        }
    }

    /// What staging will take: in place only what differs is staged, and what is proved good costs as much as what is
    /// not where it can be neither linked nor share its blocks.
    fn need(&self, work: &Workplace, proofs: &[Option<Stat>]) -> Need {
        if let Route::InPlace(in_place) = &self.route {
            let is_written =
                |entry: &Entry, _: Option<&Stat>| in_place.staged.contains(&entry.path);
            return self.goal.need(proofs, is_written);
        }
        let is_shared = self.how.may_link || self.shares_blocks(work, proofs);
        self.goal.need(proofs, |entry, proof| {
            proof.is_none() || !is_shared && entry.size().is_some()
        })
    }

    /// Whether copies can share blocks with the tree that stands there, tried with one of its files.
    fn shares_blocks(&self, work: &Workplace, proofs: &[Option<Stat>]) -> bool {
        let entries = self.goal.manifest.entries().iter().zip(proofs);
        let mut files = entries
            .filter(|(entry, proof)| proof.is_some() && entry.size().is_some_and(|size| size > 0));
        match (&self.live, files.next()) {
            (Some(live), Some((entry, _))) => shares_blocks(&live.root, &entry.path, &work.dir),
            _ => false,
        }
    }

    /// Takes the flags off the root of a tree in which the journal shall lie. The person was told before that these
    /// flags are lost.
    fn open_root(
        &self,
        work: &Workplace,
        journal: &mut Journal,
    ) -> Result<Option<Unlocked>, Error> {
        let live = self.live.as_ref().filter(|_| work.is_inside());
        let flags = live.and_then(|live| Flags::of(live.scan.tree.state(&RelPath::root())?));
        let (Some(live), Some(flags)) = (live, flags) else {
            return Ok(None);
        };
        let root = RelPath::root();
        journal.flags = vec![(PathText::new(&root), flags)];
        take_off(&live.root, &root)?;
        let held = live.root.known_as(live.root.path())?;
        Ok(Some(Unlocked::from_journal(journal, held)))
    }

    /// The name under which the old tree stays: when asked for, and always when it is no directory, since nobody can
    /// keep that.
    fn keep_old_name(&self, saved: Option<String>) -> Result<Option<String>, Error> {
        let is_file = self.place.standing() == Standing::Other;
        if self.keep.is_none() && !is_file || self.place.standing() == Standing::Nothing {
            return Ok(None);
        }
        let is_whole = !matches!(self.keep, Some(Keep::Unread(_))) && !is_file;
        name_to_keep(self.place.name(), saved.filter(|_| is_whole)).map(Some)
    }
}

/// Fails if the person asked to stop.
pub(super) fn go_on(monitor: &dyn Monitor) -> Result<(), Error> {
    if monitor.cancelled() {
        Err(Error::Stopped)
    } else {
        Ok(())
    }
}
