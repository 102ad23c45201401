//! Names of a module that mean other objects than the module itself, as far as its text tells: whoever gives one of
//! these an attribute gives the module none.

use std::collections::{HashMap, HashSet};

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Alias, Expr, ExprCall, ExprContext, Stmt};

use super::dotted::dotted;
use super::openings::may_be_module;

/// The names that are bound, wherever they stand, by a class, a function, an import of something else, or a call that
/// does not ask for a module. `module` is that of the text (`grpc.aio`).
pub(super) fn objects(body: &[Stmt], module: &str) -> HashSet<String> {
    let mut bindings = Bindings {
        own: module.rsplit('.').next().unwrap_or_default(),
        found: HashMap::new(),
    };
    for statement in body {
        bindings.visit_stmt(statement);
    }
    let found = bindings.found.into_iter();
    let objects = found.filter(|(_, is_object)| *is_object);
    objects.map(|(name, _)| name.to_owned()).collect()
}

struct Bindings<'a> {
    /// The last part of the name of the module.
    own: &'a str,
    /// For each name whether all that binds it makes it another object.
    found: HashMap<&'a str, bool>,
}

impl<'a> Bindings<'a> {
    fn bind(&mut self, name: &'a str, is_object: bool) {
        *self.found.entry(name).or_insert(true) &= is_object;
    }

    fn import(&mut self, names: &'a [Alias]) {
        for alias in names {
            let top = alias.name.split('.').next().unwrap_or_default();
            let name = alias.asname.as_ref().map_or(top, |name| name.as_str());
            let mut parts = alias.name.split('.');
            let is_other = parts.all(|part| part != self.own);
            self.bind(name, is_other);
        }
    }

    fn assign(&mut self, target: &'a Expr, value: &'a Expr) {
        match target {
            Expr::Name(name) => self.bind(&name.id, is_object(value)),
            _ => self.visit_expr(target),
        }
        self.visit_expr(value);
    }
}

impl<'a> Visitor<'a> for Bindings<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => self.bind(&function.name, true),
            Stmt::ClassDef(class) => self.bind(&class.name, true),
            Stmt::Import(import) => return self.import(&import.names),
            Stmt::ImportFrom(from) => return self.import(&from.names),
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    self.assign(target, &assign.value);
                }
                return;
            }
            _ => {}
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if name.ctx == ExprContext::Store => self.bind(&name.id, false),
            Expr::Lambda(lambda) => {
                for parameter in lambda.parameters.iter().flat_map(|all| all.iter()) {
                    self.bind(parameter.name(), false);
                }
            }
            _ => {}
        }
        walk_expr(self, expr);
    }
}

fn is_object(value: &Expr) -> bool {
    match value {
        Expr::Call(call) => !may_be_module(value) && makes_object(call),
        Expr::StringLiteral(_) | Expr::NumberLiteral(_) | Expr::NoneLiteral(_) => true,
        _ => false,
    }
}

/// Whether a call gives something else than a module, by the name of what is called and by what it is told.
fn makes_object(call: &ExprCall) -> bool {
    const MAY_GIVE_MODULES: [&str; 6] = ["module", "import", "frame", "getattr", "vars", "next"];
    let name = dotted(&call.func).unwrap_or_default().to_lowercase();
    let tells_name = |one: &Expr| matches!(one, Expr::Name(name) if name.id == "__name__");
    !name.is_empty()
        && !MAY_GIVE_MODULES.iter().any(|word| name.contains(word))
        && !call.arguments.args.iter().any(tells_name)
}
