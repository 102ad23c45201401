//! What markers of locks are held against: the interpreter that the new venv has, and which groups and extras are
//! taken (PEP 508; PEP 751 adds `extras` and `dependency_groups`).

use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};
use pep508_rs::{MarkerEnvironment, MarkerTree};

use super::entry::Part;
use crate::ops::rebuild::bad_list::{BadEntry, BadList};
use crate::ops::rebuild::maker::Base;

/// An interpreter of this machine.
pub(super) struct Host {
    environment: MarkerEnvironment,
    python: Version,
}

/// Markers that always hold, and never, for what is already known of a part of one.
const ALWAYS: &str = "python_version >= '0'";
const NEVER: &str = "python_version < '0'";

impl Host {
    /// None where the interpreter calls its version something strange.
    pub(super) fn new(base: &Base) -> Option<Self> {
        Some(Self {
            environment: base.environment()?,
            python: Version::from_str(&base.full).ok()?,
        })
    }

    /// Refuses a lock that was made for other versions of Python.
    pub(super) fn refuse_python(&self, wanted: Option<&str>) -> Result<(), BadList> {
        let Some(wanted) = wanted else { return Ok(()) };
        match VersionSpecifiers::from_str(wanted) {
            Ok(specifiers) if !specifiers.contains(&self.python) => Err(BadList::OtherPython {
                wanted: wanted.to_owned(),
                here: self.python.to_string(),
            }),
            // Poetry writes constraints of its own here (`^3.11`), which bind its resolver.
            _ => Ok(()),
        }
    }

    /// Whether a marker holds, by a plain install with some groups; or with every group and extra; or not at all.
    pub(super) fn part(
        &self,
        marker: Option<&str>,
        groups: &[&str],
    ) -> Result<Option<Part>, BadEntry> {
        let Some(marker) = marker else {
            return Ok(Some(Part::Main));
        };
        let known = |is_main: bool| {
            without_sets(marker, |name, is_group| {
                !is_main || (is_group && groups.contains(&name))
            })
        };
        if tree(&known(true))?.evaluate(&self.environment, &[]) {
            return Ok(Some(Part::Main));
        }
        let with_all = tree(&known(false))?.simplify_extras_with(|_| true);
        let holds = with_all.evaluate(&self.environment, &[]);
        Ok(holds.then_some(Part::Optional))
    }
}

fn tree(marker: &str) -> Result<MarkerTree, BadEntry> {
    MarkerTree::from_str(marker).map_err(|_| BadEntry::Marker(marker.to_owned()))
}

/// A marker in which `'x' in extras` and `'x' in dependency_groups` are replaced by what they come to.
fn without_sets(marker: &str, takes: impl Fn(&str, bool) -> bool) -> String {
    let words = words(marker);
    let mut out: Vec<&str> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let rest = &words[at..];
        let (name, is_not, length) = match rest {
            [name, "in", set, ..] if is_set(set) => (name, false, 3),
            [name, "not", "in", set, ..] if is_set(set) => (name, true, 4),
            _ => {
                out.push(words[at]);
                at += 1;
                continue;
            }
        };
        let is_group = rest[length - 1] == "dependency_groups";
        let taken = takes(name.trim_matches(['\'', '"']), is_group);
        out.push(if taken == is_not { NEVER } else { ALWAYS });
        at += length;
    }
    out.join(" ")
}

fn is_set(word: &str) -> bool {
    word == "extras" || word == "dependency_groups"
}

/// The words of a marker: texts in quotes, parentheses, names, operators.
fn words(marker: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = marker.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            '(' | ')' => 1,
            _ => rest
                .find(|c: char| c.is_whitespace() || "()'\"".contains(c))
                .unwrap_or(rest.len()),
        };
        words.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> Host {
        Host::new(&Base {
            path: "/usr/bin/python3".into(),
            version: (3, 11),
            full: "3.11.7".to_owned(),
            implementation: "cpython".to_owned(),
        })
        .unwrap()
    }

    #[test]
    fn markers_hold_for_a_plain_install_or_with_groups_and_extras_or_not_at_all() {
        let part = |marker| host().part(Some(marker), &["default"]).unwrap();
        let cases = [
            ("python_version >= '3.8'", Some(Part::Main)),
            ("sys_platform == 'win32'", None),
            ("extra == 'net'", Some(Part::Optional)),
            ("extra == 'net' and sys_platform == 'win32'", None),
            ("\"default\" in dependency_groups", Some(Part::Main)),
            ("'dev' in dependency_groups", Some(Part::Optional)),
            (
                "('net' in extras or \"dev\" in dependency_groups) and os_name=='posix'",
                Some(Part::Optional),
            ),
            (
                "'dev' in dependency_groups and sys_platform == \"win32\"",
                None,
            ),
            ("'net' not in extras", Some(Part::Main)),
        ];
        for (marker, expected) in cases {
            assert_eq!(part(marker), expected, "{marker}");
        }
        assert!(host().part(Some("sys_platform = win32"), &[]).is_err());
        assert!(host().part(Some("'"), &[]).is_err());
    }
}
