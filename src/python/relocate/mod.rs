//! What in a venv depends on the place where it stands, rewritten for another place. Pure: contents in, contents out.
//!
//! The venv of the standard library, virtualenv and uv write the path into shebangs, activate scripts, `pyvenv.cfg` and
//! editables. The RECORD rows of whatever was rewritten change as well.

mod activate;
mod conda;
mod editable;
mod forms;
mod json;
mod link;
mod mentions;
mod occurrence;
mod own_names;
mod quoting;
mod record;
mod role;
mod shebang;

use std::collections::{BTreeMap, HashSet};

use crate::model::{Entry, Manifest, RelPath, Unmoved};
use crate::python::layout::{is_conda_list, is_in_scripts};
pub(crate) use conda::placed_files;
pub(crate) use forms::Form;
pub(crate) use link::relocated_link;
pub(crate) use mentions::{Counter, Mentions};
pub(crate) use own_names::own_names;
pub(crate) use role::is_record;
pub(crate) use shebang::{Head, head_of, interpreter_of};

use occurrence::{Place, is_plain, mentions_quoted, replace_plain, replace_quoted};
use role::{Role, Venvs};

/// What a relocation changes and what it cannot change.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Relocation {
    /// The new content of each file that named the old place.
    pub(crate) rewritten: BTreeMap<RelPath, Vec<u8>>,
    /// What people must know: editables, and files that still name the old place.
    pub(crate) unmoved: Vec<Unmoved>,
}

/// A file above this size is no script.
const BYTES_MAX: u64 = 1 << 20;
/// A list of conda is no longer.
const LIST_MAX: u64 = 64 << 20;

/// The files that must be looked at: those whose form is known by their path, and programs anywhere, which may begin
/// with the path of an interpreter.
pub(crate) fn candidates(manifest: &Manifest) -> Vec<&Entry> {
    let venvs = Venvs::of(manifest.entries().iter().map(|entry| &entry.path));
    let is_program = |entry: &Entry| {
        let is_library = memchr::memmem::find(entry.path.name(), b".so").is_some();
        entry.meta.mode & 0o111 != 0 && !is_library
    };
    let small = |entry: &&Entry| {
        let most = if is_conda_list(&entry.path) {
            LIST_MAX
        } else {
            BYTES_MAX
        };
        entry.size().is_some_and(|size| (1..=most).contains(&size))
    };
    manifest
        .entries()
        .iter()
        .filter(small)
        .filter(|entry| Role::of(&entry.path, &venvs).is_some() || is_program(entry))
        .collect()
}

/// Rewrites what names a directory by any of the names `from` so that it names `to`; all are absolute. `contents` holds
/// every candidate. What `stay` names stays as it is.
pub(crate) fn relocate(
    contents: &BTreeMap<RelPath, Vec<u8>>,
    from: &[&[u8]],
    to: &[u8],
    stay: &HashSet<RelPath>,
) -> Relocation {
    let mut done = Relocation::default();
    for name in from {
        let now;
        let now = if done.rewritten.is_empty() {
            contents
        } else {
            let mut all = contents.clone();
            all.extend(done.rewritten.clone());
            now = all;
            &now
        };
        let more = relocate_one(now, name, to, stay);
        done.rewritten.extend(more.rewritten);
        done.unmoved.extend(more.unmoved);
    }
    done.unmoved.dedup();
    done
}

/// The same of one name.
fn relocate_one(
    contents: &BTreeMap<RelPath, Vec<u8>>,
    from: &[u8],
    to: &[u8],
    stay: &HashSet<RelPath>,
) -> Relocation {
    let place = Place { from, to };
    let mut done = Relocation::default();
    let venvs = Venvs::of(contents.keys());
    let config = contents
        .iter()
        .find(|(path, _)| path.as_bytes() == b"pyvenv.cfg");
    let custom_prompt = config.is_some_and(|(_, content)| has_prompt(content));
    let of_conda = conda::rewrite(contents, &place, stay);
    for (path, content) in contents.iter().filter(|(path, _)| !stay.contains(path)) {
        if let Some(new) = of_conda.get(path) {
            done.keep(path, content, new.clone());
            continue;
        }
        let new = match Role::of(path, &venvs) {
            Some(Role::Config) => Ok(replace_plain(content, &place)),
            Some(Role::Activate(shell)) => {
                // A venv within this one keeps its prompt.
                let is_own = is_in_scripts(path);
                activate::rewrite(content, &place, shell, is_own && !custom_prompt)
            }
            Some(Role::Script) => script(content, &place),
            Some(Role::Json) => json::rewrite(content, &place),
            Some(Role::Url) => {
                done.unmoved
                    .extend(editable::unmoved(path, content, &place));
                json::rewrite_urls(content, &place)
            }
            Some(Role::Editable) => {
                done.unmoved
                    .extend(editable::unmoved(path, content, &place));
                editable::rewrite(path, content, &place)
            }
            None if runs_from(content, &place) => script(content, &place),
            Some(Role::Record) | None => continue,
        };
        done.keep(path, content, new);
    }
    // The lists come last, since a row carries the hash of what was rewritten.
    let lists = contents.iter().filter(|(path, _)| is_record(path));
    // The lists of conda come after those of Python, which they list.
    let (of_conda, of_python): (Vec<_>, Vec<_>) = lists.partition(|(path, _)| is_conda_list(path));
    for (path, content) in of_python {
        let new = record::rewrite(path, content, &place, &done.rewritten);
        done.keep(path, content, Ok(new));
    }
    for (path, content) in of_conda {
        let new = conda::rewrite_list(content, &place, &done.rewritten);
        done.keep(path, content, new);
    }
    done
}

