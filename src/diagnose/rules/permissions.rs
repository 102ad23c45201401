//! Owner and mode: an installer that ran as another user.

use std::collections::BTreeSet;

use super::{Case, PRECISION_MIN, of_kinds, share, told};
use crate::model::{Diagnosis, Kind};

pub(super) fn rule(case: &Case) -> Option<Diagnosis> {
    let matched = of_kinds(case, &[Kind::Mode, Kind::Owner, Kind::Unreadable]);
    let precision = share(matched.len(), case.hurts.len());
    if matched.is_empty() || precision < PRECISION_MIN {
        return None;
    }
    let owners: BTreeSet<u32> = matched
        .iter()
        .filter_map(|hurt| Some(hurt.actual?.uid))
        .filter(|uid| *uid != case.root_uid)
        .collect();
    let who = match owners.first() {
        Some(uid) => format!(
            " Files belong to user {uid}, the venv to user {}: somebody installed as another user, such as with sudo.",
            case.root_uid
        ),
        None => String::new(),
    };
    let text = format!(
        "the content is whole, but {} entries have another owner or mode, or cannot be read.{who} Look for a chown or chmod.",
        matched.len()
    );
    Some(told("permissions", text, matched.len(), precision, 1.0))
}
