//! `rebuild`: a sound venv without a snapshot of it, past every cache.
//!
//! 1. What belongs there is told by a list, and what of it the live venv still has is proved by RECORD (`wanted.rs`,
//!    `live.rs`, `plan.rs`).
//! 2. A new venv is built beside the live one, in a workroom that its owner may write in and that goes with us
//!    (`build.rs`, `taken.rs`). Whatever runs there runs as that owner (`python/worker.rs`).
//! 3. It is read into the store, audited, and every top-level module is imported; what fails is named, and nothing is
//!    changed (`judge.rs`).
//! 4. It is put in place as a restore does it (promises 2 to 4): what it replaces is an incident, so `undo` brings the
//!    ruin back, and a kill at any moment leaves the old venv or the new one.

mod bad_list;
mod bring;
mod build;
mod carried;
mod failed;
mod judge;
mod list;
mod live;
mod lock;
mod maker;
mod options;
mod outcome;
mod pip;
mod plan;
mod proof;
mod remains;
mod requirements;
mod script;
mod taken;
mod unmet;
mod variables;
mod wanted;
mod wanted_package;

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use jiff::Span;

use super::chosen::Chosen;
use super::context::Context;
use super::error::Error;
use super::hold::hold_parent;
use super::last_save;
use super::restore::{self, Refusal, Visit, put_in_place};
use crate::disk::rooted::Rooted;
use crate::disk::workroom::Workroom;
use crate::model::{Audit, LeftOut, TreeKind};
use crate::monitor::RestoreWarning;
use crate::python::dist::normalized;
use crate::python::made::pip_of;
use crate::python::worker::{ROOM_BYTES_MAX, Worker};
use crate::store::{self, Store};
use crate::tree::{Site, Standing};

pub use bad_list::{BadEntry, BadLine, BadList};
pub use failed::{NoInstaller, Unbuilt};
pub use options::{Index, Installer, RebuildOptions, Source};
pub use outcome::{Comes, Done, Planned, Rebuilt, ToldBy};
pub use variables::variables_of;

use build::Build;
use judge::{Judged, judge};
use live::Live;
use maker::Base;
use plan::Plan;
use remains::Behind;

/// Rebuilds a venv.
pub fn rebuild(
    context: &Context<'_>,
    site: &Site,
    options: &RebuildOptions,
) -> Result<Rebuilt, Error> {
    let start = Instant::now();
    let place = options.to.as_ref().unwrap_or(site);
    context.refuse_nesting(place)?;
    refuse_filled(options, site)?;
    let store = open_store(context, options)?;
    // The hold is let go at once: nobody has to wait while the new venv is built.
    let (site, _) = hold_settled(context, store.as_ref(), site)?;
    let site = &site;
    let live = standing(context, site)?;
    let live = live.as_ref();
    wanted::refuse_unknown(context, store.as_ref(), site, options)?;
    let losses = admit(context, store.as_ref(), site, live, options)?;
    let made = live.map(|live| live.made.clone()).unwrap_or_default();
    let user = owner(site)?;
    let worker = |room| Worker {
        user,
        home: &options.home,
        settings: &options.settings,
        room,
        bytes_max: ROOM_BYTES_MAX,
        dir: options.directory(),
        monitor: context.monitor,
    };
    // The interpreter is only asked here, so its worker needs no workroom.
    let base = maker::base(&worker(site.path().to_owned()), &made, site.path(), options)?;
    let with = with(context, &base, options)?;
    let installer = maker::installer(live, options)?;
    let list = wanted::wanted(context, store.as_ref(), site, live, (&base, &made), options)?;
    let dropped = list.lacks(live, &base);
    let mut plan = Plan::new(list, live, &base, options, with);
    plan.refuse_far(options)?;
    if options.dry_run {
        let worker = worker(site.path().to_owned());
        plan.foresee_pip(|| pip_of(worker.command(&base.path)))?;
    }
    let mut outcome = Rebuilt {
        place: place.path().to_owned(),
        dropped,
        left_out: losses,
        ..planned(site, live, (&base, installer), &plan)
    };
    if let (Some(store), false) = (&store, options.dry_run) {
        let (place, _) = hold_settled(context, Some(store), place)?;
        let room = workroom(context, &place, user)?;
        let build = Build {
            worker: &worker(room.path()),
            room: &room,
            name: place.name(),
            base: &base,
            installer,
            options,
        };
        plan.carry_out(&build, live, &made, &mut outcome)?;
        let judged = judge(context, store, &place, &build, live, options)?;
        let (chosen, audit) = outcome.take(judged, live, options)?;
        room.remove()?;
        let (place, _parent) = hold_settled(context, Some(store), &place)?;
        let to = (options.to.as_ref().map(|_| place.clone()), options.yes);
        let placed = put_in_place(&later(context), store, &place, chosen, to)?;
        outcome.left_out.clone_from(&placed.left_out);
        outcome.done = Some(Done { audit, placed });
    }
    outcome.took = start.elapsed();
    Ok(outcome)
}

