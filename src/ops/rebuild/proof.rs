//! Which packages of the live venv are taken over: those that are proved, in the version that belongs there.

use std::str::FromStr;

use pep440_rs::Version;

use super::live::Live;
use super::maker::Base;
use super::wanted_package::Wanted;
use crate::model::RelPath;

/// The files of a package of the live venv, where they are all proved and of the version that belongs there.
pub(super) fn proved(
    live: Option<&Live>,
    base: &Base,
    name: &str,
    wanted: &Wanted,
) -> Result<Vec<RelPath>, &'static str> {
    let live = live.ok_or("it is gone")?;
    let dist = live.dists.named(name).ok_or("it is gone")?;
    let version = &wanted.package.version;
    match &wanted.locked {
        Some(locked) => {
            let mut same = live.installed().filter(|(one, _)| one.name == dist.name);
            if !same.any(|(_, package)| locked.origin.is_of(package)) {
                return Err("it came from elsewhere than the lock says");
            }
            if !version.is_empty() && !is_version(&dist.version, version) {
                return Err("another version of it is there");
            }
        }
        None if wanted.is_pin && takes(version, &dist.version) => {}
        None if !is_version(&dist.version, version) => {
            return Err("another version of it is there");
        }
        None => {}
    }
    if live.made.minor().is_some_and(|minor| minor != base.version) {
        return Err("it was installed for another version of Python");
    }
    live.proved(dist)
}

/// Whether a version that was asked for takes one that is there: one without a local part takes each with one, as pins
/// do (packaging.python.org, "Version specifiers").
fn takes(asked: &str, there: &str) -> bool {
    let parse = |text| Version::from_str(text).ok();
    is_version(asked, there)
        || matches!((parse(asked), parse(there)), (Some(asked), Some(there))
            if !asked.is_local() && there.is_local() && asked == there.clone().without_local())
}

/// Whether two texts are one version: locks write them in the normal form (packaging.python.org, "Version specifiers").
pub(super) fn is_version(one: &str, other: &str) -> bool {
    let parse = |text| Version::from_str(text);
    one == other || matches!((parse(one), parse(other)), (Ok(one), Ok(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_takes_a_version_in_each_spelling_and_with_a_local_part() {
        for (asked, there, is_taken) in [
            ("1", "1.0", true),
            ("1.0", "1", true),
            ("1.0rc1", "1.0.RC1", true),
            ("2.1", "2.1+cpu", true),
            ("2.1+cpu", "2.1", false),
            ("2.1+cpu", "2.1+gpu", false),
            ("1", "1.0.1", false),
            ("1", "1.0.dev1", false),
            ("", "1", false),
        ] {
            assert_eq!(takes(asked, there), is_taken, "{asked} {there}");
        }
    }
}
