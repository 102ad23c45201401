//! The names that a module gives: those that its own text binds, and from which line on it may have others that its
//! text does not show.

use std::collections::{HashMap, HashSet};

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, ExprCall, ExprContext, Stmt, StmtImportFrom};
use ruff_text_size::Ranged;

use super::answers::answers;
use super::dotted::dotted;
use super::getters::Words;
use super::objects::objects;
use super::openings::{
    asks_only, finds_modules, is_globals, looks_only, may_be_module, put, reads_globals, shares,
};
use super::own_dir::{keeps_path, own_dirs};
use super::statements::{line_at, listed, taken_of};
use super::wanted::Wanted;

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
    /// Whether there is an `__all__` of any kind.
    pub(super) has_all: bool,
    /// The line from which on it may have names that its text does not show; none where it has no others.
    pub(super) open_from: Option<usize>,
    /// The line of its `__getattr__`, which gives names from then on.
    pub(super) getattr_from: Option<usize>,
    /// The names that its `__getattr__` gives; none where that may be any.
    pub(super) answers: Option<Words>,
    /// The line from which on it may have modules inside itself that are no files there.
    pub(super) modules_from: Option<usize>,
    /// The line from which on a finder of it may make modules (`sys.meta_path`).
    pub(super) finders_from: Option<usize>,
    /// Functions that are told the name of the module and may make modules in it, each with the line of the call.
    pub(super) told: Vec<(usize, String)>,
    /// Dotted names of modules that it puts into `sys.modules`, or what they begin with.
    pub(super) made: Vec<String>,
    /// Those that it puts there by their own names, so that it changes nothing where they are there.
    pub(super) renewed: Vec<String>,
    /// Whether other directories of the path may hold parts of the package (`pkgutil.extend_path`).
    pub(super) is_shared: bool,
}

impl Names {
    /// Looks at the statements of a module (`grpc.aio`) with this text.
    pub(super) fn collect(body: &[Stmt], text: &str, module: &str) -> Self {
        let mut look = Look {
            objects: objects(body, module),
            own_dirs: own_dirs(body, text),
            ..Look::default()
        };
        if text.contains("__getattr__") {
            look.names.answers = answers(body);
        }
        for statement in body {
            look.visit_stmt(statement);
        }
        let mut names = look.names;
        let by_table = |at: Option<usize>| at.filter(|_| look.knows_table);
        let makes = [names.modules_from, by_table(look.makes_by_table)];
        let makes = makes.into_iter().flatten().min();
        names.modules_from = makes;
        let opens = [names.open_from, makes, by_table(look.opens_by_table)];
        names.open_from = opens.into_iter().flatten().min();
        let froms = [
            &mut names.open_from,
            &mut names.getattr_from,
            &mut names.modules_from,
            &mut names.finders_from,
        ];
        for from in froms.into_iter().flatten() {
            *from = line_at(text, *from);
        }
        for star in &mut names.stars {
            star.line = line_at(text, star.line);
        }
        for (at, _) in &mut names.told {
            *at = line_at(text, *at);
        }
        names.has_all = look.lists > 0;
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
    /// Where the statement begins, in bytes. Lines of names are places of this kind until the end.
    at: usize,
    /// The parameters of the functions in which the statement stands.
    parameters: Vec<String>,
    /// Where a function changes what it was given, if that may be the module.
    opens_by_table: Option<usize>,
    /// Where it makes a module, which counts if the text knows the table.
    makes_by_table: Option<usize>,
    /// Names that mean other objects than the module.
    objects: HashSet<String>,
    /// Names that mean the directory of the module.
    own_dirs: HashSet<String>,
    /// Whether the text knows the table of modules, from which functions may get the module.
    knows_table: bool,
}

impl Look {
    fn bind(&mut self, name: &str) {
        if self.depth == 0 {
            if name == "__getattr__" {
                since(&mut self.names.getattr_from, self.at);
            }
            if name == "__path__" {
                self.has_modules();
            }
            self.names.bound.insert(name.to_owned());
        }
    }

