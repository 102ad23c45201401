//! By which names a venv calls itself: where it was made or used through a link, they are others than its resolved
//! path, and lead to it all the same.

use std::collections::{BTreeMap, BTreeSet};

use super::interpreter_of;
use super::quoting::word;
use crate::model::RelPath;
use crate::python::Layout;
use crate::python::layout::{is_in_scripts, root_of_python};

/// The names of a venv by its files alone: nobody looks where they lead.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct OwnNames {
    /// What its activate script and its configuration say that it is called.
    pub(crate) declared: BTreeSet<Vec<u8>>,
    /// Whose interpreters its scripts name, which may also be another venv.
    pub(crate) used: BTreeSet<Vec<u8>>,
}

/// Finds the names. `contents` holds every candidate of a relocation.
pub(crate) fn own_names(contents: &BTreeMap<RelPath, Vec<u8>>) -> OwnNames {
    let mut names = OwnNames::default();
    let activate = Layout::default().script(b"activate");
    for (path, content) in contents {
        match path.as_bytes() {
            _ if activate.as_ref() == Some(path) => {
                names.declared.extend(lines(content).filter_map(exported));
            }
            b"pyvenv.cfg" => names.declared.extend(lines(content).filter_map(made)),
            _ if is_in_scripts(path) => {
                let interpreter = interpreter_of(content);
                let name = interpreter
                    .as_deref()
                    .and_then(|path| plain(root_of_python(path)?));
                names.used.extend(name);
            }
            _ => {}
        }
    }
    names
}

fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    content.split(|&b| b == b'\n').map(<[u8]>::trim_ascii)
}

/// The value of a line such as `VIRTUAL_ENV='/srv/venv'`, quoted or not, exported or not.
fn exported(line: &[u8]) -> Option<Vec<u8>> {
    let line = line.strip_prefix(b"export ").unwrap_or(line);
    let value = line.strip_prefix(b"VIRTUAL_ENV=")?;
    let is_quote = |byte: &u8| b"\"'".contains(byte);
    if !value.first().is_some_and(is_quote) {
        return plain(value).filter(|path| !path.iter().any(is_quote));
    }
    let (path, rest) = word(value)?;
    plain(&path).filter(|_| rest.is_empty())
}

/// The last word of `command = /usr/bin/python3 -m venv /srv/venv`.
fn made(line: &[u8]) -> Option<Vec<u8>> {
    let value = line.strip_prefix(b"command")?.trim_ascii_start();
    let command = value.strip_prefix(b"=")?;
    let at = memchr::memmem::find(command, b" -m venv ")?;
    let word = command[at..].rsplit(|&b| b == b' ').next()?;
    plain(word)
}

/// An absolute path without anything that a shell expands, and without the slashes at its end.
fn plain(path: &[u8]) -> Option<Vec<u8>> {
    let end = path.iter().rposition(|&b| b != b'/')? + 1;
    let is_plain = path.starts_with(b"/") && !path.iter().any(|b| b"$`\\\n".contains(b));
    is_plain.then(|| path[..end].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_venv_is_called_what_its_files_say() {
        let name = |text: &str| text.as_bytes().to_vec();
        for (line, found) in [
            (
                "VIRTUAL_ENV=\"/srv/current/venv\"",
                Some("/srv/current/venv"),
            ),
            (
                "    export VIRTUAL_ENV=/srv/a b/venv/",
                Some("/srv/a b/venv"),
            ),
            ("VIRTUAL_ENV='/srv/v'", Some("/srv/v")),
            (r#"VIRTUAL_ENV='/srv/O'"'"'B/v'"#, Some("/srv/O'B/v")),
            ("VIRTUAL_ENV=\"/srv/O'B/v\"", Some("/srv/O'B/v")),
            ("VIRTUAL_ENV='/srv/O'B/v'", None),
            ("VIRTUAL_ENV=/srv/O'B/v'", None),
            ("export VIRTUAL_ENV", None),
            ("VIRTUAL_ENV=$(cygpath /srv/v)", None),
            ("VIRTUAL_ENV=\"$(pwd)\"", None),
            ("VIRTUAL_ENV=relative", None),
            ("VIRTUAL_ENV_PROMPT='/srv/v'", None),
            ("VIRTUAL_ENV=/", None),
        ] {
            assert_eq!(exported(line.trim().as_bytes()), found.map(name), "{line}");
        }
        let config = "command = /usr/bin/python3 -m venv --without-pip /srv/current/venv";
        assert_eq!(made(config.as_bytes()), Some(name("/srv/current/venv")));
        let config = b"command = /usr/bin/python3 -m venv /srv/O'B/v";
        assert_eq!(made(config), Some(name("/srv/O'B/v")));
        assert_eq!(made(b"home = /usr/bin"), None);
        let path = |text: &str| RelPath::new(text.as_bytes()).unwrap();
        let contents = [
            (
                path("bin/pip"),
                name("#!/srv/current/venv/bin/python3.11\nx\n"),
            ),
            (path("bin/system"), name("#!/usr/bin/env python3\n")),
            (
                path("bin/activate"),
                name("VIRTUAL_ENV=/srv/current/venv\n"),
            ),
        ];
        let names = own_names(&contents.into());
        let one: BTreeSet<Vec<u8>> = [name("/srv/current/venv")].into();
        assert_eq!(
            names,
            OwnNames {
                declared: one.clone(),
                used: one
            }
        );
    }
}
