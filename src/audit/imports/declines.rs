//! Which modules a finder surely does not make: its function is followed with the name of the module in hand, through
//! what it asks of that name, to where it returns something.

use std::collections::{HashMap, HashSet};

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{ExceptHandler, Expr, Stmt, StmtClassDef, StmtFunctionDef};

use super::asked::{Asked, Value};
use super::binds::{bound, is_flat};
use super::dotted::dotted;
use super::guard::Python;
use crate::audit::python::parse;

/// Functions that are nested deeper are not followed.
const DEPTH_MAX: usize = 48;
/// The functions by which Python asks a finder for a module.
const FIND: [&str; 2] = ["find_spec", "find_module"];
/// What a finder may be made of that finds nothing itself.
const PLAIN: [&str; 8] = [
    "object",
    "ABC",
    "Loader",
    "MetaPathFinder",
    "InspectLoader",
    "ExecutionLoader",
    "SourceLoader",
    "ResourceLoader",
];

/// What is known of the finders of one source.
#[derive(Debug)]
pub(super) struct Own {
    /// The part of the source that decides which modules they make.
    pub(super) part: String,
    /// Their functions; none where the source cannot be parsed.
    pub(super) finders: Option<Finders>,
}

/// The functions of the finders in a source.
#[derive(Debug, Default)]
pub(super) struct Finders {
    functions: Vec<StmtFunctionDef>,
    /// Names that the source gives a text, or a list of texts, once.
    names: HashMap<String, Value>,
    /// Whether another kind of finder may be among them.
    are_open: bool,
}

impl Finders {
    /// Looks at a source of a module (`grpc.aio`); none where it cannot be parsed.
    pub(super) fn read(text: &str, python: &Python, module: &str, package: &str) -> Option<Self> {
        let found = parse(text.as_bytes(), |parsed, _| {
            let mut found = Look::default();
            found.finders.names = HashMap::from([
                ("__name__".to_owned(), Value::Text(module.to_owned())),
                ("__package__".to_owned(), Value::Text(package.to_owned())),
            ]);
            let body = &parsed.syntax().body;
            for statement in body {
                found.visit_stmt(statement);
            }
            found.finders.constants(body, &found.changed);
            parsed.has_valid_syntax().then_some(found.finders)
        });
        let mut found = found.flatten()?;
        // Since 3.12 nobody asks the older function.
        if python.minor().is_some_and(|minor| minor >= (3, 12)) {
            found.functions.retain(|one| &one.name == FIND[0]);
        }
        Some(found)
    }

    /// Whether none of them makes a module (`grpc.aio`). `is_beside` tells whether a file of a name, whatever its
    /// suffix, lies beside the source.
    pub(super) fn decline(&self, module: &str, is_beside: &dyn Fn(&str) -> bool) -> bool {
        let declines = |function: &StmtFunctionDef| {
            let Some(parameter) = parameter(function) else {
                return false;
            };
            let mut asked = Asked::new(&self.names, is_beside);
            asked.bind(parameter, Value::Text(module.to_owned()));
            let way = follow(&mut asked, &function.body);
            !way.makes
        };
        !self.are_open && self.functions.iter().all(declines)
    }

    /// Remembers what the source gives a name once, at its top.
    fn constants(&mut self, body: &[Stmt], changed: &HashSet<String>) {
        let mut given: HashMap<String, usize> = HashMap::new();
        for name in body.iter().flat_map(bound) {
            *given.entry(name).or_default() += 1;
        }
        for statement in body {
            let Stmt::Assign(assign) = statement else {
                continue;
            };
            // Whoever has a list may add to it.
            let is_fixed = matches!(
                &*assign.value,
                Expr::StringLiteral(_) | Expr::Tuple(_) | Expr::BinOp(_)
            );
            let [Expr::Name(name)] = &assign.targets[..] else {
                continue;
            };
            let is_once =
                given.get(name.id.as_str()) == Some(&1) && !changed.contains(name.id.as_str());
            if !is_fixed || !is_once || !is_flat(std::slice::from_ref(statement), DEPTH_MAX) {
                continue;
            }
            let value = Asked::new(&self.names, &|_| true).value(&assign.value);
            if value != Value::Unknown {
                self.names.insert(name.id.to_string(), value);
            }
        }
    }
}

