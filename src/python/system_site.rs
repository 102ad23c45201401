//! What a venv can import beyond its own packages: what comes with the standard library of the interpreter, what path
//! files lead to, and, where it was made with `--system-site-packages`, the packages of the interpreter itself. Only
//! names and versions, as the names of their info directories tell; nothing of them is read but what has no version
//! in its name. Packages in the home of a user are not counted: who runs the venv may be another one.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::dist::{Metadata, name_of, normalized};
use super::layout::base_sites;
use super::path_files::Rules;
use super::pyvenv::{Config, minor};

/// A directory of packages has no more entries than are looked at.
const ENTRIES_MAX: usize = 100_000;
/// More of a PKG-INFO is not read.
const INFO_MAX: u64 = 1 << 20;

/// Packages of the interpreter that a venv uses.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) enum Beyond {
    /// None: the venv is for itself.
    #[default]
    Nothing,
    /// These versions, by normalized name.
    Known(BTreeMap<String, String>),
    /// Some, but where they are could not be looked at.
    Unknown,
}

/// What an interpreter says of itself: nothing, as far as it did not answer.
pub(super) struct Around<'a> {
    /// Where it is installed.
    pub(super) base: &'a Path,
    /// Where its standard library is.
    pub(super) library: &'a Path,
    /// Where its own packages are.
    pub(super) sites: &'a [PathBuf],
    /// Its version.
    pub(super) version: &'a str,
}

impl Beyond {
    /// What `pyvenv.cfg` alone tells.
    pub(super) fn stated(config: &Config) -> Self {
        let open = config.stated(&["include-system-site-packages"]);
        match open {
            Some(open) if open.eq_ignore_ascii_case("true") => Self::Unknown,
            _ => Self::Nothing,
        }
    }

    /// Looks where the interpreter has its packages: as it says, or else as such directories are laid out around
    /// `home`. What its standard library brings along, as that of `PyPy` does, and what path files of the venv add
    /// (`linked`), counts for every venv.
    pub(super) fn locate(config: &Config, around: &Around<'_>, linked: &[PathBuf]) -> Self {
        let library = Some(around.library).filter(|library| !library.as_os_str().is_empty());
        let linked = linked.iter().map(PathBuf::as_path);
        let always = library.into_iter().chain(linked);
        let mut always: BTreeMap<String, String> = always.flat_map(listed).collect();
        if Self::stated(config) == Self::Nothing {
            return if always.is_empty() {
                Self::Nothing
            } else {
                Self::Known(always)
            };
        }
        let home = config.stated(&["home"]).map(PathBuf::from);
        let answered = Some(around.base).filter(|base| !base.as_os_str().is_empty());
        let base = answered.or_else(|| home.as_deref().and_then(Path::parent));
        let Some((base, version)) = base.zip(minor(around.version)) else {
            return Self::Unknown;
        };
        let mut sites = around.sites.to_vec();
        sites.extend(usual(base, version, around.sites.is_empty()));
        sites.sort();
        sites.dedup();
        let (mut found, mut seen) = (BTreeMap::new(), false);
        for site in &sites {
            match fs::read_dir(site) {
                Ok(entries) => {
                    seen = true;
                    let entries = entries.flatten().take(ENTRIES_MAX);
                    found.extend(entries.filter_map(|entry| named(&entry.path())));
                    found.extend(path_files(site).iter().flat_map(|dir| listed(dir)));
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(_) => return Self::Unknown,
            }
        }
        if seen {
            always.extend(found);
            Self::Known(always)
        } else {
            Self::Unknown
        }
    }

    /// The version of a distribution.
    pub(crate) fn version(&self, name: &str) -> Option<&str> {
        match self {
            Self::Known(found) => found.get(name).map(String::as_str),
            _ => None,
        }
    }
}

/// What a directory holds; nothing where it cannot be looked into.
fn listed(dir: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let entries = entries.take(ENTRIES_MAX);
    entries.filter_map(|entry| named(&entry.path())).collect()
}

/// The directories that path files in a directory of packages add.
pub(super) fn path_files(site: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(site).into_iter().flatten().flatten();
    let lists = entries.take(ENTRIES_MAX).map(|entry| entry.path());
    let lists = lists.filter(|path| {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        Rules::of(None).reads(name) && fs::metadata(path).is_ok_and(|meta| meta.is_file())
    });
    let contents = lists.filter_map(|path| {
        let mut bytes = Vec::new();
        let file = fs::File::open(path).ok()?;
        file.take(INFO_MAX).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    });
    let added = contents.flat_map(|bytes| {
        let added = Rules::of(None).added(&bytes).into_iter().map(PathBuf::from);
        added.collect::<Vec<_>>()
    });
    added.collect()
}

/// Where packages lie below the place of an interpreter. Debian's own are only found in this way: in a venv the
/// interpreter does not tell of them.
fn usual(base: &Path, version: (u32, u32), is_silent: bool) -> Vec<PathBuf> {
    let [debian, others] = base_sites(base, version);
    let others = others.into_iter().filter(|_| is_silent);
    debian.into_iter().chain(others).collect()
}

/// Name and version of an info directory or file.
fn named(path: &Path) -> Option<(String, String)> {
    let name = path.file_name()?.to_str()?;
    let stem = name.strip_suffix(".dist-info");
    let stem = stem.or_else(|| name.strip_suffix(".egg-info"))?;
    let (name, version) = name_of(stem);
    if !version.is_empty() {
        return Some((normalized(&name), version));
    }
    if path.is_dir() {
        return ["METADATA", "PKG-INFO"]
            .into_iter()
            .find_map(|name| stated(&path.join(name)));
    }
    stated(path)
}

/// Name and version as a file of metadata states them.
fn stated(path: &Path) -> Option<(String, String)> {
    let read = |path: &Path| {
        // What is no file might never end, or never begin.
        fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
        let file = fs::File::open(path).ok()?;
        let mut bytes = Vec::new();
        file.take(INFO_MAX).read_to_end(&mut bytes).ok()?;
        Metadata::parse(&bytes)
    };
    let metadata = read(path)?;
    Some((normalized(&metadata.name), metadata.version))
}
