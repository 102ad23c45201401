//! What is known of a place: the newest restore there found out what of a tree it does not hold, and the log keeps
//! that.

use super::context::Context;
use super::error::Error;
use super::log::Event;
use crate::model::{Lack, VenvId};
use crate::store::Store;

/// What the place of a venv does not hold.
pub(super) fn known(
    context: &Context<'_>,
    store: &Store,
    venv: &VenvId,
) -> Result<Vec<Lack>, Error> {
    let texts = store.index.log_events(context.monitor)?;
    // Most of them are of saves, and need not be read.
    let others = texts.iter().rev().filter(|text| !text.contains(SAVE));
    let mut events = others.filter_map(|text| serde_json::from_str::<Event>(text).ok());
    // What a drill found out is of a place that is gone.
    let is_restore = |event: &Event| event.verb != "save" && event.verb != Event::DRILL;
    let newest = events.find(|event| event.venv == *venv && is_restore(event));
    Ok(newest.map(|event| event.lacks).unwrap_or_default())
}

/// What the text of an event of a save has, and that of a restore cannot have outside of a text of its own.
const SAVE: &str = "\"verb\":\"save\"";
