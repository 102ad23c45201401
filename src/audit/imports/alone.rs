//! One module looked at by itself, and not where an import from outside leads.

use super::evaluate::{Evaluator, Here, Lead, WORK_MAX};
use super::exits::Exits;
use super::moment::Moment;
use super::resolve::{World, ancestors};
use super::steps::Source;
use super::wanted::Wanted;
use crate::model::RelPath;

/// So many statements are followed for one module of which it is asked whether it may fail.
const WORK_EACH: usize = 100_000;

impl<'w, 'a> Evaluator<'w, 'a> {
    /// One for a module that may be executed when the packages above it have just begun.
    pub(super) fn early(
        world: &'w World<'a>,
        file: &'a RelPath,
        lead: Option<&'w Lead<'a>>,
    ) -> Self {
        let mut evaluator = Self::new(world, lead);
        evaluator.moment = Moment::early(file);
        evaluator
    }

    /// How one module alone ends.
    pub(super) fn alone(&mut self, file: &'a RelPath, source: &Source) -> Exits {
        self.moment.at(file, Some(0));
        self.body(Here::of(file, source), &source.body)
    }

    /// How an import in a function of a module ends, whenever that is called.
    pub(super) fn late(&mut self, file: &'a RelPath, wanted: &Wanted) -> Exits {
        let source = Source::default();
        let mut here = Here::of(file, &source);
        here.calls = 1;
        self.import(here, wanted)
    }

    /// Whether a module, or a function of it, may fail for want of something that belongs to what is installed, while
    /// the packages above it are executed; or it takes too long to tell.
    pub(super) fn may_fail(&mut self, file: &'a RelPath) -> bool {
        let Some(source) = self.world.source(file) else {
            return true;
        };
        let package = self.world.index.package(file).unwrap_or_default();
        for above in ancestors(package).chain([package]) {
            let init = self.world.index.executed(above);
            if let Some(init) = init.filter(|init| *init != file) {
                self.moment.at(init, Some(0));
            }
        }
        self.work = WORK_MAX - WORK_EACH;
        let mut parts = vec![self.module(file, false)];
        let mut inside = Here::of(file, &source);
        inside.calls = 1;
        let functions = source.functions.values();
        parts.extend(functions.map(|steps| self.body(inside, steps)));
        let mut failures = parts.iter().flat_map(Exits::suspected);
        self.work > WORK_MAX || failures.next().is_some()
    }
}
