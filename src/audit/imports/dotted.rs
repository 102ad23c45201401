//! Names with dots in a source.

use ruff_python_ast::Expr;

/// `a.b.c` of names and attributes alone.
pub(super) fn dotted(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Name(name) => Some(name.id.to_string()),
        Expr::Attribute(attribute) => {
            let mut whole = dotted(&attribute.value)?;
            whole.push('.');
            whole.push_str(&attribute.attr);
            Some(whole)
        }
        _ => None,
    }
}
