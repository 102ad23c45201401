//! Venvs that lost all packages at once, told from those that have none yet.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::Value;

use crate::support::answers::found;
use crate::support::faults::skipped;
use crate::support::pythons::{all, make};
use crate::support::sandbox::site;
use crate::support::session::Session;
use crate::support::{Sandbox, Tree, venv};

/// What is put in place of `lib`.
type Deed<'a> = &'a dyn Fn(&Path);

/// `rm -rf site-packages/*`.
fn empty(sandbox: &Sandbox) {
    for entry in fs::read_dir(site(sandbox)).unwrap() {
        fs::remove_dir_all(entry.unwrap().path()).unwrap();
    }
}

/// It became a baseline without a word.
#[test]
fn a_venv_that_lost_all_packages_since_its_baseline_is_not_saved() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let good = Tree::of(&sandbox.venv());
    empty(&sandbox);
    let mut session = Session::new(&sandbox);
    for _ in 0..2 {
        session.run(1, &["save", "venv"]);
        let run = sandbox.code(1, &["save", "venv", "--json"]);
        let error: Value = serde_json::from_str(&run.stderr).unwrap();
        assert_eq!(found(&error["error"]["audit"]), ["packages-gone "]);
        // Who forces it gets a snapshot, and no baseline to compare with.
        let saved = sandbox.json(0, &["save", "venv", "--force"]);
        assert_eq!(saved["snapshot"]["baseline"], false, "{saved}");
    }
    insta::assert_snapshot!(session.told());
    sandbox.ok(&["restore", "venv"]);
    good.assert_same(&Tree::of(&sandbox.venv()), "restored");
    sandbox.ok(&["save", "venv"]);
    // Who means it says so.
    empty(&sandbox);
    let rule = "[[accept]]\ncheck = 'packages-gone'\nreason = 'made anew'\n";
    fs::write(sandbox.path("snap.toml"), rule).unwrap();
    let saved = sandbox.json(0, &["save", "venv"]);
    assert_eq!(saved["snapshot"]["baseline"], true, "{saved}");
    fs::remove_file(sandbox.path("snap.toml")).unwrap();
    sandbox.ok(&["save", "venv"]);
}

/// `diff` called it an upgrade, and `--heal` had nothing to do.
#[test]
fn a_venv_that_lost_all_packages_is_damaged_and_healed() {
    type Loss = fn(&Sandbox);
    let losses: [(&str, Loss); 3] = [
        ("rm -rf site-packages/*", empty),
        ("rm -rf lib", |sandbox| {
            fs::remove_dir_all(sandbox.venv().join("lib")).unwrap();
        }),
        ("rm -rf *", |sandbox| {
            for entry in fs::read_dir(sandbox.venv()).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() && !path.is_symlink() {
                    fs::remove_dir_all(path).unwrap();
                } else {
                    fs::remove_file(path).unwrap();
                }
            }
        }),
    ];
    for (what, lose) in losses {
        let sandbox = Sandbox::new();
        venv::tiny(&sandbox.venv());
        sandbox.ok(&["save", "venv"]);
        lose(&sandbox);
        let found = sandbox.json(1, &["diff", "venv"]);
        assert!(
            found["summary"]["damage"].as_u64() > Some(0),
            "{what}: {found}"
        );
        let states = found["packages"].as_array().unwrap().iter();
        let states: Vec<&str> = states.map(|one| one["state"].as_str().unwrap()).collect();
        assert!(!states.is_empty(), "{what}");
        assert!(
            states.iter().all(|state| *state == "damaged"),
            "{what}: {states:?}"
        );
        let status = sandbox.json(1, &["status", "venv"]);
        assert_eq!(status["venvs"][0]["state"], "damaged", "{what}: {status}");
        sandbox.ok(&["restore", "venv", "--heal"]);
        // All but the times of directories, which is nobody's damage.
        sandbox.ok(&["diff", "venv"]);
    }
}

#[test]
fn a_new_venv_has_no_packages_and_is_sound() {
    let Some((_, python)) = all().pop() else {
        skipped(1, "no python3.X on the path");
        return;
    };
    let sandbox = Sandbox::new();
    make(&python, &sandbox.venv());
    let answer = sandbox.json(0, &["check", "venv"]);
    assert_eq!(found(&answer), Vec::<String>::new());
    for _ in 0..2 {
        let saved = sandbox.json(0, &["save", "venv"]);
        assert_eq!(saved["snapshot"]["baseline"], true, "{saved}");
    }
}

/// With `lib` as a link that led nowhere it was sound, with 0 distributions.
#[test]
fn a_venv_whose_packages_are_out_of_reach_is_damaged() {
    let (site, lib) = (venv::SITE, "lib");
    let cases: [(&str, &str, Deed<'_>); 5] = [
        ("no lib", site, &|_| ()),
        ("a link to nowhere", lib, &|lib| {
            symlink("/nowhere", lib).unwrap();
        }),
        ("a file", lib, &|lib| fs::write(lib, b"").unwrap()),
        ("no site-packages", site, &|lib| {
            fs::create_dir_all(lib.join("python3.11")).unwrap();
        }),
        ("site-packages as a link to nowhere", site, &|lib| {
            fs::create_dir_all(lib.join("python3.11")).unwrap();
            symlink("/nowhere", lib.join("python3.11/site-packages")).unwrap();
        }),
    ];
    for (what, path, put) in cases {
        let sandbox = Sandbox::new();
        venv::tiny(&sandbox.venv());
        let lib = sandbox.venv().join("lib");
        fs::rename(&lib, sandbox.path("away")).unwrap();
        put(&lib);
        let answer = sandbox.json(1, &["check", "venv"]);
        assert_eq!(found(&answer).len(), 1, "{what}: {answer}");
        let finding = &answer["findings"][0];
        assert_eq!(finding["check"], "site-missing", "{what}: {answer}");
        assert_eq!(finding["path"], path, "{what}: {answer}");
        sandbox.code(1, &["save", "venv"]);
        let saved = sandbox.json(0, &["save", "venv", "--force"]);
        assert_eq!(saved["snapshot"]["baseline"], false, "{what}: {saved}");
    }
    // Where a link leads there, Python finds them.
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    fs::rename(sandbox.venv().join("lib"), sandbox.path("away")).unwrap();
    symlink(sandbox.path("away"), sandbox.venv().join("lib")).unwrap();
    sandbox.ok(&["check", "venv"]);
}
