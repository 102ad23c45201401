//! Finds what a pack without a usable table still holds: every frame that is whole.

use super::error::Error;
use super::frame::{self, HEADER_LEN};
use super::pack::{FramePlace, HEADER, Row, Table};
use super::packs::Packs;
use crate::disk::limits::is_shortage_io;
use crate::monitor::{Monitor, StoreWarning};

/// Bytes that are searched at a time for the next frame.
const SEARCHED_AT_ONCE: u64 = 1 << 20;

/// After so many marks without a frame the rest of a pack is left alone.
const BAD_PLACES_MAX: usize = 1000;

/// A place in a pack and what is wrong there.
type BadPlace = (u64, &'static str);

/// What is found in a pack whose table is damaged.
#[derive(Default)]
pub(super) struct Rest {
    pub(super) table: Table,
    bad: Vec<BadPlace>,
    /// Whether no more was searched behind the last bad place.
    is_cut: bool,
}

impl Packs {
    /// What a pack without a usable table still gives, with a warning. None where the pack cannot be read: what lies in
    /// others can still be had.
    pub(super) fn salvage(
        &self,
        name: &str,
        size: u64,
        why: &Error,
        monitor: &dyn Monitor,
    ) -> Result<Option<Table>, Error> {
        monitor.warn(StoreWarning::Salvaged(why).into());
        let rest = match self.search_frames(name, size) {
            // Where only this process lacks something (memory, descriptors), nothing of the pack is lost.
            Err(Error::Path(error)) if !is_shortage_io(&error.source) => {
                monitor.warn(StoreWarning::PackUnread(&error).into());
                return Ok(None);
            }
            found => found?,
        };
        for (offset, flaw) in rest.bad {
            let warning = StoreWarning::FrameDamaged {
                pack: name,
                offset,
                flaw,
            };
            monitor.warn(warning.into());
        }
        Ok(Some(rest.table))
    }

    /// The table of a pack, or of what is left of one whose table is damaged. Fails where that was not searched to its
    /// end, so that nobody takes what was not found for nothing.
    pub(super) fn table_of_rest(&self, name: &str, size: u64) -> Result<Table, Error> {
        match self.read_table(name, size) {
            Err(error @ Error::Corrupt { .. }) => {
                let rest = self.search_frames(name, size)?;
                if rest.is_cut {
                    Err(error)
                } else {
                    Ok(rest.table)
                }
            }
            read => Ok(read?.0),
        }
    }

    /// Walks the frames of a pack from its beginning. After one that is damaged it goes on at the next mark of a frame.
    pub(super) fn search_frames(&self, name: &str, size: u64) -> Result<Rest, Error> {
        let mut rest = Rest::default();
        let Rest { table, bad, is_cut } = &mut rest;
        let mut offset = HEADER.len() as u64;
        // How many bytes may be read in vain: a pack that was made to harm is full of marks behind which no frame is.
        let mut patience = size.saturating_mul(4).saturating_add(64 << 20);
        while let Some(at) = self.next_mark(name, size, offset)? {
            match self.frame_at(name, size, at)? {
                Ok((len, raw_len, parts)) => {
                    let frame = table.frames.len() as u32;
                    table.frames.push(FramePlace {
                        offset: at,
                        len,
                        raw_len,
                    });
                    let rows = parts.into_iter().map(|part| Row { frame, part });
                    table.rows.extend(rows);
                    offset = at + u64::from(len);
                }
                Err(what) => {
                    bad.push((at, what));
                    offset = at + 1;
                    patience = patience.saturating_sub((size - at).min(frame::LEN_MAX.into()));
                    if patience == 0 || bad.len() >= BAD_PLACES_MAX {
                        bad.push((offset, "too much is damaged to search on"));
                        *is_cut = true;
                        break;
                    }
                }
            }
        }
        Ok(rest)
    }

    /// Where the next mark of a frame stands, at `from` or after it.
    fn next_mark(&self, name: &str, size: u64, from: u64) -> Result<Option<u64>, Error> {
        let mut offset = from;
        while offset + HEADER_LEN as u64 <= size {
            let len = (size - offset).min(SEARCHED_AT_ONCE) as usize;
            let bytes = self.range(name, offset, len)?;
            let mark = frame::MAGIC.len();
            if let Some(at) = bytes.windows(mark).position(|four| four == frame::MAGIC) {
                return Ok(Some(offset + at as u64));
            }
            // A mark may lie across the border.
            offset += (len - mark + 1) as u64;
        }
        Ok(None)
    }

    /// Reads the frame that begins at `offset`: its length, its plain length and its objects; or what is wrong with it.
    #[expect(clippy::type_complexity, reason = "a frame is these three, once")]
    fn frame_at(
        &self,
        name: &str,
        size: u64,
        offset: u64,
    ) -> Result<Result<(u32, u32, Vec<frame::Part>), &'static str>, Error> {
        if offset + HEADER_LEN as u64 > size {
            return Ok(Err("a frame is cut short"));
        }
        let header = self.range(name, offset, HEADER_LEN)?;
        let stored = match frame::stored_len(&header) {
            Ok(stored) => stored,
            Err(bad) => return Ok(Err(bad.0)),
        };
        let start = offset + HEADER_LEN as u64;
        if start + u64::from(stored) > size {
            return Ok(Err("a frame is cut short"));
        }
        let body = self.range(name, start, stored as usize)?;
        let read = frame::open(&header, &body)
            .and_then(|raw| frame::parts(&raw).map(|parts| (raw.len() as u32, parts)));
        Ok(read
            .map(|(raw_len, parts)| (HEADER_LEN as u32 + stored, raw_len, parts))
            .map_err(|bad| bad.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::trial::Trial;

    #[test]
    fn what_is_left_of_a_pack_is_told_only_if_it_was_searched_to_its_end() {
        let Trial { scratch, store, .. } = &Trial::new();
        let name = "ab".repeat(32);
        let rest = |marks: usize| {
            let bytes = [&HEADER[..], &frame::MAGIC.repeat(marks), b"no footer"].concat();
            std::fs::write(scratch.path().join("store/packs").join(&name), &bytes).unwrap();
            store.packs.table_of_rest(&name, bytes.len() as u64)
        };
        for marks in [0, 1, 100] {
            assert!(rest(marks).unwrap().rows.is_empty(), "{marks}");
        }
        let given_up = rest(2 * BAD_PLACES_MAX);
        assert!(
            matches!(given_up, Err(Error::Corrupt { .. })),
            "{given_up:?}"
        );
    }
}
