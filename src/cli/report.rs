//! `snap report`

use venv_snap::ops::report;
use venv_snap::report::{json, markdown};

use super::args::Report;
use super::error::Failure;
use super::exit::Exit;
use super::place;
use super::session::Session;

pub(crate) fn run(session: &Session<'_>, args: &Report) -> Result<Exit, Failure> {
    // An id needs no venv; and without one anywhere around, the last restore of all is meant.
    let named = args.of.venv.as_deref();
    let site = match &args.incident {
        Some(name) => session.venv_of([name], named)?,
        None => place::venv_around(named, session.ui)?,
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
