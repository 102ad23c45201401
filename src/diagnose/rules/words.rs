//! Small words for the sentences of the rules.

use std::collections::BTreeSet;

use super::super::case::Hurt;

/// So many names are told in a sentence.
const NAMED: usize = 3;

/// `3 files`, `1 file`.
pub(super) fn count(number: usize, one: &str) -> String {
    let many = match one.strip_suffix('y') {
        Some(stem) if number != 1 => format!("{stem}ies"),
        _ if number != 1 => format!("{one}s"),
        _ => one.to_owned(),
    };
    format!("{number} {many}")
}

/// `is` for one, `are` for more.
pub(super) fn is(number: usize) -> &'static str {
    if number == 1 { "is" } else { "are" }
}

/// The distributions that own some damage, sorted.
pub(super) fn packages<'a>(hurts: &[&'a Hurt]) -> BTreeSet<&'a str> {
    let named = hurts.iter().filter_map(|hurt| hurt.package.as_deref());
    named.collect()
}

/// `a, b, c and 4 more`.
pub(super) fn list<T: ToString>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| name.to_string()).collect();
    match names.as_slice() {
        [start @ .., last] if !start.is_empty() && names.len() <= NAMED => {
            format!("{} and {last}", start.join(", "))
        }
        _ if names.len() <= NAMED => names.concat(),
        _ => format!(
            "{} and {} more",
            names[..NAMED].join(", "),
            names.len() - NAMED
        ),
    }
}
