//! The smoke test: every top-level module is imported once, by the venv's own interpreter. It runs code of the venv, so it is
//! asked for; a module that fails is tried once more alone, since some fail only in company.

use std::process::Command;
use std::time::Duration;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use crate::disk::rooted::Rooted;
use crate::model::{Check, Finding, Manifest, Node, RelPath};
use crate::venv::dist::Dists;
use crate::venv::errand::{Ear, End, run};
use crate::venv::interpreter::command;

/// How long one import may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Imports by name; the last line of an error says what is wrong. `-P` keeps the working directory out of the path where it is
/// known, the working directory is an empty one anyhow.
const IMPORT: &str = "import sys,os,importlib\nimportlib.import_module(sys.argv[1])\nos._exit(86)";
/// How the interpreter ends where the import came to its end: a module may end it in any other way, also with success.
const IMPORTED: i32 = 86;

/// Imports every top-level module of a venv; none where its interpreter may not be run.
pub(crate) fn smoke(root: &Rooted, manifest: &Manifest, dists: &Dists) -> Option<Vec<Finding>> {
    let modules = modules(manifest, dists);
    let python = root.path().join("bin/python");
    command(root, &python)?;
    let try_to = |module: &str| import(command(root, &python)?, module).err();
    let failed: Vec<_> = modules
        .par_iter()
        .filter(|(_, module)| try_to(module).is_some())
        .collect();
    let failures = failed
        .into_iter()
        .filter_map(|(path, module)| {
            let error = try_to(module)?;
            let text = format!("import {module} fails: {error}");
            let finding = Finding::new(Check::ImportFailed, text).at(path);
            Some(match dists.owner(path) {
                Some(dist) => finding.of(&dist.name),
                None => finding,
            })
        })
        .collect();
    Some(failures)
}

/// The top-level modules that a person would import: packages and modules that a distribution owns.
fn modules(manifest: &Manifest, dists: &Dists) -> Vec<(RelPath, String)> {
    let mut found = Vec::new();
    for entry in manifest.entries() {
        let Some(dir) = entry.path.parent().filter(|dir| dists.sites.contains(dir)) else {
            continue;
        };
        let name = String::from_utf8_lossy(entry.path.name()).into_owned();
        let (module, file) = if entry.node == Node::Dir {
            let init = dir
                .join(name.as_bytes())
                .and_then(|dir| dir.join(b"__init__.py"));
            match init {
                Ok(init) if manifest.get(&init).is_some() => (name.clone(), init),
                _ => continue,
            }
        } else if let Some(stem) = name.strip_suffix(".py") {
            (stem.to_owned(), entry.path.clone())
        } else if entry.path.name().ends_with(b".so") {
            (
                name.split('.').next().unwrap_or_default().to_owned(),
                entry.path.clone(),
            )
        } else {
            continue;
        };
        let plain = module.chars().all(|c| c.is_alphanumeric() || c == '_');
        if plain && !module.is_empty() && dists.owner(&file).is_some() {
            found.push((file, module));
        }
    }
    found.dedup_by(|a, b| a.1 == b.1);
    found
}

/// Imports one module; the error is the last line that Python prints.
fn import(mut command: Command, module: &str) -> Result<(), String> {
    command.args(["-c", IMPORT, module]);
    let said = run(&mut command, Ear::Complaints, PATIENCE).map_err(|error| error.to_string())?;
    let status = match said.end {
        End::Exited(status) if status.code() == Some(IMPORTED) => return Ok(()),
        End::Exited(status) => status,
        End::Late | End::Loud => {
            return Err(format!("it takes longer than {} s", PATIENCE.as_secs()));
        }
    };
    let text = String::from_utf8_lossy(&said.bytes);
    let last = text.lines().rev().find(|line| !line.trim().is_empty());
    Err(last.map_or_else(
        || format!("it ends with {status}"),
        |line| line.chars().take(300).collect(),
    ))
}
