//! `snap diff`

use std::path::Path;

use venv_snap::model::SnapshotRef;
use venv_snap::ops::{DiffOptions, DiffOutcome, diff_snapshots, diff_venv};
use venv_snap::report::{json, text};

use super::args::Diff;
use super::caches;
use super::error::Failure;
use super::exit::Exit;
use super::next;
use super::place;
use super::session::{Session, findings};
use super::several;

/// What an argument is by its form.
enum Argument<'a> {
    Snapshot(SnapshotRef),
    Path(&'a Path),
}

pub(crate) fn run(session: &Session<'_>, args: &Diff) -> Result<Exit, Failure> {
    let sides: Vec<Argument<'_>> = args.sides.iter().map(|side| argument(side)).collect();
    if args.all || args.each {
        if let Some(Argument::Snapshot(name)) = sides
            .iter()
            .find(|one| matches!(one, Argument::Snapshot(_)))
        {
            let message = format!(
                "'{name}' is a snapshot, and each venv is compared with its own newest baseline"
            );
            return Err(Failure::usage(
                message,
                "write ./NAME for a path of such a form",
            ));
        }
        let which = (&args.sides[..], args.all);
        return several::each(session, "diff", which, |venv| {
            one(session, args, venv, None)
        });
    }
    let (path, snapshot) = match &sides[..] {
        [Argument::Snapshot(a), Argument::Snapshot(b)] => {
            return two_snapshots(session, args, a, b);
        }
        [] => (None, None),
        [Argument::Path(path)] => (Some(*path), None),
        [Argument::Snapshot(name)] => (None, Some(name)),
        [Argument::Path(path), Argument::Snapshot(name)]
        | [Argument::Snapshot(name), Argument::Path(path)] => (Some(*path), Some(name)),
        [Argument::Path(a), Argument::Path(b)] if !a.exists() || !b.exists() => {
            let (known, unknown) = if b.exists() { (b, a) } else { (a, b) };
            return Err(session.no_snapshot(unknown, known));
        }
        _ => {
            return Err(Failure::usage(
                "two paths cannot be compared, only a venv with a snapshot",
                "an id, 'latest', 'latest~N' or '@label' is a snapshot; --each compares venvs with their own baselines",
            ));
        }
    };
    one(session, args, path.or(args.of.venv.as_deref()), snapshot)
}

/// Compares a venv with a snapshot, its newest baseline if none is named.
fn one(
    session: &Session<'_>,
    args: &Diff,
    venv: Option<&Path>,
    snapshot: Option<&SnapshotRef>,
) -> Result<Exit, Failure> {
    let site = place::venv(venv, session.ui)?;
    let options = DiffOptions {
        snapshot: snapshot.cloned(),
        quick: args.quick,
        caches: caches::of_installers(Some(&site)),
    };
    let outcome = diff_venv(&session.context, &site, &options)
        .map_err(|error| session.explain(error, Some(&site)))?;
    let exit = tell(session, &outcome, args.stat)?;
    if let Some(next) = next::after_diff(session, &outcome, &site, snapshot.is_none()) {
        session.ui.hint(&next);
    }
    Ok(exit)
}

fn argument(text: &Path) -> Argument<'_> {
    match text.to_str().and_then(|text| text.parse().ok()) {
        Some(name) => Argument::Snapshot(name),
        None => Argument::Path(text),
    }
}

fn two_snapshots(
    session: &Session<'_>,
    args: &Diff,
    a: &SnapshotRef,
    b: &SnapshotRef,
) -> Result<Exit, Failure> {
    let site = session.venv_of([a, b], args.of.venv.as_deref())?;
    let outcome = diff_snapshots(&session.context, a, b, site.as_ref())
        .map_err(|error| session.explain(error, site.as_ref()))?;
    tell(session, &outcome, args.stat)
}

fn tell(session: &Session<'_>, outcome: &DiffOutcome, stat: bool) -> Result<Exit, Failure> {
    session.answer(|out, style| {
        if session.json {
            json::diff(out, outcome)
        } else {
            text::diff(out, outcome, stat, style)
        }
    })?;
    Ok(if outcome.incomplete() {
        Exit::NotDone
    } else {
        findings(!outcome.identical())
    })
}
