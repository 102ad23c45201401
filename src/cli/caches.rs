//! Where installers keep their caches, and which indexes pip asks: from the environment, its configuration, and the
//! homes of this user and of a venv's owner.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use venv_snap::Site;
use venv_snap::model::Installer;
use venv_snap::ops::CacheDir;

use super::place::{home, home_of};

/// Each installer with its variable, and the name of its cache in `~/.cache`.
const ALL: [(Installer, &str, &str); 5] = [
    (Installer::Uv, "UV_CACHE_DIR", "uv"),
    (Installer::Pip, "PIP_CACHE_DIR", "pip"),
    (Installer::Poetry, "POETRY_CACHE_DIR", "pypoetry"),
    (Installer::Pdm, "PDM_CACHE_DIR", "pdm"),
    (
        Installer::Virtualenv,
        "VIRTUALENV_OVERRIDE_APP_DATA",
        "virtualenv",
    ),
];

/// All places at which installers keep caches, whether something is there or not.
pub(crate) fn at_their_places(venv: Option<&Site>) -> Vec<CacheDir> {
    let owner = venv.and_then(|site| fs::metadata(site.path()).ok());
    let owner = owner.and_then(|meta| home_of(meta.uid()));
    let homes: Vec<PathBuf> = [home(), owner].into_iter().flatten().collect();
    let caches = homes.iter().map(|home| home.join(".cache"));
    let caches: Vec<PathBuf> = variable("XDG_CACHE_HOME")
        .into_iter()
        .chain(caches)
        .collect();
    let mut found = Vec::new();
    for (installer, name, dir) in ALL {
        let dirs = variable(name).into_iter();
        let dirs = dirs.chain(caches.iter().map(|cache| cache.join(dir)));
        found.extend(dirs.map(|path| (installer, path)));
    }
    // Until 2025 virtualenv kept its cache among the data.
    let older = homes
        .iter()
        .map(|home| home.join(".local/share/virtualenv"));
    found.extend(older.map(|path| (Installer::Virtualenv, path)));
    let dir = |(installer, path)| CacheDir {
        path,
        installer: Some(installer),
        is_named: false,
    };
    found.into_iter().map(dir).collect()
}

/// All these places as plain directories, each once.
pub(crate) fn of_installers(venv: Option<&Site>) -> Vec<PathBuf> {
    let mut dirs: Vec<PathBuf> = at_their_places(venv)
        .into_iter()
        .map(|dir| dir.path)
        .collect();
    dirs.sort();
    dirs.dedup();
    dirs
}

/// A cache that a person named.
pub(crate) fn named(dir: &Path) -> CacheDir {
    CacheDir {
        path: dir.to_owned(),
        installer: None,
        is_named: true,
    }
}

/// The URLs of the indexes that pip asks.
pub(crate) fn indexes() -> Vec<String> {
    let variables = ["PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"].map(std::env::var);
    let mut found: Vec<String> = variables.into_iter().flatten().collect();
    let own = home().map(|home| {
        [
            home.join(".config/pip/pip.conf"),
            home.join(".pip/pip.conf"),
        ]
    });
    let files = variable("PIP_CONFIG_FILE")
        .into_iter()
        .chain(own.into_iter().flatten());
    for file in files.chain([PathBuf::from("/etc/pip.conf")]) {
        found.extend(in_configuration(
            &fs::read_to_string(file).unwrap_or_default(),
        ));
    }
    let urls = found.iter().flat_map(|text| text.split_whitespace());
    urls.map(str::to_owned).collect()
}

/// The values of `index-url` and `extra-index-url`, which may go on in lines that are further in (Python's
/// `configparser`).
fn in_configuration(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_one = false;
    for line in text.lines() {
        if line.starts_with(char::is_whitespace) {
            found.extend(is_one.then(|| line.trim().to_owned()));
            continue;
        }
        let parts = line.split_once(['=', ':']);
        let key = parts.map(|(key, _)| key.trim().replace('_', "-").to_ascii_lowercase());
        is_one = key.is_some_and(|key| key == "index-url" || key == "extra-index-url");
        found.extend(
            parts
                .filter(|_| is_one)
                .map(|(_, value)| value.trim().to_owned()),
        );
    }
    found
}

/// A variable that names a directory; one that is set to nothing counts as not set.
fn variable(name: &str) -> Option<PathBuf> {
    let set = std::env::var_os(name).filter(|value| !value.is_empty());
    set.map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_read_from_the_configuration_of_pip() {
        let text = "[global]\nindex-url = https://one/simple\nextra_index_url =\n    https://two/simple\n    \
                    https://three\ntimeout = 5\n    https://none\n";
        assert_eq!(
            in_configuration(text),
            [
                "https://one/simple",
                "",
                "https://two/simple",
                "https://three"
            ]
        );
    }
}
