//! Retention: which snapshots of a venv stay, and why. Pure: snapshots in, reasons out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ZonedDateTime};

use super::dates::contradicted;
use crate::model::{Label, Snapshot, SnapshotId};

/// Which saves to keep. Rules add up: what any of them keeps stays.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// So many of the newest saves.
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

const PINNED: &str = "pinned";
const BASELINE: &str = "newest baseline";
const INCIDENT: &str = "what the last restore replaced";
/// A rule that goes by dates cannot judge a date that the other snapshots contradict, so such a snapshot stays.
const UNDATED: &str = "its date is contradicted";
/// Why a snapshot stays whatever the policy says.
const PROTECTED: [&str; 3] = [PINNED, BASELINE, INCIDENT];

impl Policy {
    /// Whether one of the reasons for which a snapshot stays is a rule of the policy.
    pub(super) fn is_rule(reasons: &[String]) -> bool {
        reasons.iter().any(|why| !PROTECTED.contains(&why.as_str()))
    }

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

    /// Why each snapshot of one venv stays; those without a reason may be forgotten. `snapshots` are sorted from oldest
    /// to newest. Calendar times are those of `zone`; no date is believed that comes after `now`.
    pub(super) fn reasons(
        &self,
        snapshots: &[(SnapshotId, Snapshot)],
        pinned: &BTreeSet<SnapshotId>,
        (zone, now): (&TimeZone, Timestamp),
    ) -> BTreeMap<SnapshotId, Vec<String>> {
        let mut reasons: BTreeMap<SnapshotId, Vec<String>> = BTreeMap::new();
        let mut keep = |id: SnapshotId, why: String| reasons.entry(id).or_default().push(why);
        let saves: Vec<_> = snapshots
            .iter()
            .rev()
            .filter(|(_, snapshot)| snapshot.is_save())
            .collect();
        for (id, _) in snapshots.iter().filter(|(id, _)| pinned.contains(id)) {
            keep(*id, PINNED.to_owned());
        }
        if let Some((id, _)) = saves.iter().find(|(_, snapshot)| snapshot.baseline) {
            keep(*id, BASELINE.to_owned());
        }
        for id in last_incident(snapshots) {
            keep(id, INCIDENT.to_owned());
        }
        for (id, _) in saves.iter().take(self.last as usize) {
            keep(*id, "last".to_owned());
        }
        let undated = undated(snapshots, now);
        let dated = |id: &SnapshotId| !undated.contains(id);
        if self.by_date() {
            for id in &undated {
                keep(*id, UNDATED.to_owned());
            }
        }
        for (name, count, period) in self.periods() {
            let mut seen = BTreeSet::new();
            for (id, snapshot) in saves.iter().filter(|(id, _)| dated(id)) {
                let key = period(&snapshot.created.to_zoned_datetime(zone.clone()));
                if seen.len() < count as usize && seen.insert(key) {
                    keep(*id, name.to_owned());
                }
            }
        }
        let mut rightly = snapshots.iter().filter(|(id, _)| dated(id));
        let newest = rightly.clone().next_back();
        if let Some(since) = newest.and_then(|(_, newest)| self.since(newest, zone)) {
            for (id, _) in rightly.by_ref().filter(|(_, one)| one.created >= since) {
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

    /// Whether any rule goes by dates.
    fn by_date(&self) -> bool {
        self.within.is_some() || self.periods().iter().any(|(_, count, _)| *count > 0)
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

    fn since(&self, newest: &Snapshot, zone: &TimeZone) -> Option<Timestamp> {
        let newest = newest.created.to_zoned_datetime(zone.clone());
        let since = newest.checked_sub(self.within?);
        Some(since.map_or(Timestamp::MIN, |since| since.timestamp()))
    }
}

/// The snapshots whose dates cannot be believed, since those of the others, or the clock of now, say otherwise.
fn undated(snapshots: &[(SnapshotId, Snapshot)], now: Timestamp) -> BTreeSet<SnapshotId> {
    let dates: Vec<Timestamp> = snapshots.iter().map(|(_, one)| one.created).collect();
    let contradicted = contradicted(&dates, now);
    let wrong = snapshots.iter().zip(contradicted);
    wrong
        .filter_map(|((id, _), wrong)| wrong.then_some(*id))
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, Purpose, Totals, VenvId};

    /// A snapshot of that time, whose number is its name.
    fn at(number: u8, time: &str, purpose: Purpose) -> (SnapshotId, Snapshot) {
        let zero = Digest::from_bytes([0; 32]);
        let snapshot = Snapshot {
            format: 1,
            features: Vec::new(),
            purpose,
            venv: VenvId::default(),
            created: time.parse().unwrap(),
            order: None,
            parent: None,
            label: None,
            role: None,
            host_name: None,
            note: None,
            baseline: purpose == Purpose::Save,
            root: zero,
            totals: Totals::default(),
            document: None,
            damage: 0,
            notices: 0,
            unreadable: Vec::new(),
            unstable: Vec::new(),
            replaced_by: None,
            completes: None,
            writer: String::new(),
        };
        (SnapshotId(Digest::from_bytes([number; 32])), snapshot)
    }

    fn saves(times: &[&str]) -> Vec<(SnapshotId, Snapshot)> {
        (1..)
            .zip(times)
            .map(|(number, time)| at(number, time, Purpose::Save))
            .collect()
    }

    fn kept(policy: &Policy, snapshots: &[(SnapshotId, Snapshot)]) -> Vec<u8> {
        let reasons = policy.reasons(
            snapshots,
            &BTreeSet::new(),
            (&TimeZone::UTC, Timestamp::MAX),
        );
        reasons.keys().map(|id| id.0.as_bytes()[0]).collect()
    }

    #[test]
    fn of_each_day_the_newest_stays_and_a_day_without_saves_counts_for_nothing() {
        let list = saves(&[
            "2026-01-01T10:00:00Z",
            "2026-01-05T10:00:00Z",
            "2026-01-05T11:00:00Z",
            "2026-01-09T10:00:00Z",
        ]);
        let policy = Policy {
            daily: 2,
            ..Policy::default()
        };
        assert_eq!(kept(&policy, &list), [3, 4]);
        let policy = Policy {
            daily: 9,
            ..Policy::default()
        };
        assert_eq!(kept(&policy, &list), [1, 3, 4]);
    }

    #[test]
    fn weeks_begin_on_monday_and_cross_the_year() {
        // Monday 2025-12-29 and Sunday 2026-01-04 are one week, Monday the 5th is the next.
        let list = saves(&[
            "2025-12-29T00:00:00Z",
            "2026-01-04T23:00:00Z",
            "2026-01-05T00:00:00Z",
        ]);
        let policy = Policy {
            weekly: 5,
            ..Policy::default()
        };
        assert_eq!(kept(&policy, &list), [2, 3]);
        let policy = Policy {
            yearly: 5,
            ..Policy::default()
        };
        assert_eq!(kept(&policy, &list), [1, 3]);
        let policy = Policy {
            monthly: 5,
            ..Policy::default()
        };
        assert_eq!(kept(&policy, &list), [1, 3]);
    }

    #[test]
    fn the_hour_that_comes_twice_is_two_hours() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let list = saves(&["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"]);
        let policy = Policy {
            hourly: 5,
            ..Policy::default()
        };
        assert_eq!(
            policy
                .reasons(&list, &BTreeSet::new(), (&zone, Timestamp::MAX))
                .len(),
            2
        );
    }

    #[test]
    fn within_counts_from_the_newest_snapshot_of_the_venv() {
        let list = saves(&[
            "2020-01-01T00:00:00Z",
            "2020-03-01T00:00:00Z",
            "2020-03-20T00:00:00Z",
        ]);
        let within = Some("1mo".parse().unwrap());
        let policy = Policy {
            within,
            ..Policy::default()
        };
        assert_eq!(kept(&policy, &list), [2, 3]);
    }

    #[test]
    fn a_date_that_the_next_save_contradicts_drops_no_day_and_is_kept() {
        // The clock stood ten years ahead for one save, and far behind for another.
        let list = saves(&[
            "2026-01-01T10:00:00Z",
            "2026-01-02T10:00:00Z",
            "2036-01-03T10:00:00Z",
            "2026-01-03T11:00:00Z",
            "2016-01-01T00:00:00Z",
            "2026-01-04T10:00:00Z",
            "2026-01-04T11:00:00Z",
        ]);
        let policy = Policy {
            daily: 7,
            ..Policy::default()
        };
        assert_eq!(kept(&policy, &list), [1, 2, 3, 4, 5, 7]);
        let within = Some("2d".parse().unwrap());
        let policy = Policy {
            within,
            ..Policy::default()
        };
        assert_eq!(kept(&policy, &list), [1, 2, 3, 4, 5, 6, 7]);
        // Rules that ask for no date are not concerned.
        let policy = Policy {
            last: 1,
            ..Policy::default()
        };
        assert_eq!(kept(&policy, &list), [7]);
    }

    /// Two saves ahead of time and one after them: the longest run of dates was believed, and dropped the first day.
    #[test]
    fn several_saves_ahead_of_time_drop_no_day_however_few_come_after_them() {
        let ahead = ["2036-10-03T10:00:00Z", "2036-10-04T10:00:00Z"];
        for count in 1..=2 {
            let mut times = vec!["2026-10-01T10:00:00Z"];
            times.extend(&ahead[..count]);
            times.push("2026-10-06T10:00:00Z");
            let list = saves(&times);
            let all: Vec<u8> = (1..=list.len() as u8).collect();
            let daily = |daily| Policy {
                daily,
                ..Policy::default()
            };
            assert_eq!(kept(&daily(2), &list), all, "{count}");
            assert_eq!(kept(&daily(1), &list), all[1..], "{count}");
            let within = Policy {
                within: Some("7d".parse().unwrap()),
                ..Policy::default()
            };
            assert_eq!(kept(&within, &list), all, "{count}");
        }
    }

    #[test]
    fn newest_baseline_pins_and_the_last_incident_stay_whatever_the_policy() {
        let mut list = saves(&[
            "2026-01-01T00:00:00Z",
            "2026-01-02T00:00:00Z",
            "2026-01-03T00:00:00Z",
        ]);
        list[2].1.baseline = false;
        list.push(at(4, "2026-01-04T00:00:00Z", Purpose::Incident));
        list.push(at(5, "2026-01-05T00:00:00Z", Purpose::Incident));
        let mut late = at(6, "2026-01-06T00:00:00Z", Purpose::Incident);
        late.1.completes = Some(list[4].0);
        list.push(late);
        let pinned = BTreeSet::from([list[0].0]);
        let reasons = Policy::default().reasons(&list, &pinned, (&TimeZone::UTC, Timestamp::MAX));
        let kept: Vec<u8> = reasons.keys().map(|id| id.0.as_bytes()[0]).collect();
        assert_eq!(kept, [1, 2, 5, 6]);
    }

    #[test]
    fn a_label_protects_only_where_the_policy_names_it() {
        let mut list = saves(&["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"]);
        let label = Label::new("v1").unwrap();
        list[0].1.label = Some(label.clone());
        let unnamed = Policy {
            last: 1,
            ..Policy::default()
        };
        assert_eq!(kept(&unnamed, &list), [2]);
        let named = Policy {
            labels: vec![label],
            ..Policy::default()
        };
        assert_eq!(kept(&named, &list), [1, 2]);
    }
}
