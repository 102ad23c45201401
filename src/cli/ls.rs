//! `snap ls`

use std::os::unix::ffi::OsStrExt;

use venv_snap::model::RelPath;
use venv_snap::ops::ls;
use venv_snap::report::{json, text};

use super::args::Ls;
use super::error::Failure;
use super::exit::Exit;
use super::session::Session;

pub(crate) fn run(session: &Session<'_>, args: &Ls) -> Result<Exit, Failure> {
    let below = match &args.path {
        Some(path) => inside(path.as_os_str().as_bytes())?,
        None => RelPath::root(),
    };
    let snapshot = session.snapshot(&args.snapshot, args.of.venv.as_deref())?;
    let site = session.venv_of([&snapshot], args.of.venv.as_deref())?;
    let outcome = ls(&session.context, &snapshot, &below, site.as_ref())
        .map_err(|error| session.explain(error, site.as_ref()))?;
    session.answer(|out, style| {
        if session.json {
            json::ls(out, &outcome)
        } else {
            text::ls(out, &outcome, style)
        }
    })?;
    Ok(Exit::Done)
}

/// A path inside a snapshot as people type it: `./` before and `/` behind do no harm.
pub(crate) fn inside(text: &[u8]) -> Result<RelPath, Failure> {
    let text = text.strip_prefix(b"./").unwrap_or(text);
    let text = text.strip_suffix(b"/").unwrap_or(text);
    let text = if text == b"." { b"" } else { text };
    RelPath::new(text).map_err(|bad| {
        let hint = if text.first() == Some(&b'/') {
            "paths inside a snapshot begin at the venv's own directory, without '/'"
        } else {
            "write it without '.', '..' and '//'"
        };
        Failure::usage(bad.to_string(), hint)
    })
}
