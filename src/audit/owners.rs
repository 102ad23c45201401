//! Files that two distributions list. Which of them wrote last is a matter of chance where an installer works on
//! several at once (`findings/which_owner_wins_by_chance.sh`), so what stands there is told, not guessed.

use std::collections::BTreeMap;

use super::Subject;
use crate::model::{Check, Finding, RelPath};
use crate::python::dist::{Dist, Hash};

/// One notice for two distributions that list the same files, as far as their lists do not disagree.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut pairs: BTreeMap<(&str, &str), (u64, &RelPath)> = BTreeMap::new();
    for (path, a, b) in subject.dists.shared() {
        // Bytecode of a shared module is shared as well.
        if path.name().ends_with(b".pyc") || a.name == b.name || disagree(a, b, path) {
            continue;
        }
        let (count, _) = pairs.entry((&a.name, &b.name)).or_insert((0, path));
        *count += 1;
    }
    let pairs = pairs.into_iter();
    pairs
        .map(|((a, b), (count, first))| {
            let more = match count {
                1 => String::new(),
                2 => " and 1 more of its files".to_owned(),
                _ => format!(" and {} more of its files", count - 1),
            };
            let text = format!("{b} lists it{more} as well");
            Finding::new(Check::TwoOwners, text).in_package(a).at(first)
        })
        .collect()
}

/// A file that holds what one distribution lists, and so not what another one does. Of two versions of one distribution
/// `dists.rs` tells.
pub(super) fn overwritten(path: &RelPath, loser: &Dist, winner: &Dist) -> Option<Finding> {
    let text = format!(
        "{} lists it as well, and what stands here is what that one brought: {} {} is not whole",
        winner.name, loser.name, loser.version
    );
    let finding = Finding::new(Check::TwoOwners, text);
    (winner.name != loser.name).then(|| finding.in_package(&loser.name).at(path))
}

/// Whether two lists name different contents of one file.
fn disagree(a: &Dist, b: &Dist, path: &RelPath) -> bool {
    let hash = |dist: &Dist| {
        let (_, record) = dist.record.as_ref()?;
        match &record.row(path)?.hash {
            Hash::Known(sum) => Some(sum.clone()),
            Hash::None | Hash::Link | Hash::Unknown => None,
        }
    };
    matches!((hash(a), hash(b)), (Some(a), Some(b)) if a.algorithm() == b.algorithm() && a != b)
}
