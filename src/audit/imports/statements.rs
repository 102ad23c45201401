//! The import statements of a module: first by a look at its lines, then, where it matters, by a parser.

use ruff_python_ast::Stmt;

use crate::audit::python::parse;

/// One import of one module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Import {
    /// The number of leading dots.
    pub(super) level: u32,
    /// The module; may be empty where there are dots.
    pub(super) module: String,
    /// The names that are taken from it; empty for `import x` and `from x import *`.
    pub(super) names: Vec<String>,
}

/// Imports by the look of lines that begin at the margin. Some may be part of a text.
pub(super) fn textual(source: &[u8]) -> impl Iterator<Item = Import> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < source.len() {
            let line = &source[at..];
            let next = line
                .iter()
                .position(|&b| b == b'\n')
                .map_or(source.len(), |end| at + end + 1);
            at = next;
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
    let first_end = text.iter().position(|&b| b == b'\n').unwrap_or(text.len());
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

/// Imports that run whenever the module is imported, with their lines, as the parser sees them.
pub(super) fn confirmed(source: &[u8]) -> Vec<(usize, Import)> {
    let found = parse(source, |parsed, text| {
        let mut found = Vec::new();
        for statement in &parsed.syntax().body {
            match statement {
                Stmt::Import(import) => {
                    let line = line(text, import.range.start().to_usize());
                    found.extend(import.names.iter().map(|alias| {
                        let module = alias.name.to_string();
                        (
                            line,
                            Import {
                                level: 0,
                                module,
                                names: Vec::new(),
                            },
                        )
                    }));
                }
                Stmt::ImportFrom(from) => {
                    let names = from.names.iter().map(|alias| alias.name.to_string());
                    let import = Import {
                        level: from.level,
                        module: from
                            .module
                            .as_ref()
                            .map(ToString::to_string)
                            .unwrap_or_default(),
                        names: names.filter(|name| name != "*").collect(),
                    };
                    found.push((line(text, from.range.start().to_usize()), import));
                }
                // What comes after may never run.
                Stmt::Raise(_) => break,
                _ => {}
            }
        }
        found
    });
    found.unwrap_or_default()
}

fn line(text: &str, offset: usize) -> usize {
    text.get(..offset)
        .map_or(1, |before| before.matches('\n').count() + 1)
}
