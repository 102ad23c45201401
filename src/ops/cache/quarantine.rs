//! `cache quarantine`: what is bad in the caches of installers goes into the store, whole, and nothing is deleted. What
//! is good is never touched: each part must be the inode that was judged.

use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::check::{CacheCheckOutcome, Suspect, cache_check};
use super::record::{Quarantined, encode, of_entry};
use super::{CacheDir, CacheOptions, resolved};
use crate::disk::PathError;
use crate::disk::displace::{Spot, displace};
use crate::disk::rooted::Rooted;
use crate::model::{Installer, RelPath};
use crate::monitor::Unstoppable;
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::ops::hold::hold_installer;
use crate::store::{Displaced, NotInBucket, Store};

/// What `cache quarantine` did.
#[derive(Debug)]
pub struct QuarantineOutcome {
    /// What the check found that runs before the moves.
    pub checked: CacheCheckOutcome,
    /// Whether only the check was done.
    pub dry_run: bool,
    /// What was moved, in the order of `checked.bad`; none where it could not be moved.
    pub moved: Vec<Option<Quarantined>>,
    /// The entries that were not moved, each with the reason.
    pub kept: Vec<Kept>,
    /// How long it took.
    pub took: Duration,
}

/// An entry that could not be moved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// Where it is.
    pub path: PathBuf,
    /// Why it stays.
    pub reason: String,
    /// Whether something else stands in its place.
    pub is_occupied: bool,
}

impl Kept {
    pub(super) fn new(path: PathBuf, error: &Error) -> Self {
        Self {
            path,
            reason: reason(error),
            is_occupied: matches!(error, Error::Occupied(_)),
        }
    }
}

/// Moves the bad entries of caches into the store, which is made if it is not there. The lock of an installer that has
/// one is held from the first look to the last move.
pub fn cache_quarantine(
    context: &Context<'_>,
    options: &CacheOptions,
    dry_run: bool,
) -> Result<QuarantineOutcome, Error> {
    let start = Instant::now();
    let caches = resolved(&options.caches)?;
    let _held = if dry_run {
        Vec::new()
    } else {
        locks(context, &caches)?
    };
    let dirs = caches.into_iter().map(|(installer, path)| CacheDir {
        path,
        installer: Some(installer),
        is_named: true,
    });
    let options = CacheOptions {
        caches: dirs.collect(),
        ..options.clone()
    };
    let checked = cache_check(context, &options)?;
    let mut outcome = QuarantineOutcome {
        checked,
        dry_run,
        moved: Vec::new(),
        kept: Vec::new(),
        took: start.elapsed(),
    };
    if dry_run || outcome.checked.bad.is_empty() {
        return Ok(outcome);
    }
    Store::refuse_elsewhere(&context.store, NotInBucket::Boxes)?;
    Store::create(&context.store, context.lock_wait, context.monitor)?;
    let store = context.open()?;
    let boxes = store.displaced_made()?;
    // A move that has begun is finished, even if the person asks to stop.
    let unstoppable = Unstoppable(context.monitor);
    let context = context.heard_by(&unstoppable);
    for suspect in &outcome.checked.bad {
        match quarantine(&context, &boxes, suspect) {
            Ok(moved) => outcome.moved.push(Some(moved)),
            Err(error) => {
                outcome.moved.push(None);
                outcome.kept.push(Kept::new(suspect.entry.place(), &error));
            }
        }
    }
    outcome.took = start.elapsed();
    Ok(outcome)
}

/// The locks of the installers that have one: uv locks its cache as a whole.
fn locks(
    context: &Context<'_>,
    caches: &[(Installer, PathBuf)],
) -> Result<Vec<Option<File>>, Error> {
    let of_uv = caches
        .iter()
        .filter(|(installer, _)| *installer == Installer::Uv);
    let lock =
        |(_, path): &(Installer, PathBuf)| hold_installer(context, &Rooted::open(path)?, true);
    of_uv.map(lock).collect()
}

/// Moves one entry. Where a part cannot be moved, the others go back.
fn quarantine(
    context: &Context<'_>,
    boxes: &Displaced,
    suspect: &Suspect,
) -> Result<Quarantined, Error> {
    let entry = &suspect.entry;
    let root = Rooted::open(&entry.cache)?;
    let record = of_entry(entry, context.now);
    let made = boxes.begin(&encode(&record))?;
    let mut moved = Vec::new();
    for (number, (path, inode)) in entry.parts.iter().zip(&entry.inodes).enumerate() {
        let name = place_of(number);
        let (from, to) = (
            Spot { root: &root, path },
            Spot {
                root: &made.dir,
                path: &name,
            },
        );
        match displace(from, to, *inode) {
            Ok(()) => moved.push((path, name)),
            Err(error) => {
                for (path, name) in moved.iter().rev() {
                    let stat = made.dir.stat_below(name, true)?;
                    let (from, to) = (
                        Spot {
                            root: &made.dir,
                            path: name,
                        },
                        Spot { root: &root, path },
                    );
                    displace(from, to, (stat.dev, stat.ino))?;
                }
                boxes.end(&made)?;
                return Err(error.into());
            }
        }
    }
    Ok(Quarantined {
        id: made.id,
        ..record
    })
}

/// The name of a part in its box.
pub(super) fn place_of(number: usize) -> RelPath {
    RelPath::new(number.to_string().as_bytes()).unwrap_or_default()
}

/// What people are told of an entry that stays.
fn reason(error: &Error) -> String {
    match error {
        Error::Path(error) if is_gone(error) => {
            "it is another one by now, or gone: something else is at work there".to_owned()
        }
        error => crate::disk::error::reason(error),
    }
}

fn is_gone(error: &PathError) -> bool {
    error.verb == "move" && error.is_missing()
}
