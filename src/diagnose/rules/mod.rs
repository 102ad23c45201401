//! The rules: each looks at a case and names one cause, or stays silent. A rule that does not fit says nothing.

mod age_reaper;
mod bad_wheel;
mod core_dump_cleaner;
mod empty_file_cleaner;
mod hard_links;
mod ignore_excludes;
mod interpreter_changed;
mod interrupted_pip;
mod local_patch;
mod permissions;
mod power_loss;
mod rsync_excludes;
mod short_copy;
mod timing;

use super::case::{Case, Hurt};
use crate::model::{Diagnosis, Kind, RelPath};

/// Below this share of the damage a cause is a guess, and guesses are kept back.
const PRECISION_MIN: f64 = 0.9;
/// How many survivors are named.
const SURVIVORS_MAX: usize = 20;

type Rule = fn(&Case) -> Option<Diagnosis>;

const RULES: [Rule; 13] = [
    age_reaper::rule,
    bad_wheel::rule,
    core_dump_cleaner::rule,
    empty_file_cleaner::rule,
    hard_links::rule,
    ignore_excludes::rule,
    interpreter_changed::rule,
    interrupted_pip::rule,
    local_patch::rule,
    permissions::rule,
    power_loss::rule,
    rsync_excludes::rule,
    short_copy::rule,
];

/// What probably did it: the cause that explains most first.
pub(crate) fn diagnose(case: &Case) -> Vec<Diagnosis> {
    let mut found: Vec<Diagnosis> = RULES.iter().filter_map(|rule| rule(case)).collect();
    found.sort_by(|a, b| {
        b.explains
            .cmp(&a.explains)
            .then_with(|| a.rule.cmp(&b.rule))
    });
    found
}

/// How well a pattern explains what is missing.
struct Fit<'a> {
    matched: Vec<&'a Hurt>,
    precision: f64,
    recall: f64,
    survivors: Vec<RelPath>,
}

/// Weighs a pattern of paths against the missing files: precision over what is missing, recall over what should be there.
fn weigh<'a>(case: &'a Case, hits: impl Fn(&RelPath, Option<u64>) -> bool) -> Option<Fit<'a>> {
    let missing = of_kinds(case, &[Kind::Missing]);
    let matched: Vec<&Hurt> = missing
        .iter()
        .copied()
        .filter(|hurt| hits(&hurt.path, hurt.expected_size))
        .collect();
    if matched.is_empty() {
        return None;
    }
    let precision = share(matched.len(), missing.len());
    let gone: std::collections::HashSet<&RelPath> = matched.iter().map(|hurt| &hurt.path).collect();
    let (hit, mut survivors) = (case.expected.iter(), Vec::new());
    let mut would = 0;
    for file in hit.filter(|file| hits(&file.path, file.size)) {
        would += 1;
        if !gone.contains(&file.path) {
            survivors.push(file.path.clone());
        }
    }
    (precision >= PRECISION_MIN).then(|| Fit {
        precision,
        recall: share(matched.len(), would.max(matched.len())),
        matched,
        survivors,
    })
}

impl Fit<'_> {
    fn told(mut self, rule: &str, text: String) -> Diagnosis {
        self.survivors.truncate(SURVIVORS_MAX);
        Diagnosis {
            rule: rule.to_owned(),
            text,
            explains: self.matched.len(),
            precision: self.precision,
            recall: self.recall,
            survivors: self.survivors,
        }
    }
}

/// The damage of some kinds.
fn of_kinds<'a>(case: &'a Case, kinds: &[Kind]) -> Vec<&'a Hurt> {
    let hurts = case.hurts.iter();
    hurts.filter(|hurt| kinds.contains(&hurt.kind)).collect()
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// `1 file is`, `3 files are`.
fn files_are(count: usize) -> String {
    if count == 1 {
        "1 file is".to_owned()
    } else {
        format!("{count} files are")
    }
}

/// A diagnosis without survivors.
fn told(rule: &str, text: String, explains: usize, precision: f64, recall: f64) -> Diagnosis {
    Diagnosis {
        rule: rule.to_owned(),
        text,
        explains,
        precision,
        recall,
        survivors: Vec::new(),
    }
}
