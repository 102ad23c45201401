//! Snapshots in JSON.

use serde_json::{Value, json};

use super::entry::put_path;
use crate::model::{Followed, SnapshotId};
use crate::ops::{Chosen, Mode};
use crate::replace::Way;

/// All that a snapshot file says.
pub(super) fn value(chosen: &Chosen) -> Value {
    let Chosen { id, snapshot } = chosen;
    let mut value = json!({
        "id": id.to_hex(),
        "label": snapshot.label.as_ref().map(crate::model::Label::as_str),
        "created": snapshot.created.to_string(),
        "baseline": snapshot.baseline,
        "purpose": if snapshot.is_save() { "save" } else { "incident" },
        "venv": null,
        "host": snapshot.venv.host,
        "host_name": snapshot.host_name,
        "role": snapshot.role.as_ref().map(crate::model::Label::as_str),
        "parent": snapshot.parent.map(SnapshotId::to_hex),
        "note": snapshot.note,
        "files": snapshot.totals.files,
        "bytes": snapshot.totals.bytes,
        "damage": snapshot.damage,
        "notices": snapshot.notices,
        "unreadable": snapshot.unreadable,
        "unstable": snapshot.unstable,
        "replaced_by": snapshot.replaced_by.map(SnapshotId::to_hex),
        "completes": snapshot.completes.map(SnapshotId::to_hex),
    });
    put_path(&mut value, "venv", &snapshot.venv.path());
    value
}

/// What was saved in the places of links; null where links were saved as links.
pub(super) fn followed(followed: Option<&Followed>) -> Value {
    followed.map_or(
        Value::Null,
        |found| json!({"links": found.links, "files": found.files, "bytes": found.bytes}),
    )
}

/// What a restore came to, in one word.
pub(super) fn mode(mode: &Mode) -> &'static str {
    match mode {
        Mode::Identical | Mode::PartIdentical | Mode::NothingToHeal => "identical",
        Mode::LeftAlone => "left-alone",
        Mode::DryRun => "dry-run",
        Mode::Done(replaced) => match replaced.way {
            Way::Exchanged => "exchanged",
            Way::TwoRenames => "two-renames",
            Way::Placed => "placed",
            Way::FileByFile => "file-by-file",
        },
    }
}
