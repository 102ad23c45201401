//! Members of a tar, one after the other: headers to what they mean, content as it is asked for. Strict: what is
//! malformed or ambiguous is refused, never set right (promise 8).

use std::io::Read;

use tar::EntryType;

use super::block::{self, Block};
use super::error::{Error, RefusedEntry, RefusedTar};
use super::field::{NAME_MAX, id, mode, once, one, place, time};
use super::kind::Kind;
use super::origin::Origin;
use super::records::{self, Records};
use super::{BLOCK, OCTAL_MAX, padding};
use crate::model::extent::BYTES_MAX;
use crate::model::{Meta, RelPath};

/// One thing in a tar.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Member {
    /// Its name in the tar.
    pub(crate) path: RelPath,
    /// Mode, owner, time, attributes.
    pub(crate) meta: Meta,
    /// What it is.
    pub(crate) kind: Kind,
}

/// The longest extended header in bytes: what a snapshot may hold of one entry, and what it takes to write that down.
const RECORDS_MAX: i128 = (BYTES_MAX + (32 << 20)) as i128;
/// The longest text of a symbolic link (`PATH_MAX`).
const LINK_MAX: usize = 4095;
/// No file is longer.
const SIZE_MAX: i128 = 1 << 50;

/// What comes before a header and belongs to it.
#[derive(Default)]
struct Extra {
    records: Option<Records>,
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
}

/// Reads a tar.
pub(crate) struct Reader<R> {
    from: R,
    /// Content of the last member that was not asked for yet, and the bytes that fill its last block.
    left: u64,
    fill: usize,
    begun: bool,
    origin: Option<Origin>,
    bytes: u64,
    acls: u64,
}

impl<R: Read> Reader<R> {
    pub(crate) fn new(from: R) -> Self {
        Self {
            from,
            left: 0,
            fill: 0,
            begun: false,
            origin: None,
            bytes: 0,
            acls: 0,
        }
    }

    /// What the tar says of the snapshot that it was, once a member was read.
    pub(crate) fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// How many bytes of the tar were read so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many entries had access lists, which were passed over.
    pub(crate) fn acls(&self) -> u64 {
        self.acls
    }

    /// The next member; none where the archive ends as it should. What was not read of the last one is passed over.
    pub(crate) fn next(&mut self) -> Result<Option<Member>, Error> {
        while self.left > 0 {
            self.content(BLOCK)?;
        }
        let mut extra = Extra::default();
        loop {
            let Some(bytes) = self.block()? else {
                if extra.records.is_some() || extra.name.is_some() || extra.link.is_some() {
                    return Err(RefusedTar::NoEntry.into());
                }
                self.end()?;
                return Ok(None);
            };
            let block = block::read(&bytes)?;
            match EntryType::new(block.kind) {
                EntryType::XGlobalHeader => {
                    let records = self.records(&block)?;
                    self.global(&records)?;
                }
                EntryType::XHeader => {
                    let records = self.records(&block)?;
                    once(&mut extra.records, records)?;
                }
                EntryType::GNULongName => once(&mut extra.name, self.long(&block)?)?,
                EntryType::GNULongLink => once(&mut extra.link, self.long(&block)?)?,
                _ => {
                    self.begun = true;
                    return self.member(&block, extra).map(Some);
                }
            }
        }
    }

    /// The next bytes of a file's content, at most `max`; empty at its end.
    pub(crate) fn content(&mut self, max: usize) -> Result<Vec<u8>, Error> {
        let len = self.left.min(max as u64) as usize;
        let mut bytes = vec![0; len];
        self.exact(&mut bytes)?;
        self.left -= len as u64;
        if self.left == 0 {
            let mut fill = [0; BLOCK];
            let len = std::mem::take(&mut self.fill);
            self.exact(&mut fill[..len])?;
        }
        Ok(bytes)
    }

    /// The next block; none where it is all zeros.
    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, Error> {
        let mut bytes = [0; BLOCK];
        self.exact(&mut bytes)?;
        Ok(bytes.iter().any(|&b| b != 0).then_some(bytes))
    }

