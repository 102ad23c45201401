//! `restore`: a venv as a snapshot has it. Plan → Staged → Verified → Swapped, each made of the one before.
//!
//! 1. What is replaced is saved first (promise 4), or kept beside the venv if the person asked for that.
//! 2. The new tree is built in a staging directory, verified there as a whole, and made durable (promise 3).
//! 3. It is exchanged with the venv in one step (promise 2), or by the fallbacks of `replace/`.
//! 4. What a crash leaves is told by the journal and settled by the next command (promise 9).

mod asked;
#[cfg(feature = "bench")]
pub(crate) mod bench;
mod chosen;
mod contents;
mod deed;
mod find;
mod interpreter;
mod keep;
mod keeper;
mod losses;
mod old_names;
mod options;
mod outcome;
mod partial;
mod recover;
mod refusal;
mod select;
mod stat_records;
mod target;
mod told;

use std::path::PathBuf;
use std::time::Instant;

use super::chosen::Chosen;
use super::context::Context;
use super::error::Error;
use super::hold::{hold_installer, hold_parent};
use super::lookup::{choose, choose_for_nothing};
use super::sides::{AS_SAVED, Depth, Sides};
use super::snapshot::{Draft, Incident, scan_live};
use crate::disk::processes;
use crate::disk::rooted::Rooted;
use crate::model::shortfall::Shortfall;
use crate::model::{Change, Class, IncidentReport, Lack, Manifest, Purpose, RelPath};
use crate::replace::{Goal, How, Keep, Live, Plan, Specials, bound};
use crate::store::Store;
use crate::tree::{Site, Standing};

pub use options::{Part, RestoreOptions};
pub use outcome::{Mode, OldForm, OldName, OldNames, Replaced, RestoreOutcome, Unsettled};
pub use refusal::Refusal;

pub(super) use chosen::{put_in_place, rehearse, restore_chosen};
pub(super) use losses::losses;
pub(super) use recover::{Visit, Wish, recover, recover_beside, stores_of_journals};

use contents::SnapshotContents;
use find::Found;
use keeper::{Brings, Keeper};
use partial::Lost;
use target::Target;

/// Restores a venv.
pub fn restore(
    context: &Context<'_>,
    site: &Site,
    options: &RestoreOptions,
) -> Result<RestoreOutcome, Error> {
    let place = options.to.as_ref().unwrap_or(site);
    context.refuse_nesting(place)?;
    if place.path() != site.path() && place.path().starts_with(site.path()) {
        let (place, venv) = (place.path().to_owned(), site.path().to_owned());
        return Err(Refusal::InsideVenv { place, venv }.into());
    }
    let store = context.open()?;
    let _parent = hold_parent(context, place)?;
    recover(context, Visit::Replace(&store), place)?;
    store.tidy(context.monitor)?;
    let stands = site.again()?.standing() != Standing::Nothing;
    let choose = if stands { choose } else { choose_for_nothing };
    let (venv, named) = (context.venv_id(site), options.snapshot.as_ref());
    let (chosen, passed_over) = choose(context, &store, &venv, named)?;
    options.admits(&chosen, context.venv_id(place), &place.again()?)?;
    let newer = store.snapshots.catalog()?.is_newer(&chosen.snapshot, None);
    let run = Run {
        passed_over,
        newer,
        verb: Some("restore"),
        ..Run::new(context, &store, options, chosen)
    };
    let place = place.again()?;
    Ok(old_names::with_old_names(
        &place,
        run.at(&place)?,
        context.monitor,
    ))
}

/// Whether something is mounted inside of a tree, so that it has to stay.
fn holds_mounts(live: &Live) -> bool {
    live.scan.manifest().mounts().next().is_some()
}

/// Whether a tree is more than an empty directory.
fn holds_anything(live: &Live) -> bool {
    let mut entries = live.scan.manifest().entries().iter();
    entries.any(|one| !one.path.is_root())
}

/// What is put there, and what is replaced.
struct Work {
    target: Target,
    live: Option<Live>,
    incident: Incident,
    /// Why the replaced tree stays beside the venv.
    keep: Option<Keep>,
}

/// One restore with all that it is told.
struct Run<'a> {
    context: &'a Context<'a>,
    store: &'a Store,
    options: &'a RestoreOptions,
    chosen: Chosen,
    passed_over: Option<Chosen>,
    /// Whether the snapshot is newer than what the venv was brought to last.
    newer: bool,
    /// Whether anything stands at the place.
    stood: bool,
    lost: Lost,
    /// What the place is known not to hold of the snapshot.
    known: Shortfall,
    /// The names by which the snapshot calls the place where it was taken, where that is another one.
    old_places: Vec<PathBuf>,
    /// How many files and links stand as they were saved and are to be adapted to the place.
    adapting: u64,
    start: Instant,
    /// Whether the snapshot counts only with this replacement.
    brings: Brings,
    /// What the log calls it; none for a rehearsal, of which nothing is kept.
    verb: Option<&'static str>,
}

