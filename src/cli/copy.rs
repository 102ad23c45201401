//! `snap copy`

use venv_snap::ops::{Select, copy};
use venv_snap::report::{json, text};

use super::args::Copy;
use super::error::Failure;
use super::exit::Exit;
use super::place;
use super::session::Session;

pub(crate) fn run(session: &Session<'_>, args: &Copy) -> Result<Exit, Failure> {
    // All are those of every venv unless one is named; names are understood by the venv around.
    let site = match (args.snapshots.is_empty(), args.of.venv.as_deref()) {
        (false, named) => session.venv_of(&args.snapshots, named)?,
        (true, Some(named)) => Some(place::venv(Some(named), session.ui)?),
        (true, None) => None,
    };
    let select = if args.all {
        Select::All
    } else {
        Select::Named(args.snapshots.clone())
    };
    place::refuse_url(&args.to)?;
    let outcome = copy(&session.context, site.as_ref(), &select, &args.to)
        .map_err(|error| session.explain(error, site.as_ref()))?;
    session.answer(|out, style| {
        if session.json {
            json::copy(out, &outcome, &args.to)
        } else {
            text::copy(out, &outcome, &args.to, style)
        }
    })?;
    Ok(Exit::Done)
}
