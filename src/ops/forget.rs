//! `forget`: snapshots leave the list, by name or by a policy. What they hold stays until `prune`, and until then
//! `undelete` brings them back.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::chosen::Chosen;
use super::context::Context;
use super::error::Error;
use super::retention::Policy;
use crate::model::{Snapshot, SnapshotId, SnapshotRef, VenvId};
use crate::store::Store;
use crate::tree::Site;

/// What a forget is told.
#[derive(Clone, Debug)]
pub struct ForgetOptions {
    /// These, by name.
    pub named: Vec<SnapshotRef>,
    /// Or those that this policy does not keep.
    pub policy: Policy,
    /// In which time zone days, weeks and months are counted.
    pub zone: TimeZone,
    /// Change nothing, tell what would be done.
    pub dry_run: bool,
}

/// What is forgotten and what stays.
#[derive(Debug, Default)]
pub struct ForgetOutcome {
    /// Gone from the list, oldest first.
    pub forgotten: Vec<Chosen>,
    /// What the policy keeps, with the reasons, oldest first.
    pub kept: Vec<(Chosen, Vec<String>)>,
    /// Whether nothing was changed.
    pub dry_run: bool,
}

/// Forgets snapshots. A policy is applied to each venv of the store, or to the one at `site`.
pub fn forget(
    context: &Context<'_>,
    site: Option<&Site>,
    options: &ForgetOptions,
) -> Result<ForgetOutcome, Error> {
    let store = context.open()?;
    let catalog = store.snapshots.catalog()?;
    let pinned: BTreeSet<SnapshotId> = store.snapshots.pins()?.into_iter().collect();
    let venv = site.map(|site| context.venv_id(site));
    let mut outcome = ForgetOutcome {
        dry_run: options.dry_run,
        ..ForgetOutcome::default()
    };
    if options.named.is_empty() {
        by_policy(
            &catalog.snapshots,
            venv.as_ref(),
            (&pinned, context.now),
            options,
            &mut outcome,
        );
        let is_used = outcome.kept.iter().any(|(_, why)| Policy::is_rule(why));
        if !is_used && !outcome.forgotten.is_empty() {
            return Err(Error::KeepsNothing);
        }
    } else {
        let mut seen = BTreeSet::new();
        for name in &options.named {
            let chosen = catalog.find_snapshot(name, venv.as_ref())?;
            if pinned.contains(&chosen.id) {
                return Err(Error::Pinned(chosen.id));
            }
            if seen.insert(chosen.id) {
                outcome.forgotten.push(chosen);
            }
        }
    }
    if !options.dry_run {
        let ids: Vec<SnapshotId> = outcome.forgotten.iter().map(|one| one.id).collect();
        store.snapshots.forget(&ids)?;
        outcome.spare(&store)?;
    }
    Ok(outcome)
}

impl ForgetOutcome {
    /// Brings back what was pinned while it was being forgotten.
    fn spare(&mut self, store: &Store) -> Result<(), Error> {
        let pins = store.snapshots.pins()?;
        let (pinned, forgotten): (Vec<_>, Vec<_>) = std::mem::take(&mut self.forgotten)
            .into_iter()
            .partition(|one| pins.contains(&one.id));
        self.forgotten = forgotten;
        let ids: Vec<SnapshotId> = pinned.iter().map(|one| one.id).collect();
        store.snapshots.unforget(&ids)?;
        let why = || vec!["pinned".to_owned()];
        self.kept.extend(pinned.into_iter().map(|one| (one, why())));
        Ok(())
    }
}

fn by_policy(
    snapshots: &[(SnapshotId, Snapshot)],
    venv: Option<&VenvId>,
    (pinned, now): (&BTreeSet<SnapshotId>, Timestamp),
    options: &ForgetOptions,
    outcome: &mut ForgetOutcome,
) {
    let mut groups: BTreeMap<(String, std::path::PathBuf), Vec<(SnapshotId, Snapshot)>> =
        BTreeMap::new();
    for (id, snapshot) in snapshots {
        if venv.is_none_or(|venv| snapshot.venv == *venv) {
            let key = (snapshot.venv.host.clone(), snapshot.venv.path());
            groups.entry(key).or_default().push((*id, snapshot.clone()));
        }
    }
    for group in groups.into_values() {
        let mut reasons = options.policy.reasons(&group, pinned, (&options.zone, now));
        for (id, snapshot) in group {
            let chosen = Chosen { id, snapshot };
            match reasons.remove(&id) {
                Some(why) => outcome.kept.push((chosen, why)),
                None => outcome.forgotten.push(chosen),
            }
        }
    }
}
