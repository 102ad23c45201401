//! What a program bears, and what it does not: who swallows that something cannot be imported, and what ends it.

use ruff_python_ast::{Expr, Stmt};

use super::catches::caught;
use super::dotted::dotted;
use super::steps::Kind;

/// Whether a condition asks if the module is the program itself.
pub(super) fn starts(test: &Expr) -> bool {
    let Expr::Compare(compare) = test else {
        return false;
    };
    dotted(&compare.left).as_deref() == Some("__name__")
}

/// Whether a `with` swallows that something cannot be imported.
pub(super) fn suppresses(expr: &Expr) -> bool {
    let Expr::Call(call) = expr else {
        return false;
    };
    let name = dotted(&call.func).unwrap_or_default();
    let mut catches = call.arguments.args.iter().map(caught);
    name.rsplit('.').next() == Some("suppress")
        && catches.any(|catch| catch[Kind::Module as usize] == Some(true))
}

/// Whether statements surely end in an exception, or end the program.
pub(super) fn raises(body: &[Stmt]) -> bool {
    for statement in body {
        match statement {
            Stmt::Raise(_) => return true,
            Stmt::Return(_) | Stmt::Break(_) | Stmt::Continue(_) => return false,
            Stmt::Expr(one) => {
                if let Expr::Call(call) = &*one.value
                    && let Some(name) = dotted(&call.func)
                    && matches!(name.as_str(), "sys.exit" | "exit" | "quit" | "os._exit")
                {
                    return true;
                }
            }
            Stmt::If(one) => {
                let has_else = one
                    .elif_else_clauses
                    .last()
                    .is_some_and(|last| last.test.is_none());
                let mut others = one.elif_else_clauses.iter();
                if has_else && raises(&one.body) && others.all(|clause| raises(&clause.body)) {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}
