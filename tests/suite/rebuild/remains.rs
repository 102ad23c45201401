//! A venv in which an info directory is gone, so that no list of what is installed has that package.

use std::fs;

use serde_json::Value;

use super::scene::{Scene, comes};
use crate::support::tree::Tree;
use crate::support::wheel;

fn forget(scene: &Scene, name: &str) {
    fs::remove_dir_all(scene.file(&format!("{name}-1.0.dist-info"))).unwrap();
}

/// Installs a wheel of the index that the scene did not install.
fn install(scene: &Scene, name: &str) {
    let wheel = scene
        .sandbox
        .path(&format!("wheels/{name}-1.0-py3-none-any.whl"));
    wheel::pip(
        &scene.venv(),
        &["install", "--no-deps", wheel.to_str().unwrap()],
    );
}

fn package<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let mut all = answer["packages"].as_array().unwrap().iter();
    all.find(|one| one["name"] == name)
        .unwrap_or_else(|| panic!("{name}: {answer}"))
}

#[test]
fn what_others_require_comes_again_though_its_info_directory_is_gone() {
    // The version is that which came, wherever it was told.
    for (says, asked) in [
        ("", Value::from("ant")),
        ("__version__ = '1.0'\n", Value::Null),
    ] {
        let scene = Scene::of_pip();
        forget(&scene, "ant");
        let init = scene.file("ant/__init__.py");
        let text = fs::read_to_string(&init).unwrap() + says;
        fs::write(&init, text).unwrap();
        let answer = scene.json(0, &[]);
        let ant = package(&answer, "ant");
        assert_eq!((&ant["asked"], &ant["version"]), (&asked, &"1.0".into()));
        assert_eq!(ant["comes"], "fetched", "{says}: {answer}");
        assert!(
            ant["why"].as_str().unwrap().contains("others require it"),
            "{answer}"
        );
        assert_eq!(answer["remains"], serde_json::json!([]), "{answer}");
        assert_eq!(answer["left_behind"], serde_json::json!([]), "{answer}");
        scene.assert_works();
    }
}

#[test]
fn what_nobody_requires_is_named_and_nothing_is_done_without_a_word_on_it() {
    let scene = Scene::of_pip();
    forget(&scene, "cat");
    fs::write(
        scene.file("cat/_version.py"),
        "__version__ = version = \"1.0\"\n",
    )
    .unwrap();
    let ruin = Tree::of(&scene.venv());
    let plan = scene.json(0, &["-n"]);
    assert_eq!(plan["remains"][0]["module"], "cat", "{plan}");
    assert_eq!(plan["remains"][0]["perhaps"], "cat==1.0", "{plan}");
    let run = scene.rebuild(3, &[]);
    assert!(
        run.stderr.contains("nothing tells what brought 'cat'"),
        "{run}"
    );
    assert!(run.stderr.contains("--with cat==1.0;"), "{run}");
    Tree::of(&scene.venv()).assert_same(&ruin, "a refusal");
    // With a word on it.
    let answer = scene.json(0, &["--with", "cat>=1"]);
    assert_eq!(package(&answer, "cat")["asked"], "cat>=1");
    assert_eq!(answer["remains"], serde_json::json!([]), "{answer}");
    scene.assert_works();
    scene.sandbox.ok(&["undo", "venv"]);
    Tree::of(&scene.venv()).assert_same(&ruin, "the ruin");
}

#[test]
fn it_is_done_without_where_somebody_says_so_and_told() {
    let scene = Scene::of_pip();
    forget(&scene, "cat");
    let answer = scene.json(0, &["--force"]);
    assert_eq!(answer["remains"][0]["module"], "cat", "{answer}");
    assert!(!scene.file("cat").exists());
    scene.sandbox.ok(&["undo", "venv"]);
    assert!(scene.file("cat/core.py").exists());
}

/// Each form in which modules stand there: what is left, and how it is called.
const FORMS: [(&str, &str, &str); 6] = [
    ("a package", "dog/core.py", "dog"),
    ("a package without a beginning", "elk/inner/core.py", "elk"),
    ("a module", "fox.py", "fox"),
    ("an extension", "gnu.cpython-312-x86_64-linux-gnu.so", "gnu"),
    ("a part of a namespace", "zoo/hen/core.py", "zoo.hen"),
    ("a module of a namespace", "zoo/jay.py", "zoo.jay"),
];

