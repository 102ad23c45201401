//! `snap prune`

use venv_snap::ops::{PruneOptions, prune};
use venv_snap::report::{json, text};

use super::args::Prune;
use super::error::Failure;
use super::exit::Exit;
use super::session::Session;
use super::when;

pub(crate) fn run(session: &Session<'_>, args: &Prune) -> Result<Exit, Failure> {
    let options = PruneOptions {
        grace: when::length(&args.grace, session.context.now)?,
        dry_run: args.dry_run,
    };
    let outcome = prune(&session.context, &options)?;
    session.answer(|out, style| {
        if session.json {
            json::prune(out, &outcome)
        } else {
            text::prune(out, &outcome, style)
        }
    })?;
    Ok(Exit::Done)
}