    /// A function binds its own name, and its parameters within it.
    fn visit_function(&mut self, function: &ruff_python_ast::StmtFunctionDef, all: &Stmt) {
        self.bind(&function.name);
        self.depth += 1;
        let before = self.parameters.len();
        let (open, modules) = (self.names.open_from, self.names.modules_from);
        let by_table = self.opens_by_table;
        let parameters = function.parameters.iter();
        self.parameters
            .extend(parameters.map(|one| one.name().to_string()));
        walk_stmt(self, all);
        self.parameters.truncate(before);
        self.depth -= 1;
        // It gives the module nothing but what it answers: `globals()[name] = found`.
        if self.depth == 0 && &function.name == "__getattr__" && self.names.answers.is_some() {
            (self.names.open_from, self.names.modules_from) = (open, modules);
            self.opens_by_table = by_table;
        }
    }

    fn take(&mut self, from: &StmtImportFrom, wanted: &Wanted) {
        for alias in &from.names {
            match &alias.asname {
                Some(other) if other.as_str() != alias.name.as_str() => self.bind(other),
                _ if &alias.name == "__getattr__" => self.bind(&alias.name),
                _ if self.depth > 0 => {}
                _ if &alias.name == "*" => self.names.stars.push(wanted.clone()),
                _ => {
                    let taken = self.names.taken.entry(alias.name.to_string());
                    taken.or_default().push(wanted.clone());
                }
            }
        }
    }

    fn call(&mut self, call: &ExprCall) {
        let name = dotted(&call.func).unwrap_or_default();
        let last = name.rsplit('.').next().unwrap_or_default();
        let arguments = &call.arguments.args;
        match last {
            "globals" => self.is_open(),
            // In a function or a class these change its own names.
            "vars" | "locals" | "exec" | "eval" if arguments.len() < 2 => {
                if let (true, [of]) = (last == "vars", &arguments[..]) {
                    self.changes(of);
                } else if self.depth == 0 {
                    self.is_open();
                }
            }
            "setattr" => match arguments.first() {
                Some(of) => self.changes(of),
                None => self.is_open(),
            },
            "declare_namespace" | "extend_path" => self.has_modules(),
            "ModuleType" | "new_module" | "module_from_spec" => {
                since(&mut self.makes_by_table, self.at);
            }
            _ => {}
        }
        let lower = last.to_lowercase();
        if lower.contains("lazy") {
            self.is_open();
        }
        // Whoever is told which module this is may change it, unless it is known to ask only. In functions loggers are
        // told, and messages tell it.
        let is_name = |expr: &Expr| matches!(expr, Expr::Name(name) if name.id == "__name__");
        if self.depth == 0 && call.arguments.args.iter().any(is_name) && !asks_only(&lower) {
            self.is_open();
            // `lazy_loader` makes names alone, of modules that are files.
            if !lower.starts_with("attach") {
                self.names.told.push((self.at, name.clone()));
            }
        }
        // So may whoever is given the module itself.
        let keywords = call.arguments.keywords.iter().map(|keyword| &keyword.value);
        if self.depth == 0 && arguments.iter().chain(keywords).any(may_be_module) {
            self.is_open();
        }
        let table = name.starts_with("sys.modules.") && matches!(last, "update" | "setdefault");
        let put = table.then(|| arguments.first().and_then(put)).flatten();
        let is_table = table && put.is_none();
        for (name, is_own) in put.into_iter().flatten() {
            let list = if is_own {
                &mut self.names.renewed
            } else {
                &mut self.names.made
            };
            list.push(name);
        }
        let is_change = matches!(last, "append" | "insert" | "extend" | "remove");
        if is_table {
            self.has_modules();
        }
        if is_change && !keeps_path(call, &self.own_dirs) {
            self.finds(name.rsplit('.').nth(1));
        }
        // To look through the places of a package changes nothing.
        let is_place = |expr: &Expr| matches!(expr, Expr::Name(name) if name.id == "__path__");
        if !looks_only(last) && arguments.iter().any(is_place) {
            self.has_modules();
        }
    }

