//! Reads a tree part by part: what is only compared need not be held as a whole.

use std::sync::OnceLock;

use super::assemble::assemble;
use super::batch::{BATCH_FILES, READ_LEN, Source, read_batch};
use super::error::Error;
use super::scan::{own, put, unread};
use super::sink::DigestsOnly;
use super::stat_cache::Known;
use super::stated::Stated;
use crate::disk::rooted::Rooted;
use crate::disk::walk::{Found, walk_dirs};
use crate::monitor::Monitor;

/// Takes some entries of one directory. Which files are links of each other is to be seen in the states alone.
pub(crate) type TakeEntries<'a> = dyn Fn(&Stated) + Sync + 'a;

/// Reads a tree that nobody else can write in, for which one walk is enough. It hands on what it holds while it goes,
/// from many threads and in no order: so nobody has to hold all of a large tree.
pub(crate) fn stream(
    root: &Rooted,
    known: &dyn Known,
    monitor: &dyn Monitor,
    take: &TakeEntries<'_>,
) -> Result<(), Error> {
    let failed = OnceLock::new();
    let failing = &failed;
    let source = &Source::read_once(root);
    let read = move |part: Vec<Found>| {
        let mut contents = vec![None; part.len()];
        let unread = unread(&part, &mut contents, known, &DigestsOnly);
        let read = read_batch(source, &unread, &DigestsOnly, monitor)?;
        put(&mut contents, &unread, read);
        let (part, _) = assemble(part, contents);
        take(&part);
        Ok(())
    };
    let read = &move |part| {
        if monitor.cancelled() || failing.get().is_some() {
            let _ = failing.set(Error::Stopped);
        } else if let Err(error) = read(part) {
            let _ = failing.set(error);
        }
    };
    walk_dirs(root, &|path| known.state(path), &move |scope, here| {
        for part in parts(own(here)) {
            scope.spawn(move |_| read(part));
        }
    })?;
    failed.into_inner().map_or(Ok(()), Err)
}

/// Cuts what a directory holds into pieces of work.
fn parts(found: Vec<Found>) -> Vec<Vec<Found>> {
    let mut parts: Vec<Vec<Found>> = Vec::new();
    let mut bytes = 0;
    for found in found {
        let size = found.stat.size;
        match parts.last_mut() {
            Some(part) if bytes < READ_LEN && part.len() < BATCH_FILES => part.push(found),
            _ => {
                parts.push(vec![found]);
                bytes = 0;
            }
        }
        bytes += size;
    }
    parts
}
