//! `snap list`

use venv_snap::ops::list;
use venv_snap::report::{json, text};

use super::args::List;
use super::error::{Failure, of_others};
use super::exit::Exit;
use super::place;
use super::session::Session;

pub(crate) fn run(session: &Session<'_>, args: &List) -> Result<Exit, Failure> {
    let site = args
        .venv
        .as_deref()
        .map(|path| place::venv(Some(path), session.ui))
        .transpose()?;
    let listing = list(&session.context, site.as_ref())
        .map_err(|error| session.explain(error, site.as_ref()))?;
    let unknown = site.as_ref().filter(|_| listing.snapshots.is_empty());
    if let Some(site) = unknown.filter(|site| listing.damaged.is_empty() && !place::is_venv(site)) {
        return Err(session.no_venv(site, &listing.elsewhere));
    }
    if let Some(site) = site.as_ref().filter(|_| !listing.elsewhere.is_empty()) {
        session.ui.hint(&of_others(site.path(), &listing.elsewhere));
    }
    session.answer(|out, style| {
        if session.json {
            json::list(out, &listing)
        } else {
            text::list(out, &listing, style)
        }
    })?;
    Ok(if listing.damaged.is_empty() {
        Exit::Done
    } else {
        Exit::NotDone
    })
}
