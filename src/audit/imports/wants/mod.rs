//! What source of an application wants: each import with how surely it is executed, also those in functions and in
//! constant texts, and each use of a name that somebody else gives.
//!
//! Guards are decided as for installed packages (`guard.rs`, `catches.rs`), in three values: what nobody knows counts
//! as a guard.

mod leaves;
mod uses;

use std::collections::HashMap;

use ruff_python_ast::visitor::{Visitor, walk_stmt};
use ruff_python_ast::{ExceptHandler, Expr, Stmt, StmtFunctionDef, StmtIf, StmtTry};
use ruff_text_size::Ranged;

use super::aliases::Aliases;
use super::borne::{raises, starts, suppresses};
use super::catches::caught;
use super::dotted::dotted;
use super::guard::{Guard, Python};
use super::statements::{imports, line_at};
use super::steps::Kind;
use super::texts::listed;
use super::wanted::Wanted;
use crate::audit::python::parse;
use leaves::{leaves, never_fits};
use uses::Uses;

/// Statements that are nested deeper are not looked at.
const DEPTH_MAX: usize = 60;

/// How surely a statement is executed, the least sure first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Strength {
    /// The program may do without it.
    Guarded,
    /// When a function is called.
    Called,
    /// When the module is imported.
    Executed,
}

/// One thing that is wanted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Want {
    pub(crate) what: Wanted,
    pub(crate) strength: Strength,
    pub(crate) form: Form,
}

/// How something is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// An import, also by `import_module`.
    Import,
    /// A text that names a module, or something in one.
    Text,
    /// A distribution by its own name (`importlib.metadata`).
    Distribution,
}

/// One use of a name that a module of somebody else gives, with what it is called with.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Use {
    /// The line, from 1.
    pub(crate) line: usize,
    /// `fastapi.Form` wherever the name came from; `.to_excel` for a method of an object that nobody knows.
    pub(crate) symbol: String,
    /// Texts among its arguments.
    pub(crate) texts: Vec<String>,
    /// Names of its arguments that are not given as false or none.
    pub(crate) keywords: Vec<String>,
    /// Whether the program may do without it.
    pub(crate) is_guarded: bool,
}

/// All that a source wants.
#[derive(Clone, Debug, Default)]
pub(crate) struct Looked {
    pub(crate) wants: Vec<Want>,
    pub(crate) uses: Vec<Use>,
}

/// Says whether what an import names is there; none where nobody knows.
pub(crate) type There<'t> = dyn Fn(&Wanted) -> Option<bool> + Sync + 't;

/// Looks at a source; none where it is no valid Python.
pub(super) fn look(
    source: &[u8],
    python: &Python,
    is_init: bool,
    there: &There<'_>,
) -> Option<Looked> {
    let found = parse(source, |parsed, text| {
        let body = &parsed.syntax().body;
        parsed.has_valid_syntax().then(|| {
            let mut looker = Looker {
                guard: Guard::new(python, "", is_init),
                text,
                is_init,
                there,
                aliases: Aliases::collect(body),
                found: Looked::default(),
                depth: 0,
                tries: 0,
            };
            looker.body(body, Strength::Executed);
            looker.found
        })
    });
    found.flatten()
}

/// One look at a source.
pub(super) struct Looker<'a> {
    guard: Guard<'a>,
    pub(super) text: &'a str,
    pub(super) is_init: bool,
    there: &'a There<'a>,
    /// What names of the file mean: `pd` is `pandas`.
    aliases: HashMap<String, String>,
    pub(super) found: Looked,
    depth: usize,
    /// In how many `try` a statement stands.
    pub(super) tries: usize,
}

