//! `snap save`

use std::path::Path;

use venv_snap::model::Shown;
use venv_snap::ops::{ClockJump, Error, SaveOptions, save};
use venv_snap::report::{json, text};

use super::accepted;
use super::args::Save;
use super::error::Failure;
use super::exit::Exit;
use super::next;
use super::place;
use super::session::Session;
use super::several;

pub(crate) fn run(session: &Session<'_>, args: &Save) -> Result<Exit, Failure> {
    let which = (&args.venvs[..], args.all);
    several::each(session, "save", which, |venv| one(session, args, venv))
}

fn one(session: &Session<'_>, args: &Save, venv: Option<&Path>) -> Result<Exit, Failure> {
    let site = place::venv(venv, session.ui)?;
    let options = SaveOptions {
        label: args.label.clone(),
        role: args.role.clone(),
        note: args.note.clone(),
        pin: args.pin,
        force: args.force,
        follow: args.follow,
        if_changed: args.if_changed,
        read_all: args.read_all,
        any: args.any,
        accept: accepted::rules(&site)?,
    };
    let outcome = match save(&session.context, &site, &options) {
        Err(Error::Damaged(audit)) if !session.json => {
            session.answer(|out, style| text::refused(out, &audit, style))?;
            let next = next::after_refusal(session, &site, &audit);
            return Err(Failure::refused(audit).with_next(next));
        }
        Err(Error::Damaged(audit)) => {
            let next = next::after_refusal(session, &site, &audit);
            let failure = Failure::from(Error::Damaged(audit)).with_next(next);
            return Err(failure.in_venv(site.path()));
        }
        Err(error) => return Err(Failure::from(error).in_venv(site.path())),
        Ok(outcome) => outcome,
    };
    if let Some(jump) = outcome.clock_jump {
        session.ui.alert(match jump {
            ClockJump::Back => {
                "the clock says that this save is older than the one before: one of the two dates is wrong; the order \
                 stays"
            }
            ClockJump::Ahead => {
                "the clock says that the save before is more than two years older: look at the date"
            }
        });
    }
    let id = outcome.chosen.id;
    let done = if outcome.unchanged {
        format!("the venv is still as snapshot {id} has it")
    } else {
        format!("the venv is saved as snapshot {id}")
    };
    session.answer_of(Some(&done), |out, style| {
        if session.json {
            json::save(out, &outcome)
        } else {
            text::save(out, &outcome, style)?;
            if place::is_only_store(&site, session.context.store.name()) {
                return Ok(());
            }
            writeln!(
                out,
                "in the store {}",
                Shown::path(session.context.store.name())
            )
        }
    })?;
    Ok(if outcome.audit.unread.is_empty() {
        Exit::Done
    } else {
        Exit::NotDone
    })
}
