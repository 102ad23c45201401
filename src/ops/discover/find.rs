//! Finds environments by their marks, and tells what each is.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::DiscoverOptions;
use crate::disk::PathError;
use crate::disk::dirs::{Listed, Visitor, each_dir};
use crate::ops::context::Context;
use crate::ops::error::Error;

/// What kind of environment it is: by who keeps it, else by who made it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// `python -m venv`.
    Venv,
    /// virtualenv.
    Virtualenv,
    /// `uv venv`.
    Uv,
    /// A command that `uv tool` installed.
    UvTool,
    /// A command that pipx installed.
    Pipx,
    /// Of a project that poetry keeps.
    Poetry,
    /// Of a project that pdm keeps.
    Pdm,
    /// conda and its kin.
    Conda,
    /// What `pip install --target` filled.
    Target,
}

impl Kind {
    /// The word in text and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Venv => "venv",
            Self::Virtualenv => "virtualenv",
            Self::Uv => "uv",
            Self::UvTool => "uv-tool",
            Self::Pipx => "pipx",
            Self::Poetry => "poetry",
            Self::Pdm => "pdm",
            Self::Conda => "conda",
            Self::Target => "target",
        }
    }
}

/// At most so many bytes of a file of settings are read.
const LEN_MAX: u64 = 1 << 16;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) environments: Vec<(PathBuf, Kind)>,
    pub(super) directories: u64,
    pub(super) mounts: Vec<PathBuf>,
    pub(super) unread: Vec<PathError>,
}

/// Looks below all roots.
pub(super) fn find_environments(
    context: &Context<'_>,
    options: &DiscoverOptions,
) -> Result<Found, Error> {
    let finder = Finder {
        context,
        directories: AtomicU64::new(0),
        found: Mutex::default(),
    };
    for root in &options.roots {
        each_dir(root, options.cross_mounts, &finder);
        context.go_on()?;
    }
    let mut found = finder
        .found
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    found.directories = finder.directories.into_inner();
    // A root may lie below another one, so things may have been found twice.
    found.environments.sort();
    found.environments.dedup();
    found.mounts.sort();
    found.mounts.dedup();
    found.unread.sort_by(|a, b| a.path.cmp(&b.path));
    found.unread.dedup_by(|a, b| a.path == b.path);
    Ok(found)
}

struct Finder<'a> {
    context: &'a Context<'a>,
    directories: AtomicU64,
    found: Mutex<Found>,
}

impl Finder<'_> {
    fn found(&self) -> std::sync::MutexGuard<'_, Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Visitor for Finder<'_> {
    fn enter(&self, listed: &Listed<'_>) -> bool {
        self.directories.fetch_add(1, Ordering::Relaxed);
        let name = listed.path.file_name().unwrap_or_default();
        // Three things are not looked into: the packages of an interpreter itself, whatever those bring along, and what
        // our restores keep beside a venv.
        let is_site = name == "site-packages" || name == "dist-packages";
        let is_ours = name
            .as_encoded_bytes()
            .windows(6)
            .any(|part| part == b".snap-");
        if is_site || is_ours {
            return false;
        }
        if let Some(kind) = kind(listed) {
            self.found()
                .environments
                .push((listed.path.to_owned(), kind));
            // Named environments of conda stand within the first one.
            return kind == Kind::Conda;
        }
        // Caches of installers hold unpacked wheels, which look like what `--target` fills.
        !listed.has_file("CACHEDIR.TAG")
    }

    fn mounted(&self, path: &Path) {
        self.found().mounts.push(path.to_owned());
    }

    fn unread(&self, error: PathError) {
        self.found().unread.push(error);
    }

    fn stopped(&self) -> bool {
        self.context.monitor.cancelled()
    }
}

/// What kind of environment a directory is; none where it is none.
fn kind(listed: &Listed<'_>) -> Option<Kind> {
    let path = listed.path;
    if listed.has_dir("conda-meta") {
        return Some(Kind::Conda);
    }
    if listed.has_file("pyvenv.cfg") {
        return Some(kept_by(listed).unwrap_or_else(|| made_by(path)));
    }
    if listed.has_file("CACHEDIR.TAG") {
        return None;
    }
    let is_info =
        |name: &std::ffi::OsStr| Path::new(name).extension() == Some("dist-info".as_ref());
    listed.dirs().any(is_info).then_some(Kind::Target)
}

/// Who keeps a venv.
fn kept_by(listed: &Listed<'_>) -> Option<Kind> {
    if listed.has_file("pipx_metadata.json") {
        return Some(Kind::Pipx);
    }
    if listed.has_file("uv-receipt.toml") {
        return Some(Kind::UvTool);
    }
    let path = listed.path;
    let parts: Vec<_> = path.iter().rev().skip(1).take(2).collect();
    if parts.first() == Some(&"virtualenvs".as_ref()) && parts.get(1) == Some(&"pypoetry".as_ref())
    {
        return Some(Kind::Poetry);
    }
    if parts.first() == Some(&"venvs".as_ref()) && parts.get(1) == Some(&"pdm".as_ref()) {
        return Some(Kind::Pdm);
    }
    let project = path.parent().filter(|_| path.ends_with(".venv"))?;
    let has = |name: &str| {
        let meta = fs::symlink_metadata(project.join(name));
        meta.is_ok_and(|meta| !meta.is_dir())
    };
    if has("poetry.lock") {
        return Some(Kind::Poetry);
    }
    (has("pdm.lock") || has(".pdm-python")).then_some(Kind::Pdm)
}

/// Who made a venv, by what it wrote into `pyvenv.cfg`.
fn made_by(path: &Path) -> Kind {
    let text = small(&path.join("pyvenv.cfg")).unwrap_or_default();
    let has = |key: &str| {
        text.lines().any(|line| {
            line.split_once('=')
                .is_some_and(|(name, _)| name.trim() == key)
        })
    };
    if has("uv") {
        Kind::Uv
    } else if has("virtualenv") {
        Kind::Virtualenv
    } else {
        Kind::Venv
    }
}

/// A small text that is no link; none where it cannot be read.
pub(super) fn small(path: &Path) -> Option<String> {
    let is_file = fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file());
    let file = fs::File::open(path).ok().filter(|_| is_file)?;
    let mut bytes = Vec::new();
    file.take(LEN_MAX).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
