//! What a file's content was when the file was in some state: spares a save from reading what cannot have changed.

use std::collections::HashMap;

use crate::disk::stat::Stat;
use crate::model::{Digest, RelPath, Time};

/// What is known of files by their state, so that they need not be read.
pub(crate) trait Known: Sync {
    /// The digest and whether there are attributes, if the file at `path` is in a state in which that is known.
    fn find(&self, path: &RelPath, stat: &Stat) -> Option<(Digest, bool)>;
}

/// The state of one file and the digest that it had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Record {
    dev: u64,
    ino: u64,
    size: u64,
    mtime: Time,
    ctime: Time,
    digest: Digest,
    has_xattrs: bool,
}

/// The files of one venv by path.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct StatCache {
    records: HashMap<u64, Record>,
}

const RECORD_LEN: usize = 8 * 4 + 12 * 2 + 32 + 1;

impl Known for StatCache {
    /// The change time cannot be set by hand, so an equal one means that nobody touched the file.
    fn find(&self, path: &RelPath, stat: &Stat) -> Option<(Digest, bool)> {
        if self.records.is_empty() {
            return None;
        }
        let record = self.records.get(&key(path))?;
        let same = (record.dev, record.ino, record.size) == (stat.dev, stat.ino, stat.size)
            && (record.mtime, record.ctime) == (stat.mtime, stat.ctime);
        same.then_some((record.digest, record.has_xattrs))
    }
}

impl StatCache {
    /// Records a file. One that changed at `racy` or later is left out: on kernels with coarse time stamps it could change
    /// once more without a trace.
    pub(crate) fn insert(
        &mut self,
        path: &RelPath,
        stat: &Stat,
        digest: Digest,
        has_xattrs: bool,
        racy: Option<Time>,
    ) {
        if racy.is_some_and(|racy| stat.ctime >= racy) {
            return;
        }
        let Stat {
            dev,
            ino,
            size,
            mtime,
            ctime,
            ..
        } = *stat;
        self.records.insert(
            key(path),
            Record {
                dev,
                ino,
                size,
                mtime,
                ctime,
                digest,
                has_xattrs,
            },
        );
    }

    /// The bytes in which the index keeps it.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut sorted: Vec<_> = self.records.iter().collect();
        sorted.sort_unstable_by_key(|(key, _)| **key);
        let mut out = Vec::with_capacity(sorted.len() * RECORD_LEN);
        for (key, record) in sorted {
            for number in [*key, record.dev, record.ino, record.size] {
                out.extend_from_slice(&number.to_le_bytes());
            }
            for time in [record.mtime, record.ctime] {
                out.extend_from_slice(&time.secs.to_le_bytes());
                out.extend_from_slice(&time.nanos.to_le_bytes());
            }
            out.extend_from_slice(record.digest.as_bytes());
            out.push(record.has_xattrs.into());
        }
        out
    }

    /// Reads what [`StatCache::encode`] wrote; anything else is an empty cache.
    pub(crate) fn decode(bytes: &[u8]) -> Self {
        let records = bytes
            .chunks_exact(RECORD_LEN)
            .filter_map(decode_record)
            .collect();
        Self { records }
    }
}

fn decode_record(bytes: &[u8]) -> Option<(u64, Record)> {
    let u64_at = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    let time_at = |at: usize| {
        let secs = i64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?);
        let nanos = u32::from_le_bytes(bytes.get(at + 8..at + 12)?.try_into().ok()?);
        Some(Time { secs, nanos })
    };
    let record = Record {
        dev: u64_at(8)?,
        ino: u64_at(16)?,
        size: u64_at(24)?,
        mtime: time_at(32)?,
        ctime: time_at(44)?,
        digest: Digest::from_bytes(bytes.get(56..88)?.try_into().ok()?),
        has_xattrs: *bytes.get(88)? != 0,
    };
    Some((u64_at(0)?, record))
}

/// Paths by the first bytes of their hash. Two that share them cost a read, no more: the inode tells them apart.
fn key(path: &RelPath) -> u64 {
    let digest = Digest::of(path.as_bytes());
    digest
        .as_bytes()
        .first_chunk()
        .map_or(0, |first| u64::from_le_bytes(*first))
}
