//! What `status` found, as metrics: few labels, base units, times as seconds since 1970.

use super::{MetricKind, Metrics};
use crate::ops::{Health, StatusOutcome, VenvStatus};

/// How all venvs stand, as metrics. `version` is that of the program.
pub fn status(outcome: &StatusOutcome, version: &str) -> Metrics {
    use MetricKind::Gauge;
    let mut all = Metrics::default();
    all.family("snap_build_info", Gauge, "The program that wrote this.")
        .sample(&[("version", version)], 1.0);
    let mut state = all.family(
        "snap_venv_state",
        Gauge,
        "1 for the state that a venv is in, 0 for the others.",
    );
    for one in &outcome.venvs {
        let venv = one.venv.to_string_lossy();
        for health in Health::ALL {
            let value = f64::from(u8::from(one.health == health));
            state.sample(&[("venv", &venv), ("state", health.as_str())], value);
        }
    }
    for (name, help, value) in FAMILIES {
        let mut family = all.family(name, Gauge, help);
        for one in &outcome.venvs {
            if let Some(value) = value(one) {
                family.sample(&[("venv", &one.venv.to_string_lossy())], value);
            }
        }
    }
    all.family("snap_store_size_bytes", Gauge, "What the store takes.")
        .sample(&[], outcome.store_bytes as f64);
    if let Some(free) = outcome.free_bytes {
        all.family(
            "snap_store_free_bytes",
            Gauge,
            "What is free where the store lies.",
        )
        .sample(&[], free as f64);
    }
    all.family(
        "snap_status_duration_seconds",
        Gauge,
        "How long the last look at all venvs took.",
    )
    .sample(&[], outcome.took.as_secs_f64());
    all.family(
        "snap_status_last_success_timestamp_seconds",
        Gauge,
        "When all venvs were looked at the last time.",
    )
    .sample(&[], outcome.now.as_second() as f64);
    all
}

/// Name, help and value of a metric that a venv has.
type VenvMetric = (&'static str, &'static str, fn(&VenvStatus) -> Option<f64>);

const FAMILIES: [VenvMetric; 9] = [
    (
        "snap_venv_state_since_timestamp_seconds",
        "Since when a venv is known to be in its state.",
        |one| Some(one.since.as_second() as f64),
    ),
    (
        "snap_venv_damaged_entries",
        "Entries of a venv that are damaged.",
        |one| looked(one).then_some(one.damaged as f64),
    ),
    (
        "snap_venv_drifted_packages",
        "Packages of a venv that were upgraded, added or removed since its newest baseline.",
        |one| {
            let moved = one.packages.iter().filter(|package| package.damaged == 0);
            looked(one).then_some(moved.count() as f64)
        },
    ),
    (
        "snap_venv_baseline_timestamp_seconds",
        "When the newest baseline of a venv was saved.",
        |one| Some(one.baseline.as_ref()?.snapshot.created.as_second() as f64),
    ),
    (
        "snap_venv_drill_proved",
        "1 where the last drill of a venv proved that its baseline can be brought back, 0 where it did not.",
        |one| Some(f64::from(u8::from(one.drill?.proved))),
    ),
    (
        "snap_venv_drill_last_success_timestamp_seconds",
        "When a drill proved a baseline of a venv the last time.",
        |one| Some(one.drill?.last_proved?.as_second() as f64),
    ),
    ("snap_venv_files", "Files of a venv.", |one| {
        Some(one.files? as f64)
    }),
    (
        "snap_venv_size_bytes",
        "What the files of a venv take together.",
        |one| Some(one.bytes? as f64),
    ),
    (
        "snap_venv_complete",
        "1 where all of a venv could be looked at.",
        |one| Some(f64::from(u8::from(!one.incomplete))),
    ),
];

/// Whether a venv was compared with its baseline.
fn looked(one: &VenvStatus) -> bool {
    matches!(
        one.health,
        Health::Sound | Health::Drifted | Health::Damaged
    ) && !one.incomplete
}
