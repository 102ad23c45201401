//! `snap pin` and `snap unpin`

use venv_snap::ops::{Pinning, pin};
use venv_snap::report::{json, text};

use super::args::Pin;
use super::error::Failure;
use super::exit::Exit;
use super::session::Session;

pub(crate) fn run(session: &Session<'_>, args: &Pin, pinning: Pinning) -> Result<Exit, Failure> {
    let site = session.venv_of(&args.snapshots, args.of.venv.as_deref())?;
    let outcome = pin(&session.context, site.as_ref(), &args.snapshots, pinning)
        .map_err(|error| session.explain(error, site.as_ref()))?;
    session.answer(|out, style| {
        if session.json {
            json::pin(out, pinning, &outcome)
        } else {
            text::pin(out, pinning, &outcome, style)
        }
    })?;
    Ok(Exit::Done)
}
