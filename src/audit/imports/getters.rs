//! The `__getattr__` of a module, and the tables of words in which it may look.

use std::collections::{HashMap, HashSet};

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Alias, Expr, Stmt, StmtFunctionDef};

use super::dotted::dotted;

const GETATTR: &str = "__getattr__";

/// Names, or parts of them, as they stand in a source.
pub(super) type Words = HashSet<String>;

/// What a module has for a `__getattr__`.
pub(super) enum Getter<'a> {
    /// A function of its own.
    Function(&'a StmtFunctionDef),
    /// An object of a class with this body.
    Class(&'a [Stmt]),
    /// It comes from elsewhere.
    Other,
}

/// The tables of words that a module binds, and its `__getattr__`.
#[derive(Default)]
pub(super) struct Getters<'a> {
    pub(super) found: Vec<Getter<'a>>,
    /// Words that are the keys of a plain table of the module; none of what is bound twice, or changed.
    pub(super) tables: HashMap<&'a str, Option<Words>>,
    /// In how many functions and classes the statement stands.
    depth: usize,
}

impl<'a> Visitor<'a> for Getters<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            // Functions may change a table.
            Stmt::FunctionDef(function) => {
                if self.depth == 0 && &function.name == GETATTR {
                    self.found.push(Getter::Function(function));
                }
                return self.within(statement);
            }
            Stmt::ClassDef(class) => {
                // Without a decorator that makes an object of it, it is called to make one.
                if self.depth == 0 && &class.name == GETATTR {
                    let is_plain = class.arguments.is_none() && class.decorator_list.len() == 1;
                    let class = Getter::Class(&class.body);
                    let getter = if is_plain { class } else { Getter::Other };
                    self.found.push(getter);
                }
                return self.within(statement);
            }
            Stmt::ImportFrom(from) => {
                let given = |one: &Alias| one.asname.as_ref().unwrap_or(&one.name) == GETATTR;
                if from.names.iter().any(given) {
                    self.found.push(Getter::Other);
                }
            }
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    self.bind(target, Some(&assign.value));
                }
            }
            Stmt::AnnAssign(assign) => self.bind(&assign.target, assign.value.as_deref()),
            Stmt::AugAssign(assign) => self.bind(&assign.target, None),
            _ => {}
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        // A table that is changed by a method: `T.update(…)`.
        if let Expr::Call(call) = expr
            && let Expr::Attribute(method) = &*call.func
            && let Expr::Name(table) = &*method.value
            && !matches!(method.attr.as_str(), "get" | "keys" | "items" | "values")
        {
            self.tables.insert(table.id.as_str(), None);
        }
        walk_expr(self, expr);
    }
}

impl<'a> Getters<'a> {
    fn within(&mut self, statement: &'a Stmt) {
        self.depth += 1;
        walk_stmt(self, statement);
        self.depth -= 1;
    }

    fn bind(&mut self, target: &'a Expr, value: Option<&Expr>) {
        match target {
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|part| self.bind(part, None)),
            Expr::Subscript(part) => self.bind(&part.value, None),
            Expr::Name(name) if name.id == GETATTR => self.found.push(Getter::Other),
            Expr::Name(name) => {
                let words = value.and_then(words);
                let entry = self.tables.entry(name.id.as_str());
                entry.and_modify(|twice| *twice = None).or_insert(words);
            }
            _ => {}
        }
    }
}

/// The words of a plain text, list, tuple, set, or of the keys of a dictionary.
pub(super) fn words(expr: &Expr) -> Option<Words> {
    let text = |part: &Expr| match part {
        Expr::StringLiteral(text) => Some(text.value.to_str().to_owned()),
        _ => None,
    };
    match expr {
        Expr::List(list) => list.elts.iter().map(text).collect(),
        Expr::Tuple(tuple) => tuple.elts.iter().map(text).collect(),
        Expr::Set(set) => set.elts.iter().map(text).collect(),
        Expr::Dict(dict) => {
            let keys = dict.items.iter().map(|item| item.key.as_ref());
            keys.map(|key| key.and_then(text)).collect()
        }
        Expr::Call(call) if dotted(&call.func).as_deref() == Some("frozenset") => {
            words(call.arguments.args.first()?)
        }
        _ => None,
    }
}
