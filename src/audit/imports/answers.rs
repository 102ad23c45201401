//! Which names the `__getattr__` of a module gives, where it tells them apart by tables and words that stand in the
//! module, and refuses all others.

use std::collections::HashMap;

use ruff_python_ast::InterpolatedStringElement as Part;
use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{
    BoolOp, CmpOp, ExceptHandler, Expr, ExprCall, ExprCompare, ExprFString, Stmt, StmtFunctionDef,
    StmtIf, StmtTry, UnaryOp,
};

use super::dotted::dotted;
use super::getters::{Getter, Getters, Words, words};

/// The names that a module gives by its `__getattr__`; none where they may be any.
pub(super) fn answers(body: &[Stmt]) -> Option<Words> {
    let mut found = Getters::default();
    for statement in body {
        found.visit_stmt(statement);
    }
    match found.found[..] {
        [Getter::Function(function)] => of_function(function, &found.tables),
        // An object of the class answers, by its attributes.
        [Getter::Class(body)] => Some(attributes(body)),
        _ => None,
    }
}

fn of_function(function: &StmtFunctionDef, tables: &HashMap<&str, Option<Words>>) -> Option<Words> {
    let parameter = function.parameters.iter().next()?.name().as_str();
    let is_cached = |expr: &Expr| dotted(expr).is_some_and(|name| name.ends_with("cache"));
    let mut decorators = function.decorator_list.iter();
    if !decorators.all(|decorator| is_cached(&decorator.expression)) || function.is_async {
        return None;
    }
    let mut reader = Reader {
        parameter,
        tables,
        found: HashMap::new(),
        words: Words::new(),
    };
    let end = reader.body(&function.body, false)?;
    (end == End::Left).then_some(reader.words)
}

/// The names that the body of a class binds.
fn attributes(body: &[Stmt]) -> Words {
    let mut words = Words::new();
    for statement in body {
        match statement {
            Stmt::FunctionDef(function) => drop(words.insert(function.name.to_string())),
            Stmt::ClassDef(class) => drop(words.insert(class.name.to_string())),
            Stmt::Assign(assign) => words.extend(assign.targets.iter().filter_map(dotted)),
            Stmt::AnnAssign(assign) => words.extend(dotted(&assign.target)),
            _ => {}
        }
    }
    words
}

/// How statements of a `__getattr__` end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// They lead on; whether only names that are known have come so far.
    On(bool),
    /// They gave a known name, or refused.
    Left,
}

/// What a condition says of the name that is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Test {
    IsKnown,
    IsOther,
    Nothing,
}

struct Reader<'a> {
    parameter: &'a str,
    tables: &'a HashMap<&'a str, Option<Words>>,
    /// Variables that hold what a table has for the name, or nothing.
    found: HashMap<&'a str, Words>,
    words: Words,
}

impl<'a> Reader<'a> {
    /// How statements end, where only known names come or any; none where they may give any name.
    fn body(&mut self, body: &'a [Stmt], mut known: bool) -> Option<End> {
        for statement in body {
            match self.statement(statement, known)? {
                End::On(now) => known = now,
                End::Left => return Some(End::Left),
            }
        }
        Some(End::On(known))
    }

    fn statement(&mut self, statement: &'a Stmt, known: bool) -> Option<End> {
        match statement {
            Stmt::Raise(_) => Some(End::Left),
            Stmt::Return(one) => {
                let value = one.value.as_deref();
                let gives = known || value.is_some_and(|value| self.is_closed(value));
                gives.then_some(End::Left)
            }
            Stmt::If(one) => self.branches(one, known),
            Stmt::Try(one) => self.tried(one, known),
            // It may swallow what the body raises.
            Stmt::With(one) => Some(either(self.body(&one.body, known)?, End::On(known))),
            Stmt::Assign(assign) => {
                if let [Expr::Name(target)] = &assign.targets[..] {
                    if target.id == self.parameter {
                        return None;
                    }
                    if let Some(words) = self.looked_up(&assign.value) {
                        self.found.insert(target.id.as_str(), words);
                    } else {
                        self.found.remove(target.id.as_str());
                    }
                }
                Some(End::On(known || self.is_closed(&assign.value)))
            }
            Stmt::AnnAssign(assign) => {
                let value = assign.value.as_deref();
                Some(End::On(
                    known || value.is_some_and(|value| self.is_closed(value)),
                ))
            }
            Stmt::Expr(_)
            | Stmt::Import(_)
            | Stmt::ImportFrom(_)
            | Stmt::Global(_)
            | Stmt::Pass(_) => Some(End::On(known)),
            _ => known.then_some(End::On(true)),
        }
    }

