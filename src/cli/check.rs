//! `snap check`

use venv_snap::ops::{CheckOptions, check};
use venv_snap::report::{json, text};

use super::accepted;
use super::args::Check;
use super::caches;
use super::error::Failure;
use super::exit::Exit;
use super::place;
use super::session::{Session, findings};

pub(crate) fn run(session: &Session<'_>, args: &Check) -> Result<Exit, Failure> {
    let site = place::venv(args.venv.as_deref(), session.ui)?;
    let options = CheckOptions {
        accept: accepted::rules(&site)?,
        caches: caches::of_installers(Some(&site)),
        import: args.import,
        compile: args.compile,
        strict: args.strict,
    };
    let outcome = check(&session.context, &site, &options)?;
    session.answer(|out, style| {
        if session.json {
            json::check(out, &outcome)
        } else {
            text::check(out, &outcome, style)
        }
    })?;
    Ok(if outcome.audit.unread.is_empty() {
        findings(!outcome.clean())
    } else {
        Exit::NotDone
    })
}
