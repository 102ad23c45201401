//! What a function asks of a text that is known: `name.startswith("a.")`, `name.split(".")[-1] in TABLE`, whether a
//! file of that name lies beside it.

use std::collections::HashMap;

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{
    BoolOp, CmpOp, Comprehension, Expr, ExprCall, Number, Operator, Stmt, StmtAssign, UnaryOp,
};

use super::binds::{bound, bound_by};
use super::dotted::dotted;

/// Functions that give what lies in a directory.
const LISTS: [&str; 4] = ["listdir", "scandir", "iterdir", "glob"];
/// So long texts are put together.
const LENGTH_MAX: usize = 4_096;

/// What an expression gives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Value {
    Text(String),
    List(Vec<String>),
    /// The names of the files beside the source, in whatever way they are cut.
    Beside,
    Unknown,
}

/// What is known where a statement stands.
#[derive(Clone)]
pub(super) struct Asked<'k> {
    names: HashMap<String, Value>,
    constants: &'k HashMap<String, Value>,
    is_beside: &'k dyn Fn(&str) -> bool,
    /// Whether texts of a list are tried one by one already: those of one list are.
    pub(super) is_repeated: bool,
}

impl<'k> Asked<'k> {
    pub(super) fn new(
        constants: &'k HashMap<String, Value>,
        is_beside: &'k dyn Fn(&str) -> bool,
    ) -> Self {
        Self {
            names: HashMap::new(),
            constants,
            is_beside,
            is_repeated: false,
        }
    }

    pub(super) fn bind(&mut self, name: &str, value: Value) {
        self.names.insert(name.to_owned(), value);
    }

    /// What is known where two ways meet.
    pub(super) fn or(mut self, other: Self) -> Self {
        for (name, value) in other.names {
            let here = self.names.get(&name).or_else(|| self.constants.get(&name));
            if here != Some(&value) {
                self.names.insert(name, Value::Unknown);
            }
        }
        self
    }

    /// Nothing is known any more of what a statement binds.
    pub(super) fn forget(&mut self, statement: &Stmt) {
        for name in bound(statement) {
            self.bind(&name, Value::Unknown);
        }
    }

    /// Remembers what an assignment gives names to.
    pub(super) fn assign(&mut self, assign: &StmtAssign) {
        let value = self.value(&assign.value);
        for target in &assign.targets {
            match (target, &value) {
                (Expr::Name(name), _) => self.bind(&name.id, value.clone()),
                (Expr::Tuple(tuple), Value::List(texts)) if tuple.elts.len() == texts.len() => {
                    for (part, text) in tuple.elts.iter().zip(texts) {
                        if let Expr::Name(name) = part {
                            self.bind(&name.id, Value::Text(text.clone()));
                        }
                    }
                }
                _ => {
                    for name in bound_by(target) {
                        self.bind(&name, Value::Unknown);
                    }
                }
            }
        }
    }

    /// What an expression gives.
    pub(super) fn value(&self, expr: &Expr) -> Value {
        match expr {
            Expr::StringLiteral(text) => Value::Text(text.value.to_str().to_owned()),
            Expr::Name(name) => {
                let known = self.names.get(name.id.as_str());
                let known = known.or_else(|| self.constants.get(name.id.as_str()));
                known.cloned().unwrap_or(Value::Unknown)
            }
            Expr::BinOp(one) if one.op == Operator::Add => {
                match (self.value(&one.left), self.value(&one.right)) {
                    (Value::Text(a), Value::Text(b)) if a.len() + b.len() < LENGTH_MAX => {
                        Value::Text(a + &b)
                    }
                    _ => Value::Unknown,
                }
            }
            Expr::Tuple(one) => self.list(&one.elts),
            Expr::List(one) => self.list(&one.elts),
            Expr::Set(one) => self.list(&one.elts),
            Expr::ListComp(one) => self.beside(&one.generators),
            Expr::SetComp(one) => self.beside(&one.generators),
            Expr::Generator(one) => self.beside(&one.generators),
            Expr::Subscript(one) => self.part(&one.value, &one.slice),
            Expr::Call(call) => self.called(call),
            _ => Value::Unknown,
        }
    }

    fn list(&self, parts: &[Expr]) -> Value {
        let texts = parts.iter().map(|part| match self.value(part) {
            Value::Text(text) => Some(text),
            _ => None,
        });
        let texts: Option<Vec<String>> = texts.collect();
        texts.map_or(Value::Unknown, Value::List)
    }

    /// What is made of the names of files beside the source alone.
    fn beside(&self, from: &[Comprehension]) -> Value {
        match from {
            [one] if self.value(&one.iter) == Value::Beside => Value::Beside,
            _ => Value::Unknown,
        }
    }

