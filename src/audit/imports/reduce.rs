//! Source to the steps that it executes when it is imported. Conditions that this interpreter decides are decided here.

use std::collections::{HashMap, HashSet};

use ruff_python_ast::visitor::Visitor;
use ruff_python_ast::{
    ExceptHandler, Expr, Stmt, StmtFunctionDef, StmtIf, StmtMatch, StmtTry, StmtWith,
};

use super::catches::{caught, either, raised};
use super::dotted::dotted;
use super::guard::{Guard, Python};
use super::lazily;
use super::names::Names;
use super::rebound::rebound;
use super::statements::{Calls, imports, line_at, named, named_late, yields};
use super::steps::{Kind, Source, Step, Try, anything};
use super::wanted::Wanted;
use crate::audit::python::parse_beginning;

/// Statements that are nested deeper may do anything.
const DEPTH_MAX: usize = 60;

/// What is known of a source of a module (`grpc.aio`), or of its beginning, and how long that is; none where it cannot
/// be parsed, or is no valid Python.
pub(super) fn reduce(
    source: &[u8],
    python: &Python,
    module: &str,
    is_init: bool,
) -> Option<(Source, usize)> {
    let (found, length) = parse_beginning(source, |parsed, text| {
        let body = &parsed.syntax().body;
        parsed.has_valid_syntax().then(|| {
            let names = Names::collect(body, text, module);
            let mut reducer = Reducer::new(text, python, (module, is_init), body);
            reducer.taken = names.taken.keys().cloned().collect();
            let mut steps = Vec::new();
            reducer.body(body, &mut steps);
            Source {
                body: steps,
                functions: reducer.functions(),
                heads: reducer.heads,
                lazy: reducer.lazy,
                late: lazily::table(body),
                names,
            }
        })
    })?;
    Some((found?, length))
}

struct Reducer<'a> {
    guard: Guard<'a>,
    text: &'a str,
    /// Whether the module is a package, of which `__name__` is that of the package.
    is_init: bool,
    /// Functions of the module that a call executes as they stand; none of a name that is defined twice.
    known: HashMap<&'a str, Option<&'a StmtFunctionDef>>,
    /// Names that are taken of other modules, of which some may be functions.
    taken: HashSet<String>,
    /// Modules that `__lazy_modules__` names.
    late: Vec<String>,
    heads: Vec<Wanted>,
    lazy: Vec<Wanted>,
    depth: usize,
    /// Whether the statement is executed in any case.
    is_sure: bool,
    in_function: bool,
}

