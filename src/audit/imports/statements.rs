//! What single statements and calls import.

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprCall, Stmt, StmtImportFrom};

use super::dotted::dotted;
use super::wanted::Wanted;

/// The imports of a statement, each with whether it is a lazy one.
pub(super) fn imports(statement: &Stmt, line: usize) -> impl Iterator<Item = (Wanted, bool)> {
    let mut found = Vec::new();
    match statement {
        Stmt::Import(import) => {
            for alias in &import.names {
                let module = alias.name.to_string();
                let wanted = Wanted {
                    line,
                    module,
                    ..Wanted::default()
                };
                found.push((wanted, import.is_lazy));
            }
        }
        Stmt::ImportFrom(from) => {
            let names = from.names.iter().map(|alias| alias.name.to_string());
            let wanted = Wanted {
                names: names.filter(|name| name != "*").collect(),
                star: from.names.iter().any(|alias| &alias.name == "*"),
                ..taken_of(from, line)
            };
            found.push((wanted, from.is_lazy));
        }
        _ => {}
    }
    found.into_iter()
}

/// The module of a `from`, at a place of the text.
pub(super) fn taken_of(from: &StmtImportFrom, line: usize) -> Wanted {
    let module = from.module.as_ref().map(ToString::to_string);
    Wanted {
        line,
        level: from.level,
        module: module.unwrap_or_default(),
        ..Wanted::default()
    }
}

/// What `import_module("a.b")`, `import_module(".b", __name__)` and `__import__("a.b")` import.
pub(super) fn named(call: &ExprCall, line: usize, is_init: bool) -> Option<Wanted> {
    let Expr::StringLiteral(text) = call.arguments.args.first()? else {
        return None;
    };
    let whole = text.value.to_str();
    let bare = whole.trim_start_matches('.');
    let level = (whole.len() - bare.len()) as u32;
    if level > 0 {
        let package = call.arguments.args.get(1);
        let package = package.or_else(|| call.arguments.keywords.first().map(|word| &word.value));
        let name = package.and_then(dotted)?;
        if name != "__package__" && (name != "__name__" || !is_init) {
            return None;
        }
    }
    // `__import__` with more arguments may be a relative one.
    let is_plain = call.arguments.args.len() == 1 && call.arguments.keywords.is_empty();
    (level > 0 || is_plain).then(|| Wanted {
        line,
        level,
        module: bare.to_owned(),
        ..Wanted::default()
    })
}

/// The modules of `__lazy_modules__ = [...]` (PEP 810).
pub(super) fn named_late(body: &[Stmt]) -> Vec<String> {
    let mut found = Vec::new();
    for statement in body {
        let Stmt::Assign(assign) = statement else {
            continue;
        };
        let is_list = |target: &Expr| dotted(target).as_deref() == Some("__lazy_modules__");
        let parts = match &*assign.value {
            Expr::List(list) => &list.elts[..],
            Expr::Tuple(tuple) => &tuple.elts[..],
            Expr::Set(set) => &set.elts[..],
            _ => continue,
        };
        if assign.targets.iter().any(is_list) {
            found.extend(parts.iter().filter_map(|part| match part {
                Expr::StringLiteral(text) => Some(text.value.to_str().to_owned()),
                _ => None,
            }));
        }
    }
    found
}

/// The texts of a plain list, such as `__all__`.
pub(super) fn listed(value: &Expr) -> Option<Vec<String>> {
    let parts = match value {
        Expr::List(list) => &list.elts,
        Expr::Tuple(tuple) => &tuple.elts,
        _ => return None,
    };
    let text = |part: &Expr| match part {
        Expr::StringLiteral(text) => Some(text.value.to_str().to_owned()),
        _ => None,
    };
    parts.iter().map(text).collect()
}

/// Calls that an expression makes whenever it is evaluated, the inner ones first.
pub(super) struct Calls<'a>(pub(super) Vec<&'a ExprCall>);

impl<'a> Visitor<'a> for Calls<'a> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            // What is in these may be evaluated later, or never.
            Expr::Lambda(_)
            | Expr::BoolOp(_)
            | Expr::If(_)
            | Expr::Generator(_)
            | Expr::ListComp(_)
            | Expr::SetComp(_)
            | Expr::DictComp(_) => {}
            Expr::Call(call) => {
                walk_expr(self, expr);
                self.0.push(call);
            }
            _ => walk_expr(self, expr),
        }
    }
}

/// Whether a function is a generator, so that a call executes nothing of it.
pub(super) fn yields(body: &[Stmt]) -> bool {
    struct Yields(bool);
    impl<'a> Visitor<'a> for Yields {
        fn visit_expr(&mut self, expr: &'a Expr) {
            self.0 |= matches!(expr, Expr::Yield(_) | Expr::YieldFrom(_));
            walk_expr(self, expr);
        }
    }
    let mut found = Yields(false);
    for statement in body {
        found.visit_stmt(statement);
    }
    found.0
}

/// The line of a place in a text, from 1.
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or_default();
    memchr::memchr_iter(b'\n', before.as_bytes()).count() + 1
}
