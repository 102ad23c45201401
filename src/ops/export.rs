//! `export`: a snapshot becomes a plain tar. Contents are read ahead in parallel, checked, and written in path order,
//! so that memory does not grow with the files.

use crate::monitor::EntryWarning;
use std::collections::VecDeque;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use super::chosen::Chosen;
use super::context::Context;
use super::error::Error;
use super::lookup::{choose_to_read, read_tree};
use super::pool::wait_for;
use crate::archive::{END, Left, Origin, header, opening, padding};
use crate::disk::error::At;
use crate::disk::out_file::OutFile;
use crate::model::{Entry, Manifest, Node, SnapshotRef};
use crate::store::Store;
use crate::tree::Site;

/// Where the tar goes.
pub enum Target<'a> {
    /// Into a new file; `replace` allows that one of that name is there.
    File {
        /// Where.
        path: PathBuf,
        /// Whether it may be replaced.
        replace: bool,
    },
    /// To whoever reads.
    Stream(&'a mut (dyn Write + Send)),
}

/// What an export did.
#[derive(Debug)]
pub struct ExportOutcome {
    /// The snapshot.
    pub chosen: Chosen,
    /// Entries that were written.
    pub entries: u64,
    /// Length of the tar before compression.
    pub bytes: u64,
    /// Entries that had to be left out. Sockets are not counted: nobody misses them.
    pub left_out: u64,
    /// How long it took.
    pub took: Duration,
}

/// The level of compression: the default of the `zstd` command.
const LEVEL: i32 = 3;
/// How many bytes, and how many files, one task reads at most.
const TASK_BYTES: u64 = 1 << 20;
const TASK_FILES: usize = 256;

/// What one task makes.
enum Task<'a> {
    /// The blocks of small entries, contents and all.
    Whole(&'a [Entry]),
    /// The header of a large file.
    Begin(&'a Entry),
    /// One piece of its content.
    Piece(&'a Entry, u64),
}

/// Writes a snapshot as a tar; `compress` with zstd.
pub fn export(
    context: &Context<'_>,
    name: &SnapshotRef,
    site: Option<&Site>,
    target: Target<'_>,
    compress: bool,
) -> Result<ExportOutcome, Error> {
    let start = Instant::now();
    let (store, chosen) = choose_to_read(context, name, site)?;
    chosen.admit_tree()?;
    let manifest = read_tree(context, &store, &chosen)?;
    let work = Work {
        context,
        store: &store,
        origin: Origin::of(chosen.id, &chosen.snapshot, length(&manifest)),
    };
    let bytes = match target {
        Target::Stream(out) => {
            let place = Path::new("standard output");
            work.write(&manifest, out, compress, place)?.1
        }
        Target::File { path, replace } => {
            let file = OutFile::create(&path, replace)?;
            let (file, bytes) = work.write(&manifest, file, compress, &path)?;
            context.go_on()?;
            file.publish()?;
            bytes
        }
    };
    let (left_out, sockets) = warn_of_left(context, &manifest);
    Ok(ExportOutcome {
        chosen,
        entries: manifest.entries().len() as u64 - left_out - sockets,
        bytes,
        left_out,
        took: start.elapsed(),
    })
}

/// Warns of each entry that has no place in a tar. Returns how many of them are missed, and how many are sockets, which
/// nobody misses.
fn warn_of_left(context: &Context<'_>, manifest: &Manifest) -> (u64, u64) {
    let (mut left_out, mut sockets) = (0, 0);
    for entry in manifest.entries() {
        if let Err(left) = header(entry) {
            let warning = EntryWarning::NotExported {
                path: &entry.path,
                cause: &left,
            };
            context.monitor.warn(warning.into());
            *(if left == Left::Socket {
                &mut sockets
            } else {
                &mut left_out
            }) += 1;
        }
    }
    (left_out, sockets)
}

/// How long the archive of a tree is after its global header. What compresses extremely well is taken for a bomb unless
/// it was said before.
fn length(manifest: &Manifest) -> u64 {
    let one = |entry: &Entry| {
        let head = header(entry).map_or(0, |header| header.len() as u64);
        let content = content_len(entry).filter(|_| head > 0).unwrap_or(0);
        head.saturating_add(content)
            .saturating_add(padding(content).len() as u64)
    };
    let entries = manifest.entries().iter().map(one);
    entries.fold(END.len() as u64, u64::saturating_add)
}

struct Work<'a> {
    context: &'a Context<'a>,
    store: &'a Store,
    origin: Origin,
}

impl Work<'_> {
    /// Writes all of it and gives the writer back, with the plain length.
    fn write<W: Write>(
        &self,
        manifest: &Manifest,
        mut out: W,
        compress: bool,
        place: &Path,
    ) -> Result<(W, u64), Error> {
        if !compress {
            let bytes = self.write_plain(manifest, &mut out, place)?;
            out.flush().at("write", place)?;
            return Ok((out, bytes));
        }
        let mut encoder = zstd::Encoder::new(out, LEVEL).at("write", place)?;
        encoder.multithread(helpers()).at("write", place)?;
        encoder.include_checksum(true).at("write", place)?;
        let bytes = self.write_plain(manifest, &mut encoder, place)?;
        let mut out = encoder.finish().at("write", place)?;
        out.flush().at("write", place)?;
        Ok((out, bytes))
    }

    fn write_plain(
        &self,
        manifest: &Manifest,
        out: &mut dyn Write,
        place: &Path,
    ) -> Result<u64, Error> {
        let monitor = self.context.monitor;
        let total = manifest.entries().iter().filter_map(content_len).sum();
        monitor.phase("exporting", manifest.entries().len() as u64, total);
        let mut written = 0;
        let mut put = |bytes: &[u8]| {
            written += bytes.len() as u64;
            out.write_all(bytes).at("write", place)
        };
        put(&opening(&self.origin))?;
        let mut tasks = tasks(manifest.entries());
        let ahead = rayon::current_num_threads() * 2 + 2;
        // This thread is not in the pool, so it takes no worker away while it waits.
        rayon::in_place_scope(|scope| {
            let mut waiting: VecDeque<(u64, Receiver<_>)> = VecDeque::new();
            loop {
                while waiting.len() < ahead
                    && let Some(task) = tasks.next()
                {
                    let (send, receive) = sync_channel(1);
                    let files = task.files();
                    scope.spawn(move |_| drop(send.send(self.make(&task))));
                    waiting.push_back((files, receive));
                }
                let Some((files, next)) = waiting.pop_front() else {
                    return Ok::<_, Error>(());
                };
                self.context.go_on()?;
                let made = wait_for(&next).unwrap_or(Err(Error::Interrupted))?;
                put(&made)?;
                monitor.advance(files, made.len() as u64);
            }
        })?;
        put(&END)?;
        Ok(written)
    }

    fn make(&self, task: &Task<'_>) -> Result<Vec<u8>, Error> {
        let mut out = Vec::new();
        match task {
            Task::Whole(entries) => {
                for entry in *entries {
                    let Ok(header) = header(entry) else { continue };
                    out.extend_from_slice(&header);
                    if let (Some(len), Some(digest)) = (content_len(entry), entry.digest()) {
                        let content = self.store.objects.read_at_most(&digest, len)?;
                        fits(entry, content.len() as u64, len)?;
                        out.extend_from_slice(&content);
                        out.extend_from_slice(padding(len));
                    }
                }
            }
            Task::Begin(entry) => out = header(entry).unwrap_or_default(),
            Task::Piece(entry, number) => {
                let (Some(size), Some(digest)) = (entry.size(), entry.digest()) else {
                    return Ok(out);
                };
                let start = number * Store::PIECE_LEN;
                let len = (size - start).min(Store::PIECE_LEN);
                out = self.store.objects.read_piece(&digest, *number)?;
                fits(entry, out.len() as u64, len)?;
                if start + len == size {
                    out.extend_from_slice(padding(size));
                }
            }
        }
        Ok(out)
    }
}

