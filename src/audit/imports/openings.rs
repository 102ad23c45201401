//! Expressions through which a module may get names that its text does not show.

use ruff_python_ast::{Expr, ExprCall};

use super::guard::dotted;

/// Whether a variable says where modules are looked for.
pub(super) fn finds_modules(name: &str) -> bool {
    matches!(name, "__path__" | "meta_path" | "path_hooks")
}

pub(super) fn is_globals(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(call) if dotted(&call.func).as_deref() == Some("globals"))
}

/// Whether a call only looks at the names of its module: `globals().get("x")`.
pub(super) fn reads_globals(call: &ExprCall) -> bool {
    const READS: [&str; 5] = ["get", "keys", "values", "items", "copy"];
    let Expr::Attribute(method) = &*call.func else {
        return false;
    };
    READS.contains(&method.attr.as_str()) && is_globals(&method.value)
}

/// Functions that are told the name of a module and make no modules in it.
pub(super) fn asks_only(function: &str) -> bool {
    const ASK: [&str; 12] = [
        "getattr",
        "deprecat",
        "tester",
        "log",
        "version",
        "files",
        "resource",
        "import_module",
        "metadata",
        "distribution",
        "get_",
        "blueprint",
    ];
    ASK.iter().any(|word| function.contains(word))
}

/// Whether an argument may be the module that calls: `sys.modules[…]`, also where `sys` has another name, or what a
/// function finds out by who called it (`find_current_module()`, `inspect.currentframe()`).
pub(super) fn may_be_module(expr: &Expr) -> bool {
    match expr {
        Expr::Subscript(loaded) => {
            dotted(&loaded.value).is_some_and(|name| name.rsplit('.').next() == Some("modules"))
        }
        Expr::Call(call) => dotted(&call.func).is_some_and(|name| {
            let last = name.rsplit('.').next().unwrap_or_default().to_lowercase();
            last.contains("module") || last.contains("frame")
        }),
        _ => false,
    }
}
