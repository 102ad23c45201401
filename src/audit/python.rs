//! Python source, parsed by a parser that survives errors in it. What it could not survive is not given to it.

use std::sync::{Mutex, PoisonError};

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{ModModule, PySourceType};
use ruff_python_parser::{Parsed, parse_unchecked_source};

use super::stack::with_stack;

/// Sources of more pieces (words, numbers, signs) are not parsed; the largest of common packages has 170,000.
const PIECES_MAX: usize = 256 << 10;
/// Deeper brackets are not parsed; Python itself takes no more than 200.
const DEPTH_MAX: usize = 200;
/// The parser calls itself, at most once for each piece, with less than this for each.
const STACK_EACH: usize = 2 << 10;
/// What it needs beside that.
const STACK_LEAST: usize = 1 << 20;
/// Of sources with more pieces only one is parsed at a time.
const PIECES_MANY: usize = 32 << 10;
static MANY: Mutex<()> = Mutex::new(());

/// Parses source and hands the tree on; none where it cannot be parsed safely. Syntax errors are no obstacle.
pub(super) fn parse<T>(
    source: &[u8],
    look: impl FnOnce(&Parsed<ModModule>, &str) -> T,
) -> Option<T> {
    let text = std::str::from_utf8(source).ok()?;
    let pieces = pieces(source);
    if pieces > PIECES_MAX || depth(source) > DEPTH_MAX {
        return None;
    }
    let is_large = pieces > PIECES_MANY;
    let _alone = is_large.then(|| MANY.lock().unwrap_or_else(PoisonError::into_inner));
    with_stack(STACK_LEAST + pieces * STACK_EACH, || {
        look(&parse_unchecked_source(text, PySourceType::Python), text)
    })
}

/// Whether source is valid Python, as far as can be told.
pub(crate) fn is_valid_python(source: &[u8]) -> bool {
    parse(source, |parsed, _| parsed.has_valid_syntax()).unwrap_or(false)
}

/// The plain texts that stand in source, without those that an escape or a prefix makes something else.
pub(super) fn texts(source: &[u8]) -> Vec<String> {
    let texts = parse(source, |parsed, text| {
        let strings = parsed
            .tokens()
            .iter()
            .filter(|token| token.kind() == TokenKind::String);
        let bare = strings.filter_map(|token| {
            let text = text.get(std::ops::Range::<usize>::from(token.as_tuple().1))?;
            let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
            let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
            (!inner.contains('\\') && !inner.starts_with(quote)).then(|| inner.to_owned())
        });
        bare.collect()
    });
    texts.unwrap_or_default()
}

/// The beginning of source that is too large to be parsed as a whole, up to a statement that stands at the top after an
/// empty line; none where all of it can be parsed, or there is no such place.
pub(super) fn head(source: &[u8]) -> Option<&[u8]> {
    if pieces(source) <= PIECES_MAX {
        return None;
    }
    let begins = |at: &usize| {
        let first = source.get(at + 1);
        source[..*at].ends_with(b"\n") && first.is_some_and(u8::is_ascii_alphabetic)
    };
    let places = memchr::memchr_iter(b'\n', source).filter(begins);
    let (mut count, mut counted, mut last) = (0, 0, None);
    for at in places {
        count += pieces(&source[counted..at]);
        counted = at;
        if count > PIECES_MAX {
            break;
        }
        last = Some(&source[..=at]);
    }
    last
}

/// How many tokens there are at most: each word, each number and each sign counts, also in strings and comments.
fn pieces(source: &[u8]) -> usize {
    let kind = |byte: u8| match byte {
        b' ' | b'\t' | b'\r' | 0x0c => 0,
        b'0'..=b'9' => 1,
        b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0x80.. => 2,
        _ => 3,
    };
    let mut before = 0;
    let mut count = 0;
    for &byte in source {
        let kind = kind(byte);
        count += usize::from(kind != 0 && (kind == 3 || kind != before));
        before = kind;
    }
    count
}

/// How deep brackets are nested at most; brackets in strings count too, which does no harm.
fn depth(source: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for byte in source {
        match byte {
            b'(' | b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_source_is_survived() {
        assert!(is_valid_python(b"def f():\n    return 1\n"));
        assert!(!is_valid_python(b"def f(:\n"));
        for unit in [
            "(",
            "-",
            "not ",
            "lambda:",
            "a if b else ",
            "a**",
            "\0",
            "if x:\n ",
            "[",
            "~",
            "await ",
            "x:=",
        ] {
            let count = PIECES_MAX / pieces(unit.as_bytes()).max(1);
            let _ = is_valid_python(unit.repeat(count).as_bytes());
        }
        assert!(!is_valid_python(&[0xff, 0xfe]));
        let long = format!("'''{}'''\nx = 1\n", "words of a long text\n".repeat(40_000));
        assert!(long.len() > 800_000 && is_valid_python(long.as_bytes()));
    }
}
