//! How far modules have come that are being executed: what a module does to itself further down is not done yet.

use std::collections::HashMap;

use crate::model::RelPath;

/// A moment of an evaluation.
#[derive(Debug, Default)]
pub(super) struct Moment<'a> {
    /// The modules that are being executed, each with the line that it has come to.
    lines: HashMap<&'a RelPath, usize>,
    /// The module that is looked at alone: where nobody knows how far the packages above it have come, they may
    /// just have begun.
    alone: Option<&'a RelPath>,
}

impl<'a> Moment<'a> {
    /// When a module is executed as early as it may be.
    pub(super) fn early(module: &'a RelPath) -> Self {
        Self {
            alone: Some(module),
            ..Self::default()
        }
    }

    /// Whether a module is being executed.
    pub(super) fn is_within(&self, module: &RelPath) -> bool {
        self.lines.contains_key(module)
    }

    /// A module has come to a line; to none once it was left.
    pub(super) fn at(&mut self, module: &'a RelPath, line: Option<usize>) {
        match line {
            Some(line) => self.lines.insert(module, line),
            None => self.lines.remove(module),
        };
    }

    /// The line that a module has come to.
    pub(super) fn line(&self, module: &RelPath) -> Option<usize> {
        self.lines.get(module).copied()
    }

    /// Whether a package may have done what it does from a line on.
    pub(super) fn has_passed(&self, init: &RelPath, from: Option<usize>) -> bool {
        let Some(from) = from else {
            return false;
        };
        match self.line(init) {
            Some(line) => from <= line,
            None => !self.may_have_begun_only(init),
        }
    }

    /// Whether a module may have come to a line; while it is looked at alone, it has not.
    pub(super) fn may_have_come_to(&self, module: &RelPath, line: usize) -> bool {
        match self.line(module) {
            Some(now) => line <= now,
            None => self.alone != Some(module),
        }
    }

    fn may_have_begun_only(&self, init: &RelPath) -> bool {
        let dir = init.parent();
        self.alone
            .zip(dir)
            .is_some_and(|(alone, dir)| alone.is_within(&dir))
    }
}
