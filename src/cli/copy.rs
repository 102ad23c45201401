//! `snap copy`

use venv_snap::ops::{Select, copy};
use venv_snap::report::{json, text};

use super::args::Copy;
use super::error::Failure;
use super::exit::Exit;
use super::place;
use super::session::Session;

pub(crate) fn run(session: &Session<'_>, args: &Copy) -> Result<Exit, Failure> {
    // `--all` takes the snapshots of every venv unless one is named. 'latest' and '@label' are those of the venv
    // around.
    let snapshots = session.snapshots(&args.snapshots, args.of.venv.as_deref())?;
    let site = match (snapshots.is_empty(), args.of.venv.as_deref()) {
        (false, named) => session.venv_of(&snapshots, named)?,
        (true, Some(named)) => Some(session.saved_venv(named)?),
        (true, None) => None,
    };
    let select = if args.all {
        Select::All
    } else {
        Select::Named(snapshots)
    };
    let to = session.context.store.other(&place::store_name(&args.to)?);
    let outcome = copy(&session.context, site.as_ref(), &select, &to)
        .map_err(|error| session.explain(error, site.as_ref()))?;
    session.answer(|out, style| {
        if session.json {
            json::copy(out, &outcome, to.name())
        } else {
            text::copy(out, &outcome, to.name(), style)
        }
    })?;
    Ok(Exit::Done)
}
