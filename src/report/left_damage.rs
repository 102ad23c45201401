//! What of the damage that was found a restore left as it was.

use std::collections::BTreeMap;

use super::text::words;
use crate::model::{Class, Shown};
use crate::ops::ReportOutcome;

/// Damage that a restore left as it was.
pub(super) struct LeftDamage {
    /// How many entries.
    pub(super) entries: u64,
    /// Where they are.
    pub(super) names: String,
}

/// So many packages with damage that was left are named.
const NAMED: usize = 10;

/// What of the damage was left: in packages or, where none owns it, by its path. None where all was put right, and
/// where what differed is no damage.
pub(super) fn left_damage(outcome: &ReportOutcome) -> Option<LeftDamage> {
    let seen = outcome.found.changes.iter();
    let left = seen.filter(|seen| seen.left && seen.class == Class::Damage);
    let mut places: BTreeMap<String, u64> = BTreeMap::new();
    for seen in left {
        let path = || seen.path.to_string();
        let package = seen.package.as_ref();
        let name = package.map(|name| Shown(name.as_bytes()).to_string());
        *places.entry(name.unwrap_or_else(path)).or_default() += 1;
    }
    if places.is_empty() || outcome.deed().was_wanted() {
        return None;
    }
    let named = places.iter().take(NAMED);
    let named = named.map(|(name, many)| format!("{name} ({})", words::count(*many, "entry")));
    let mut names = named.collect::<Vec<_>>().join(", ");
    if let Some(more @ 1..) = places.len().checked_sub(NAMED) {
        names = format!("{names}, and {more} more");
    }
    Some(LeftDamage {
        entries: places.values().sum(),
        names,
    })
}
