//! The import statements of a module as the parser sees them, where a look at its lines was not enough.

use ruff_python_ast::Stmt;

use crate::audit::python::parse;
use crate::python::imports::Import;

/// An import with its line, and whether it runs whenever the module is imported.
pub(super) struct Confirmed {
    pub(super) line: usize,
    pub(super) import: Import,
    pub(super) always: bool,
}

/// Imports that run whenever the module is imported, or first of all whenever a function is called.
pub(super) fn confirmed(source: &[u8]) -> Vec<Confirmed> {
    let found = parse(source, |parsed, text| {
        let mut found = Vec::new();
        look(&parsed.syntax().body, true, text, &mut found);
        found
    });
    found.unwrap_or_default()
}

/// Looks at a body. That of the module goes on after an `if` or a `try`; in a function what stands behind one may depend on it.
fn look(body: &[Stmt], always: bool, text: &str, found: &mut Vec<Confirmed>) {
    for statement in body {
        let mut keep = |offset: usize, import| {
            found.push(Confirmed {
                line: line(text, offset),
                import,
                always,
            });
        };
        match statement {
            Stmt::Import(import) => {
                for alias in &import.names {
                    let import_one = Import {
                        level: 0,
                        module: alias.name.to_string(),
                        names: Vec::new(),
                    };
                    keep(import.range.start().to_usize(), import_one);
                }
            }
            Stmt::ImportFrom(from) => {
                let names = from.names.iter().map(|alias| alias.name.to_string());
                let module = from.module.as_ref().map(ToString::to_string);
                let import = Import {
                    level: from.level,
                    module: module.unwrap_or_default(),
                    names: names.filter(|name| name != "*").collect(),
                };
                keep(from.range.start().to_usize(), import);
            }
            Stmt::FunctionDef(function) => look(&function.body, false, text, found),
            Stmt::ClassDef(class) => look(&class.body, always, text, found),
            // What comes after may never run.
            Stmt::Raise(_) => break,
            Stmt::Expr(_) | Stmt::Assign(_) | Stmt::AnnAssign(_) | Stmt::Pass(_) => {}
            _ if always => {}
            _ => break,
        }
    }
}

fn line(text: &str, offset: usize) -> usize {
    text.get(..offset)
        .map_or(1, |before| before.matches('\n').count() + 1)
}
