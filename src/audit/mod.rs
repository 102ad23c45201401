//! The audit: whether a venv is sound, told from the venv alone. One check per file, each pure: the tree and what can
//! be read of it in, findings out.

mod accept;
mod adapted;
mod archives;
mod bytecode;
mod commands;
mod conda;
mod config;
mod dists;
mod files;
mod fit;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod imports;
mod leftovers;
mod linked;
pub(crate) mod needs;
pub(crate) mod nested;
mod orphans;
mod owners;
mod python;
mod requirements;
mod scripts;
mod site;
mod smoke;
pub(crate) mod sources;
mod stack;
mod stale;
mod startup;
mod strays;
mod stripped;
mod unfinished;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::installed::without_secrets;
use crate::model::{Audit, Check, Entry, Finding, Manifest, Node, Package, RelPath, TreeKind};
use crate::python::bytecode::Glimpse;
use crate::python::dist::{Algorithm, Dists, Read};
use crate::python::holds_site;
use crate::python::imports::Import;
use crate::python::interpreter::Facts;

pub use accept::Accept;
pub(crate) use accept::accept;
use files::UNREADABLE;
pub(crate) use files::unowned;
pub(crate) use linked::{Behind, check as behind_links};
pub(crate) use python::is_valid_python;
pub(crate) use requirements::{
    Asked, Need, bare as bare_requirement, environment as marker_environment, required,
};
pub(crate) use smoke::{Smoke, import_error, smoke};
pub(crate) use stale::{Bytecode, Seen, stale};

/// Files of up to so many bytes are read once more to tell how they are wrong.
const LOOK_MAX: u64 = 64 << 20;

/// So many files that nobody owns are listed; all are counted.
const UNOWNED_MAX: usize = 10_000;

/// Shows the content of a file of the tree, one piece after the other; none where it cannot be read to its end.
pub(crate) type Pieces<'a> = &'a (dyn Fn(&RelPath, &mut dyn FnMut(&[u8])) -> Option<()> + Sync);

/// What an audit looks at.
#[derive(Clone)]
pub(crate) struct Subject<'a> {
    /// The tree.
    pub(crate) manifest: &'a Manifest,
    /// What is installed in it.
    pub(crate) dists: &'a Dists,
    /// Its interpreter.
    pub(crate) interpreter: Option<&'a Facts>,
    /// Where the tree stands; none of a tree that stands nowhere.
    pub(crate) place: Option<&'a Path>,
    /// Gives the content of a file.
    pub(crate) read: Read<'a>,
    /// Shows the content of a file in pieces, where that costs less than the whole.
    pub(crate) pieces: Option<Pieces<'a>>,
    /// Gives the hash of a file.
    pub(crate) hash: &'a (dyn Fn(&RelPath, Algorithm) -> Option<Vec<u8>> + Sync),
    /// Whether a path leads to something, through links also to what lies outside. Of a tree that stands nowhere
    /// nobody knows.
    pub(crate) reaches: &'a (dyn Fn(&RelPath) -> bool + Sync),
    /// Whether nothing stands at an absolute path, in the venv or outside of it. Of a tree that stands nowhere nobody
    /// knows.
    pub(crate) gone: &'a (dyn Fn(&Path) -> bool + Sync),
    /// To which venv a path belongs that names an interpreter. Of a tree that stands nowhere nobody knows.
    pub(crate) whose: &'a (dyn Fn(&Path) -> Whose + Sync),
    /// How what lies behind links is reached. Of a tree that stands nowhere nobody knows.
    pub(crate) behind: Option<Behind<'a>>,
    /// What the scan saw of bytecode, where it read it.
    pub(crate) glimpse: &'a (dyn Fn(&RelPath) -> Option<Glimpse> + Sync),
    /// Gives the imports that a look at a source shows, where the scan read it.
    pub(crate) imports: &'a (dyn Fn(&RelPath) -> Option<Arc<[Import]>> + Sync),
    /// How many names the inode of a file has, where there are more than one.
    pub(crate) links: &'a HashMap<RelPath, u32>,
}

/// To which venv an interpreter belongs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Whose {
    /// To this one, of which it is this entry.
    Own(RelPath),
    /// To another one, which stands at this place.
    Other(PathBuf),
    /// To none that is known.
    Nobodys,
}

impl Subject<'_> {
    /// Shows the content of a file: in pieces, or whole where no pieces are to be had.
    fn show(&self, path: &RelPath, take: &mut dyn FnMut(&[u8])) {
        let shown = self.pieces.and_then(|pieces| pieces(path, take));
        if shown.is_none()
            && let Some(content) = (self.read)(path)
        {
            take(&content);
        }
    }

    /// What stands in `bin` under a name.
    fn bin(&self, name: &[u8]) -> Option<RelPath> {
        let path = self.dists.layout.script(name)?;
        self.manifest.get(&path).is_some().then_some(path)
    }
}

