//! `snap stats`

use venv_snap::ops::stats;
use venv_snap::report::{json, text};

use super::error::Failure;
use super::exit::Exit;
use super::session::Session;

pub(crate) fn run(session: &Session<'_>) -> Result<Exit, Failure> {
    let outcome = stats(&session.context)?;
    session.answer(|out, style| {
        if session.json {
            json::stats(out, &outcome)
        } else {
            text::stats(out, &outcome, style)
        }
    })?;
    Ok(Exit::Done)
}
