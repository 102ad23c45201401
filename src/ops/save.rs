//! `save`: a venv becomes a snapshot.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::audit::{Audited, TEXT_MAX, is_gone};
use super::context::Context;
use super::error::Error;
use super::intake::Intake;
use super::list::readable;
use super::lookup::Chosen;
use super::steady::steady;
use crate::audit::sources::named;
use crate::audit::{Accept, Bytecode, accept};
use crate::disk::PathError;
use crate::disk::rooted::Rooted;
use crate::model::{
    Audit, Check, Document, Finding, Label, Manifest, Node, Purpose, RelPath, Snapshot, SnapshotId,
    Totals, VenvId,
};
use crate::python::interpreter::identity;
use crate::store::{Added, Store};
use crate::tree::Site;
use crate::tree::hash::read_file;
use crate::tree::scan::Scan;
use crate::tree::stat_cache::StatCache;

/// What a save is told.
#[derive(Clone, Debug, Default)]
pub struct SaveOptions {
    /// A name to find it by.
    pub label: Option<Label>,
    /// Free text.
    pub note: Option<String>,
    /// Keep it for ever.
    pub pin: bool,
    /// Save it even if it is damaged or not whole (unreadable, or changing all the time); it is no baseline then.
    pub force: bool,
    /// Findings that are accepted.
    pub accept: Vec<Accept>,
}

/// What a save did.
#[derive(Debug)]
pub struct SaveOutcome {
    /// The new snapshot.
    pub chosen: Chosen,
    /// What was new to the store.
    pub added: Added,
    /// What the audit found.
    pub audit: Audit,
    /// How long it took.
    pub took: Duration,
}

/// Saves the venv at a place.
pub fn save(
    context: &Context<'_>,
    site: &Site,
    options: &SaveOptions,
) -> Result<SaveOutcome, Error> {
    let start = Instant::now();
    refuse_nesting(context, site)?;
    let site = &super::restore::recover_beside(context, site)?;
    drop(site.open_venv()?);
    Store::create(&context.store, context.lock_wait, context.monitor)?;
    let store = context.open()?;
    store.tidy(context.monitor)?;
    let venv = context.venv_id(site);
    let key = Context::cache_key(&venv);
    let before = store.stat_cache(&key, context.monitor)?.unwrap_or_default();

    let intake = Intake::with_hashes(store.packer_to_load());
    let known = StatCache::decode(&before);
    let (scan, audit, racy, _installer) = steady(context, site, Site::open_venv, |root| {
        let installer = super::restore::hold_installer(context, root, false)?;
        let racy = context.racy(root)?;
        let scan = intake.scan(root, &known, context.monitor)?;
        let scan = if options.force { scan } else { scan.whole()? };
        context.go_on()?;
        context.monitor.phase("auditing", 0, 0);
        let audit = admit(context, &store, root, &intake, &scan, options)?;
        Ok((scan, audit, racy, installer))
    })?;
    drop(known);
    context.go_on()?;
    context.monitor.phase("storing", 0, 0);
    let draft = Draft {
        venv,
        purpose: Purpose::Save,
        label: options.label.clone(),
        note: options.note.clone(),
        document: Document {
            audit: Some(audit.clone()),
            ..Document::default()
        },
        ..Draft::default()
    };
    let (snapshot, added) = prepare(context, &store, intake, &scan, draft)?;
    context.go_on()?;
    let id = store.commit(&snapshot)?;
    if options.pin {
        store.pin(id)?;
    }
    let cache = scan.stat_cache(racy).encode();
    if cache != before {
        store.set_stat_cache(&key, &cache, context.monitor);
    }
    Ok(SaveOutcome {
        chosen: Chosen { id, snapshot },
        added,
        audit,
        took: start.elapsed(),
    })
}

