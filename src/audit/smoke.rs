//! The smoke test: every top-level module is imported once, by the venv's own interpreter. It runs code of the venv, so it is
//! asked for; a module that fails is tried once more alone, since some fail only in company.

use std::io::Read as _;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use crate::model::{Check, Finding, Manifest, Node, RelPath};
use crate::venv::dist::Dists;

/// How long one import may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Imports by name; the last line of an error says what is wrong. `-P` keeps the working directory out of the path where it is
/// known, the working directory is an empty one anyhow.
const IMPORT: &str = "import sys,importlib\nimportlib.import_module(sys.argv[1])";

/// Imports every top-level module of a venv at `root`. `owner` is who owns the venv: root does not run the code of others.
pub(crate) fn smoke(
    root: &Path,
    owner: (u32, u32),
    manifest: &Manifest,
    dists: &Dists,
) -> Vec<Finding> {
    let modules = modules(manifest, dists);
    let python = root.join("bin/python");
    modules
        .par_iter()
        .filter_map(|(path, module)| {
            // The second try is alone in that it follows the first; what fails twice fails.
            let _ = import(&python, owner, module).err()?;
            let error = import(&python, owner, module).err()?;
            let text = format!("import {module} fails: {error}");
            let finding = Finding::new(Check::ImportFailed, text).at(path);
            Some(match dists.owner(path) {
                Some(dist) => finding.of(&dist.name),
                None => finding,
            })
        })
        .collect()
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
fn import(python: &Path, owner: (u32, u32), module: &str) -> Result<(), String> {
    let mut command = Command::new(python);
    command
        .args(["-I", "-B", "-c", IMPORT, module])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", "/nonexistent")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0);
    if rustix::process::geteuid().is_root() && owner.0 != 0 {
        command.uid(owner.0).gid(owner.1);
    }
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    // The pipe is read beside the wait, so that a module that says much does not hang.
    let errors = child.stderr.take().map(|mut pipe| {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = pipe.read_to_end(&mut bytes);
            bytes
        })
    });
    let start = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if start.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(5)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("it takes longer than {} s", PATIENCE.as_secs()));
            }
        }
    };
    if status.success() {
        return Ok(());
    }
    let bytes = errors
        .and_then(|errors| errors.join().ok())
        .unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let last = text.lines().rev().find(|line| !line.trim().is_empty());
    Err(last.map_or_else(
        || format!("it ends with {status}"),
        |line| line.chars().take(300).collect(),
    ))
}
