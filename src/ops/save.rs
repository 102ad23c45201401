//! `save`: a venv becomes a snapshot.

use std::time::{Duration, Instant};

use super::audit::{Audited, is_gone};
use super::contents::TEXT_MAX;
use super::context::Context;
use super::dates::ClockJump;
use super::error::Error;
use super::followed::stands_for_content;
use super::hold::hold_installer;
use super::list::readable;
use super::lookup::Chosen;
use super::mounts::tell_mounts;
use super::snapshot::{Draft, Intake, prepare};
use super::steady::steady;
use crate::audit::sources::named;
use crate::audit::{Accept, Bytecode, accept};
use crate::disk::mapped::Mapped;
use crate::disk::rooted::Rooted;
use crate::model::{
    Audit, Check, Document, Finding, Followed, Label, Manifest, Node, Purpose, RelPath, Snapshot,
    Totals, VenvId,
};
use crate::python::Layout;
use crate::python::interpreter::identity;
use crate::store::{Added, Store};
use crate::tree::Site;
use crate::tree::hash::read_file;
use crate::tree::scan::Scan;
use crate::tree::stat_cache::StatCache;

/// What a save is told.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct SaveOptions {
    /// A name to find it by.
    pub label: Option<Label>,
    /// Free text.
    pub note: Option<String>,
    /// Keep it for ever.
    pub pin: bool,
    /// Save it even if it is damaged or not whole (unreadable, or changing all the time); it is no baseline then.
    pub force: bool,
    /// Save what links out of the venv lead to in their places, so that what is saved stands alone.
    pub follow: bool,
    /// Read every file, also those whose times say that they did not change.
    pub read_all: bool,
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
    /// What was saved in the places of links, where that was asked for.
    pub followed: Option<Followed>,
    /// Whether its date and that of the snapshot before cannot both be right.
    pub clock_jump: Option<ClockJump>,
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
    context.refuse_nesting(site)?;
    let site = &super::restore::recover_beside(context, site)?;
    drop(site.open_venv()?);
    Store::create(&context.store, context.lock_wait, context.monitor)?;
    let store = context.open()?;
    store.tidy(context.monitor)?;
    let venv = context.venv_id(site);
    let key = Context::cache_key(&venv);
    let before = store
        .index
        .stat_cache(&key, context.monitor)?
        .unwrap_or_default();

    let intake = Intake::with_hashes(store.packer_to_load());
    let (scan, cache, audit, followed, _installer) =
        steady(context, site, Site::open_venv, |root| {
            let installer = hold_installer(context, root, false)?;
            let mapped = context.mapped(root);
            let known = known(&before, &mapped, options);
            let racy = context.racy(root)?;
            let scan = intake.scan(root, &known, context.monitor)?;
            let scan = if options.force { scan } else { scan.whole()? };
            context.go_on()?;
            context.monitor.phase("auditing", 0, 0);
            let audit = admit(context, &store, root, &intake, &scan, options)?;
            let cache = scan.stat_cache(racy).without(&mapped).encode();
            let (scan, followed) = alone(context, root, &intake, scan, options)?;
            Ok((scan, cache, audit, followed, installer))
        })?;
    context.go_on()?;
    context.monitor.phase("storing", 0, 0);
    let draft = Draft {
        venv,
        purpose: Purpose::Save,
        label: options.label.clone(),
        note: options.note.clone(),
        document: Document {
            audit: Some(audit.clone()),
            followed,
            ..Document::default()
        },
        ..Draft::default()
    };
    let (snapshot, added) = prepare(context, &store, intake, &scan, draft)?;
    let clock_jump = clock_jump(&store, &snapshot)?;
    context.go_on()?;
    let id = store.snapshots.commit(&snapshot)?;
    if options.pin {
        store.snapshots.pin(id)?;
    }
    if cache != before {
        store.index.set_stat_cache(&key, &cache, context.monitor);
    }
    Ok(SaveOutcome {
        chosen: Chosen { id, snapshot },
        added,
        audit,
        followed,
        clock_jump,
        took: start.elapsed(),
    })
}

