//! What is never executed since something before it leaves, or a `match` has another case: on this system, as guards
//! tell.

use ruff_python_ast::{Expr, Pattern, Stmt, StmtIf};

use crate::audit::imports::dotted::dotted;
use crate::audit::imports::guard::Guard;

/// Calls that do not come back.
const ENDS: [&str; 6] = ["sys.exit", "exit", "quit", "os._exit", "os.abort", "_exit"];

/// Whether nothing after a statement is executed.
pub(super) fn leaves(statement: &Stmt, guard: &Guard<'_>) -> bool {
    match statement {
        Stmt::Return(_) | Stmt::Raise(_) | Stmt::Break(_) | Stmt::Continue(_) => true,
        Stmt::Assert(one) => guard.decide(&one.test) == Some(false),
        Stmt::Expr(one) => match &*one.value {
            Expr::Call(call) => {
                dotted(&call.func).is_some_and(|name| ENDS.contains(&name.as_str()))
            }
            _ => false,
        },
        Stmt::If(one) => branches_leave(one, guard),
        _ => false,
    }
}

/// Whether every branch leaves that may be taken.
fn branches_leave(one: &StmtIf, guard: &Guard<'_>) -> bool {
    let first = (Some(&*one.test), &one.body);
    let rest = one.elif_else_clauses.iter();
    let rest = rest.map(|clause| (clause.test.as_ref(), &clause.body));
    for (test, body) in std::iter::once(first).chain(rest) {
        let truth = test.map_or(Some(true), |test| guard.decide(test));
        if truth == Some(false) {
            continue;
        }
        if !body.iter().any(|statement| leaves(statement, guard)) {
            return false;
        }
        if truth == Some(true) {
            return true;
        }
    }
    false
}

/// Whether a value that is known is none of those that a pattern names.
pub(super) fn never_fits(subject: &Expr, pattern: &Pattern, guard: &Guard<'_>) -> bool {
    match pattern {
        Pattern::MatchValue(one) => guard.are_same(subject, &one.value) == Some(false),
        Pattern::MatchOr(some) => {
            let mut all = some.patterns.iter();
            all.all(|one| never_fits(subject, one, guard))
        }
        Pattern::MatchAs(one) => {
            let inner = one.pattern.as_deref();
            inner.is_some_and(|inner| never_fits(subject, inner, guard))
        }
        _ => false,
    }
}
