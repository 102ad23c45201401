//! The names that a module gives: those that its own text binds, and whether it may have others that its text does
//! not show.

use std::collections::{HashMap, HashSet};

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, ExprCall, ExprContext, Stmt, StmtImportFrom};

use super::guard::dotted;
use super::steps::Wanted;

/// What a module gives, as its text tells.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Names that it binds somewhere outside of functions, other than by taking them from a module.
    pub(super) bound: HashSet<String>,
    /// Names that it takes from modules, under the same name.
    pub(super) taken: HashMap<String, Vec<Wanted>>,
    /// Modules of which it takes all names.
    pub(super) stars: Vec<Wanted>,
    /// `__all__`, where it is one plain list.
    pub(super) all: Option<Vec<String>>,
    /// Whether it may have names that its text does not show.
    pub(super) is_open: bool,
    /// Whether it has a `__getattr__`, which gives names from then on.
    pub(super) has_getattr: bool,
    /// Names that it takes before it has that: to itself it cannot give them.
    pub(super) early: HashSet<String>,
    /// Whether it may make modules inside itself, or have them elsewhere.
    pub(super) has_modules: bool,
    /// Dotted names of modules that it puts into `sys.modules`, or what they begin with.
    pub(super) made: Vec<String>,
}

impl Names {
    /// Looks at the statements of a module.
    pub(super) fn of(body: &[Stmt]) -> Self {
        let mut look = Look::default();
        for statement in body {
            look.visit_stmt(statement);
        }
        let mut names = look.names;
        names.is_open |= names.has_modules;
        if look.lists != 1 {
            names.all = None;
        }
        names
    }
}

#[derive(Default)]
struct Look {
    names: Names,
    /// In how many functions and classes the statement stands.
    depth: usize,
    /// How often `__all__` is touched.
    lists: usize,
}

impl Look {
    fn bind(&mut self, name: &str) {
        if self.depth == 0 {
            self.names.has_getattr |= name == "__getattr__";
            if name == "__path__" {
                self.names.has_modules = true;
            }
            self.names.bound.insert(name.to_owned());
        }
    }

    fn take(&mut self, from: &StmtImportFrom, wanted: &Wanted) {
        for alias in &from.names {
            if self.depth == 0 && !self.names.has_getattr {
                self.names.early.insert(alias.name.to_string());
            }
            match &alias.asname {
                Some(other) => self.bind(other),
                None if &alias.name == "__getattr__" => self.bind(&alias.name),
                None if self.depth > 0 => {}
                None if &alias.name == "*" => self.names.stars.push(wanted.clone()),
                None => {
                    let taken = self.names.taken.entry(alias.name.to_string());
                    taken.or_default().push(wanted.clone());
                }
            }
        }
    }

    fn call(&mut self, call: &ExprCall) {
        let name = dotted(&call.func).unwrap_or_default();
        let last = name.rsplit('.').next().unwrap_or_default();
        match last {
            "globals" | "vars" | "locals" | "exec" | "setattr" | "eval" => {
                self.names.is_open = true;
            }
            "ModuleType" | "new_module" | "module_from_spec" | "declare_namespace"
            | "extend_path" => self.names.has_modules = true,
            _ => {}
        }
        let lower = last.to_lowercase();
        if lower.contains("lazy") {
            self.names.is_open = true;
        }
        // Whoever is told which module this is may change it, unless it is known to ask only. In functions loggers are
        // told, and messages tell it.
        let is_name = |expr: &Expr| matches!(expr, Expr::Name(name) if name.id == "__name__");
        if self.depth == 0 && call.arguments.args.iter().any(is_name) && !asks_only(&lower) {
            self.names.is_open = true;
            // `lazy_loader` makes names alone, of modules that are files.
            self.names.has_modules |= !lower.starts_with("attach");
        }
        if name.starts_with("sys.modules.") && matches!(last, "update" | "setdefault") {
            self.names.has_modules = true;
        }
        let is_change = matches!(last, "append" | "insert" | "extend" | "remove");
        self.names.has_modules |= is_change && name.rsplit('.').nth(1).is_some_and(finds_modules);
        // To look through the places of a package changes nothing.
        let is_look = matches!(
            last,
            "iter_modules" | "walk_packages" | "list" | "str" | "len"
        );
        let is_place = |expr: &Expr| matches!(expr, Expr::Name(name) if name.id == "__path__");
        self.names.has_modules |= !is_look && call.arguments.args.iter().any(is_place);
    }

