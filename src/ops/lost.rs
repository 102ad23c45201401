//! What the newest baseline of a venv tells, and the venv alone does not: that all packages went, or that files of one
//! stay behind whose record went. An uninstall takes both.

use std::collections::HashSet;
use std::time::Duration;

use super::audit::Audited;
use super::contents::{TEXT_MAX, bytes};
use super::context::Context;
use super::error::Error;
use super::list::readable;
use crate::model::{
    Audit, Check, Finding, Manifest, Node, Package, RelPath, SnapshotId, TreeKind, VenvId,
};
use crate::monitor::StoreWarning;
use crate::python::bytecode::is_bytecode;
use crate::python::dist::{Dist, Dists, Record, is_renamed, normalized};
use crate::python::layout::{CONDA_META, is_python};
use crate::store::{self, Store};

/// Adds to an audit what makes the venv a damaged one beside its newest baseline.
pub(super) fn add_lost(
    context: &Context<'_>,
    store: &Store,
    audited: &Audited<'_>,
    audit: &mut Audit,
) -> Result<(), Error> {
    let venv = VenvId::new(&context.host, audited.root.path());
    let catalog = store.snapshots.catalog()?;
    let mut saves = catalog.saves(&venv).rev();
    let Some((id, last)) = saves.find(|(_, snapshot)| snapshot.baseline) else {
        return Ok(());
    };
    store.load_objects(context.monitor)?;
    let document = last.document.and_then(|id| readable(store, id));
    let had = document.and_then(|known| known.audit).unwrap_or_default();
    if audit.packages.is_empty() {
        let is_read = audit.unread.is_empty();
        let gone = all_gone(*id, had.packages.len()).filter(|_| is_read);
        audit.findings.extend(gone);
        return Ok(());
    }
    // In nearly every venv this is all that has to be known.
    if are_listed(&had.packages, &audit.packages) {
        return Ok(());
    }
    // What cannot be read back says nothing; `verify` tells of it.
    let Ok(saved) = store.trees().manifest(&last.root, last.entries()) else {
        return Ok(());
    };
    let read = |path: &RelPath| {
        let entry = saved.get(path)?;
        let is_text = entry.size() <= Some(TEXT_MAX);
        store
            .objects
            .read(&entry.digest().filter(|_| is_text)?)
            .ok()
    };
    let before = Dists::read(&saved, bytes(audited.root.path()), &read);
    let live = Live {
        manifest: audited.scan.manifest(),
        dists: &audited.dists(),
        audit,
    };
    let lost = before.all.iter();
    let lost: Vec<_> = lost.filter_map(|old| live.remains(old, *id)).collect();
    for (found, left) in lost {
        // Files that nobody lists look like those of an install that was stopped early, which they are not.
        let is_told = |one: &Finding| {
            let path = one.path.as_ref();
            let holds = |path: &RelPath| left.iter().any(|file| file.is_within(path));
            one.check == Check::Leftover && path.is_some_and(holds)
        };
        audit.findings.retain(|one| !is_told(one));
        audit.findings.push(found);
    }
    Ok(())
}

/// Opens the store for that, where something stands in the venv that nobody lists. One that is not there says nothing.
/// Of one that cannot be asked a warning tells; nobody waits for who has it.
pub(super) fn ask_what_is_lost(
    context: &Context<'_>,
    audited: &Audited<'_>,
    dists: &Dists,
    audit: &mut Audit,
) {
    let has_unlisted = audit.counts.unowned > 0 || has_unlisted(audited.scan.manifest(), dists);
    if !audit.packages.is_empty() && !has_unlisted {
        return;
    }
    let store = match Store::open(&context.store, Duration::ZERO, context.monitor) {
        Err(store::Error::NoStore(_)) => return,
        other => other.map_err(Error::from),
    };
    let asked = store.and_then(|store| add_lost(context, &store, audited, audit));
    if let Err(error) = asked
        && !matches!(error, Error::Interrupted)
    {
        context.monitor.warn(StoreWarning::NotAsked(&error).into());
    }
}

/// Where data of distributions goes.
const DATA: [&[u8]; 3] = [b"etc", b"include", b"share"];

/// A new venv has no distribution, and by `pip uninstall` one by one hardly anybody comes to that.
fn all_gone(id: SnapshotId, had: usize) -> Option<Finding> {
    let had = match had {
        0 => return None,
        1 => "1 distribution, and it is gone".to_owned(),
        many => format!("{many} distributions, and none of them is left"),
    };
    let text = format!("all packages are gone: the newest baseline, {id}, has {had}");
    Some(Finding::new(Check::PackagesGone, text))
}

