//! How much differs in each package, and beside them in each place that no package owns.

use super::group::{Group, groups};
use crate::model::{Change, Class, Kind, RelPath};

/// What differs in one package or place.
#[derive(Debug)]
pub(super) struct Row {
    /// A short name for people.
    pub(super) name: Vec<u8>,
    /// The distribution, by its normalized name.
    pub(super) package: Option<String>,
    /// The deepest directory that holds all of it, or the file that stands alone.
    pub(super) place: RelPath,
    /// The worst of it.
    pub(super) class: Class,
    /// How many entries are gone.
    pub(super) missing: u64,
    /// How many are there and not as they should be.
    pub(super) altered: u64,
    /// How many should not be there.
    pub(super) extra: u64,
}

/// One row for each package in which something differs, the worst first, then one for each other place. Noise does not
/// count.
pub(super) fn rows(changes: &[Change]) -> Vec<Row> {
    let counted = changes.iter().filter(|change| change.class != Class::Noise);
    let mut rows: Vec<Row> = groups(counted).iter().map(row).collect();
    rows.sort_by_key(|row| row.package.is_none());
    rows
}

fn row(group: &Group<'_>) -> Row {
    let count = |is: &dyn Fn(Kind) -> bool| {
        let counted = group.changes.iter().filter(|change| is(change.kind));
        counted.count() as u64
    };
    let missing = count(&|kind| kind == Kind::Missing);
    let extra = count(&|kind| kind == Kind::Extra);
    let classes = group.changes.iter().map(|change| change.class);
    Row {
        name: group.name.clone(),
        package: group.changes.iter().find_map(|one| one.package.clone()),
        place: group.place.clone(),
        class: classes.min().unwrap_or(Class::Noise),
        missing,
        altered: group.changes.len() as u64 - missing - extra,
        extra,
    }
}