/// Audits what was scanned, and refuses what is damaged.
fn admit(
    context: &Context<'_>,
    store: &Store,
    root: &Rooted,
    intake: &Intake<'_>,
    scan: &Scan,
    options: &SaveOptions,
) -> Result<Audit, Error> {
    let audited = Audited {
        root,
        scan,
        hashes: intake.hashes.as_ref(),
    };
    let before = unchanged(context, store, root, intake, scan)?;
    let mut audit = match before {
        Some(audit) if same_surroundings(&audit, root, &scan.manifest) => audit,
        _ => {
            let (dists, interpreter) = rayon::join(|| audited.dists(), || audited.interpreter());
            let mut audit = audited.audit(&dists, &interpreter);
            let stop = || context.monitor.cancelled();
            audited.compare_bytecode(&mut audit, &dists, &interpreter, Bytecode::Suspect, &stop);
            audit.diagnosis = audited.diagnose(&audit, &dists, &interpreter);
            audit
        }
    };
    // What was kept of another save compares with another baseline.
    audit
        .findings
        .retain(|one| one.check != Check::PackagesGone);
    if audit.packages.is_empty() && audit.unread.is_empty() {
        audit.findings.extend(emptied(context, store, root)?);
    }
    accept(&mut audit, &options.accept);
    if options.force {
        return Ok(audit);
    }
    // What could not be looked at cannot be called sound, nor, where nothing else is wrong, damaged.
    let unread = |one: &Finding| one.check == Check::FileUnreadable;
    match audit.unread.first() {
        Some(first) if audit.damage().all(unread) => {
            Err(Error::Venv(crate::tree::Error::Unreadable {
                count: audit.unread.len(),
                first: first.path.clone(),
                reason: first.reason.clone(),
            }))
        }
        _ if audit.damage().next().is_some() => Err(Error::Damaged(Box::new(audit))),
        _ => Ok(audit),
    }
}

/// What is wrong with a venv without any distribution where the newest baseline has some. A new venv has none, and by `pip
/// uninstall` one by one hardly anybody comes to that.
fn emptied(context: &Context<'_>, store: &Store, root: &Rooted) -> Result<Option<Finding>, Error> {
    let venv = VenvId::new(&context.host, root.path());
    let catalog = store.catalog()?;
    let mut saves = catalog.saves(&venv).rev();
    let Some((id, last)) = saves.find(|(_, snapshot)| snapshot.baseline) else {
        return Ok(None);
    };
    let audit = last.document.and_then(|id| readable(store, id)?.audit);
    let count = audit.map_or(0, |audit| audit.packages.len());
    let text = format!(
        "all packages are gone: the newest baseline, {id}, has {count} distributions, and none of them is left"
    );
    Ok((count > 0).then(|| Finding::new(Check::PackagesGone, text)))
}

/// Whether the venv still has the interpreter of an audit, that one was alive, and nothing else outside counts.
fn same_surroundings(audit: &Audit, root: &Rooted, manifest: &Manifest) -> bool {
    let is_editable = audit.packages.iter().any(|package| package.editable);
    let adds = |path: &RelPath| {
        let content = read_file(root, path, TEXT_MAX);
        content.is_none_or(|content| named(&content).next().is_some())
    };
    // What scripts name comes and goes as well.
    let pythons = audit.script_pythons.as_ref();
    if pythons.is_none_or(|pythons| pythons.iter().any(|python| is_gone(python.as_ref()))) {
        return false;
    }
    let paths = manifest.entries().iter().map(|entry| &entry.path);
    let mut lists = paths.filter(|path| path.name().ends_with(b".pth"));
    if is_editable || audit.gone().next().is_some() || lists.any(adds) {
        return false;
    }
    let known = audit.interpreter.as_ref();
    let known = known.filter(|python| python.alive && !python.shares);
    known.is_some_and(|python| identity(root) == Some((python.realpath.clone(), python.size)))
}

/// The newest audit of the same tree, in every byte and attribute. Not only of the snapshot before, which after a restore is
/// of what it replaced.
fn unchanged(
    context: &Context<'_>,
    store: &Store,
    root: &Rooted,
    intake: &Intake<'_>,
    scan: &Scan,
) -> Result<Option<Audit>, Error> {
    let venv = crate::model::VenvId::new(&context.host, root.path());
    let catalog = store.catalog()?;
    let mut before = catalog
        .of(&venv)
        // Another version may look for more.
        .filter(|(_, snapshot)| snapshot.writer == env!("CARGO_PKG_VERSION"))
        .filter_map(|(_, snapshot)| Some((snapshot.root, snapshot.document?)))
        .rev()
        .peekable();
    if before.peek().is_none() {
        return Ok(None);
    }
    let root = intake.packer.add_forest(&scan.manifest)?;
    let audit = before
        .filter(|(known, _)| *known == root)
        .find_map(|(_, known)| readable(store, known)?.audit);
    // The same tree has as many files.
    let files = totals(&scan.manifest).files;
    Ok(audit.map(|audit| audit.with_entries(files)))
}

