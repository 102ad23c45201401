//! The pips of this machine: those of its Pythons, and the newest, which virtualenv brings.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::index::Index;
use super::{Sandbox, pythons};

/// A pip: its version, and the words that run it.
#[derive(Clone, Debug)]
pub(crate) struct Pip {
    pub(crate) version: String,
    words: Vec<PathBuf>,
}

impl Pip {
    /// Whether it keeps bodies in files of their own (from 23.3 on).
    pub(crate) fn keeps_bodies_apart(&self) -> bool {
        self.is_from(23, 3)
    }

    /// Whether it is of this version or a later one.
    pub(crate) fn is_from(&self, major: u32, minor: u32) -> bool {
        let mut parts = self
            .version
            .split('.')
            .map(|part| part.parse::<u32>().unwrap_or(0));
        (parts.next(), parts.next()) >= (Some(major), Some(minor))
    }

    /// Runs it with the cache in the home directory of the sandbox.
    #[track_caller]
    pub(crate) fn run(&self, sandbox: &Sandbox, args: &[&str]) {
        let mut command = Command::new(&self.words[0]);
        sandbox.dress(&mut command);
        command.args(&self.words[1..]).args(args);
        command
            .env("PIP_ROOT_USER_ACTION", "ignore")
            .env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
        super::tools::done(&mut command);
    }

    /// Downloads a package from an index, and so fills the cache.
    #[track_caller]
    pub(crate) fn download(&self, sandbox: &Sandbox, index: &Index, package: &str) {
        self.fetch(sandbox, index, &["download", "-d", "downloaded"], package);
    }

    /// Builds a package of an index as a wheel, and so fills the cache.
    #[track_caller]
    pub(crate) fn wheel(&self, sandbox: &Sandbox, index: &Index, package: &str) {
        self.fetch(sandbox, index, &["wheel", "-w", "built"], package);
    }

    #[track_caller]
    fn fetch(&self, sandbox: &Sandbox, index: &Index, verb: &[&str], package: &str) {
        let url = index.url();
        let from = [
            "-q",
            "--no-deps",
            "--trusted-host",
            "127.0.0.1",
            "-i",
            &url,
            package,
        ];
        self.run(sandbox, &[verb, &from].concat());
    }
}

/// Four of them: the oldest, the last that keeps bodies within, the first that keeps them apart, the newest; tells if
/// there are fewer than three.
pub(crate) fn some() -> Vec<Pip> {
    let all = all();
    let split = all.partition_point(|pip| !pip.keeps_bodies_apart());
    let mut chosen = vec![
        0,
        split.saturating_sub(1),
        split,
        all.len().saturating_sub(1),
    ];
    chosen.dedup();
    let some: Vec<Pip> = chosen
        .iter()
        .filter_map(|at| all.get(*at).cloned())
        .collect();
    if some.len() < 3 {
        super::faults::skipped(1, "fewer than three versions of pip on this machine");
    }
    some
}

/// All that answer, one of each version, the newest last.
fn all() -> Vec<Pip> {
    let mut found: Vec<Pip> = Vec::new();
    let pythons = pythons::all();
    for (_, python) in &pythons {
        found.extend(asked(vec![python.clone(), "-m".into(), "pip".into()]));
    }
    let newest = newest_wheel();
    let python = pythons.last().map(|(_, python)| python.clone());
    if let Some((wheel, python)) = newest.zip(python) {
        found.extend(asked(vec![python, wheel.join("pip")]));
    }
    found.sort_by_key(|pip| {
        let parts = pip.version.split('.');
        parts
            .map(|part| part.parse::<u32>().unwrap_or(0))
            .collect::<Vec<_>>()
    });
    found.dedup_by(|a, b| a.version == b.version);
    found
}

fn newest_wheel() -> Option<PathBuf> {
    let lib = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../installers/lib");
    let pythons = std::fs::read_dir(lib).ok()?.flatten();
    let wheels = pythons.map(|python| {
        python
            .path()
            .join("site-packages/virtualenv/seed/wheels/embed")
    });
    let wheels = wheels
        .filter_map(|dir| std::fs::read_dir(dir).ok())
        .flatten()
        .flatten();
    let wheels = wheels.map(|wheel| wheel.path());
    wheels
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("pip-"))
        })
        .max()
}

fn asked(words: Vec<PathBuf>) -> Option<Pip> {
    let mut command = Command::new(&words[0]);
    command
        .args(&words[1..])
        .arg("--version")
        .stdin(Stdio::null());
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.split_whitespace().nth(1)?.to_owned();
    Some(Pip { version, words })
}
