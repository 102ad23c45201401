//! Every entry that differed, package by package.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::facts::{code, number, path, shown};
use super::table::{Head, table};
use crate::model::{Class, Kind, Seen, Shown};
use crate::report::group::{Owners, place_of};

/// So many entries in all are shown without a click.
const SHOWN: usize = 60;

/// What differed in one package or, where nobody owns it, in one place.
pub(super) struct Group<'a> {
    /// Its name for people.
    pub(super) name: String,
    /// In the order of kinds, then of paths.
    pub(super) entries: Vec<&'a Seen>,
}

/// Sorts what differed into groups: the worst class first, then the greater number.
pub(super) fn groups(changes: &[Seen]) -> Vec<Group<'_>> {
    let mut found: BTreeMap<(bool, String), Vec<&Seen>> = BTreeMap::new();
    let all = changes
        .iter()
        .map(|one| (&one.path, one.package.as_deref()));
    let owners = Owners::of(all);
    for (at, seen) in changes.iter().enumerate() {
        let place = || Shown(&place_of(&seen.path).0).to_string();
        let package = seen.package.as_deref();
        let package = package.or_else(|| owners.beside(at));
        let name = package.map_or_else(place, str::to_owned);
        let key = (package.is_none(), name);
        found.entry(key).or_default().push(seen);
    }
    let mut groups: Vec<Group<'_>> = Vec::with_capacity(found.len());
    for ((_, name), mut entries) in found {
        entries.sort_by_key(|seen| (seen.class, seen.kind));
        groups.push(Group { name, entries });
    }
    groups.sort_by_key(|group| {
        let worst = group.entries.first().map(|seen| seen.class);
        (worst, std::cmp::Reverse(group.entries.len()))
    });
    groups
}

/// How many entries there are of each kind, the worst kind first.
pub(super) fn kinds<'a>(entries: impl IntoIterator<Item = &'a Seen>) -> Vec<(Kind, u64)> {
    let mut counts: BTreeMap<Kind, u64> = BTreeMap::new();
    for seen in entries {
        *counts.entry(seen.kind).or_default() += 1;
    }
    counts.into_iter().collect()
}

/// These numbers in words: `14 missing, 2 emptied`.
pub(super) fn told(kinds: &[(Kind, u64)]) -> Markup {
    html! {
        @for (at, (kind, count)) in kinds.iter().enumerate() {
            @if at > 0 { ", " }
            (number(*count)) " " (kind.as_str())
        }
    }
}

/// A part that opens for each group. Where differences were wanted, they have no `class` of their own.
pub(super) fn tables(groups: &[Group<'_>], with_class: bool) -> Markup {
    let all: usize = groups.iter().map(|group| group.entries.len()).sum();
    html! {
        @for group in groups {
            details open[all <= SHOWN] {
                summary {
                    strong { (shown(&group.name)) } ": "
                    (told(&kinds(group.entries.iter().copied())))
                }
                (entries(group, with_class))
            }
        }
    }
}

fn entries(group: &Group<'_>, with_class: bool) -> Markup {
    let label = format!("Entries of {}", Shown(group.name.as_bytes()));
    let heads = ["entry", "kind", "class", "restored"];
    let heads = heads
        .into_iter()
        .filter(|head| with_class || *head != "class");
    let heads: Vec<Head<'_>> = heads.map(Head::Text).collect();
    let rows = html! { @for seen in &group.entries { (row(seen, with_class)) } };
    table(&label, &heads, &rows)
}

fn row(seen: &Seen, with_class: bool) -> Markup {
    let word = match seen.class {
        Class::Damage => "damage",
        Class::Drift => "drift",
        Class::Noise => "none",
    };
    html! {
        tr {
            th scope="row" {
                (path(&seen.path))
                @if let Some(other) = &seen.shared_with {
                    " is one file with " (code(other)) ", which is hurt too"
                }
            }
            td { (seen.kind.as_str()) }
            @if with_class { td { span.word.(word) { (seen.class.as_str()) } } }
            td { @if seen.left { "no" } @else { "yes" } }
        }
    }
}
