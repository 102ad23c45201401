//! Where the parts of an environment stand. Everything that looks for distributions or scripts asks here, so that one
//! more kind of environment is one more line in [`Layout::read`].

use std::path::{Path, PathBuf};

use crate::model::{Entry, Manifest, Node, RelPath, TreeKind};

/// The directory of commands and of the interpreter's names.
pub(crate) const SCRIPTS: &str = "bin";
/// The directory above those of packages.
pub(crate) const LIB: &str = "lib";
/// The directory in which conda keeps what it knows of an environment.
pub(crate) const CONDA_META: &str = "conda-meta";
/// The names by which programs call the interpreter, the usual one first.
const PYTHONS: [&str; 2] = ["bin/python", "bin/python3"];

/// Where the parts of an environment stand, as paths in its tree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Layout {
    /// What kind of tree it is.
    pub(crate) kind: TreeKind,
    /// The directories from which Python imports, in the order of the tree.
    pub(crate) sites: Vec<RelPath>,
    /// The directory of commands and of the interpreter's names.
    pub(crate) scripts: RelPath,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            kind: TreeKind::Venv,
            sites: Vec::new(),
            scripts: RelPath::new(SCRIPTS.as_bytes()).unwrap_or_default(),
        }
    }
}

impl Layout {
    /// How a tree is laid out: a venv of `CPython` or `PyPy`, a conda environment, or what `pip install --target`
    /// filled.
    pub(crate) fn read(manifest: &Manifest) -> Self {
        let entries = || manifest.entries().iter();
        let dirs = entries().filter(|entry| entry.node == Node::Dir);
        let sites = dirs.filter(|entry| is_site(&entry.path));
        let mut sites: Vec<RelPath> = sites.map(|entry| entry.path.clone()).collect();
        let has = |path: &[u8]| RelPath::new(path).is_ok_and(|path| manifest.get(&path).is_some());
        let is_target = || sites.is_empty() && entries().any(is_info_at_top);
        // What lost its mark is still a venv as long as anything of one is left.
        let is_left = || !sites.is_empty() || pythons().any(|path| manifest.get(&path).is_some());
        let kind = match () {
            () if has(b"pyvenv.cfg") => TreeKind::Venv,
            () if has(CONDA_META.as_bytes()) => TreeKind::Conda,
            // Distributions at the top are what `--target` makes; in a venv they would be somebody's mistake.
            () if is_target() => TreeKind::Target,
            () if is_left() => TreeKind::Venv,
            () => TreeKind::Any,
        };
        if kind == TreeKind::Target {
            sites.push(RelPath::root());
        }
        Self {
            kind,
            sites,
            ..Self::default()
        }
    }

    /// What stands between the place of an environment and the name of a command: `/bin/`.
    pub(crate) fn script_infix(&self) -> Vec<u8> {
        [b"/", self.scripts.as_bytes(), b"/"].concat()
    }

    /// Whether a path stands directly among the commands.
    pub(crate) fn is_script(&self, path: &RelPath) -> bool {
        path.parent_bytes() == self.scripts.as_bytes() && !path.is_root()
    }

    /// The path of a command; none where no file can have such a name.
    pub(crate) fn script(&self, name: &[u8]) -> Option<RelPath> {
        self.scripts.join(name).ok()
    }
}

/// Whether a directory is, or would hold, one from which Python imports: nothing is known of the packages where it
/// cannot be looked into.
pub(crate) fn holds_site(path: &RelPath) -> bool {
    let parts: Vec<&[u8]> = path.parts().collect();
    let is_above = matches!(
        parts[..],
        [b"lib" | b"lib64" | b"Lib"] | [b"lib" | b"lib64", _]
    );
    is_above || is_site(path)
}

/// The paths of the interpreter in a venv, the usual one first.
pub(crate) fn pythons() -> impl Iterator<Item = RelPath> {
    let paths = PYTHONS.iter().map(|path| RelPath::new(path.as_bytes()));
    paths.filter_map(Result::ok)
}

