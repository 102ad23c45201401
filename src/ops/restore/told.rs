//! What a restore leaves to be known: a line of the log.

use super::Run;
use crate::disk::file_system::FileSystem;
use crate::model::{Change, Class, LeftOut, SnapshotId};
use crate::ops::log::{Event, record};
use crate::tree::Site;

impl Run<'_> {
    /// Writes into the log what was done. Without `changes` nothing stood there that could differ.
    pub(super) fn note(
        &self,
        place: &Site,
        changes: Option<&[Change]>,
        incident: Option<SnapshotId>,
        left_out: &[LeftOut],
    ) {
        let Some(verb) = self.verb else {
            return;
        };
        let differing = |changes: &[Change]| {
            let changes = changes.iter();
            changes.filter(|one| one.class != Class::Noise).count() as u64
        };
        let lacks = left_out.iter().map(|left| &left.lack);
        let lacks = lacks.filter(|lack| lack.is_of_place());
        let event = Event {
            time: self.context.now,
            verb: verb.to_owned(),
            venv: self.context.venv_id(place),
            snapshot: self.chosen.id,
            incident,
            label: None,
            changed: changes.map(differing),
            took_ms: Some(self.start.elapsed().as_millis() as u64),
            lacks: lacks.cloned().collect(),
            file_system: place
                .open()
                .ok()
                .and_then(|root| FileSystem::of(&root).ok()),
            proved: None,
        };
        record(self.store, &event, self.context.monitor);
    }
}
