//! Python source, parsed by a parser that survives errors in it. What it could not survive is not given to it.

use ruff_python_ast::{ModModule, PySourceType};
use ruff_python_parser::{Parsed, parse_unchecked_source};

/// Longer files are not parsed.
const SOURCE_MAX: usize = 256 << 10;
/// Deeper brackets are not parsed; Python itself takes no more than 200.
const DEPTH_MAX: usize = 200;
/// The parser calls itself: a hostile file of `SOURCE_MAX` bytes fits with 2 KiB for each.
const STACK: usize = 512 << 20;

/// Parses source and hands the tree on; none where it cannot be parsed safely. Syntax errors are no obstacle.
pub(super) fn parse<T: Send>(
    source: &[u8],
    look: impl FnOnce(&Parsed<ModModule>, &str) -> T + Send,
) -> Option<T> {
    let text = std::str::from_utf8(source).ok()?;
    if source.len() > SOURCE_MAX || depth(source) > DEPTH_MAX {
        return None;
    }
    std::thread::scope(|scope| {
        let work = move || look(&parse_unchecked_source(text, PySourceType::Python), text);
        let builder = std::thread::Builder::new().stack_size(STACK);
        builder.spawn_scoped(scope, work).ok()?.join().ok()
    })
}

/// Whether source is valid Python, as far as can be told.
pub(crate) fn is_valid_python(source: &[u8]) -> bool {
    parse(source, |parsed, _| parsed.has_valid_syntax()).unwrap_or(false)
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
            let _ = is_valid_python(unit.repeat(SOURCE_MAX / unit.len()).as_bytes());
        }
        assert!(!is_valid_python(&[0xff, 0xfe]));
    }
}
