//! `snap diff`

use std::path::Path;

use venv_snap::model::SnapshotRef;
use venv_snap::ops::{DiffOptions, DiffOutcome, diff_snapshots, diff_venv};
use venv_snap::report::{json, text};

use super::args::Diff;
use super::caches;
use super::error::Failure;
use super::exit::Exit;
use super::place;
use super::session::{Session, findings};

/// What an argument is by its form.
enum Argument<'a> {
    Snapshot(SnapshotRef),
    Path(&'a Path),
}

pub(crate) fn run(session: &Session<'_>, args: &Diff) -> Result<Exit, Failure> {
    let sides: Vec<Argument<'_>> = args.sides.iter().map(|side| argument(side)).collect();
    let (path, snapshot) = match &sides[..] {
        [Argument::Snapshot(a), Argument::Snapshot(b)] => {
            return two_snapshots(session, a, b, args.of.venv.as_deref());
        }
        [] => (None, None),
        [Argument::Path(path)] => (Some(*path), None),
        [Argument::Snapshot(name)] => (None, Some(name)),
        [Argument::Path(path), Argument::Snapshot(name)]
        | [Argument::Snapshot(name), Argument::Path(path)] => (Some(*path), Some(name)),
        [Argument::Path(a), Argument::Path(b)] if !a.exists() || !b.exists() => {
            let (known, unknown) = if b.exists() { (b, a) } else { (a, b) };
            return Err(Session::no_snapshot(unknown, known));
        }
        _ => {
            return Err(Failure::usage(
                "two paths cannot be compared, only a venv with a snapshot",
                "an id, 'latest', 'latest~N' or '@label' is a snapshot",
            ));
        }
    };
    let site = place::venv(path.or(args.of.venv.as_deref()), session.ui)?;
    let options = DiffOptions {
        snapshot: snapshot.cloned(),
        quick: args.quick,
        caches: caches::of_installers(Some(&site)),
    };
    let outcome = diff_venv(&session.context, &site, &options)
        .map_err(|error| session.explain(error, Some(&site)))?;
    tell(session, &outcome)
}

fn argument(text: &Path) -> Argument<'_> {
    match text.to_str().and_then(|text| text.parse().ok()) {
        Some(name) => Argument::Snapshot(name),
        None => Argument::Path(text),
    }
}

fn two_snapshots(
    session: &Session<'_>,
    a: &SnapshotRef,
    b: &SnapshotRef,
    named: Option<&Path>,
) -> Result<Exit, Failure> {
    let site = session.venv_of([a, b], named)?;
    let outcome = diff_snapshots(&session.context, a, b, site.as_ref())
        .map_err(|error| session.explain(error, site.as_ref()))?;
    tell(session, &outcome)
}

fn tell(session: &Session<'_>, outcome: &DiffOutcome) -> Result<Exit, Failure> {
    session.answer(|out, style| {
        if session.json {
            json::diff(out, outcome)
        } else {
            text::diff(out, outcome, style)
        }
    })?;
    Ok(if outcome.incomplete() {
        Exit::NotDone
    } else {
        findings(!outcome.identical())
    })
}
