//! What a guard of this host knows, as metrics: few labels, base units, times as seconds since 1970.

use jiff::Timestamp;

use super::{MetricKind, Metrics};
use crate::watch::{Memory, Moment, State, Totals, Track};

/// A round of a guard.
#[derive(Clone, Copy, Debug)]
pub struct Round<'a> {
    /// The venvs by their paths, with what is remembered of each.
    pub venvs: &'a [(String, &'a Memory)],
    /// Alerts that did not arrive yet.
    pub waiting: usize,
    /// Now, by the clock of the guard.
    pub moment: Moment,
    /// Now, by the clock of people.
    pub now: Timestamp,
    /// The version of the program.
    pub version: &'a str,
}

/// What a guard knows, as metrics.
pub fn guard(round: &Round<'_>) -> Metrics {
    use MetricKind::{Counter, Gauge};
    let mut all = Metrics::default();
    all.family("snap_build_info", Gauge, "The program that wrote this.")
        .sample(&[("version", round.version)], 1.0);
    all.family(
        "snap_watch_last_round_timestamp_seconds",
        Gauge,
        "When the guard last wrote these figures.",
    )
    .sample(&[], round.now.as_second() as f64);
    all.family(
        "snap_watch_alerts_waiting",
        Gauge,
        "Alerts that did not arrive yet.",
    )
    .sample(&[], round.waiting as f64);
    let mut state = all.family(
        "snap_watch_state",
        Gauge,
        "1 for the state that the files, the service or the imports of a venv are in, 0 for the others.",
    );
    for (venv, memory) in round.venvs {
        for (subject, track) in subjects(memory) {
            let Some(now) = track.state else {
                continue;
            };
            for one in State::ALL {
                let labels = [
                    ("venv", venv.as_str()),
                    ("subject", subject),
                    ("state", one.as_str()),
                ];
                state.sample(&labels, f64::from(u8::from(one == now)));
            }
        }
    }
    let mut looked = all.family(
        "snap_watch_last_look_timestamp_seconds",
        Gauge,
        "When a look at a venv last told something.",
    );
    for (venv, memory) in round.venvs {
        if let Some(then) = memory.looked {
            let age = round.moment.since(then).as_secs_f64();
            looked.sample(&[("venv", venv)], round.now.as_second() as f64 - age);
        }
    }
    for (name, help, value) in COUNTERS {
        let mut family = all.family(name, Counter, help);
        for (venv, memory) in round.venvs {
            family.sample(&[("venv", venv)], value(&memory.totals) as f64);
        }
    }
    all
}

/// What a guard judges of a venv, by the words that alerts use.
fn subjects(memory: &Memory) -> [(&'static str, &Track); 3] {
    [
        ("integrity", &memory.tree),
        ("service", &memory.service),
        ("imports", &memory.imports),
    ]
}

/// Name, help and value of what is counted.
type Count = (&'static str, &'static str, fn(&Totals) -> u64);

const COUNTERS: [Count; 7] = [
    (
        "snap_watch_looks_total",
        "Looks that told something.",
        |t| t.looks,
    ),
    (
        "snap_watch_looks_failed_total",
        "Looks that could not tell anything.",
        |t| t.looks_failed,
    ),
    ("snap_watch_heals_total", "Heals that mended.", |t| t.heals),
    (
        "snap_watch_heals_failed_total",
        "Heals that did not mend.",
        |t| t.heals_failed,
    ),
    (
        "snap_watch_restarts_total",
        "Restarts of the service.",
        |t| t.restarts,
    ),
    (
        "snap_watch_saves_total",
        "Baselines that were saved.",
        |t| t.saves,
    ),
    ("snap_watch_alerts_total", "Announcements.", |t| t.news),
];
