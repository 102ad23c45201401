//! How statements can end, as a set of possibilities. What surely fails has a failure in it and no way on.

use std::sync::Arc;

use super::steps::Kind;
use crate::model::RelPath;

/// An import of something that is not there and belongs to what is installed here.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Missing {
    /// The file that imports it.
    pub(super) file: RelPath,
    /// The line of the statement, from 1.
    pub(super) line: usize,
    /// What is missing: `click.core`.
    pub(super) module: String,
}

/// An exception that may be raised.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Failure {
    /// What is missing of a package that is installed; none where the reason is another one.
    pub(super) missing: Option<Arc<Missing>>,
    /// Whether that is the reason on every way that leads here.
    pub(super) always: bool,
}

impl Failure {
    /// A failure for want of a module that belongs to what is installed.
    pub(super) fn of(missing: Missing) -> Self {
        Self {
            missing: Some(Arc::new(missing)),
            always: true,
        }
    }

    /// One failure for two of which one or the other happens.
    fn either(self, other: Self) -> Self {
        Self {
            always: self.always && other.always,
            missing: self.missing.or(other.missing),
        }
    }

    /// One failure for two of which the later one happens at the latest.
    fn then(self, later: Self) -> Self {
        if later.always || self.missing.is_none() {
            later
        } else {
            self
        }
    }
}

/// The ways in which statements may end.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Exits {
    /// They may come to their end.
    pub(super) goes: bool,
    /// They may leave a loop.
    pub(super) breaks: bool,
    /// They may leave a function.
    pub(super) returns: bool,
    /// They may fail, by kind.
    pub(super) fails: [Option<Failure>; 3],
}

impl Exits {
    /// They come to their end.
    pub(super) fn on() -> Self {
        Self {
            goes: true,
            ..Self::default()
        }
    }

    /// They fail.
    pub(super) fn failing(kind: Kind, failure: Failure) -> Self {
        let mut exits = Self::default();
        exits.fails[kind as usize] = Some(failure);
        exits
    }

    /// They come to their end or fail to import something; nobody knows.
    pub(super) fn unknown() -> Self {
        let mut exits = Self::on();
        exits.fails[Kind::Module as usize] = Some(Failure::default());
        exits.fails[Kind::Name as usize] = Some(Failure::default());
        exits
    }

    /// Whether they fail in any case.
    pub(super) fn surely_fails(&self) -> bool {
        !self.goes && !self.breaks && !self.returns && self.fails.iter().any(Option::is_some)
    }

    /// What is missing where they fail in any case, and for that reason.
    pub(super) fn convicted(&self) -> Option<&Arc<Missing>> {
        let mut sure = self.fails.iter().flatten().filter(|failure| failure.always);
        sure.find_map(|failure| failure.missing.as_ref())
            .filter(|_| self.surely_fails())
    }

    /// What is missing on some way on which they fail.
    pub(super) fn suspected(&self) -> impl Iterator<Item = &Arc<Missing>> {
        let failures = self.fails.iter().flatten();
        failures.filter_map(|failure| failure.missing.as_ref())
    }

    /// Statements of which one or the other is executed.
    #[must_use]
    pub(super) fn or(mut self, mut other: Self) -> Self {
        // Where one of them fails for another reason, what is missing is not the whole story.
        let is_other = |exits: &Self| exits.surely_fails() && exits.convicted().is_none();
        let (here, there) = (is_other(&self), is_other(&other));
        if here || there {
            let failures = self.fails.iter_mut().chain(&mut other.fails);
            failures
                .flatten()
                .for_each(|failure| failure.always = false);
        }
        let mut pairs = self.fails.into_iter().zip(other.fails);
        let mut both = || match pairs.next()? {
            (Some(one), Some(other)) => Some(one.either(other)),
            (one, other) => one.or(other),
        };
        Self {
            goes: self.goes || other.goes,
            breaks: self.breaks || other.breaks,
            returns: self.returns || other.returns,
            fails: [both(), both(), both()],
        }
    }

    /// Statements of which the second is executed where the first comes to its end.
    #[must_use]
    pub(super) fn then(mut self, next: impl FnOnce() -> Self) -> Self {
        if !self.goes {
            return self;
        }
        let next = next();
        // What fails in any case is the reason, and not what may have failed before it.
        if next.surely_fails() {
            let before = self.fails.iter_mut().flatten();
            before.for_each(|failure| failure.always = false);
        }
        let mut pairs = self.fails.into_iter().zip(next.fails);
        let mut both = || match pairs.next()? {
            (Some(one), Some(other)) => Some(one.then(other)),
            (one, other) => one.or(other),
        };
        Self {
            goes: next.goes,
            breaks: self.breaks || next.breaks,
            returns: self.returns || next.returns,
            fails: [both(), both(), both()],
        }
    }
}
