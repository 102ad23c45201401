//! What only a process may do that has the store for itself: give up packs.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::time::Duration;

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::corrupt::CorruptPart;
use super::error::{Error, NotInBucket};
use super::frame::HEADER_LEN;
use super::roll::LOST;
use super::scrub::{Digests, GoodFrame};
use super::storage::{Area, Over};
use super::{Added, Packer, Store};
use crate::disk::lock::Sharing;
use crate::monitor::{Monitor, Silent};

/// A store that nobody else has open. What was read from it before may be out of date.
#[derive(Debug)]
pub(crate) struct Alone<'s>(&'s Store);

impl Store {
    /// Waits until nobody else has the store open, and keeps others out until the result is dropped.
    pub(crate) fn alone(&self, monitor: &dyn Monitor) -> Result<Alone<'_>, Error> {
        if self.home.is_of_bucket {
            return Err(Error::Elsewhere(NotInBucket::Alone));
        }
        let wait = self.home.wait;
        self.home.lock_or_fail(Sharing::Exclusive, wait, monitor)?;
        // Nobody writes now, so all that has no name yet is what a crash left.
        match self.storage.clear_drafts() {
            Err(error) if !error.is_denied() => Err(error.into()),
            _ => Ok(Alone(self)),
        }
    }
}

impl Store {
    /// Gives frames of packs to a packer, each as far as that wants it.
    pub(super) fn carry_over(
        &self,
        packs: &BTreeMap<String, Vec<GoodFrame>>,
        packer: &Packer<'_>,
        monitor: &dyn Monitor,
    ) -> Result<(), Error> {
        let frames: Vec<_> = packs
            .iter()
            .flat_map(|(name, frames)| frames.iter().map(move |frame| (name, frame)))
            .collect();
        frames.into_par_iter().try_for_each(|(name, frame)| {
            if monitor.cancelled() {
                return Err(Error::Interrupted);
            }
            let (offset, len) = (frame.place.offset, frame.place.len as usize);
            let mut header = self.packs.range(name, offset, len)?;
            let body = header.split_off(HEADER_LEN.min(len));
            monitor.advance(0, len as u64);
            packer
                .add_frame(&header, body)
                .map_err(|error| match error {
                    Error::Corrupt { what, .. } => Error::Corrupt {
                        part: CorruptPart::Frame {
                            pack: (*name).clone(),
                            offset,
                        },
                        what,
                    },
                    error => error,
                })
        })
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        // From exclusive to shared nobody can be in the way; and if it fails, the process keeps the stronger lock.
        let monitor = Silent::default();
        let _ = self.0.home.lock(Sharing::Shared, Duration::ZERO, &monitor);
    }
}

impl Alone<'_> {
    /// Writes what some packs hold into new ones, and gives the old packs up in the index. With `keep` just those
    /// objects are written, whatever other packs hold: the copies there may be damaged or be given up next. Without it
    /// all is written that lies in no other pack.
    ///
    /// The old packs still lie there: delete them or move them away. Those that are returned must stay: their new packs
    /// came out the same, and stand in their places.
    pub(crate) fn repack(
        &self,
        packs: &BTreeMap<String, Vec<GoodFrame>>,
        keep: Option<Digests>,
        monitor: &dyn Monitor,
    ) -> Result<(Added, BTreeSet<String>), Error> {
        let store = self.0;
        store.load_without(&packs.keys().cloned().collect(), monitor)?;
        if let Some(ids) = &keep {
            store.objects.disown(ids);
        }
        let mut packer = store
            .packer(monitor)?
            .instead_of(packs.keys().cloned().collect());
        if let Some(ids) = keep {
            packer = packer.only(ids);
        }
        store.carry_over(packs, &packer, monitor)?;
        packer.finish_instead()
    }

    /// Deletes packs that nothing needs. Where the index cannot be told before, as on a full disk, it is told after
    /// that, and where that fails too the next command drops their rows.
    pub(crate) fn delete_packs(&self, names: &[String]) -> Result<(), Error> {
        let told = self.0.admit(&[], names)?;
        self.0.storage.delete(Area::Packs, names)?;
        self.0.suspects.unmark(names);
        if !told {
            self.0.index.try_again();
            self.drop_rows(names, &Silent::default())?;
        }
        Ok(())
    }

    /// Moves files that are beyond repair into quarantine, where they are kept. Snapshot files that nobody forgot get a
    /// name there by which they are known as lost ([`LOST`]).
    pub(crate) fn quarantine(&self, area: Area, names: &[String]) -> Result<(), Error> {
        let prefix = match area {
            Area::Snapshots => LOST,
            _ => "",
        };
        let storage = &self.0.storage;
        if area != Area::Packs {
            // A lost snapshot is told of as long as its file lies in quarantine, so the roll need not name it.
            self.0.snapshots.roll.strike(names)?;
        }
        storage.shift(names, area, Area::Quarantine, prefix)?;
        if area == Area::Packs {
            self.0.suspects.unmark(names);
        }
        Ok(())
    }

    /// Drops rows of the index that do not say what the packs say; they are read anew.
    pub(crate) fn drop_rows(&self, names: &[String], monitor: &dyn Monitor) -> Result<(), Error> {
        self.0
            .index
            .with(monitor, |index| index.change_packs(&[], names))
            .map(|_| ())
    }

    /// Looks for a snapshot file of which one bit flipped, by trying each: its name tells when it is right. Puts it
    /// back. What cannot be read right now may be right.
    pub(crate) fn mend_snapshot(&self, area: Area, name: &str) -> Result<bool, Error> {
        let storage = &self.0.storage;
        let mut bytes = match storage.get(area, name, MENDED_BYTES_MAX) {
            Err(error) if error.source.kind() == ErrorKind::FileTooLarge => return Ok(false),
            read => read?,
        };
        for at in 0..bytes.len() * 8 {
            bytes[at / 8] ^= 1 << (at % 8);
            if crate::model::Digest::of(&bytes).to_hex() == name {
                storage.put(area, name, &bytes, Over::Any)?;
                return Ok(true);
            }
            bytes[at / 8] ^= 1 << (at % 8);
        }
        Ok(false)
    }
}

/// Trying every bit takes the square of the length: a second for this one.
const MENDED_BYTES_MAX: u64 = 16 << 10;