    fn exact(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.from.read_exact(bytes)?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Two blocks of zeros end an archive, and only zeros may follow.
    fn end(&mut self) -> Result<(), Error> {
        if self.block()?.is_some() {
            return Err(RefusedTar::LoneZeros.into());
        }
        let mut rest = vec![0; 64 << 10];
        loop {
            match self.from.read(&mut rest) {
                Ok(0) => return Ok(()),
                Ok(len) if rest[..len].iter().all(|&b| b == 0) => self.bytes += len as u64,
                Ok(_) => return Err(RefusedTar::Trailing.into()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// What an extended header holds, of at most `max` bytes.
    fn extended(&mut self, block: &Block, max: i128) -> Result<Vec<u8>, Error> {
        if !(0..=max).contains(&block.size) {
            return Err(RefusedTar::LongExtended.into());
        }
        self.left = block.size as u64;
        self.fill = padding(self.left).len();
        self.content(block.size as usize)
    }

    fn records(&mut self, block: &Block) -> Result<Records, Error> {
        let bytes = self.extended(block, RECORDS_MAX)?;
        Ok(records::parse(&bytes)?)
    }

    /// A name that stands in blocks of its own, as GNU tar writes it: with a NUL at its end.
    fn long(&mut self, block: &Block) -> Result<Vec<u8>, Error> {
        let mut name = self.extended(block, NAME_MAX + 1)?;
        if name.pop() != Some(0) || name.is_empty() || name.contains(&0) {
            return Err(RefusedTar::LongName.into());
        }
        Ok(name)
    }

    fn global(&mut self, records: &Records) -> Result<(), Error> {
        if records.change_entries() {
            return Err(RefusedTar::Global.into());
        }
        let Some(comment) = &records.comment else {
            return Ok(());
        };
        let Some(origin) = Origin::of_comment(comment) else {
            return Ok(());
        };
        let origin = origin?;
        if self.begun {
            return Err(RefusedTar::LateOrigin.into());
        }
        Ok(once(&mut self.origin, origin)?)
    }

    fn member(&mut self, block: &Block, extra: Extra) -> Result<Member, Error> {
        let records = extra.records.unwrap_or_default();
        let name = one(&block.name, extra.name, records.path)?;
        let link = one(&block.link, extra.link, records.link)?;
        let bad = |what: RefusedEntry| what.at_entry(&name);
        let size = records.size.unwrap_or(block.size);
        // The octal digits of a header hold no more than this; for more, writers leave 0 there.
        let large = i128::from(OCTAL_MAX) < size;
        if size != block.size && !(large && block.size == 0) {
            return Err(bad(RefusedEntry::TwoLengths));
        }
        if !(0..=SIZE_MAX).contains(&size) {
            return Err(bad(RefusedEntry::Length));
        }
        let old_dir = block.old && block.kind == 0 && name.ends_with(b"/");
        let kind = match block.kind {
            _ if old_dir => Kind::Dir,
            b'5' => Kind::Dir,
            0 | b'0' | b'7' => Kind::File(size as u64),
            b'1' => {
                let target = place(&link, false);
                Kind::Link(target.map_err(|what| bad(RefusedEntry::LinkName(what)))?)
            }
            b'2' if link.is_empty() || link.contains(&0) || link.len() > LINK_MAX => {
                return Err(bad(RefusedEntry::SymlinkText));
            }
            b'2' => Kind::Symlink(link),
            b'6' => Kind::Fifo,
            b'3' | b'4' => return Err(bad(RefusedEntry::Device)),
            b'S' => return Err(bad(RefusedEntry::Sparse)),
            kind => return Err(bad(RefusedEntry::Type(kind))),
        };
        if size != 0 && !matches!(kind, Kind::File(_)) {
            return Err(bad(RefusedEntry::Content));
        }
        let path = place(&name, kind == Kind::Dir).map_err(|what| bad(what.into()))?;
        let mut meta = Meta {
            mode: mode(block.mode, &kind).ok_or_else(|| bad(RefusedEntry::Mode))?,
            uid: id(records.uid, block.uid).ok_or_else(|| bad(RefusedEntry::Owner))?,
            gid: id(records.gid, block.gid).ok_or_else(|| bad(RefusedEntry::Group))?,
            mtime: time(records.mtime, block.mtime).ok_or_else(|| bad(RefusedEntry::Time))?,
            xattrs: records.xattrs,
        };
        match kind {
            // A link has neither mode nor attributes of its own.
            Kind::Symlink(_) => (meta.mode, meta.xattrs) = (0o777, Vec::new()),
            Kind::Fifo => meta.xattrs = Vec::new(),
            _ => {}
        }
        self.acls += u64::from(records.acls);
        self.left = size as u64;
        self.fill = padding(self.left).len();
        Ok(Member { path, meta, kind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::{END, header};
    use crate::model::Time;
    use crate::model::{Digest, Entry, Node};

    /// A tar as we write it, with a long name, an attribute, a link, and contents.
    fn sample() -> Vec<u8> {
        let mut tar = Vec::new();
        for (name, size) in [("pyvenv.cfg", 700_u64), (&"d/".repeat(60), 0), ("x", 0)] {
            let path = RelPath::new(name.trim_end_matches('/').as_bytes()).unwrap();
            let digest = Digest::of(name.as_bytes());
            let node = match (name.ends_with('/'), size) {
                (true, _) => Node::Dir,
                (_, 0) => Node::Symlink(b"y".to_vec()),
                (..) => Node::File {
                    size,
                    digest,
                    link_to: None,
                },
            };
            let xattrs = vec![(b"user.a".to_vec(), b"b".to_vec())];
            let mtime = Time { secs: -5, nanos: 5 };
            let meta = Meta {
                mode: 0o644,
                mtime,
                xattrs,
                ..Meta::default()
            };
            tar.extend(header(&Entry { path, meta, node }).unwrap());
            tar.extend(vec![7; size as usize]);
            tar.extend_from_slice(padding(size));
        }
        tar.extend(END);
        tar
    }

    fn all(tar: &[u8]) -> Result<usize, Error> {
        let mut reader = Reader::new(tar);
        let mut members = 0;
        while reader.next()?.is_some() {
            members += 1;
            while reader.left > 0 {
                reader.content(100)?;
            }
        }
        Ok(members)
    }

    #[test]
    fn what_we_write_is_read_and_is_refused_when_cut_at_any_byte() {
        let tar = sample();
        assert_eq!(all(&tar).unwrap(), 3);
        for len in 0..tar.len() {
            assert!(all(&tar[..len]).is_err(), "{len}");
        }
    }

    #[test]
    fn no_change_of_bytes_makes_it_panic() {
        let tar = sample();
        let mut state = 7_u64;
        let mut next = |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as usize % below
        };
        for _ in 0..20_000 {
            let mut bytes = tar.clone();
            for _ in 0..=next(3) {
                let at = next(bytes.len());
                bytes[at] = next(256) as u8;
            }
            // A sum that is right again lets the change through to what lies behind it.
            for block in bytes
                .chunks_mut(BLOCK)
                .filter(|block| block[257..262] == *b"ustar")
            {
                let mut signed = tar::Header::from_byte_slice(block).clone();
                signed.set_cksum();
                block.copy_from_slice(signed.as_bytes());
            }
            let _ = all(&bytes);
        }
    }
}
