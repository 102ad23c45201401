//! Drafts a snapshot: all content durable, and the file that will name it.

use jiff::Timestamp;

use super::intake::Intake;
use crate::disk::PathError;
use crate::model::{Document, Label, Purpose, RelPath, Snapshot, SnapshotId, Totals, VenvId};
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::store::{Added, Store};
use crate::tree::scan::Scan;

/// What a snapshot file says beside what the scan found.
#[derive(Debug, Default)]
pub(in crate::ops) struct Draft {
    pub(in crate::ops) venv: VenvId,
    pub(in crate::ops) purpose: Purpose,
    pub(in crate::ops) label: Option<Label>,
    pub(in crate::ops) role: Option<Label>,
    pub(in crate::ops) note: Option<String>,
    /// When the state was saved, where that is not now. The parent is the newest snapshot before that then.
    pub(in crate::ops) created: Option<Timestamp>,
    pub(in crate::ops) replaced_by: Option<SnapshotId>,
    pub(in crate::ops) completes: Option<SnapshotId>,
    pub(in crate::ops) document: Document,
    /// Of an incident: how many entries were damaged.
    pub(in crate::ops) damaged: u64,
}

/// Makes all content durable and drafts the snapshot that will name it.
pub(in crate::ops) fn prepare(
    context: &Context<'_>,
    store: &Store,
    intake: Intake<'_>,
    scan: &Scan,
    draft: Draft,
) -> Result<(Snapshot, Added), Error> {
    // The audit is done, and the hashes of a million files take much memory.
    drop(intake.hashes);
    let packer = intake.packer;
    let root = packer.add_forest(scan.manifest())?;
    let document = if draft.document.is_empty() {
        None
    } else {
        let bytes = encode(context, &draft.document)?;
        Some(packer.add_document(bytes)?)
    };
    let findings = draft
        .document
        .audit
        .iter()
        .flat_map(|audit| &audit.findings);
    let (damage, notices): (Vec<_>, Vec<_>) = findings.partition(|finding| finding.is_damage());
    let added = packer.finish()?;
    let catalog = store.snapshots.catalog()?;
    let earlier =
        |one: &&(SnapshotId, Snapshot)| draft.created.is_none_or(|created| one.1.order() < created);
    let parent = catalog.snapshots_of(&draft.venv).rev().find(earlier);
    let names = |paths: &[RelPath]| paths.iter().map(ToString::to_string).collect();
    let audited = draft.document.audit.as_ref();
    let whole = scan.unreadable.is_empty()
        && scan.unstable.is_empty()
        && audited.is_none_or(|audit| audit.unread.is_empty());
    let is_of_here = draft.venv.host == context.host;
    let created = micros(draft.created.unwrap_or(context.now));
    let snapshot = Snapshot {
        format: Snapshot::FORMAT,
        features: Vec::new(),
        purpose: draft.purpose,
        created,
        order: after(created, parent.map(|(_, parent)| parent.order())),
        parent: parent.map(|(id, _)| *id),
        baseline: draft.purpose == Purpose::Save && whole && damage.is_empty(),
        venv: draft.venv,
        label: draft.label,
        role: draft.role,
        host_name: is_of_here.then(|| context.host_name.clone()),
        note: draft.note,
        root,
        totals: Totals::count(scan.manifest()),
        document,
        damage: damage.len() as u64 + draft.damaged,
        notices: notices.len() as u64,
        unreadable: names(&scan.manifest().unreadable()),
        unstable: names(&scan.unstable),
        replaced_by: draft.replaced_by,
        completes: draft.completes,
        writer: env!("CARGO_PKG_VERSION").to_owned(),
    };
    Ok((snapshot, added))
}

/// A document as it is stored: the same knowledge always gives the same bytes.
pub(in crate::ops) fn encode(context: &Context<'_>, document: &Document) -> Result<Vec<u8>, Error> {
    let bytes = serde_json::to_vec(document).map_err(std::io::Error::other);
    Ok(bytes.map_err(|error| PathError::new("encode", context.store.name(), error))?)
}

/// A time to the microsecond, as snapshot files hold it.
fn micros(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

/// One microsecond after the parent, where the clock says that it is no later: a clock that went back reorders nothing.
fn after(created: Timestamp, parent: Option<Timestamp>) -> Option<Timestamp> {
    let parent = parent.filter(|parent| created <= *parent)?;
    Timestamp::from_microsecond(parent.as_microsecond() + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_went_back_reorders_nothing() {
        let early: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let late: Timestamp = "2026-01-02T00:00:00.000005Z".parse().unwrap();
        let next = late.as_microsecond() + 1;
        let order = |created, parent| after(created, parent).map(Timestamp::as_microsecond);
        assert_eq!(order(early, Some(late)), Some(next));
        assert_eq!(order(late, Some(late)), Some(next));
        assert_eq!(order(late, Some(early)), None);
        assert_eq!(order(late, None), None);
    }
}