impl<'a> Run<'a> {
    fn at(mut self, place: &Site) -> Result<RestoreOutcome, Error> {
        let context = self.context;
        let target = self.wanted(place)?;
        let old = self.open_old(place)?;
        let Some(root) = old else {
            return self.into_empty_place(place, target);
        };
        let lock = hold_installer(context, &root, true)?;
        let (mut live, intake) = scan_live(context, self.store, root, self.options.dry_run)?;
        live.lock = lock;
        self.stood = holds_anything(&live);
        live.scan.tree.share_paths(&target.manifest);
        let in_place = bound(place, &live.root).is_some() || holds_mounts(&live);
        let specials = self.specials(live.scan.manifest(), in_place);
        let is_elsewhere = self.chosen.snapshot.venv.path() != place.path();
        // To heal is not to adapt: what is there as it was saved is whole.
        let target = match self.options.part {
            Part::Heal if is_elsewhere => self.load(place, Some(live.scan.manifest()))?,
            _ => target,
        };
        let target = target.leaving_unread(live.scan.manifest());
        let target = self.meet(target, &live, place)?;
        let target = self.admitted(target, &specials);
        let target = self.leave_foreign(target, live.scan.manifest());
        let Found {
            target,
            changes,
            adapting,
            report,
            left,
            lacking,
        } = self.diff(target, &live, place)?;
        self.miss(&lacking);
        let keep = keep::reason(self.options, &live, &target, context.monitor);
        self.adapting = adapting;
        let differs = adapting > 0 || changes.iter().any(|one| one.class != Class::Noise);
        self.admit_losses(&live, place, (in_place, differs), &target.manifest)?;
        if self.options.dry_run || !differs && !self.options.force {
            if self.options.dry_run {
                self.foretell(&target, &changes)?;
            } else {
                // The venv may be on the disk only in part so far, and success means that it stays (promise 2).
                live.root.sync_file_system()?;
            }
            let mode = self.idle(differs, &left);
            return Ok(self.outcome(place, mode, changes).with_report(report, left));
        }
        // The empty directory that is replaced is nothing to come back to, so there is no incident.
        if self.options.to.is_some() {
            let work = self.work(target, Some(live), Incident::none());
            return self.carry_out(place, work, Vec::new(), report);
        }
        let mut draft = self.draft(place);
        // What an undo replaces differs from the damaged state that comes back, but is not damaged by that.
        if !self.deed(place, &report).was_wanted() {
            draft.damaged = report.damaged();
        }
        draft.document.incident = Some(report.clone());
        let stays = keep.is_some();
        let incident = Incident::prepare(context, self.store, intake, &live.scan, draft, stays)?;
        if incident.id().is_none() && !self.options.part.is_whole() {
            return Err(Refusal::PartNotKept.into());
        }
        let mut work = self.work(target, Some(live), incident);
        work.keep = keep;
        let outcome = self.carry_out(place, work, changes, report.clone())?;
        Ok(outcome.with_report(report, left))
    }

    /// What shall stand at a place.
    fn wanted(&mut self, place: &Site) -> Result<Target, Error> {
        let context = self.context;
        self.store.load_objects(context.monitor)?;
        if self.options.partial {
            self.lost = Lost::search(context, self.store, &self.chosen, place, self.options)?;
        }
        let target = self.load(place, None)?;
        self.admit_interpreter(&target, place)?;
        self.old_places.clone_from(&target.old_places);
        Ok(target)
    }

    /// Notes what the snapshot does not have and for which nothing stands in the live tree.
    fn miss(&mut self, lacking: &[RelPath]) {
        for path in lacking {
            self.known.add(Lack::NotSaved, path);
        }
    }

    /// What the snapshot of the replaced state says.
    fn draft(&self, place: &Site) -> Draft {
        Draft {
            venv: self.context.venv_id(place),
            purpose: Purpose::Incident,
            replaced_by: Some(self.chosen.id),
            ..Draft::default()
        }
    }

    fn work(&self, target: Target, live: Option<Live>, incident: Incident) -> Work {
        Work {
            target,
            live,
            incident,
            keep: self.options.keep_old.then_some(Keep::Asked),
        }
    }

