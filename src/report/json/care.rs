//! The care of a store in JSON.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{document, entry, millis, snapshot};
use crate::model::SnapshotId;
use crate::ops::{
    Chosen, ForgetOutcome, Hurt, PinOutcome, Pinning, PruneOutcome, Repaired, UndeleteOutcome,
    VerifyOutcome,
};
use crate::store::{Flaw, Gap, Hole};

/// Writes what a verify found.
pub fn verify(out: &mut dyn Write, outcome: &VerifyOutcome) -> io::Result<()> {
    let fields = json!({
        "clean": outcome.is_clean(),
        "complete": outcome.complete,
        "packs": outcome.packs,
        "frames": outcome.frames,
        "bytes": outcome.bytes,
        "objects": outcome.objects,
        "snapshots": outcome.snapshots,
        "findings": outcome.flaws.iter().map(flaw).collect::<Vec<_>>(),
        "needless": outcome.needless,
        "hurt": outcome.hurt.iter().map(hurt).collect::<Vec<_>>(),
        "lost": outcome.lost,
        "missing": ids(&outcome.missing),
        "unreadable": outcome.unread,
        "repaired": outcome.repaired.as_ref().map(repaired),
        "took_ms": millis(outcome.took),
    });
    document(out, "verify", fields)
}

fn ids(ids: &[SnapshotId]) -> Vec<String> {
    ids.iter().map(|id| id.to_hex()).collect()
}

fn flaw(flaw: &Flaw) -> Value {
    json!({"file": flaw.file, "offset": flaw.offset, "what": flaw.what})
}

fn hurt(hurt: &Hurt) -> Value {
    let holes: Vec<Value> = hurt.holes.iter().map(hole).collect();
    json!({"snapshot": snapshot::value(&hurt.chosen), "holes": holes})
}

/// A place of a snapshot that is missing.
pub(super) fn hole(hole: &Hole) -> Value {
    let mut value = entry::path(&hole.path);
    value["kind"] = match hole.gap {
        Gap::File => "file",
        Gap::Directory => "directory",
        Gap::Document => "document",
    }
    .into();
    value["object"] = hole.object.to_hex().into();
    value
}

fn repaired(done: &Repaired) -> Value {
    let mut value = json!({
        "header": done.header,
        "header_alone": done.header_alone,
        "salvaged": done.salvaged,
        "healed": done.healed,
        "mended": done.mended,
        "brought": done.brought.iter().map(|id| id.to_hex()).collect::<Vec<_>>(),
        "quarantined": done.quarantined,
        "whole_again": done.whole_again.iter().map(snapshot::value).collect::<Vec<_>>(),
        "hurt": done.hurt.iter().map(hurt).collect::<Vec<_>>(),
    });
    entry::put_paths(&mut value, "healed_from", &done.healed_from);
    value
}

/// Writes what is forgotten, and why the others stay.
pub fn forget(out: &mut dyn Write, outcome: &ForgetOutcome) -> io::Result<()> {
    let kept = |(chosen, why): &(Chosen, Vec<String>)| json!({"snapshot": snapshot::value(chosen), "reasons": why});
    let fields = json!({
        "dry_run": outcome.dry_run,
        "forgotten": outcome.forgotten.iter().map(snapshot::value).collect::<Vec<_>>(),
        "kept": outcome.kept.iter().map(kept).collect::<Vec<_>>(),
    });
    document(out, "forget", fields)
}

/// Writes what came back, or what could.
pub fn undelete(out: &mut dyn Write, outcome: &UndeleteOutcome) -> io::Result<()> {
    let forgotten = |(chosen, whole): &(Chosen, bool)| json!({"snapshot": snapshot::value(chosen), "whole": whole});
    let fields = json!({
        "restored": outcome.restored.iter().map(snapshot::value).collect::<Vec<_>>(),
        "forgotten": outcome.forgotten.iter().map(forgotten).collect::<Vec<_>>(),
    });
    document(out, "undelete", fields)
}

/// Writes what was pinned or unpinned.
pub fn pin(out: &mut dyn Write, pinning: Pinning, outcome: &PinOutcome) -> io::Result<()> {
    let command = match pinning {
        Pinning::Pin => "pin",
        Pinning::Unpin => "unpin",
    };
    let one = |(chosen, changed): &(Chosen, bool)| json!({"snapshot": snapshot::value(chosen), "changed": changed});
    let snapshots: Vec<Value> = outcome.done.iter().map(one).collect();
    let given_up = ids(&outcome.given_up);
    document(
        out,
        command,
        json!({"snapshots": snapshots, "given_up": given_up}),
    )
}

/// Writes what a prune freed.
pub fn prune(out: &mut dyn Write, outcome: &PruneOutcome) -> io::Result<()> {
    let fields = json!({
        "dry_run": outcome.dry_run,
        "snapshots": outcome.snapshots,
        "objects": outcome.objects,
        "deleted": outcome.deleted,
        "rewritten": outcome.rewritten,
        "marked": outcome.marked,
        "bytes_before": outcome.before,
        "bytes_after": outcome.after,
        "spared_snapshots": outcome.spared,
        "waste": outcome.waste,
        "took_ms": millis(outcome.took),
    });
    document(out, "prune", fields)
}
