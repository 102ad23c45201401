//! The names that statements bind, and how deep they are nested.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, ExprContext, Stmt};

/// The names that a statement binds outside of functions and classes in it.
pub(super) fn bound(statement: &Stmt) -> Vec<String> {
    let mut found = Bound(Vec::new());
    found.visit_stmt(statement);
    found.0
}

/// The names that a target binds.
pub(super) fn bound_by(target: &Expr) -> Vec<String> {
    let mut found = Bound(Vec::new());
    found.visit_expr(target);
    found.0
}

/// Whether statements are nested no deeper than that.
pub(super) fn is_flat(body: &[Stmt], most: usize) -> bool {
    let mut depth = Depth { now: 0, most: 0 };
    for statement in body {
        depth.visit_stmt(statement);
    }
    depth.most <= most
}

struct Depth {
    now: usize,
    most: usize,
}

impl Depth {
    fn down(&mut self, walk: impl FnOnce(&mut Self)) {
        self.now += 1;
        self.most = self.most.max(self.now);
        walk(self);
        self.now -= 1;
    }
}

impl<'a> Visitor<'a> for Depth {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        self.down(|depth| walk_stmt(depth, statement));
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        self.down(|depth| walk_expr(depth, expr));
    }
}

struct Bound(Vec<String>);

impl<'a> Visitor<'a> for Bound {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        let aliases = match statement {
            Stmt::Import(import) => &import.names[..],
            Stmt::ImportFrom(from) => &from.names[..],
            _ => &[],
        };
        for alias in aliases {
            let name = alias.asname.as_ref().unwrap_or(&alias.name);
            let first = name.split('.').next().unwrap_or_default();
            self.0.push(first.to_owned());
        }
        match statement {
            Stmt::FunctionDef(function) => self.0.push(function.name.to_string()),
            Stmt::ClassDef(class) => self.0.push(class.name.to_string()),
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Name(name) = expr
            && name.ctx == ExprContext::Store
        {
            self.0.push(name.id.to_string());
        }
        walk_expr(self, expr);
    }
}