/// The file names the old place in a way that cannot be rewritten.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stuck;

impl Relocation {
    fn keep(&mut self, path: &RelPath, old: &[u8], new: Result<Vec<u8>, Stuck>) {
        match new {
            Ok(new) if new != old => drop(self.rewritten.insert(path.clone(), new)),
            Ok(_) => {}
            Err(Stuck) => self.unmoved.push(Unmoved::Stuck(path.clone())),
        }
    }
}

fn has_prompt(config: &[u8]) -> bool {
    config.split(|&b| b == b'\n').any(|line| {
        line.trim_ascii_start()
            .strip_prefix(b"prompt")
            .is_some_and(|rest| rest.trim_ascii_start().starts_with(b"="))
    })
}

/// Whether a program is run by an interpreter of the old place.
fn runs_from(content: &[u8], place: &Place<'_>) -> bool {
    interpreter_of(content).is_some_and(|path| shebang::named(&path, place).is_some())
}

/// A script: its first lines, and whatever else in it names the old place.
fn script(content: &[u8], place: &Place<'_>) -> Result<Vec<u8>, Stuck> {
    let (head, rest) = shebang::rewrite(content, place)?;
    if !mentions_quoted(rest, place) {
        return Ok([&head, rest].concat());
    }
    // A zip behind a script, or a program, holds lengths and offsets: not a byte of it may move.
    if rest.contains(&0) || !is_plain(place.to) {
        return Err(Stuck);
    }
    Ok([head, replace_quoted(rest, place)].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        RelPath::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn every_file_that_names_the_old_place_names_the_new_one() {
        let site = "lib/python3.11/site-packages";
        let script = b"#!/srv/a/bin/python3\nimport x\n".to_vec();
        let record = format!(
            "../../../bin/tool,sha256=old,{}\nx/core.py,sha256=keep,5\nx-1.dist-info/RECORD,,\n",
            script.len()
        );
        let contents: BTreeMap<RelPath, Vec<u8>> = [
            (
                path("pyvenv.cfg"),
                b"home = /usr/bin\ncommand = /usr/bin/python3 -m venv /srv/a\n".to_vec(),
            ),
            (path("bin/tool"), script),
            (path("bin/other"), b"#!/usr/bin/python3\n".to_vec()),
            (
                path(&format!("{site}/x-1.dist-info/RECORD")),
                record.into_bytes(),
            ),
        ]
        .into();
        let done = relocate_one(&contents, b"/srv/a", b"/opt/new/b", &HashSet::new());
        assert_eq!(done.unmoved, Vec::new());
        let text = |name: &str| String::from_utf8(done.rewritten[&path(name)].clone()).unwrap();
        assert_eq!(
            text("pyvenv.cfg"),
            "home = /usr/bin\ncommand = /usr/bin/python3 -m venv /opt/new/b\n"
        );
        assert_eq!(text("bin/tool"), "#!/opt/new/b/bin/python3\nimport x\n");
        assert!(!done.rewritten.contains_key(&path("bin/other")));
        let record = text(&format!("{site}/x-1.dist-info/RECORD"));
        assert!(
            record.starts_with("../../../bin/tool,sha256=") && !record.contains("old"),
            "{record}"
        );
        assert!(
            record.ends_with(",34\nx/core.py,sha256=keep,5\nx-1.dist-info/RECORD,,\n"),
            "{record}"
        );
    }

    #[test]
    fn a_binary_that_names_the_old_place_is_told_not_touched() {
        let contents = [(
            path("bin/app"),
            b"#!/srv/a/bin/python\nPK\0/srv/a/x".to_vec(),
        )]
        .into();
        let done = relocate_one(&contents, b"/srv/a", b"/srv/b", &HashSet::new());
        assert!(done.rewritten.is_empty());
        assert_eq!(done.unmoved, [Unmoved::Stuck(path("bin/app"))]);
    }

    #[test]
    fn a_zip_behind_a_script_keeps_every_byte() {
        let zip = b"PK\x03\x04\0\0\xff\xfe";
        let content = [b"#!/srv/a/bin/python\n".as_slice(), zip].concat();
        let done = relocate_one(
            &[(path("bin/app"), content)].into(),
            b"/srv/a",
            b"/srv/bb",
            &HashSet::new(),
        );
        assert_eq!(
            done.rewritten[&path("bin/app")],
            [b"#!/srv/bb/bin/python\n".as_slice(), zip].concat()
        );
    }
}