/// Whether every package of a snapshot is still known of, in whatever version. One that conda knew of must still be
/// known by conda.
fn are_listed(had: &[Package], have: &[Package]) -> bool {
    let key = |one: &Package| (normalized(&one.name), one.conda.is_some());
    let have: HashSet<(String, bool)> = have.iter().map(key).collect();
    had.iter().map(key).all(|(name, by_conda)| {
        let is_so = |by_conda| have.contains(&(name.clone(), by_conda));
        is_so(true) || !by_conda && is_so(false)
    })
}

/// Whether files stand beside the directories of packages that may belong to a distribution, and that none lists:
/// commands, data and, in an environment of conda, anything.
fn has_unlisted(manifest: &Manifest, dists: &Dists) -> bool {
    let layout = &dists.layout;
    let is_conda = layout.kind == TreeKind::Conda;
    // What `venv` itself puts beside the commands.
    let is_own = |path: &RelPath| {
        let name = path.name().to_ascii_lowercase();
        is_python(path) || name.starts_with(b"activate") || name.starts_with(b"deactivate")
    };
    let may_be_of_one = |path: &RelPath| {
        let in_conda = is_conda && path.parts().next() != Some(CONDA_META.as_bytes());
        let in_data = path
            .parts()
            .next()
            .is_some_and(|first| DATA.contains(&first));
        in_conda || in_data || layout.is_script(path) && !is_own(path)
    };
    let files = manifest
        .entries()
        .iter()
        .filter(|one| one.node != Node::Dir);
    let mut paths = files.map(|entry| &entry.path);
    paths.any(|path| !is_bytecode(path) && may_be_of_one(path) && dists.owner(path).is_none())
}

/// What stands there now.
struct Live<'a> {
    manifest: &'a Manifest,
    dists: &'a Dists,
    audit: &'a Audit,
}

impl Live<'_> {
    /// What is wrong with a distribution of the baseline whose record went while files are left; and which files these
    /// are.
    fn remains<'d>(&self, old: &'d Dist, id: SnapshotId) -> Option<(Finding, Vec<&'d RelPath>)> {
        let (list, record) = old.record.as_ref()?;
        let is_gone =
            |path: &RelPath| self.manifest.get(path).is_none() && !self.manifest.hides(path);
        if !is_gone(list) || self.is_known(old) || self.is_told(old) {
            return None;
        }
        // A distribution that conda brought has a record of its own beside that of conda, and lists its files there.
        let brought = self.dists.named(&old.name).filter(|_| old.conda.is_some());
        let by_conda = brought.is_some_and(|dist| dist.installer.as_deref() == Some("conda"));
        let is_left = |path: &RelPath| {
            self.manifest.get(path).is_some() && (by_conda || self.dists.owner(path).is_none())
        };
        let left: Vec<&RelPath> = self
            .own(old, record)
            .filter(|path| !is_bytecode(path) && is_left(path))
            .collect();
        let many = match left.len() {
            0 => return None,
            1 => "1 file of it is".to_owned(),
            many => format!("{many} files of it are"),
        };
        let text = format!(
            "it is gone, and {many} still there, which no uninstall leaves: the newest baseline, {id}, has it"
        );
        let record = if old.conda.is_some() { list } else { &old.info };
        let found = Finding::new(Check::RecordGone, text).in_package(&old.name);
        Some((found.at(record), left))
    }

    /// The files of a distribution that show that it was not removed. Who removes one by hand takes it out of
    /// site-packages, and leaves commands and data; other checks tell of these.
    fn own<'d>(
        &self,
        old: &'d Dist,
        record: &'d Record,
    ) -> impl Iterator<Item = &'d RelPath> + use<'_, 'd> {
        let layout = &self.dists.layout;
        let in_site = |path: &RelPath| {
            let mut sites = layout.sites.iter();
            sites.any(|site| path.is_within(site)) && !layout.is_script(path)
        };
        let mut rows = record.rows.iter().map(|row| &row.path);
        let has_modules = rows.any(|path| in_site(path) && !path.is_within(&old.info));
        let by_hand = has_modules && old.conda.is_none();
        let rows = record.rows.iter().map(|row| &row.path);
        rows.filter(move |path| !by_hand || in_site(path))
    }

    /// Whether a record of the distribution stands there, perhaps of another version.
    fn is_known(&self, old: &Dist) -> bool {
        let mut named = self.dists.all_named(&old.name).iter();
        named.any(|new| old.conda.is_none() || new.conda.is_some())
    }

    /// Whether another check tells of it: an installer was killed that had put it aside, or conda's own list is gone.
    fn is_told(&self, old: &Dist) -> bool {
        let mut leftovers = self.dists.leftovers.iter();
        let mut findings = self.audit.findings.iter();
        leftovers.any(|left| is_renamed(left.path.name(), old.info.name()))
            || findings.any(|one| {
                one.check == Check::RecordUnreadable && one.package.as_ref() == Some(&old.name)
            })
    }
}
