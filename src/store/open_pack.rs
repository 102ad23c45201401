//! A pack that is being written.

use super::error::Error;
use super::frame::{HEADER_LEN, Sealed};
use super::pack::{FramePlace, HEADER, Row, Table};
use super::storage::{Draft, Storage};

/// A pack without a name yet, which grows frame by frame.
pub(super) struct OpenPack<'s> {
    draft: Box<dyn Draft + 's>,
    hasher: blake3::Hasher,
    len: u64,
    table: Table,
}

/// A pack that is complete, and not yet published.
pub(super) struct Closed<'s> {
    pub(super) draft: Box<dyn Draft + 's>,
    /// What it has to be called: the BLAKE3 of its bytes.
    pub(super) name: String,
    pub(super) len: u64,
    /// Table and footer.
    pub(super) tail: Vec<u8>,
}

impl<'s> OpenPack<'s> {
    pub(super) fn begin(storage: &'s dyn Storage) -> Result<Self, Error> {
        let mut pack = Self {
            draft: storage.begin()?,
            hasher: blake3::Hasher::new(),
            len: 0,
            table: Table::default(),
        };
        pack.append(&HEADER)?;
        Ok(pack)
    }

    /// Bytes that were written so far.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Appends a frame. Returns how many bytes it takes, with its header.
    pub(super) fn add(&mut self, sealed: &Sealed) -> Result<u32, Error> {
        let frame = self.table.frames.len() as u32;
        let place = FramePlace {
            offset: self.len,
            len: (HEADER_LEN + sealed.body.len()) as u32,
            raw_len: sealed.raw_len,
        };
        self.append(&sealed.header)?;
        self.append(&sealed.body)?;
        self.table.frames.push(place);
        let rows = sealed.parts.iter().map(|&part| Row { frame, part });
        self.table.rows.extend(rows);
        Ok(place.len)
    }

    /// Writes table and footer.
    pub(super) fn close(mut self) -> Result<Closed<'s>, Error> {
        self.table.rows.sort_unstable_by_key(|row| row.part.id);
        let tail = self.table.seal(self.len).map_err(Error::Compress)?;
        self.append(&tail)?;
        Ok(Closed {
            draft: self.draft,
            name: self.hasher.finalize().to_hex().to_string(),
            len: self.len,
            tail,
        })
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.draft.write(bytes)?;
        self.hasher.update(bytes);
        self.len += bytes.len() as u64;
        Ok(())
    }
}
