//! `pyvenv.cfg`: what makes a directory a venv, and what it states.

use crate::model::RelPath;

/// The path of the file that makes a directory a venv.
pub(crate) fn config_path() -> RelPath {
    RelPath::new(b"pyvenv.cfg").unwrap_or_default()
}

/// Key = value lines of `pyvenv.cfg`.
pub(super) struct Config(pub(super) Vec<(String, String)>);

impl Config {
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let lines = String::from_utf8_lossy(bytes).into_owned();
        let pairs = lines.lines().filter_map(|line| line.split_once('='));
        Self(
            pairs
                .map(|(key, value)| (key.trim().to_lowercase(), value.trim().to_owned()))
                .collect(),
        )
    }

    /// What is stated under the first of these keys that is there.
    pub(super) fn stated(&self, keys: &[&str]) -> Option<String> {
        let of = |key: &&str| self.0.iter().find(|(name, _)| name == key);
        keys.iter().find_map(of).map(|(_, value)| value.clone())
    }

    pub(super) fn version(&self) -> Option<String> {
        self.stated(&["version_info", "version"])
    }
}

/// The major and minor version: 3 and 11 of `3.11.7`; none where the text does not begin with two numbers.
pub(crate) fn minor(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}
