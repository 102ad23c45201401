//! Whether there is a directory from which the interpreter imports packages. An empty one is a venv without packages;
//! where there is none, or no way leads there, a venv has lost them all.

use super::Subject;
use super::files::standing_above;
use crate::model::{Check, Finding, Node, RelPath};
use crate::python::layout;
use crate::python::pyvenv::{config_path, minor};

/// Looks for the directory, unless nothing says that this is a venv.
pub(super) fn check(subject: &Subject<'_>) -> Option<Finding> {
    subject.manifest.get(&config_path())?;
    if !subject.dists.layout.sites.is_empty() {
        return None;
    }
    let path = place(subject);
    let found =
        |path: &RelPath, text: String| Some(Finding::new(Check::SiteMissing, text).at(path));
    let there = subject.manifest.get(&path).map(|entry| &entry.node);
    let (at, node) = there
        .map(|node| (path.clone(), node))
        .or_else(|| standing_above(subject, &path))
        .unwrap_or((RelPath::root(), &Node::Dir));
    match node {
        // What lies there is not seen, or is no part of this tree.
        Node::Unreadable(_) => None,
        Node::Symlink(_) if (subject.reaches)(&path) => None,
        Node::Symlink(_) => {
            let text =
                format!("it is a link that leads to no '{path}', where all packages should be");
            found(&at, text)
        }
        Node::Dir => found(
            &path,
            "it is gone, with all packages that it held".to_owned(),
        ),
        other => {
            let text = format!(
                "it is a {}, and packages should lie in it",
                other.type_name()
            );
            found(&at, text)
        }
    }
}

/// Where the packages of this interpreter should be.
fn place(subject: &Subject<'_>) -> RelPath {
    let known = subject.interpreter.map(|facts| &facts.known);
    let place = known.and_then(|known| layout::site(&known.implementation, minor(&known.version)?));
    place
        .or_else(|| RelPath::new(layout::LIB.as_bytes()).ok())
        .unwrap_or_default()
}
