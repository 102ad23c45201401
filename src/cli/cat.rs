//! `snap cat`

use std::io::{BufWriter, Write};
use std::os::unix::ffi::OsStrExt;

use venv_snap::model::SnapshotRef;
use venv_snap::ops::{Error, cat};

use super::args::Cat;
use super::error::Failure;
use super::exit::Exit;
use super::ls::inside;
use super::session::Session;

pub(crate) fn run(session: &Session<'_>, args: &Cat) -> Result<Exit, Failure> {
    let bytes = args.file.as_bytes();
    let form = || Failure::usage("'cat' wants SNAPSHOT:PATH", "such as latest:pyvenv.cfg");
    // A label may hold colons, a path may too: the shortest snapshot that reads as one is meant.
    let mut colons = bytes
        .iter()
        .enumerate()
        .filter(|(_, b)| **b == b':')
        .map(|(at, _)| at);
    let parsed = colons.find_map(|at| {
        Some((
            std::str::from_utf8(&bytes[..at])
                .ok()?
                .parse::<SnapshotRef>()
                .ok()?,
            &bytes[at + 1..],
        ))
    });
    let (snapshot, path) = parsed.ok_or_else(form)?;
    let path = inside(path)?;
    let site = Session::venv_of(&snapshot, args.of.venv.as_deref())?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let done = cat(&session.context, &snapshot, &path, site.as_ref(), &mut out);
    let broken = |error: &Error| matches!(error, Error::Path(path) if path.source.kind() == std::io::ErrorKind::BrokenPipe);
    match done {
        Err(error) if broken(&error) => Ok(Exit::Done),
        Err(error) => Err(session.explain(error, site.as_ref())),
        Ok(()) => match out.flush() {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::not_done(
                format!("cannot write the answer: {error}"),
            )),
            _ => Ok(Exit::Done),
        },
    }
}
