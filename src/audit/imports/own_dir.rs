//! Whether an expression is the directory of the module in which it stands: a package that puts that into its own
//! `__path__`, or takes it out to put it in again, finds its modules where it found them before (blosc2).

use std::collections::HashSet;

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprCall, ExprContext, Stmt};

use super::dotted::dotted;

/// The names that stand for this directory in a module that has this text and changes its path: each is bound once, by
/// an expression that says so.
pub(super) fn own_dirs(body: &[Stmt], text: &str) -> HashSet<String> {
    let mut found = HashSet::new();
    if !text.contains("__path__") {
        return found;
    }
    for statement in body {
        let Stmt::Assign(assign) = statement else {
            continue;
        };
        let [Expr::Name(name)] = &assign.targets[..] else {
            continue;
        };
        if is_dir(&assign.value, &found) {
            found.insert(name.id.to_string());
        }
    }
    let mut bindings = Bindings::default();
    for statement in body {
        bindings.visit_stmt(statement);
    }
    found.retain(|name| bindings.0.iter().filter(|one| *one == name).count() == 1);
    found
}

/// Whether a call changes nothing of where a package finds its modules: `__path__.insert(0, own)`.
pub(super) fn keeps_path(call: &ExprCall, own: &HashSet<String>) -> bool {
    let method = dotted(&call.func).unwrap_or_default();
    let is_change = ["append", "insert", "remove"].map(|name| format!("__path__.{name}"));
    let last = call.arguments.args.last();
    is_change.contains(&method) && last.is_some_and(|last| is_dir(last, own))
}

/// `os.path.dirname(__file__)`, `Path(__file__).resolve().parent`, `str(…)` of it, or a name of it.
fn is_dir(expr: &Expr, own: &HashSet<String>) -> bool {
    match expr {
        Expr::Name(name) => own.contains(name.id.as_str()),
        Expr::Attribute(part) => &part.attr == "parent" && is_file(&part.value),
        Expr::Call(call) => match (called(call), argument(call)) {
            (Some("dirname"), Some(of)) => is_file(of),
            (Some("str" | "fspath" | "abspath" | "realpath"), Some(of)) => is_dir(of, own),
            (Some("resolve" | "absolute"), None) => {
                of_method(call).is_some_and(|of| is_dir(of, own))
            }
            _ => false,
        },
        _ => false,
    }
}

/// `__file__`, also made absolute, or as a `Path`.
fn is_file(expr: &Expr) -> bool {
    match expr {
        Expr::Name(name) => name.id.as_str() == "__file__",
        Expr::Call(call) => match (called(call), argument(call)) {
            (Some("Path" | "abspath" | "realpath"), Some(of)) => is_file(of),
            (Some("resolve" | "absolute"), None) => of_method(call).is_some_and(is_file),
            _ => false,
        },
        _ => false,
    }
}

/// The last name of what is called.
fn called(call: &ExprCall) -> Option<&str> {
    match &*call.func {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(method) => Some(method.attr.as_str()),
        _ => None,
    }
}

/// The only argument of a call.
fn argument(call: &ExprCall) -> Option<&Expr> {
    match (&call.arguments.args[..], &call.arguments.keywords[..]) {
        ([of], []) => Some(of),
        _ => None,
    }
}

/// Of what a method is called without arguments.
fn of_method(call: &ExprCall) -> Option<&Expr> {
    match &*call.func {
        Expr::Attribute(method) if call.arguments.is_empty() => Some(&method.value),
        _ => None,
    }
}

/// All names that are bound somewhere, as often as they are.
#[derive(Default)]
struct Bindings(Vec<String>);

impl<'a> Visitor<'a> for Bindings {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Name(name) = expr
            && name.ctx != ExprContext::Load
        {
            self.0.push(name.id.to_string());
        }
        walk_expr(self, expr);
    }
}