/// Collects the functions.
#[derive(Default)]
struct Look {
    finders: Finders,
    /// Names that functions give another value.
    changed: HashSet<String>,
}

impl<'a> Visitor<'a> for Look {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) if FIND.contains(&function.name.as_str()) => {
                if is_flat(&function.body, DEPTH_MAX) {
                    self.finders.functions.push(function.clone());
                } else {
                    self.finders.are_open = true;
                }
            }
            Stmt::ClassDef(class) => self.finders.are_open |= may_inherit(class),
            // A function under another name, or one that is changed.
            Stmt::Assign(assign) => {
                let mut names = assign.targets.iter().filter_map(dotted);
                self.finders.are_open |= names.any(|name| {
                    let last = name.rsplit('.').next().unwrap_or_default();
                    FIND.contains(&last)
                });
            }
            // What others may give another value is not known.
            Stmt::Global(global) => {
                self.changed
                    .extend(global.names.iter().map(ToString::to_string));
            }
            _ => {}
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        // A name that an expression binds is not followed.
        self.finders.are_open |= matches!(expr, Expr::Named(_));
        walk_expr(self, expr);
    }
}

/// Whether a class may have the function of a finder from another one.
fn may_inherit(class: &StmtClassDef) -> bool {
    let has_own = class.body.iter().any(|statement| {
        matches!(statement, Stmt::FunctionDef(function) if FIND.contains(&function.name.as_str()))
    });
    let is_finder = |base: &Expr| {
        let name = dotted(base).unwrap_or_default();
        let last = name.rsplit('.').next().unwrap_or_default();
        !PLAIN.contains(&last) && (last.contains("Find") || last.contains("Import"))
    };
    !has_own && class.bases().iter().any(is_finder)
}

/// The parameter that is the name of the module; none where that cannot be told.
fn parameter(function: &StmtFunctionDef) -> Option<&str> {
    let decorators = function.decorator_list.iter();
    let decorators: Vec<Option<String>> = decorators.map(|one| dotted(&one.expression)).collect();
    let at = match &decorators[..] {
        [] => 1,
        [Some(one)] if one == "classmethod" => 1,
        [Some(one)] if one == "staticmethod" => 0,
        _ => return None,
    };
    let all = function.parameters.posonlyargs.iter();
    let mut all = all.chain(&function.parameters.args);
    let first = all.clone().next()?.parameter.name.as_str();
    let is_bound = at == 0 || matches!(first, "self" | "cls" | "_self" | "_cls" | "_");
    let name = all.nth(at)?.parameter.name.as_str();
    is_bound.then_some(name)
}

/// How statements may end.
#[derive(Clone, Copy)]
struct Way {
    /// They may return something.
    makes: bool,
    /// They may come to their end.
    goes: bool,
}

impl Way {
    const ON: Self = Self {
        makes: false,
        goes: true,
    };

    fn or(self, other: Self) -> Self {
        Self {
            makes: self.makes || other.makes,
            goes: self.goes || other.goes,
        }
    }
}

fn follow(asked: &mut Asked<'_>, body: &[Stmt]) -> Way {
    let mut way = Way::ON;
    for statement in body {
        if !way.goes {
            break;
        }
        let next = step(asked, statement);
        way = Way {
            makes: way.makes || next.makes,
            goes: next.goes,
        };
    }
    way
}

