//! `import`: a tar becomes a snapshot. Nothing is unpacked anywhere: what the tar says is checked, its contents go into
//! packs, and the tree that comes of it is audited as a venv is that is saved.

use crate::monitor::EntryWarning;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::Timestamp;

use super::adapted::{Adapted, adapted_from_elsewhere, name_place};
use super::audit::Stored;
use super::chosen::Chosen;
use super::context::Context;
use super::error::Error;
use super::inflow::{Inflow, bad};
use super::save::SaveOutcome;
use super::snapshot::{Draft, Intake, prepare};
use crate::archive::{self, Gathered, Origin, Promised, Reader, RefusedTar, RootMark, plain};
use crate::audit::{Accept, accept};
use crate::model::shortfall::Shortfall;
use crate::model::{
    Audit, Digest, Document, Label, Lack, LeftOut, Manifest, Meta, SnapshotId, VenvId,
};
use crate::python::hashes::Hashes;
use crate::store::{Added, Store};
use crate::tree::Site;
use crate::tree::scan::Scan;
use crate::tree::stated::Stated;

/// The file that marks the root of a venv in a tar.
const VENV_ROOT: RootMark = RootMark {
    path: "pyvenv.cfg",
    tree: "venv",
};

/// The same of an environment of conda.
const CONDA_ROOT: RootMark = RootMark {
    path: "conda-meta/history",
    tree: "conda environment",
};

/// What an import is told.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// Of which venv of this host it is; what the tar says otherwise.
    pub venv: Option<Site>,
    /// A name to find it by; that of the tar otherwise.
    pub label: Option<Label>,
    /// Free text; that of the tar otherwise.
    pub note: Option<String>,
    /// Keep it for ever.
    pub pin: bool,
    /// Take it even if it is damaged, when it is no baseline, and however much longer than its compressed form it is.
    pub force: bool,
    /// Take a tree of any kind, also one in which nothing tells what should be there.
    pub any: bool,
    /// Findings that are accepted.
    pub accept: Vec<Accept>,
}

/// What an import did.
#[derive(Debug)]
pub struct ImportOutcome {
    /// The snapshot that came of it, as if it had been saved.
    pub saved: SaveOutcome,
    /// The snapshot that was exported, where the tar says so.
    pub origin: Option<SnapshotId>,
    /// How many members the tar had.
    pub entries: u64,
    /// How long it was before compression.
    pub bytes: u64,
    /// How many files and links of it named another place than that of its venv, and were adapted.
    pub relocated: u64,
    /// What of it was not taken over, or no restore can bring back.
    pub left_out: Vec<LeftOut>,
}

/// Makes a snapshot of a tar that is read from `from` and called `file` in messages.
pub fn import(
    context: &Context<'_>,
    from: impl Read,
    file: &Path,
    options: &ImportOptions,
) -> Result<ImportOutcome, Error> {
    let start = Instant::now();
    let bad = |error| bad(file, error);
    if let Some(site) = &options.venv {
        context.refuse_nesting(site)?;
    }
    let promised = Promised::default();
    let mut reader = Reader::new(plain(from, &promised).map_err(bad)?);
    let first = reader.next().map_err(bad)?;
    let first = first.ok_or_else(|| bad(RefusedTar::Empty.into()))?;
    let origin = reader.origin().cloned();
    let length = origin.as_ref().map_or(0, |origin| origin.length);
    promised.let_be(if options.force { u64::MAX } else { length });
    let draft = draft(context, file, origin.as_ref(), options)?;
    Store::create(&context.store, context.lock_wait, context.monitor)?;
    let store = context.open()?;
    store.tidy(context.monitor)?;

    context.monitor.phase("importing", 0, 0);
    let packer = store.packer(context.monitor)?;
    let hashes = Hashes::default();
    let inflow = Inflow {
        context,
        packer: &packer,
        hashes: &hashes,
        file,
    };
    let gathered = inflow.take(&mut reader, first)?;
    let entries = gathered.len() as u64;
    let manifest = tree_of(gathered, options).map_err(bad)?;
    let left_out = left_out(context, reader.acls(), &manifest);
    // From here on the contents can be read back, for the audit.
    let contents = packer.finish()?;
    context.go_on()?;
    context.monitor.phase("auditing", 0, 0);
    let mut audit = admit(&store, &manifest, &hashes, &draft.venv, options)?;
    context.go_on()?;
    context.monitor.phase("storing", 0, 0);
    let from = origin.as_ref().map(|origin| origin.venv.path());
    let adapted = at_place(context, &store, manifest, from, &draft.venv, &mut audit)?;
    let relocated = adapted.relocated();
    let (chosen, described) = commit(context, &store, adapted, &audit, draft)?;
    if options.pin {
        store.snapshots.pin(chosen.id)?;
    }
    let saved = SaveOutcome {
        store: context.store.name().to_owned(),
        chosen,
        unchanged: false,
        added: sum(contents, described),
        audit,
        followed: None,
        clock_jump: None,
        took: start.elapsed(),
    };
    Ok(ImportOutcome {
        saved,
        origin: origin.map(|origin| origin.id),
        entries,
        bytes: reader.bytes(),
        relocated,
        left_out,
    })
}

