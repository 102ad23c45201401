//! Which snapshot a name means, and which one is meant where none is named.

use std::path::Path;

use super::context::Context;
use super::error::Error;
use crate::model::{Snapshot, SnapshotId, SnapshotRef, VenvId};
use crate::store::{Catalog, Store};

/// A snapshot and its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chosen {
    /// Its name.
    pub id: SnapshotId,
    /// What its file says.
    pub snapshot: Snapshot,
}

impl Chosen {
    /// Late changes of an incident are kept by a second snapshot; what was found stands in the first, and always did.
    pub(super) fn first(&self, catalog: &Catalog) -> Self {
        let first = self.snapshot.completes;
        let found = first.and_then(|first| catalog.snapshots.iter().find(|(id, _)| *id == first));
        found.map_or_else(|| self.clone(), chosen)
    }
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
        let name: String = name.chars().take(8).collect();
        context
            .monitor
            .warn(&format!("snapshot {name} is damaged and left out: {error}"));
    }
    for id in store.snapshots.missing().unwrap_or_default() {
        let text = "is gone, though nobody gave it up, so it is left out";
        context
            .monitor
            .warn(&format!("the file of snapshot {id} {text}"));
    }
    match name {
        Some(name) => Ok((catalog.find(name, Some(venv))?, None)),
        None => catalog.default_of(venv, store.path()),
    }
}

impl Catalog {
    /// All snapshots of a venv, oldest first.
    pub(super) fn of<'a>(
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
        self.of(venv).filter(|(_, snapshot)| snapshot.is_save())
    }

    /// The newest baseline of a venv: the default of `diff` and `restore`. Also tells the newest save where that is
    /// none.
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
    pub(super) fn find(&self, name: &SnapshotRef, venv: Option<&VenvId>) -> Result<Chosen, Error> {
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

    /// What a name would mean for the same path on other hosts; a label means something for every venv.
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
                let line = |(id, snapshot): &&(SnapshotId, Snapshot)| {
                    format!(
                        "{} ({:.0}, {})",
                        &id.to_hex()[..16],
                        snapshot.created,
                        crate::model::Shown::path(&snapshot.venv.path())
                    )
                };
                Err(Error::Ambiguous {
                    prefix: prefix.to_owned(),
                    candidates: all.iter().map(line).collect(),
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

fn damaged(name: &str, error: &crate::store::Error) -> Error {
    let what = error.to_string();
    let place = format!(
        "snapshot file {}",
        name.chars().take(12).collect::<String>()
    );
    Error::DamagedSnapshot {
        name: name.chars().take(8).collect(),
        source: crate::store::Error::Corrupt { place, what },
    }
}

fn no_snapshot(name: &SnapshotRef, venv: Option<&VenvId>, elsewhere: Vec<Chosen>) -> Error {
    Error::NoSnapshot {
        name: name.to_string(),
        venv: venv.map(VenvId::path),
        elsewhere,
    }
}

pub(super) fn chosen((id, snapshot): &(SnapshotId, Snapshot)) -> Chosen {
    Chosen {
        id: *id,
        snapshot: snapshot.clone(),
    }
}
