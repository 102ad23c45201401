//! What a file is to a relocation, by its path.

use std::collections::HashSet;

use super::activate::Shell;
use crate::model::RelPath;
use crate::python::layout::{SCRIPTS, is_conda_list};

/// What a file is to a relocation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// `pyvenv.cfg`.
    Config,
    /// An activate script.
    Activate(Shell),
    /// Anything else in `bin`.
    Script,
    /// What names the source of an editable install, or adds directories: text for Python, or a list of paths.
    Editable,
    /// `direct_url.json`, whose paths are URLs.
    Url,
    /// Other JSON of which tools read paths.
    Json,
    /// The list of files of a distribution.
    Record,
}

/// The directories that are venvs: the root, and those within it.
#[derive(Debug)]
pub(super) struct Venvs(HashSet<RelPath>);

impl Venvs {
    pub(super) fn of<'a>(paths: impl Iterator<Item = &'a RelPath>) -> Self {
        let configs = paths.filter(|path| path.name() == b"pyvenv.cfg");
        let roots = configs.filter_map(RelPath::parent);
        Self(roots.chain([RelPath::root()]).collect())
    }

    fn is_bin(&self, dir: &RelPath) -> bool {
        dir.name() == SCRIPTS.as_bytes() && dir.parent().is_some_and(|root| self.0.contains(&root))
    }
}

impl Role {
    pub(super) fn of(path: &RelPath, venvs: &Venvs) -> Option<Self> {
        let name = path.name();
        let parent = path.parent()?;
        if name == b"pyvenv.cfg" {
            return Some(Self::Config);
        }
        if venvs.is_bin(&parent) {
            return Some(Shell::of(name).map_or(Self::Script, Self::Activate));
        }
        if is_record(path) {
            return Some(Self::Record);
        }
        if name == b"direct_url.json" {
            return Some(Self::Url);
        }
        if is_kernel(path) || path.as_bytes() == b"pipx_metadata.json" {
            return Some(Self::Json);
        }
        let ends = |suffixes: &[&[u8]]| suffixes.iter().any(|suffix| name.ends_with(suffix));
        // The finders of setuptools, scikit-build-core and meson-python.
        let is_finder = name.starts_with(b"__editable__") && ends(&[b".py"])
            || name.starts_with(b"_") && ends(&[b"_editable.py", b"_editable_loader.py"]);
        (is_finder || ends(&[b".pth", b".start", b".egg-link"])).then_some(Self::Editable)
    }
}

/// Whether a file is the list of files of a distribution, which carries the sums of what was rewritten.
pub(crate) fn is_record(path: &RelPath) -> bool {
    let dir = path.parent();
    is_conda_list(path)
        || path.name() == b"RECORD" && dir.is_some_and(|dir| dir.name().ends_with(b".dist-info"))
}

/// A kernel of Jupyter: `share/jupyter/kernels/NAME/kernel.json`.
fn is_kernel(path: &RelPath) -> bool {
    let kernels = path.parent().and_then(|dir| dir.parent());
    let is_kernels = |dir: RelPath| dir.as_bytes().ends_with(b"share/jupyter/kernels");
    path.name() == b"kernel.json" && kernels.is_some_and(is_kernels)
}
