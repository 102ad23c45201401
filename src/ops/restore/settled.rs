//! Swapped → done: what changed late, the old tree, the journal, the states for the next save.

use std::path::PathBuf;

use super::late;
use super::outcome::{Unsettled, Wrong};
use super::still::moved;
use super::swapped::Swapped;
use crate::disk::PathError;
use crate::disk::apply::settle_root;
use crate::disk::journal::{Phase, Workplace};
use crate::disk::remove::{remove_held, remove_tree};
use crate::disk::rooted::Rooted;
use crate::disk::swap::{self, Way};
use crate::model::SnapshotId;
use crate::monitor::Unstoppable;
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::tree::Standing;
use crate::tree::scan::Scan;

/// What there is to tell in the end.
pub(super) struct Done {
    pub(super) way: Way,
    pub(super) wrong: Vec<Wrong>,
    pub(super) incident: Option<SnapshotId>,
    pub(super) kept_old: Option<PathBuf>,
    pub(super) unsettled: Option<Unsettled>,
    pub(super) reused: u64,
    pub(super) written: u64,
    pub(super) written_bytes: u64,
}

impl Swapped<'_> {
    /// Settles what is left: late changes, the old tree, the journal, the stat cache. Nothing stops it any more; and what fails of it
    /// takes nothing back, since the new tree stands at its place: it is told, and the next command does it.
    pub(super) fn finish(mut self, context: &Context<'_>) -> Done {
        let steady = Unstoppable(context.monitor);
        let context = &context.heard_by(&steady);
        let staged = &self.verified.staged;
        let mut done = Done {
            way: self.way,
            wrong: Vec::new(),
            incident: staged.bench.incident.newest(),
            kept_old: None,
            unsettled: None,
            reused: staged.taken.count(),
            written: staged.written,
            written_bytes: staged.written_bytes,
        };
        if let Err(why) = self.settle(context, &mut done) {
            let left = self.old_name().filter(|name| self.stands(name));
            let left = left.map(|name| staged.bench.work.shown(&name));
            done.unsettled = Some(Unsettled { left, why });
        }
        let staged = &mut self.verified.staged;
        if self.way != Way::FileByFile
            && let Some(live) = &mut staged.plan.live
        {
            // It is a good part of all that is held, and only in place more is asked of it.
            live.scan = Scan::default();
        }
        if done.unsettled.is_none() {
            late::refresh_stat_cache(context, staged);
        }
        if staged.plan.place.standing() != Standing::Directory {
            done.incident = None;
        }
        done.wrong = self.wrong;
        done
    }

    /// The name under which the replaced tree stands after the exchange.
    fn old_name(&self) -> Option<String> {
        let work = &self.verified.staged.bench.work;
        match self.way {
            Way::Exchanged => Some(work.staging()),
            Way::TwoRenames => Some(work.aside()),
            Way::Placed | Way::FileByFile => None,
        }
    }

    fn stands(&self, name: &str) -> bool {
        let dir = &self.verified.staged.bench.work.dir;
        matches!(dir.stat_name(name.as_bytes()), Ok(Some(_)))
    }

    fn settle(&self, context: &Context<'_>, done: &mut Done) -> Result<(), Error> {
        let staged = &self.verified.staged;
        let work = &staged.bench.work;
        let old_name = self.old_name();
        let old = match (&old_name, &staged.plan.live) {
            (Some(name), Some(live)) => Some(live.root.known_as(&work.shown(name))?),
            _ => None,
        };
        let lost = match &old {
            Some(old) => self.last_look(context, old, &mut done.incident)?,
            None => None,
        };
        let keep = staged.bench.journal.keep_old.clone().or(lost);
        if let Some(name) = old_name {
            match &keep {
                Some(keep) => {
                    swap::keep(work, &name, keep.as_bytes())?;
                    done.kept_old = Some(work.shown(keep));
                }
                None => remove_old(work, &name, old.as_ref())?,
            }
        } else if self.way == Way::FileByFile {
            let staging = work.staging();
            remove_held(&work.dir, staging.as_bytes(), staged.bench.staging.root())?;
        }
        work.clear()?;
        if let Phase::Apply { steps, .. } = &staged.bench.journal.phase {
            settle_root(&staged.plan.in_place()?, steps)?;
        }
        Ok(())
    }

    /// Saves what changed in the replaced tree since it was scanned, and lets nothing of it reach the new one. Names the snapshot that
    /// has it. Returns the name under which the tree has to stay because not all of it could be saved.
    fn last_look(
        &self,
        context: &Context<'_>,
        old: &Rooted,
        incident: &mut Option<SnapshotId>,
    ) -> Result<Option<String>, Error> {
        let staged = &self.verified.staged;
        let Some(live) = &staged.plan.live else {
            return Ok(None);
        };
        if live.scan.unstable.is_empty() && !moved(staged, old, live).unwrap_or(true) {
            return Ok(None);
        }
        let lost = match late::capture(context, staged, old, live) {
            Ok(saved) => {
                *incident = saved.as_ref().map(|saved| saved.id).or(*incident);
                let lost = saved.as_ref().and_then(late::Saved::lost);
                lost.map(|path| {
                    format!("'{path}' never held still, so no snapshot has its last state")
                })
            }
            Err(error) => {
                let lost = "what changed last in the replaced tree cannot be saved";
                Some(format!("{lost} ({error})"))
            }
        };
        let lost = lost.filter(|_| staged.bench.journal.keep_old.is_none());
        late::part(context, staged, old, lost.is_some())?;
        let Some(lost) = lost else {
            return Ok(None);
        };
        let kept = late::name_to_keep(staged.plan.place.name(), None)?;
        context
            .monitor
            .warn(&format!("{lost}; the replaced tree is kept as '{kept}'"));
        Ok(Some(kept))
    }
}

/// Removes the replaced tree: the one that is held, not what may bear its name by now. What was no directory has only its name.
fn remove_old(work: &Workplace, name: &str, old: Option<&Rooted>) -> Result<(), PathError> {
    match old {
        Some(old) => remove_held(&work.dir, name.as_bytes(), old),
        None => remove_tree(&work.dir, name.as_bytes()),
    }
}
