//! A command for several venvs, one after the other: each is answered, none stops the others, and the worst counts.

use std::path::{Path, PathBuf};

use serde_json::Value;
use venv_snap::model::Shown;
use venv_snap::ops::known_venvs;
use venv_snap::report::json;

use super::error::Failure;
use super::exit::Exit;
use super::session::Session;
use super::ui::write_json_error;

/// Runs a command for each of the venvs that are named, or for all of this host that the store knows. Where one or none
/// is named, it answers as it would alone.
pub(crate) fn each(
    session: &Session<'_>,
    verb: &str,
    (named, all): (&[PathBuf], bool),
    run: impl Fn(Option<&Path>) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    if !all && named.len() < 2 {
        return run(named.first().map(PathBuf::as_path));
    }
    let venvs = if all {
        known_venvs(&session.context).map_err(|error| session.explain(error, None))?
    } else {
        named.to_vec()
    };
    let mut worst = Exit::Done;
    let mut answers = Vec::new();
    let mut gone = Vec::new();
    for (number, venv) in venvs.iter().enumerate() {
        if all && is_gone(venv) {
            let failure = told_gone(venv, verb);
            worst = worst_of(worst, failure.exit);
            answers.push((venv.clone(), failure.exit.code(), error(&failure)));
            gone.push(failure);
            continue;
        }
        if session.json {
            session.keep_answers();
        } else {
            let blank = if number > 0 { "\n" } else { "" };
            session.answer(|out, _| writeln!(out, "{blank}{}:", Shown::path(venv)))?;
        }
        let ended = run(Some(venv));
        let answer = session.kept_answers();
        let exit = match &ended {
            Ok(exit) => *exit,
            Err(failure) => failure.exit,
        };
        worst = worst_of(worst, exit);
        match ended {
            // An interrupt ends the whole command, and not only the work on this venv.
            Err(failure) if matches!(exit, Exit::Interrupted | Exit::Terminated) => {
                return Err(failure);
            }
            Err(failure) if session.json => {
                answers.push((venv.clone(), exit.code(), error(&failure)));
            }
            Err(mut failure) => {
                failure.message = format!("'{}': {}", Shown::path(venv), failure.message);
                session.ui.error(&failure);
            }
            Ok(_) => answers.push((venv.clone(), exit.code(), document(&answer))),
        }
    }
    if session.json {
        session.answer(|out, _| json::several(out, verb, worst.code(), &answers))?;
    } else if venvs.is_empty() {
        session.answer(|out, _| writeln!(out, "no venv of this host is known"))?;
    } else {
        for failure in &gone {
            session.ui.alert(&failure.message);
        }
        if let Some(hint) = gone.first().and_then(|first| first.hint.as_ref()) {
            session.ui.hint(hint);
        }
    }
    Ok(worst)
}

/// Whether nothing stands at a path.
fn is_gone(venv: &Path) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    let met = std::fs::symlink_metadata(venv);
    met.is_err_and(|error| matches!(error.kind(), NotFound | NotADirectory))
}

/// What is said of a venv that is gone. For whoever compares or audits it that is damage; there is nothing to save.
fn told_gone(venv: &Path, verb: &str) -> Failure {
    let (name, path) = (super::called(), super::called::operand(venv));
    let exit = if verb == "save" {
        Exit::Done
    } else {
        Exit::Findings
    };
    let hint = format!(
        "'{name} restore {path}' brings it back; one that is to stay away goes with its snapshots: \
         '{name} list {path}' names them, '{name} forget ID' forgets one"
    );
    Failure {
        exit,
        ..Failure::not_done(format!("'{}' is gone", Shown::path(venv))).with_hint(hint)
    }
}

fn worst_of(a: Exit, b: Exit) -> Exit {
    if b.code() > a.code() { b } else { a }
}

fn error(failure: &Failure) -> Value {
    let mut bytes = Vec::new();
    let _ = write_json_error(&mut bytes, failure);
    document(&bytes)
}

fn document(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_default()
}
