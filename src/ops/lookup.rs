//! Which snapshot a name means, and which one is meant where none is named.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::chosen::{Chosen, chosen};
use super::context::Context;
use super::error::Error;
use crate::model::{Label, Manifest, Snapshot, SnapshotId, SnapshotRef, VenvId};
use crate::monitor::SnapshotWarning;
use crate::store::{Catalog, Store};
use crate::tree::Site;

impl Chosen {
    /// Refuses it where there is no tree in it.
    pub(super) fn admit_tree(&self) -> Result<(), Error> {
        if self.holds_a_tree() {
            return Ok(());
        }
        Err(Error::HoldsNothing(self.id))
    }
}

/// Opens the store, and chooses the snapshot of that name for one who only reads it.
pub(super) fn choose_to_read(
    context: &Context<'_>,
    name: &SnapshotRef,
    site: Option<&Site>,
) -> Result<(Store, Chosen), Error> {
    let store = context.open()?;
    let venv = site.map(|site| context.venv_id(site));
    let catalog = store.snapshots.catalog()?;
    let chosen = catalog.find_to_read(name, venv.as_ref())?;
    Ok((store, chosen))
}

/// All that a snapshot holds.
pub(super) fn read_tree(
    context: &Context<'_>,
    store: &Store,
    chosen: &Chosen,
) -> Result<Manifest, Error> {
    store.load_objects(context.monitor)?;
    let (root, entries) = (&chosen.snapshot.root, chosen.snapshot.entries());
    Ok(store.trees().manifest(root, entries)?)
}

/// The snapshot that is named, or the default with the newer save that it passes over.
pub(super) fn choose(
    context: &Context<'_>,
    store: &Store,
    venv: &VenvId,
    name: Option<&SnapshotRef>,
) -> Result<(Chosen, Option<Chosen>), Error> {
    let catalog = store.snapshots.catalog()?;
    for (name, error) in &catalog.damaged {
        context
            .monitor
            .warn(SnapshotWarning::Damaged { name, cause: error }.into());
    }
    // In a bucket this takes one more request, which only `verify` makes.
    let missing = if store.is_of_bucket() {
        Vec::new()
    } else {
        store.snapshots.missing().unwrap_or_default()
    };
    for id in missing {
        context.monitor.warn(SnapshotWarning::Gone(id).into());
    }
    let Some(name) = name else {
        return catalog.default_of(venv, store.path());
    };
    let chosen = catalog.find_to_read(name, Some(venv))?;
    if let Some(newer) = catalog.newer_of_role(name, &chosen) {
        let role = &newer.role;
        let warning = SnapshotWarning::NewerOfRole {
            id: newer.id,
            role: role.as_str(),
            host: &newer.host,
        };
        context.monitor.warn(warning.into());
    }
    Ok((chosen, None))
}

/// The same for a venv of which nothing stands there. If the store has no save of it either, a label means the save of
/// another venv that carries it.
pub(super) fn choose_for_nothing(
    context: &Context<'_>,
    store: &Store,
    venv: &VenvId,
    name: Option<&SnapshotRef>,
) -> Result<(Chosen, Option<Chosen>), Error> {
    let found = choose(context, store, venv, name);
    if let (Err(Error::NoSnapshot { .. }), Some(SnapshotRef::Label(label))) = (&found, name)
        && let Some(theirs) = store.snapshots.catalog()?.of_another(label, venv)
    {
        return Ok((theirs, None));
    }
    found
}

/// The newest baseline of a role, where another one was chosen.
struct NewerOfRole {
    id: SnapshotId,
    role: Label,
    host: String,
}

