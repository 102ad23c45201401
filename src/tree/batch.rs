//! Files that are read together, by one task: near each other, or of like length.

use super::error::Error;
use super::read::{Content, Failed, Opened, Xattrs, with_buffer};
use super::sink::{Sink, Stopped};
use crate::disk::PathError;
use crate::disk::clock::quiet_after;
use crate::disk::error::At;
use crate::disk::limits::descriptors;
use crate::disk::rooted::Rooted;
use crate::disk::walk::Found;
use crate::model::segment::SEGMENT_LEN;
use crate::model::{Digest, RelPath};
use crate::monitor::Monitor;

/// Bytes that one task reads where nothing is kept.
pub(super) const READ_LEN: u64 = 1 << 20;
/// How many files a task opens ahead; more bring little.
const AHEAD_MAX: usize = 8;
/// All tasks together have no more files open, and no more than a quarter of what the process is granted.
const OPEN_MAX: usize = 256;
/// How many files one task reads.
pub(super) const BATCH_FILES: usize = 1024;

/// Orders files so that those which compress well together are neighbours: bytecode comes right after its source,
/// most of whose names and texts it repeats.
pub(super) fn kinship(path: &RelPath) -> (&[u8], &[u8], bool) {
    let (dir, name) = (path.parent_bytes(), path.name());
    match dir.strip_suffix(b"/__pycache__") {
        Some(dir) => (dir, stem(name), true),
        None => (dir, stem(name), false),
    }
}

fn stem(name: &[u8]) -> &[u8] {
    let dot = name.iter().position(|&byte| byte == b'.');
    &name[..dot.unwrap_or(name.len())]
}

/// Cuts the files into runs of neighbours that have at most `len` bytes together; a file that is larger is a run of its
/// own.
pub(super) fn batches<'u, 'f>(
    files: &'u [(usize, &'f Found)],
    len: u64,
) -> Vec<&'u [(usize, &'f Found)]> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (end, (_, file)) in files.iter().enumerate() {
        let is_full = bytes + file.stat.size > len || end - start >= BATCH_FILES;
        if end > start && is_full {
            batches.push(&files[start..end]);
            (start, bytes) = (end, 0);
        }
        bytes += file.stat.size;
    }
    if start < files.len() {
        batches.push(&files[start..]);
    }
    batches
}

/// A tree whose files are read.
pub(super) struct Source<'r> {
    root: &'r Rooted,
    /// Whether each file that was read is looked at later, and its times tell each change.
    is_looked_at_later: bool,
}

impl<'r> Source<'r> {
    /// A tree at which nobody looks after its files were read.
    pub(super) fn read_once(root: &'r Rooted) -> Self {
        Self {
            root,
            is_looked_at_later: false,
        }
    }

    /// A tree of which all is looked at again after it was read.
    pub(super) fn looked_at_later(root: &'r Rooted) -> Result<Self, PathError> {
        Ok(Self {
            root,
            is_looked_at_later: quiet_after(root)?.is_none(),
        })
    }

    fn open(&self, found: &Found) -> Result<Opened, Failed> {
        Opened::open(self.root, found, !self.is_looked_at_later)
    }
}

/// Reads files that lie near each other, and shows the sink the small ones together.
pub(super) fn read_batch(
    source: &Source<'_>,
    batch: &[(usize, &Found)],
    sink: &dyn Sink,
    monitor: &dyn Monitor,
) -> Result<Vec<Content>, Error> {
    let sizes = batch.iter().map(|(_, found)| found.stat.size);
    let room: u64 = sizes.clone().filter(|&size| is_small(size)).sum();
    let mut wanted = Vec::new();
    let contents = with_buffer(room as usize, |buffer| {
        let read = read_into(buffer, source, batch, sink, monitor)?;
        Ok::<_, Error>(digested(batch, read, sink, &mut wanted))
    })?;
    let bytes = sizes.sum();
    monitor.read(batch.len() as u64, bytes);
    sink.files(wanted).map_err(|Stopped| Error::Stopped)?;
    monitor.advance(batch.len() as u64, bytes);
    Ok(contents)
}

/// What came of reading a file, before the small ones have digests.
enum Read<'b> {
    Small(&'b [u8], Xattrs),
    Done(Content),
}

fn is_small(size: u64) -> bool {
    size <= SEGMENT_LEN as u64
}

