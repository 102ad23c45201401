//! What a look at a venv found, and who was seen to change it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::place::{Gone, Place};

/// What a look found: told by content, held against the newest baseline.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Found {
    /// What it comes to.
    pub verdict: Verdict,
    /// What is damaged; empty where nothing is.
    pub damage: Damage,
    /// Packages that changed without being damaged, as people name such a change: `click 8.1.7 -> 8.2.0`.
    pub changed: Vec<String>,
    /// The names of all such packages, until it is known what they lack.
    #[serde(skip)]
    pub moved: Vec<String>,
    /// Requirements of such packages, or of others for them, that are not met; only told where an upgrade is saved.
    #[serde(default)]
    pub unmet: Vec<String>,
    /// An installer that was at work in it all the while: what was found is not its last state.
    pub at_work: Option<String>,
    /// Where it stands, or would.
    #[serde(default)]
    pub place: Place,
    /// What is there instead, where it is gone as a whole.
    #[serde(default)]
    pub gone: Option<Gone>,
    /// Whether the directory that is gone was renamed and stands beside: then nothing is lost, and a new one may come.
    #[serde(default)]
    pub is_beside: bool,
}

/// What a look comes to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is what the baseline is.
    #[default]
    Sound,
    /// There is no baseline to hold it against.
    Unsaved,
    /// Packages were upgraded, added or removed as a whole.
    Upgraded,
    /// Something else changed legitimately.
    Drifted,
    /// Content is gone or not what it should be.
    Damaged,
}

/// Damage that content proves.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Damage {
    /// How many files; directories and links are none.
    pub files: u64,
    /// How many entries of each kind: `missing`, `emptied` and so on.
    pub kinds: BTreeMap<String, u64>,
    /// The packages that are hurt.
    pub packages: Vec<String>,
    /// Some of the paths.
    pub sample: Vec<String>,
    /// All of them, as far as they are told, until it is known who was seen there.
    #[serde(skip)]
    pub paths: Vec<String>,
    /// What did it, in words, each with how sure that is.
    pub causes: Vec<String>,
    /// The same text for the same damage; empty where an audit told of it.
    pub mark: String,
    /// Whether there is a baseline that holds what it was, and it is no patch.
    pub can_heal: bool,
    /// Whether it is all an edit by hand.
    #[serde(default)]
    pub is_patch: bool,
}

/// Who was seen to change something in a venv.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Culprit {
    /// The number of the process.
    pub pid: Option<u32>,
    /// Its program.
    pub program: String,
    /// Its command line; none where it is not known.
    pub command_line: Option<String>,
    /// Its parents, the nearest first.
    pub parents: Vec<String>,
    /// The unit or cron job it belongs to.
    pub unit: Option<String>,
    /// Its user.
    pub user: Option<String>,
    /// How sure that is.
    pub certainty: String,
    /// How many files it was seen to change.
    pub files: u64,
    /// Some of their paths.
    pub sample: Vec<String>,
    /// Their paths, as many as are remembered.
    #[serde(default)]
    pub paths: BTreeSet<String>,
    /// Whether there are more.
    #[serde(default)]
    pub and_more: bool,
}

/// So many paths of one culprit are told.
const SAMPLE_MAX: usize = 3;
/// So many culprits are told.
const CULPRITS_MAX: usize = 5;
/// So many culprits are remembered, and of each so many paths.
const KEPT_MAX: usize = 50;
const PATHS_MAX: usize = 500;

/// Adds what somebody was seen to do. Who did the same in another process counts as the same.
pub(super) fn add_culprit(all: &mut Vec<Culprit>, one: Culprit) {
    let same = |other: &&mut Culprit| {
        other.program == one.program
            && other.user == one.user
            && other.command_line == one.command_line
    };
    let Some(known) = all.iter_mut().find(same) else {
        // Whoever came first is the least likely to have done what is found last.
        if all.len() >= KEPT_MAX {
            all.remove(0);
        }
        return all.push(one);
    };
    known.files = known.files.saturating_add(one.files);
    known.pid = one.pid;
    known.sample.extend(one.sample);
    known.sample.truncate(SAMPLE_MAX);
    known.and_more |= one.and_more;
    for path in one.paths {
        if known.paths.len() >= PATHS_MAX {
            known.and_more = true;
            break;
        }
        known.paths.insert(path);
    }
}

/// Those who may have done damage: who was seen at a path that is damaged, or at a directory above. The worst first.
pub(super) fn of_damage(all: &[Culprit], found: &Found) -> Vec<Culprit> {
    let damaged: BTreeSet<&str> = found.damage.paths.iter().map(String::as_str).collect();
    // An audit does not always tell paths, and of a venv that is gone everything is damaged.
    let is_any = damaged.is_empty() || found.gone.is_some();
    let hits = |seen: &String| {
        let dir = format!("{seen}/");
        let mut below = damaged.range(dir.as_str()..);
        let is_below = below.next().is_some_and(|path| path.starts_with(&dir));
        seen.is_empty() || is_below || damaged.contains(seen.as_str())
    };
    let did = |one: &&Culprit| {
        is_any || one.and_more || one.paths.is_empty() || one.paths.iter().any(hits)
    };
    let mut those: Vec<Culprit> = all.iter().filter(did).cloned().collect();
    those.sort_by_key(|one| std::cmp::Reverse(one.files));
    those.truncate(CULPRITS_MAX);
    those
}
