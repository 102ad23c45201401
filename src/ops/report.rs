//! `report`: one incident as a whole: what was found, what probably did it, what was restored, and what happened around it.

use jiff::Timestamp;

use super::context::Context;
use super::error::Error;
use super::list::document;
use super::log::{Entry, log};
use super::lookup::Chosen;
use crate::model::{IncidentReport, Purpose, SnapshotRef};
use crate::venv::Site;

/// One incident.
#[derive(Debug)]
pub struct ReportOutcome {
    /// The state that was replaced.
    pub incident: Chosen,
    /// What was restored in its place; none where that snapshot is gone.
    pub restored: Option<Chosen>,
    /// What was found.
    pub found: IncidentReport,
    /// How long the restore took, in milliseconds, where the log still knows.
    pub took_ms: Option<u64>,
    /// What happened to the venv, oldest first.
    pub timeline: Vec<Entry>,
    /// When this was told.
    pub now: Timestamp,
}

/// Tells of one incident: the one that is named, else the last of the venv.
pub fn report(
    context: &Context<'_>,
    name: Option<&SnapshotRef>,
    site: Option<&Site>,
) -> Result<ReportOutcome, Error> {
    let store = context.open()?;
    let catalog = store.catalog()?;
    let venv = site.map(|site| context.venv_id(site));
    let incident = match (name, &venv) {
        (Some(name), _) => catalog.find(name, venv.as_ref())?,
        (None, Some(venv)) => {
            let last = catalog
                .of(venv)
                .rev()
                .find(|(_, snapshot)| !snapshot.is_save());
            let (id, snapshot) = last
                .cloned()
                .ok_or_else(|| Error::NothingToUndo(venv.path()))?;
            Chosen { id, snapshot }
        }
        (None, None) => return Err(Error::Refused("the incident of which venv?".to_owned())),
    };
    if incident.snapshot.purpose != Purpose::Incident {
        return Err(Error::Refused(format!(
            "{} is no incident snapshot: nothing was restored in its place",
            incident.id
        )));
    }
    // Late changes are added by a second snapshot; what was found stands in the first.
    let of = |id| {
        catalog
            .snapshots
            .iter()
            .find(|(other, _)| *other == id)
            .cloned()
    };
    let first = incident.snapshot.completes.and_then(of);
    let first = first.map_or_else(
        || incident.clone(),
        |(id, snapshot)| Chosen { id, snapshot },
    );
    let found = document(context, &store, &first)?
        .incident
        .unwrap_or_default();
    let restored = incident.snapshot.replaced_by.and_then(of);
    let venv = incident.snapshot.venv.clone();
    let mut timeline = log(context, None)?.entries;
    timeline.retain(|entry| entry.event.venv == venv);
    let own = timeline.iter().find(|entry| {
        entry.event.incident == Some(incident.id) || entry.event.incident == Some(first.id)
    });
    Ok(ReportOutcome {
        took_ms: own.and_then(|entry| entry.event.took_ms),
        restored: restored.map(|(id, snapshot)| Chosen { id, snapshot }),
        incident,
        found,
        timeline,
        now: context.now,
    })
}
