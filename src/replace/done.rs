//! Swapped → Done: this process finishes what it began.

use std::path::PathBuf;

use super::contents::Written;
use super::disk::journal::Phase;
use super::disk::swap::Way;
use super::error::Error;
use super::finish::{Finish, Old, Sources, Who};
use super::keep::Lost;
use super::observed::Observed;
use super::steps::Wrong;
use super::swapped::Swapped;
use crate::disk::rooted::Rooted;
use crate::model::shortfall::Shortfall;
use crate::monitor::{Monitor, Unstoppable};
use crate::tree::scan::Scan;

/// What there is to tell in the end.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) way: Way,
    pub(crate) wrong: Vec<Wrong>,
    pub(crate) kept_old: Option<PathBuf>,
    pub(crate) unsettled: Option<Unsettled>,
    /// How many files were taken over.
    pub(crate) reused: u64,
    pub(crate) written: Written,
    /// What the place does not hold of the new tree.
    pub(crate) left_out: Shortfall,
}

/// What was to come after the new tree stood at its place, and failed. The next command does it.
#[derive(Debug)]
pub(crate) struct Unsettled {
    /// Where the replaced tree is left, if it still stands.
    pub(crate) left: Option<PathBuf>,
    pub(crate) why: Error,
}

impl Swapped<'_> {
    /// Settles what is left: late changes, the old tree, the journal. Nothing stops it any more; and what fails of it
    /// takes nothing back, since the new tree stands at its place: it is told, and the next command does it.
    pub(crate) fn finish(&mut self, monitor: &dyn Monitor) -> Done {
        let mut kept_old = None;
        if let (false, Some(live)) = (self.is_in_place(), &mut self.verified.staged.plan.live) {
            // The lock guards a tree that stands there no more. File systems in user space and of a network keep a file
            // that is open under another name in its directory, which then cannot be removed.
            live.lock = None;
        }
        let settled = self.end(&mut kept_old, &Unstoppable(monitor));
        let left_out = std::mem::take(&mut self.verified.staged.fit.left);
        let staged = &self.verified.staged;
        let unsettled = settled.err().map(|why| {
            let left = self.old_name().filter(|name| self.stands(name));
            let left = left.map(|name| staged.space.work.shown(&name));
            Unsettled { left, why }
        });
        let done = Done {
            way: self.way,
            wrong: std::mem::take(&mut self.wrong),
            kept_old,
            unsettled,
            reused: staged.reused.count(),
            written: staged.written.clone(),
            left_out,
        };
        if let (false, Some(live)) = (self.is_in_place(), &mut self.verified.staged.plan.live) {
            // The scan takes much memory, and it is asked for more only after a replacement in place.
            live.scan = Scan::default();
        }
        done
    }

    fn end(&self, kept_old: &mut Option<PathBuf>, monitor: &dyn Monitor) -> Result<(), Error> {
        let staged = &self.verified.staged;
        let (work, plan) = (&staged.space.work, &staged.plan);
        let is_kept = plan.keeper.receipt().incident.is_some();
        let finish = Finish {
            who: Who::Itself,
            work,
            name: plan.place.name(),
            keep: staged.space.journal.keep_old.as_deref(),
            foreign: false,
            sources: is_kept.then_some(Sources {
                keeper: plan.keeper,
                contents: plan.contents,
            }),
            preserve: plan.how.preserve,
            monitor,
        };
        if let Phase::Apply { steps, .. } = &staged.space.journal.phase {
            let staging = staged.space.staging.root();
            return finish.steps(steps, &plan.in_place()?, Some(staging));
        }
        let Some(name) = self.old_name() else {
            return finish.end();
        };
        let live = plan.live.as_ref();
        let tree = live.map(|live| live.root.known_as(&work.shown(&name)));
        let old = Old {
            name: &name,
            tree: tree.transpose()?,
            observed: live
                .map(|live| Observed::read(staged, live))
                .ok_or(Lost::All),
        };
        *kept_old = finish.exchange(old, &|| self.new_tree())?;
        finish.end()
    }

    /// Whether files were replaced one by one.
    pub(super) fn is_in_place(&self) -> bool {
        self.way == Way::FileByFile
    }

    /// The tree that stands in the place now, by the descriptor with which it was built: its path may already mean
    /// something else.
    pub(super) fn new_tree(&self) -> Result<Rooted, Error> {
        let staged = &self.verified.staged;
        if self.is_in_place() {
            return staged.plan.in_place();
        }
        let path = staged.plan.place.path();
        Ok(staged.space.staging.root().known_as(path)?)
    }

    /// The name under which the replaced tree stands after the exchange.
    fn old_name(&self) -> Option<String> {
        let work = &self.verified.staged.space.work;
        match self.way {
            Way::Exchanged => Some(work.staging()),
            Way::TwoRenames => Some(work.aside()),
            Way::Placed | Way::FileByFile => None,
        }
    }

    fn stands(&self, name: &str) -> bool {
        let dir = &self.verified.staged.space.work.dir;
        matches!(dir.stat_name(name.as_bytes()), Ok(Some(_)))
    }
}
