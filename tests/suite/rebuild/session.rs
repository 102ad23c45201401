//! The session of somebody whose venv is broken and was never saved.

use std::fs;

use super::scene::{Scene, comes};
use crate::support::readme::{THERE, sessions, shape};
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

/// The shape of an answer of `rebuild`: one line for several packages of a list, whatever they are called.
fn outline<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let line = |line: &str| {
        let name = line
            .strip_prefix("    ")
            .and_then(|line| line.split(' ').next());
        let line = name.map_or_else(|| line.to_owned(), |name| line.replacen(name, "NAME", 1));
        let words = line.split_whitespace().map(|word| match word {
            "packages" => "package",
            path if path.starts_with("(/") => "(PATH)",
            word => word,
        });
        shape(&words.collect::<Vec<_>>().join(" "))
    };
    let mut all: Vec<String> = lines.map(line).filter(|line| !line.is_empty()).collect();
    all.dedup();
    all
}

#[test]
fn what_the_readme_shows_of_a_rebuild_is_what_the_program_says() {
    let told = sessions();
    let shown = told
        .iter()
        .find(|(command, _)| command.starts_with("snap rebuild"));
    let (command, shown) = shown.unwrap();
    assert_eq!(command, &format!("snap rebuild {THERE}"));
    let scene = Scene::of_pip();
    for file in ["ant/core.py", "bee/core.py", "pip/__main__.py"] {
        fs::remove_file(scene.file(file)).unwrap();
    }
    let said = scene.rebuild(0, &[]).stdout;
    let said = said.replace(scene.venv().to_str().unwrap(), THERE);
    let shown = outline(shown.iter().map(String::as_str));
    assert_eq!(outline(said.lines()), shown, "{said}");
}
