//! What the answers of a comparison and of an audit come to. They come from a process of their own, so that its memory
//! goes with it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::found::{Damage, Found, Verdict};
use crate::model::{Digest, Surety};
use crate::python::dist::normalized;

/// What a comparison with a baseline answers (docs/cli.md, "JSON"), as far as it is needed here.
#[derive(Deserialize)]
struct Comparison {
    summary: Summary,
    entries: Vec<Entry>,
    packages: Vec<Package>,
    diagnosis: Vec<Cause>,
}

/// What a restore that only tells what it would do answers, as far as it is needed here.
#[derive(Deserialize)]
struct Rehearsal {
    summary: Summary,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Summary {
    damage: u64,
    drift: u64,
}

#[derive(Deserialize)]
struct Entry {
    path: String,
    class: String,
    kind: String,
    expected: Option<Node>,
}

/// What an entry should be.
#[derive(Deserialize)]
struct Node {
    #[serde(rename = "type")]
    what: String,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    state: String,
    expected: Option<String>,
    actual: Option<String>,
}

#[derive(Deserialize)]
struct Cause {
    rule: String,
    text: String,
    #[serde(default)]
    certainty: Surety,
}

/// The rule of a cause that says that somebody edited the venv by hand.
const PATCH: &str = "local-patch";

/// So many paths are told.
const SAMPLE_MAX: usize = 5;
/// So many packages are told.
const PACKAGES_MAX: usize = 20;

/// What a comparison comes to.
pub fn found_by_comparison(answer: &[u8]) -> Result<Found, serde_json::Error> {
    let compared: Comparison = serde_json::from_slice(answer)?;
    let mut damage = Damage {
        can_heal: true,
        ..Damage::default()
    };
    let mut mark = String::new();
    for entry in compared
        .entries
        .iter()
        .filter(|entry| entry.class == "damage")
    {
        damage.add(&entry.kind, &entry.path, entry.is_file());
        mark.extend([entry.kind.as_str(), " ", &entry.path, "\n"]);
    }
    damage.mark = Digest::of(mark.as_bytes()).to_hex();
    let hurt = compared
        .packages
        .iter()
        .filter(|package| package.state == "damaged");
    damage.packages = hurt
        .map(|package| package.name.clone())
        .take(PACKAGES_MAX)
        .collect();
    // What somebody changed on purpose is theirs to take back.
    damage.is_patch = compared.diagnosis.iter().any(|cause| cause.rule == PATCH);
    damage.can_heal = !damage.is_patch;
    damage.causes = compared
        .diagnosis
        .into_iter()
        .map(|cause| format!("{} {}: {}", cause.certainty.word(), cause.rule, cause.text))
        .collect();
    let changed = compared
        .packages
        .iter()
        .filter(|package| package.state != "damaged");
    let moved: Vec<String> = changed.clone().map(|one| one.name.clone()).collect();
    let changed: Vec<String> = changed.map(change).take(PACKAGES_MAX).collect();
    let verdict = match (compared.summary.damage, compared.summary.drift) {
        (0, 0) => Verdict::Sound,
        (0, _) if changed.is_empty() => Verdict::Drifted,
        (0, _) => Verdict::Upgraded,
        _ => Verdict::Damaged,
    };
    let damage = if verdict == Verdict::Damaged {
        damage
    } else {
        Damage::default()
    };
    Ok(Found {
        verdict,
        damage,
        changed,
        moved,
        ..Found::default()
    })
}

/// What the rehearsal of a heal comes to, of a venv that is gone as a whole.
pub fn found_by_rehearsal(answer: &[u8]) -> Result<Found, serde_json::Error> {
    let rehearsed: Rehearsal = serde_json::from_slice(answer)?;
    let entries = rehearsed.entries.iter();
    let files = entries.filter(|entry| entry.class == "damage" && entry.is_file());
    Ok(Found::whole(rehearsed.summary.damage, files.count() as u64))
}

impl Entry {
    /// Whether a file should be there. What is more than should be is none that is damaged.
    fn is_file(&self) -> bool {
        self.expected.as_ref().is_some_and(|one| one.what == "file")
    }
}

impl Found {
    /// That a venv is gone with so many entries, of which so many are files, which a baseline has; none has them where
    /// there are 0.
    pub fn whole(entries: u64, files: u64) -> Self {
        let damage = Damage {
            files,
            kinds: BTreeMap::from([("missing".to_owned(), entries)]),
            mark: "gone".to_owned(),
            can_heal: entries > 0,
            ..Damage::default()
        };
        Self {
            verdict: Verdict::Damaged,
            damage,
            ..Self::default()
        }
    }
}

fn change(package: &Package) -> String {
    match (&package.expected, &package.actual) {
        (Some(before), Some(after)) => format!("{} {before} -> {after}", package.name),
        (None, Some(after)) => format!("{} {after} added", package.name),
        (Some(before), None) => format!("{} {before} removed", package.name),
        (None, None) => format!("{} {}", package.name, package.state),
    }
}

/// What an audit answers, as far as it is needed here.
#[derive(Deserialize)]
struct Audit {
    summary: AuditSummary,
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
struct AuditSummary {
    damage: u64,
}

#[derive(Deserialize)]
struct Finding {
    check: String,
    damage: bool,
    text: String,
    path: Option<String>,
    package: Option<String>,
}

/// What an audit comes to, of a venv without a baseline: it tells damage, and nothing can be healed.
pub fn found_by_audit(answer: &[u8]) -> Result<Found, serde_json::Error> {
    let audit: Audit = serde_json::from_slice(answer)?;
    if audit.summary.damage == 0 {
        return Ok(Found {
            verdict: Verdict::Unsaved,
            ..Found::default()
        });
    }
    let mut damage = Damage::default();
    for finding in audit.findings.iter().filter(|finding| finding.damage) {
        let path = finding.path.as_deref().unwrap_or_default();
        damage.add(&finding.check, path, !path.is_empty());
        damage.packages.extend(finding.package.clone());
    }
    damage.packages.sort();
    damage.packages.dedup();
    damage.packages.truncate(PACKAGES_MAX);
    Ok(Found {
        verdict: Verdict::Damaged,
        damage,
        ..Found::default()
    })
}

/// Requirements of some packages, or of others for them, that an audit found not to be met.
pub fn unmet_requirements(answer: &[u8], of: &[String]) -> Result<Vec<String>, serde_json::Error> {
    let audit: Audit = serde_json::from_slice(answer)?;
    let of: Vec<String> = of.iter().map(|name| normalized(name)).collect();
    let unmet = audit.findings.into_iter().filter_map(|finding| {
        let needed = finding.text.split('\'').nth(1).unwrap_or_default();
        let ends = |c: char| !c.is_alphanumeric() && !matches!(c, '-' | '_' | '.');
        let needed = normalized(needed.split(ends).next().unwrap_or_default());
        let needs = finding.package.unwrap_or_default();
        let concerns = of.contains(&needed) || of.contains(&normalized(&needs));
        let is_unmet = finding.check == "requirement-unmet" && concerns;
        is_unmet.then(|| format!("{needs} {}", finding.text))
    });
    Ok(unmet.take(PACKAGES_MAX).collect())
}

/// The first import that fails, as an audit tells that tried them.
pub fn failed_import(answer: &[u8]) -> Result<Option<String>, serde_json::Error> {
    let audit: Audit = serde_json::from_slice(answer)?;
    let mut failed = audit
        .findings
        .into_iter()
        .filter(|finding| finding.check == "import-failed");
    Ok(failed.next().map(|finding| finding.text))
}

impl Damage {
    fn add(&mut self, kind: &str, path: &str, is_file: bool) {
        self.files += u64::from(is_file);
        *self.kinds.entry(kind.to_owned()).or_default() += 1;
        if path.is_empty() {
            return;
        }
        if self.sample.len() < SAMPLE_MAX {
            self.sample.push(path.to_owned());
        }
        self.paths.push(path.to_owned());
    }
}

/// The kinds in words: `3 missing, 1 emptied`.
pub(crate) fn kinds_in_words(kinds: &BTreeMap<String, u64>) -> String {
    let mut all: Vec<(&String, &u64)> = kinds.iter().collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let all: Vec<String> = all
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(damage: u64, drift: u64, entries: &str, packages: &str) -> Found {
        let text = format!(
            r#"{{"summary":{{"damage":{damage},"drift":{drift},"noise":4}},
            "entries":[{entries}],"packages":[{packages}],
            "diagnosis":[{{"rule":"x","text":"a sweeper"}}],"more":1}}"#
        );
        found_by_comparison(text.as_bytes()).unwrap()
    }

