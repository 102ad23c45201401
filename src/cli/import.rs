//! `snap import`

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::Path;

use venv_snap::model::Shown;
use venv_snap::ops::{Error, ImportOptions, import};
use venv_snap::report::{json, text};

use super::accepted;
use super::args::Import;
use super::error::Failure;
use super::exit::Exit;
use super::place;
use super::session::Session;

pub(crate) fn run(session: &Session<'_>, args: Import) -> Result<Exit, Failure> {
    let site = args
        .venv
        .as_deref()
        .map(|venv| place::venv(Some(venv), session.ui));
    let site = site.transpose()?;
    let options = ImportOptions {
        accept: site
            .as_ref()
            .map(accepted::rules)
            .transpose()?
            .unwrap_or_default(),
        venv: site,
        label: args.label,
        note: args.note,
        pin: args.pin,
        force: args.force,
        any: args.any,
    };
    let (from, file): (Box<dyn Read>, &Path) = if args.file == Path::new("-") {
        if std::io::stdin().is_terminal() {
            return Err(Failure::usage(
                "a terminal gives no tar",
                "name a file, or pass one in: … | import -",
            ));
        }
        (
            Box::new(std::io::stdin().lock()),
            Path::new("standard input"),
        )
    } else {
        (Box::new(open(&args.file)?), &args.file)
    };
    let outcome = match import(&session.context, from, file, &options) {
        Err(Error::Damaged(audit)) => {
            let hint = "'import --force' takes it as it is, as no baseline".to_owned();
            if session.json {
                return Err(Failure::from(Error::Damaged(audit)).with_hint(hint));
            }
            session.answer(|out, style| text::refused(out, &audit, style))?;
            return Err(Failure::refused(audit).with_hint(hint));
        }
        outcome => outcome?,
    };
    let done = format!(
        "the tar is imported as snapshot {}",
        outcome.saved.chosen.id
    );
    session.answer_of(Some(&done), |out, style| {
        if session.json {
            json::import(out, &outcome, file)
        } else {
            text::import(out, &outcome, file, style)
        }
    })?;
    Ok(Exit::Done)
}

fn open(file: &Path) -> Result<File, Failure> {
    File::open(file).map_err(|error| Failure {
        causes: vec![error.to_string()],
        ..Failure::not_done(format!("cannot open '{}'", Shown::path(file)))
    })
}
