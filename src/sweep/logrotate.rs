//! What logrotate does by itself, by its own settings.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::Machine;
use super::job::{Job, Run, Starter, Work};
use super::removal::Removal;
use super::rotations::{Deed, Rotation, rotations};
use super::script::Start;

/// All jobs of logrotate. It runs itself by one of `others`.
pub(super) fn jobs(machine: &Machine<'_>, others: &[Job]) -> Vec<Job> {
    let paths = ["/etc/logrotate.conf", "/etc/logrotate.d"].map(Path::new);
    let next = next(others);
    let all = rotations(machine, &paths).into_iter();
    all.map(|rotation| job(rotation, next)).collect()
}

/// When logrotate runs next; none where nothing is known to start it.
fn next(others: &[Job]) -> Option<Timestamp> {
    let starts = |job: &&Job| match &job.work {
        Work::Script(text, _) => job.idle.is_none() && text.contains("logrotate"),
        Work::Rule(..) => false,
    };
    others
        .iter()
        .filter(starts)
        .filter_map(|job| job.run.next)
        .min()
}

fn job(rotation: Rotation, next: Option<Timestamp>) -> Job {
    let (path, line) = (rotation.path, rotation.line);
    // What is done once a week or less depends on what it noted when it did so last.
    let is_each_time = matches!(rotation.often.as_str(), "hourly" | "daily");
    Job {
        starter: Starter::Logrotate,
        path: path.clone(),
        line,
        user: Some(rotation.user),
        run: Run {
            schedule: format!("logrotate, {}", rotation.often),
            next: next.filter(|_| is_each_time),
        },
        work: match rotation.deed {
            Deed::Rotates(shown, rotated) => Work::Rule(shown, Removal::Rotated(rotated)),
            Deed::Runs(text) => Work::Script(
                text,
                Start {
                    path,
                    line,
                    cwd: PathBuf::from("/"),
                    ..Start::default()
                },
            ),
        },
        idle: None,
    }
}
