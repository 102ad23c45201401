//! What the `setup.py` of a project gives as constant texts. It is never executed.

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprContext, Stmt};

use super::declared::{File, Project};
use crate::audit::python::parse;

impl File<'_> {
    /// What `setup.py` gives as constant texts; it is never executed.
    pub(super) fn setup_py(&self, project: &mut Project) {
        let found = parse(self.text.as_bytes(), |parsed, _| {
            let body = &parsed.syntax().body;
            let calls = body.iter().filter_map(setup_call);
            let words = calls.flat_map(|call| call.arguments.keywords.iter());
            let mut lists = Vec::new();
            let mut is_whole = true;
            for word in words {
                let name = word.arg.as_ref().map(ruff_python_ast::Identifier::as_str);
                match name {
                    Some("install_requires") => {
                        is_whole &= constants(&word.value, body, &mut lists);
                    }
                    // `setup(**settings)`.
                    None => is_whole = false,
                    Some(_) => {}
                }
            }
            (lists, is_whole)
        });
        let (texts, is_whole) = found.unwrap_or_default();
        for text in texts {
            // Several requirements may stand in one text, each in a line.
            for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
                self.declare(project, line, false);
            }
        }
        if !is_whole {
            let why = "it makes its list of requirements by code, which is not executed";
            project.unread.push((self.path.to_owned(), why));
        }
    }
}

/// The call of `setup` that a statement is, also under a question for `__main__`.
fn setup_call(statement: &Stmt) -> Option<&ruff_python_ast::ExprCall> {
    match statement {
        Stmt::Expr(one) => match &*one.value {
            Expr::Call(call) => {
                let name = match &*call.func {
                    Expr::Name(name) => name.id.as_str(),
                    Expr::Attribute(attribute) => attribute.attr.as_str(),
                    _ => return None,
                };
                (name == "setup").then_some(call)
            }
            _ => None,
        },
        Stmt::If(one) => one.body.iter().find_map(setup_call),
        _ => None,
    }
}

/// Adds the texts of a list that is written out, there or where its name gets it. Returns whether these are all.
fn constants(value: &Expr, body: &[Stmt], texts: &mut Vec<String>) -> bool {
    let parts = match value {
        Expr::List(list) => &list.elts[..],
        Expr::Tuple(tuple) => &tuple.elts[..],
        Expr::StringLiteral(text) => {
            texts.push(text.value.to_str().to_owned());
            return true;
        }
        Expr::BinOp(sum) if sum.op == ruff_python_ast::Operator::Add => {
            let left = constants(&sum.left, body, texts);
            return constants(&sum.right, body, texts) && left;
        }
        Expr::Name(name) => return of_name(&name.id, body, texts),
        _ => return false,
    };
    let mut is_whole = true;
    for part in parts {
        match part {
            Expr::StringLiteral(text) => texts.push(text.value.to_str().to_owned()),
            _ => is_whole = false,
        }
    }
    is_whole
}

/// The same of a name: what it gets at first, and what plain statements add to that. What is done to it by a condition
/// or anywhere else is not known.
fn of_name(name: &str, body: &[Stmt], texts: &mut Vec<String>) -> bool {
    let is_it = |one: &Expr| matches!(one, Expr::Name(own) if own.id == name);
    // A list of a list of names might lead back here.
    let is_plain = |value: &Expr| !matches!(value, Expr::Name(_) | Expr::BinOp(_));
    let (mut is_given, mut is_whole) = (false, true);
    for statement in body {
        match statement {
            Stmt::Assign(one) if one.targets.iter().any(is_it) => {
                is_whole &= !is_given && is_plain(&one.value) && constants(&one.value, &[], texts);
                is_given = true;
            }
            Stmt::AnnAssign(one) if is_it(&one.target) => {
                let value = one.value.as_ref().filter(|value| is_plain(value));
                is_whole &= !is_given && value.is_some_and(|value| constants(value, &[], texts));
                is_given = true;
            }
            Stmt::AugAssign(one) if is_it(&one.target) => {
                let is_sum = one.op == ruff_python_ast::Operator::Add && is_plain(&one.value);
                is_whole &= is_sum && constants(&one.value, &[], texts);
            }
            Stmt::Expr(one) if adds(&one.value, name).is_some() => {
                let added = adds(&one.value, name);
                is_whole &=
                    added.is_some_and(|value| is_plain(value) && constants(value, &[], texts));
            }
            other => is_whole &= !touches(other, name),
        }
    }
    is_given && is_whole
}

/// What a call adds to the list of a name.
fn adds<'e>(call: &'e Expr, name: &str) -> Option<&'e Expr> {
    let Expr::Call(call) = call else { return None };
    let Expr::Attribute(method) = &*call.func else {
        return None;
    };
    let is_it = matches!(&*method.value, Expr::Name(own) if own.id == name);
    let is_addition = ["append", "extend"].contains(&method.attr.as_str());
    match &call.arguments.args[..] {
        [one] if is_it && is_addition => Some(one),
        _ => None,
    }
}

/// Whether a statement gives a name another value, or calls a method of it.
fn touches(statement: &Stmt, name: &str) -> bool {
    struct Touch<'n> {
        name: &'n str,
        found: bool,
    }
    impl<'a> Visitor<'a> for Touch<'_> {
        fn visit_expr(&mut self, expr: &'a Expr) {
            let is_it = |one: &Expr| matches!(one, Expr::Name(own) if own.id == self.name);
            self.found |= match expr {
                Expr::Name(own) => own.id == self.name && own.ctx != ExprContext::Load,
                Expr::Attribute(method) => is_it(&method.value),
                Expr::Subscript(part) => part.ctx != ExprContext::Load && is_it(&part.value),
                _ => false,
            };
            walk_expr(self, expr);
        }
    }
    let mut touch = Touch { name, found: false };
    touch.visit_stmt(statement);
    touch.found
}