/// The same tree with what its links lead to in their places, where that is asked for.
fn alone(
    context: &Context<'_>,
    root: &Rooted,
    intake: &Intake<'_>,
    scan: Scan,
    options: &SaveOptions,
) -> Result<(Scan, Option<Followed>), Error> {
    if !options.follow {
        return Ok((scan, None));
    }
    context.monitor.phase("following links", 0, 0);
    let audited = Audited {
        root,
        scan: &scan,
        hashes: None,
    };
    let wanted = stands_for_content(&audited);
    let (scan, followed) = intake.follow(
        root.path(),
        &|path| wanted.contains(path),
        scan,
        context.monitor,
    )?;
    let scan = if options.force { scan } else { scan.whole()? };
    Ok((scan, Some(followed)))
}

/// What is known of files by their states, as far as that is to be relied on.
fn known(before: &[u8], mapped: &Mapped, options: &SaveOptions) -> StatCache {
    if options.read_all {
        return StatCache::default();
    }
    StatCache::decode(before).without(mapped)
}

/// Whether the clock stood wrong at this snapshot or at the one before it.
fn clock_jump(store: &Store, snapshot: &Snapshot) -> Result<Option<ClockJump>, Error> {
    let catalog = store.snapshots.catalog()?;
    let mut known = catalog.snapshots.iter();
    let before = known.find(|(id, _)| Some(*id) == snapshot.parent);
    Ok(before.and_then(|(_, before)| ClockJump::between(before.created, snapshot.created)))
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
    tell_mounts(&scan.manifest, context.monitor);
    let audited = Audited {
        root,
        scan,
        hashes: intake.hashes.as_ref(),
    };
    // A tree with links says nothing of one that was saved with what they led to.
    let before = if options.follow {
        None
    } else {
        unchanged(context, store, root, intake, scan)?
    };
    let mut audit = match before {
        Some(audit) if same_surroundings(&audit, root, &scan.manifest) => audit,
        _ => {
            let (dists, interpreter) = rayon::join(|| audited.dists(), || audited.interpreter());
            let mut audit = audited.audit(&dists, &interpreter);
            let stop = || context.monitor.cancelled();
            audited.compare_bytecode(&mut audit, &dists, &interpreter, Bytecode::Suspect, &stop);
            audit.diagnosis = audited.diagnose(&audit, &dists, &interpreter, &[]);
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

/// What is wrong with a venv without any distribution where the newest baseline has some. A new venv has none, and by
/// `pip uninstall` one by one hardly anybody comes to that.
fn emptied(context: &Context<'_>, store: &Store, root: &Rooted) -> Result<Option<Finding>, Error> {
    let venv = VenvId::new(&context.host, root.path());
    let catalog = store.snapshots.catalog()?;
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
    // What links lead to comes and goes as well.
    if audit.findings.iter().any(|one| one.behind.is_some()) {
        return false;
    }
    let pythons = audit.script_pythons.as_ref();
    if pythons.is_none_or(|pythons| pythons.iter().any(|python| is_gone(python.as_ref()))) {
        return false;
    }
    let paths = manifest.entries().iter().map(|entry| &entry.path);
    let mut lists = paths.filter(|path| path.name().ends_with(b".pth"));
    if is_editable || audit.gone().next().is_some() || lists.any(adds) {
        return false;
    }
    // A name of the interpreter may lead to another place than `bin/python` does.
    let layout = Layout::find(manifest);
    let mut names = manifest
        .entries()
        .iter()
        .filter(|entry| layout.is_script(&entry.path) && matches!(entry.node, Node::Symlink(_)));
    if names.any(|entry| is_gone(&root.shown(&entry.path))) {
        return false;
    }
    let known = audit.interpreter.as_ref();
    let known = known.filter(|python| python.alive && !python.shares);
    known.is_some_and(|python| identity(root) == Some((python.realpath.clone(), python.size)))
}

/// The newest audit of the same tree, in every byte and attribute. Not only of the snapshot before, which after a
/// restore is of what it replaced.
fn unchanged(
    context: &Context<'_>,
    store: &Store,
    root: &Rooted,
    intake: &Intake<'_>,
    scan: &Scan,
) -> Result<Option<Audit>, Error> {
    let venv = crate::model::VenvId::new(&context.host, root.path());
    let catalog = store.snapshots.catalog()?;
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
    let files = Totals::of(&scan.manifest).files;
    Ok(audit.map(|audit| audit.with_entries(files)))
}
