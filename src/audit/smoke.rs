//! The smoke test: every top-level module is imported once, by the venv's own interpreter. It runs code of the venv, so
//! it is asked for; a module that fails is tried once more alone, since some fail only in company.

use std::process::Command;
use std::time::Duration;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::owned;
use crate::disk::rooted::Rooted;
use crate::model::{Check, Finding, Manifest, Node, RelPath};
use crate::python::dist::Dists;
use crate::python::interpreter::command;
use crate::python::layout::python_in;
use crate::python::subprocess::{Ear, End, run};
use crate::tree::hash::read_file;

/// A longer list of modules is none.
const TOP_LEVEL_MAX: u64 = 64 << 10;
/// How long one import may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Imports by name; the last line of an error says what is wrong. `-P` keeps the working directory out of the path
/// where it is known, the working directory is an empty one anyhow.
const IMPORT: &str = "import sys,os,importlib,importlib.util\nname,sure=sys.argv[1:]\nif sure or importlib.util.find_spec(name):importlib.import_module(name)\nos._exit(86)";
/// How the interpreter ends where the import came to its end: a module may end it in any other way, also with success.
const IMPORTED: i32 = 86;

/// A top-level module, and where it is told.
struct Module {
    path: RelPath,
    name: String,
    /// Whether there must be one. Else it is imported if Python finds it.
    sure: bool,
}

/// Imports every top-level module of a venv; none where its interpreter may not be run.
pub(crate) fn smoke(root: &Rooted, manifest: &Manifest, dists: &Dists) -> Option<Vec<Finding>> {
    let mut modules = modules(manifest, dists);
    modules.extend(editable(root, dists));
    let python = python_in(root.path());
    command(root, &python)?;
    let try_to = |module: &Module| import(command(root, &python)?, module).err();
    let failed = modules.par_iter();
    let failed: Vec<_> = failed.filter(|one| try_to(one).is_some()).collect();
    let failures = failed
        .into_iter()
        .filter_map(|module| {
            let text = format!("import {} fails: {}", module.name, try_to(module)?);
            let finding = Finding::new(Check::ImportFailed, text).at(&module.path);
            Some(owned(finding, dists, &module.path))
        })
        .collect();
    Some(failures)
}

/// The modules of editable installs, whose files lie elsewhere: those that `top_level.txt` names, or else the one that
/// is called as the distribution is.
fn editable(root: &Rooted, dists: &Dists) -> Vec<Module> {
    let mut found = Vec::new();
    for dist in dists.all.iter().filter(|dist| dist.editable()) {
        let list = dist.info.join(b"top_level.txt").ok();
        let list = list.and_then(|path| read_file(root, &path, TOP_LEVEL_MAX));
        let names: Vec<String> = match &list {
            Some(list) => String::from_utf8_lossy(list)
                .lines()
                .map(|line| line.trim().to_owned())
                .collect(),
            None => vec![dist.name.replace('-', "_")],
        };
        let names = names.into_iter().filter(|name| is_plain(name));
        found.extend(names.map(|name| Module {
            path: dist.info.clone(),
            name,
            sure: list.is_some(),
        }));
    }
    found
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// The top-level modules that a person would import: packages and modules that a distribution owns.
fn modules(manifest: &Manifest, dists: &Dists) -> Vec<Module> {
    let mut found = Vec::new();
    for entry in manifest.entries() {
        let Some(dir) = entry
            .path
            .parent()
            .filter(|dir| dists.layout.sites.contains(dir))
        else {
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
        if is_plain(&module) && dists.owner(&file).is_some() {
            found.push(Module {
                path: file,
                name: module,
                sure: true,
            });
        }
    }
    found.dedup_by(|a, b| a.name == b.name);
    found
}

/// Imports one module; the error is the last line that Python prints.
fn import(mut command: Command, module: &Module) -> Result<(), String> {
    let sure = if module.sure { "sure" } else { "" };
    command.args(["-c", IMPORT, &module.name, sure]);
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
