//! Configuration that a distribution brings as data files below `etc/` and `share/`, and that its own commands
//! rewrite, such as `jupyter server extension disable` and `ipykernel install --sys-prefix`.

use crate::model::RelPath;

/// A longer file is no configuration.
pub(crate) const CONFIG_MAX: u64 = 1 << 20;
/// How the names of files of settings end. Below `share/` all else is data, such as manuals and images.
const ENDS: [&[u8]; 10] = [
    b".json",
    b".toml",
    b".yaml",
    b".yml",
    b".ini",
    b".cfg",
    b".conf",
    b".config",
    b".desktop",
    b".properties",
];

/// Whether a path of a venv is that of a data file which may hold settings.
pub(crate) fn is_config(path: &RelPath) -> bool {
    let mut parts = path.parts();
    let (top, is_below) = (parts.next(), parts.next().is_some());
    let is_named = || {
        let name = path.name().to_ascii_lowercase();
        ENDS.iter().any(|end| name.ends_with(end))
    };
    is_below && (top == Some(b"etc") || top == Some(b"share") && is_named())
}

/// Whether content may be what a program or a person wrote there: it is text, says something, and is whole by its
/// format. Of a format that does not tell where it ends, content that became `shorter` has to end with its line.
pub(crate) fn is_sound(path: &RelPath, content: &[u8], shorter: bool) -> bool {
    let Some(text) = text(content) else {
        return false;
    };
    match syntax(path) {
        Some(Syntax::Json) => is_json(text),
        Some(Syntax::Toml) => (!shorter || text.ends_with('\n')) && is_toml(text),
        None => !shorter || text.ends_with('\n'),
    }
}

/// Whether content is whole by a format that tells where it ends; none where its format does not.
pub(crate) fn is_complete(path: &RelPath, content: &[u8]) -> Option<bool> {
    match syntax(path) {
        Some(Syntax::Json) => Some(text(content).is_some_and(is_json)),
        Some(Syntax::Toml) | None => None,
    }
}

enum Syntax {
    Json,
    Toml,
}

fn syntax(path: &RelPath) -> Option<Syntax> {
    let name = path.name().to_ascii_lowercase();
    if name.ends_with(b".json") {
        Some(Syntax::Json)
    } else if name.ends_with(b".toml") {
        Some(Syntax::Toml)
    } else {
        None
    }
}

/// The text of content that says something: no byte that no text has, and not only blanks.
fn text(content: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(content).ok()?;
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}' | '\u{1b}');
    (!text.trim().is_empty() && !text.contains(is_odd)).then_some(text)
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

fn is_toml(text: &str) -> bool {
    toml::from_str::<toml::Table>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        RelPath::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn settings_are_below_etc_and_by_their_names_below_share() {
        for config in [
            "etc/jupyter/jupyter_server_config.d/jupyterlab.json",
            "etc/tool/rules",
            "share/jupyter/kernels/python3/kernel.json",
            "share/applications/tool.desktop",
        ] {
            assert!(is_config(&path(config)), "{config}");
        }
        for data in [
            "etc",
            "share/man/man1/tool.1",
            "share/jupyter/labextensions/x/static/remoteEntry.js",
            "lib/python3.11/site-packages/tool/etc/tool.json",
            "lib/python3.11/site-packages/tool/settings.json",
            "bin/tool.json",
        ] {
            assert!(!is_config(&path(data)), "{data}");
        }
    }

    #[test]
    fn what_is_emptied_cut_or_no_text_is_no_setting() {
        let sound = |name: &str, content: &[u8], shorter| is_sound(&path(name), content, shorter);
        for (name, content, shorter) in [
            ("etc/a.json", &b"{\"on\": false}"[..], true),
            ("etc/a.toml", b"on = false\n", true),
            ("etc/a.toml", b"on = false", false),
            ("etc/a.conf", b"on: no\n", true),
            ("etc/a.conf", b"on: no", false),
        ] {
            assert!(sound(name, content, shorter), "{name}");
        }
        for (name, content) in [
            ("etc/a.json", &b""[..]),
            ("etc/a.json", b"{\"on\": fal"),
            ("etc/a.json", b"{\"on\": false}\0\0"),
            ("etc/a.toml", b"on = \n"),
            ("etc/a.toml", b"on = 1\nof"),
            ("etc/a.conf", b"\n \n"),
            ("etc/a.conf", b"on: n"),
            ("etc/a.conf", b"\0\0\0\n"),
            ("etc/a.conf", b"\xff\xfeo\n"),
        ] {
            assert!(!sound(name, content, true), "{name}");
        }
    }
}