/// A store inside its venv would save itself, and a restore would remove it.
pub(super) fn refuse_nesting(context: &Context<'_>, site: &Site) -> Result<(), Error> {
    let store = match Site::resolve(&context.store) {
        Ok(store) => store.path().to_owned(),
        Err(_) => std::path::absolute(&context.store).unwrap_or_else(|_| context.store.clone()),
    };
    if store.starts_with(site.path()) || site.path().starts_with(&store) {
        return Err(Error::Nested {
            store,
            venv: site.path().to_owned(),
        });
    }
    Ok(())
}

/// What a snapshot file says beside what the scan found.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) venv: VenvId,
    pub(super) purpose: Purpose,
    pub(super) label: Option<Label>,
    pub(super) note: Option<String>,
    /// When it was, where that is not now. Then its parent is the newest before that.
    pub(super) created: Option<Timestamp>,
    pub(super) replaced_by: Option<SnapshotId>,
    pub(super) completes: Option<SnapshotId>,
    pub(super) document: Document,
    /// Of an incident: how many entries were damaged.
    pub(super) damaged: u64,
}

/// Makes all content durable and drafts the snapshot that will name it.
pub(super) fn prepare(
    context: &Context<'_>,
    store: &Store,
    intake: Intake<'_>,
    scan: &Scan,
    draft: Draft,
) -> Result<(Snapshot, Added), Error> {
    // Of a million files the hashes are a good part of what is held; the audit is done.
    drop(intake.hashes);
    let packer = intake.packer;
    let root = packer.add_forest(&scan.manifest)?;
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
    let catalog = store.catalog()?;
    let earlier =
        |one: &&(SnapshotId, Snapshot)| draft.created.is_none_or(|created| one.1.created < created);
    let parent = catalog.of(&draft.venv).rev().find(earlier);
    let names = |paths: &[RelPath]| paths.iter().map(ToString::to_string).collect();
    let audited = draft.document.audit.as_ref();
    let whole = scan.unreadable.is_empty()
        && scan.unstable.is_empty()
        && audited.is_none_or(|audit| audit.unread.is_empty());
    let snapshot = Snapshot {
        format: Snapshot::FORMAT,
        features: Vec::new(),
        purpose: draft.purpose,
        created: after(
            draft.created.unwrap_or(context.now),
            parent.map(|(_, parent)| parent.created),
        ),
        parent: parent.map(|(id, _)| *id),
        baseline: draft.purpose == Purpose::Save && whole && damage.is_empty(),
        venv: draft.venv,
        label: draft.label,
        note: draft.note,
        root,
        totals: totals(&scan.manifest),
        document,
        damage: damage.len() as u64 + draft.damaged,
        notices: notices.len() as u64,
        unreadable: names(&scan.unreadable),
        unstable: names(&scan.unstable),
        replaced_by: draft.replaced_by,
        completes: draft.completes,
        writer: env!("CARGO_PKG_VERSION").to_owned(),
    };
    Ok((snapshot, added))
}

/// A document as it is stored: the same knowledge always gives the same bytes.
pub(super) fn encode(context: &Context<'_>, document: &Document) -> Result<Vec<u8>, Error> {
    let bytes = serde_json::to_vec(document).map_err(std::io::Error::other);
    Ok(bytes.map_err(|error| PathError::new("encode", &context.store, error))?)
}

/// Now, to the microsecond, but at least one microsecond after the parent: a clock that went back reorders nothing.
fn after(now: Timestamp, parent: Option<Timestamp>) -> Timestamp {
    let now = Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now);
    let next =
        parent.and_then(|parent| Timestamp::from_microsecond(parent.as_microsecond() + 1).ok());
    next.map_or(now, |next| now.max(next))
}

/// Counts what a manifest holds.
pub(super) fn totals(manifest: &Manifest) -> Totals {
    let mut totals = Totals::default();
    for entry in manifest.entries() {
        match &entry.node {
            Node::File { size, .. } => {
                totals.files += 1;
                totals.bytes += size;
            }
            Node::Dir => totals.dirs += 1,
            Node::Symlink(_) => totals.symlinks += 1,
            Node::Special(_) => totals.special += 1,
            Node::Unreadable(_) => {}
        }
    }
    totals
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_went_back_reorders_nothing() {
        let early: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let late: Timestamp = "2026-01-02T00:00:00.000005Z".parse().unwrap();
        assert_eq!(
            after(early, Some(late)).as_microsecond(),
            late.as_microsecond() + 1
        );
        assert_eq!(after(late, Some(early)), late);
        assert_eq!(
            after(late, Some(late)).as_microsecond(),
            late.as_microsecond() + 1
        );
    }
}