    fn part(&self, of: &Expr, which: &Expr) -> Value {
        let Value::List(texts) = self.value(of) else {
            return Value::Unknown;
        };
        let at = |expr: &Expr| number(expr).and_then(|at| place(at, texts.len()));
        match which {
            Expr::Slice(slice) if slice.step.is_none() => {
                let bound = |expr: Option<&Expr>, otherwise: usize| match expr {
                    None => Some(otherwise),
                    Some(expr) => {
                        let at = number(expr)?;
                        let length = i64::try_from(texts.len()).ok()?;
                        let at = if at < 0 { at + length } else { at };
                        usize::try_from(at.clamp(0, length)).ok()
                    }
                };
                let from = bound(slice.lower.as_deref(), 0);
                let to = bound(slice.upper.as_deref(), texts.len());
                let range = from.zip(to).map(|(from, to)| from..to.max(from));
                let texts = range.and_then(|range| texts.get(range));
                texts.map_or(Value::Unknown, |texts| Value::List(texts.to_vec()))
            }
            _ => {
                let text = at(which).and_then(|at| texts.get(at));
                text.map_or(Value::Unknown, |text| Value::Text(text.clone()))
            }
        }
    }

    fn called(&self, call: &ExprCall) -> Value {
        let arguments = &call.arguments.args;
        let name = dotted(&call.func).unwrap_or_default();
        let last = match &*call.func {
            Expr::Attribute(of) => of.attr.as_str(),
            Expr::Name(name) => name.id.as_str(),
            _ => return Value::Unknown,
        };
        if LISTS.contains(&last) {
            return if is_own_directory(call) {
                Value::Beside
            } else {
                Value::Unknown
            };
        }
        if matches!(
            name.as_str(),
            "set" | "list" | "tuple" | "frozenset" | "sorted"
        ) {
            return match &arguments[..] {
                [one] if call.arguments.keywords.is_empty() => self.value(one),
                _ => Value::Unknown,
            };
        }
        let Expr::Attribute(of) = &*call.func else {
            return Value::Unknown;
        };
        let Value::Text(text) = self.value(&of.value) else {
            return Value::Unknown;
        };
        let texts: Vec<Value> = arguments.iter().map(|one| self.value(one)).collect();
        let limit = || match &arguments[..] {
            [_] => Some(usize::MAX),
            [_, limit] => number(limit).and_then(|limit| usize::try_from(limit).ok()),
            _ => None,
        };
        let Some(Value::Text(sign)) = texts.first() else {
            return Value::Unknown;
        };
        if sign.is_empty() || !call.arguments.keywords.is_empty() {
            return Value::Unknown;
        }
        cut(&text, last, sign, limit())
    }

    /// Whether a condition holds; none where that is not known.
    pub(super) fn truth(&self, expr: &Expr) -> Option<bool> {
        match expr {
            Expr::BooleanLiteral(one) => Some(one.value),
            Expr::NoneLiteral(_) => Some(false),
            Expr::UnaryOp(one) if one.op == UnaryOp::Not => {
                self.truth(&one.operand).map(|truth| !truth)
            }
            Expr::BoolOp(one) => {
                let decides = one.op == BoolOp::Or;
                let truths: Vec<Option<bool>> =
                    one.values.iter().map(|one| self.truth(one)).collect();
                if truths.contains(&Some(decides)) {
                    return Some(decides);
                }
                truths.iter().all(Option::is_some).then_some(!decides)
            }
            Expr::Compare(compare) => match (&compare.ops[..], &compare.comparators[..]) {
                ([op], [right]) => self.compared(&compare.left, *op, right),
                _ => None,
            },
            Expr::Call(call) => self.answered(call),
            _ => match self.value(expr) {
                Value::Text(text) => Some(!text.is_empty()),
                Value::List(texts) => Some(!texts.is_empty()),
                _ => None,
            },
        }
    }

    fn compared(&self, left: &Expr, op: CmpOp, right: &Expr) -> Option<bool> {
        match (op, self.value(left), self.value(right)) {
            (CmpOp::Eq, Value::Text(a), Value::Text(b)) => Some(a == b),
            (CmpOp::NotEq, Value::Text(a), Value::Text(b)) => Some(a != b),
            (CmpOp::Eq, Value::List(a), Value::List(b)) => Some(a == b),
            (CmpOp::In, Value::Text(a), Value::Text(b)) => Some(b.contains(&a)),
            (CmpOp::NotIn, Value::Text(a), Value::Text(b)) => Some(!b.contains(&a)),
            (CmpOp::In, Value::Text(a), Value::List(b)) => Some(b.contains(&a)),
            (CmpOp::NotIn, Value::Text(a), Value::List(b)) => Some(!b.contains(&a)),
            // What lies there may be cut in another way.
            (CmpOp::In, Value::Text(a), Value::Beside) => (!(self.is_beside)(&a)).then_some(false),
            (CmpOp::NotIn, Value::Text(a), Value::Beside) => {
                (!(self.is_beside)(&a)).then_some(true)
            }
            _ => None,
        }
    }