/// The interpreter of a venv, as people call it.
pub(crate) fn python_in(venv: &Path) -> PathBuf {
    venv.join(PYTHONS[0])
}

/// Whether a path is one of the names of the interpreter, such as `bin/python3.11`.
pub(crate) fn is_python(path: &RelPath) -> bool {
    path.as_bytes().starts_with(PYTHONS[0].as_bytes())
}

/// Whether a path lies below the commands.
pub(crate) fn is_in_scripts(path: &RelPath) -> bool {
    let below = path.as_bytes().strip_prefix(SCRIPTS.as_bytes());
    below.is_some_and(|below| below.starts_with(b"/"))
}

/// Whether a path is of what conda knows of one package: `conda-meta/NAME-VERSION-BUILD.json`.
pub(crate) fn is_conda_list(path: &RelPath) -> bool {
    path.parent_bytes() == CONDA_META.as_bytes() && path.name().ends_with(b".json")
}

/// The environment among whose commands a path on this host stands, and the path in it.
pub(crate) fn environment_of(command: &Path) -> Option<(&Path, RelPath)> {
    let (scripts, name) = command.parent().zip(command.file_name())?;
    let is_scripts = scripts.file_name() == Some(SCRIPTS.as_ref());
    let root = scripts.parent().filter(|_| is_scripts)?;
    let scripts = RelPath::new(SCRIPTS.as_bytes()).ok()?;
    Some((root, scripts.join(name.as_encoded_bytes()).ok()?))
}

/// Where the environment stands to which an interpreter belongs, by the path of that.
pub(crate) fn root_of_python(python: &[u8]) -> Option<&[u8]> {
    let infix = [b"/", PYTHONS[0].as_bytes()].concat();
    memchr::memmem::rfind(python, &infix).map(|at| &python[..at])
}

/// Whether a directory of this name holds packages.
pub(crate) fn is_site_name(name: &[u8]) -> bool {
    matches!(name, b"site-packages" | b"dist-packages")
}

/// The directory of packages that a path lies below, by its name.
pub(crate) fn site_above(path: &RelPath) -> Option<RelPath> {
    let mut above = std::iter::successors(path.parent(), RelPath::parent);
    let sites = above.by_ref().filter(|dir| is_site_name(dir.name()));
    // Packages may hold directories of that name.
    sites.last()
}

/// How the path of the directory begins in which an interpreter looks for packages; its version follows.
pub(crate) fn lib_prefix(implementation: &str) -> &'static str {
    match implementation {
        "pypy" => "lib/pypy",
        _ => "lib/python",
    }
}

/// Where an interpreter of this kind and version has its packages.
pub(crate) fn site(implementation: &str, (major, minor): (u32, u32)) -> Option<RelPath> {
    let lib = lib_prefix(implementation);
    RelPath::new(format!("{lib}{major}.{minor}/site-packages").as_bytes()).ok()
}

/// Where packages may lie below the place of an interpreter: as Debian has them, and as others do.
pub(crate) fn base_sites(base: &Path, (major, minor): (u32, u32)) -> [Vec<PathBuf>; 2] {
    let python = format!("python{major}.{minor}");
    [
        vec![
            base.join(format!("lib/{python}/dist-packages")),
            base.join(format!("local/lib/{python}/dist-packages")),
            base.join(format!("lib/python{major}/dist-packages")),
        ],
        vec![
            base.join(format!("lib/{python}/site-packages")),
            base.join(format!("lib64/{python}/site-packages")),
        ],
    ]
}

/// The name of the directory of one Python that a path lies in: `python3.11` of `lib/python3.11/x.py`.
pub(crate) fn python_dir(path: &RelPath) -> Option<&[u8]> {
    let mut parts = path.parts();
    let is_lib = matches!(parts.next()?, b"lib" | b"lib64");
    parts.next().filter(|_| is_lib)
}

/// Whether a path stands directly in the packages of a `CPython`.
pub(crate) fn is_in_cpython_site(path: &RelPath) -> bool {
    let parts: Vec<&[u8]> = path.parts().collect();
    match parts[..] {
        [b"lib" | b"lib64", python, b"site-packages", _] => python.starts_with(b"python"),
        _ => false,
    }
}

