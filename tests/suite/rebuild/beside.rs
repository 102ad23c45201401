//! What a list names beside itself is found where pip finds it, and what cannot be is told by its file and line.

use std::fs;

use serde_json::Value;

use super::scene::{Scene, build, comes};
use crate::support::tree::Tree;
use crate::support::{Run, venv, wheel};

const FROM: [&str; 2] = ["--from", "requirements.txt"];

fn put(scene: &Scene, path: &str, text: &str) {
    let path = scene.sandbox.path(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn version(answer: &Value, name: &str) -> Option<String> {
    let mut all = answer["audit"]["packages"].as_array().unwrap().iter();
    let one = all.find(|one| one["name"] == name)?;
    Some(one["version"].as_str().unwrap().to_owned())
}

/// pip looks for archives (`--find-links`) and constraints beside the list that names them, and for what is installed
/// from a path where the person stands.
#[test]
fn what_an_included_list_names_is_found_where_pip_finds_it() {
    let scene = Scene::of_pip();
    let dir = |name: &str| {
        let dir = scene.sandbox.path(name);
        fs::create_dir_all(&dir).unwrap();
        dir
    };
    for number in ["1.0", "2.0"] {
        let text = format!("n = '{number}'\n");
        wheel::build(
            &dir("lists/links"),
            "dog",
            number,
            &[("dog.py", &text)],
            &[],
        );
    }
    build(&dir("."), "elk", &[]);
    build(&dir("lists"), "fox", &[]);
    put(
        &scene,
        "requirements.txt",
        "bee==1.0\n\t-r lists/more.txt # why\n",
    );
    put(
        &scene,
        "lists/more.txt",
        "--find-links=./links\n-c limits.txt\ndog\t# any\nelk-1.0-py3-none-any.whl\n\
         ./fox-1.0-py3-none-any.whl\nc\\\nat\n",
    );
    put(&scene, "lists/limits.txt", "-r deeper.txt\n");
    put(&scene, "lists/deeper.txt", "dog<2\n");
    let answer = scene.json(0, &FROM);
    for (name, number) in [
        ("dog", "1.0"),
        ("elk", "1.0"),
        ("fox", "1.0"),
        ("cat", "1.0"),
    ] {
        assert_eq!(
            version(&answer, name).as_deref(),
            Some(number),
            "{name}: {answer}"
        );
    }
    scene.sandbox.ok(&["check", "venv", "--import"]);
}

/// Files of a list, and how the fault in them is told.
const FAULTS: [(&[(&str, &str)], &str); 8] = [
    (
        &[
            ("requirements.txt", "bee\n\n-r a.txt\n"),
            ("a.txt", "# x\ncat==\n"),
        ],
        "line 2 of '",
    ),
    (
        &[("requirements.txt", "bee \\\n  # x\ncat\n== 1\n")],
        "line 4: ",
    ),
    (
        &[
            ("requirements.txt", "-r a.txt\n"),
            ("a.txt", "\n-r b.txt\n"),
        ],
        "/a.txt': 'b.txt', which it includes: No such file",
    ),
    (
        &[
            ("requirements.txt", "-r a.txt\n"),
            ("a.txt", "bee\n-r requirements.txt\n"),
        ],
        "/a.txt': 'requirements.txt', which it includes: it includes itself",
    ),
    (
        &[("requirements.txt", "bee\n-c gone.txt\n")],
        "line 2: 'gone.txt', which it includes: No such file",
    ),
    (
        &[("requirements.txt", "-r https://host.invalid/a.txt\n")],
        "line 1: the list 'https://host.invalid/a.txt' would have to be fetched",
    ),
    (
        &[
            ("requirements.txt", "ant==1.0\n-r a.txt\n"),
            ("a.txt", "bee\nAnt==2.0\n"),
        ],
        "/a.txt': it cannot be met together with 'ant==1.0'",
    ),
    (
        &[
            ("requirements.txt", "ant==1.0\n-c a.txt\n"),
            ("a.txt", "ant>1\n"),
        ],
        "/a.txt': it cannot be met together with 'ant==1.0'",
    ),
];

#[test]
fn a_fault_is_told_once_with_the_file_and_line_that_have_it_before_anything_is_asked_for() {
    let scene = Scene::of_pip();
    let before = Tree::of(&scene.venv());
    for (files, told) in FAULTS {
        for (path, text) in files {
            put(&scene, path, text);
        }
        let run = scene.rebuild(2, &FROM);
        let text = run.stderr.replace('\n', " ");
        assert!(text.contains(told), "{told}: {run}");
        assert!(run.stderr.matches("includes").count() <= 2, "{run}");
    }
    Tree::of(&scene.venv()).assert_same(&before, "a mistake");
}

#[test]
fn one_version_in_two_spellings_is_one_version() {
    let scene = Scene::of_pip();
    for pin in [
        "ant==1",
        "ant == 1.0.0",
        "Ant==v1.0",
        "ant==1\t# x",
        "ant==1.0 \\\n",
    ] {
        put(
            &scene,
            "requirements.txt",
            &format!("{pin}\nbee==1.0\nANT==1.0\n"),
        );
        let plan = scene.json(0, &[&FROM[..], &["-n"]].concat());
        let pair = |name: &str| (name.to_owned(), "taken-over".to_owned());
        assert_eq!(comes(&plan), [pair("ant"), pair("bee")], "{pin}: {plan}");
        assert_eq!(plan["dropped"], serde_json::json!(["cat"]), "{pin}: {plan}");
    }
}

#[test]
fn without_the_network_nothing_is_asked_of_a_url() {
    let scene = Scene::of_pip();
    let before = Tree::of(&scene.venv());
    let url = format!("{}bee/bee-1.0-py3-none-any.whl", scene.index.url());
    for line in [
        format!("dog @ {url}"),
        url.clone(),
        "-e git+https://host.invalid/dog#egg=dog".to_owned(),
    ] {
        put(&scene, "requirements.txt", &format!("bee==1.0\n{line}\n"));
        let run = scene.rebuild(3, &[&FROM[..], &["--offline"]].concat());
        assert!(run.stderr.contains("comes from a URL"), "{line}: {run}");
        assert!(run.stderr.contains("without --offline"), "{line}: {run}");
    }
    let run = scene.rebuild(3, &["--offline", "--with", &format!("dog @ {url}")]);
    assert!(run.stderr.contains("comes from a URL"), "{run}");
    Tree::of(&scene.venv()).assert_same(&before, "a refusal");
    // An index that the list names is not asked either.
    let index = scene.index.url();
    put(
        &scene,
        "requirements.txt",
        &format!("-i {index} --extra-index-url={index}\n-f {index}\nbee==1.0\ncat\n"),
    );
    fs::remove_file(scene.file("cat/core.py")).unwrap();
    let run = scene.rebuild(3, &[&FROM[..], &["--offline"]].concat());
    assert!(run.stderr.contains("could not install cat"), "{run}");
}

#[test]
fn what_the_extras_of_a_list_bring_is_not_told_as_dropped() {
    let scene = Scene::of_pip();
    let dir = scene.sandbox.path("links");
    fs::create_dir(&dir).unwrap();
    let needs = ["cat ; extra == 'fast'", "bee ; extra == 'slow'"];
    wheel::build(&dir, "fox", "1.0", &[("fox.py", "x = 1\n")], &needs);
    let file = dir.join("fox-1.0-py3-none-any.whl");
    wheel::pip(
        &scene.venv(),
        &["install", "--no-deps", file.to_str().unwrap()],
    );
    put(
        &scene,
        "requirements.txt",
        "--find-links links\nfox[fast]==1.0\n",
    );
    let plan = scene.json(0, &[&FROM[..], &["-n"]].concat());
    assert_eq!(plan["dropped"], serde_json::json!(["ant", "bee"]), "{plan}");
}

#[test]
fn what_is_asked_for_and_not_for_here_is_told_and_takes_nobodys_place() {
    let scene = Scene::of_pip();
    let with = [
        "--with",
        "cat>=1 ; python_version < '3'",
        "--with",
        "cat==1.0 ; python_version >= '3'",
        "--with",
        "bee==9 ; sys_platform == 'win32'",
    ];
    let run = scene.rebuild(0, &[&["-n"], &with[..]].concat());
    assert!(run.stderr.contains("is not for this system"), "{run}");
    assert!(!run.stdout.contains("bee"), "{run}");
    let plan = scene.json(0, &[&["-n"], &with[..]].concat());
    let expected = [
        ("ant", "taken-over"),
        ("bee", "taken-over"),
        ("cat", "fetched"),
    ];
    let expected = expected.map(|(name, how)| (name.to_owned(), how.to_owned()));
    assert_eq!(comes(&plan), expected, "{plan}");
}

/// What somebody put among the packages by hand, and whether it is carried over.
const HANDS: [(&str, &str, bool); 8] = [
    ("own.py", "import cat\nx = 1\n", true),
    ("sitecustomize.py", "y = 2\n", true),
    ("house.pth", "/usr\n", true),
    ("code.pth", "import sys; sys.x = 1\n", false),
    ("empty.pth", "", false),
    ("notes.txt", "mine\n", false),
    ("_virtualenv.py", "z = 1\n", false),
    ("cat/settings.py", "s = 1\n", false),
];

#[test]
fn modules_that_people_put_there_by_hand_are_carried_over_and_told() {
    let scene = Scene::of_pip();
    fs::remove_file(scene.file("ant/core.py")).unwrap();
    for (name, text, _) in HANDS {
        fs::write(scene.file(name), text).unwrap();
    }
    let ruin = Tree::of(&scene.venv());
    let site = venv::site_packages(&scene.venv());
    let carried = |answer: &Value| -> Vec<String> {
        let all = answer["carried"].as_array().unwrap().iter();
        let names = all.map(|one| one["path"].as_str().unwrap().to_owned());
        names
            .map(|path| path.replace(&format!("{site}/"), ""))
            .collect()
    };
    let mut expected: Vec<&str> = HANDS.iter().filter(|one| one.2).map(|one| one.0).collect();
    expected.sort_unstable();
    let plan = scene.json(0, &["-n"]);
    assert_eq!(carried(&plan), expected, "{plan}");
    let told = scene.rebuild(0, &["-n"]);
    assert!(told.stdout.contains("nothing proves"), "{told}");
    let answer = scene.json(0, &[]);
    assert_eq!(carried(&answer), expected, "{answer}");
    for (name, text, is_carried) in HANDS {
        let now = fs::read_to_string(scene.file(name)).ok();
        assert_eq!(now.as_deref(), is_carried.then_some(text), "{name}");
    }
    scene.assert_works();
    scene.sandbox.ok(&["undo", "venv"]);
    Tree::of(&scene.venv()).assert_same(&ruin, "the ruin");
    // A list says itself what belongs there.
    put(&scene, "requirements.txt", "bee==1.0\ncat==1.0\n");
    let listed = scene.json(0, &[&FROM[..], &["-n"]].concat());
    assert_eq!(carried(&listed), Vec::<String>::new(), "{listed}");
}

#[test]
fn what_is_damaged_or_tells_a_version_is_no_module_of_ones_own() {
    let scene = Scene::of_pip();
    for text in ["", "x = (\n", "\0\0\0", "__version__ = '1.0'\n"] {
        fs::write(scene.file("own.py"), text).unwrap();
        let plan = scene.json(0, &["-n"]);
        assert_eq!(plan["remains"][0]["module"], "own", "{text:?}: {plan}");
        assert_eq!(plan["carried"], serde_json::json!([]), "{text:?}: {plan}");
    }
}

#[test]
fn a_venv_that_was_copied_is_rebuilt_with_its_own_names() {
    let scene = Scene::of_pip();
    let copy = scene.sandbox.path("copy");
    venv::copy(&scene.venv(), &copy);
    let site = venv::site_packages(&copy);
    fs::remove_file(copy.join(&site).join("ant/core.py")).unwrap();
    let before = Tree::of(&scene.venv());
    let mut command = scene.sandbox.command(&["rebuild", "copy", "--json"]);
    command.env("PIP_INDEX_URL", scene.index.url());
    let run = Run::of(command);
    assert_eq!(run.code, 0, "{run}");
    for name in ["pip", "pip3", "cat-tool", "ant-tool", "activate"] {
        let text = fs::read_to_string(copy.join("bin").join(name)).unwrap();
        assert!(text.contains(&copy.display().to_string()), "{name}: {text}");
        assert!(
            !text.contains(&scene.venv().display().to_string()),
            "{name}: {text}"
        );
    }
    scene.sandbox.ok(&["check", "copy", "--import"]);
    Tree::of(&scene.venv()).assert_same(&before, "the first one");
}

#[test]
fn a_plan_says_which_venv_it_speaks_of_and_who_brings_pip() {
    let scene = Scene::of_pip();
    put(&scene, "requirements.txt", "bee==1.0\n");
    let run = scene.rebuild(0, &[&FROM[..], &["-n", "--to", "other"]].concat());
    assert!(!run.stdout.contains("replaced"), "{run}");
    assert!(run.stdout.contains("that the list has not"), "{run}");
    let plan = scene.json(0, &["--all", "-n"]);
    let done = scene.json(0, &["--all"]);
    let pip = |answer: &Value| {
        let all = answer["packages"].as_array().unwrap().clone();
        all.into_iter().find(|one| one["name"] == "pip").unwrap()["comes"].clone()
    };
    assert_eq!(pip(&plan), pip(&done), "{plan}");
}
