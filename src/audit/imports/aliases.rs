//! What the names of a file mean that its imports bind.

use std::collections::HashMap;

use ruff_python_ast::Stmt;
use ruff_python_ast::visitor::{Visitor, walk_stmt};

/// What the names of a file mean that its imports bind, wherever they stand.
pub(super) struct Aliases(HashMap<String, String>);

impl Aliases {
    pub(super) fn collect(body: &[Stmt]) -> HashMap<String, String> {
        let mut aliases = Self(HashMap::new());
        for statement in body {
            aliases.visit_stmt(statement);
        }
        aliases.0
    }
}

impl<'a> Visitor<'a> for Aliases {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Import(import) => {
                for alias in &import.names {
                    let whole = alias.name.to_string();
                    let top = whole.split('.').next().unwrap_or_default().to_owned();
                    match &alias.asname {
                        Some(name) => self.0.insert(name.to_string(), whole),
                        None => self.0.insert(top.clone(), top),
                    };
                }
            }
            Stmt::ImportFrom(from) if from.level == 0 => {
                let module = from.module.as_ref().map(ToString::to_string);
                for alias in &from.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name).to_string();
                    let whole = format!("{}.{}", module.as_deref().unwrap_or_default(), alias.name);
                    self.0.insert(name, whole);
                }
            }
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, _: &'a ruff_python_ast::Expr) {}
}