fn step(asked: &mut Asked<'_>, statement: &Stmt) -> Way {
    match statement {
        Stmt::Return(one) => Way {
            makes: one
                .value
                .as_deref()
                .is_some_and(|value| gives(asked, value)),
            goes: false,
        },
        Stmt::Raise(_) => Way {
            makes: false,
            goes: false,
        },
        Stmt::Assign(assign) => {
            asked.assign(assign);
            Way::ON
        }
        Stmt::If(one) => {
            let clauses = one.elif_else_clauses.iter();
            let clauses = clauses.map(|clause| (clause.test.as_ref(), &clause.body[..]));
            let arms = std::iter::once((Some(&*one.test), &one.body[..])).chain(clauses);
            choose(asked, arms)
        }
        Stmt::For(one) => {
            let texts = asked.value(&one.iter);
            let (Value::List(texts), Expr::Name(name), false) =
                (texts, &*one.target, asked.is_repeated)
            else {
                let way = loosely(asked, &one.body, statement);
                return way.or(loosely(asked, &one.orelse, statement));
            };
            let mut way = Way::ON;
            asked.is_repeated = true;
            for text in texts {
                asked.forget(statement);
                asked.bind(&name.id, Value::Text(text));
                way = way.or(follow(asked, &one.body));
            }
            asked.is_repeated = false;
            asked.forget(statement);
            way.or(follow(asked, &one.orelse))
        }
        Stmt::While(one) => {
            let way = loosely(asked, &one.body, statement);
            way.or(loosely(asked, &one.orelse, statement))
        }
        // It may swallow what is raised.
        Stmt::With(one) => loosely(asked, &one.body, statement),
        Stmt::Try(one) => {
            let handlers = one.handlers.iter();
            let handlers = handlers.map(|ExceptHandler::ExceptHandler(one)| &one.body[..]);
            let mut way = follow(asked, &one.body);
            asked.forget(statement);
            for body in handlers.chain([&one.orelse[..], &one.finalbody]) {
                way = way.or(follow(asked, body));
                asked.forget(statement);
            }
            way
        }
        Stmt::Match(_) => Way {
            makes: true,
            goes: true,
        },
        _ => {
            asked.forget(statement);
            Way::ON
        }
    }
}

/// The arms of an `if`, of which the last may have no test.
fn choose<'s>(
    asked: &mut Asked<'_>,
    arms: impl Iterator<Item = (Option<&'s Expr>, &'s [Stmt])>,
) -> Way {
    let mut ways: Vec<Way> = Vec::new();
    let before = asked.clone();
    let mut ends: Vec<Asked<'_>> = Vec::new();
    let mut is_decided = false;
    for (test, body) in arms {
        let truth = test.map_or(Some(true), |test| before.truth(test));
        if truth == Some(false) {
            continue;
        }
        let mut inside = before.clone();
        ways.push(follow(&mut inside, body));
        ends.push(inside);
        if truth == Some(true) {
            is_decided = true;
            break;
        }
    }
    if !is_decided {
        ways.push(Way::ON);
        ends.push(before);
    }
    let goes = ways.iter().zip(ends).filter(|(way, _)| way.goes);
    let after = goes.map(|(_, end)| end).reduce(Asked::or);
    if let Some(after) = after {
        *asked = after;
    }
    ways.into_iter().reduce(Way::or).unwrap_or(Way::ON)
}

/// Statements that may be executed often, or not at all.
fn loosely(asked: &mut Asked<'_>, body: &[Stmt], statement: &Stmt) -> Way {
    asked.forget(statement);
    let way = follow(asked, body);
    asked.forget(statement);
    way.or(Way::ON)
}

/// Whether a value that is returned may be something.
fn gives(asked: &Asked<'_>, value: &Expr) -> bool {
    match value {
        Expr::NoneLiteral(_) => false,
        Expr::If(one) => match asked.truth(&one.test) {
            Some(true) => gives(asked, &one.body),
            Some(false) => gives(asked, &one.orelse),
            None => gives(asked, &one.body) || gives(asked, &one.orelse),
        },
        _ => true,
    }
}
