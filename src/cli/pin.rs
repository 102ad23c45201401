//! `snap pin` and `snap unpin`

use venv_snap::ops::{Pinning, pin};
use venv_snap::report::{json, text};

use super::args::Pin;
use super::error::Failure;
use super::exit::Exit;
use super::session::Session;

pub(crate) fn run(session: &Session<'_>, args: &Pin, pinning: Pinning) -> Result<Exit, Failure> {
    let named = args.of.venv.as_deref();
    let snapshots = session.snapshots(&args.snapshots, named)?;
    let site = session.venv_of(&snapshots, named)?;
    let outcome = pin(&session.context, site.as_ref(), &snapshots, pinning)
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