impl Rebuilt {
    /// Tells what of the old venv is not in the new one. Refuses that where only the old venv told what belongs there:
    /// nobody knows then whether it does without.
    fn take(
        &mut self,
        judged: Judged,
        live: Option<&Live>,
        options: &RebuildOptions,
    ) -> Result<(Chosen, Audit), Error> {
        let Judged {
            chosen,
            audit,
            behind,
        } = judged;
        if let Some(Behind { files, remains }) = behind {
            (self.left_behind, self.remains) = (files, remains);
        }
        if self.told_by == ToldBy::Venv && !self.remains.is_empty() && !options.force {
            return Err(Unbuilt::Remains(std::mem::take(&mut self.remains)).into());
        }
        self.unmet = unmet::after(live, &audit);
        let new = audit.packages.iter();
        let new: HashMap<String, &str> = new
            .map(|package| (normalized(&package.name), package.version.as_str()))
            .collect();
        for planned in &mut self.packages {
            if let Some(version) = new.get(&normalized(&planned.name)) {
                (*version).clone_into(&mut planned.version);
            }
        }
        let old = live.into_iter().flat_map(|live| &live.dists.all);
        let dropped = old.filter(|dist| !new.contains_key(&dist.name));
        self.dropped = dropped.map(|dist| dist.shown.clone()).collect();
        Ok((chosen, audit))
    }
}

/// What somebody asks for by itself, as far as it is for here; what is not is told.
fn with(
    context: &Context<'_>,
    base: &Base,
    options: &RebuildOptions,
) -> Result<BTreeMap<String, String>, Unbuilt> {
    let here = base.environment();
    let (with, aside) = requirements::asked(&options.with, here.as_ref())?;
    for requirement in &aside {
        let warning = RestoreWarning::NotForHere(requirement);
        context.monitor.warn(warning.into());
    }
    Ok(with)
}

/// What the plan alone tells.
fn planned(
    site: &Site,
    live: Option<&Live>,
    (base, installer): (&Base, Installer),
    plan: &Plan,
) -> Rebuilt {
    // What else a requirements file brings is the installer's to choose.
    let told = live.filter(|_| !matches!(plan.told_by, ToldBy::Requirements(_)));
    Rebuilt {
        venv: site.path().to_owned(),
        place: site.path().to_owned(),
        told_by: plan.told_by.clone(),
        python: base.path.clone(),
        version: base.version,
        installer,
        packages: plan.packages.clone(),
        dropped: Vec::new(),
        left_behind: live.map(|live| plan.leaves_files(live)).unwrap_or_default(),
        carried: plan.carried.clone(),
        remains: told.map_or_else(Vec::new, |live| plan.leaves(live)),
        unmet: told.map_or_else(Vec::new, |live| unmet::after_plan(live, &plan.packages)),
        left_out: Vec::new(),
        done: None,
        took: Duration::ZERO,
    }
}

/// The venv that stands there, read and audited.
fn standing(context: &Context<'_>, site: &Site) -> Result<Option<Live>, Error> {
    match site.standing() {
        Standing::Directory => Live::read(context, site.open()?).map(Some),
        Standing::Nothing | Standing::Other => Ok(None),
    }
}

/// Refuses what neither pip nor uv made as a venv: they cannot make it anew. A directory in which nothing is left of a
/// venv is taken for one only where it was saved as one, or where nothing is in it.
fn refuse_other_kinds(
    context: &Context<'_>,
    store: Option<&Store>,
    site: &Site,
    live: Option<&Live>,
    options: &RebuildOptions,
) -> Result<(), Error> {
    let Some(live) = live else {
        return Ok(());
    };
    let kind = live.dists.layout.kind;
    let is_other = match kind {
        TreeKind::Venv => false,
        TreeKind::Conda | TreeKind::Target => true,
        TreeKind::Any => {
            let is_empty = live
                .scan
                .manifest()
                .entries()
                .iter()
                .all(|entry| entry.path.is_root());
            let stays = options.to.is_some();
            let saved = || store.and_then(|store| last_save::kind(context, store, site));
            !is_empty && !stays && saved() != Some(TreeKind::Venv)
        }
    };
    if is_other {
        let path = site.path().to_owned();
        return Err(Unbuilt::NotAVenv { path, kind }.into());
    }
    Ok(())
}