impl<'a> Reducer<'a> {
    fn new(
        text: &'a str,
        python: &'a Python,
        (module, is_init): (&'a str, bool),
        body: &'a [Stmt],
    ) -> Self {
        let mut known: HashMap<&str, Option<&StmtFunctionDef>> = HashMap::new();
        for statement in body {
            if let Stmt::FunctionDef(function) = statement {
                let is_plain = !function.is_async && function.decorator_list.is_empty();
                let entry = known.entry(function.name.as_str());
                entry
                    .and_modify(|twice| *twice = None)
                    .or_insert(is_plain.then_some(function));
            }
        }
        // Only from Python 3.15 on does the list mean anything.
        let late = python.minor() >= Some((3, 15));
        Self {
            guard: Guard::new(python, module, is_init).without(rebound(body)),
            text,
            is_init,
            known,
            taken: HashSet::new(),
            late: if late { named_late(body) } else { Vec::new() },
            heads: Vec::new(),
            lazy: Vec::new(),
            depth: 0,
            is_sure: true,
            in_function: false,
        }
    }

    /// The steps of the functions that a call may execute.
    fn functions(&mut self) -> HashMap<String, Vec<Step>> {
        let known: Vec<(&'a str, &'a StmtFunctionDef)> = self
            .known
            .iter()
            .filter_map(|(name, function)| Some((*name, (*function)?)))
            .filter(|(_, function)| !yields(&function.body))
            .collect();
        let mut found = HashMap::new();
        (self.in_function, self.is_sure) = (true, false);
        for (name, function) in known {
            let mut steps = Vec::new();
            self.body(&function.body, &mut steps);
            if !steps.is_empty() {
                found.insert(name.to_owned(), steps);
            }
        }
        found
    }

    /// A body of which nobody knows whether it is executed.
    fn branch(&mut self, body: &'a [Stmt]) -> Vec<Step> {
        let before = std::mem::replace(&mut self.is_sure, false);
        let mut steps = Vec::new();
        self.body(body, &mut steps);
        self.is_sure = before;
        steps
    }

    fn body(&mut self, body: &'a [Stmt], steps: &mut Vec<Step>) {
        if self.depth >= DEPTH_MAX {
            steps.push(anything());
            return;
        }
        self.depth += 1;
        for statement in body {
            self.statement(statement, steps);
        }
        self.depth -= 1;
    }

    fn statement(&mut self, statement: &'a Stmt, steps: &mut Vec<Step>) {
        match statement {
            Stmt::Import(_) | Stmt::ImportFrom(_) => {
                self.guard.import(statement);
                let line = self.line(statement);
                for (wanted, is_lazy) in imports(statement, line) {
                    if is_lazy || self.late.contains(&wanted.module) {
                        self.lazy.push(wanted);
                    } else {
                        steps.push(Step::Import(wanted));
                    }
                }
            }
            Stmt::FunctionDef(function) => {
                for decorator in &function.decorator_list {
                    self.calls(&decorator.expression, steps);
                }
                self.head(&function.body);
            }
            Stmt::ClassDef(class) => self.body(&class.body, steps),
            Stmt::If(one) => self.branches(one, steps),
            Stmt::Match(one) => self.cases(one, steps),
            Stmt::Try(one) => self.tried(one, steps),
            Stmt::With(with) => self.with(with, steps),
            Stmt::For(_) | Stmt::While(_) => self.repeated(statement, steps),
            Stmt::Raise(raise) => {
                let kind = raise.exc.as_deref().map(raised);
                steps.push(Step::Raise(kind));
            }
            Stmt::Return(_) => steps.push(Step::Return),
            Stmt::Break(_) | Stmt::Continue(_) => steps.push(Step::Break),
            Stmt::Assign(assign) => {
                self.calls(&assign.value, steps);
                for target in &assign.targets {
                    if let Expr::Name(name) = target
                        && !self.in_function
                    {
                        self.guard.assign(&name.id, &assign.value, self.is_sure);
                    }
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.calls(value, steps);
                    if let Expr::Name(name) = &*assign.target
                        && !self.in_function
                    {
                        self.guard.assign(&name.id, value, self.is_sure);
                    }
                }
            }
            Stmt::AugAssign(assign) => self.calls(&assign.value, steps),
            Stmt::Expr(one) => self.calls(&one.value, steps),
            Stmt::Assert(one) => {
                self.calls(&one.test, steps);
                steps.push(Step::Either(vec![
                    vec![Step::Raise(Some(Kind::Other))],
                    Vec::new(),
                ]));
            }
            _ => {}
        }
    }

    /// The body of a loop, and what follows where it ends by itself.
    fn repeated(&mut self, statement: &'a Stmt, steps: &mut Vec<Step>) {
        let otherwise = match statement {
            Stmt::For(one) => {
                self.calls(&one.iter, steps);
                let parts = match &*one.iter {
                    Expr::Tuple(tuple) => tuple.elts.len(),
                    Expr::List(list) => list.elts.len(),
                    _ => 0,
                };
                let body = self.branch(&one.body);
                steps.push(Step::Loop(body, parts > 0 && !one.is_async));
                &one.orelse
            }
            Stmt::While(one) => {
                let decided = self.guard.decide(&one.test);
                if decided != Some(false) {
                    let body = self.branch(&one.body);
                    steps.push(Step::Loop(body, decided == Some(true)));
                }
                &one.orelse
            }
            _ => return,
        };
        let otherwise = self.branch(otherwise);
        steps.push(Step::Either(vec![otherwise, Vec::new()]));
    }

    fn branches(&mut self, one: &'a StmtIf, steps: &mut Vec<Step>) {
        let first = (Some(&*one.test), &one.body);
        let rest = one.elif_else_clauses.iter();
        let rest = rest.map(|clause| (clause.test.as_ref(), &clause.body));
        let mut arms = Vec::new();
        let mut is_open = true;
        for (test, body) in std::iter::once(first).chain(rest) {
            match test.map_or(Some(true), |test| self.guard.decide(test)) {
                Some(false) => {}
                Some(true) if arms.is_empty() => return self.body(body, steps),
                Some(true) => {
                    arms.push(self.branch(body));
                    is_open = false;
                    break;
                }
                None => arms.push(self.branch(body)),
            }
        }
        if is_open {
            arms.push(Vec::new());
        }
        choose(arms, steps);
    }

    fn cases(&mut self, one: &'a StmtMatch, steps: &mut Vec<Step>) {
        self.calls(&one.subject, steps);
        let is_total = one
            .cases
            .last()
            .is_some_and(|case| case.guard.is_none() && case.pattern.is_irrefutable());
        let mut arms: Vec<Vec<Step>> = Vec::new();
        for case in &one.cases {
            arms.push(self.branch(&case.body));
        }
        if !is_total {
            arms.push(Vec::new());
        }
        choose(arms, steps);
    }

    fn tried(&mut self, one: &'a StmtTry, steps: &mut Vec<Step>) {
        let handlers = one.handlers.iter().map(|handler| {
            let ExceptHandler::ExceptHandler(handler) = handler;
            let catch = handler.type_.as_deref().map_or([Some(true); 3], caught);
            (catch, self.branch(&handler.body))
        });
        let handlers = handlers.collect();
        let tried = Try {
            body: self.branch(&one.body),
            handlers,
            otherwise: self.branch(&one.orelse),
            finally: self.branch(&one.finalbody),
        };
        steps.push(Step::Try(Box::new(tried)));
    }

    /// A `with` swallows what `suppress` names; others may swallow anything, but for some that are known.
    fn with(&mut self, with: &'a StmtWith, steps: &mut Vec<Step>) {
        const HARMLESS: [&str; 6] = [
            "catch_warnings",
            "open",
            "Lock",
            "RLock",
            "redirect_stdout",
            "redirect_stderr",
        ];
        let mut handlers = Vec::new();
        for item in &with.items {
            let expr = &item.context_expr;
            let Expr::Call(call) = expr else {
                handlers.push(([None; 3], Vec::new()));
                continue;
            };
            let name = dotted(&call.func).unwrap_or_default();
            let last = name.rsplit('.').next().unwrap_or_default();
            if last == "suppress" {
                let each = call.arguments.args.iter().map(caught);
                let all = each.reduce(either).unwrap_or([Some(false); 3]);
                handlers.push((all, Vec::new()));
            } else if !HARMLESS.contains(&last) {
                self.calls(expr, steps);
                handlers.push(([None; 3], Vec::new()));
            }
        }
        if handlers.is_empty() {
            return self.body(&with.body, steps);
        }
        let tried = Try {
            body: self.branch(&with.body),
            handlers,
            ..Try::default()
        };
        steps.push(Step::Try(Box::new(tried)));
    }

    /// Imports with which a function begins, before anything that could decide about them.
    fn head(&mut self, body: &'a [Stmt]) {
        for statement in body {
            match statement {
                Stmt::Import(_) | Stmt::ImportFrom(_) => {
                    let line = self.line(statement);
                    let found = imports(statement, line);
                    // Only the module counts, and not the names: the package may have made those meanwhile.
                    self.heads.extend(found.map(|(wanted, _)| Wanted {
                        names: Vec::new(),
                        ..wanted
                    }));
                }
                Stmt::FunctionDef(function) => self.head(&function.body),
                Stmt::Expr(_) | Stmt::Assign(_) | Stmt::AnnAssign(_) | Stmt::Pass(_) => {}
                _ => break,
            }
        }
    }

    /// Calls that are surely made: of functions of this module and of others, and of those that import.
    fn calls(&mut self, expr: &'a Expr, steps: &mut Vec<Step>) {
        let mut found = Calls(Vec::new());
        found.visit_expr(expr);
        for call in found.0 {
            let name = dotted(&call.func).unwrap_or_default();
            let last = name.rsplit('.').next().unwrap_or_default();
            if matches!(last, "import_module" | "__import__") {
                let line = self.line_at(call.range_start.to_usize());
                steps.extend(named(call, line, self.is_init).map(Step::Import));
            } else if matches!(name.as_str(), "sys.exit" | "exit" | "quit") {
                steps.push(Step::Raise(Some(Kind::Other)));
            } else if self.known.get(name.as_str()).is_some_and(Option::is_some)
                || self.taken.contains(&name) && !self.known.contains_key(name.as_str())
            {
                let line = self.line_at(call.range_start.to_usize());
                steps.push(Step::Call(name, line));
            }
        }
    }

    fn line(&self, statement: &Stmt) -> usize {
        match statement {
            Stmt::Import(import) => self.line_at(import.range.start().to_usize()),
            Stmt::ImportFrom(from) => self.line_at(from.range.start().to_usize()),
            _ => 1,
        }
    }

    fn line_at(&self, offset: usize) -> usize {
        line_at(self.text, offset)
    }
}

/// Of several bodies one is executed; of a single one there is no choice.
fn choose(mut arms: Vec<Vec<Step>>, steps: &mut Vec<Step>) {
    if arms.iter().all(Vec::is_empty) {
        return;
    }
    if arms.len() == 1 {
        steps.append(&mut arms[0]);
    } else {
        steps.push(Step::Either(arms));
    }
}
