//! `snap restore`

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use venv_snap::model::{BadRef, Lack, Shown, SnapshotRef};
use venv_snap::ops::{Error, Mode, Part, RestoreOptions, RestoreOutcome, lost, restore};
use venv_snap::report::{json, text};
use venv_snap::{Gap, Process, Site};

use super::args::Restore;
use super::caches;
use super::error::Failure;
use super::exit::Exit;
use super::place;
use super::session::Session;

pub(crate) fn run(session: &Session<'_>, args: Restore) -> Result<Exit, Failure> {
    let (venv, snapshot) = named(session, args.venv, args.snapshot)?;
    let site = place::venv_to_change(venv.as_deref(), "restore", session.ui)?;
    let mut options = RestoreOptions {
        caches: caches::of_installers(Some(&site)),
        snapshot,
        to: args.to.as_deref().map(Site::resolve).transpose()?,
        from_other: args.from_other,
        exact: args.exact,
        part: match args.only {
            _ if args.heal => Part::Heal,
            names if names.is_empty() => Part::Whole,
            names => Part::Only(names),
        },
        dry_run: args.how.dry_run,
        copy: args.how.copy,
        keep_old: args.how.keep_old,
        force: args.how.force,
        preserve_special: args.preserve_special,
        partial: args.how.partial,
        yes: args.how.yes,
    };
    let places: Vec<&Site> = [&site].into_iter().chain(&options.to).collect();
    let using = session.fence(&places, options.preserve_special);
    let mut done = restore(&session.context, &site, &options);
    if let Err(Error::OtherVenv { id, of, venv }) = &done {
        let host = if of.host == venv.host {
            String::new()
        } else {
            format!(" on host {}", Shown(of.host.as_bytes()))
        };
        let (of, venv) = (of.path(), venv.path());
        let (of, venv) = (Shown::path(&of), Shown::path(&venv));
        let question = format!("put snapshot {id} of '{of}'{host} in place of '{venv}'?");
        if place::confirms(&question) {
            options.from_other = true;
            done = restore(&session.context, &site, &options);
        }
    }
    if may_lose(session, done.as_ref().err()) {
        options.yes = true;
        done = restore(&session.context, &site, &options);
    }
    let mut outcome = done.map_err(|error| session.explain(error, Some(&site)))?;
    name_processes(&mut outcome, using);
    tell(session, &outcome)
}

/// The venv and the snapshot, in whichever order they came. What could be both is taken for what its place says.
fn named(
    session: &Session<'_>,
    first: Option<PathBuf>,
    second: Option<OsString>,
) -> Result<(Option<PathBuf>, Option<SnapshotRef>), Failure> {
    let parse = |text: &OsStr| -> Result<SnapshotRef, BadRef> { text.to_string_lossy().parse() };
    let is_label = |path: &PathBuf| {
        let by_form = parse(path.as_os_str()).ok();
        by_form.filter(|_| !path.exists())
    };
    let Some(second) = second else {
        // A single argument is the venv, unless it has the form '@label' and no such path is there.
        let label = first
            .as_ref()
            .filter(|path| path.to_string_lossy().starts_with('@'));
        return Ok(match label.and_then(is_label) {
            Some(label) => (None, Some(label)),
            None => (first, None),
        });
    };
    let bad = match parse(&second) {
        Ok(snapshot) => return Ok((first, Some(snapshot))),
        Err(bad) => bad,
    };
    // The two may stand the other way round.
    if let Some(snapshot) = first.as_ref().and_then(is_label) {
        return Ok((Some(second.into()), Some(snapshot)));
    }
    // What stands there is the venv, so the other one was to be a snapshot.
    if let Some(text) = first
        .as_ref()
        .filter(|path| !path.exists() && Path::new(&second).exists())
    {
        let text = text.to_string_lossy();
        session.snapshot(&text, Some(Path::new(&second)))?;
    }
    Err(session.bad_name(&bad, &second.to_string_lossy(), first.as_deref()))
}

/// Whether somebody at a terminal says that what no snapshot keeps may be lost.
pub(crate) fn may_lose(session: &Session<'_>, error: Option<&Error>) -> bool {
    let Some(Error::Losses(losses)) = error else {
        return false;
    };
    session.ui.clear();
    place::confirms(&format!("{}: go on without that?", lost(losses)))
}

/// Names the processes that used the replaced tree. They were looked for before the fence stood, since nothing behind
/// it can see them.
pub(crate) fn name_processes(outcome: &mut RestoreOutcome, using: Option<Vec<Process>>) {
    if let (Mode::Done(replaced), Some(using)) = (&mut outcome.mode, using) {
        replaced.processes = using;
    }
}

/// Writes what a restore or an undo did.
pub(crate) fn tell(session: &Session<'_>, outcome: &RestoreOutcome) -> Result<Exit, Failure> {
    let replaced = outcome.replaced();
    let done = replaced.map(|_| format!("'{}' is restored", Shown::path(&outcome.place)));
    let answered = session.answer_of(done.as_deref(), |out, style| {
        if session.json {
            json::restore(out, outcome)
        } else {
            text::restore(out, outcome, style)
        }
    });
    if let Some(unsettled) = replaced.and_then(|replaced| replaced.unsettled.as_ref()) {
        if let Err(failure) = answered {
            session.ui.alert(&failure.message);
        }
        return Err(Failure::unsettled(&outcome.place, unsettled));
    }
    answered?;
    let is_unasked = |lack: &Lack| match lack {
        Lack::Rights => true,
        Lack::Special { name } => name != "socket",
        _ => false,
    };
    if outcome.left_out.iter().any(|left| is_unasked(&left.lack)) {
        let hint =
            "--preserve-special brings set-id bits, file capabilities, FIFOs and devices back";
        session.ui.hint(hint);
    }
    let incomplete = outcome.holes.iter().any(|hole| hole.gap != Gap::Document);
    let lacks = outcome
        .left_out
        .iter()
        .any(|left| matches!(left.lack, Lack::NotSaved | Lack::Foreign));
    let is_wrong = replaced.is_some_and(|replaced| !replaced.wrong.is_empty());
    let unfinished = incomplete || lacks || !outcome.left.is_empty() || is_wrong;
    Ok(if unfinished {
        Exit::NotDone
    } else {
        Exit::Done
    })
}
