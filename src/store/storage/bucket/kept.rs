//! What was read of a bucket and is kept on this host: files named by what they are copies of. Several processes may
//! use them at once, and any of them may be lost. Whoever reads a copy checks it as if it had come from the bucket.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::OFlags;

use crate::disk::PathError;
use crate::disk::atomic::{self, Temp};
use crate::disk::rooted::Rooted;
use crate::model::{Digest, RelPath};

/// The directory of the copies.
const DIR: &str = "kept";
/// A longer copy is none of ours.
const COPY_BYTES_MAX: u64 = 64 << 20;
/// Where nobody knows yet how much is kept.
const UNKNOWN: u64 = u64::MAX;

/// The copies of one store.
#[derive(Debug)]
pub(super) struct Kept {
    dir: Rooted,
    bytes_max: u64,
    /// How much there is, as far as this process knows.
    bytes: AtomicU64,
}

impl Kept {
    /// Those below the directory that a store has on this host.
    pub(super) fn open(home: &Arc<Rooted>, bytes_max: u64) -> Result<Self, PathError> {
        atomic::make_private_below(home, &home.path().join(DIR))?;
        Ok(Self {
            dir: home.enter(DIR.as_bytes())?,
            bytes_max,
            bytes: AtomicU64::new(UNKNOWN),
        })
    }

    /// The name of the copy of a part of a file, or of all of it. The file is named by its content.
    pub(super) fn name(file: &str, offset: u64, len: Option<usize>) -> String {
        let text = format!("{file} {offset} {len:?}");
        Digest::of(text.as_bytes()).to_hex()[..40].to_owned()
    }

    /// Reads a copy, or gets what it is a copy of and keeps it. That it cannot be kept only costs time.
    pub(super) fn or_keep(
        &self,
        name: &str,
        get: impl FnOnce() -> Result<Vec<u8>, PathError>,
    ) -> Result<Vec<u8>, PathError> {
        if let Some(copy) = self.read(name) {
            return Ok(copy);
        }
        let bytes = get()?;
        self.keep(name, &bytes);
        Ok(bytes)
    }

    /// Keeps a copy, unless it takes a quarter of the room or more.
    pub(super) fn keep(&self, name: &str, bytes: &[u8]) {
        if (bytes.len() as u64) < self.bytes_max / 4 {
            let _ = self.write(name, bytes);
        }
    }

    pub(super) fn read(&self, name: &str) -> Option<Vec<u8>> {
        let path = RelPath::new(name.as_bytes()).ok()?;
        let flags = OFlags::RDONLY | OFlags::NONBLOCK;
        let file = File::from(self.dir.open_below(&path, flags).ok()?);
        let mut bytes = Vec::new();
        file.take(COPY_BYTES_MAX).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), PathError> {
        let len = bytes.len() as u64;
        if self.bytes.load(Ordering::Relaxed) == UNKNOWN {
            self.bytes.store(
                self.sizes()?.iter().map(|(_, _, size)| size).sum(),
                Ordering::Relaxed,
            );
        }
        if self.bytes.fetch_add(len, Ordering::Relaxed) + len > self.bytes_max {
            self.make_room(len)?;
        }
        let mut temp = Temp::create(&self.dir)?;
        temp.write(bytes)?;
        temp.keep(name)
    }

    /// Removes a copy that is wrong. Returns whether there was one.
    pub(super) fn remove(&self, name: &str) -> bool {
        let is_there = matches!(self.dir.stat_name(name.as_bytes()), Ok(Some(_)));
        is_there && atomic::remove(&self.dir, &[name]).is_ok()
    }

    /// Removes the oldest copies until a fifth of the room is free.
    fn make_room(&self, len: u64) -> Result<(), PathError> {
        let mut all = self.sizes()?;
        all.sort_unstable();
        let mut bytes: u64 = all.iter().map(|(_, _, size)| size).sum();
        let goal = (self.bytes_max / 5 * 4).saturating_sub(len);
        let mut old = Vec::new();
        for (_, name, size) in all {
            if bytes <= goal {
                break;
            }
            bytes -= size;
            old.push(name);
        }
        atomic::remove(&self.dir, &old)?;
        self.bytes.store(bytes + len, Ordering::Relaxed);
        Ok(())
    }

    /// All copies, and what interrupted writers left: when each was made (seconds since 1970), its name, its bytes.
    fn sizes(&self) -> Result<Vec<(i64, String, u64)>, PathError> {
        let mut found = Vec::new();
        for name in self.dir.names()? {
            // Another process may have removed it.
            if let (Some(stat), Ok(name)) = (self.dir.stat_name(&name)?, String::from_utf8(name)) {
                found.push((stat.mtime.secs, name, stat.size));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_kept_within_their_room_and_the_oldest_go_first() {
        let scratch = tempfile::tempdir().unwrap();
        let home = Arc::new(Rooted::open(scratch.path()).unwrap());
        let kept = Kept::open(&home, 10_000).unwrap();
        for number in 0..40_u64 {
            let name = Kept::name("pack", number, Some(1000));
            let bytes = kept
                .or_keep(&name, || Ok(vec![number as u8; 1000]))
                .unwrap();
            assert_eq!(bytes, vec![number as u8; 1000]);
            let there: u64 = kept.sizes().unwrap().iter().map(|(_, _, size)| size).sum();
            assert!(there <= 10_000, "{there}");
        }
        let last = Kept::name("pack", 39, Some(1000));
        let copy = kept.or_keep(&last, || panic!("it is kept")).unwrap();
        assert_eq!(copy, vec![39; 1000]);
        assert!(kept.remove(&last) && !kept.remove(&last));
        // What is too long for the room is not kept.
        let long = Kept::name("pack", 0, None);
        kept.or_keep(&long, || Ok(vec![0; 9_000])).unwrap();
        assert!(kept.read(&long).is_none());
    }
}
