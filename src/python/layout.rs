//! Where the parts of an environment stand. Everything that looks for distributions or scripts asks here, so that one
//! more kind of environment is one more line in [`Layout::find`].

use crate::model::{Entry, Manifest, Node, RelPath};

/// Where the parts of an environment stand, as paths in its tree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Layout {
    /// The directories from which Python imports, in the order of the tree.
    pub(crate) sites: Vec<RelPath>,
    /// The directory of commands and of the interpreter's names.
    pub(crate) scripts: RelPath,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            sites: Vec::new(),
            scripts: RelPath::new(b"bin").unwrap_or_default(),
        }
    }
}

impl Layout {
    /// How a tree is laid out: a venv of `CPython` or `PyPy`, a conda environment, or what `pip install --target`
    /// filled.
    pub(crate) fn find(manifest: &Manifest) -> Self {
        let entries = || manifest.entries().iter();
        let dirs = entries().filter(|entry| entry.node == Node::Dir);
        let sites = dirs.filter(|entry| is_site(&entry.path));
        let mut sites: Vec<RelPath> = sites.map(|entry| entry.path.clone()).collect();
        let has = |path: &[u8]| RelPath::new(path).is_ok_and(|path| manifest.get(&path).is_some());
        let is_environment = has(b"pyvenv.cfg") || has(b"conda-meta");
        // Distributions at the top are what `--target` makes; in a venv they would be somebody's mistake.
        if sites.is_empty() && !is_environment && entries().any(is_info_at_top) {
            sites.push(RelPath::root());
        }
        Self {
            sites,
            ..Self::default()
        }
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
            let layout = Layout::find(&tree);
            assert_eq!(
                layout.sites,
                [RelPath::new(site.as_bytes()).unwrap()],
                "{kind}"
            );
            let dists = Dists::find(&tree, b"/srv/env", &|_| Some(METADATA.to_vec()));
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
        let layout = Layout::find(&tree(&["pyvenv.cfg", "six-1.17.0.dist-info/METADATA"]));
        assert_eq!(layout.sites, []);
        let path = |text: &str| RelPath::new(text.as_bytes()).unwrap();
        assert!(layout.is_script(&path("bin/six")) && !layout.is_script(&path("bin/a/six")));
        assert!(!layout.is_script(&path("bin")) && !layout.is_script(&RelPath::root()));
        assert_eq!(layout.script(b"six"), Some(path("bin/six")));
    }
}
