//! Conditions that this interpreter decides once and for all: its version, its platform, and whether a type checker
//! reads.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use ruff_python_ast::{BoolOp, CmpOp, Expr, Number, Stmt, UnaryOp};

use super::dotted::dotted;
use super::meanings::Meanings;
use super::surroundings;
use crate::python::interpreter::Facts;

/// What conditions may ask of the interpreter.
#[derive(Clone, Debug, Default)]
pub(super) struct Python {
    /// `(3, 11, 7)`; none where it is not known.
    pub(super) version: Option<[i64; 3]>,
    /// `cpython`; none where it is not known.
    implementation: Option<String>,
    /// `x86_64`; none where it is not known.
    machine: Option<String>,
}

impl Python {
    pub(super) fn new(facts: Option<&Facts>) -> Self {
        let Some(facts) = facts else {
            return Self::default();
        };
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let mut parts = facts.known.version.split('.');
        let mut number = || {
            let part = parts.next()?;
            let digits = part.find(|c: char| !c.is_ascii_digit());
            part[..digits.unwrap_or(part.len())].parse().ok()
        };
        let version = number().zip(number());
        Self {
            version: version.map(|(major, minor)| [major, minor, number().unwrap_or(0)]),
            implementation: text(&facts.known.implementation),
            machine: text(&facts.system[3]),
        }
    }

    /// Whether it is `CPython` for sure.
    pub(super) fn is_cpython(&self) -> bool {
        self.implementation.as_deref() == Some("cpython")
    }

    /// Whether it is `PyPy` for sure.
    pub(super) fn is_pypy(&self) -> bool {
        self.implementation.as_deref() == Some("pypy")
    }

    /// The version without its last number.
    pub(super) fn minor(&self) -> Option<(i64, i64)> {
        self.version.map(|[major, minor, _]| (major, minor))
    }
}

/// What an expression gives.
#[derive(Clone, PartialEq, Debug)]
enum Value {
    Bool(bool),
    Int(i64),
    Text(String),
    Tuple(Vec<Value>),
}

impl Value {
    fn truth(&self) -> bool {
        match self {
            Self::Bool(truth) => *truth,
            Self::Int(number) => *number != 0,
            Self::Text(text) => !text.is_empty(),
            Self::Tuple(parts) => !parts.is_empty(),
        }
    }

    fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => Some(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Some(a.cmp(b)),
            (Self::Tuple(a), Self::Tuple(b)) => {
                for (a, b) in a.iter().zip(b) {
                    match a.order(b)? {
                        Ordering::Equal => {}
                        order => return Some(order),
                    }
                }
                Some(a.len().cmp(&b.len()))
            }
            _ => None,
        }
    }
}

/// Decides conditions of one module.
#[derive(Debug)]
pub(super) struct Guard<'p> {
    python: &'p Python,
    /// The name of the module: `grpc.aio`.
    module: &'p str,
    /// That of the package in which its relative imports begin; empty for a plain module at the top.
    package: &'p str,
    /// Names that the module itself gave a value that is known; none where it is not known any more.
    names: HashMap<String, Option<Value>>,
    meanings: Meanings,
}

impl<'p> Guard<'p> {
    pub(super) fn new(python: &'p Python, module: &'p str, is_init: bool) -> Self {
        let above = module.rsplit_once('.').map_or("", |(above, _)| above);
        Self {
            python,
            module,
            package: if is_init { module } else { above },
            names: HashMap::new(),
            meanings: Meanings::default(),
        }
    }

    /// The same where nothing is known of some names.
    pub(super) fn without(mut self, names: HashSet<String>) -> Self {
        self.names
            .extend(names.into_iter().map(|name| (name, None)));
        self
    }

    /// Remembers what an import gave names to.
    pub(super) fn import(&mut self, statement: &Stmt) {
        self.meanings.import(statement);
    }

    /// Remembers that a name got a value. What is assigned twice, or in a branch, is not known, nor is what may be
    /// filled later.
    pub(super) fn assign(&mut self, name: &str, value: &Expr, is_sure: bool) {
        let is_sure = is_sure && !matches!(value, Expr::List(_) | Expr::Set(_));
        let value = self.value(value).filter(|_| is_sure);
        let value = value.filter(|_| !self.names.contains_key(name));
        self.names.insert(name.to_owned(), value);
    }

