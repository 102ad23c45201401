//! `snap save`

use venv_snap::model::Shown;
use venv_snap::ops::{ClockJump, Error, SaveOptions, save};
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
        follow: args.follow,
        read_all: args.read_all,
        accept: accepted::rules(&site)?,
    };
    let outcome = match save(&session.context, &site, &options) {
        Err(Error::Damaged(audit)) if !session.json => {
            session.answer(|out, style| text::refused(out, &audit, style))?;
            return Err(Failure::refused(audit));
        }
        Err(error) => return Err(Failure::from(error).in_venv(site.path())),
        Ok(outcome) => outcome,
    };
    if let Some(jump) = outcome.clock_jump {
        session.context.monitor.warn(match jump {
            ClockJump::Back => {
                "the clock says that this save is older than the one before: one of the two dates is wrong; the order stays"
            }
            ClockJump::Ahead => {
                "the clock says that the save before is more than two years older: look at the date"
            }
        });
    }
    let done = format!("the venv is saved as snapshot {}", outcome.chosen.id);
    session.answer_of(Some(&done), |out, style| {
        if session.json {
            json::save(out, &outcome)
        } else {
            text::save(out, &outcome, style)?;
            if place::is_only_store(&site, &session.context.store) {
                return Ok(());
            }
            writeln!(out, "in the store {}", Shown::path(&session.context.store))
        }
    })?;
    Ok(if outcome.audit.unread.is_empty() {
        Exit::Done
    } else {
        Exit::NotDone
    })
}
