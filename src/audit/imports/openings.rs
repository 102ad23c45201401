//! Expressions through which a module may get names that its text does not show.

use ruff_python_ast::{Expr, ExprCall, Stmt};

use super::dotted::dotted;

/// Whether a variable says where modules are looked for.
pub(super) fn finds_modules(name: &str) -> bool {
    matches!(name, "__path__" | "meta_path" | "path_hooks")
}

/// Whether a function that is given the places of a package only looks through them.
pub(super) fn looks_only(function: &str) -> bool {
    const LOOK: [&str; 5] = ["iter_modules", "walk_packages", "list", "str", "len"];
    LOOK.contains(&function)
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

/// Whether a function that is told the name of a module makes no modules in it, as its own name tells.
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

/// Whether a statement does no more than let other directories of the path hold parts of the package, in the way of
/// `pkgutil` or `pkg_resources`: `__path__ = extend_path(__path__, __name__)`, `declare_namespace(__name__)`.
pub(super) fn shares(statement: &Stmt) -> bool {
    let expr = match statement {
        Stmt::Assign(assign) => match &assign.targets[..] {
            [Expr::Name(name)] if name.id == "__path__" => &assign.value,
            _ => return false,
        },
        Stmt::Expr(one) => &one.value,
        _ => return false,
    };
    let Expr::Call(call) = &**expr else {
        return false;
    };
    let function = match &*call.func {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(of) => of.attr.as_str(),
        _ => return false,
    };
    let wanted: &[&str] = match function {
        "extend_path" => &["__path__", "__name__"],
        "declare_namespace" => &["__name__"],
        _ => return false,
    };
    let given = call.arguments.args.iter().map(dotted);
    given.eq(wanted.iter().map(|name| Some((*name).to_owned())))
        && call.arguments.keywords.is_empty()
}

/// The modules that `sys.modules.update({"a.b": b})` and `sys.modules.setdefault("a.b", b)` put there, each with
/// whether it is the one of that name; none where they do not stand there as texts.
pub(super) fn put(table: &Expr) -> Option<Vec<(String, bool)>> {
    let text = |expr: &Expr| match expr {
        Expr::StringLiteral(text) => Some(text.value.to_str().to_owned()),
        _ => None,
    };
    let Expr::Dict(dict) = table else {
        return text(table).map(|name| vec![(name, false)]);
    };
    let entries = dict.items.iter().map(|item| {
        let name = text(item.key.as_ref()?)?;
        let is_own = dotted(&item.value).as_deref() == name.rsplit('.').next();
        Some((name, is_own))
    });
    entries.collect()
}
