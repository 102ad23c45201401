//! What a venv can import beyond its own packages: those of the interpreter itself, where it was made with
//! `--system-site-packages`. Only names and versions, as the names of their info directories tell; nothing of them is read but
//! what has no version in its name. Packages in the home of a user are not counted: who runs the venv may be another one.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::dist::{Metadata, name_of, normalized};
use super::interpreter::{Config, Facts, minor};

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

impl Beyond {
    /// What `pyvenv.cfg` alone tells.
    pub(super) fn told(config: &Config) -> Self {
        let open = config.stated(&["include-system-site-packages"]);
        match open {
            Some(open) if open.eq_ignore_ascii_case("true") => Self::Unknown,
            _ => Self::Nothing,
        }
    }

    /// Looks where the interpreter has its packages: as it says, or else as such directories are laid out around `home`.
    pub(super) fn find(config: &Config, facts: &Facts) -> Self {
        if Self::told(config) == Self::Nothing {
            return Self::Nothing;
        }
        let home = config.stated(&["home"]).map(PathBuf::from);
        let answered = Some(facts.base.as_path()).filter(|base| !base.as_os_str().is_empty());
        let base = answered.or_else(|| home.as_deref().and_then(Path::parent));
        let Some((base, version)) = base.zip(minor(&facts.known.version)) else {
            return Self::Unknown;
        };
        let mut sites = facts.sites.clone();
        sites.extend(usual(base, version, facts.sites.is_empty()));
        sites.sort();
        sites.dedup();
        let (mut found, mut seen) = (BTreeMap::new(), false);
        for site in &sites {
            match fs::read_dir(site) {
                Ok(entries) => {
                    seen = true;
                    let entries = entries.flatten().take(ENTRIES_MAX);
                    found.extend(entries.filter_map(|entry| named(&entry.path())));
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(_) => return Self::Unknown,
            }
        }
        if seen {
            Self::Known(found)
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

/// Where packages lie below the place of an interpreter. Debian's own are only found so, since in a venv it does not tell.
fn usual(base: &Path, (major, minor): (u32, u32), is_silent: bool) -> Vec<PathBuf> {
    let python = format!("python{major}.{minor}");
    let mut sites = vec![
        base.join(format!("lib/{python}/dist-packages")),
        base.join(format!("local/lib/{python}/dist-packages")),
        base.join(format!("lib/python{major}/dist-packages")),
    ];
    if is_silent {
        sites.push(base.join(format!("lib/{python}/site-packages")));
        sites.push(base.join(format!("lib64/{python}/site-packages")));
    }
    sites
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
    let read = |path: PathBuf| {
        // What is no file might never end, or never begin.
        fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
        let file = fs::File::open(path).ok()?;
        let mut bytes = Vec::new();
        file.take(INFO_MAX).read_to_end(&mut bytes).ok()?;
        Metadata::parse(&bytes)
    };
    let metadata = ["METADATA", "PKG-INFO"]
        .into_iter()
        .find_map(|name| read(path.join(name)));
    let metadata = metadata?;
    Some((normalized(&metadata.name), metadata.version))
}
