//! From where a distribution comes that a project declares, where that is no index that everybody asks.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::model::installed::without_secret;
use crate::model::plain::{file_url, plain};

/// From where a distribution comes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Origin {
    /// From the index that an installer asks.
    Index,
    /// From a URL, which a requirement can say.
    Direct(String),
    /// From somewhere that no requirement can say, in words.
    Elsewhere(String),
}

impl Origin {
    /// What a line of evidence says of it.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Elsewhere(place) => format!(", from {place}"),
            Self::Index | Self::Direct(_) => String::new(),
        }
    }
}

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum IndexKind {
    /// This index, in place of the one that everybody asks.
    Main,
    /// This one as well.
    Extra,
    /// A directory or a page with archives as well.
    FindLinks,
    /// No index.
    Nothing,
}

impl IndexKind {
    /// The word that JSON has for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Main => "index",
            Self::Extra => "extra-index",
            Self::FindLinks => "find-links",
            Self::Nothing => "no-index",
        }
    }
}

/// From where a project takes its packages.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProjectIndex {
    /// What is asked.
    pub kind: IndexKind,
    /// The URL without secrets, or the path of a directory; empty where nothing is asked.
    pub place: String,
    /// Whether credentials were in the URL, which are told nowhere.
    pub is_secret: bool,
    /// Whether the URL is made of variables, so that nobody knows here what is asked.
    pub is_open: bool,
    /// The file that says so.
    pub path: PathBuf,
    /// The line in it, from 1.
    pub line: usize,
}

/// What a table of Poetry, Pipenv or uv says of it; none where it says nothing.
pub(super) fn origin(dir: &Path, table: &Table) -> Option<Origin> {
    let word = |key: &str| table.get(key).and_then(Value::as_str);
    if let Some(url) = word("git") {
        let at = ["rev", "tag", "branch", "ref"]
            .iter()
            .find_map(|key| word(key));
        let at = at.map_or_else(String::new, |at| format!("@{at}"));
        let part = word("subdirectory").map(|part| format!("#subdirectory={part}"));
        let url = format!("git+{}{at}{}", ssh(url), part.unwrap_or_default());
        return Some(Origin::Direct(url));
    }
    if let Some((kind, url)) = ["hg", "svn", "bzr"]
        .iter()
        .find_map(|key| Some((key, word(key)?)))
    {
        return Some(Origin::Direct(format!("{kind}+{url}")));
    }
    let file = word("url")
        .or_else(|| word("file"))
        .or_else(|| word("path"));
    if let Some(place) = file {
        let url = if place.contains("://") {
            place.to_owned()
        } else {
            file_url(&plain(&dir.join(place)))
        };
        return Some(Origin::Direct(url));
    }
    if table.get("workspace").and_then(Value::as_bool) == Some(true) {
        return Some(Origin::Elsewhere("the workspace of the project".to_owned()));
    }
    let index = word("index").or_else(|| word("source"))?;
    // Both names of the index that everybody asks.
    let is_plain = index.eq_ignore_ascii_case("pypi");
    (!is_plain).then(|| Origin::Elsewhere(format!("the index '{}'", without_secret(index))))
}

/// A URL without secrets. Who asks by SSH asks as a user, and that of repositories is no secret.
pub(super) fn bare(url: &str) -> String {
    let bare = without_secret(url);
    if url.contains("ssh://git@") {
        bare.replacen("ssh://", "ssh://git@", 1)
    } else {
        bare
    }
}

/// `ssh://git@host/path` of `git@host:path`.
fn ssh(url: &str) -> String {
    match url.split_once(':') {
        Some((host, path)) if !url.contains("://") && host.contains('@') => {
            format!("ssh://{host}/{path}")
        }
        _ => url.to_owned(),
    }
}