/// The tree that a tar holds.
fn tree_of(gathered: Gathered, options: &ImportOptions) -> Result<Manifest, archive::Error> {
    if gathered.has(VENV_ROOT) {
        gathered.finish(VENV_ROOT)
    } else if gathered.has(CONDA_ROOT) {
        gathered.finish(CONDA_ROOT)
    } else if options.any {
        gathered.finish_any()
    } else {
        gathered.finish(VENV_ROOT)
    }
}

/// What the snapshot will say of itself: what the tar says, unless the person says something else.
fn draft(
    context: &Context<'_>,
    file: &Path,
    origin: Option<&Origin>,
    options: &ImportOptions,
) -> Result<Draft, Error> {
    let told = origin.map(|origin| origin.venv.clone());
    let venv = match &options.venv {
        Some(site) => context.venv_id(site),
        None => told.ok_or_else(|| Error::NoVenv(file.to_owned()))?,
    };
    let micros =
        |time: Timestamp| Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time);
    Ok(Draft {
        venv,
        label: options.label.clone().or_else(|| origin?.label.clone()),
        note: options.note.clone().or_else(|| origin?.note.clone()),
        // Nobody saves tomorrow; such a snapshot would stay the newest for ever.
        created: origin.map(|origin| micros(origin.created.min(context.now))),
        ..Draft::default()
    })
}

/// What of the tar does not come over, and what no restore here brings back.
fn left_out(context: &Context<'_>, acls: u64, manifest: &Manifest) -> Vec<LeftOut> {
    let mut foreign = Shortfall::default();
    for entry in manifest.entries() {
        let names = entry.meta.xattrs.iter().map(|(name, _)| name);
        for name in names.filter(|name| Meta::is_foreign(name)) {
            let name = String::from_utf8_lossy(name).into_owned();
            foreign.add(Lack::ForeignXattr { name }, &entry.path);
        }
    }
    let mut left = foreign.into_left_out();
    if acls > 0 {
        left.push(LeftOut {
            lack: Lack::AccessList,
            count: acls,
            examples: Vec::new(),
        });
    }
    for left in &left {
        context.monitor.warn(EntryWarning::NotImported(left).into());
    }
    left
}

/// Audits what came, and refuses what is damaged.
fn admit(
    store: &Store,
    manifest: &Manifest,
    hashes: &Hashes,
    venv: &VenvId,
    options: &ImportOptions,
) -> Result<Audit, Error> {
    let place = venv.path();
    let stored = Stored {
        store,
        manifest,
        hashes,
        place: &place,
    };
    let mut audit = stored.audit();
    accept(&mut audit, &options.accept);
    if audit.damage().next().is_some() && !options.force {
        return Err(Error::Damaged(Box::new(audit)));
    }
    Ok(audit)
}

/// Adapts the tree to the place of its venv, and the audit as well.
fn at_place(
    context: &Context<'_>,
    store: &Store,
    manifest: Manifest,
    from: Option<PathBuf>,
    venv: &VenvId,
    audit: &mut Audit,
) -> Result<Adapted, Error> {
    let place = venv.path();
    let adapted = adapted_from_elsewhere(store, manifest, from, &place)?;
    for unmoved in &adapted.unmoved {
        context.monitor.warn(EntryWarning::Unmoved(unmoved).into());
    }
    for name in &adapted.names {
        name_place(audit, name, &place);
    }
    Ok(adapted)
}

/// Stores what was adapted, trees and findings, then the snapshot that names them.
fn commit(
    context: &Context<'_>,
    store: &Store,
    adapted: Adapted,
    audit: &Audit,
    draft: Draft,
) -> Result<(Chosen, Added), Error> {
    let document = Document {
        audit: Some(audit.clone()),
        ..Document::default()
    };
    let whole = Scan {
        tree: Stated::without_states(adapted.manifest),
        ..Scan::default()
    };
    let intake = Intake::new(store.packer(context.monitor)?);
    let rewritten = adapted.rewritten.into_values();
    let rewritten = rewritten.map(|content| (Digest::of(&content), content));
    intake.packer.add_files(rewritten).map_err(Error::from)?;
    let (snapshot, added) = prepare(context, store, intake, &whole, Draft { document, ..draft })?;
    context.go_on()?;
    let id = store.snapshots.commit(&snapshot)?;
    Ok((Chosen { id, snapshot }, added))
}

fn sum(a: Added, b: Added) -> Added {
    Added {
        objects: a.objects + b.objects,
        bytes: a.bytes + b.bytes,
        stored: a.stored + b.stored,
    }
}