    /// `name.startswith(…)`, `any(name.startswith(one) for one in TABLE)`.
    fn answered(&self, call: &ExprCall) -> Option<bool> {
        let [argument] = &call.arguments.args[..] else {
            return None;
        };
        if let (Expr::Name(function), Expr::Generator(generator)) = (&*call.func, argument) {
            let is_any = match function.id.as_str() {
                "any" => true,
                "all" => false,
                _ => return None,
            };
            let [one] = &generator.generators[..] else {
                return None;
            };
            let (Expr::Name(target), Value::List(texts), []) =
                (&one.target, self.value(&one.iter), &one.ifs[..])
            else {
                return None;
            };
            if self.is_repeated {
                return None;
            }
            let mut inside = self.clone();
            inside.is_repeated = true;
            let truths: Vec<Option<bool>> = texts
                .into_iter()
                .map(|text| {
                    inside.bind(&target.id, Value::Text(text));
                    inside.truth(&generator.elt)
                })
                .collect();
            if truths.contains(&Some(is_any)) {
                return Some(is_any);
            }
            return truths.iter().all(Option::is_some).then_some(!is_any);
        }
        let Expr::Attribute(of) = &*call.func else {
            return None;
        };
        let Value::Text(text) = self.value(&of.value) else {
            return None;
        };
        let signs = match self.value(argument) {
            Value::Text(sign) => vec![sign],
            Value::List(signs) => signs,
            _ => return None,
        };
        match of.attr.as_str() {
            "startswith" => Some(signs.iter().any(|sign| text.starts_with(&**sign))),
            "endswith" => Some(signs.iter().any(|sign| text.ends_with(&**sign))),
            _ => None,
        }
    }
}

/// Whether a call asks for the directory of its own source, or one below it.
fn is_own_directory(call: &ExprCall) -> bool {
    let mut found = Mentions::default();
    found.visit_expr(&Expr::Call(call.clone()));
    found.file == 1 && found.up == 1
}

/// How often an expression mentions the place of its own source, and goes up.
#[derive(Default)]
struct Mentions {
    file: usize,
    up: usize,
}

impl<'a> Visitor<'a> for Mentions {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => {
                self.file += usize::from(name.id == "__file__");
                self.up += usize::from(name.id == "dirname");
            }
            Expr::Attribute(of) => {
                let goes_up = matches!(of.attr.as_str(), "dirname" | "parent" | "pardir");
                self.up += usize::from(goes_up);
                self.up += 2 * usize::from(&of.attr == "parents");
            }
            Expr::StringLiteral(text) => self.up += 2 * text.value.to_str().matches("..").count(),
            _ => {}
        }
        walk_expr(self, expr);
    }
}

/// What is left of a text that is cut by a method.
fn cut(text: &str, method: &str, sign: &str, limit: Option<usize>) -> Value {
    let own = |texts: Vec<&str>| Value::List(texts.into_iter().map(str::to_owned).collect());
    let there = if text.contains(sign) { sign } else { "" };
    match (method, limit) {
        ("split", Some(limit)) => own(text.splitn(limit.saturating_add(1), sign).collect()),
        ("rsplit", Some(limit)) => {
            let mut texts: Vec<&str> = text.rsplitn(limit.saturating_add(1), sign).collect();
            texts.reverse();
            own(texts)
        }
        ("partition", _) => {
            let (a, b) = text.split_once(sign).unwrap_or((text, ""));
            own(vec![a, there, b])
        }
        ("rpartition", _) => {
            let (a, b) = text.rsplit_once(sign).unwrap_or(("", text));
            own(vec![a, there, b])
        }
        ("removeprefix", _) => Value::Text(text.strip_prefix(sign).unwrap_or(text).to_owned()),
        ("removesuffix", _) => Value::Text(text.strip_suffix(sign).unwrap_or(text).to_owned()),
        _ => Value::Unknown,
    }
}

fn number(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::NumberLiteral(literal) => match &literal.value {
            Number::Int(number) => number.as_i64(),
            _ => None,
        },
        Expr::UnaryOp(one) if one.op == UnaryOp::USub => number(&one.operand).map(|number| -number),
        _ => None,
    }
}

/// A place in a list, counted from its end where it is negative.
fn place(at: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    usize::try_from(if at < 0 { at + length } else { at }).ok()
}