impl Looker<'_> {
    fn body(&mut self, body: &[Stmt], strength: Strength) {
        if self.depth < DEPTH_MAX {
            self.depth += 1;
            for statement in body {
                self.statement(statement, strength);
                if leaves(statement, &self.guard) {
                    break;
                }
            }
            self.depth -= 1;
        }
    }

    fn statement(&mut self, statement: &Stmt, strength: Strength) {
        match statement {
            Stmt::Import(_) | Stmt::ImportFrom(_) => {
                let line = line_at(self.text, statement.start().to_usize());
                for (what, is_lazy) in imports(statement, line) {
                    let strength = if is_lazy {
                        strength.min(Strength::Called)
                    } else {
                        strength
                    };
                    self.want(what, strength, Form::Import);
                }
            }
            Stmt::FunctionDef(function) => self.function(function, strength),
            Stmt::ClassDef(class) => {
                for decorator in &class.decorator_list {
                    self.expr(&decorator.expression, strength);
                }
                for base in class.arguments.iter().flat_map(|all| all.args.iter()) {
                    self.expr(base, strength);
                }
                self.body(&class.body, strength);
            }
            Stmt::If(one) => self.branches(one, strength),
            Stmt::Match(one) => {
                self.expr(&one.subject, strength);
                for case in &one.cases {
                    if !never_fits(&one.subject, &case.pattern, &self.guard) {
                        self.body(&case.body, within(strength));
                    }
                }
            }
            Stmt::Try(one) => self.tried(one, strength),
            Stmt::With(with) => {
                let mut inner = strength;
                for item in &with.items {
                    self.expr(&item.context_expr, strength);
                    if suppresses(&item.context_expr) {
                        inner = Strength::Guarded;
                    }
                }
                self.body(&with.body, inner);
            }
            Stmt::For(one) => {
                self.expr(&one.iter, strength);
                self.body(&one.body, strength);
                self.body(&one.orelse, strength);
            }
            Stmt::While(one) => {
                self.expr(&one.test, strength);
                self.body(&one.body, strength);
                self.body(&one.orelse, strength);
            }
            _ => self.plain(statement, strength),
        }
    }

    /// A statement with no others in it.
    fn plain(&mut self, statement: &Stmt, strength: Strength) {
        let targets = match statement {
            Stmt::Assign(assign) => &assign.targets[..],
            Stmt::AnnAssign(assign) => std::slice::from_ref(&*assign.target),
            Stmt::AugAssign(assign) => std::slice::from_ref(&*assign.target),
            _ => &[],
        };
        let value = match statement {
            Stmt::Assign(assign) => Some(&*assign.value),
            Stmt::AnnAssign(assign) => assign.value.as_deref(),
            Stmt::AugAssign(assign) => Some(&*assign.value),
            _ => None,
        };
        for name in targets.iter().filter_map(dotted) {
            let Some(value) = value else { continue };
            if strength == Strength::Executed {
                self.guard.assign(&name, value, true);
            }
            for (module, at) in listed(&name, value) {
                let line = line_at(self.text, at);
                let what = Wanted {
                    line,
                    module,
                    ..Wanted::default()
                };
                self.want(what, strength, Form::Text);
            }
        }
        let mut uses = Uses {
            looker: self,
            strength,
        };
        walk_stmt(&mut uses, statement);
    }

    fn function(&mut self, function: &StmtFunctionDef, strength: Strength) {
        for decorator in &function.decorator_list {
            self.expr(&decorator.expression, strength);
        }
        let mut before = Vec::new();
        for parameter in &*function.parameters {
            if let Some(default) = parameter.default() {
                self.expr(default, strength);
            }
            let Some(annotation) = parameter.annotation() else {
                continue;
            };
            self.expr(annotation, strength);
            if let Some(kind) = dotted(annotation).and_then(|name| self.meaning(&name)) {
                let name = parameter.name().to_string();
                before.push((name.clone(), self.aliases.insert(name, kind)));
            }
        }
        self.body(&function.body, strength.min(Strength::Called));
        for (name, was) in before {
            match was {
                Some(was) => self.aliases.insert(name, was),
                None => self.aliases.remove(&name),
            };
        }
    }

    fn branches(&mut self, one: &StmtIf, strength: Strength) {
        let first = (Some(&*one.test), &one.body);
        let rest = one.elif_else_clauses.iter();
        let rest = rest.map(|clause| (clause.test.as_ref(), &clause.body));
        let mut is_first = true;
        for (test, body) in std::iter::once(first).chain(rest) {
            if let Some(test) = test {
                self.expr(test, strength);
            }
            match test.map_or(Some(true), |test| self.guard.decide(test)) {
                Some(false) => {}
                Some(true) => {
                    let strength = if is_first { strength } else { within(strength) };
                    return self.body(body, strength);
                }
                None if test.is_some_and(starts) => self.body(body, strength),
                None => {
                    is_first = false;
                    self.body(body, within(strength));
                }
            }
        }
    }

    /// A `try`. Where a handler waits for what cannot be imported, it counts what the handler does: who raises again
    /// needs the import, and so does who has another one in its place that is not there either.
    fn tried(&mut self, one: &StmtTry, strength: Strength) {
        let waits = one.handlers.iter().position(|handler| {
            let ExceptHandler::ExceptHandler(handler) = handler;
            let catch = handler.type_.as_deref().map_or([Some(true); 3], caught);
            catch[Kind::Module as usize] == Some(true)
        });
        self.tries += 1;
        let from = self.found.wants.len();
        self.body(&one.body, strength);
        let to = self.found.wants.len();
        self.tries -= 1;
        let is_missing = |wants: &[Want], there: &There<'_>| {
            let mut imports = wants.iter().filter(|want| want.strength == strength);
            imports.any(|want| want.form == Form::Import && there(&want.what) == Some(false))
        };
        let lacks = is_missing(&self.found.wants[from..to], self.there);
        // What is caught is also caught of whatever the import itself leads to.
        let mut is_borne = false;
        for (number, handler) in one.handlers.iter().enumerate() {
            let ExceptHandler::ExceptHandler(handler) = handler;
            let is_it = waits == Some(number);
            if !is_it || !lacks {
                is_borne |= is_it && !raises(&handler.body);
                self.body(&handler.body, Strength::Guarded);
                continue;
            }
            let begin = self.found.wants.len();
            self.body(&handler.body, strength);
            let instead = is_missing(&self.found.wants[begin..], self.there);
            if raises(&handler.body) || instead {
                weaken(&mut self.found.wants[begin..]);
            } else {
                is_borne = true;
            }
        }
        if is_borne {
            weaken(&mut self.found.wants[from..to]);
        }
        let is_whole = waits.is_none() || !lacks;
        let rest = if is_whole {
            strength
        } else {
            Strength::Guarded
        };
        self.body(&one.orelse, rest);
        self.body(&one.finalbody, strength);
    }

    pub(super) fn want(&mut self, what: Wanted, strength: Strength, form: Form) {
        self.found.wants.push(Want {
            what,
            strength,
            form,
        });
    }

    fn expr(&mut self, expr: &Expr, strength: Strength) {
        let mut uses = Uses {
            looker: self,
            strength,
        };
        uses.visit_expr(expr);
    }

    /// What a dotted name means, if its first part came from a module.
    pub(super) fn meaning(&self, name: &str) -> Option<String> {
        let (first, rest) = name.split_at(name.find('.').unwrap_or(name.len()));
        Some([self.aliases.get(first)?, rest].concat())
    }
}

/// How surely a statement is executed in a branch that nobody can decide. In a function each statement is unsure
/// anyway, so it stays what it is.
fn within(strength: Strength) -> Strength {
    match strength {
        Strength::Executed => Strength::Guarded,
        other => other,
    }
}

/// Marks wants as guarded: the program bears their failure, or they are only wanted after another failure.
fn weaken(wants: &mut [Want]) {
    for want in wants {
        want.strength = Strength::Guarded;
    }
}
