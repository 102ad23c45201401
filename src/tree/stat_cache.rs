//! What a file's content was when the file was in some state: spares a save from reading what cannot have changed.

use crate::disk::mapped::Mapped;
use crate::disk::stat::Stat;
use crate::model::{Digest, RelPath, Time};

/// What is known of files by their state, so that they need not be read.
pub(crate) trait Known: Sync {
    /// The digest and whether there are attributes, if the file at `path` is in a state in which that is known.
    fn digest_of(&self, path: &RelPath, stat: &Stat) -> Option<(Digest, bool)>;

    /// The state of a file that need not be looked at now, since whoever knows it looks once more before anything goes
    /// by it. None of all others.
    fn state(&self, _path: &RelPath) -> Option<Stat> {
        None
    }
}

/// The state of one file and the digest that it had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Record {
    ino: u64,
    dev: u64,
    size: u64,
    mtime: Time,
    ctime: Time,
    digest: Digest,
    has_xattrs: bool,
}

impl Record {
    /// What a file in this state holds.
    pub(crate) fn new(stat: &Stat, digest: Digest, has_xattrs: bool) -> Self {
        Self {
            ino: stat.ino,
            dev: stat.dev,
            size: stat.size,
            mtime: stat.mtime,
            ctime: stat.ctime,
            digest,
            has_xattrs,
        }
    }
}

/// The files of one venv by inode, in that order. Not by path: whatever gives an inode another name or content
/// changes its change time.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct StatCache {
    records: Vec<Record>,
}

impl StatCache {
    /// The file system on which the files are: no scan leaves it.
    pub(crate) fn device(&self) -> Option<u64> {
        self.records.first().map(|record| record.dev)
    }
}

impl Known for StatCache {
    /// The change time cannot be set by hand, so an equal one means that nobody touched the file.
    fn digest_of(&self, _path: &RelPath, stat: &Stat) -> Option<(Digest, bool)> {
        let at = self
            .records
            .binary_search_by_key(&stat.ino, |record| record.ino);
        let record = self.records.get(at.ok()?)?;
        let same = (record.dev, record.size) == (stat.dev, stat.size)
            && (record.mtime, record.ctime) == (stat.mtime, stat.ctime);
        same.then_some((record.digest, record.has_xattrs))
    }
}

impl StatCache {
    /// Knows files by these records, of one inode by the last. One that changed at `racy` or later is left out: on
    /// kernels with coarse time stamps it could change once more without a trace.
    pub(crate) fn new(records: impl Iterator<Item = Record>, racy: Option<Time>) -> Self {
        let is_old = |record: &Record| racy.is_none_or(|racy| record.ctime < racy);
        let mut records: Vec<Record> = records.filter(is_old).collect();
        records.sort_by_key(|record| record.ino);
        records.dedup_by(|later, record| {
            let same = later.ino == record.ino;
            if same {
                *record = *later;
            }
            same
        });
        Self { records }
    }

    /// The same without files of which the times prove nothing, since somebody may write in them through memory.
    pub(crate) fn without(mut self, mapped: &Mapped) -> Self {
        self.records
            .retain(|record| !mapped.has(record.dev, record.ino));
        self
    }

