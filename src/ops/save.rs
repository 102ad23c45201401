//! `save`: a venv becomes a snapshot.

use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::audit::Audited;
use super::chosen::Chosen;
use super::context::Context;
use super::corroborate::audit_beside;
use super::dates::ClockJump;
use super::error::Error;
use super::followed::stands_for_content;
use super::hold::hold_installer;
use super::known_audit::{same_surroundings, unchanged};
use super::last_save;
use super::lost::add_lost;
use super::mounts::tell_mounts;
use super::owners::tell_owners;
use super::restore::{Wish, recover_beside};
use super::snapshot::{Draft, Intake, prepare};
use super::status::note_saved;
use super::steady::steady;
use crate::audit::{Accept, accept};
use crate::disk::mapped::Mapped;
use crate::disk::rooted::Rooted;
use crate::model::{
    Audit, Check, Digest, Document, Finding, Followed, Label, Purpose, Snapshot, VenvId,
};
use crate::store::{Added, Store};
use crate::tree::scan::Scan;
use crate::tree::stat_cache::StatCache;
use crate::tree::{self, Site};

/// What a save is told.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct SaveOptions {
    /// A name to find it by.
    pub label: Option<Label>,
    /// The role of which it is a state.
    pub role: Option<Label>,
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
    /// Make no snapshot where nothing changed since the newest save.
    pub if_changed: bool,
    /// Take a directory of any kind, also one in which nothing tells what should be there.
    pub any: bool,
    /// Findings that are accepted.
    pub accept: Vec<Accept>,
}

/// What a save did.
#[derive(Debug)]
pub struct SaveOutcome {
    /// The new snapshot, or the newest one where nothing changed since.
    pub chosen: Chosen,
    /// The directory of the store that has it.
    pub store: PathBuf,
    /// Whether nothing changed since the newest save, and so no snapshot was made.
    pub unchanged: bool,
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
    let site = &recover_beside(context, Wish::Keep, site)?;
    let open = opener(context, site, options)?;
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
    let mut looked = steady(context, site, open, |root| {
        look(context, &store, root, &intake, &before, options)
    })?;
    context.go_on()?;
    if let Some(chosen) = looked.same.take() {
        if options.pin {
            store.snapshots.pin(chosen.id)?;
        }
        remember(context, &store, (&key, &before), &looked, &chosen.snapshot);
        return Ok(SaveOutcome {
            store: context.store.name().to_owned(),
            chosen,
            unchanged: true,
            added: Added::default(),
            audit: looked.audit,
            followed: looked.followed,
            clock_jump: None,
            took: start.elapsed(),
        });
    }
    context.monitor.phase("storing", 0, 0);
    let draft = draft(venv, &looked, options);
    let (snapshot, added) = prepare(context, &store, intake, &looked.scan, draft)?;
    let clock_jump = clock_jump(&store, &snapshot)?;
    context.go_on()?;
    let id = store.snapshots.commit(&snapshot)?;
    if options.pin {
        store.snapshots.pin(id)?;
    }
    remember(context, &store, (&key, &before), &looked, &snapshot);
    Ok(SaveOutcome {
        store: context.store.name().to_owned(),
        chosen: Chosen { id, snapshot },
        unchanged: false,
        added,
        audit: looked.audit,
        followed: looked.followed,
        clock_jump,
        took: start.elapsed(),
    })
}

/// How what stands at a place is opened: it must be a venv, unless any tree will do, or did at the last save.
fn opener(
    context: &Context<'_>,
    site: &Site,
    options: &SaveOptions,
) -> Result<impl Fn(&Site) -> Result<Rooted, tree::Error> + use<>, Error> {
    let is_any = match site.open_venv() {
        Ok(_) => options.any,
        Err(tree::Error::NotAVenv(_)) if options.any || last_save::was_any(context, site) => true,
        Err(error) => return Err(error.into()),
    };
    let open = if is_any { Site::open } else { Site::open_venv };
    Ok(open)
}

