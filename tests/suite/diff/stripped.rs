//! Sources that were removed on purpose, with bytecode in their places, are one notice.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::normal_use::{classed, is_left, told};
use crate::support::answers::states;
use crate::support::damage::Damage;
use crate::support::{Sandbox, Tree, venv};

/// Compiles a tree to bytecode in the places of its sources, and removes those.
fn strip(root: &Path, dir: &Path) -> Vec<PathBuf> {
    let compiled = Command::new(root.join("bin/python"))
        .args(["-m", "compileall", "-b", "-q"])
        .arg(dir)
        .stdin(Stdio::null())
        .status();
    assert!(compiled.unwrap().success(), "compileall");
    let mut sources = Vec::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_some_and(|end| end == "py") {
                fs::remove_file(&path).unwrap();
                sources.push(path);
            }
        }
    }
    sources
}

/// Each source was a finding of damage: 845 of them.
#[test]
fn sources_that_were_stripped_are_one_notice_and_what_their_bytecode_lacks_is_damage() {
    let sandbox = Sandbox::new();
    let root = sandbox.venv();
    venv::real(&root);
    sandbox.ok(&["save", "venv"]);
    let whole = Tree::of(&root);
    let site = root.join(venv::site_packages(&root));
    // One package.
    let sources = strip(&root, &site.join("click"));
    assert_eq!(sources.len(), 4);
    let (init, below) = (site.join("click/__init__.py"), root.as_path());
    let init = init
        .strip_prefix(below)
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(told(&sandbox, 0), [format!("sources-stripped {init}")]);
    assert_eq!(classed(&sandbox, 1, "damage"), [""; 0]);
    let drift = classed(&sandbox, 1, "drift");
    assert!(
        drift.contains(&format!("missing {init} stripped")),
        "{drift:?}"
    );
    is_left(&sandbox);
    // All of them.
    strip(&root, &site);
    assert_eq!(told(&sandbox, 0), ["sources-stripped "]);
    let check = sandbox.json(0, &["check", "venv"]);
    let text = check["findings"][0]["text"].as_str().unwrap();
    assert!(text.starts_with("16 sources are gone"), "{text}");
    assert_eq!(states(&sandbox.json(1, &["diff", "venv"])), [""; 0]);
    is_left(&sandbox);
    let save = sandbox.json(0, &["save", "venv", "--label", "stripped"]);
    assert_eq!(save["snapshot"]["baseline"], true, "{save}");
    // Bytecode that is gone or cut leaves its source missing; the snapshot with sources brings that, this one the
    // bytecode.
    let first = sandbox.ids().remove(0);
    let (gone, cut) = (site.join("idna/core.pyc"), site.join("idna/utils.pyc"));
    for reference in [&*first, "@stripped"] {
        fs::remove_file(&gone).unwrap();
        Damage::Truncate.apply(&cut);
        let found = told(&sandbox, 1);
        let of = |check: &str| found.iter().filter(|one| one.starts_with(check)).count();
        assert_eq!(
            (
                of("file-missing"),
                of("bytecode-broken"),
                of("sources-stripped")
            ),
            (2, 1, 1),
            "{found:?}"
        );
        let diff = sandbox.json(1, &["diff", "venv", reference]);
        assert_eq!(diff["summary"]["damage"], 2, "{reference}: {diff}");
        sandbox.ok(&["restore", "venv", reference, "--heal"]);
        assert!(
            told(&sandbox, 0)
                .iter()
                .all(|one| one.starts_with("sources-stripped")),
            "{reference}"
        );
        sandbox.ok(&["restore", "venv", "@stripped"]);
    }
    sandbox.ok(&["restore", "venv", &first]);
    whole
        .without_bytecode()
        .assert_same(&Tree::of(&root).without_bytecode(), "restored");
}