    fn tried(&mut self, one: &'a StmtTry, known: bool) -> Option<End> {
        let mut end = self.body(&one.body, known)?;
        if let End::On(known) = end {
            end = self.body(&one.orelse, known)?;
        }
        for handler in &one.handlers {
            let ExceptHandler::ExceptHandler(handler) = handler;
            end = either(end, self.body(&handler.body, known)?);
        }
        self.body(&one.finalbody, known)?;
        Some(end)
    }

    fn branches(&mut self, one: &'a StmtIf, known: bool) -> Option<End> {
        let mut ends = Vec::new();
        let mut rest = known;
        let first = (Some(&*one.test), &one.body);
        let others = one.elif_else_clauses.iter();
        let others = others.map(|clause| (clause.test.as_ref(), &clause.body));
        let mut is_total = false;
        for (test, body) in std::iter::once(first).chain(others) {
            let Some(test) = test else {
                ends.push(self.body(body, rest)?);
                is_total = true;
                continue;
            };
            let (here, after) = match self.test(test) {
                Test::IsKnown => (true, rest),
                Test::IsOther => (rest, true),
                Test::Nothing => (rest, rest),
            };
            ends.push(self.body(body, here)?);
            rest = after;
        }
        if !is_total {
            ends.push(End::On(rest));
        }
        // After the branches the name is known only if it is known at the end of each one that leads on.
        ends.into_iter().reduce(either)
    }

    /// What a condition says, and the words that it knows.
    fn test(&mut self, test: &'a Expr) -> Test {
        match test {
            Expr::UnaryOp(unary) if unary.op == UnaryOp::Not => match self.test(&unary.operand) {
                Test::IsKnown => Test::IsOther,
                Test::IsOther => Test::IsKnown,
                Test::Nothing => Test::Nothing,
            },
            Expr::BoolOp(both) => {
                let tests: Vec<Test> = both.values.iter().map(|value| self.test(value)).collect();
                let (one, all) = match both.op {
                    BoolOp::And => (Test::IsKnown, Test::IsOther),
                    BoolOp::Or => (Test::IsOther, Test::IsKnown),
                };
                if tests.contains(&one) {
                    one
                } else if tests.iter().all(|test| *test == all) {
                    all
                } else {
                    Test::Nothing
                }
            }
            Expr::Name(name) => self.has_found(&name.id),
            Expr::Named(named) => {
                let Some(words) = self.looked_up(&named.value) else {
                    return Test::Nothing;
                };
                self.words.extend(words);
                Test::IsKnown
            }
            Expr::Compare(compare) => self.compared(compare),
            _ => Test::Nothing,
        }
    }

    fn compared(&mut self, compare: &'a ExprCompare) -> Test {
        let ([op], [right]) = (&compare.ops[..], &compare.comparators[..]) else {
            return Test::Nothing;
        };
        if let (Expr::Name(left), Expr::NoneLiteral(_)) = (&*compare.left, right) {
            return match (self.has_found(&left.id), op) {
                (Test::IsKnown, CmpOp::IsNot | CmpOp::NotEq) => Test::IsKnown,
                (Test::IsKnown, CmpOp::Is | CmpOp::Eq) => Test::IsOther,
                _ => Test::Nothing,
            };
        }
        if !self.is_parameter(&compare.left) {
            return Test::Nothing;
        }
        let words = match (op, right) {
            (CmpOp::Eq | CmpOp::NotEq, Expr::StringLiteral(text)) => {
                Some(Words::from([text.value.to_str().to_owned()]))
            }
            (CmpOp::In | CmpOp::NotIn, table) => self.table(table),
            _ => None,
        };
        let Some(words) = words else {
            return Test::Nothing;
        };
        self.words.extend(words);
        match op {
            CmpOp::Eq | CmpOp::In => Test::IsKnown,
            _ => Test::IsOther,
        }
    }

