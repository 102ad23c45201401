//! What became of packages between two snapshots, of which only the versions are known.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use pep440_rs::Version;

use crate::model::{Package, PackageChange, PackageState};
use crate::python::dist::normalized;

/// What became of packages, told from their versions alone.
pub(crate) fn versions(before: &[Package], after: &[Package]) -> Vec<PackageChange> {
    let by_name = |packages: &[Package]| -> BTreeMap<String, String> {
        let pair = |package: &Package| (normalized(&package.name), package.version.clone());
        packages.iter().map(pair).collect()
    };
    let (before, after) = (by_name(before), by_name(after));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let change = |name: &String| {
        let (expected, actual) = (before.get(name).cloned(), after.get(name).cloned());
        let state = match (&expected, &actual) {
            (Some(old), Some(new)) if old == new => return None,
            (Some(_), Some(_)) => direction(expected.as_deref(), actual.as_deref()),
            (Some(_), None) => PackageState::Removed,
            _ => PackageState::Added,
        };
        Some(PackageChange {
            name: name.clone(),
            expected,
            actual,
            state,
            damaged: 0,
        })
    };
    names.into_iter().filter_map(change).collect()
}

/// Which way a version went.
pub(super) fn direction(expected: Option<&str>, actual: Option<&str>) -> PackageState {
    let parse = |text: Option<&str>| text.and_then(|text| Version::from_str(text).ok());
    match (parse(expected), parse(actual)) {
        (Some(old), Some(new)) if new < old => PackageState::Downgraded,
        (Some(old), Some(new)) if new == old => PackageState::Reinstalled,
        _ => PackageState::Upgraded,
    }
}
