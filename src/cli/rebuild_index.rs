//! `snap rebuild-index`

use venv_snap::ops::rebuild_index;
use venv_snap::report::{json, text};

use super::error::Failure;
use super::exit::Exit;
use super::session::Session;

pub(crate) fn run(session: &Session<'_>) -> Result<Exit, Failure> {
    let outcome = rebuild_index(&session.context)?;
    session.answer(|out, style| {
        if session.json {
            json::rebuild_index(out, &outcome)
        } else {
            text::rebuild_index(out, &outcome, style)
        }
    })?;
    Ok(Exit::Done)
}
