//! Whether what was built is sound, told by the same audit as any venv, and by importing it; and what it is at its own
//! place, as a snapshot that does not count yet.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::build::Build;
use super::failed::Unbuilt;
use super::live::Live;
use super::options::RebuildOptions;
use super::remains::{Behind, behind};
use crate::audit::smoke;
use crate::disk::rooted::Rooted;
use crate::model::{Audit, Digest, Document, Manifest, Purpose, RelPath};
use crate::ops::adapted::{Adapted, adapt, name_place};
use crate::ops::audit::{Audited, bin_python};
use crate::ops::chosen::Chosen;
use crate::ops::contents::TEXT_MAX;
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::ops::snapshot::{Draft, Intake, prepare};
use crate::python::bytecode::is_bytecode;
use crate::python::relocate::candidates;
use crate::store::{Store, name_of};
use crate::tree::Site;
use crate::tree::hash::read_file;
use crate::tree::scan::Scan;
use crate::tree::stat_cache::StatCache;
use crate::tree::stated::Stated;

/// A new venv whose content is in the store.
pub(super) struct Judged {
    /// The snapshot of it, which is in no list yet.
    pub(super) chosen: Chosen,
    pub(super) audit: Audit,
    /// What of the old venv is not in it.
    pub(super) behind: Option<Behind>,
}

/// Reads what was built into the store, and judges it.
pub(super) fn judge(
    context: &Context<'_>,
    store: &Store,
    site: &Site,
    build: &Build<'_>,
    live: Option<&Live>,
    options: &RebuildOptions,
) -> Result<Judged, Error> {
    let root = build.open()?;
    let intake = Intake::with_hashes(store.packer(context.monitor)?);
    let mut scan = intake
        .scan(&root, &StatCache::default(), context.monitor)?
        .whole()?;
    context.go_on()?;
    context.monitor.phase("auditing", 0, 0);
    let mut audit = audited(context, &root, &scan, &intake, &build.bytecode())?;
    if audit.damage().next().is_some() && !options.force {
        return Err(Unbuilt::Unsound(Box::new(audit)).into());
    }
    let behind = live.map(|live| behind(live, scan.manifest()));
    let adapted = at_place(
        &root,
        std::mem::take(&mut scan.tree).into_manifest(),
        site.path(),
    )?;
    refuse_old_names(&root, &adapted)?;
    let contents = adapted.rewritten.values();
    let contents = contents.map(|content| (Digest::of(content), content.clone()));
    let contents: Vec<(Digest, Vec<u8>)> = contents.collect();
    intake.packer.add_files(contents).map_err(Error::from)?;
    scan.tree = Stated::without_states(with_root_of(adapted.manifest, live));
    name_place(&mut audit, root.path(), site.path());
    let draft = Draft {
        venv: context.venv_id(site),
        purpose: Purpose::Save,
        note: Some("rebuilt".to_owned()),
        document: Document {
            audit: Some(audit.clone()),
            ..Document::default()
        },
        ..Draft::default()
    };
    let (snapshot, _) = prepare(context, store, intake, &scan, draft)?;
    let id = name_of(&snapshot)?;
    Ok(Judged {
        chosen: Chosen { id, snapshot },
        audit,
        behind,
    })
}

fn audited(
    context: &Context<'_>,
    root: &Rooted,
    scan: &Scan,
    intake: &Intake<'_>,
    bytecode: &Path,
) -> Result<Audit, Error> {
    let audited = Audited {
        root,
        scan,
        hashes: intake.hashes.as_ref(),
    };
    let (dists, interpreter) = rayon::join(|| audited.dists(), || audited.interpreter());
    let mut audit = audited.audit(&dists, &interpreter);
    context.go_on()?;
    context.monitor.phase("importing", 0, 0);
    let stop = || context.monitor.cancelled();
    match smoke(root, scan.manifest(), &dists, Some(bytecode), &stop)? {
        Some(found) => audit.findings.extend(found.into_findings()),
        None => audit.leave_unread(&bin_python(), "it may not be run here"),
    }
    context.go_on()?;
    audit.sort();
    Ok(audit)
}

/// The tree that was built, adapted to the place of the venv.
fn at_place(root: &Rooted, built: Manifest, place: &Path) -> Result<Adapted, Error> {
    if place.as_os_str().as_bytes().contains(&b'\n') {
        return Err(Unbuilt::LineBreak.into());
    }
    let mut contents = BTreeMap::new();
    for entry in candidates(&built) {
        if let Some(content) = read_file(root, &entry.path, TEXT_MAX) {
            contents.insert(entry.path.clone(), content);
        }
    }
    let names = [root.path().to_owned()];
    Ok(adapt(&contents, built, (&names, place), None))
}

/// Nothing in the new venv may name the directory in which it was built, which is gone by then. Only bytecode may:
/// Python corrects the names in it as it loads it.
fn refuse_old_names(root: &Rooted, adapted: &Adapted) -> Result<(), Error> {
    let parent = root.path().parent().unwrap_or(root.path());
    let finder = memchr::memmem::Finder::new(parent.as_os_str().as_bytes());
    let names = |path: &RelPath| {
        let content = match adapted.rewritten.get(path) {
            Some(content) => Some(content.clone()),
            None => read_file(root, path, TEXT_MAX),
        };
        content.is_some_and(|content| finder.find(&content).is_some())
    };
    let files = adapted.manifest.entries();
    let first = files.par_iter().find_any(|entry| {
        !is_bytecode(&entry.path) && entry.size().is_some() && names(&entry.path)
    });
    match first {
        Some(entry) => Err(Unbuilt::NamesPlace(entry.path.to_string()).into()),
        None => Ok(()),
    }
}

/// The root of the new venv keeps the attributes of the old one: its owner, its mode.
fn with_root_of(built: Manifest, live: Option<&Live>) -> Manifest {
    let old = live.and_then(|live| live.manifest().get(&RelPath::root()));
    let Some(meta) = old.map(|entry| entry.meta.clone()) else {
        return built;
    };
    let mut entries = built.into_entries();
    for entry in entries.iter_mut().filter(|entry| entry.path.is_root()) {
        entry.meta = meta.clone();
    }
    Manifest::new(entries)
}
