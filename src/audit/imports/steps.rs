//! What a module does when it is imported, as far as imports go: the nouns that `reduce.rs` makes of source and that
//! `evaluate.rs` follows.

use std::collections::HashMap;

use super::names::Names;
use super::wanted::Wanted;

/// The kinds of exceptions that are told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// `ModuleNotFoundError`.
    Module,
    /// `ImportError` that is none: a module does not give a name.
    Name,
    /// All others.
    Other,
}

impl Kind {
    /// All of them, in the order of their numbers.
    pub(super) const ALL: [Self; 3] = [Self::Module, Self::Name, Self::Other];
}

/// For each kind whether a handler takes it; none where that cannot be told.
pub(super) type Catch = [Option<bool>; 3];

/// One statement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// An import that is executed.
    Import(Wanted),
    /// One of these bodies is executed, and nobody knows which.
    Either(Vec<Vec<Step>>),
    /// `try`, or a `with` that may swallow an exception.
    Try(Box<Try>),
    /// A loop; whether its body surely begins once.
    Loop(Vec<Step>, bool),
    /// `raise` of an exception of a kind; none for one without an exception.
    Raise(Option<Kind>),
    /// `break` or `continue`.
    Break,
    /// `return`.
    Return,
    /// A call of a function of the same module, or of one that it took of another, and the line of it, from 1.
    Call(String, usize),
}

/// A statement of which nobody knows what it does: it may end in any way.
pub(super) fn anything() -> Step {
    let ends = [Step::Return, Step::Break, Step::Raise(None)].map(|step| vec![step]);
    Step::Either([&ends[..], &[Vec::new()]].concat())
}

/// The parts of a `try`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Try {
    pub(super) body: Vec<Step>,
    pub(super) handlers: Vec<(Catch, Vec<Step>)>,
    pub(super) otherwise: Vec<Step>,
    pub(super) finally: Vec<Step>,
}

/// All that is known of one source.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// What is executed when it is imported.
    pub(super) body: Vec<Step>,
    /// What its plain functions execute when they are called.
    pub(super) functions: HashMap<String, Vec<Step>>,
    /// Imports with which functions begin: nothing decides whether they are executed once the function is called.
    pub(super) heads: Vec<Wanted>,
    /// Imports that fail at their first use and not where they stand (PEP 810).
    pub(super) lazy: Vec<Wanted>,
    /// Names that its `__getattr__` gives out of modules of its own, each with the module relative to the package.
    pub(super) late: HashMap<String, String>,
    /// The names that it gives.
    pub(super) names: Names,
}

impl Source {
    /// All imports, wherever they stand.
    pub(super) fn imports(&self) -> impl Iterator<Item = &Wanted> {
        let mut todo: Vec<&[Step]> = self.functions.values().map(Vec::as_slice).collect();
        todo.push(&self.body);
        let mut found: Vec<&Wanted> = Vec::new();
        while let Some(steps) = todo.pop() {
            for step in steps {
                match step {
                    Step::Import(wanted) => found.push(wanted),
                    Step::Either(arms) => todo.extend(arms.iter().map(Vec::as_slice)),
                    Step::Loop(body, _) => todo.push(body),
                    Step::Try(one) => {
                        todo.extend(one.handlers.iter().map(|(_, steps)| steps.as_slice()));
                        todo.extend([&one.body, &one.otherwise, &one.finally].map(Vec::as_slice));
                    }
                    _ => {}
                }
            }
        }
        found.into_iter().chain(&self.heads).chain(&self.lazy)
    }
}
