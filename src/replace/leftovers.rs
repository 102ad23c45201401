//! A restore that did not happen: what it left goes, and nothing that may be the last of its kind.

use super::disk::inode::Inode;
use super::disk::journal::Phase;
use super::disk::swap;
use super::error::Error;
use super::names::{name_of_rest, name_to_keep};
use super::recovery::{Recovery, Settled, Stand};
use super::unlocked::Unlocked;
use crate::disk::remove::remove_tree;
use crate::monitor::RecoveryWarning;
use crate::tree::Standing;

impl Recovery<'_> {
    /// The restore did not happen: its staging goes, and so does the snapshot of what it would have replaced.
    pub(super) fn clean(&self) -> Result<Settled, Error> {
        if matches!(self.stand, Stand::Away) {
            return Ok(Settled::Waits);
        }
        let staging = self.work.staging();
        if self.journal.foreign
            && let Some(keep) = self.drop_staging()?
        {
            self.work.clear()?;
            self.tell_aside(&keep);
            return Ok(Settled::Whole);
        }
        match (self.journal.incident, &self.stand) {
            (Some(_), Stand::Here(sources)) => sources.keeper.withdraw(self.monitor)?,
            (Some(incident), _) => {
                let store = &self.journal.receipt().store;
                let warning = RecoveryWarning::StoreAway { store, incident };
                self.monitor.warn(warning.into());
            }
            // What was brought for it goes also where nothing was replaced.
            (None, Stand::Here(sources)) if self.journal.receipt().brings => {
                sources.keeper.withdraw(self.monitor)?;
            }
            (None, _) => {}
        }
        remove_tree(&self.work.dir, staging.as_bytes())?;
        let unlocked = self.unlocked()?;
        let inside = unlocked.as_ref().map(Unlocked::lock_inside);
        self.work.clear()?;
        let root = unlocked.as_ref().map(Unlocked::lock_root);
        self.monitor.warn(RecoveryWarning::TakenBack.into());
        for error in [inside, root].into_iter().flatten().filter_map(Result::err) {
            self.monitor.warn(RecoveryWarning::FlagsOff(&error).into());
        }
        Ok(Settled::Whole)
    }

    /// The tree that would have been replaced, where its flags may be off.
    fn unlocked(&self) -> Result<Option<Unlocked>, Error> {
        let site = self.site.again()?;
        if self.journal.flags.is_empty() || site.standing() != Standing::Directory {
            return Ok(None);
        }
        let venv = site.open()?;
        let now = Inode::of(&venv)?;
        let is_it = match self.journal.phase {
            Phase::Swap { live, .. } => live.is_some_and(|live| now.is(live)),
            Phase::Staging | Phase::Apply { .. } => true,
        };
        Ok(is_it.then(|| Unlocked::from_journal(self.journal, venv)))
    }

    /// Something else stands in the place of the venv by now. If the exchange was done, what it replaced is all that
    /// is left of it.
    pub(super) fn clean_or_keep(
        &self,
        staged: Inode,
        live: Option<Inode>,
    ) -> Result<Settled, Error> {
        for old in [self.work.staging(), self.work.aside()] {
            if self.holds(old.as_bytes(), live)? {
                let keep = name_to_keep(self.site.name(), None)?;
                swap::keep(self.work, &old, keep.as_bytes())?;
                // Between two renames the new tree had no place yet, and a later restore must find none of it.
                if let Some(keep) = self.drop_staging()? {
                    self.tell_aside(&keep);
                }
                self.work.clear()?;
                let warning = RecoveryWarning::OtherVenvSince(&keep);
                self.monitor.warn(warning.into());
                return Ok(Settled::Whole);
            }
        }
        // Trees have other inodes when they were copied or mounted anew. Nobody knows which is which then: each may be
        // the last of its kind, and so may the snapshot.
        let mut is_any_kept = false;
        for unknown in [self.work.staging(), self.work.aside()] {
            if self.exists(unknown.as_bytes())? && !self.holds(unknown.as_bytes(), Some(staged))? {
                let keep = self.keep_rest(&unknown)?;
                self.monitor.warn(RecoveryWarning::Unknown(&keep).into());
                is_any_kept = true;
            }
        }
        if self.holds(self.work.staging().as_bytes(), Some(staged))? {
            return self.clean();
        }
        self.work.clear()?;
        if !is_any_kept {
            self.monitor.warn(RecoveryWarning::RemovedSince.into());
        }
        Ok(Settled::Whole)
    }

    /// Gives a tree that is no state of the venv, or of which nobody knows that, a name to stay under.
    fn keep_rest(&self, name: &str) -> Result<String, Error> {
        let keep = name_of_rest(self.site.name())?;
        swap::keep(self.work, name, keep.as_bytes())?;
        Ok(keep)
    }

    /// Removes staging. Whoever owns the directory can give any tree in it that name, so root removes none on the
    /// word of their journal, and returns the name under which it is kept.
    pub(super) fn drop_staging(&self) -> Result<Option<String>, Error> {
        let staging = self.work.staging();
        if !self.journal.foreign {
            remove_tree(&self.work.dir, staging.as_bytes())?;
            return Ok(None);
        }
        if !self.exists(staging.as_bytes())? {
            return Ok(None);
        }
        self.keep_rest(&staging).map(Some)
    }

    fn tell_aside(&self, keep: &str) {
        self.monitor.warn(RecoveryWarning::OfOtherUser(keep).into());
    }
}
