//! What a tar brings flows into packs: one thread reads, all of them hash and compress, and no more than a fixed amount
//! is on its way at any time, however long a member is.

use std::collections::VecDeque;
use std::io::Read;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};

use rayon::Scope;

use super::context::Context;
use super::error::Error;
use super::pool::wait_for;
use crate::archive::{self, Gathered, Kind, Member, Reader};
use crate::disk::PathError;
use crate::model::segment::{BATCH_LEN, SEGMENT_LEN, Segments, segment_value};
use crate::model::{Digest, RelPath};
use crate::python::hashes::Hashes;
use crate::store::Packer;
use crate::tree::sink::digests_of;

/// Tasks on their way beside one for each thread: enough to keep the threads at work while the tar is read slowly.
const WAITING_MAX: usize = 2;
/// Bytes on their way at most, however many threads there are.
const FLOWING_MAX: usize = 48 << 20;
/// How many files one task takes.
const BATCH_FILES: usize = 1024;

/// A small file, by its number in the tar.
type Small = (usize, RelPath, Vec<u8>);

/// What one task is given.
enum Task {
    Files(Vec<Small>),
    Segment(u32, Vec<u8>),
}

/// What a task makes.
enum Made {
    Files(Vec<(usize, Digest)>),
    Segment(Digest),
}

/// Where the content goes.
pub(super) struct Inflow<'a, 'p> {
    pub(super) context: &'a Context<'a>,
    pub(super) packer: &'a Packer<'p>,
    pub(super) hashes: &'a Hashes,
    /// The tar, for messages.
    pub(super) file: &'a Path,
}

/// What is on its way.
struct Flow<'i, 'a, 'p, 'r, 's> {
    inflow: &'i Inflow<'a, 'p>,
    scope: &'r Scope<'s>,
    waiting: VecDeque<(usize, Receiver<Result<Made, Error>>)>,
    flowing: usize,
    /// Bytes on their way at most.
    flowing_max: usize,
    gathered: Gathered,
    /// The large files of which segments are on their way, by number and size, in the order of the tar.
    large: VecDeque<(usize, u64)>,
    /// The segments so far of the first of them.
    values: Vec<Digest>,
}

impl Inflow<'_, '_> {
    /// Takes in all members from `first` on.
    pub(super) fn take<R: Read>(
        &self,
        reader: &mut Reader<R>,
        first: Member,
    ) -> Result<Gathered, Error> {
        // This thread is not in the pool, so it takes no worker away while it waits.
        rayon::in_place_scope(|scope| {
            let mut flow = Flow {
                inflow: self,
                scope,
                waiting: VecDeque::new(),
                flowing: 0,
                flowing_max: FLOWING_MAX
                    .min((rayon::current_num_threads() + WAITING_MAX) * BATCH_LEN),
                gathered: Gathered::default(),
                large: VecDeque::new(),
                values: Vec::new(),
            };
            let mut batch = Vec::new();
            let mut bytes = 0;
            let mut next = Some(first);
            while let Some(member) = next {
                let path = member.path.clone();
                let size = match member.kind {
                    Kind::File(size) => Some(size),
                    _ => None,
                };
                let number = flow.gathered.add(member).map_err(|error| self.bad(error))?;
                match size {
                    Some(size) if size > SEGMENT_LEN as u64 => flow.large(reader, number, size)?,
                    Some(size) => {
                        let content = reader
                            .content(size as usize)
                            .map_err(|error| self.bad(error))?;
                        bytes += content.len();
                        batch.push((number, path, content));
                    }
                    None => {}
                }
                if bytes >= BATCH_LEN || batch.len() >= BATCH_FILES {
                    flow.send(std::mem::take(&mut batch), std::mem::take(&mut bytes))?;
                }
                next = reader.next().map_err(|error| self.bad(error))?;
            }
            flow.send(batch, bytes)?;
            flow.wait_until(0)?;
            Ok(flow.gathered)
        })
    }

