//! The smoke test: every top-level module is imported once, by the venv's own interpreter. It runs code of the venv, so
//! it is asked for; a module that fails is tried once more alone, since some fail only in company.

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator, ParallelSlice};

use super::owned;
use crate::disk::PathError;
use crate::disk::limits::is_shortage_io;
use crate::disk::rooted::Rooted;
use crate::model::{Check, Finding, Manifest, Node, RelPath};
use crate::python::dist::Dists;
use crate::python::interpreter::{command, command_with_bytecode};
use crate::python::layout::python_in;
use crate::python::subprocess::{Ear, End, run_until};
use crate::tree::hash::read_file;

/// A list of modules with more bytes than this is not read.
const TOP_LEVEL_MAX: u64 = 64 << 10;
/// How many interpreters import at once in company: what packages share is loaded once in each.
const INTERPRETERS: usize = 2;
/// How long one import may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Imports by name; the last line of an error says what is wrong. `-P` keeps the working directory out of the path
/// where it is known, the working directory is an empty one anyhow.
const IMPORT: &str = "import sys,os,importlib,importlib.util\nname,sure=sys.argv[1:]\nif sure or \
    importlib.util.find_spec(name):importlib.import_module(name)\nos._exit(86)";
/// Imports one module after the other, each named behind a sign for whether there must be one, and tells those that
/// came to their end. What modules print goes where nobody listens.
const IMPORT_ALL: &str = "import sys,os,importlib,importlib.util\nout=os.dup(1)\nos.dup2(2,1)\nfor word in \
    sys.argv[1:]:\n\
    \x20try:\n\
    \x20 if word[0]=='!' or importlib.util.find_spec(word[1:]):importlib.import_module(word[1:])\n\
    \x20except BaseException:continue\n\
    \x20os.write(out,(word[1:]+'\\n').encode())\nos._exit(86)";
/// No list of modules that were imported is longer.
const ANSWER_MAX: usize = 1 << 20;
/// How the interpreter ends where the import came to its end: a module may end it in any other way, also with success.
const IMPORTED: i32 = 86;

/// A top-level module, and where it is told.
struct Module {
    path: RelPath,
    name: String,
    /// Whether there must be one. Else it is imported if Python finds it.
    sure: bool,
}

/// What came of all imports.
#[derive(Debug)]
pub(crate) struct Smoke {
    /// How many modules were imported.
    pub(crate) tried: u64,
    /// Those that failed.
    pub(crate) failed: Vec<FailedImport>,
}

/// A module that cannot be imported.
#[derive(Debug)]
pub(crate) struct FailedImport {
    /// Its name, as one imports it.
    pub(crate) module: String,
    /// The last line that Python prints.
    pub(crate) error: String,
    /// The same as a finding of an audit.
    pub(crate) finding: Finding,
}

impl Smoke {
    /// What failed, as findings of an audit.
    pub(crate) fn into_findings(self) -> impl Iterator<Item = Finding> {
        self.failed.into_iter().map(|one| one.finding)
    }
}