impl Task<'_> {
    fn files(&self) -> u64 {
        match self {
            Task::Whole(entries) => entries.len() as u64,
            Task::Begin(_) => 1,
            Task::Piece(..) => 0,
        }
    }
}

/// How many threads of its own the compressor can have beside the pool, at most as many: where the system grants none,
/// it compresses in this one.
fn helpers() -> u32 {
    let mut threads = rayon::current_num_threads() as u32;
    while threads > 0 && !can_start(threads) {
        threads /= 2;
    }
    threads
}

/// Whether the compressor can start so many threads. It starts them with the first bytes that it takes.
fn can_start(threads: u32) -> bool {
    let compressed = zstd::Encoder::new(Vec::new(), LEVEL).and_then(|mut encoder| {
        encoder.multithread(threads)?;
        encoder.write_all(&END)?;
        encoder.finish()
    });
    compressed.is_ok()
}

/// Refuses a content whose length is not the one in the tree: what follows it in the tar would be read wrongly.
fn fits(entry: &Entry, found: u64, wanted: u64) -> Result<(), Error> {
    if found == wanted {
        return Ok(());
    }
    let path = entry.path.clone();
    Err(Error::WrongLength {
        path,
        wanted,
        found,
    })
}

/// How many bytes of content follow the header of an entry.
fn content_len(entry: &Entry) -> Option<u64> {
    match &entry.node {
        Node::File {
            size,
            link_to: None,
            ..
        } => Some(*size),
        _ => None,
    }
}

/// Cuts the entries into tasks: runs of neighbours, and the pieces of large files.
fn tasks(entries: &[Entry]) -> impl Iterator<Item = Task<'_>> {
    let mut rest = entries;
    let mut pieces: Option<(&Entry, u64, u64)> = None;
    std::iter::from_fn(move || {
        if let Some((entry, number, count)) = pieces {
            pieces = (number + 1 < count).then_some((entry, number + 1, count));
            return Some(Task::Piece(entry, number));
        }
        let len = |entry: &Entry| content_len(entry).unwrap_or(0);
        let large = |entry: &Entry| len(entry) > Store::PIECE_LEN;
        if let Some((first, after)) = rest.split_first().filter(|(first, _)| large(first)) {
            rest = after;
            pieces = Some((first, 0, len(first).div_ceil(Store::PIECE_LEN)));
            return Some(Task::Begin(first));
        }
        let mut bytes = 0;
        let fitting = rest.iter().take(TASK_FILES).take_while(|entry| {
            let fits = bytes < TASK_BYTES && !large(entry);
            bytes += len(entry);
            fits
        });
        let (run, after) = rest.split_at(fitting.count());
        rest = after;
        (!run.is_empty()).then_some(Task::Whole(run))
    })
}
