//! What a venv has: its distributions and its interpreter, as a snapshot keeps them.

use serde::{Deserialize, Serialize};

/// What kind of tree an audit looked at, by its marks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TreeKind {
    /// A venv, or what is left of one.
    #[default]
    Venv,
    /// An environment of conda and its kin, known by `conda-meta`.
    Conda,
    /// What `pip install --target` filled, known by distributions at its top.
    Target,
    /// Any other directory: nothing in it tells what should be there.
    Any,
}

impl TreeKind {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Venv => "venv",
            Self::Conda => "conda",
            Self::Target => "target",
            Self::Any => "any",
        }
    }

    /// Whether it is a venv, the default, which snapshots do not write down.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
    pub(crate) fn is_venv(&self) -> bool {
        *self == Self::Venv
    }
}

/// One installed distribution.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Package {
    /// The name as the distribution writes it itself, not normalized.
    pub name: String,
    /// The version as the distribution writes it itself; empty where it is not known.
    pub version: String,
    /// Who installed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installer: Option<String>,
    /// Whether its source lies elsewhere.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub editable: bool,
    /// `direct_url.json`, if it was not installed from an index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direct_url: Option<serde_json::Value>,
    /// What conda calls it, `NAME=VERSION=BUILD`, where that installed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conda: Option<String>,
}

/// The interpreter of a venv.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Interpreter {
    /// Where `bin/python` leads in the end (lossy).
    pub realpath: String,
    /// Length of the binary in bytes.
    pub size: u64,
    /// BLAKE3 of the binary.
    pub blake3: Option<super::Digest>,
    /// Its version, such as `3.11.7`.
    pub version: String,
    /// Its implementation, such as `cpython`.
    pub implementation: String,
    /// Its binary interface, such as `cpython-311-x86_64-linux-gnu`; none where the interpreter could not be asked.
    pub soabi: Option<String>,
    /// What it runs on, such as `linux-x86_64`.
    pub platform: String,
    /// Whether it answered; else the rest is what `pyvenv.cfg` says.
    pub alive: bool,
    /// Whether the venv also uses the packages that the interpreter itself has (`include-system-site-packages`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shares: bool,
    /// Why it could not be looked at, where that need not be a fault of its own: whoever asked was not let in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreachable: Option<String>,
}

impl Package {
    /// One line of a requirements file.
    pub fn requirement(&self) -> String {
        if let Some(conda) = &self.conda {
            return format!("# {conda}: a package of conda");
        }
        let url = self.direct_url.as_ref();
        let field = |name: &str| url.and_then(|url| url.get(name)?.as_str());
        let vcs = url.and_then(|url| url.get("vcs_info"));
        match (field("url"), vcs) {
            (Some(url), _) if self.editable => format!("-e {}", without_secret(url)),
            (Some(url), Some(vcs)) => {
                let of = |name: &str| vcs.get(name).and_then(|v| v.as_str()).unwrap_or_default();
                let (kind, commit) = (of("vcs"), of("commit_id"));
                format!("{} @ {kind}+{}@{commit}", self.name, without_secret(url))
            }
            (Some(url), None) => format!("{} @ {}", self.name, without_secret(url)),
            (None, _) if self.editable || self.version.is_empty() => {
                format!(
                    "# {}: an editable or unknown install; its source is not known",
                    self.name
                )
            }
            (None, _) => format!("{}=={}", self.name, self.version),
        }
    }
}

/// The same `direct_url.json` without secrets in its URL, to be kept and shown.
pub(crate) fn without_secrets(direct_url: &serde_json::Value) -> serde_json::Value {
    let mut bare = direct_url.clone();
    if let Some(serde_json::Value::String(url)) = bare.get_mut("url") {
        *url = without_secret(url);
    }
    bare
}

/// A URL without user name, password and query: a token may be any of them.
pub(crate) fn without_secret(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (rest, fragment) = rest.split_once('#').map_or((rest, ""), |(r, f)| (r, f));
    let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
    let mark = if fragment.is_empty() { "" } else { "#" };
    let (host, path) = rest.split_once('/').map_or((rest, ""), |(h, p)| (h, p));
    let bare = host.rsplit_once('@').map_or(host, |(_, bare)| bare);
    let slash = if rest.contains('/') { "/" } else { "" };
    format!("{scheme}://{bare}{slash}{path}{mark}{fragment}")
}

/// A line of text in which no URL carries a user name, a password or a query.
pub(crate) fn without_secrets_in(text: &str) -> String {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>' | ')' | ',');
    let mut bare = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let begins =
            rest[..at].rfind(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '+' | '-' | '.'));
        let begins = begins.map_or(0, |at| {
            at + rest[at..].chars().next().map_or(1, char::len_utf8)
        });
        let end = rest[at..].find(ends).map_or(rest.len(), |end| at + end);
        bare.push_str(&rest[..begins]);
        bare.push_str(&without_secret(&rest[begins..end]));
        rest = &rest[end..];
    }
    bare.push_str(rest);
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(direct_url: Option<&str>) -> Package {
        Package {
            name: "x".into(),
            version: "1".into(),
            installer: None,
            editable: false,
            conda: None,
            direct_url: direct_url.map(|text| serde_json::from_str(text).unwrap()),
        }
    }

    #[test]
    fn a_line_of_an_installer_keeps_no_secret() {
        let line = "ERROR: 401 for url (https://me:pw@host/simple/x/?t=1), and 'http://u@h/é' too";
        let bare = "ERROR: 401 for url (https://host/simple/x/), and 'http://h/é' too";
        assert_eq!(without_secrets_in(line), bare);
        assert_eq!(without_secrets_in("plain :// text"), "plain :// text");
    }

    #[test]
    fn a_requirement_says_where_it_came_from_but_no_secret() {
        assert_eq!(package(None).requirement(), "x==1");
        let url = r#"{"url":"https://user:pass@host/x.whl","archive_info":{}}"#;
        assert_eq!(package(Some(url)).requirement(), "x @ https://host/x.whl");
        let signed = r#"{"url":"https://host/x.whl?token=s3cret#sha256=1","archive_info":{}}"#;
        assert_eq!(
            package(Some(signed)).requirement(),
            "x @ https://host/x.whl#sha256=1"
        );
        let git = r#"{"url":"https://host/x","vcs_info":{"vcs":"git","commit_id":"abc"}}"#;
        assert_eq!(
            package(Some(git)).requirement(),
            "x @ git+https://host/x@abc"
        );
    }
}