/// Reads the small files one after the other into a buffer that has room for all of them, and the large ones in
/// pieces.
fn read_into<'b>(
    mut buffer: &'b mut [u8],
    source: &Source<'_>,
    batch: &[(usize, &Found)],
    sink: &dyn Sink,
    monitor: &dyn Monitor,
) -> Result<Vec<Read<'b>>, Error> {
    let mut all = Vec::with_capacity(batch.len());
    for some in batch.chunks(ahead()) {
        let open = some.iter().map(|one| source.open(one.1));
        let open: Vec<_> = open.collect();
        for ((_, found), file) in some.iter().zip(open) {
            let size = found.stat.size;
            let len = if is_small(size) { size as usize } else { 0 };
            let (bytes, rest) = std::mem::take(&mut buffer).split_at_mut(len);
            buffer = rest;
            let read = file.and_then(|file| read_one(&file, found, bytes, sink, monitor));
            all.push(match read {
                Ok(read) => read,
                Err(Failed::Changed) => Read::Done(Content::Changed),
                Err(Failed::Unreadable(reason)) => Read::Done(Content::Unreadable(reason)),
                Err(Failed::Short(error)) => {
                    return Err(error).at_with("read", || source.root.shown(&found.path))?;
                }
                Err(Failed::Stopped) => return Err(Error::Stopped),
            });
        }
    }
    Ok(all)
}

/// Gives the small files their digests. What the sink wants of them is collected, so that neighbours come to it
/// together.
fn digested(
    batch: &[(usize, &Found)],
    read: Vec<Read<'_>>,
    sink: &dyn Sink,
    wanted: &mut Vec<(Digest, Vec<u8>)>,
) -> Vec<Content> {
    let files = batch.iter().zip(&read);
    let small: Vec<(&RelPath, &[u8])> = files
        .filter_map(|((_, found), read)| match read {
            Read::Small(bytes, _) => Some((&found.path, *bytes)),
            Read::Done(_) => None,
        })
        .collect();
    let digests = sink.digests(&small);
    if sink.wants() {
        let new = digests
            .iter()
            .zip(&small)
            .filter(|(digest, _)| !sink.has(digest));
        wanted.extend(new.map(|(digest, (_, bytes))| (*digest, bytes.to_vec())));
    }
    let mut digests = digests.into_iter();
    let contents = read.into_iter().map(|read| match read {
        Read::Small(_, xattrs) => digests
            .next()
            .map_or(Content::Changed, |digest| Content::Known(digest, xattrs)),
        Read::Done(content) => content,
    });
    contents.collect()
}

/// How many files one task opens before it reads the first of them, so that a disk has more than one to fetch.
fn ahead() -> usize {
    let open = descriptors().map_or(OPEN_MAX, |granted| OPEN_MAX.min(granted as usize / 4));
    (open / rayon::current_num_threads()).clamp(1, AHEAD_MAX)
}

/// Reads one file; a small one into memory of its size.
fn read_one<'b>(
    file: &Opened,
    found: &Found,
    bytes: &'b mut [u8],
    sink: &dyn Sink,
    monitor: &dyn Monitor,
) -> Result<Read<'b>, Failed> {
    let xattrs = if sink.audits_only() {
        Vec::new()
    } else {
        file.xattrs()?
    };
    if !is_small(found.stat.size) {
        let digest = file.read_large(&found.path, sink, monitor)?;
        return Ok(Read::Done(Content::Known(digest, xattrs)));
    }
    file.read_small(bytes)?;
    Ok(Read::Small(bytes, xattrs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::walk::walk;

    #[test]
    fn only_a_file_that_is_larger_by_itself_makes_a_batch_longer_than_was_asked() {
        let lens = |sizes: &[u64]| -> Vec<Vec<u64>> {
            let dir = tempfile::tempdir().unwrap();
            for (number, &size) in sizes.iter().enumerate() {
                let file = std::fs::File::create(dir.path().join(number.to_string()));
                file.unwrap().set_len(size).unwrap();
            }
            let mut found = walk(&Rooted::open(dir.path()).unwrap()).unwrap();
            found.retain(|found| found.stat.is_file());
            found.sort_by(|one, other| one.path.cmp(&other.path));
            let files: Vec<_> = found.iter().enumerate().collect();
            let size = |(_, file): &(usize, &Found)| file.stat.size;
            let batches = batches(&files, 10);
            batches
                .iter()
                .map(|batch| batch.iter().map(size).collect())
                .collect()
        };
        assert_eq!(lens(&[]), Vec::<Vec<u64>>::new());
        assert_eq!(lens(&[5, 5, 1]), [vec![5, 5], vec![1]]);
        assert_eq!(lens(&[9, 30, 0, 4]), [vec![9], vec![30], vec![0, 4]]);
    }
}