    fn is_open(&mut self) {
        since(&mut self.names.open_from, self.at);
    }

    fn has_modules(&mut self) {
        since(&mut self.names.modules_from, self.at);
    }

    /// A variable is changed that may say where modules are looked for. What finders make they mostly tell.
    fn finds(&mut self, variable: Option<&str>) {
        match variable {
            Some("meta_path") => since(&mut self.names.finders_from, self.at),
            Some(variable) if finds_modules(variable) => self.has_modules(),
            _ => {}
        }
    }

    /// Something gets attributes: what a function was given is this module only where somebody fetched that.
    fn changes(&mut self, of: &Expr) {
        let is_given = |name: &str| self.parameters.iter().any(|one| one == name) || name == "self";
        let is_object = |name: &str| self.objects.contains(name);
        if matches!(of, Expr::Name(name) if is_given(&name.id) || is_object(&name.id)) {
            since(&mut self.opens_by_table, self.at);
        } else {
            self.is_open();
        }
    }

    /// What is put into `sys.modules`: a module that takes the place of this one, or others.
    fn store(&mut self, target: &Expr) {
        let Expr::Subscript(part) = target else {
            return;
        };
        let table = dotted(&part.value).unwrap_or_default();
        self.finds(table.rsplit('.').next());
        if !matches!(table.as_str(), "sys.modules" | "modules") {
            return;
        }
        match &*part.slice {
            // Another name makes nothing of this package, if it is not inside of it.
            Expr::StringLiteral(text) => self.names.made.push(text.value.to_str().to_owned()),
            key => {
                let is_self = matches!(key, Expr::Name(name) if name.id == "__name__");
                self.is_open();
                if !is_self {
                    self.has_modules();
                }
            }
        }
    }
}

/// Remembers the first place of several.
fn since(from: &mut Option<usize>, at: usize) {
    *from = Some(from.map_or(at, |before| before.min(at)));
}

impl<'a> Visitor<'a> for Look {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        self.at = statement.range().start().to_usize();
        if shares(statement) {
            self.names.is_shared = true;
            return;
        }
        match statement {
            Stmt::FunctionDef(function) => {
                self.visit_function(function, statement);
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
                self.take(from, &taken_of(from, self.at));
            }
            Stmt::Assign(assign) => {
                // Under another name it may be changed.
                let source = dotted(&assign.value).unwrap_or_default();
                if source.rsplit('.').next().is_some_and(finds_modules) {
                    self.has_modules();
                }
                for target in &assign.targets {
                    self.store(target);
                    if matches!(target, Expr::Name(name) if name.id == "__all__") {
                        self.names.all = listed(&assign.value);
                    }
                }
            }
            Stmt::AnnAssign(assign) => {
                let value = assign.value.as_deref();
                if let (Expr::Name(name), Some(value)) = (&*assign.target, value)
                    && name.id == "__all__"
                {
                    self.names.all = listed(value);
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
                if name.ctx == ExprContext::Store && finds_modules(&name.id) {
                    self.has_modules();
                }
            }
            Expr::Attribute(attribute) => {
                self.knows_table |= &attribute.attr == "modules";
                if attribute.ctx == ExprContext::Store {
                    self.finds(Some(&attribute.attr));
                }
                if &attribute.attr == "__dict__" {
                    self.changes(&attribute.value);
                }
            }
            // To read what is there adds nothing.
            Expr::Subscript(part) if part.ctx == ExprContext::Load && is_globals(&part.value) => {
                return self.visit_expr(&part.slice);
            }
            Expr::Compare(compare) if compare.comparators.iter().all(is_globals) => {
                return self.visit_expr(&compare.left);
            }
            Expr::Call(call) if reads_globals(call) => {
                return self.visit_arguments(&call.arguments);
            }
            Expr::Call(call) => self.call(call),
            _ => {}
        }
        walk_expr(self, expr);
    }
}
