//! Files of two venvs that are the same inodes: installers give venvs names of one file.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// So many paths are looked at. Only damage of a few files is ever taken for an edit by hand.
const PATHS_MAX: usize = 1000;
/// Between the name of a Python and the path of a module.
const SITE: &str = "/site-packages/";

/// Of these paths below `venv`, those whose file has a name below `other` as well, where an installer gives it one:
/// at the same path, or in site-packages of another Python. They are told as paths below `other`.
pub fn shared_files(venv: &Path, other: &Path, paths: &[String]) -> BTreeSet<String> {
    let sites = sites(other);
    let mut shared = BTreeSet::new();
    for path in paths.iter().take(PATHS_MAX) {
        let Some(file) = file(&venv.join(path)).filter(|file| file.nlink() > 1) else {
            continue;
        };
        let module = path.split_once(SITE).map(|(_, module)| module);
        let elsewhere = sites
            .iter()
            .filter_map(|site| Some(format!("{site}{}", module?)));
        let is_same = |name: &String| {
            self::file(&other.join(name))
                .is_some_and(|own| (own.dev(), own.ino()) == (file.dev(), file.ino()))
        };
        shared.extend(
            std::iter::once(path.clone())
                .chain(elsewhere)
                .filter(is_same),
        );
    }
    shared
}

/// The directories of site-packages of a venv, each below it and with a slash behind.
fn sites(venv: &Path) -> Vec<String> {
    let pythons = std::fs::read_dir(venv.join("lib")).into_iter().flatten();
    let names = pythons.flatten().map(|one| one.file_name());
    names
        .filter_map(|name| Some(format!("lib/{}{SITE}", name.to_str()?)))
        .collect()
}

fn file(path: &PathBuf) -> Option<Metadata> {
    let meta = std::fs::symlink_metadata(path).ok()?;
    meta.is_file().then_some(meta)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_is_found_by_its_inode_also_below_another_python_and_a_copy_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            path
        };
        for name in ["same", "moved", "copied", "alone", "gone"] {
            fs::write(
                at(&format!("a/lib/python3.11/site-packages/{name}.py")),
                "x",
            )
            .unwrap();
        }
        let link = |name: &str, to: &str| {
            let from = at(&format!("a/lib/python3.11/site-packages/{name}.py"));
            fs::hard_link(from, at(to)).unwrap();
        };
        link("same", "b/lib/python3.11/site-packages/same.py");
        link("moved", "b/lib/python3.12/site-packages/moved.py");
        link("copied", "elsewhere/copied.py");
        link("gone", "b/lib/python3.11/site-packages/renamed.py");
        fs::write(at("b/lib/python3.11/site-packages/copied.py"), "x").unwrap();
        let paths = ["same", "moved", "copied", "alone", "gone", "never"]
            .map(|name| format!("lib/python3.11/site-packages/{name}.py"));
        let shared = shared_files(&dir.path().join("a"), &dir.path().join("b"), &paths);
        let expected = [
            "lib/python3.11/site-packages/same.py",
            "lib/python3.12/site-packages/moved.py",
        ];
        assert_eq!(shared, expected.map(str::to_owned).into());
    }
}
