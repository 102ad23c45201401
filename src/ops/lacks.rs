//! What is known of a place: a restore there found out what of a tree it does not hold, and the log keeps that.

use std::collections::BTreeSet;

use super::context::Context;
use super::error::Error;
use super::log::Event;
use super::owners::{unknown_here, unseen_here};
use crate::disk::file_system::FileSystem;
use crate::disk::rooted::Rooted;
use crate::model::{Lack, Manifest, Meta, SnapshotId, VenvId};
use crate::store::Store;

/// What of a tree no place on this host holds: owners that are not known here, and attributes that no Linux has.
pub(super) fn of_every_place(saved: &Manifest) -> Vec<Lack> {
    let all = saved.entries().iter().flat_map(|entry| &entry.meta.xattrs);
    let foreign = all.filter(|(name, _)| Meta::is_foreign(name));
    let names: BTreeSet<&[u8]> = foreign.map(|(name, _)| name.as_slice()).collect();
    let lacks = names.into_iter().map(|name| Lack::Xattr {
        name: String::from_utf8_lossy(name).into_owned(),
    });
    let here = unknown_here(saved).into_iter().chain(unseen_here(saved));
    here.chain(lacks).collect()
}

/// What the place of a venv does not hold of a snapshot. The newest restore of that snapshot there found out, or else
/// the newest of any. A restore whose undo was undone stands there as it was first made. What was found out on another
/// file system, which was mounted there then or from which the venv was moved, says nothing of this one.
pub(super) fn known(
    context: &Context<'_>,
    store: &Store,
    venv: &VenvId,
    root: &Rooted,
    of: &SnapshotId,
) -> Result<Vec<Lack>, Error> {
    let texts = store.index.log_events(context.monitor)?;
    // Most of them are of saves, and need not be read.
    let others = texts.iter().rev().filter(|text| !text.contains(SAVE));
    let events = others.filter_map(|text| serde_json::from_str::<Event>(text).ok());
    // What a drill found out is of a place that is gone.
    let is_restore = |event: &Event| event.verb != "save" && event.verb != Event::DRILL;
    let here = FileSystem::of(root).ok();
    let is_here = |event: &Event| event.file_system.is_none() || event.file_system == here;
    let events = events.filter(|event| event.venv == *venv && is_restore(event) && is_here(event));
    let mut newest = None;
    for event in events {
        if event.snapshot == *of {
            return Ok(event.lacks);
        }
        newest.get_or_insert(event.lacks);
    }
    Ok(newest.unwrap_or_default())
}

/// Only the text of an event of a save has this: inside a JSON string its quotes would be escaped.
const SAVE: &str = "\"verb\":\"save\"";
