//! The interpreter of a venv: what it says of itself, or, where it cannot run, what can be known without it.
//!
//! It is asked once, isolated and without `site`, so that nothing of the venv runs: `-I -S` reads neither the environment nor
//! `.pth` files. A program that somebody else could have written is not run at all.

use std::io::Read as _;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::disk::rooted::Rooted;
use crate::model::{Digest, Interpreter, Manifest, RelPath};

/// How long the interpreter may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

const QUESTION: &str = "import sys,os\nfrom importlib import machinery\nu=os.uname();v=sys.version_info\n\
    f='%d.%d.%d'%v[:3]+({'final':''}.get(v[3]) if v[3]=='final' else {'alpha':'a','beta':'b','candidate':'rc'}[v[3]]+str(v[4]))\n\
    for k,x in (('version',f),('implementation',sys.implementation.name),('machine',u.machine),('system',u.sysname),\
    ('release',u.release),('kernel',u.version),('platform',sys.platform),('os',os.name),\
    ('suffixes',' '.join(machinery.EXTENSION_SUFFIXES)),('tag',sys.implementation.cache_tag or '')): print(k+'='+x)";

/// What is known of an interpreter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// What a snapshot keeps.
    pub(crate) known: Interpreter,
    /// Suffixes of extension modules that it loads, the most special first; empty where it did not answer.
    pub(crate) suffixes: Vec<String>,
    /// What the system calls itself: `platform_system`, `platform_release`, `platform_version`, `platform_machine`.
    pub(crate) system: [String; 4],
    /// Each thing that is wrong, for people.
    pub(crate) problems: Vec<String>,
}

/// Where the binary is and how long it is, without running anything.
pub(crate) fn identity(root: &Rooted) -> Option<(String, u64)> {
    let real = std::fs::canonicalize(root.path().join("bin/python")).ok()?;
    let size = std::fs::metadata(&real).ok()?.len();
    Some((
        String::from_utf8_lossy(real.as_os_str().as_bytes()).into_owned(),
        size,
    ))
}

/// Key = value lines of `pyvenv.cfg`.
fn config(root: &Rooted) -> Vec<(String, String)> {
    let path = RelPath::new(b"pyvenv.cfg").unwrap_or_default();
    let bytes = super::hash::read_file(root, &path, 1 << 20).unwrap_or_default();
    String::from_utf8_lossy(&bytes)
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.trim().to_lowercase(), value.trim().to_owned()))
        .collect()
}

/// Where the binary is, what it is, and whether it may be run; beside it what is wrong.
pub(crate) fn inspect(root: &Rooted, manifest: &Manifest) -> Facts {
    let python = [&b"bin/python"[..], b"bin/python3"]
        .iter()
        .filter_map(|name| RelPath::new(name).ok())
        .find(|path| manifest.get(path).is_some());
    let config = config(root);
    let stated = |keys: &[&str]| {
        keys.iter().find_map(|key| {
            config
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value.clone())
        })
    };
    let mut facts = Facts::default();
    facts.known.version = stated(&["version_info", "version"]).unwrap_or_default();
    facts.known.implementation = stated(&["implementation"])
        .unwrap_or_else(|| "CPython".to_owned())
        .to_lowercase();
    let name = rustix::system::uname();
    let text = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
    facts.system = [
        text(name.sysname()),
        text(name.release()),
        text(name.version()),
        text(name.machine()),
    ];
    facts.known.platform = format!("linux-{}", facts.system[3]);
    let Some(python) = python else {
        // A tree without any interpreter at all, such as a bare package directory, is judged by its pyvenv.cfg alone.
        if manifest
            .get(&RelPath::new(b"pyvenv.cfg").unwrap_or_default())
            .is_some()
        {
            facts.problems.push("there is no bin/python".to_owned());
        }
        return facts;
    };
    if let Some(home) = stated(&["home"]).filter(|home| is_gone(Path::new(home))) {
        facts
            .problems
            .push(format!("its home '{home}' is gone (pyvenv.cfg)"));
    }
    let path = root.path().join(python.as_path());
    match std::fs::canonicalize(&path) {
        Ok(real) => ask(&mut facts, root, &path, &real),
        // Not to be let in says nothing of the venv, only of who asks.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {}
        Err(error) => {
            let target = std::fs::read_link(&path).unwrap_or_default();
            facts.problems.push(format!(
                "'{python}' leads to '{}', which cannot be found: {error}",
                target.display()
            ));
        }
    }
    versions(&mut facts, manifest, stated(&["version_info", "version"]));
    facts
}

