//! `snap save`

use venv_snap::ops::{Error, SaveOptions, save};
use venv_snap::report::{json, text};

use super::accepted;
use super::args::Save;
use super::error::Failure;
use super::exit::Exit;
use super::place;
use super::session::Session;

pub(crate) fn run(session: &Session<'_>, args: Save) -> Result<Exit, Failure> {
    let site = place::venv(args.venv.as_deref(), session.ui)?;
    let options = SaveOptions {
        label: args.label,
        note: args.note,
        pin: args.pin,
        force: args.force,
        accept: accepted::rules(&site)?,
    };
    let outcome = match save(&session.context, &site, &options) {
        Err(Error::Damaged(audit)) if !session.json => {
            session.answer(|out, style| text::refused(out, &audit, style))?;
            return Err(Failure::refused(audit));
        }
        outcome => outcome?,
    };
    let done = format!("the venv is saved as snapshot {}", outcome.chosen.id);
    session.answer_of(Some(&done), |out, style| {
        if session.json {
            json::save(out, &outcome)
        } else {
            text::save(out, &outcome, style)
        }
    })?;
    Ok(Exit::Done)
}