/// What is no package of which the list was lost.
const OTHERS: [(&str, &str); 8] = [
    ("what virtualenv puts there", "_virtualenv.py"),
    ("what people put there", "sitecustomize.py"),
    ("paths", "house.pth"),
    ("notes", "README.txt"),
    ("data", "kid/data.json"),
    ("bytecode", "kid/__pycache__/core.cpython-312.pyc"),
    ("a file in somebody's package", "cat/settings.py"),
    ("a directory in somebody's package", "cat/migrations/a.py"),
];

#[test]
fn remains_of_each_form_are_known_and_what_is_none_is_only_told() {
    let scene = Scene::of_pip();
    let wheels = scene.sandbox.path("wheels");
    wheel::build(&wheels, "owl", "1.0", &[("zoo/owl.py", "x = 1\n")], &[]);
    install(&scene, "owl");
    for (_, file) in FORMS
        .map(|(form, file, _)| (form, file))
        .into_iter()
        .chain(OTHERS)
    {
        let path = scene.file(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "").unwrap();
    }
    let plan = scene.json(0, &["-n"]);
    let remains = plan["remains"].as_array().unwrap().iter();
    let modules: Vec<&str> = remains.map(|one| one["module"].as_str().unwrap()).collect();
    assert_eq!(modules, FORMS.map(|(_, _, module)| module), "{plan}");
}

#[test]
fn a_save_of_the_damaged_venv_tells_what_its_remains_are() {
    let scene = Scene::of_pip();
    fs::remove_file(scene.file("bee/core.py")).unwrap();
    scene.sandbox.ok(&["save", "venv", "--force"]);
    forget(&scene, "cat");
    let answer = scene.json(0, &[]);
    let cat = package(&answer, "cat");
    assert_eq!(cat["version"], "1.0", "{answer}");
    assert!(
        cat["why"].as_str().unwrap().contains("a snapshot lists it"),
        "{answer}"
    );
    scene.assert_works();
}

#[test]
fn a_requirement_that_nothing_meets_is_told_and_no_success() {
    let scene = Scene::of_pip();
    forget(&scene, "ant");
    fs::remove_dir_all(scene.file("ant")).unwrap();
    let plan = scene.json(0, &["-n"]);
    assert_eq!(plan["unmet"][0]["need"], "ant", "{plan}");
    let run = scene.rebuild(1, &[]);
    assert!(
        run.stdout.contains("1 requirement not met") && run.stdout.contains("bee needs 'ant'"),
        "{run}"
    );
    let answer = scene.json(0, &["--from", "latest", "--with", "ant"]);
    assert_eq!(answer["unmet"], serde_json::json!([]), "{answer}");
    scene.assert_works();
}

#[test]
fn where_the_import_fails_for_it_the_hint_brings_it() {
    let scene = Scene::of_pip();
    let wheels = scene.sandbox.path("wheels");
    wheel::build(
        &wheels,
        "eel",
        "1.0",
        &[("eel/__init__.py", "import ant\n")],
        &["ant"],
    );
    install(&scene, "eel");
    forget(&scene, "ant");
    fs::remove_dir_all(scene.file("ant")).unwrap();
    let run = scene.rebuild(3, &[]);
    assert!(run.stderr.contains("bring it: --with ant"), "{run}");
    scene.json(0, &["--with", "ant"]);
}

#[test]
fn what_comes_anew_is_not_left_behind() {
    let scene = Scene::of_pip();
    // Nothing of it is listed, so all of it is nobody's.
    fs::write(scene.file("cat-1.0.dist-info/RECORD"), "").unwrap();
    fs::write(scene.file("notes.txt"), "mine\n").unwrap();
    let answer = scene.json(0, &[]);
    let left = answer["left_behind"].as_array().unwrap();
    assert_eq!(left.len(), 1, "{answer}");
    assert!(
        left[0]["path"].as_str().unwrap().ends_with("notes.txt"),
        "{answer}"
    );
    assert!(comes(&answer).contains(&("cat".into(), "fetched".into())));
    scene.assert_works();
}

#[test]
fn what_is_asked_for_has_to_be_a_requirement() {
    let scene = Scene::of_pip();
    let before = Tree::of(&scene.venv());
    for words in [
        &["--with", "== 1"][..],
        &["--with", "ant\n-r /etc/passwd"],
        &["--with", "ant", "--with", "Ant==1"],
        &["--with=-e ."],
        &["--with", ""],
    ] {
        let args = [words, &["-n"]].concat();
        let run = scene.rebuild(2, &args);
        assert!(run.stderr.contains("is no requirement"), "{run}");
    }
    Tree::of(&scene.venv()).assert_same(&before, "a mistake");
}
