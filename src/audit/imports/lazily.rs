//! Names that a package gives by its `__getattr__` out of a table of texts, each by the import of a module of its own:
//! `TABLE = {"Name": ".module"}`, as generators of clients write it (mistralai).

use std::collections::HashMap;

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, Stmt, StmtFunctionDef};

/// For each name the module that its first use imports, relative to the package: `.module`.
pub(super) fn table(body: &[Stmt]) -> HashMap<String, String> {
    let mut getters = body.iter().filter_map(|statement| match statement {
        Stmt::FunctionDef(function) if &function.name == "__getattr__" => Some(function),
        _ => None,
    });
    let (Some(getter), None) = (getters.next(), getters.next()) else {
        return HashMap::new();
    };
    let mut uses = Uses::default();
    uses.look(getter);
    // A function that tries something may do without it.
    if uses.is_wary {
        return HashMap::new();
    }
    let mut found = HashMap::new();
    for statement in body {
        let (target, value) = match statement {
            Stmt::Assign(assign) => match &assign.targets[..] {
                [target] => (target, &*assign.value),
                _ => continue,
            },
            Stmt::AnnAssign(assign) => match &assign.value {
                Some(value) => (&*assign.target, &**value),
                None => continue,
            },
            _ => continue,
        };
        if let (Expr::Name(name), Expr::Dict(dict)) = (target, value)
            && uses.names.contains(&name.id.as_str())
        {
            let entries = dict.items.iter().map(|item| {
                let name = text(item.key.as_ref()?)?;
                Some((name, module(&item.value)?))
            });
            // A table of other things says nothing.
            let entries: Option<Vec<(String, String)>> = entries.collect();
            found.extend(entries.into_iter().flatten());
        }
    }
    found
}

/// The module of an entry: `".module"`, `(".module", "name")`.
fn module(value: &Expr) -> Option<String> {
    let whole = match value {
        Expr::Tuple(tuple) => text(tuple.elts.first()?)?,
        other => text(other)?,
    };
    let bare = whole.trim_start_matches('.');
    let is_module = whole.starts_with('.') && !bare.is_empty();
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    (is_module && bare.chars().all(is_plain)).then_some(whole)
}

fn text(expr: &Expr) -> Option<String> {
    match expr {
        Expr::StringLiteral(text) => Some(text.value.to_str().to_owned()),
        _ => None,
    }
}

/// What a function uses.
#[derive(Default)]
struct Uses<'a> {
    names: Vec<&'a str>,
    /// Whether it may go on where something fails.
    is_wary: bool,
}

impl<'a> Uses<'a> {
    fn look(&mut self, function: &'a StmtFunctionDef) {
        for statement in &function.body {
            self.visit_stmt(statement);
        }
    }
}

impl<'a> Visitor<'a> for Uses<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        self.is_wary |= matches!(statement, Stmt::Try(_) | Stmt::With(_) | Stmt::Match(_));
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Name(name) = expr {
            self.names.push(&name.id);
        }
        walk_expr(self, expr);
    }
}
