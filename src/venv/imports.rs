//! The import statements of a module by the look of its lines: cheap enough for every source of a scan, and only a hint, since
//! a line may be part of a text.

use memchr::memchr;

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
        while at < source.len() {
            let line = &source[at..];
            let next = memchr(b'\n', line).map_or(source.len(), |end| at + end + 1);
            at = next;
            let margin = line
                .iter()
                .take_while(|b| matches!(b, b' ' | b'\t'))
                .count();
            let line = &line[margin..];
            if line.starts_with(b"from ") || line.starts_with(b"import ") {
                return Some(statement(line));
            }
        }
        None
    })
    .flatten()
}

/// The longest statement that is looked at.
const STATEMENT_MAX: usize = 16 << 10;

/// Reads a statement at the beginning of some text.
fn statement(text: &[u8]) -> Vec<Import> {
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
    let plain: Vec<String> = String::from_utf8_lossy(&text[..end.min(STATEMENT_MAX)])
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default().to_owned())
        .collect();
    let plain = plain.join(" ").replace(['(', '\\'], " ");
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
