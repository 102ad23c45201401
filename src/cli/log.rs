//! `snap log`

use venv_snap::ops::log;
use venv_snap::report::{json, text};

use super::args::Log;
use super::error::Failure;
use super::exit::Exit;
use super::hint::of_others;
use super::place;
use super::session::Session;

pub(crate) fn run(session: &Session<'_>, args: &Log) -> Result<Exit, Failure> {
    let site = place::venv_around(args.venv.as_deref(), session.ui)?;
    let outcome = log(&session.context, site.as_ref())
        .map_err(|error| session.explain(error, site.as_ref()))?;
    let unknown = site
        .as_ref()
        .filter(|_| args.venv.is_some() && outcome.entries.is_empty());
    if let Some(site) = unknown.filter(|site| !place::is_venv(site)) {
        return Err(session.no_venv(site, &outcome.elsewhere));
    }
    if let Some(site) = site.as_ref().filter(|_| !outcome.elsewhere.is_empty()) {
        session.ui.hint(&of_others(site.path(), &outcome.elsewhere));
    }
    session.answer(|out, style| {
        if session.json {
            json::log(out, &outcome)
        } else {
            text::log(out, &outcome, style)
        }
    })?;
    Ok(Exit::Done)
}
