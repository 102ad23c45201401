//! Modes and owners that are not as they were, often after an install as root into a user's venv.

use std::collections::BTreeSet;

use super::super::case::{Case, Hurt};
use super::score::{Cause, Score};
use super::words::{count, list};
use crate::model::Kind;

/// Speaks where nearly all damage is of modes, owners, or of files that cannot be read.
pub(super) fn rule<'a>(case: &'a Case<'_>) -> Option<Cause<'a>> {
    let denied: Vec<_> = case.hurts.iter().filter(|hurt| is_denied(hurt)).collect();
    if denied.is_empty() {
        return None;
    }
    let owners = || denied.iter().filter_map(|hurt| Some(hurt.actual?.uid));
    let foreign = owners().filter(|&uid| uid != case.root_uid).count();
    let uids: BTreeSet<_> = owners().filter(|&uid| uid != case.root_uid).collect();
    let by_root = if uids.contains(&0) {
        ", as after a `sudo pip install`"
    } else {
        ""
    };
    let (mix, fix) = match foreign {
        0 => (String::new(), "A restore".to_owned()),
        _ => (
            format!(
                " {foreign} of them {} to user {}, the venv to user {}{by_root}.",
                if foreign == 1 { "belongs" } else { "belong" },
                list(&uids),
                case.root_uid
            ),
            format!("A restore as root, or `chown` to user {},", case.root_uid),
        ),
    };
    let closed = denied.iter().filter(|hurt| is_closed(hurt)).count();
    let closed = match closed {
        0 => String::new(),
        number => format!(" Not even their owner may read {number} of them."),
    };
    let text = format!(
        "{} {} the wrong mode or owner, or cannot be read.{mix}{closed} {fix} puts that right.",
        count(denied.len(), "entry"),
        if denied.len() == 1 { "has" } else { "have" }
    );
    Score::plain(denied, case.hurts.len()).diagnosis("permissions", text)
}

/// Whether damage is about who may do what.
fn is_denied(hurt: &Hurt) -> bool {
    match hurt.kind {
        Kind::Mode | Kind::Owner => true,
        // What changes all the time, or lies on a bad disk, cannot be read either.
        Kind::Unreadable => hurt.actual.is_some_and(|actual| actual.denied),
        _ => false,
    }
}

/// Whether an entry has no right to read for its owner.
fn is_closed(hurt: &Hurt) -> bool {
    hurt.actual.is_some_and(|actual| actual.mode & 0o400 == 0)
}