/// Imports every top-level module of a venv; none where its interpreter may not be run. Each compiles anew what has no
/// bytecode, unless there is a directory to keep that in. With one, most modules are imported in company: a start of
/// the interpreter for each takes longer than all imports. Where `stop` says so, what is left is not tried. That the
/// system starts no program now is an error: nothing is known of the modules.
pub(crate) fn smoke(
    root: &Rooted,
    manifest: &Manifest,
    dists: &Dists,
    bytecode: Option<&Path>,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Option<Smoke>, PathError> {
    let mut modules = modules(manifest, dists);
    modules.extend(editable(root, dists));
    let python = python_in(root.path());
    let command = || match bytecode {
        Some(dir) => command_with_bytecode(root, &python, dir),
        None => command(root, &python),
    };
    if command().is_none() {
        return Ok(None);
    }
    let short = OnceLock::new();
    let stop = || stop() || short.get().is_some();
    let try_to = |module: &Module| {
        let name = (&*module.name, module.sure);
        let fault = import(command()?, name, &stop).err()?;
        match fault {
            Fault::Fails(error) => Some(error).filter(|_| !stop()),
            Fault::Short(error) => {
                let _ = short.set(error);
                None
            }
        }
    };
    let share = modules.len().div_ceil(INTERPRETERS).max(1);
    let shares = modules.par_chunks(share).filter(|_| bytecode.is_some());
    let done: HashSet<String> = shares
        .filter_map(|share| Some(in_company(command()?, share, &stop)))
        .flatten()
        .collect();
    let open = modules.par_iter().filter(|one| !done.contains(&one.name));
    let failed = open.filter(|_| !stop());
    let failed: Vec<_> = failed.filter(|one| try_to(one).is_some()).collect();
    let failed = failed.into_iter().filter_map(|module| {
        let error = try_to(module)?;
        let text = format!("import {} fails: {error}", module.name);
        let finding = Finding::new(Check::ImportFailed, text).at(&module.path);
        Some(FailedImport {
            module: module.name.clone(),
            error,
            finding: owned(finding, dists, &module.path),
        })
    });
    let failed = failed.collect();
    match short.into_inner() {
        Some(error) => Err(error),
        None => Ok(Some(Smoke {
            failed,
            tried: modules.len() as u64,
        })),
    }
}

/// Imports modules in one interpreter. Returns those that came to their end before that did.
fn in_company(
    mut command: Command,
    modules: &[Module],
    stop: &dyn Fn() -> bool,
) -> HashSet<String> {
    let words = modules.iter().map(|one| {
        let sign = if one.sure { '!' } else { '?' };
        format!("{sign}{}", one.name)
    });
    command.args(["-c", IMPORT_ALL]).args(words);
    let said = run_until(&mut command, Ear::Answer(ANSWER_MAX), 2 * PATIENCE, stop);
    let bytes = said.map(|said| said.bytes).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    text.lines().map(str::to_owned).collect()
}

/// How the import of one module fails in a venv; none where it does not, or where the interpreter may not be run.
pub(crate) fn import_error(
    root: &Rooted,
    module: &str,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Option<String>, PathError> {
    let Some(command) = command(root, &python_in(root.path())) else {
        return Ok(None);
    };
    match import(command, (module, true), stop) {
        Ok(()) => Ok(None),
        Err(Fault::Fails(error)) => Ok(Some(error)),
        Err(Fault::Short(error)) => Err(error),
    }
}

/// Why a module was not imported.
enum Fault {
    /// It cannot be: the last line that Python prints.
    Fails(String),
    /// This process could start no interpreter.
    Short(PathError),
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
fn import(
    mut command: Command,
    (name, sure): (&str, bool),
    stop: &dyn Fn() -> bool,
) -> Result<(), Fault> {
    command.args(["-c", IMPORT, name, if sure { "sure" } else { "" }]);
    let said = run_until(&mut command, Ear::Complaints, PATIENCE, stop);
    let said = said.map_err(|error| {
        if is_shortage_io(&error) {
            let program = Path::new(command.get_program());
            return Fault::Short(PathError::new("start", program, error));
        }
        Fault::Fails(error.to_string())
    })?;
    let status = match said.end {
        End::Exited(status) if status.code() == Some(IMPORTED) => return Ok(()),
        End::Exited(status) => status,
        End::Late | End::Loud => {
            let text = format!("it takes longer than {} s", PATIENCE.as_secs());
            return Err(Fault::Fails(text));
        }
    };
    let text = String::from_utf8_lossy(&said.bytes);
    let last = text.lines().rev().find(|line| !line.trim().is_empty());
    Err(Fault::Fails(last.map_or_else(
        || format!("it ends with {status}"),
        |line| line.chars().take(300).collect(),
    )))
}
