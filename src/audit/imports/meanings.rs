//! What names mean that a module took of the standard library: `import sys as s`, `from os import name`.

use std::collections::HashMap;

use ruff_python_ast::Stmt;

/// Modules of which conditions ask.
const ASKED: [&str; 5] = ["os", "platform", "sys", "typing", "typing_extensions"];

/// What names mean; none of those that come from elsewhere, or from two places.
#[derive(Debug, Default)]
pub(super) struct Meanings(HashMap<String, Option<String>>);

impl Meanings {
    /// Remembers under which names a module or its contents were taken.
    pub(super) fn import(&mut self, statement: &Stmt) {
        let (of, names) = match statement {
            Stmt::Import(one) => (None, &one.names),
            Stmt::ImportFrom(one) if one.level == 0 => (one.module.as_deref(), &one.names),
            Stmt::ImportFrom(one) => (Some(""), &one.names),
            _ => return,
        };
        for alias in names {
            let bound = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
            let full = match of {
                Some(module) => format!("{module}.{}", alias.name),
                None => alias.name.to_string(),
            };
            let top = full.split('.').next().unwrap_or_default();
            // `import os.path` binds `os`, which means what it says.
            let meaning = (ASKED.contains(&top) && !bound.contains('.')).then_some(full);
            let known = self.0.entry(bound.to_owned());
            let known = known.or_insert_with(|| meaning.clone());
            // What is taken from two places is one or the other.
            if *known != meaning {
                *known = None;
            }
        }
    }

    /// The full name of a name that was taken under another one: `s.platform`.
    pub(super) fn full_name(&self, name: &str) -> Option<String> {
        let (first, rest) = name.split_at(name.find('.').unwrap_or(name.len()));
        let full = self.0.get(first)?.as_ref()?;
        Some(format!("{full}{rest}"))
    }
}
