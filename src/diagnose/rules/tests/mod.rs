//! Each cause makes its own rule speak, and no other.

mod damaged;
mod gone;
mod install;
mod near;
mod silence;
mod venv;

use super::diagnose;
use crate::diagnose::case::{Case, Expected};
use crate::model::Diagnosis;
use venv::site;

/// Whether a file's name is this, or ends so where it begins with a star.
fn named(pattern: &str) -> impl Fn(&Expected) -> bool {
    move |file| match pattern.strip_prefix('*') {
        Some(end) => file.path.name().ends_with(end.as_bytes()),
        None => file.path.name() == pattern.as_bytes(),
    }
}

/// Whether a file is one of a package's own, at least so far in its order.
fn among(package: &str, from: usize, to: usize) -> impl Fn(&Expected) -> bool {
    let names: Vec<_> = (from..to)
        .map(|n| site(&format!("{package}/m{n:02}.py")))
        .collect();
    move |file| names.contains(&file.path)
}

/// The names of the rules that speak.
fn rules(case: &Case) -> Vec<String> {
    diagnose(case).into_iter().map(|found| found.rule).collect()
}

/// The one finding.
#[track_caller]
fn only(case: &Case, rule: &str) -> Diagnosis {
    let mut found = diagnose(case);
    assert_eq!(rules(case), [rule], "{found:#?}");
    found.remove(0)
}
