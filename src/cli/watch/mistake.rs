//! A mistake in `watch.toml`: where it is, and what would be right.

use std::ops::Range;

use super::super::nearest;

/// Where in the text something is wrong, and why.
pub(super) struct Mistake {
    pub(super) at: usize,
    pub(super) why: String,
}

/// What was read, or the first mistake in it.
pub(super) type Checked<T> = Result<T, Mistake>;

/// A mistake where some text begins.
pub(super) fn wrong<T>(at: &Range<usize>, why: &str) -> Checked<T> {
    Err(Mistake {
        at: at.start,
        why: why.to_owned(),
    })
}

/// What the parser says, with the known key that is nearest to one that is unknown.
pub(super) fn explained(message: &str) -> String {
    let message = message.trim().replace('\n', " ");
    let mut names = message.split('`').skip(1).step_by(2);
    let Some(unknown) = names.next().filter(|_| message.starts_with("unknown")) else {
        return message;
    };
    let near = names
        .map(|name| (nearest::typos(unknown, name), name))
        .min();
    match near {
        Some((typos, name)) if typos <= 3 && typos < name.len() => {
            format!("{message}; did you mean `{name}`?")
        }
        _ => message,
    }
}

/// Line and column of a byte, both counted from 1, the column in characters.
pub(super) fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    (line, column)
}
