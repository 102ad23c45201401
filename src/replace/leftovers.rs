//! A restore that did not happen: what it left goes, and nothing that may be the last of its kind.

use super::disk::inode::Inode;
use super::disk::swap;
use super::error::Error;
use super::names::name_to_keep;
use super::recovery::{Recovery, Settled, Stand};
use crate::disk::remove::remove_tree;
use crate::model::Shown;

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
            (Some(id), _) => self.monitor.warn(&format!(
                "the store '{}' is not there; if it still has snapshot {id}, that is of a restore which did not happen",
                Shown::path(&self.journal.receipt().store)
            )),
            (None, _) => {}
        }
        remove_tree(&self.work.dir, staging.as_bytes())?;
        self.work.clear()?;
        self.monitor.warn("a restore was interrupted before its exchange; what it left is removed, the venv is as it was");
        Ok(Settled::Whole)
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
                self.monitor.warn(&format!(
                    "a restore was interrupted after its exchange, and another venv was made since; what the restore replaced is kept as '{keep}'"
                ));
                return Ok(Settled::Whole);
            }
        }
        if self.holds(self.work.staging().as_bytes(), Some(staged))? {
            return self.clean();
        }
        // Somebody removed one of the two trees, and which one nobody knows: the snapshot may be all that is left of
        // the other.
        self.drop_staging()?;
        self.work.clear()?;
        self.monitor.warn("a restore was interrupted, and what it left was removed by somebody; another venv stands there now. The snapshot of what it replaced stays");
        Ok(Settled::Whole)
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
        let keep = name_to_keep(self.site.name(), None)?;
        swap::keep(self.work, &staging, keep.as_bytes())?;
        Ok(Some(keep))
    }

    fn tell_aside(&self, keep: &str) {
        self.monitor.warn(&format!(
            "another user's restore was interrupted; what it left is kept as '{keep}', the venv is as it was"
        ));
    }
}
