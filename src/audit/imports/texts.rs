//! Modules and distributions that constant texts name: in calls that look them up at run time, and in settings.

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::Ranged;

use crate::model::is_module_name;

/// Settings of which the texts are names of modules, or of what is in one (Django, "Settings"; Celery,
/// "Configuration and defaults").
const SETTINGS: [&str; 9] = [
    "AUTHENTICATION_BACKENDS",
    "CELERY_IMPORTS",
    "DEFAULT_APPS",
    "INSTALLED_APPS",
    "LOCAL_APPS",
    "MIDDLEWARE",
    "MIDDLEWARE_CLASSES",
    "ROOT_URLCONF",
    "THIRD_PARTY_APPS",
];

/// What a text names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Named {
    Module,
    Distribution,
}

/// What the first argument of a call names, by the function that is called.
pub(super) fn named_by(function: &str, call: &ExprCall) -> Option<(Named, String)> {
    let Expr::StringLiteral(text) = call.arguments.args.first()? else {
        return None;
    };
    let text = text.value.to_str();
    let (module, last) = function.rsplit_once('.').unwrap_or(("", function));
    let named = match (module, last) {
        (
            "importlib.resources" | "importlib_resources",
            "files" | "open_text" | "open_binary" | "read_text" | "read_binary" | "path"
            | "contents" | "is_resource",
        )
        | ("pkgutil", "get_data" | "resolve_name")
        | ("uvicorn", "run")
        | (_, "import_string") => Named::Module,
        ("pkg_resources", name) if name.starts_with("resource_") => Named::Module,
        (
            "importlib.metadata" | "importlib_metadata",
            "version" | "distribution" | "requires" | "files",
        )
        | ("pkg_resources", "require" | "get_distribution") => Named::Distribution,
        _ => return None,
    };
    let bare = text.split(':').next().unwrap_or_default();
    let is_fit = match named {
        Named::Module => is_module_name(bare),
        Named::Distribution => {
            !bare.is_empty()
                && bare
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        }
    };
    is_fit.then(|| (named, bare.to_owned()))
}

/// The names of modules in what a setting is given, each with where it stands.
pub(super) fn listed(name: &str, value: &Expr) -> Vec<(String, usize)> {
    struct Texts(Vec<(String, usize)>);
    impl<'a> Visitor<'a> for Texts {
        fn visit_expr(&mut self, expr: &'a Expr) {
            if let Expr::StringLiteral(text) = expr {
                let whole = text.value.to_str();
                if is_module_name(whole) {
                    self.0.push((whole.to_owned(), expr.start().to_usize()));
                }
            }
            walk_expr(self, expr);
        }
    }
    if !SETTINGS.contains(&name) {
        return Vec::new();
    }
    let mut texts = Texts(Vec::new());
    texts.visit_expr(value);
    texts.0
}
