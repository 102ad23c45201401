//! Which exceptions are raised, and which of them handlers take.

use ruff_python_ast::Expr;

use super::dotted::dotted;
use super::steps::{Catch, Kind};

/// Exceptions of Python itself that have nothing to do with imports.
const OTHERS: [&str; 26] = [
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "EOFError",
    "EnvironmentError",
    "FileNotFoundError",
    "IOError",
    "IndexError",
    "KeyError",
    "KeyboardInterrupt",
    "LookupError",
    "MemoryError",
    "NameError",
    "NotImplementedError",
    "OSError",
    "OverflowError",
    "PermissionError",
    "RuntimeError",
    "StopIteration",
    "SyntaxError",
    "SystemError",
    "SystemExit",
    "TypeError",
    "UnicodeDecodeError",
    "UnicodeError",
    "ValueError",
];

/// The kind of an exception that is raised.
pub(super) fn raised(expr: &Expr) -> Kind {
    let name = match expr {
        Expr::Call(call) => dotted(&call.func),
        other => dotted(other),
    };
    match name.as_deref() {
        Some("ImportError") => Kind::Name,
        Some("ModuleNotFoundError") => Kind::Module,
        _ => Kind::Other,
    }
}

/// What a handler of some exceptions takes.
pub(super) fn caught(expr: &Expr) -> Catch {
    if let Expr::Tuple(tuple) = expr {
        return tuple
            .elts
            .iter()
            .map(caught)
            .reduce(either)
            .unwrap_or([Some(false); 3]);
    }
    match dotted(expr).as_deref() {
        Some("ImportError") => [Some(true), Some(true), Some(false)],
        Some("ModuleNotFoundError") => [Some(true), Some(false), Some(false)],
        Some("Exception" | "BaseException") => [Some(true); 3],
        Some(name) if OTHERS.contains(&name) => [Some(false), Some(false), None],
        _ => [None; 3],
    }
}

/// What two handlers take together.
pub(super) fn either(one: Catch, other: Catch) -> Catch {
    let mut pairs = one.into_iter().zip(other);
    let mut both = || match pairs.next()? {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    };
    [both(), both(), both()]
}