fn is_gone(path: &Path) -> bool {
    let found = std::fs::metadata(path).map_err(|error| error.kind());
    matches!(found, Err(std::io::ErrorKind::NotFound))
}

fn ask(facts: &mut Facts, root: &Rooted, path: &Path, real: &PathBuf) {
    facts.known.realpath = String::from_utf8_lossy(real.as_os_str().as_bytes()).into_owned();
    let Ok(meta) = std::fs::metadata(real) else {
        return;
    };
    facts.known.size = meta.len();
    facts.known.blake3 = std::fs::read(real).ok().map(|bytes| Digest::of(&bytes));
    let me = rustix::process::geteuid().as_raw();
    let owner = root.stat().map_or(me, |stat| stat.uid);
    let group = root.stat().map_or(0, |stat| stat.gid);
    let trusted = meta.uid() == 0 || meta.uid() == me || me == 0 && meta.uid() == owner;
    if !trusted || meta.mode() & 0o002 != 0 {
        return;
    }
    let mut command = Command::new(path);
    command.args(["-I", "-S", "-B", "-c", QUESTION]);
    if me == 0 && owner != 0 {
        // What a user may have written runs as that user.
        command.uid(owner).gid(group);
    }
    match answer(command) {
        Ok(text) if text.contains("version=") => fill(facts, &text),
        Ok(_) => facts.problems.push(format!(
            "'{}' does not answer as Python would",
            path.display()
        )),
        Err(why) => facts
            .problems
            .push(format!("'{}' does not run: {why}", path.display())),
    }
}

/// Runs a program with a time limit and returns what it printed.
fn answer(mut command: Command) -> Result<String, String> {
    let mut child = command
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let start = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if start.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(1));
            }
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return Err("it does not answer".to_owned());
            }
        }
    };
    let mut text = String::new();
    if let Some(out) = child.stdout.take() {
        let _ = out.take(1 << 16).read_to_string(&mut text);
    }
    if status.success() {
        Ok(text)
    } else {
        Err(format!("it ends with {status}"))
    }
}

fn fill(facts: &mut Facts, text: &str) {
    for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
        let value = value.to_owned();
        match key {
            "version" => {
                facts.known.alive = true;
                facts.known.version = value;
            }
            "implementation" => facts.known.implementation = value,
            "system" => facts.system[0] = value,
            "release" => facts.system[1] = value,
            "kernel" => facts.system[2] = value,
            "machine" => {
                facts.known.platform = format!("linux-{value}");
                facts.system[3] = value;
            }
            "suffixes" => {
                facts.suffixes = value.split_whitespace().map(str::to_owned).collect();
                facts.known.soabi = facts.suffixes.first().map(|suffix| {
                    suffix
                        .trim_start_matches('.')
                        .trim_end_matches(".so")
                        .to_owned()
                });
            }
            _ => {}
        }
    }
}

/// `3.11` of `3.11.7`.
pub(crate) fn minor(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Compares the version of the interpreter with what the venv was made for.
fn versions(facts: &mut Facts, manifest: &Manifest, stated: Option<String>) {
    let Some(found) = minor(&facts.known.version).filter(|_| facts.known.alive) else {
        return;
    };
    if let Some(stated) = stated.filter(|stated| minor(stated).is_some_and(|v| v != found)) {
        facts.problems.push(format!(
            "it is Python {}, but the venv was made for {stated} (pyvenv.cfg)",
            facts.known.version
        ));
    }
    let libs: Vec<(u32, u32)> = manifest
        .entries()
        .iter()
        .filter_map(|entry| {
            let text = std::str::from_utf8(entry.path.as_bytes()).ok()?;
            minor(
                text.strip_prefix("lib/python")
                    .filter(|rest| !rest.contains('/'))?,
            )
        })
        .collect();
    if !libs.is_empty() && !libs.contains(&found) && facts.known.implementation == "cpython" {
        let shown: Vec<String> = libs
            .iter()
            .map(|(a, b)| format!("lib/python{a}.{b}"))
            .collect();
        facts.problems.push(format!(
            "it is Python {}, which looks in lib/python{}.{}, but the packages lie in {}",
            facts.known.version,
            found.0,
            found.1,
            shown.join(", ")
        ));
    }
}