    fn make(&self, task: Task) -> Result<Made, Error> {
        match task {
            Task::Files(files) => {
                let seen = files.iter().map(|(_, path, content)| (path, &content[..]));
                let seen: Vec<(&RelPath, &[u8])> = seen.collect();
                let digests = digests_of(&seen);
                self.hashes.add(&seen, &digests);
                let numbers = files.iter().map(|(number, ..)| *number);
                let made = numbers.zip(digests.iter().copied()).collect();
                let contents = files.into_iter().map(|(.., content)| content);
                let contents: Vec<_> = digests.into_iter().zip(contents).collect();
                self.packer.add_files(contents)?;
                Ok(Made::Files(made))
            }
            Task::Segment(number, bytes) => {
                let value = segment_value(&bytes, number);
                self.packer.add_segment(value, number, &bytes)?;
                Ok(Made::Segment(value))
            }
        }
    }

    /// An error of the tar, by the name of the tar.
    pub(super) fn bad(&self, error: archive::Error) -> Error {
        bad(self.file, error)
    }
}

/// An error of a tar, by its name.
pub(super) fn bad(file: &Path, error: archive::Error) -> Error {
    match error {
        archive::Error::Read(source) => PathError::new("read", file, source).into(),
        archive::Error::Refused(what) => Error::BadTar {
            file: file.to_owned(),
            what,
        },
    }
}

impl<'i: 's, 's> Flow<'i, '_, '_, '_, 's> {
    fn send(&mut self, files: Vec<Small>, bytes: usize) -> Result<(), Error> {
        if files.is_empty() {
            return Ok(());
        }
        self.inflow
            .context
            .monitor
            .advance(files.len() as u64, bytes as u64);
        self.begin(Task::Files(files), bytes)
    }

    /// Takes in a file segment by segment.
    fn large<R: Read>(
        &mut self,
        reader: &mut Reader<R>,
        number: usize,
        size: u64,
    ) -> Result<(), Error> {
        let bad = |error| self.inflow.bad(error);
        self.large.push_back((number, size));
        for segment in 0..size.div_ceil(SEGMENT_LEN as u64) {
            let bytes = reader.content(SEGMENT_LEN).map_err(bad)?;
            let len = bytes.len();
            self.begin(Task::Segment(segment as u32, bytes), len)?;
            self.inflow.context.monitor.advance(0, len as u64);
        }
        Ok(())
    }

    /// Takes the next segment of the first large file that is on its way; with the last one the file is in.
    fn take_segment(&mut self, value: Digest) -> Result<(), Error> {
        self.values.push(value);
        let Some(&(number, size)) = self.large.front() else {
            return Err(Error::Interrupted);
        };
        if (self.values.len() as u64) < size.div_ceil(SEGMENT_LEN as u64) {
            return Ok(());
        }
        self.large.pop_front();
        let impossible = || self.inflow.bad(archive::RefusedTar::LargeFile.into());
        let values = std::mem::take(&mut self.values);
        let segments = Segments::new(size, values).ok_or_else(impossible)?;
        self.inflow.packer.add_list(&segments)?;
        self.gathered.set_digest(number, segments.digest());
        self.inflow.context.monitor.advance(1, 0);
        Ok(())
    }

    /// Hands a task to the pool, once there is room for it.
    fn begin(&mut self, task: Task, len: usize) -> Result<(), Error> {
        self.inflow.context.go_on()?;
        self.wait_until(self.flowing_max.saturating_sub(len))?;
        let (send, receive) = sync_channel(1);
        let inflow = self.inflow;
        self.scope
            .spawn(move |_| drop(send.send(inflow.make(task))));
        self.waiting.push_back((len, receive));
        self.flowing += len;
        Ok(())
    }

    /// Waits until no more than `most` bytes are on their way.
    fn wait_until(&mut self, most: usize) -> Result<(), Error> {
        while self.flowing > most || most == 0 && !self.waiting.is_empty() {
            let Some((len, made)) = self.waiting.pop_front() else {
                break;
            };
            self.flowing -= len;
            match wait_for(&made).unwrap_or(Err(Error::Interrupted))? {
                Made::Files(files) => {
                    for (number, digest) in files {
                        self.gathered.set_digest(number, digest);
                    }
                }
                Made::Segment(value) => self.take_segment(value)?,
            }
        }
        Ok(())
    }
}