/// Audits a tree.
pub(crate) fn audit(subject: &Subject<'_>) -> Audit {
    // A file that the scan could read, and that cannot be read now, is neither sound nor damaged.
    let failed = Mutex::new(BTreeSet::new());
    let read = |path: &RelPath| {
        let bytes = (subject.read)(path);
        let size = subject.manifest.get(path).and_then(Entry::size);
        if bytes.is_none() && size.is_some_and(|size| size <= LOOK_MAX) {
            let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
            failed.insert(path.clone());
        }
        bytes
    };
    let mut audit = look(&Subject {
        read: &read,
        ..subject.clone()
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    for path in &failed {
        audit.leave_unread(path, UNREADABLE);
    }
    audit
}

/// The same finding, of the distribution that owns a file.
fn owned(finding: Finding, dists: &Dists, path: &RelPath) -> Finding {
    match dists.owner(path) {
        Some(dist) => finding.in_package(&dist.name),
        None => finding,
    }
}

fn look(subject: &Subject<'_>) -> Audit {
    let kind = subject.dists.layout.kind;
    if kind == TreeKind::Any {
        return of_any(subject);
    }
    let mut audit = Audit {
        kind,
        packages: packages(subject.dists),
        interpreter: subject.interpreter.map(|facts| facts.known.clone()),
        ..Audit::default()
    };
    let (files, ((dists, pythons), imports)) = rayon::join(
        || files::check(subject),
        || {
            rayon::join(
                || {
                    let mut found = dists::check(subject);
                    found.extend(conda::check(subject));
                    found.extend(owners::check(subject));
                    found.extend(unfinished::check(subject));
                    found.extend(requirements::check(subject, &requirements::Asked::new()));
                    found.extend(fit::check(subject));
                    found.extend(bytecode::check(subject));
                    let (scripts, pythons) = scripts::check(subject);
                    found.extend(scripts);
                    found.extend(startup::check(subject));
                    found.extend(orphans::check(subject));
                    found.extend(strays::check(subject));
                    found.extend(commands::check(subject));
                    found.extend(archives::check(subject));
                    found.extend(nested::check(subject));
                    found.extend(site::check(subject));
                    found.extend(sources::check(subject));
                    (found, pythons)
                },
                || imports::check(subject),
            )
        },
    );
    let (files, counts) = files;
    audit.counts = counts;
    audit.script_pythons = pythons;
    audit.findings = files;
    audit.findings.extend(dists);
    // `imports` does not know what `files` found: both may tell of one module.
    audit.findings.extend(imports.findings);
    audit.doubts = imports.doubts;
    let leftovers = leftovers::check(subject, &audit.findings);
    audit.findings.extend(leftovers);
    let nobodys = unowned(subject.manifest, subject.dists);
    audit.unowned = nobodys.cloned().collect();
    audit.counts.unowned = audit.unowned.len() as u64;
    audit.unowned.truncate(UNOWNED_MAX);
    let entries = subject.manifest.entries();
    audit.counts.entries = entries.iter().filter(|one| one.size().is_some()).count() as u64;
    unread(subject, &mut audit);
    audit.sort();
    audit
}

/// Notes in the audit each thing that could not be looked at.
fn unread(subject: &Subject<'_>, audit: &mut Audit) {
    for entry in subject.manifest.entries() {
        if entry.node.is_mounted() {
            let text = format!("{}, and is not looked at", Node::MOUNTED);
            let mounted = Finding::new(Check::Mounted, text).at(&entry.path);
            audit.findings.push(mounted);
            if holds_site(&entry.path) {
                audit.leave_unread(&entry.path, Node::MOUNTED);
            }
        } else if let Node::Unreadable(reason) = &entry.node {
            audit.leave_unread(&entry.path, reason);
        }
    }
    let dists = subject.dists.all.iter();
    for path in dists.flat_map(|dist| &dist.unread) {
        audit.leave_unread(path, UNREADABLE);
    }
    let unreadable = |one: &&Finding| one.check == Check::FileUnreadable;
    let unreadable: Vec<RelPath> = audit
        .findings
        .iter()
        .filter(unreadable)
        .filter_map(|one| one.path.clone())
        .collect();
    for path in &unreadable {
        audit.leave_unread(path, UNREADABLE);
    }
    let python = subject.interpreter.and_then(|facts| facts.path.as_ref());
    let known = audit.interpreter.as_ref();
    let withheld = known.and_then(|known| known.unreachable.clone());
    if let (Some(python), Some(reason)) = (python, withheld) {
        audit.leave_unread(python, &reason);
    }
}

/// The audit of a tree in which nothing tells what should be there: it only names what could not be looked at.
fn of_any(subject: &Subject<'_>) -> Audit {
    let mut audit = Audit {
        kind: TreeKind::Any,
        ..Audit::default()
    };
    let entries = subject.manifest.entries();
    audit.counts.entries = entries.iter().filter(|one| one.size().is_some()).count() as u64;
    unread(subject, &mut audit);
    audit
}

fn packages(dists: &Dists) -> Vec<Package> {
    let package = |dist: &crate::python::dist::Dist| Package {
        name: dist.shown.clone(),
        version: dist.version.clone(),
        installer: dist.installer.clone(),
        editable: dist.editable(),
        direct_url: dist.direct_url.as_ref().map(without_secrets),
        conda: dist.conda.clone(),
    };
    dists.all.iter().map(package).collect()
}