/// `lib/pythonX.Y/site-packages`, also of `PyPy` and of conda; `dist-packages` as Debian has it.
fn is_site(path: &RelPath) -> bool {
    let parts: Vec<&[u8]> = path.parts().collect();
    matches!(
        parts[..],
        [b"lib" | b"lib64", _, b"site-packages" | b"dist-packages"] | [b"Lib", b"site-packages"]
    )
}

fn is_info_at_top(entry: &Entry) -> bool {
    let is_top = entry.path.parent().is_some_and(|dir| dir.is_root());
    is_top && entry.node == Node::Dir && entry.path.name().ends_with(b".dist-info")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, Meta, Time};
    use crate::python::dist::Dists;

    const METADATA: &[u8] = b"Metadata-Version: 2.1\nName: Six\nVersion: 1.17.0\n";

    fn tree(paths: &[&str]) -> Manifest {
        let meta = Meta {
            mode: 0o755,
            uid: 0,
            gid: 0,
            mtime: Time { secs: 0, nanos: 0 },
            xattrs: Vec::new(),
        };
        let mut entries = vec![(RelPath::root(), Node::Dir)];
        for path in paths {
            let file = RelPath::new(path.as_bytes()).unwrap();
            let above = std::iter::successors(file.parent(), RelPath::parent);
            entries.extend(above.map(|dir| (dir, Node::Dir)));
            let (size, digest) = (METADATA.len() as u64, Digest::of(METADATA));
            let link_to = None;
            entries.push((
                file,
                Node::File {
                    size,
                    digest,
                    link_to,
                },
            ));
        }
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        entries.dedup_by(|(a, _), (b, _)| a == b);
        let entry = |(path, node)| Entry {
            path,
            meta: meta.clone(),
            node,
        };
        Manifest::new(entries.into_iter().map(entry).collect())
    }

    #[test]
    fn every_kind_of_environment_tells_its_distributions_by_the_same_code() {
        let info = "six-1.17.0.dist-info/METADATA";
        for (kind, marks, site) in [
            (
                "a venv",
                &["pyvenv.cfg"][..],
                "lib/python3.12/site-packages",
            ),
            (
                "a venv of PyPy",
                &["pyvenv.cfg"],
                "lib/pypy3.10/site-packages",
            ),
            ("of Debian", &["pyvenv.cfg"], "lib/python3/dist-packages"),
            (
                "of conda",
                &["conda-meta/history"],
                "lib/python3.12/site-packages",
            ),
            ("what --target filled", &["bin/six"], ""),
        ] {
            let file = format!("{site}/{info}");
            let file = file.trim_start_matches('/');
            let paths = [marks, &[file]].concat();
            let tree = tree(&paths);
            let layout = Layout::read(&tree);
            assert_eq!(
                layout.sites,
                [RelPath::new(site.as_bytes()).unwrap()],
                "{kind}"
            );
            let dists = Dists::read(&tree, b"/srv/env", &|_| Some(METADATA.to_vec()));
            let told: Vec<_> = dists
                .all
                .iter()
                .map(|one| (&*one.name, &*one.version))
                .collect();
            assert_eq!(told, [("six", "1.17.0")], "{kind}");
        }
    }

    #[test]
    fn a_venv_whose_site_packages_are_gone_has_none_wherever_else_something_lies() {
        let layout = Layout::read(&tree(&["pyvenv.cfg", "six-1.17.0.dist-info/METADATA"]));
        assert_eq!(layout.sites, []);
        let path = |text: &str| RelPath::new(text.as_bytes()).unwrap();
        assert!(layout.is_script(&path("bin/six")) && !layout.is_script(&path("bin/a/six")));
        assert!(!layout.is_script(&path("bin")) && !layout.is_script(&RelPath::root()));
        assert_eq!(layout.script(b"six"), Some(path("bin/six")));
    }
}
