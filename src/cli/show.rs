//! `snap show`

use venv_snap::ops::show;
use venv_snap::report::{json, text};

use super::args::Show;
use super::error::Failure;
use super::exit::Exit;
use super::session::Session;

pub(crate) fn run(session: &Session<'_>, args: &Show) -> Result<Exit, Failure> {
    let snapshot = session.snapshot(&args.snapshot, args.of.venv.as_deref())?;
    let site = session.venv_of([&snapshot], args.of.venv.as_deref())?;
    let shown = show(&session.context, &snapshot, site.as_ref())
        .map_err(|error| session.explain(error, site.as_ref()))?;
    session.answer(|out, style| {
        if session.json {
            json::show(out, &shown)
        } else if args.freeze {
            text::freeze(out, &shown)
        } else {
            text::show(out, &shown, style)
        }
    })?;
    Ok(Exit::Done)
}