    #[test]
    fn damage_outweighs_drift_and_packages_that_moved_are_an_upgrade() {
        let entry = r#"{"path":"a/core.py","class":"damage","kind":"missing","expected":{"type":"file","size":3}},
            {"path":"b","class":"drift","kind":"extra","expected":null}"#;
        let moved = r#"{"name":"click","state":"upgraded","expected":"8.1","actual":"8.2"}"#;
        assert_eq!(compared(0, 0, "", "").verdict, Verdict::Sound);
        assert_eq!(compared(0, 2, "", "").verdict, Verdict::Drifted);
        let upgraded = compared(0, 2, "", moved);
        assert_eq!(
            (upgraded.verdict, upgraded.changed),
            (Verdict::Upgraded, vec!["click 8.1 -> 8.2".to_owned()])
        );
        let found = compared(1, 1, entry, moved);
        assert_eq!(
            (found.verdict, found.damage.files, found.damage.can_heal),
            (Verdict::Damaged, 1, true)
        );
        assert_eq!(found.damage.sample, ["a/core.py"]);
        assert_eq!(found.damage.causes, ["probably x: a sweeper"]);
        assert_eq!(kinds_in_words(&found.damage.kinds), "1 missing");
        assert_ne!(
            found.damage.mark,
            compared(1, 1, &entry.replace("a/core", "b/core"), "")
                .damage
                .mark
        );
    }

