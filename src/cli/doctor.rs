//! `snap doctor`

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use venv_snap::model::Shown;
use venv_snap::ops::{DoctorOptions, doctor, resolve_below};
use venv_snap::report::{json, text};

use super::args::Doctor;
use super::caches;
use super::error::Failure;
use super::exit::Exit;
use super::place;
use super::session::{Session, findings, style};

pub(crate) fn run(session: &Session<'_>, args: &Doctor) -> Result<Exit, Failure> {
    let there = |path: &Path, leads: io::Result<PathBuf>| {
        leads.map_err(|error| {
            let message = format!("there is no '{}': {error}", Shown::path(path));
            Failure::usage(message, "name what is there")
        })
    };
    let root = there(&args.root, std::fs::canonicalize(&args.root))?;
    // Absolute links below another root lead to what stands there.
    let resolved = |path: &PathBuf| there(path, resolve_below(&root, path));
    let mut places: Vec<PathBuf> = args.paths.iter().map(resolved).collect::<Result<_, _>>()?;
    let site = match &places[..] {
        [] => place::venv_around(None, session.ui)?,
        _ => None,
    };
    places.extend(site.as_ref().map(|site| site.path().to_owned()));
    if places.is_empty() {
        session
            .ui
            .note("no venv is named, active or here: nothing is known that could be swept away");
    }
    let look_in: Vec<PathBuf> = args
        .look_in
        .iter()
        .map(resolved)
        .collect::<Result<_, _>>()?;
    if let Some(outside) = look_in.iter().find(|path| !path.starts_with(&root)) {
        let message = format!(
            "'{}' is not below the root '{}'",
            Shown::path(outside),
            Shown::path(&root)
        );
        return Err(Failure::usage(
            message,
            "name one that is, or leave --root out",
        ));
    }
    let is_here = root == Path::new("/");
    let options = DoctorOptions {
        places,
        look_in,
        caches: if is_here {
            caches::of_installers(site.as_ref())
        } else {
            Vec::new()
        },
        namesakes: namesakes(),
        root,
    };
    let zone = style(false).zone;
    let outcome = doctor(&session.context, &options, &zone)?;
    session.answer(|out, style| {
        if session.json {
            json::doctor(out, &outcome)
        } else {
            text::doctor(out, &outcome, style)
        }
    })?;
    Ok(findings(outcome.is_bad()))
}

/// Other programs on PATH that have the name of this one.
fn namesakes() -> Vec<PathBuf> {
    let own = std::env::current_exe().and_then(std::fs::metadata).ok();
    let own = own.map(|meta| (meta.dev(), meta.ino()));
    let name = super::program_name();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found: Vec<PathBuf> = std::env::split_paths(&path)
        .map(|dir| dir.join(&name))
        .collect();
    found.retain(|path| {
        let meta = std::fs::metadata(path)
            .ok()
            .filter(std::fs::Metadata::is_file);
        meta.is_some_and(|meta| own != Some((meta.dev(), meta.ino())))
    });
    found.dedup();
    found
}