impl Catalog {
    /// All snapshots of a venv, oldest first.
    pub(super) fn snapshots_of<'a>(
        &'a self,
        venv: &VenvId,
    ) -> impl DoubleEndedIterator<Item = &'a (SnapshotId, Snapshot)> {
        let venv = venv.clone();
        self.snapshots
            .iter()
            .filter(move |(_, snapshot)| snapshot.venv == venv)
    }

    /// The venv's own saves, oldest first: what `latest` counts.
    pub(super) fn saves<'a>(
        &'a self,
        venv: &VenvId,
    ) -> impl DoubleEndedIterator<Item = &'a (SnapshotId, Snapshot)> {
        self.snapshots_of(venv)
            .filter(|(_, snapshot)| snapshot.is_save())
    }

    /// Whether a snapshot is newer than the save that its venv was brought to last, before a time where one is told: by
    /// a save, or by a restore of it.
    pub(super) fn is_newer(&self, than: &Snapshot, before: Option<Timestamp>) -> bool {
        let mut before = before;
        loop {
            let is_before =
                |one: &&(SnapshotId, Snapshot)| before.is_none_or(|at| one.1.order() < at);
            let mut older = self.snapshots_of(&than.venv).rev().filter(is_before);
            let Some((_, last)) = older.next() else {
                return false;
            };
            let by_id = |id| self.snapshots.iter().find(|(other, _)| *other == id);
            let brought = last.replaced_by.and_then(by_id).map(|(_, one)| one);
            match brought.filter(|_| !last.is_save()) {
                // An undo brought back what stood there before that restore.
                Some(undone) if !undone.is_save() && undone.order() < last.order() => {
                    before = Some(undone.order());
                }
                Some(brought) => return brought.order() < than.order(),
                None => return last.is_save() && last.order() < than.order(),
            }
        }
    }

    /// The newest baseline of a venv: the default of `diff` and `restore`. Also gives the newest save, if that is
    /// another one.
    pub(super) fn default_of(
        &self,
        venv: &VenvId,
        store: &Path,
    ) -> Result<(Chosen, Option<Chosen>), Error> {
        let found = self
            .saves(venv)
            .rev()
            .find(|(_, snapshot)| snapshot.baseline);
        let Some(baseline) = found else {
            self.admit_damage()?;
            return Err(Error::NoBaseline {
                store: store.to_owned(),
                venv: venv.path(),
                elsewhere: self.elsewhere(venv),
            });
        };
        let newest = self
            .saves(venv)
            .next_back()
            .filter(|newest| newest.0 != baseline.0);
        Ok((chosen(baseline), newest.map(chosen)))
    }

    /// Baselines of the same path on other hosts, the newest first.
    fn elsewhere(&self, venv: &VenvId) -> Vec<Chosen> {
        let mut all = self.on_other_hosts(venv);
        all.retain(|one| one.snapshot.baseline);
        all
    }

    /// Saves of the same path on other hosts, the newest first: a container that is made anew, or a host that is
    /// installed anew, has another name.
    pub(super) fn on_other_hosts(&self, venv: &VenvId) -> Vec<Chosen> {
        let is_other = |one: &VenvId| one.host != venv.host && one.path() == venv.path();
        let all = self.snapshots.iter().rev();
        let saves = all.filter(|(_, one)| one.is_save() && is_other(&one.venv));
        saves.map(chosen).collect()
    }

    /// What a name means for a venv. Only an id reaches the snapshots of other venvs and incident snapshots.
    pub(super) fn find_snapshot(
        &self,
        name: &SnapshotRef,
        venv: Option<&VenvId>,
    ) -> Result<Chosen, Error> {
        let found = match name {
            SnapshotRef::Latest(back) => self.own(venv).rev().nth(*back),
            SnapshotRef::Label(label) => self
                .own(venv)
                .rev()
                .find(|(_, snapshot)| snapshot.label.as_ref() == Some(label)),
            SnapshotRef::Prefix(prefix) => return self.by_prefix(prefix, venv),
        };
        if let Some(found) = found {
            Ok(chosen(found))
        } else {
            self.admit_damage()?;
            let elsewhere = venv.map(|venv| self.named_elsewhere(name, venv));
            Err(no_snapshot(name, venv, elsewhere.unwrap_or_default()))
        }
    }

    /// The same for a command that only reads: a label that no save of the venv carries may be a role. A role stands
    /// for its newest baseline of this venv, or else of any.
    pub(super) fn find_to_read(
        &self,
        name: &SnapshotRef,
        venv: Option<&VenvId>,
    ) -> Result<Chosen, Error> {
        let found = self.find_snapshot(name, venv);
        let (Err(_), SnapshotRef::Label(role)) = (&found, name) else {
            return found;
        };
        let is_own = |one: &&(SnapshotId, Snapshot)| venv.is_none_or(|venv| one.1.venv == *venv);
        let own = self.of_role(role).find(is_own);
        own.or_else(|| self.of_role(role).next())
            .map(chosen)
            .map_or(found, Ok)
    }

    /// The baselines of a role, the newest first.
    fn of_role(&self, role: &Label) -> impl Iterator<Item = &(SnapshotId, Snapshot)> {
        let is_meant = |one: &Snapshot| one.baseline && one.role.as_ref() == Some(role);
        let all = self.snapshots.iter().rev();
        all.filter(move |(_, one)| is_meant(one))
    }

    /// If `name` was understood as a role, the newest baseline of that role; none if it is the one that was `found`.
    fn newer_of_role(&self, name: &SnapshotRef, found: &Chosen) -> Option<NewerOfRole> {
        let SnapshotRef::Label(role) = name else {
            return None;
        };
        let is_by_role = found.snapshot.label.as_ref() != Some(role);
        let (id, newest) = self.of_role(role).next().filter(|_| is_by_role)?;
        let host = newest.host_name.as_ref().unwrap_or(&newest.venv.host);
        (*id != found.id).then(|| NewerOfRole {
            id: *id,
            role: role.clone(),
            host: host.clone(),
        })
    }

    /// What a label means to a venv of which there is no save: the newest save that carries it, of the same path on
    /// another host; else of the one venv that has any. If several have one, a person must choose.
    fn of_another(&self, label: &Label, venv: &VenvId) -> Option<Chosen> {
        if self.saves(venv).next().is_some() {
            return None;
        }
        let carrying = self.named_elsewhere(&SnapshotRef::Label(label.clone()), venv);
        let path = venv.path();
        let same_path = carrying.iter().find(|one| one.snapshot.venv.path() == path);
        let first = carrying.first()?;
        let is_one = carrying
            .iter()
            .all(|one| one.snapshot.venv == first.snapshot.venv);
        same_path.or_else(|| is_one.then_some(first)).cloned()
    }

    /// What a name could mean elsewhere. A label means every save that carries it; any other name means the saves of
    /// the same path on other hosts, if the venv has none of its own.
    fn named_elsewhere(&self, name: &SnapshotRef, venv: &VenvId) -> Vec<Chosen> {
        let SnapshotRef::Label(label) = name else {
            let has_own = self.saves(venv).next().is_some();
            return if has_own {
                Vec::new()
            } else {
                self.on_other_hosts(venv)
            };
        };
        let all = self.snapshots.iter().rev();
        let carrying = all.filter(|(_, one)| one.is_save() && one.label.as_ref() == Some(label));
        carrying.map(chosen).collect()
    }

    /// The saves of a venv, or of all where none is meant.
    fn own<'a>(
        &'a self,
        venv: Option<&VenvId>,
    ) -> impl DoubleEndedIterator<Item = &'a (SnapshotId, Snapshot)> {
        let venv = venv.cloned();
        let meant = move |snapshot: &Snapshot| {
            snapshot.is_save() && venv.as_ref().is_none_or(|venv| snapshot.venv == *venv)
        };
        self.snapshots
            .iter()
            .filter(move |(_, snapshot)| meant(snapshot))
    }

    fn by_prefix(&self, prefix: &str, venv: Option<&VenvId>) -> Result<Chosen, Error> {
        let all: Vec<_> = self
            .snapshots
            .iter()
            .filter(|(id, _)| id.to_hex().starts_with(prefix))
            .collect();
        match all[..] {
            [one] => Ok(chosen(one)),
            [] => {
                let is_meant = |(name, _): &&(String, _)| name.starts_with(prefix);
                Err(match self.damaged.iter().find(is_meant) {
                    Some((name, error)) => damaged(name, error),
                    None => no_snapshot(&SnapshotRef::Prefix(prefix.to_owned()), venv, Vec::new()),
                })
            }
            _ => {
                let all = all
                    .iter()
                    .map(|(id, snapshot)| (*id, Some(snapshot.clone())));
                Err(Error::Ambiguous {
                    prefix: prefix.to_owned(),
                    candidates: all.collect(),
                })
            }
        }
    }

    /// Where nothing was found, a damaged snapshot file may be what was meant; that must not look like "never saved".
    pub(super) fn admit_damage(&self) -> Result<(), Error> {
        match self.damaged.first() {
            Some((name, error)) => Err(damaged(name, error)),
            None => Ok(()),
        }
    }
}

fn damaged(name: &str, error: &Arc<crate::store::Error>) -> Error {
    Error::DamagedSnapshot {
        name: name.chars().take(8).collect(),
        source: Arc::clone(error),
    }
}

fn no_snapshot(name: &SnapshotRef, venv: Option<&VenvId>, elsewhere: Vec<Chosen>) -> Error {
    Error::NoSnapshot {
        name: name.to_string(),
        venv: venv.map(VenvId::path),
        elsewhere,
    }
}
