//! `snap remote`

use venv_snap::ops::{RemoteOptions, remote};
use venv_snap::report::{json, text};

use super::args::{Remote, RemoteVerb};
use super::error::Failure;
use super::exit::Exit;
use super::session::{Session, findings};

pub(crate) fn run(session: &Session<'_>, args: &Remote) -> Result<Exit, Failure> {
    let options = match &args.verb {
        RemoteVerb::Init(init) => RemoteOptions {
            makes: true,
            owns: init.owner,
            takes_over: init.take_over,
        },
        RemoteVerb::Check => RemoteOptions::default(),
    };
    let outcome = remote(&session.context, options)?;
    session.answer(|out, style| {
        if session.json {
            json::remote(out, &outcome)
        } else {
            text::remote(out, &outcome, style)
        }
    })?;
    Ok(findings(!outcome.terms.promises.are_kept()))
}
