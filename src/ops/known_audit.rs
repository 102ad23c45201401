//! An audit that was made before holds as long as the tree, and what counts outside of it, are as they were.

use super::audit::is_gone;
use super::contents::TEXT_MAX;
use super::context::Context;
use super::error::Error;
use super::list::readable;
use super::snapshot::Intake;
use crate::audit::sources::named;
use crate::disk::rooted::Rooted;
use crate::model::{Audit, Manifest, Node, RelPath, Totals, VenvId};
use crate::python::Layout;
use crate::python::interpreter::identity;
use crate::store::Store;
use crate::tree::hash::read_file;
use crate::tree::scan::Scan;

/// Whether the venv still has the interpreter of an audit, that one was alive, and nothing else outside counts.
pub(super) fn same_surroundings(audit: &Audit, root: &Rooted, manifest: &Manifest) -> bool {
    let is_editable = audit.packages.iter().any(|package| package.editable);
    let adds = |path: &RelPath| {
        let content = read_file(root, path, TEXT_MAX);
        content.is_none_or(|content| named(&content).next().is_some())
    };
    // What links lead to, and what scripts name, comes and goes while the tree stays as it is.
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
    let layout = Layout::read(manifest);
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

/// The newest audit of the same tree, in every byte and attribute. It is looked for in all snapshots of the venv: after
/// a restore, the last one is of what the restore replaced.
pub(super) fn unchanged(
    context: &Context<'_>,
    store: &Store,
    root: &Rooted,
    intake: &Intake<'_>,
    scan: &Scan,
) -> Result<Option<Audit>, Error> {
    let venv = VenvId::new(&context.host, root.path());
    let catalog = store.snapshots.catalog()?;
    let mut before = catalog
        .snapshots_of(&venv)
        // Another version may look for more.
        .filter(|(_, snapshot)| snapshot.writer == env!("CARGO_PKG_VERSION"))
        .filter_map(|(_, snapshot)| Some((snapshot.root, snapshot.document?)))
        .rev()
        .peekable();
    if before.peek().is_none() {
        return Ok(None);
    }
    let root = intake.packer.add_forest(scan.manifest())?;
    let audit = before
        .filter(|(known, _)| *known == root)
        .find_map(|(_, known)| readable(store, known)?.audit);
    // The same tree has as many files.
    let files = Totals::count(scan.manifest()).files;
    Ok(audit.map(|audit| audit.with_entries(files)))
}