/// Refuses two things before anything is built: an environment that is not made anew here, and the loss of what no
/// snapshot keeps of the replaced venv, unless somebody said that it may be lost. Returns these losses.
fn admit(
    context: &Context<'_>,
    store: Option<&Store>,
    site: &Site,
    live: Option<&Live>,
    options: &RebuildOptions,
) -> Result<Vec<LeftOut>, Error> {
    refuse_other_kinds(context, store, site, live, options)?;
    let Some(live) = live.filter(|_| options.to.is_none()) else {
        return Ok(Vec::new());
    };
    // If something is mounted in the venv, files are replaced one by one, and volumes stay.
    let in_place = live.scan.tree.iter().any(|(_, stat)| stat.mount_root);
    let losses = restore::losses(&live.scan, &site.open_parent()?, in_place)?.into_left_out();
    if losses.is_empty() || options.yes || options.dry_run {
        return Ok(losses);
    }
    Err(Error::Losses(losses))
}

/// Refuses a place elsewhere that is not free, before anything is built for it.
fn refuse_filled(options: &RebuildOptions, site: &Site) -> Result<(), Error> {
    let Some(place) = &options.to else {
        return Ok(());
    };
    let path = || place.path().to_owned();
    let refusal = match place.standing() {
        Standing::Nothing => None,
        Standing::Other => Some(Refusal::NotADirectory(path())),
        Standing::Directory if place.open()?.names()?.is_empty() => None,
        Standing::Directory => Some(Refusal::NotEmpty(path())),
    };
    let venv = site.path().to_owned();
    let is_inside = place.path().starts_with(&venv);
    let inside = is_inside.then(|| Refusal::InsideVenv {
        place: path(),
        venv,
    });
    match inside.or(refusal) {
        Some(refusal) => Err(refusal.into()),
        None => Ok(()),
    }
}

/// Makes the store where there is none yet: from behind the fence around a rebuild, none can be made.
pub fn make_store(context: &Context<'_>) -> Result<(), Error> {
    Ok(Store::create(
        &context.store,
        context.lock_wait,
        context.monitor,
    )?)
}

/// The store. A dry run does without one.
fn open_store(context: &Context<'_>, options: &RebuildOptions) -> Result<Option<Store>, Error> {
    match context.open() {
        Err(Error::Store(store::Error::NoStore(_))) if options.dry_run => Ok(None),
        opened => opened.map(Some),
    }
}

/// The place, after what a crash left there was settled; and the hold on the directory around it.
fn hold_settled(
    context: &Context<'_>,
    store: Option<&Store>,
    site: &Site,
) -> Result<(Site, Rooted), Error> {
    let parent = hold_parent(context, site)?;
    if let Some(store) = store.filter(|store| store.may_write()) {
        restore::recover(context, Visit::Replace(store), site)?;
        store.tidy(context.monitor)?;
    }
    Ok((site.again()?, parent))
}

/// Whose the venv is, by user and group; where nothing stands, whose the directory around it is.
fn owner(site: &Site) -> Result<(u32, u32), Error> {
    let stat = match site.standing() {
        Standing::Directory => site.open()?.stat()?,
        Standing::Nothing | Standing::Other => site.open_parent()?.stat()?,
    };
    Ok((stat.uid, stat.gid))
}

/// Makes the directory in which it is built.
fn workroom(context: &Context<'_>, site: &Site, user: (u32, u32)) -> Result<Workroom, Error> {
    let parent = hold_parent(context, site)?;
    let room = Workroom::create(site.open_parent()?, site.name(), user, context.monitor)?;
    drop(parent);
    room.ok_or_else(|| Unbuilt::Busy(site.path().to_owned()).into())
}

/// The same context one microsecond later. The state that is replaced is saved after the new one was drafted, and no
/// two snapshots of a venv have the same time.
fn later<'a>(context: &Context<'a>) -> Context<'a> {
    let now = context.now.checked_add(Span::new().microseconds(1));
    Context {
        now: now.unwrap_or(context.now),
        ..context.heard_by(context.monitor)
    }
}
