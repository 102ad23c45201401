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
    let form = || {
        let first = bytes.split(|byte| *byte == b':').next();
        let named = first.filter(|name| name.len() < bytes.len());
        // What stands before the colon was to be a snapshot.
        let wrong = named.and_then(|name| {
            let name = std::str::from_utf8(name)
                .ok()
                .filter(|name| !name.is_empty())?;
            session.snapshot(name, args.of.venv.as_deref()).err()
        });
        let usage = || Failure::usage("'cat' wants SNAPSHOT:PATH", "such as latest:pyvenv.cfg");
        wrong.unwrap_or_else(usage)
    };
    let colons = bytes
        .iter()
        .enumerate()
        .filter(|(_, b)| **b == b':')
        .map(|(at, _)| at);
    let readings = colons.filter_map(|at| {
        let snapshot = std::str::from_utf8(&bytes[..at]).ok()?;
        Some((snapshot.parse::<SnapshotRef>().ok()?, &bytes[at + 1..]))
    });
    let readings: Vec<_> = readings.collect();
    let (first, _) = readings.first().ok_or_else(form)?;
    let site = session.venv_of([first], args.of.venv.as_deref())?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    // A label may hold colons, and so may a path. The first reading of which snapshot and path are both there is meant.
    let mut done = Ok(());
    for (number, (snapshot, path)) in readings.iter().enumerate() {
        let path = match inside(path) {
            Ok(path) => path,
            Err(failure) if number == 0 => return Err(failure),
            Err(_) => continue,
        };
        let read = cat(&session.context, snapshot, &path, site.as_ref(), &mut out);
        let absent = matches!(
            read,
            Err(Error::NoSnapshot { .. } | Error::NoSuchPath { .. })
        );
        if number == 0 || !absent {
            done = read;
        }
        if !absent {
            break;
        }
    }
    let broken = |error: &Error| match error {
        Error::Path(path) => path.source.kind() == std::io::ErrorKind::BrokenPipe,
        _ => false,
    };
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
