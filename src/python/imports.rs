//! The import statements of a module by the look of its lines: cheap enough for every source of a scan, and only a
//! hint, since a line may be part of a text.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use memchr::{memchr, memrchr};

static IMPORT: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"import"));

/// One import of one module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Import {
    /// The number of leading dots.
    pub(crate) level: u32,
    /// The module; may be empty where there are dots.
    pub(crate) module: String,
    /// The names that are taken from it; empty for `import x` and `from x import *`.
    pub(crate) names: Vec<String>,
}

/// Imports by the look of lines, wherever they begin. Some may be part of a text.
pub(crate) fn textual(source: &[u8]) -> impl Iterator<Item = Import> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        // Few lines have the word, and finding it is much faster than looking at each line.
        while let Some(found) = IMPORT.find(&source[at..]) {
            let word = at + found;
            let start = memrchr(b'\n', &source[at..word]).map_or(at, |end| at + end + 1);
            at = memchr(b'\n', &source[word..]).map_or(source.len(), |end| word + end + 1);
            let line = source[start..].trim_ascii_start();
            // `lazy import` and `lazy from` of PEP 810.
            let line = line.strip_prefix(b"lazy ").unwrap_or(line);
            if line.starts_with(b"from ") || line.starts_with(b"import ") {
                return Some(statement(line));
            }
            let line = &source[word..at];
            if let Some(import) = IMPORT
                .find_iter(line)
                .find_map(|word| called(&line[word..]))
            {
                return Some(vec![import]);
            }
            // A statement behind another one on its line.
            let before = source[start..word].trim_ascii_end();
            if before.ends_with(b":") || before.ends_with(b";") {
                return Some(statement(&source[word..]));
            }
        }
        None
    })
    .flatten()
}

/// What `import_module("a.b")` and `__import__("a.b")` import, from the word on.
fn called(text: &[u8]) -> Option<Import> {
    let rest = text.strip_prefix(b"import_module(");
    let rest = rest.or_else(|| text.strip_prefix(b"import__("))?;
    let rest = rest.trim_ascii_start();
    let quote = *rest.first().filter(|&&b| b == b'"' || b == b'\'')?;
    let text = &rest[1..];
    let text = &text[..memchr(quote, text)?];
    let text = std::str::from_utf8(text).ok()?;
    let bare = text.trim_start_matches('.');
    Some(Import {
        level: (text.len() - bare.len()) as u32,
        module: bare.to_owned(),
        names: Vec::new(),
    })
}

/// The longest statement that is looked at.
const STATEMENT_MAX: usize = 16 << 10;

/// Reads a statement at the beginning of some text.
pub(crate) fn statement(text: &[u8]) -> Vec<Import> {
    let first_end = memchr(b'\n', text).unwrap_or(text.len());
    let first = &text[..first_end];
    let end = if first.contains(&b'(') {
        text.iter()
            .take(STATEMENT_MAX)
            .position(|&b| b == b')')
            .unwrap_or(first_end)
    } else {
        first_end
    };
    let text = String::from_utf8_lossy(&text[..end.min(STATEMENT_MAX)]);
    let plain = if text.contains(['(', '\\', '#', '\n']) {
        let lines = text.lines().map(|line| line.split('#').next());
        let lines: Vec<&str> = lines.map(Option::unwrap_or_default).collect();
        lines.join(" ").replace(['(', '\\'], " ").into()
    } else {
        text
    };
    if let Some(rest) = plain.strip_prefix("from ") {
        let Some((module, names)) = rest.split_once(" import ") else {
            return Vec::new();
        };
        let module = module.trim();
        let bare = module.trim_start_matches('.');
        let names = names.split(';').next().unwrap_or_default().split(',');
        let names = names.filter_map(|name| name.split_whitespace().next());
        return vec![Import {
            level: (module.len() - bare.len()) as u32,
            module: bare.trim().to_owned(),
            names: names
                .filter(|name| *name != "*")
                .map(str::to_owned)
                .collect(),
        }];
    }
    let rest = plain.strip_prefix("import ").unwrap_or_default();
    let modules = rest.split(';').next().unwrap_or_default().split(',');
    modules
        .filter_map(|module| module.split_whitespace().next())
        .map(|module| Import {
            level: 0,
            module: module.to_owned(),
            names: Vec::new(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::textual;

    #[test]
    fn a_line_counts_that_begins_with_an_import_wherever_the_word_stands_else() {
        let source = b"import a, b.c as d # import z\n# import no\nx = 'import no'\n\tfrom .e import (f,\n  g)  \
            \nreimport = 1\nfrom important import h\nx = importlib.import_module(\"i.j\")\ntry: import k\nlazy from l \
            import m\n__import__('.n', x)";
        let found = textual(source).map(|import| {
            let names = import.names.join("+");
            format!(
                "{}{}:{names}",
                ".".repeat(import.level as usize),
                import.module
            )
        });
        let found: Vec<String> = found.collect();
        let calls = ["i.j:", "k:", "l:m", ".n:"];
        let expected = ["a:", "b.c:", ".e:f+g", "important:h"];
        assert_eq!(found, [&expected[..], &calls].concat());
    }
}
