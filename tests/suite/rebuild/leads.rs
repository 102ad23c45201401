//! Whoever meets damage and has no snapshot is told the next command, in one line.

use std::fs;

use super::scene::Scene;
use crate::support::tree::Tree;
use crate::support::{Run, Sandbox, tools, venv};

/// The hint of a run, which is one line.
#[track_caller]
fn hint(run: &Run) -> String {
    let hints = run
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix("hint: "));
    let hints: Vec<&str> = hints.collect();
    assert_eq!(hints.len(), 1, "{run}");
    hints[0].to_owned()
}

#[test]
fn whoever_meets_damage_is_told_the_next_command() {
    let sandbox = Sandbox::new();
    let venv = sandbox.path("my venvs/venv");
    fs::create_dir_all(venv.parent().unwrap()).unwrap();
    venv::tiny(&venv);
    venv::package(&venv, venv::SITE, "ant", &["core.py"]);
    let name = "my venvs/venv";
    let rebuild = format!("snap rebuild '{}'", venv.display());
    let restore = format!("snap restore '{}'", venv.display());

    // Nothing is wrong, and nothing is to be done.
    assert!(!sandbox.code(0, &["check", name]).stderr.contains("hint:"));
    // No store, and then one without this venv.
    for verb in ["diff", "restore"] {
        let said = hint(&sandbox.code(10, &[verb, name]));
        assert!(said.ends_with(&rebuild), "{verb}: {said}");
    }
    venv::tiny(&sandbox.path("other"));
    sandbox.ok(&["save", "other"]);
    for verb in ["diff", "restore"] {
        let said = hint(&sandbox.code(10, &[verb, name]));
        assert!(said.ends_with(&rebuild), "{verb}: {said}");
    }
    let core = venv.join(venv::SITE).join("ant/core.py");
    let good = fs::read(&core).unwrap();
    fs::write(&core, "").unwrap();
    for verb in ["check", "save"] {
        let said = hint(&sandbox.code(1, &[verb, name]));
        assert!(
            said.contains(&rebuild) && !said.contains("restore"),
            "{verb}: {said}"
        );
    }
    let told = sandbox.code(1, &["check", name, "--json"]);
    let message: serde_json::Value = serde_json::from_str(told.stderr.trim()).unwrap();
    assert!(
        message["hint"].as_str().unwrap().contains(&rebuild),
        "{told}"
    );
    let told = sandbox.code(1, &["save", name, "--json"]);
    let error: serde_json::Value = serde_json::from_str(told.stderr.trim()).unwrap();
    assert!(
        error["error"]["hint"].as_str().unwrap().contains(&rebuild),
        "{told}"
    );

    // With a baseline the way back is a restore.
    fs::write(&core, good).unwrap();
    sandbox.ok(&["save", name]);
    fs::write(&core, "").unwrap();
    for verb in ["check", "diff", "save"] {
        let said = hint(&sandbox.code(1, &[verb, name]));
        assert!(
            said.contains(&restore) && !said.contains("rebuild"),
            "{verb}: {said}"
        );
    }
    assert!(
        !sandbox
            .code(1, &["check", name, "-q"])
            .stderr
            .contains("hint")
    );
}

#[test]
fn where_the_cache_has_the_same_damage_it_is_named_as_well() {
    let Some(uv) = tools::find("uv") else { return };
    let scene = Scene::of_uv(&uv);
    // The file is one link of several, and another is in uv's cache.
    fs::write(scene.file("ant/core.py"), "").unwrap();
    let mut command = scene.sandbox.command(&["check", "venv"]);
    command.env("UV_CACHE_DIR", scene.sandbox.path("cache/uv"));
    let said = hint(&Run::of(command));
    assert!(
        said.contains("snap rebuild ") && said.contains("snap cache quarantine --venv "),
        "{said}"
    );
}

#[test]
fn a_venv_is_built_elsewhere_from_wheels_of_a_directory_and_the_ruin_stays() {
    let scene = Scene::of_pip();
    fs::remove_file(scene.file("ant/core.py")).unwrap();
    let ruin = Tree::of(&scene.venv());
    let wheels = scene.sandbox.path("wheels").display().to_string();
    let nobody = |args: &[&str]| {
        let mut command = scene.command(&[&["--offline", "--find-links", &wheels], args].concat());
        command.env("PIP_INDEX_URL", "http://127.0.0.1:9/simple");
        Run::of(command)
    };
    // Only where nothing is.
    fs::create_dir_all(scene.sandbox.path("full/of")).unwrap();
    let inside = scene.venv().join("new").display().to_string();
    for place in ["full", "wheels/ant-1.0-py3-none-any.whl", "venv", &inside] {
        let run = nobody(&["--to", place]);
        assert_eq!(run.code, 3, "{place}: {run}");
    }
    Tree::of(&scene.venv()).assert_same(&ruin, "a refusal");
    fs::create_dir(scene.sandbox.path("empty")).unwrap();
    for place in ["new", "empty"] {
        let run = nobody(&["--to", place, "--json"]);
        assert_eq!(run.code, 0, "{run}");
        let answer: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(
            answer["place"],
            scene.sandbox.path(place).display().to_string()
        );
        assert_eq!(answer["incident"], serde_json::Value::Null);
        Tree::of(&scene.venv()).assert_same(&ruin, "the venv that told what belongs there");
        scene.sandbox.ok(&["check", place, "--import"]);
        assert_eq!(scene.sandbox.json(0, &["diff", place])["identical"], true);
        assert_eq!(scene.sandbox.debris(), Vec::<String>::new());
        let script = scene.sandbox.path(place).join("bin/ant-tool");
        let done = std::process::Command::new(script).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&done.stdout), "ant\n", "{done:?}");
    }
    // A directory that is not there is a mistake.
    let run = Run::of(scene.command(&["--find-links", "nowhere"]));
    assert_eq!(run.code, 2, "{run}");
}