    /// What is put into `sys.modules`: a module that takes the place of this one, or others.
    fn store(&mut self, target: &Expr) {
        let Expr::Subscript(part) = target else {
            return;
        };
        let table = dotted(&part.value).unwrap_or_default();
        if table.rsplit('.').next().is_some_and(finds_modules) {
            self.names.has_modules = true;
        }
        if !matches!(table.as_str(), "sys.modules" | "modules") {
            return;
        }
        match &*part.slice {
            // Another name makes nothing of this package, if it is not inside of it.
            Expr::StringLiteral(text) => self.names.made.push(text.value.to_str().to_owned()),
            key => {
                let is_self = matches!(key, Expr::Name(name) if name.id == "__name__");
                self.names.is_open = true;
                self.names.has_modules |= !is_self;
            }
        }
    }

    /// `__all__ = [...]`.
    fn list(&mut self, value: &Expr) {
        let parts = match value {
            Expr::List(list) => &list.elts,
            Expr::Tuple(tuple) => &tuple.elts,
            _ => return,
        };
        let text = |part: &Expr| match part {
            Expr::StringLiteral(text) => Some(text.value.to_str().to_owned()),
            _ => None,
        };
        self.names.all = parts.iter().map(text).collect();
    }
}

/// Whether a variable says where modules are looked for.
fn finds_modules(name: &str) -> bool {
    matches!(name, "__path__" | "meta_path" | "path_hooks")
}

/// Functions that are told the name of a module and make no modules in it.
fn asks_only(function: &str) -> bool {
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

impl<'a> Visitor<'a> for Look {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => {
                self.bind(&function.name);
                self.depth += 1;
                walk_stmt(self, statement);
                self.depth -= 1;
                return;
            }
            Stmt::ClassDef(class) => {
                self.bind(&class.name);
                self.depth += 1;
                walk_stmt(self, statement);
                self.depth -= 1;
                return;
            }
            // A function may give the module a name.
            Stmt::Global(global) => {
                for name in &global.names {
                    self.names.bound.insert(name.to_string());
                }
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name);
                    self.bind(name.split('.').next().unwrap_or_default());
                }
            }
            Stmt::ImportFrom(from) => {
                let wanted = Wanted {
                    level: from.level,
                    module: from
                        .module
                        .as_ref()
                        .map(ToString::to_string)
                        .unwrap_or_default(),
                    ..Wanted::default()
                };
                self.take(from, &wanted);
            }
            Stmt::Assign(assign) => {
                // Under another name it may be changed.
                let source = dotted(&assign.value).unwrap_or_default();
                self.names.has_modules |= source.rsplit('.').next().is_some_and(finds_modules);
                for target in &assign.targets {
                    self.store(target);
                    if matches!(target, Expr::Name(name) if name.id == "__all__") {
                        self.list(&assign.value);
                    }
                }
            }
            Stmt::AnnAssign(assign) => {
                let value = assign.value.as_deref();
                if let (Expr::Name(name), Some(value)) = (&*assign.target, value)
                    && name.id == "__all__"
                {
                    self.list(value);
                }
            }
            Stmt::Try(one) => {
                for handler in &one.handlers {
                    let ruff_python_ast::ExceptHandler::ExceptHandler(handler) = handler;
                    if let Some(name) = &handler.name {
                        self.bind(name);
                    }
                }
            }
            _ => {}
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => {
                if name.ctx == ExprContext::Store {
                    self.bind(&name.id);
                }
                if name.id.as_str() == "__all__" {
                    self.lists += 1;
                }
                // Another name for it may be for changing it.
                self.names.has_modules |= name.ctx == ExprContext::Store && finds_modules(&name.id);
            }
            Expr::Attribute(attribute) => {
                let is_changed = attribute.ctx == ExprContext::Store;
                self.names.has_modules |= is_changed && finds_modules(&attribute.attr);
                self.names.is_open |= &attribute.attr == "__dict__";
            }
            Expr::Call(call) => self.call(call),
            _ => {}
        }
        walk_expr(self, expr);
    }
}
