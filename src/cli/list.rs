//! `snap list`

use venv_snap::ops::{ListOptions, list_by};
use venv_snap::report::{json, text};

use super::args::List;
use super::error::Failure;
use super::exit::Exit;
use super::hint::of_others;
use super::place;
use super::session::Session;
use super::when;

pub(crate) fn run(session: &Session<'_>, args: &List) -> Result<Exit, Failure> {
    let site = args
        .venv
        .as_deref()
        .map(|path| place::venv(Some(path), session.ui))
        .transpose()?;
    let since = args.since.as_deref();
    let since = since.map(|when| when::before(when, session.context.now));
    let since = since.transpose()?;
    let options = ListOptions {
        venv: site.clone(),
        host: args.host.clone(),
        role: args.role.clone(),
    };
    let mut listing = list_by(&session.context, &options)
        .map_err(|error| session.explain(error, site.as_ref()))?;
    let unknown = site
        .as_ref()
        .filter(|_| listing.snapshots.is_empty() && args.host.is_none());
    if let Some(site) = unknown.filter(|site| listing.damaged.is_empty() && !place::is_venv(site)) {
        return Err(session.no_venv(site, &listing.elsewhere));
    }
    if let Some(site) = site.as_ref().filter(|_| !listing.elsewhere.is_empty()) {
        session.ui.hint(&of_others(site.path(), &listing.elsewhere));
    }
    listing.narrow(since, args.limit.map(|limit| limit as usize));
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
