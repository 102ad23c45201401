//! Assignments: which words are some, and what becomes of a value to which another one is added.

use super::state::Values;
use super::state::limited;
use crate::sweep::glob::ANYTHING;
use crate::sweep::shell::{Piece, Word};

/// `NAME=VALUE`, with the value.
pub(super) fn assignment(word: &Word) -> Option<(String, Word)> {
    let Piece::Text(text, false) = word.first()? else {
        return None;
    };
    let (name, value) = text.split_once('=')?;
    let name = name.trim_end_matches('+');
    let name = name.split_once('[').map_or(name, |(name, _)| name);
    let is_name = !name.is_empty()
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    is_name.then(|| {
        let begin = (!value.is_empty()).then(|| Piece::Text(value.to_owned(), false));
        let value = begin.into_iter().chain(word[1..].iter().cloned()).collect();
        (name.to_owned(), value)
    })
}

/// Values to which others are added: words to those of an array, or text to text.
pub(super) fn added(before: Option<&Values>, more: &Values, is_array: bool) -> Values {
    let unknown = vec![vec![ANYTHING.to_string()]];
    let more = more.first().cloned().unwrap_or_default();
    let each = before.unwrap_or(&unknown).iter().map(|known| {
        if is_array {
            [&known[..], &more[..]].concat()
        } else {
            vec![[known.concat(), more.concat()].concat()]
        }
    });
    limited(each.collect())
}

/// Whether it adds to what the variable has.
pub(super) fn appends(word: &Word) -> bool {
    match word.first() {
        Some(Piece::Text(text, false)) => text
            .split_once('=')
            .is_some_and(|(name, _)| name.ends_with('+')),
        _ => false,
    }
}
