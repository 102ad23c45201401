//! `snap check`

use std::path::Path;

use venv_snap::ops::{CheckOptions, check};
use venv_snap::report::{json, text};

use super::accepted;
use super::args::Check;
use super::caches;
use super::error::Failure;
use super::exit::Exit;
use super::next;
use super::place;
use super::session::{Session, findings};
use super::several;

pub(crate) fn run(session: &Session<'_>, args: &Check) -> Result<Exit, Failure> {
    let which = (&args.venvs[..], args.all);
    several::each(session, "check", which, |venv| one(session, args, venv))
}

fn one(session: &Session<'_>, args: &Check, venv: Option<&Path>) -> Result<Exit, Failure> {
    let site = place::venv(venv, session.ui)?;
    let options = CheckOptions {
        accept: accepted::rules(&site)?,
        caches: caches::of_installers(Some(&site)),
        import: args.import,
        compile: args.compile,
        fail_on: args.least(),
        any: args.all,
    };
    let outcome = check(&session.context, &site, &options)
        .map_err(|error| session.explain(error, Some(&site)))?;
    session.answer(|out, style| {
        if session.json {
            json::check(out, &outcome)
        } else {
            text::check(out, &outcome, style)
        }
    })?;
    if let Some(next) = next::after_check(session, &site, &outcome.audit) {
        session.ui.hint(&next);
    }
    Ok(if outcome.audit.unread.is_empty() {
        findings(!outcome.clean())
    } else {
        Exit::NotDone
    })
}
