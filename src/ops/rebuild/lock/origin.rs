//! Where a locked package comes from.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::model::Package;
use crate::ops::rebuild::bad_list::BadEntry;

/// Where a package comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::ops::rebuild) enum Origin {
    /// The index that the person's settings name.
    Index,
    /// A file: of the network, or of this host as a `file:` URL.
    File(String),
    /// A commit of a repository.
    Git {
        url: String,
        commit: String,
        subdirectory: Option<String>,
    },
    /// A directory of this host, as a `file:` URL.
    Directory { url: String, editable: bool },
}

impl Origin {
    /// A file by its URL.
    pub(super) fn file(url: &str) -> Result<Self, BadEntry> {
        plain(url).map(|url| Self::File(url.to_owned()))
    }

    /// A file of this host, by its path as seen from `dir`.
    pub(super) fn file_at(dir: &Path, path: &str) -> Self {
        Self::File(file_url(&dir.join(path)))
    }

    /// A directory of this host, by its path as seen from `dir`.
    pub(super) fn directory(dir: &Path, path: &str, editable: bool) -> Self {
        let whole = if path == "." {
            dir.to_owned()
        } else {
            dir.join(path)
        };
        Self::Directory {
            url: file_url(&whole),
            editable,
        }
    }

    /// A commit of a git repository.
    pub(super) fn git(
        url: &str,
        commit: &str,
        subdirectory: Option<&str>,
    ) -> Result<Self, BadEntry> {
        let url = url.strip_prefix("git+").unwrap_or(url);
        Ok(Self::Git {
            url: plain(url)?.to_owned(),
            commit: plain(commit)?.to_owned(),
            subdirectory: subdirectory.map(plain).transpose()?.map(str::to_owned),
        })
    }

    /// Whether it is one file, of which a hash can be known.
    pub(super) fn is_file(&self) -> bool {
        matches!(self, Self::Index | Self::File(_))
    }

    /// How a requirements file names a package of it.
    pub(super) fn requirement(&self, name: &str, version: &str) -> String {
        match self {
            Self::Index => format!("{name}=={version}"),
            Self::Git {
                url,
                commit,
                subdirectory,
            } => {
                let sub = subdirectory
                    .as_ref()
                    .map(|sub| format!("#subdirectory={sub}"));
                format!("{name} @ git+{url}@{commit}{}", sub.unwrap_or_default())
            }
            Self::Directory {
                url,
                editable: true,
            } => format!("-e {url}"),
            Self::File(url) | Self::Directory { url, .. } => format!("{name} @ {url}"),
        }
    }

    /// Whether an installed package says that it came from here (PEP 610).
    pub(in crate::ops::rebuild) fn is_of(&self, package: &Package) -> bool {
        let field = |name: &str| package.direct_url.as_ref()?.get(name)?.as_str();
        let commit = || {
            let vcs = package.direct_url.as_ref()?.get("vcs_info")?;
            vcs.get("commit_id")?.as_str()
        };
        let is_url = |url: &str| {
            field("url").is_some_and(|own| own.trim_end_matches('/') == url.trim_end_matches('/'))
        };
        match self {
            Self::Index => package.direct_url.is_none(),
            Self::Git { commit: wanted, .. } => commit() == Some(wanted),
            Self::File(url) | Self::Directory { url, .. } => is_url(url),
        }
    }
}

/// Refuses a text with anything that could end it within a line of requirements.
fn plain(text: &str) -> Result<&str, BadEntry> {
    let ends = |c: char| c.is_whitespace() || c.is_control();
    if text.is_empty() || text.starts_with('-') || text.contains(ends) {
        Err(BadEntry::Source(text.to_owned()))
    } else {
        Ok(text)
    }
}

/// The `file:` URL of a path (RFC 8089).
fn file_url(path: &Path) -> String {
    let mut url = "file://".to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                url.push(char::from(*byte));
            }
            byte => url.extend(["%".to_owned(), format!("{byte:02X}")]),
        }
    }
    url
}
