//! The other names of the interpreter in `bin`: scripts name `bin/python3` or `bin/python3.15`, whatever `bin/python`
//! is. Links to the same program and copies of the same content are as good as that one; others are asked.

use std::path::Path;

use super::{Facts, command, end_of_links};
use crate::disk::rooted::Rooted;
use crate::model::{Entry, Manifest, Node, RelPath};
use crate::python::layout::Layout;
use crate::python::pyvenv::minor;
use crate::python::subprocess::{Ear, End, run};
use crate::python::withheld::{is_unknown_user, is_withheld};

/// What one of them is asked, and how long its answer may be.
const QUESTION: &str = "import sys; print('%d.%d' % sys.version_info[:2])";
const ANSWER_MAX: usize = 100;
/// How long it may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);
/// The bits of a mode by which somebody may run a file.
const RUN: u32 = 0o111;

/// What is wrong with each, for people. `facts` are those of the first name, which is alive.
pub(super) fn problems(
    root: &Rooted,
    manifest: &Manifest,
    facts: &Facts,
) -> Vec<(RelPath, String)> {
    let layout = Layout::read(manifest);
    let entries = manifest.entries().iter();
    let others = entries.filter(|entry| {
        layout.is_script(&entry.path)
            && is_name(entry.path.name(), &facts.known.version)
            && Some(&entry.path) != facts.path.as_ref()
    });
    let first = facts.path.as_ref().and_then(|path| manifest.get(path));
    others
        .filter_map(|entry| {
            let problem = problem(root, facts, first, entry)?;
            Some((entry.path.clone(), problem))
        })
        .collect()
}

/// Whether an installer calls the interpreter of a version so: `python`, `python3`, `python3.15`, and those of `PyPy`.
fn is_name(name: &[u8], version: &str) -> bool {
    let Some((name, (major, small))) = std::str::from_utf8(name).ok().zip(minor(version)) else {
        return false;
    };
    let kinds = ["python", "pypy", "graalpy", "\u{1d70b}thon"];
    let rest = kinds.iter().find_map(|kind| name.strip_prefix(kind));
    rest.is_some_and(|rest| {
        let rest = rest.strip_suffix('t').unwrap_or(rest);
        rest.is_empty() || rest == major.to_string() || rest == format!("{major}.{small}")
    })
}

fn problem(root: &Rooted, facts: &Facts, first: Option<&Entry>, entry: &Entry) -> Option<String> {
    let path = root.path().join(entry.path.as_path());
    match &entry.node {
        Node::Symlink(_) => match std::fs::canonicalize(&path) {
            Ok(real) if real == Path::new(&facts.known.realpath) => None,
            Ok(_) => answer(root, facts, &path),
            Err(error) if is_withheld(&error) => None,
            Err(error) => Some(format!(
                "it leads to '{}', which cannot be found: {error}",
                end_of_links(&path).display()
            )),
        },
        Node::File { .. } if entry.meta.mode & RUN == 0 => {
            Some(format!("nobody may run it (mode {:04o})", entry.meta.mode))
        }
        Node::File { .. } if first.is_some_and(|first| first.node == entry.node) => None,
        Node::File { .. } => answer(root, facts, &path),
        Node::Unreadable(_) => None,
        other => Some(format!("it is a {}, not a program", other.type_name())),
    }
}

/// Asks one for its version.
fn answer(root: &Rooted, facts: &Facts, path: &Path) -> Option<String> {
    let mut command = command(root, path)?;
    command.args(["-S", "-c", QUESTION]);
    let said = match run(&mut command, Ear::Answer(ANSWER_MAX), PATIENCE) {
        Err(error) if is_withheld(&error) || is_unknown_user(root) => return None,
        Err(error) => return Some(format!("it does not run: {error}")),
        Ok(said) => said,
    };
    let version = match said.end {
        End::Late => return Some("it does not run: it does not answer".to_owned()),
        End::Exited(status) if !status.success() => {
            return Some(format!("it does not run: it ends with {status}"));
        }
        End::Exited(_) | End::Loud => String::from_utf8_lossy(&said.bytes).trim().to_owned(),
    };
    let is_same = minor(&version).is_some() && minor(&version) == minor(&facts.known.version);
    (!is_same).then(|| {
        let first = &facts.known.version;
        format!("it is Python '{version}', and 'bin/python' is {first}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_fit_the_version_are_those_of_the_interpreter() {
        for name in [
            "python",
            "python3",
            "python3.15",
            "python3.15t",
            "pypy3",
            "\u{1d70b}thon",
        ] {
            assert!(is_name(name.as_bytes(), "3.15.2"), "{name}");
        }
        for name in [
            "python3.14",
            "python3-config",
            "python-argcomplete",
            "ipython",
            "pip",
        ] {
            assert!(!is_name(name.as_bytes(), "3.15.2"), "{name}");
        }
    }
}