    fn specials<'l>(&self, live: &'l Manifest, in_place: bool) -> Specials<'l>
    where
        'a: 'l,
    {
        Specials {
            live,
            may_link: in_place || !self.options.copy && !self.options.keep_old,
            preserve: self.options.preserve_special,
        }
    }

    /// The tree that would be replaced. With `--to`, only an empty directory may be.
    fn open_old(&self, place: &Site) -> Result<Option<Rooted>, Error> {
        if place.standing() != Standing::Directory {
            return Ok(None);
        }
        let root = place.open()?;
        if self.options.to.is_some() && !root.names()?.is_empty() {
            return Err(Refusal::NotEmpty(place.path().to_owned()).into());
        }
        Ok(Some(root))
    }

    fn into_empty_place(mut self, place: &Site, target: Target) -> Result<RestoreOutcome, Error> {
        if place.standing() == Standing::Other && self.options.to.is_some() {
            return Err(Refusal::NotADirectory(place.path().to_owned()).into());
        }
        let empty = Manifest::default();
        let specials = self.specials(&empty, false);
        let target = self.admitted(target, &specials);
        // Where nothing is left, all of it is damage, and there is no drift that a heal would leave.
        if let Part::Only(_) = self.options.part {
            return Err(Refusal::PartOfNothing.into());
        }
        let lacking: Vec<RelPath> = target.lacking(&empty).cloned().collect();
        self.miss(&lacking);
        losses::admit_links(place, &target.manifest, &empty)?;
        self.admit(Shortfall::default(), &target.manifest, &empty)?;
        if self.options.dry_run {
            let sides = Sides {
                store: self.store,
                expected: &target.manifest,
                actual: &empty,
                live: None,
                adapted: &AS_SAVED,
            };
            let changes = sides.changes(Depth::Kind)?;
            self.foretell(&target, &changes)?;
            return Ok(self.outcome(place, Mode::DryRun, changes));
        }
        let incident = if self.options.to.is_some() {
            Incident::none()
        } else {
            Incident::of_nothing(self.context, self.store, self.draft(place))?
        };
        let work = self.work(target, None, incident);
        self.carry_out(place, work, Vec::new(), IncidentReport::default())
    }

    fn carry_out(
        mut self,
        place: &Site,
        work: Work,
        changes: Vec<Change>,
        report: IncidentReport,
    ) -> Result<RestoreOutcome, Error> {
        let context = self.context;
        let relocated = work.target.relocated();
        let processes = processes::using(place.path());
        let how = self.how(work.keep.as_ref());
        let venv = context.venv_id(place);
        let keeper = Keeper::new(context, self.store, venv, self.chosen.id, work.incident)
            .bringing(self.brings.clone());
        let contents = SnapshotContents {
            store: self.store,
            rewritten: work.target.rewritten,
        };
        let goal = Goal::new(work.target.manifest, work.target.stays);
        let plan = Plan::new(&contents, &keeper, place, goal, work.live, how, work.keep);
        let monitor = context.monitor;
        let mut swapped = plan.stage(monitor)?.verify(monitor)?.swap(monitor)?;
        let done = swapped.finish(monitor);
        if done.unsettled.is_none() && self.verb.is_some() {
            stat_records::note(context, self.store, place, &swapped);
        }
        let stood = place.standing() == Standing::Directory;
        let incident = keeper.newest();
        let known = std::mem::take(&mut self.known);
        let left_out = known.with(done.left_out).into_left_out();
        // Where nothing stood, the log has the incident all the same: by that it is one event with its snapshot.
        self.note(place, stood.then_some(&changes[..]), incident, &left_out);
        let replaced = Replaced {
            way: done.way,
            incident: incident.filter(|_| stood),
            wrong: done.wrong,
            kept_old: done.kept_old,
            unsettled: done.unsettled.map(Unsettled::from),
            reused: done.reused,
            written: done.written.files,
            written_bytes: done.written.bytes,
            relocated,
            processes,
        };
        let mode = Mode::Done(Box::new(replaced));
        Ok(RestoreOutcome {
            report,
            left_out,
            ..self.outcome(place, mode, changes)
        })
    }

    /// How the trees are to be replaced.
    fn how(&self, keep: Option<&Keep>) -> How {
        let options = self.options;
        How {
            may_link: !options.copy && keep.is_none(),
            may_link_special: !options.copy && keep != Some(&Keep::Asked),
            preserve: options.preserve_special,
            into_empty: options.to.is_some(),
            part: !options.part.is_whole(),
            is_noise: keep::is_noise,
        }
    }

    fn outcome(self, place: &Site, mode: Mode, changes: Vec<Change>) -> RestoreOutcome {
        RestoreOutcome {
            took: self.start.elapsed(),
            chosen: self.chosen,
            passed_over: self.passed_over,
            place: place.path().to_owned(),
            host: self.context.host.clone(),
            left_out_tried: !matches!(mode, Mode::DryRun),
            mode,
            stood: self.stood,
            newer: self.newer,
            changes,
            adapting: self.adapting,
            report: IncidentReport::default(),
            left: Vec::new(),
            left_out: self.known.into_left_out(),
            old_places: self.old_places,
            old_names: None,
            holes: self.lost.holes,
        }
    }
}
