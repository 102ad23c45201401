//! `snap export`

use std::io::{BufWriter, IsTerminal};
use std::path::Path;

use venv_snap::ops::{Error, Target, export};
use venv_snap::report::{json, text};

use super::args::Export;
use super::error::Failure;
use super::exit::Exit;
use super::session::Session;

pub(crate) fn run(session: &Session<'_>, args: &Export) -> Result<Exit, Failure> {
    let snapshot = session.snapshot(&args.snapshot, args.of.venv.as_deref())?;
    let site = session.venv_of([&snapshot], args.of.venv.as_deref())?;
    let explain = |error| session.explain(error, site.as_ref());
    let finish = |left_out: u64| {
        if left_out > 0 {
            Exit::NotDone
        } else {
            Exit::Done
        }
    };
    if args.file == Path::new("-") {
        if session.json {
            return Err(Failure::usage(
                "standard output carries the tar, so there is no place for JSON",
                "name a file",
            ));
        }
        if std::io::stdout().is_terminal() {
            return Err(Failure::usage(
                "a tar is nothing for a terminal",
                "name a file, or pass it on: … - | tar -x -C DIR",
            ));
        }
        let mut out = BufWriter::new(std::io::stdout());
        let done = export(
            &session.context,
            &snapshot,
            site.as_ref(),
            Target::Stream(&mut out),
            args.zstd,
        );
        session.ui.clear();
        return match done {
            Err(Error::Path(path)) if path.source.kind() == std::io::ErrorKind::BrokenPipe => {
                Ok(Exit::Done)
            }
            done => Ok(finish(done.map_err(explain)?.left_out)),
        };
    }
    let target = Target::File {
        path: args.file.clone(),
        replace: args.force,
    };
    let outcome = export(
        &session.context,
        &snapshot,
        site.as_ref(),
        target,
        args.zstd || compressed(&args.file)?,
    )
    .map_err(|error| match error {
        Error::Path(path) if path.source.kind() == std::io::ErrorKind::AlreadyExists => {
            Failure::from(Error::Path(path)).with_hint("--force replaces it".to_owned())
        }
        error => explain(error),
    })?;
    session.answer(|out, style| {
        if session.json {
            json::export(out, &outcome, &args.file)
        } else {
            text::export(out, &outcome, &args.file, style)
        }
    })?;
    Ok(finish(outcome.left_out))
}

/// What the name of a file says of its form.
fn compressed(file: &Path) -> Result<bool, Failure> {
    let name = file.to_string_lossy();
    if name.ends_with(".tar.zst") || name.ends_with(".tzst") {
        Ok(true)
    } else if name.ends_with(".tar") {
        Ok(false)
    } else {
        Err(Failure::usage(
            "the name of the file must end in '.tar' or '.tar.zst'",
            "or '-' for standard output",
        ))
    }
}