    /// Whether a condition holds; none where that is not known.
    pub(super) fn decide(&self, test: &Expr) -> Option<bool> {
        match test {
            Expr::BoolOp(both) => {
                let decided = both.values.iter().map(|value| self.decide(value));
                // One value that decides is enough, whatever the others are.
                let decisive = both.op == BoolOp::Or;
                decided
                    .reduce(|a, b| match (a, b) {
                        (Some(a), _) if a == decisive => Some(a),
                        (_, Some(b)) if b == decisive => Some(b),
                        (Some(a), Some(_)) => Some(a),
                        _ => None,
                    })
                    .flatten()
            }
            Expr::UnaryOp(unary) if unary.op == UnaryOp::Not => {
                self.decide(&unary.operand).map(|truth| !truth)
            }
            Expr::Compare(compare) => {
                if let Some(truth) = surroundings::compared(compare) {
                    return Some(truth);
                }
                let mut left = self.value(&compare.left)?;
                for (op, right) in compare.ops.iter().zip(&compare.comparators) {
                    let right = self.value(right)?;
                    if !compared(&left, *op, &right)? {
                        return Some(false);
                    }
                    left = right;
                }
                Some(true)
            }
            _ => self.value(test).map(|value| value.truth()),
        }
    }

    /// Whether two expressions give the same; none where that is not known.
    pub(super) fn are_same(&self, one: &Expr, other: &Expr) -> Option<bool> {
        compared(&self.value(one)?, CmpOp::Eq, &self.value(other)?)
    }

    fn value(&self, expr: &Expr) -> Option<Value> {
        match expr {
            Expr::BooleanLiteral(literal) => Some(Value::Bool(literal.value)),
            Expr::NoneLiteral(_) => Some(Value::Bool(false)),
            Expr::StringLiteral(text) => Some(Value::Text(text.value.to_str().to_owned())),
            Expr::NumberLiteral(number) => match &number.value {
                Number::Int(number) => number.as_i64().map(Value::Int),
                _ => None,
            },
            Expr::Tuple(tuple) => self.values(&tuple.elts),
            Expr::List(list) => self.values(&list.elts),
            Expr::Set(set) => self.values(&set.elts),
            Expr::Name(name) => match name.id.as_str() {
                known if self.names.contains_key(known) => self.names[known].clone(),
                "version_info" => self.version(),
                "__name__" if !self.module.is_empty() => Some(Value::Text(self.module.to_owned())),
                "__package__" if !self.module.is_empty() => {
                    Some(Value::Text(self.package.to_owned()))
                }
                name => match self.meanings.full_name(name) {
                    Some(full) => self.attribute(&full),
                    None => fixed(name),
                },
            },
            Expr::Attribute(_) => {
                let name = dotted(expr)?;
                self.attribute(&self.meanings.full_name(&name).unwrap_or(name))
            }
            Expr::Subscript(part) => {
                let Value::Tuple(whole) = self.value(&part.value)? else {
                    return None;
                };
                match &*part.slice {
                    Expr::Slice(slice) if slice.lower.is_none() && slice.step.is_none() => {
                        let Value::Int(end) = self.value(slice.upper.as_ref()?)? else {
                            return None;
                        };
                        let end = usize::try_from(end).ok()?.min(whole.len());
                        Some(Value::Tuple(whole[..end].to_vec()))
                    }
                    index => match self.value(index)? {
                        Value::Int(at) => whole.get(usize::try_from(at).ok()?).cloned(),
                        _ => None,
                    },
                }
            }
            Expr::Call(call) if surroundings::asks_for_docs(call) => Some(Value::Bool(false)),
            Expr::Call(call) => self.called(&call.func, &call.arguments.args),
            Expr::BoolOp(_) | Expr::Compare(_) => self.decide(expr).map(Value::Bool),
            Expr::UnaryOp(unary) if unary.op == UnaryOp::Not => self.decide(expr).map(Value::Bool),
            _ => None,
        }
    }

    fn values(&self, parts: &[Expr]) -> Option<Value> {
        let parts = parts.iter().map(|part| self.value(part));
        parts.collect::<Option<_>>().map(Value::Tuple)
    }

    fn version(&self) -> Option<Value> {
        let numbers = self.python.version?.map(Value::Int);
        let mut parts = numbers.to_vec();
        parts.extend([Value::Text("final".into()), Value::Int(0)]);
        Some(Value::Tuple(parts))
    }

    fn attribute(&self, name: &str) -> Option<Value> {
        let text = |text: &str| Some(Value::Text(text.to_owned()));
        let version = |at: usize| self.python.version.map(|parts| Value::Int(parts[at]));
        match name {
            "sys.version_info" => self.version(),
            "sys.version_info.major" => version(0),
            "sys.version_info.minor" => version(1),
            "sys.version_info.micro" => version(2),
            "sys.hexversion" => {
                let [major, minor, micro] = self.python.version?;
                Some(Value::Int(major << 24 | minor << 16 | micro << 8 | 0xf0))
            }
            "sys.platform" => text("linux"),
            "os.name" => text("posix"),
            "sys.implementation.name" => text(self.python.implementation.as_ref()?),
            _ => fixed(name.rsplit('.').next()?),
        }
    }