    #[test]
    fn of_what_is_gone_files_alone_are_told_as_files() {
        let gone = |path: &str, kind: &str| {
            format!(
                r#"{{"path":"{path}","class":"damage","kind":"missing","expected":{{"type":"{kind}"}}}}"#
            )
        };
        let all = [
            gone("a", "dir"),
            gone("a/b.py", "file"),
            gone("c", "symlink"),
        ]
        .join(",");
        let found = compared(3, 0, &all, "");
        let kinds = |found: &Found| found.damage.kinds["missing"];
        assert_eq!((found.damage.files, kinds(&found)), (1, 3));
        let text = format!(r#"{{"summary":{{"damage":3,"drift":0}},"entries":[{all}]}}"#);
        let whole = found_by_rehearsal(text.as_bytes()).unwrap();
        assert_eq!((whole.damage.files, kinds(&whole)), (1, 3));
        assert!(whole.damage.can_heal);
    }

    #[test]
    fn a_requirement_counts_that_a_package_has_which_changed_or_that_is_for_one() {
        let audit = br#"{"summary":{"damage":0},"findings":[
            {"check":"requirement-unmet","damage":false,"path":null,"package":"app",
             "text":"needs 'Foo_Bar[x]>=2', which is not installed"},
            {"check":"requirement-unmet","damage":false,"text":"needs 'six<1', and 1.16 is installed","path":null,
             "package":"old"},
            {"check":"leftover","damage":false,"text":"'foo-bar'","path":null,"package":null}]}"#;
        for (of, told) in [
            (&["foo-bar"][..], 1),
            (&["App"], 1),
            (&["old", "Foo.Bar"], 2),
            (&["foo", "bar", "si"], 0),
            (&[], 0),
        ] {
            let of: Vec<String> = of.iter().map(|&name| name.to_owned()).collect();
            let unmet = unmet_requirements(audit, &of).unwrap();
            assert_eq!(unmet.len(), told, "{of:?}: {unmet:?}");
        }
    }
}