    /// The bytes in which the index keeps it: the number of records; their digests, which do not compress; their
    /// columns in the order of the inodes, compressed.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let count = self.records.len();
        let mut columns = Vec::with_capacity(count * COLUMNS_LEN);
        for column in COLUMNS {
            let mut before = 0;
            for record in &self.records {
                let value = column(record);
                // Neighbours are alike, and their differences compress.
                columns.extend_from_slice(&value.wrapping_sub(before).to_le_bytes());
                before = value;
            }
        }
        // If that fails, nothing is packed, which reads back as an empty cache.
        let packed = zstd::bulk::compress(&columns, 1).unwrap_or_default();
        drop(columns);
        let mut out = Vec::with_capacity(8 + packed.len() + count * Digest::LEN);
        out.extend_from_slice(&(count as u64).to_le_bytes());
        for record in &self.records {
            out.extend_from_slice(record.digest.as_bytes());
        }
        out.extend(packed);
        out
    }

    /// Reads what [`StatCache::encode`] wrote; anything else is an empty cache.
    pub(crate) fn decode(bytes: &[u8]) -> Self {
        Self::decoded(bytes).unwrap_or_default()
    }

    fn decoded(bytes: &[u8]) -> Option<Self> {
        let (count, rest) = bytes.split_first_chunk()?;
        let count = usize::try_from(u64::from_le_bytes(*count)).ok()?;
        // There are as many digests, so nothing is allocated for records that are not there.
        let (digests, packed) = rest.split_at_checked(count.checked_mul(Digest::LEN)?)?;
        let columns = zstd::bulk::decompress(packed, count * COLUMNS_LEN).ok()?;
        let mut values = columns
            .as_chunks()
            .0
            .iter()
            .map(|raw| u64::from_le_bytes(*raw));
        let mut column = || {
            let mut value = 0_u64;
            let all: Vec<u64> = values
                .by_ref()
                .take(count)
                .map(|step| {
                    value = value.wrapping_add(step);
                    value
                })
                .collect();
            (all.len() == count).then_some(all)
        };
        let (inos, devs, sizes) = (column()?, column()?, column()?);
        let (mtimes, ctimes) = ((column()?, column()?), (column()?, column()?));
        let xattrs = column()?;
        let digests = digests.as_chunks().0;
        let time = |(secs, nanos): &(Vec<u64>, Vec<u64>), at: usize| Time {
            secs: secs[at] as i64,
            nanos: nanos[at] as u32,
        };
        let record = |at: usize| Record {
            ino: inos[at],
            dev: devs[at],
            size: sizes[at],
            mtime: time(&mtimes, at),
            ctime: time(&ctimes, at),
            digest: Digest::from_bytes(digests[at]),
            has_xattrs: xattrs[at] != 0,
        };
        // `new` sorts them: whoever wrote the bytes may not have.
        Some(Self::new((0..count).map(record), None))
    }
}

type Column = fn(&Record) -> u64;

const COLUMNS: [Column; 8] = [
    |record| record.ino,
    |record| record.dev,
    |record| record.size,
    |record| record.mtime.secs as u64,
    |record| record.mtime.nanos.into(),
    |record| record.ctime.secs as u64,
    |record| record.ctime.nanos.into(),
    |record| record.has_xattrs.into(),
];

/// What the columns take of one record.
const COLUMNS_LEN: usize = 8 * COLUMNS.len();

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(count: u64) -> StatCache {
        let record = |ino: u64| {
            let time = |secs: i64| Time {
                secs,
                nanos: (ino * 7919 % 1_000_000_000) as u32,
            };
            Record {
                ino: u64::MAX - ino * ino,
                dev: u64::MAX - ino % 2,
                size: ino << 33,
                mtime: time(-1),
                ctime: time(1 << 40),
                digest: Digest::of(&ino.to_le_bytes()),
                has_xattrs: ino.is_multiple_of(3),
            }
        };
        StatCache::new((0..count).map(record), None)
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        for count in [0, 1, 1000] {
            let cache = cache(count);
            assert_eq!(StatCache::decode(&cache.encode()), cache, "{count}");
        }
    }

    #[test]
    fn of_one_inode_the_last_record_counts() {
        let first = cache(1).records[0];
        let (mut other, mut last) = (first, first);
        other.ino = 7;
        last.digest = Digest::of(b"written since");
        let cache = StatCache::new([first, other, last].into_iter(), None);
        assert_eq!(cache.records, [other, last]);
    }

    #[test]
    fn what_is_no_cache_is_an_empty_one() {
        let whole = cache(50).encode();
        for len in 0..whole.len() {
            assert_eq!(
                StatCache::decode(&whole[..len]),
                StatCache::default(),
                "{len}"
            );
        }
        let mut many = whole;
        many[..8].copy_from_slice(&u64::MAX.to_le_bytes());
        assert_eq!(StatCache::decode(&many), StatCache::default());
        many[..8].copy_from_slice(&49_u64.to_le_bytes());
        assert_eq!(StatCache::decode(&many), StatCache::default());
    }
}
