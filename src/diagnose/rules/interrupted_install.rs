//! An installer that was killed, or that failed and left what it had begun: a distribution without what is written
//! last. Where pip put the version before aside, `interrupted_pip.rs` speaks.

use std::collections::BTreeMap;

use super::super::case::Case;
use super::score::{Cause, Score};
use super::words::{count, is, list};
use crate::python::dist::Installer;

/// The name of the rule.
pub(super) const NAME: &str = "interrupted-install";

/// Speaks where an install did not come to its end.
pub(super) fn rule<'a>(case: &'a Case<'_>) -> Option<Cause<'a>> {
    let begun: BTreeMap<&String, Option<Installer>> = case.interrupted().collect();
    let by_pip = begun.values().any(|by| *by == Some(Installer::Pip));
    if begun.is_empty() || by_pip && !case.leftovers.is_empty() {
        return None;
    }
    let is_of_it = |name: &String| begun.contains_key(name);
    let hurts = case.hurts.iter();
    let matched: Vec<_> = hurts
        .filter(|hurt| hurt.package.as_ref().is_some_and(is_of_it))
        .collect();
    let names = list(begun.keys());
    let who = match &begun.values().collect::<Vec<_>>()[..] {
        [first, rest @ ..] if rest.iter().all(|one| one == first) => match first {
            Some(Installer::Pip) => "pip",
            Some(Installer::Uv) => "uv",
            None => "an installer",
        },
        _ => "an installer",
    };
    let damage = match matched.len() {
        0 => String::new(),
        some => format!(" {} {} of it.", count(some, "damaged entry"), is(some)),
    };
    let text = format!(
        "{who} was interrupted, or failed, while it installed {names}, and did not come to its end; a later run of it \
         takes that for \
         installed.{damage} Restore a snapshot, or install {names} again past what is there."
    );
    Score::plain(matched, case.hurts.len()).diagnosis(NAME, text)
}
