//! Conditions on where a package lies and on who runs it, which are the same wherever it is used: it is a package that
//! was found by the path, and no documentation is made of it.

use ruff_python_ast::{CmpOp, Expr, ExprCall, ExprCompare, Number};

use super::dotted::dotted;

/// Variables that say that documentation is made.
const FOR_DOCS: [&str; 3] = ["READTHEDOCS", "SPHINX_BUILD", "SPHINXBUILD"];
/// Functions that ask whether documentation is made.
const ASK: [&str; 6] = [
    "building_docs",
    "is_building_docs",
    "is_readthedocs",
    "is_sphinx_build",
    "on_readthedocs",
    "reading_docs",
];

/// Whether a comparison holds in a package; none where it asks for something else.
pub(super) fn compared(compare: &ExprCompare) -> Option<bool> {
    let ([op], [right]) = (&compare.ops[..], &compare.comparators[..]) else {
        return None;
    };
    let is_not = match op {
        CmpOp::In => false,
        CmpOp::NotIn => true,
        CmpOp::Gt => return has_place(&compare.left, right).then_some(true),
        _ => return None,
    };
    let right = dotted(right)?;
    let is_absent = match &*compare.left {
        Expr::StringLiteral(text) => {
            right == "os.environ" && FOR_DOCS.contains(&text.value.to_str())
        }
        // A directory that is a package is not on the path itself (lief).
        Expr::Subscript(part) => right == "sys.path" && is_own_place(&part.value),
        _ => false,
    };
    is_absent.then_some(is_not)
}

/// `len(__path__) > 0`.
fn has_place(left: &Expr, right: &Expr) -> bool {
    let is_nought = matches!(right, Expr::NumberLiteral(number)
        if matches!(&number.value, Number::Int(number) if number.as_i64() == Some(0)));
    let is_length = matches!(left, Expr::Call(call)
        if dotted(&call.func).as_deref() == Some("len")
            && call.arguments.args.first().is_some_and(is_own_place));
    is_nought && is_length
}

fn is_own_place(expr: &Expr) -> bool {
    dotted(expr).as_deref() == Some("__path__")
}

/// Whether a call asks if documentation is made, which it is not: `os.environ.get("READTHEDOCS")`.
pub(super) fn asks_for_docs(call: &ExprCall) -> bool {
    let name = dotted(&call.func).unwrap_or_default();
    let last = name.rsplit('.').next().unwrap_or_default();
    match &call.arguments.args[..] {
        [] => ASK.contains(&last.trim_start_matches('_')),
        [Expr::StringLiteral(text)] => {
            matches!(
                name.as_str(),
                "os.environ.get" | "os.getenv" | "environ.get" | "getenv"
            ) && FOR_DOCS.contains(&text.value.to_str())
        }
        _ => false,
    }
}
