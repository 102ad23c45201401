//! Assignments: which words are some, and what becomes of a value to which another one is added.

use super::state::{Values, limited};
use super::{MEANINGS_MAX, Reader};
use crate::sweep::glob::ANYTHING;
use crate::sweep::shell::{Piece, Word};

impl Reader<'_> {
    /// A variable, or one of an array, has a value from here on.
    pub(super) fn assign(&mut self, word: &Word, name: &str, key: Option<String>, value: &Word) {
        let whole = format!("{name}[@]");
        self.depends(name, value);
        if let Some(key) = key {
            let values = self.values(value);
            let known = self.state.get(&whole).unwrap_or_else(|| vec![Vec::new()]);
            self.state.set(&whole, added(Some(&known), &values, true));
            if key == "0" {
                self.state.set(name, values.clone());
            }
            return self.state.set(&format!("{name}[{key}]"), values);
        }
        let [Piece::Array(all)] = &value[..] else {
            let mut values = self.values(value);
            if appends(word) {
                values = added(self.state.get(name).as_ref(), &values, false);
            }
            return self.state.set(name, values);
        };
        let before = self.state.get(&whole).filter(|_| appends(word));
        if before.is_none() {
            self.state.unset(name);
        }
        let members: Vec<_> = all.iter().map(member).collect();
        for (number, (key, value)) in members.iter().enumerate() {
            // Which numbers those have that are added without a key is not known here. One of very many is any of
            // them, as no more values than that are followed.
            if key.is_none() && (before.is_some() || number >= MEANINGS_MAX) {
                continue;
            }
            let values = self.values(value);
            let key = key.clone().unwrap_or_else(|| number.to_string());
            if key == "0" {
                self.state.set(name, values.clone());
            }
            self.state.set(&format!("{name}[{key}]"), values);
        }
        let bare = members.into_iter().map(|(_, value)| value).collect();
        let mut values = self.values(&vec![Piece::Array(bare)]);
        if before.is_some() {
            values = added(before.as_ref(), &values, true);
        }
        self.state.set(&whole, values);
    }
}

/// `NAME=VALUE` or `NAME[KEY]=VALUE`, with the key and the value.
pub(super) fn assignment(word: &Word) -> Option<(String, Option<String>, Word)> {
    let Piece::Text(text, false) = word.first()? else {
        return None;
    };
    if let Some((name, begin)) = text.split_once('[').filter(|_| !text.contains('=')) {
        let (key, value) = keyed(begin, &word[1..])?;
        return is_name(name).then(|| (name.to_owned(), Some(key), value));
    }
    let (name, value) = text.split_once('=')?;
    let name = name.trim_end_matches('+');
    let (name, key) = match name.split_once('[') {
        Some((name, key)) => (name, Some(key.trim_end_matches(']').to_owned())),
        None => (name, None),
    };
    is_name(name).then(|| {
        let begin = (!value.is_empty()).then(|| Piece::Text(value.to_owned(), false));
        let value = begin.into_iter().chain(word[1..].iter().cloned()).collect();
        (name.to_owned(), key, value)
    })
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !text.starts_with(|c: char| c.is_ascii_digit())
}

/// The key of one of an array, of which some is quoted or a variable, and its value. A variable stays as it is: such a
/// key is that of no other one.
fn keyed(begin: &str, rest: &[Piece]) -> Option<(String, Word)> {
    let mut key = begin.to_owned();
    for (number, piece) in rest.iter().enumerate() {
        match piece {
            Piece::Text(text, false) => {
                if let Some((end, value)) = text.split_once("]=").or(text.split_once("]+=")) {
                    key.push_str(end);
                    let first = Piece::Text(value.to_owned(), false);
                    let value = std::iter::once(first).filter(|_| !value.is_empty());
                    return Some((
                        key,
                        value.chain(rest[number + 1..].iter().cloned()).collect(),
                    ));
                }
                key.push_str(text);
            }
            Piece::Text(text, true) => key.push_str(text),
            Piece::Variable(variable) => key.extend(["$", &variable.name]),
            _ => return None,
        }
    }
    None
}

/// A word of an array as its key, where it has one, and its value.
pub(super) fn member(word: &Word) -> (Option<String>, Word) {
    let first = match word.first() {
        Some(Piece::Text(text, false)) => text.strip_prefix('['),
        _ => None,
    };
    let found = first.and_then(|text| {
        let begin = Piece::Text(text.to_owned(), false);
        let rest: Vec<Piece> = std::iter::once(begin)
            .chain(word[1..].iter().cloned())
            .collect();
        keyed("", &rest)
    });
    match found {
        Some((key, value)) => (Some(key), value),
        None => (None, word.clone()),
    }
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
