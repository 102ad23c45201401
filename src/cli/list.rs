//! `snap list`

use venv_snap::ops::list;
use venv_snap::report::{json, text};

use super::args::List;
use super::error::Failure;
use super::exit::Exit;
use super::nearest;
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
    if let Some(near) = unknown.and_then(|site| nearest::known(&session.context, site.path())) {
        let near = venv_snap::model::Shown::path(&near).to_string();
        session.ui.hint(&format!("did you mean '{near}'?"));
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
