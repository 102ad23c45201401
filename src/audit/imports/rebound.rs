//! Names of a module of which a plain assignment is not all that binds them: what they stand for further down is not
//! known from that alone.

use std::collections::HashSet;

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{ExceptHandler, Expr, ExprContext, Stmt};

/// The names that a plain assignment binds, and an import, a loop, a `with`, a definition, a handler or an addition as
/// well, or a function as a global one.
pub(super) fn rebound(body: &[Stmt]) -> HashSet<String> {
    let mut rebound = Rebound::default();
    for statement in body {
        rebound.visit_stmt(statement);
    }
    let Rebound { names, plain, .. } = rebound;
    names.intersection(&plain).cloned().collect()
}

#[derive(Default)]
struct Rebound {
    names: HashSet<String>,
    /// Those of plain assignments.
    plain: HashSet<String>,
    in_function: bool,
}

impl Rebound {
    fn bind(&mut self, name: &str) {
        if !self.in_function {
            self.names.insert(name.to_owned());
        }
    }

    fn assign(&mut self, target: &Expr) {
        if let (Expr::Name(name), false) = (target, self.in_function) {
            self.plain.insert(name.id.to_string());
        }
    }

    fn within(&mut self, statement: &Stmt) {
        let before = std::mem::replace(&mut self.in_function, true);
        walk_stmt(self, statement);
        self.in_function = before;
    }
}

impl<'a> Visitor<'a> for Rebound {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Global(global) => {
                let names = global.names.iter().map(ToString::to_string);
                self.names.extend(names);
            }
            Stmt::FunctionDef(function) => {
                self.bind(&function.name);
                return self.within(statement);
            }
            Stmt::ClassDef(class) => {
                self.bind(&class.name);
                return self.within(statement);
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name);
                    self.bind(name.split('.').next().unwrap_or_default());
                }
            }
            Stmt::ImportFrom(from) => {
                for alias in &from.names {
                    self.bind(alias.asname.as_ref().unwrap_or(&alias.name));
                }
            }
            Stmt::Try(one) => {
                for handler in &one.handlers {
                    let ExceptHandler::ExceptHandler(handler) = handler;
                    if let Some(name) = &handler.name {
                        self.bind(name);
                    }
                }
            }
            Stmt::Assign(assign) if assign.targets.iter().all(Expr::is_name_expr) => {
                assign.targets.iter().for_each(|target| self.assign(target));
                return self.visit_expr(&assign.value);
            }
            Stmt::AnnAssign(assign) if assign.target.is_name_expr() => {
                self.assign(&assign.target);
                return assign.value.iter().for_each(|value| self.visit_expr(value));
            }
            _ => {}
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Name(name) = expr
            && name.ctx != ExprContext::Load
        {
            self.bind(&name.id);
        }
        walk_expr(self, expr);
    }
}
