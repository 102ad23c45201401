//! `snap report`

use venv_snap::model::SnapshotRef;
use venv_snap::ops::report;
use venv_snap::report::{json, markdown};

use super::args::Report;
use super::error::Failure;
use super::exit::Exit;
use super::place;
use super::session::Session;

pub(crate) fn run(session: &Session<'_>, args: &Report) -> Result<Exit, Failure> {
    let around = place::venv_around(args.of.venv.as_deref())?;
    let site = match (&args.incident, around) {
        (Some(SnapshotRef::Prefix(_)), around) => around,
        // Without a venv anywhere around, the last restore of all is meant.
        (None, None) => None,
        _ => Some(place::venv(args.of.venv.as_deref(), session.ui)?),
    };
    let outcome = report(&session.context, args.incident.as_ref(), site.as_ref())
        .map_err(|error| session.explain(error, site.as_ref()))?;
    session.answer(|out, style| {
        if session.json {
            json::report(out, &outcome)
        } else {
            markdown::report(out, &outcome, style)
        }
    })?;
    Ok(Exit::Done)
}
