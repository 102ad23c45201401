//! `snap self-test`

use std::path::{Path, PathBuf};

use venv_snap::model::Shown;
use venv_snap::ops::{Grade, self_test};
use venv_snap::report::{json, text};

use super::args::SelfTest;
use super::error::Failure;
use super::exit::Exit;
use super::session::{Session, findings};

pub(crate) fn run(session: &Session<'_>, args: &SelfTest) -> Result<Exit, Failure> {
    let place = match &args.place {
        Some(place) => place.clone(),
        None => beside(session.context.store.on_this_host().as_deref()),
    };
    let Some(place) = place.canonicalize().ok().filter(|place| place.is_dir()) else {
        let message = format!("there is no directory '{}'", Shown::path(&place));
        return Err(Failure::usage(
            message,
            "name one that holds a venv, or will",
        ));
    };
    if args.place.is_none() {
        session.ui.note(&format!("place: {}", Shown::path(&place)));
    }
    let outcome = self_test(&session.context, &place)?;
    session.answer(|out, style| {
        if session.json {
            json::self_test(out, &outcome)
        } else {
            text::self_test(out, &outcome, style)
        }
    })?;
    Ok(findings(outcome.grade() == Grade::Bad))
}

/// The directory that holds the store, or will hold it. For a store in a bucket that is the one with what this host
/// keeps of it.
fn beside(store: Option<&Path>) -> PathBuf {
    let mut above = store.unwrap_or(Path::new("/")).ancestors().skip(1);
    let there = above.find(|dir| dir.is_dir());
    there.unwrap_or(Path::new("/")).to_owned()
}
