//! `cache release`: what lies in quarantine goes back to where it was.

use super::quarantine::{Kept, place_of};
use super::record::{Quarantined, decode, encode};
use crate::disk::displace::{Spot, displace, make_parents};
use crate::disk::rooted::Rooted;
use crate::model::RelPath;
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::ops::hold::hold_installer;
use crate::python::dist::normalized;
use crate::store::{Displaced, DisplacedBox};
use crate::tree::sharing::Inode;

/// What `cache release` is told.
#[derive(Clone, Debug, Default)]
pub struct ReleaseOptions {
    /// Names of boxes or of distributions.
    pub names: Vec<String>,
    /// Everything that there is.
    pub all: bool,
    /// Whether what stands in the place of an entry by now goes into quarantine in exchange.
    pub force: bool,
}

/// What lies in quarantine, or went back.
#[derive(Debug, Default)]
pub struct ReleaseOutcome {
    /// What lies there, where nothing was named.
    pub listed: Vec<Quarantined>,
    /// What went back.
    pub released: Vec<Quarantined>,
    /// What went into quarantine in exchange.
    pub exchanged: Vec<Quarantined>,
    /// What could not go back.
    pub kept: Vec<Kept>,
}

/// Puts entries back, or lists them where none is named.
pub fn cache_release(
    context: &Context<'_>,
    options: &ReleaseOptions,
) -> Result<ReleaseOutcome, Error> {
    let store = context.open()?;
    let mut outcome = ReleaseOutcome::default();
    let boxes = store.displaced()?;
    let all = boxes
        .as_ref()
        .map_or_else(|| Ok(Vec::new()), Displaced::all)?;
    let mut known = Vec::new();
    for one in all {
        match decode(&one.id, &one.record) {
            Some(record) => known.push((one, record)),
            None => outcome.kept.push(Kept {
                path: one.dir.path().to_owned(),
                reason: "its record makes no sense".to_owned(),
                is_occupied: false,
            }),
        }
    }
    if options.names.is_empty() && !options.all {
        outcome.listed = known.into_iter().map(|(_, record)| record).collect();
        return Ok(outcome);
    }
    let is_named = |record: &Quarantined, name: &str| {
        record.id == name || record.package.as_deref() == Some(&*normalized(name))
    };
    let unknown = options
        .names
        .iter()
        .find(|name| !known.iter().any(|(_, one)| is_named(one, name)));
    if let Some(name) = unknown {
        return Err(Error::NotQuarantined(name.clone()));
    }
    let Some(boxes) = boxes else {
        return Ok(outcome);
    };
    for (one, record) in known {
        if !options.all && !options.names.iter().any(|name| is_named(&record, name)) {
            continue;
        }
        match release(context, &boxes, &one, &record, options.force) {
            Ok(exchanged) => {
                outcome.exchanged.extend(exchanged);
                outcome.released.push(record);
            }
            Err(error) => outcome.kept.push(Kept::new(place(&record), &error)),
        }
    }
    Ok(outcome)
}

/// The path of an entry, for people: that of its last part, which holds the content.
fn place(record: &Quarantined) -> std::path::PathBuf {
    let last = record.parts.last();
    last.map_or_else(
        || record.cache.clone(),
        |part| record.cache.join(part.as_path()),
    )
}

/// Puts one entry back, its parts in reverse order: what an installer asks for first comes last. Returns what went into
/// quarantine in exchange.
fn release(
    context: &Context<'_>,
    boxes: &Displaced,
    one: &DisplacedBox,
    record: &Quarantined,
    force: bool,
) -> Result<Option<Quarantined>, Error> {
    let root = Rooted::open(&record.cache)?;
    let _held = hold_installer(context, &root, true)?;
    let (mut parts, mut there) = (Vec::new(), Vec::new());
    for (number, path) in record.parts.iter().enumerate() {
        let name = place_of(number);
        // A part that is not in the box was never moved: a crash came first.
        let Some(inode) = inode(&one.dir, &name)? else {
            continue;
        };
        make_parents(Spot { root: &root, path })?;
        there.extend(inode_of(&root, path)?);
        parts.push((name, path, inode));
    }
    let exchanged = match there.first() {
        Some((path, _)) if !force => return Err(Error::Occupied(root.shown(path))),
        Some(_) => Some(exchange(context, boxes, &root, record, &there)?),
        None => None,
    };
    for (name, path, inode) in parts.iter().rev() {
        let (from, to) = (
            Spot {
                root: &one.dir,
                path: name,
            },
            Spot { root: &root, path },
        );
        displace(from, to, *inode)?;
    }
    boxes.end(one)?;
    Ok(exchanged)
}

/// Device and inode of what stands at a path; none where nothing does.
fn inode(root: &Rooted, path: &RelPath) -> Result<Option<Inode>, Error> {
    match root.stat_below(path, true) {
        Ok(stat) => Ok(Some((stat.dev, stat.ino))),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The path with its [`inode`]; none where nothing stands there.
fn inode_of(root: &Rooted, path: &RelPath) -> Result<Option<(RelPath, Inode)>, Error> {
    Ok(inode(root, path)?.map(|inode| (path.clone(), inode)))
}

/// Moves what stands in the place of an entry into a box of its own.
fn exchange(
    context: &Context<'_>,
    boxes: &Displaced,
    root: &Rooted,
    record: &Quarantined,
    there: &[(RelPath, Inode)],
) -> Result<Quarantined, Error> {
    let other = Quarantined {
        id: String::new(),
        time: context.now,
        faults: Vec::new(),
        parts: there.iter().map(|(path, _)| path.clone()).collect(),
        ..record.clone()
    };
    let made = boxes.begin(&encode(&other))?;
    for (number, (path, inode)) in there.iter().enumerate() {
        let name = place_of(number);
        let (from, to) = (
            Spot { root, path },
            Spot {
                root: &made.dir,
                path: &name,
            },
        );
        displace(from, to, *inode)?;
    }
    Ok(Quarantined {
        id: made.id,
        ..other
    })
}
