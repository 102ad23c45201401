//! Who shares the damage of files with several names: an installer that links files from its cache, and venvs that were
//! made from it. Nothing is looked for where nothing is damaged.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::context::Context;
use crate::model::{Audit, Change, Class, Kind, RelPath, Sharing};
use crate::store::Store;
use crate::tree::scan::Scan;
use crate::tree::sharing::{Inode, Inside, find_names};

/// Where other names are looked for.
pub(super) struct Places<'a> {
    /// The surroundings, which know of other venvs of this host.
    pub(super) context: &'a Context<'a>,
    /// The store, if it is open already.
    pub(super) store: Option<&'a Store>,
    /// The venv itself.
    pub(super) own: &'a Path,
    /// Caches of installers.
    pub(super) caches: &'a [PathBuf],
}

/// Tells of each damaged file of an audit where another of its names is.
pub(super) fn of_audit(audit: &mut Audit, scan: &Scan, places: &Places<'_>) {
    let shared = audit.findings.iter().filter(|one| one.sharing.is_some());
    let paths = shared.filter_map(|finding| finding.path.clone());
    let found = places.find_names(scan, paths);
    for finding in &mut audit.findings {
        if let Some(sharing) = &mut finding.sharing {
            let path = finding.path.as_ref();
            sharing.shared_with = path.and_then(|path| found.get(path).cloned());
        }
    }
}

/// The same of each damaged file of a comparison.
pub(super) fn of_changes(changes: &mut [Change], scan: &Scan, places: &Places<'_>) {
    let inside = Inside::new(scan.manifest());
    for change in changes.iter_mut().filter(|change| is_content(change)) {
        let links = scan.tree.state(&change.path).map(|stat| stat.nlink);
        let entry = scan.manifest().get(&change.path);
        let is_shared = |links: &u32| entry.is_some_and(|one| inside.elsewhere(one, *links) > 0);
        change.detail.sharing = links.filter(is_shared).map(|links| Sharing {
            links,
            shared_with: None,
        });
    }
    let shared = |change: &&Change| change.detail.sharing.is_some();
    let paths = changes.iter().filter(shared);
    let found = places.find_names(scan, paths.map(|change| change.path.clone()));
    for change in changes {
        if let Some(sharing) = &mut change.detail.sharing {
            sharing.shared_with = found.get(&change.path).cloned();
        }
    }
}

/// Whether a change is of bytes that an inode holds, and not of its name.
fn is_content(change: &Change) -> bool {
    let kinds = [
        Kind::Emptied,
        Kind::Truncated,
        Kind::ZeroFilled,
        Kind::Altered,
    ];
    change.class == Class::Damage
        && kinds.contains(&change.kind)
        && change
            .actual
            .as_ref()
            .is_some_and(|entry| entry.size().is_some())
}

impl Places<'_> {
    /// Other names of these files, outside of the venv.
    fn find_names(
        &self,
        scan: &Scan,
        paths: impl Iterator<Item = RelPath>,
    ) -> HashMap<RelPath, String> {
        let inode = |path: &RelPath| scan.tree.state(path).map(|stat| (stat.dev, stat.ino));
        let wanted: HashMap<RelPath, Inode> = paths
            .filter_map(|path| inode(&path).map(|inode| (path, inode)))
            .collect();
        let inodes: HashSet<Inode> = wanted.values().copied().collect();
        if inodes.is_empty() {
            return HashMap::new();
        }
        let mut dirs = self.other_venvs();
        // The last directory is looked into first: the cache, since its damage hurts the next install.
        dirs.extend(self.caches.iter().cloned());
        let found = find_names(&dirs, &inodes);
        let name = |(path, inode)| {
            let other: &PathBuf = found.get(&inode)?;
            Some((path, other.to_string_lossy().into_owned()))
        };
        wanted.into_iter().filter_map(name).collect()
    }

    /// Other venvs of this host that the store knows. Where there is no store, none is known.
    fn other_venvs(&self) -> Vec<PathBuf> {
        let opened = match self.store {
            Some(_) => None,
            None => self.context.open().ok(),
        };
        let mut paths = known_venvs(self.context, self.store.or(opened.as_ref()));
        paths.retain(|path| path != self.own);
        paths
    }
}

/// The venvs of this host that a store knows.
pub(super) fn known_venvs(context: &Context<'_>, store: Option<&Store>) -> Vec<PathBuf> {
    let catalog = store.map(|store| store.snapshots.catalog());
    let catalog = catalog.and_then(Result::ok).unwrap_or_default();
    let here = |venv: &&crate::model::VenvId| venv.host == context.host;
    let venvs = catalog.snapshots.iter().map(|(_, snapshot)| &snapshot.venv);
    let mut paths: Vec<PathBuf> = venvs.filter(here).map(crate::model::VenvId::path).collect();
    paths.sort();
    paths.dedup();
    paths
}
