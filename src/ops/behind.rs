//! What a comparison tells of links into the cache of an installer: they may be the same on both sides, and lead to
//! nothing.

use super::audit::Audited;
use super::clues::kind;
use crate::disk::rooted::Rooted;
use crate::model::{Change, Check, Class, Detail, Finding, Kind};
use crate::tree::scan::Scan;

/// Whether damage behind links that are the same on both sides counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unchanged {
    Counts,
    /// It is passed over: a restore of a link does not bring back what the link leads to.
    Passes,
}

/// Adds the damage behind the links of a live tree to the changes in `known`, which are sorted by path. A change that
/// is known already gets the name of the cache.
pub(super) fn changes(root: &Rooted, scan: &Scan, unchanged: Unchanged, known: &mut Vec<Change>) {
    let audited = Audited {
        root,
        scan,
        hashes: None,
    };
    for finding in audited.behind_links() {
        let Some(change) = change(scan, finding) else {
            continue;
        };
        match known.binary_search_by(|one| one.path.cmp(&change.path)) {
            Ok(at) => known[at].detail.behind = change.detail.behind,
            Err(at) if unchanged == Unchanged::Counts => known.insert(at, change),
            Err(_) => {}
        }
    }
}

fn change(scan: &Scan, finding: Finding) -> Option<Change> {
    let kind = match finding.check {
        Check::MetadataUnreadable => Kind::Missing,
        _ => kind(&finding, scan.manifest())?,
    };
    let path = finding.path?;
    let entry = scan.manifest().get(&path).cloned();
    Some(Change {
        path,
        kind,
        class: Class::Damage,
        package: finding.package,
        expected: entry.clone(),
        actual: entry,
        detail: Detail {
            reason: Some(finding.text),
            behind: finding.behind,
            ..Detail::default()
        },
    })
}
