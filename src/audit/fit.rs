//! Whether the interpreter is the one that the venv and its packages were made for.

use std::collections::BTreeMap;

use super::Subject;
use crate::model::{Check, Finding, RelPath};
use crate::python::dist::Dist;
use crate::python::interpreter::Facts;
use crate::python::pyvenv::minor;

/// Checks the interpreter itself, the tags of wheels, and the suffixes of extension modules.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let Some(facts) = subject.interpreter else {
        return Vec::new();
    };
    let problems = facts.problems.iter();
    let mut findings: Vec<Finding> = problems
        .map(|problem| Finding::new(Check::Interpreter, problem.clone()))
        .collect();
    let others = facts.names.iter();
    findings.extend(
        others.map(|(path, problem)| Finding::new(Check::Interpreter, problem.clone()).at(path)),
    );
    let Some(version) = minor(&facts.known.version) else {
        return findings;
    };
    for dist in &subject.dists.all {
        if !dist.tags.is_empty() && !dist.tags.iter().any(|tag| fits(tag, version, facts)) {
            let text = format!(
                "it was built for {}, which Python {} on {} cannot use",
                dist.tags.join(", "),
                facts.known.version,
                facts.known.platform
            );
            findings.push(
                Finding::new(Check::Incompatible, text)
                    .in_package(&dist.name)
                    .at(&dist.info),
            );
        }
    }
    findings.extend(extensions(subject, facts));
    findings
}

/// Whether a wheel with this tag can be used (packaging.python.org, "Platform compatibility tags").
fn fits(tag: &str, version: (u32, u32), facts: &Facts) -> bool {
    let parts: Vec<&str> = tag.trim().split('-').collect();
    let [pythons, abis, platforms] = parts[..] else {
        return true;
    };
    let python = pythons.split('.').any(|python| {
        let (kind, digits) =
            python.split_at(python.find(|c: char| c.is_ascii_digit()).unwrap_or(0));
        let at = match digits.split_at_checked(1) {
            Some((major, "")) => (major.parse().unwrap_or(0), None),
            Some((major, minor)) => (major.parse().unwrap_or(0), minor.parse::<u32>().ok()),
            None => return true,
        };
        let older = at.1.is_none_or(|minor| minor <= version.1);
        match kind {
            "py" => at.0 == version.0 && older,
            "cp" if facts.known.implementation == "cpython" => {
                let exact = at.1 == Some(version.1);
                at.0 == version.0
                    && (exact || older && abis.split('.').any(|abi| abi == "abi3" || abi == "none"))
            }
            "cp" => false,
            _ => true,
        }
    });
    let machine = &facts.system[3];
    let platform = platforms.split('.').any(|platform| {
        platform == "any" || platform.contains("linux") && platform.ends_with(machine.as_str())
    });
    python && platform
}

/// Extension modules of which no variant has a suffix that this interpreter loads.
fn extensions(subject: &Subject<'_>, facts: &Facts) -> Vec<Finding> {
    if facts.suffixes.is_empty() {
        return Vec::new();
    }
    let mut modules: BTreeMap<(RelPath, Vec<u8>), (bool, &RelPath)> = BTreeMap::new();
    for entry in subject.manifest.entries() {
        let name = entry.path.name();
        if entry.size().is_none() || !name.ends_with(b".so") {
            continue;
        }
        let Some(dir) = entry.path.parent() else {
            continue;
        };
        let stem = name.split(|&b| b == b'.').next().unwrap_or_default();
        let rest = String::from_utf8_lossy(&name[stem.len()..]).into_owned();
        // Only what carries the tag of an interpreter is an extension module for sure.
        if !rest.starts_with(".cpython-") && !rest.starts_with(".pypy") {
            continue;
        }
        let loads = facts.suffixes.contains(&rest);
        let slot = modules
            .entry((dir, stem.to_vec()))
            .or_insert((false, &entry.path));
        slot.0 |= loads;
    }
    let mut by_dist: BTreeMap<Option<&str>, Vec<&RelPath>> = BTreeMap::new();
    for (loads, path) in modules.into_values() {
        if !loads {
            let owner = subject
                .dists
                .owner(path)
                .map(|dist: &Dist| dist.name.as_str());
            by_dist.entry(owner).or_default().push(path);
        }
    }
    by_dist
        .into_iter()
        .map(|(owner, paths)| {
            let text = format!(
                "{} for another interpreter than {}",
                match paths.len() {
                    1 => "an extension module is".to_owned(),
                    more => format!("{more} extension modules are"),
                },
                facts.known.soabi.as_deref().unwrap_or("this")
            );
            let finding = Finding::new(Check::Incompatible, text).at(paths[0]);
            match owner {
                Some(owner) => finding.in_package(owner),
                None => finding,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_which_wheels_this_interpreter_can_use() {
        let mut facts = Facts::default();
        facts.known.implementation = "cpython".into();
        facts.system[3] = "x86_64".into();
        for (tag, fit) in [
            ("py3-none-any", true),
            ("py2.py3-none-any", true),
            ("py2-none-any", false),
            (
                "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64",
                true,
            ),
            ("cp310-cp310-manylinux_2_17_x86_64", false),
            ("cp37-abi3-manylinux_2_17_x86_64", true),
            ("cp312-abi3-manylinux_2_17_x86_64", false),
            ("cp311-cp311-manylinux_2_17_aarch64", false),
            ("cp311-cp311-macosx_11_0_arm64", false),
            ("py311-none-any", true),
            ("pp39-pypy39_pp73-manylinux_2_17_x86_64", true),
        ] {
            assert_eq!(fits(tag, (3, 11), &facts), fit, "{tag}");
        }
    }
}