/// What is known of a venv before its snapshot is drafted.
struct Looked {
    scan: Scan,
    cache: Vec<u8>,
    fingerprint: Option<Digest>,
    audit: Audit,
    followed: Option<Followed>,
    /// The newest save, where it was asked for and nothing changed since.
    same: Option<Chosen>,
    _installer: Option<File>,
}

/// Reads a venv into packs, and audits it.
fn look(
    context: &Context<'_>,
    store: &Store,
    root: &Rooted,
    intake: &Intake<'_>,
    before: &[u8],
    options: &SaveOptions,
) -> Result<Looked, Error> {
    let installer = hold_installer(context, root, false)?;
    let mapped = context.mapped(root);
    let known = known(before, &mapped, options);
    let racy = context.racy(root)?;
    let scan = intake.scan(root, &known, context.monitor)?;
    let scan = if options.force { scan } else { scan.whole()? };
    context.go_on()?;
    context.monitor.phase("auditing", 0, 0);
    let audit = admit(context, store, root, intake, &scan, options)?;
    let cache = scan.stat_cache(racy).without(&mapped).encode();
    let fingerprint = scan.fingerprint(racy).filter(|_| !options.follow);
    let (scan, followed) = alone(context, root, intake, scan, options)?;
    let same = if options.if_changed {
        last_save::same(context, store, root, intake, &scan, &audit)?
    } else {
        None
    };
    Ok(Looked {
        scan,
        cache,
        fingerprint,
        audit,
        followed,
        same: same.filter(|last| has_names(&last.snapshot, options)),
        _installer: installer,
    })
}

/// Keeps in the index the states of all files, and for `status` that the venv is its own baseline now.
fn remember(
    context: &Context<'_>,
    store: &Store,
    (key, before): (&str, &[u8]),
    looked: &Looked,
    snapshot: &Snapshot,
) {
    let seen = note_saved(context, store, snapshot, looked.fingerprint, &looked.audit);
    let cache = (looked.cache != before).then_some((key, looked.cache.as_slice()));
    let seen = seen
        .as_ref()
        .map(|(key, body)| (key.as_str(), body.as_slice()));
    let rows: Vec<_> = cache.into_iter().chain(seen).collect();
    store.index.set_stat_caches(&rows, context.monitor);
}

/// Whether a snapshot has the label, the role and the note that are asked for.
fn has_names(snapshot: &Snapshot, options: &SaveOptions) -> bool {
    let label = options.label.is_none() || options.label == snapshot.label;
    let role = options.role.is_none() || options.role == snapshot.role;
    label && role && (options.note.is_none() || options.note == snapshot.note)
}

/// What the snapshot file says beside what the scan found.
fn draft(venv: VenvId, looked: &Looked, options: &SaveOptions) -> Draft {
    Draft {
        venv,
        purpose: Purpose::Save,
        label: options.label.clone(),
        role: options.role.clone(),
        note: options.note.clone(),
        document: Document {
            audit: Some(looked.audit.clone()),
            followed: looked.followed,
            ..Document::default()
        },
        ..Draft::default()
    }
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
    tell_mounts(scan.manifest(), context.monitor);
    tell_owners(scan.manifest(), context.monitor);
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
        Some(audit) if same_surroundings(&audit, root, scan.manifest()) => audit,
        _ => audit_beside(context, store, &audited),
    };
    // In the audit of an earlier save, these findings come from another baseline; they are made anew here.
    let is_beside = |one: &Finding| matches!(one.check, Check::PackagesGone | Check::RecordGone);
    audit.findings.retain(|one| !is_beside(one));
    add_lost(context, store, &audited, &mut audit)?;
    accept(&mut audit, &options.accept);
    if options.force {
        return Ok(audit);
    }
    // What could not be looked at cannot be called sound, nor, where nothing else is wrong, damaged.
    let unread = |one: &Finding| one.check == Check::FileUnreadable;
    match audit.unread.first() {
        Some(first) if audit.damage().all(unread) => Err(Error::Venv(tree::Error::Unreadable {
            count: audit.unread.len(),
            first: first.path.clone(),
            reason: first.reason.clone(),
        })),
        _ if audit.damage().next().is_some() => Err(Error::Damaged(Box::new(audit))),
        _ => Ok(audit),
    }
}