    fn has_found(&mut self, variable: &str) -> Test {
        match self.found.get(variable) {
            Some(words) => {
                self.words.extend(words.iter().cloned());
                Test::IsKnown
            }
            None => Test::Nothing,
        }
    }

    fn is_parameter(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Name(name) if name.id == self.parameter)
    }

    /// The words of a table that stands there, or that the module binds.
    fn table(&self, expr: &Expr) -> Option<Words> {
        match expr {
            Expr::Name(name) => self.tables.get(name.id.as_str()).cloned().flatten(),
            Expr::Call(call) if call.arguments.args.is_empty() => match &*call.func {
                Expr::Attribute(keys) if &keys.attr == "keys" => self.table(&keys.value),
                _ => None,
            },
            other => words(other),
        }
    }

    /// The words of which an expression gives something, and nothing for others: `T.get(name)`.
    fn looked_up(&self, expr: &Expr) -> Option<Words> {
        let Expr::Call(call) = expr else {
            return None;
        };
        let Expr::Attribute(method) = &*call.func else {
            return None;
        };
        let args = &call.arguments.args;
        let is_lookup =
            &method.attr == "get" && args.first().is_some_and(|one| self.is_parameter(one));
        let is_plain = args
            .get(1)
            .is_none_or(|other| matches!(other, Expr::NoneLiteral(_)));
        (is_lookup && is_plain).then(|| self.table(&method.value))?
    }

    /// Whether an expression fails for a name that is not known: `T[name]`, `import_module("." + name, __name__)`.
    fn is_closed(&mut self, expr: &Expr) -> bool {
        struct Parts<'e>(Vec<&'e Expr>);
        impl<'e> Visitor<'e> for Parts<'e> {
            fn visit_expr(&mut self, expr: &'e Expr) {
                // What is in these may never be evaluated.
                if !matches!(expr, Expr::If(_) | Expr::BoolOp(_) | Expr::Lambda(_)) {
                    self.0.push(expr);
                    walk_expr(self, expr);
                }
            }
        }
        let mut parts = Parts(Vec::new());
        parts.visit_expr(expr);
        parts.0.into_iter().any(|part| match part {
            Expr::Subscript(part) if self.is_parameter(&part.slice) => {
                let words = self.table(&part.value);
                let is_table = words.is_some();
                self.words.extend(words.into_iter().flatten());
                is_table
            }
            Expr::Call(call) => self.imports_own(call),
            _ => false,
        })
    }

    /// Whether a call imports the module of that name inside this package, and fails where there is none.
    fn imports_own(&self, call: &ExprCall) -> bool {
        let name = dotted(&call.func).unwrap_or_default();
        if name.rsplit('.').next() != Some("import_module") {
            return false;
        }
        let Some(first) = call.arguments.args.first() else {
            return false;
        };
        let is_dot =
            |expr: &Expr| matches!(expr, Expr::StringLiteral(dot) if dot.value.to_str() == ".");
        match first {
            Expr::FString(text) => self.names_own(text),
            Expr::BinOp(sum) if self.is_parameter(&sum.right) => match &*sum.left {
                Expr::BinOp(two) => is_package(&two.left) && is_dot(&two.right),
                dot => is_dot(dot),
            },
            _ => false,
        }
    }

    /// `f".{name}"`, `f"{__name__}.{name}"`.
    fn names_own(&self, text: &ExprFString) -> bool {
        let is_dot =
            |part: Option<&Part>| matches!(part, Some(Part::Literal(dot)) if &*dot.value == ".");
        let mut parts = text.value.elements().peekable();
        if matches!(parts.peek(), Some(Part::Interpolation(own)) if is_package(&own.expression)) {
            parts.next();
        }
        let begins = is_dot(parts.next());
        let name = parts.next();
        let is_name =
            matches!(name, Some(Part::Interpolation(name)) if self.is_parameter(&name.expression));
        begins && is_name && parts.next().is_none()
    }
}

/// Whether an expression is the name of the package.
fn is_package(expr: &Expr) -> bool {
    let name = dotted(expr).unwrap_or_default();
    matches!(name.as_str(), "__name__" | "__package__")
}

/// The end of one of two.
fn either(one: End, other: End) -> End {
    match (one, other) {
        (End::On(a), End::On(b)) => End::On(a && b),
        (End::Left, other) | (other, End::Left) => other,
    }
}
