//! The session of somebody whose venv is broken and was never saved.

use std::fs;

use super::scene::{Scene, comes};
use crate::support::tools;
use crate::support::tree::Tree;

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
    expected.iter().map(own).collect()
}

#[test]
fn what_is_damaged_is_fetched_the_rest_taken_over_and_undo_brings_the_ruin_back() {
    let scene = Scene::of_pip();
    fs::remove_file(scene.file("ant/core.py")).unwrap();
    fs::write(scene.file("bee/core.py"), "").unwrap();
    let ruin = Tree::of(&scene.venv());
    let taken = [
        ("ant", "fetched"),
        ("bee", "fetched"),
        ("cat", "taken-over"),
    ];
    let plan = scene.json(0, &["-n"]);
    assert_eq!(comes(&plan), pairs(&taken));
    assert_eq!(plan["mode"], "dry-run");
    Tree::of(&scene.venv()).assert_same(&ruin, "a dry run");
    assert!(!scene.sandbox.path("store").exists());

    let answer = scene.json(0, &[]);
    assert_eq!(comes(&answer), pairs(&taken));
    assert_eq!(answer["mode"], "exchanged");
    assert_eq!(answer["audit"]["clean"], true);
    scene.assert_works();
    // What is there is a baseline, and the ruin an incident.
    let diff = scene.sandbox.json(0, &["diff", "venv"]);
    assert_eq!(diff["identical"], true);
    assert_eq!(diff["snapshot"]["id"], answer["snapshot"]["id"]);
    assert_eq!(diff["snapshot"]["baseline"], true);
    let log = scene.sandbox.json(0, &["log", "venv"]);
    assert!(log.to_string().contains("\"rebuild\""), "{log}");
    scene.sandbox.ok(&["undo", "venv"]);
    Tree::of(&scene.venv()).assert_same(&ruin, "the ruin");
    scene.sandbox.ok(&["restore", "venv"]);
    scene.assert_works();
}

#[test]
fn a_broken_pip_is_in_nobodys_way() {
    let scene = Scene::of_pip();
    fs::remove_dir_all(scene.file("pip/_vendor/certifi")).unwrap();
    fs::remove_file(scene.file("cat/core.py")).unwrap();
    let run = scene.rebuild(0, &[]);
    assert!(run.stdout.contains("brought by the interpreter"), "{run}");
    scene.assert_works();
    let mut pip = std::process::Command::new(scene.venv().join("bin/pip"));
    tools::done(pip.args(["--version"]));
}

#[test]
fn a_venv_of_uv_is_made_by_uv_again_and_shares_nothing_with_its_cache() {
    let Some(uv) = tools::find("uv") else { return };
    let scene = Scene::of_uv(&uv);
    fs::remove_file(scene.file("ant/core.py")).unwrap();
    let path = std::env::var("PATH").unwrap();
    let mut command = scene.command(&["--json"]);
    command.env("PATH", format!("{}:{path}", uv.parent().unwrap().display()));
    let run = crate::support::Run::of(command);
    assert_eq!(run.code, 0, "{run}");
    let answer: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(answer["installer"], "uv");
    scene.assert_works();
    use std::os::unix::fs::MetadataExt;
    for name in ["ant", "bee", "cat"] {
        let meta = fs::metadata(scene.file(&format!("{name}/core.py"))).unwrap();
        assert_eq!(meta.nlink(), 1, "{name}");
    }
    let config = fs::read_to_string(scene.venv().join("pyvenv.cfg")).unwrap();
    assert!(config.contains("uv ="), "{config}");
}
