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
    parse_measured(source, &Extent::of(source), look)
}

/// The same of the beginning of source that is too large to be parsed as a whole; and how long what was parsed is.
pub(super) fn parse_beginning<T>(
    source: &[u8],
    look: impl FnOnce(&Parsed<ModModule>, &str) -> T,
) -> Option<(T, usize)> {
    let extent = Extent::of(source);
    if extent.pieces <= PIECES_MAX {
        return Some((parse_measured(source, &extent, look)?, source.len()));
    }
    let head = head(source)?;
    Some((parse(head, look)?, head.len()))
}

fn parse_measured<T>(
    source: &[u8],
    &Extent { pieces, depth }: &Extent,
    look: impl FnOnce(&Parsed<ModModule>, &str) -> T,
) -> Option<T> {
    let text = std::str::from_utf8(source).ok()?;
    if pieces > PIECES_MAX || depth > DEPTH_MAX {
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

/// The beginning of source that is too large, up to a statement that stands at the top after an empty line; none where
/// there is no such place.
fn head(source: &[u8]) -> Option<&[u8]> {
    let begins = |at: &usize| {
        let first = source.get(at + 1);
        source[..*at].ends_with(b"\n") && first.is_some_and(u8::is_ascii_alphabetic)
    };
    let places = memchr::memchr_iter(b'\n', source).filter(begins);
    let (mut count, mut counted, mut last) = (0, 0, None);
    for at in places {
        count += Extent::of(&source[counted..at]).pieces;
        counted = at;
        if count > PIECES_MAX {
            break;
        }
        last = Some(&source[..=at]);
    }
    last
}

/// How much there is to parse, told from the bytes alone.
struct Extent {
    /// How many tokens there are at most: each word, each number and each sign counts, also in strings and comments.
    pieces: usize,
    /// How deep brackets are nested at most; brackets in strings count too, which does no harm.
    depth: usize,
}

impl Extent {
    fn of(source: &[u8]) -> Self {
        let mut extent = Self {
            pieces: 0,
            depth: 0,
        };
        let (mut before, mut depth) = (BLANK, 0_usize);
        for &byte in source {
            let kind = KINDS[usize::from(byte)];
            extent.pieces += usize::from(kind != BLANK && (kind >= SIGN || kind != before));
            match kind {
                OPENING => {
                    depth += 1;
                    extent.depth = extent.depth.max(depth);
                }
                CLOSING => depth = depth.saturating_sub(1),
                _ => {}
            }
            before = kind;
        }
        extent
    }
}

const BLANK: u8 = 0;
const DIGIT: u8 = 1;
const LETTER: u8 = 2;
/// Those from here on are pieces each.
const SIGN: u8 = 3;
const OPENING: u8 = 4;
const CLOSING: u8 = 5;

/// What each byte is. A table, since sources of many megabytes are looked through.
const KINDS: [u8; 256] = {
    let mut kinds = [SIGN; 256];
    let mut at = 0;
    while at < 256 {
        kinds[at] = match at as u8 {
            b' ' | b'\t' | b'\r' | 0x0c => BLANK,
            b'0'..=b'9' => DIGIT,
            b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0x80.. => LETTER,
            b'(' | b'[' | b'{' => OPENING,
            b')' | b']' | b'}' => CLOSING,
            _ => SIGN,
        };
        at += 1;
    }
    kinds
};

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
            let count = PIECES_MAX / Extent::of(unit.as_bytes()).pieces.max(1);
            let _ = is_valid_python(unit.repeat(count).as_bytes());
        }
        assert!(!is_valid_python(&[0xff, 0xfe]));
        let long = format!("'''{}'''\nx = 1\n", "words of a long text\n".repeat(40_000));
        assert!(long.len() > 800_000 && is_valid_python(long.as_bytes()));
    }
}
