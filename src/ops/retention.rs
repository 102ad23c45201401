//! Retention: which snapshots of a venv stay, and why. Pure: snapshots in, reasons out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ZonedDateTime};

use crate::model::{Label, Snapshot, SnapshotId};

/// Which saves to keep. Rules add up: what any of them keeps stays.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// The newest saves.
    pub last: u32,
    /// The newest save of each of the newest hours that have one.
    pub hourly: u32,
    /// The same for days.
    pub daily: u32,
    /// The same for weeks, which begin on Monday.
    pub weekly: u32,
    /// The same for months.
    pub monthly: u32,
    /// The same for years.
    pub yearly: u32,
    /// All that are not older than this, counted from the newest snapshot of the venv.
    pub within: Option<Span>,
    /// All that carry one of these labels.
    pub labels: Vec<Label>,
}

impl Policy {
    /// Whether it keeps nothing, which nobody means.
    pub fn is_empty(&self) -> bool {
        let counts = [
            self.last,
            self.hourly,
            self.daily,
            self.weekly,
            self.monthly,
            self.yearly,
        ];
        counts == [0; 6] && self.within.is_none() && self.labels.is_empty()
    }

    /// Why each snapshot of one venv stays; those without a reason may be forgotten. `snapshots` are sorted from oldest to
    /// newest. Calendar times are those of `zone`.
    pub(super) fn reasons(
        &self,
        snapshots: &[(SnapshotId, Snapshot)],
        pinned: &BTreeSet<SnapshotId>,
        zone: &TimeZone,
    ) -> BTreeMap<SnapshotId, Vec<String>> {
        let mut reasons: BTreeMap<SnapshotId, Vec<String>> = BTreeMap::new();
        let mut keep = |id: SnapshotId, why: String| reasons.entry(id).or_default().push(why);
        let saves: Vec<_> = snapshots
            .iter()
            .rev()
            .filter(|(_, snapshot)| snapshot.is_save())
            .collect();
        for (id, _) in snapshots.iter().filter(|(id, _)| pinned.contains(id)) {
            keep(*id, "pinned".to_owned());
        }
        if let Some((id, _)) = saves.iter().find(|(_, snapshot)| snapshot.baseline) {
            keep(*id, "newest baseline".to_owned());
        }
        for id in last_incident(snapshots) {
            keep(id, "what the last restore replaced".to_owned());
        }
        for (id, _) in saves.iter().take(self.last as usize) {
            keep(*id, "last".to_owned());
        }
        for (name, count, period) in self.periods() {
            let mut seen = BTreeSet::new();
            for (id, snapshot) in &saves {
                let key = period(&snapshot.created.to_zoned_datetime(zone.clone()));
                if seen.len() < count as usize && seen.insert(key) {
                    keep(*id, name.to_owned());
                }
            }
        }
        if let Some(since) = self.since(snapshots, zone) {
            for (id, _) in snapshots.iter().filter(|(_, one)| one.created >= since) {
                keep(*id, "within".to_owned());
            }
        }
        for (id, snapshot) in &saves {
            if let Some(label) = snapshot.label.as_ref().filter(|l| self.labels.contains(l)) {
                keep(*id, format!("label {}", label.as_str()));
            }
        }
        reasons
    }

    #[expect(clippy::type_complexity, reason = "a table of rules")]
    fn periods(&self) -> [(&'static str, u32, fn(&ZonedDateTime) -> (i32, i32, i32)); 5] {
        [
            ("hourly", self.hourly, |at| {
                let day = i32::from(at.day_of_year());
                // With the offset, since the hour that a clock is put back by comes twice.
                let hour = i32::from(at.hour()) * 100_000 + at.offset().seconds();
                (i32::from(at.year()), day, hour)
            }),
            ("daily", self.daily, |at| {
                (i32::from(at.year()), i32::from(at.day_of_year()), 0)
            }),
            ("weekly", self.weekly, |at| {
                let week = at.date().iso_week_date();
                (i32::from(week.year()), i32::from(week.week()), 0)
            }),
            ("monthly", self.monthly, |at| {
                (i32::from(at.year()), i32::from(at.month()), 0)
            }),
            ("yearly", self.yearly, |at| (i32::from(at.year()), 0, 0)),
        ]
    }

    fn since(&self, snapshots: &[(SnapshotId, Snapshot)], zone: &TimeZone) -> Option<Timestamp> {
        let newest = snapshots.last()?.1.created.to_zoned_datetime(zone.clone());
        let since = newest.checked_sub(self.within?);
        Some(since.map_or(Timestamp::MIN, |since| since.timestamp()))
    }
}

/// The incident snapshot of the last restore, with those that complete it.
fn last_incident(snapshots: &[(SnapshotId, Snapshot)]) -> Vec<SnapshotId> {
    let mut incidents = snapshots.iter().rev().filter(|(_, one)| !one.is_save());
    let Some((newest, snapshot)) = incidents.next() else {
        return Vec::new();
    };
    let first = snapshot.completes.unwrap_or(*newest);
    let belongs =
        |(id, one): &&(SnapshotId, Snapshot)| *id == first || one.completes == Some(first);
    let all = snapshots.iter().filter(belongs);
    all.map(|(id, _)| *id)
        .chain([*newest])
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}
