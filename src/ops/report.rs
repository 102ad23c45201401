//! `report`: one incident as a whole: what was found, what probably did it, what was restored, and what happened around
//! it.

use jiff::Timestamp;

use super::chosen::Chosen;
use super::context::Context;
use super::error::Error;
use super::list::document;
use super::log::{Entry, log};
use crate::model::{
    Class, Deed, Exchange, IncidentReport, Purpose, Seen, Snapshot, SnapshotRef, VenvId,
};
use crate::tree::Site;

/// One incident.
#[derive(Debug)]
pub struct ReportOutcome {
    /// The state that was replaced.
    pub incident: Chosen,
    /// What was restored in its place; none where that snapshot is gone.
    pub restored: Option<Chosen>,
    /// Whether that is newer than what the venv was brought to last before.
    pub newer: bool,
    /// What was found.
    pub found: IncidentReport,
    /// How long the restore took, in milliseconds, where the log still knows.
    pub took_ms: Option<u64>,
    /// What happened to the venv, oldest first.
    pub timeline: Vec<Entry>,
    /// When this was told.
    pub now: Timestamp,
}

impl ReportOutcome {
    /// What the restore came to.
    pub fn deed(&self) -> Deed {
        let classes = self.found.brought().map(|seen| seen.class);
        let exchange = Exchange {
            venv: &self.incident.snapshot.venv,
            restored: self.restored.as_ref().map(|one| &one.snapshot),
            stood: self.incident.holds_a_tree(),
            part: self.found.part.is_some(),
            newer: self.newer,
        };
        Deed::of(classes, &exchange)
    }

    /// Whether there was damage to tell of: it was mended, or it was left as it was.
    pub fn is_incident(&self) -> bool {
        let deed = self.deed();
        let is_left = |seen: &Seen| seen.left && seen.class == Class::Damage;
        deed == Deed::Mended || !deed.was_wanted() && self.found.changes.iter().any(is_left)
    }
}

/// Tells of one incident: the one that is named, else the last of the venv, else the last of all.
pub fn report(
    context: &Context<'_>,
    name: Option<&SnapshotRef>,
    site: Option<&Site>,
) -> Result<ReportOutcome, Error> {
    let store = context.open()?;
    let catalog = store.snapshots.catalog()?;
    let venv = site.map(|site| context.venv_id(site));
    let incident = match (name, &venv) {
        (Some(name), _) => catalog.find_to_read(name, venv.as_ref())?,
        (None, venv) => {
            let mut all = catalog.snapshots.iter().rev();
            let meant = |snapshot: &Snapshot| {
                !snapshot.is_save() && venv.as_ref().is_none_or(|venv| snapshot.venv == *venv)
            };
            let last = all.find(|(_, snapshot)| meant(snapshot)).cloned();
            let none = || Error::NoRestore(venv.as_ref().map(VenvId::path));
            let (id, snapshot) = last.ok_or_else(none)?;
            Chosen { id, snapshot }
        }
    };
    if incident.snapshot.purpose != Purpose::Incident {
        return Err(Error::NotAnIncident(incident.id));
    }
    let of = |id| {
        catalog
            .snapshots
            .iter()
            .find(|(other, _)| *other == id)
            .cloned()
    };
    let first = incident.first(&catalog);
    let found = document(context, &store, &first)?
        .incident
        .unwrap_or_default();
    let restored = incident.snapshot.replaced_by.and_then(of);
    let order = first.snapshot.order();
    let newer = restored
        .as_ref()
        .is_some_and(|(_, one)| catalog.is_newer(one, Some(order)));
    let venv = incident.snapshot.venv.clone();
    let mut timeline = log(context, None)?.entries;
    timeline.retain(|entry| entry.event.venv == venv);
    let own = timeline.iter().find(|entry| {
        entry.event.incident == Some(incident.id) || entry.event.incident == Some(first.id)
    });
    Ok(ReportOutcome {
        took_ms: own.and_then(|entry| entry.event.took_ms),
        restored: restored.map(|(id, snapshot)| Chosen { id, snapshot }),
        newer,
        incident,
        found,
        timeline,
        now: context.now,
    })
}