    fn called(&self, function: &Expr, arguments: &[Expr]) -> Option<Value> {
        let text = |text: &str| Some(Value::Text(text.to_owned()));
        if let (Expr::Attribute(method), [argument]) = (function, arguments) {
            let Value::Text(whole) = self.value(&method.value)? else {
                return None;
            };
            let part = self.value(argument)?;
            let fits = |part: &Value| match (method.attr.as_str(), part) {
                ("startswith", Value::Text(part)) => Some(whole.starts_with(part.as_str())),
                ("endswith", Value::Text(part)) => Some(whole.ends_with(part.as_str())),
                _ => None,
            };
            let truth = match &part {
                Value::Tuple(parts) => {
                    let fits: Option<Vec<bool>> = parts.iter().map(fits).collect();
                    fits?.contains(&true)
                }
                one => fits(one)?,
            };
            return Some(Value::Bool(truth));
        }
        if let (Expr::Attribute(method), []) = (function, arguments)
            && method.attr.as_str() == "lower"
        {
            return match self.value(&method.value)? {
                Value::Text(whole) => Some(Value::Text(whole.to_lowercase())),
                _ => None,
            };
        }
        if !arguments.is_empty() {
            return None;
        }
        let name = dotted(function)?;
        let name = self.meanings.full_name(&name).unwrap_or(name);
        match name.as_str() {
            "platform.system" => text("Linux"),
            "platform.machine" => text(self.python.machine.as_ref()?),
            "platform.python_implementation" => match self.python.implementation.as_deref()? {
                "cpython" => text("CPython"),
                "pypy" => text("PyPy"),
                _ => None,
            },
            // Functions that ask for another platform have such names as well.
            name => platform(name.rsplit('.').next()?),
        }
    }
}

/// Names that mean the same wherever they come from.
fn fixed(name: &str) -> Option<Value> {
    match name {
        "TYPE_CHECKING" | "MYPY" | "PY2" => Some(Value::Bool(false)),
        "PY3" | "__debug__" => Some(Value::Bool(true)),
        _ => platform(name),
    }
}

/// `IS_WINDOWS`, `_is_android_app`, `LINUX`: whether this is the platform of a name.
fn platform(name: &str) -> Option<Value> {
    const THIS: [&str; 2] = ["linux", "posix"];
    const OTHERS: [&str; 18] = [
        "aix",
        "android",
        "android_app",
        "bsd",
        "darwin",
        "emscripten",
        "freebsd",
        "ios",
        "ironpython",
        "jython",
        "macos",
        "netbsd",
        "openbsd",
        "osx",
        "pyodide",
        "sunos",
        "win32",
        "windows",
    ];
    let name = name.trim_start_matches('_');
    let lower = name.to_lowercase();
    let asked = lower
        .strip_prefix("is_")
        .or_else(|| lower.strip_prefix("on_"));
    // A plain word in lower case may be anything.
    let is_asked = asked.is_some() || !name.contains(|c: char| c.is_lowercase());
    let platform = asked.unwrap_or(&lower);
    let is_this = THIS.contains(&platform);
    (is_asked && (is_this || OTHERS.contains(&platform))).then_some(Value::Bool(is_this))
}

fn compared(left: &Value, op: CmpOp, right: &Value) -> Option<bool> {
    let order = || left.order(right);
    // A number may stand for a truth value, so the two are not compared.
    if matches!(
        (left, right),
        (Value::Bool(_), Value::Int(_)) | (Value::Int(_), Value::Bool(_))
    ) {
        return None;
    }
    Some(match op {
        CmpOp::Eq => left == right,
        CmpOp::NotEq => left != right,
        CmpOp::Lt => order()?.is_lt(),
        CmpOp::LtE => order()?.is_le(),
        CmpOp::Gt => order()?.is_gt(),
        CmpOp::GtE => order()?.is_ge(),
        CmpOp::In | CmpOp::NotIn => {
            let found = match (left, right) {
                (part, Value::Tuple(parts)) => parts.contains(part),
                (Value::Text(part), Value::Text(whole)) => whole.contains(part.as_str()),
                _ => return None,
            };
            found == (op == CmpOp::In)
        }
        CmpOp::Is | CmpOp::IsNot => return None,
    })
}
