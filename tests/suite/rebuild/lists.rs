//! What a requirements file leaves open, and what it need not name.

use std::fs;

use serde_json::Value;

use super::scene::{Scene, comes};
use super::sources::leave_config;
use crate::support::tree::Tree;

fn list(scene: &Scene, text: &str) {
    fs::write(scene.sandbox.path("requirements.txt"), text).unwrap();
}

const FROM: [&str; 2] = ["--from", "requirements.txt"];

fn package<'a>(answer: &'a Value, name: &str) -> Option<&'a Value> {
    let mut all = answer["packages"].as_array().unwrap().iter();
    all.find(|one| one["name"] == name)
}

/// A line, what the plan calls it, in which version, and what is open.
const LINES: [(&str, &str, &str, &str); 9] = [
    ("bee>=1,<2", "bee", "", "its version"),
    ("bee", "bee", "", "its version"),
    ("bee[fast]==1.0", "bee", "1.0", "what it requires"),
    (
        "bee[fast]==1.0 ; python_version >= '3'",
        "bee",
        "1.0",
        "what it requires",
    ),
    ("bee==1.0 --hash=sha256:00", "bee", "1.0", "its hash"),
    ("-e ./lib", "-e ./lib", "", "it comes from there"),
    (
        "./bee-1.0-py3-none-any.whl",
        "./bee-1.0-py3-none-any.whl",
        "",
        "it comes from there",
    ),
    (
        "git+https://user:secret@host.invalid/bee",
        "git+https://host.invalid/bee",
        "",
        "it comes from there",
    ),
    (
        "bee @ https://host.invalid/bee-1.0-py3-none-any.whl",
        "bee",
        "",
        "it comes from there",
    ),
];

#[test]
fn a_plan_tells_every_line_that_is_no_plain_pin_with_what_is_open() {
    let scene = Scene::of_pip();
    for (line, name, version, open) in LINES {
        list(
            &scene,
            &format!("cat==1.0\n{line}\n--index-url https://host.invalid\n"),
        );
        let plan = scene.json(0, &[&FROM[..], &["-n"]].concat());
        let one = package(&plan, name).unwrap_or_else(|| panic!("{line}: {plan}"));
        assert_eq!(
            (&one["version"], &one["comes"]),
            (&version.into(), &"fetched".into())
        );
        assert!(
            one["why"].as_str().unwrap().contains(open),
            "{line}: {plan}"
        );
        let asked = one["asked"].as_str().unwrap();
        assert!(
            line.replace("user:secret@", "").starts_with(asked),
            "{line}: {asked}"
        );
        assert!(!plan.to_string().contains("secret"), "{plan}");
    }
    let told = scene.rebuild(0, &[&FROM[..], &["-n"]].concat());
    assert!(told.stdout.contains("    bee @ https://"), "{told}");
    // What is for others is not in it.
    list(&scene, "cat==1.0\nbee>=1 ; sys_platform == 'win32'\n");
    let plan = scene.json(0, &[&FROM[..], &["-n"]].concat());
    assert!(package(&plan, "bee").is_none(), "{plan}");
}

#[test]
fn what_a_list_includes_is_read_with_it() {
    let scene = Scene::of_pip();
    let before = Tree::of(&scene.venv());
    fs::create_dir(scene.sandbox.path("more")).unwrap();
    let more =
        |name: &str, text: &str| fs::write(scene.sandbox.path("more").join(name), text).unwrap();
    more("one.txt", "--requirement=two.txt # why\n");
    more("two.txt", "bee==1.0\n");
    list(&scene, "-r more/one.txt\ncat==1.0\n");
    let plan = scene.json(0, &[&FROM[..], &["-n"]].concat());
    let pair = |name: &str| (name.to_owned(), "taken-over".to_owned());
    assert_eq!(comes(&plan), [pair("bee"), pair("cat")], "{plan}");
    for text in ["-r gone.txt\n", "-r requirements.txt\n", "-r more\n"] {
        list(&scene, text);
        let run = scene.rebuild(2, &FROM);
        assert!(run.stderr.contains("which it includes"), "{text}: {run}");
    }
    Tree::of(&scene.venv()).assert_same(&before, "a mistake");
}

#[test]
fn pip_stays_as_the_venv_had_it_though_the_list_does_not_name_it() {
    let scene = Scene::of_pip();
    list(&scene, "bee\n");
    let plan = |scene: &Scene| scene.json(0, &[&FROM[..], &["-n"]].concat());
    let healthy = plan(&scene);
    let pip = package(&healthy, "pip").unwrap();
    assert_eq!(pip["comes"], "taken-over", "{healthy}");
    let version = pip["version"].as_str().unwrap().to_owned();
    // What nothing asks for is told, before and after.
    assert_eq!(healthy["dropped"], serde_json::json!(["cat"]), "{healthy}");
    let answer = scene.json(0, &FROM);
    assert_eq!(answer["dropped"], serde_json::json!(["cat"]), "{answer}");
    assert_eq!(package(&answer, "pip").unwrap()["version"], *version);
    assert_eq!(
        package(&answer, "bee").unwrap()["version"],
        "1.0",
        "{answer}"
    );
    scene.sandbox.ok(&["check", "venv", "--import"]);
    // A list that names it decides itself.
    list(&scene, "bee\npip>=1\n");
    let named = plan(&scene);
    assert_eq!(
        package(&named, "pip").unwrap()["asked"],
        "pip>=1",
        "{named}"
    );
    // If all packages are gone, its command tells of it, and if that is gone too, the maker does.
    list(&scene, "bee\n");
    fs::remove_dir_all(scene.venv().join("lib")).unwrap();
    assert_eq!(
        package(&plan(&scene), "pip").unwrap()["why"],
        "the venv had it"
    );
    leave_config(&scene.venv());
    let config = scene.venv().join("pyvenv.cfg");
    let text = fs::read_to_string(&config).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("command"));
    let bare: String = lines.map(|line| format!("{line}\n")).collect();
    for (more, has_pip) in [
        ("", true),
        ("virtualenv = 20.0\n", true),
        ("command = /usr/bin/python3 -m venv /srv/venv\n", true),
        (
            "command = /usr/bin/python3 -m venv --without-pip /srv/venv\n",
            false,
        ),
        ("uv = 0.9.0\n", false),
    ] {
        fs::write(&config, bare.clone() + more).unwrap();
        let plan = scene.json(0, &[&FROM[..], &["-n", "--installer", "pip"]].concat());
        assert_eq!(package(&plan, "pip").is_some(), has_pip, "{more}: {plan}");
    }
    fs::write(&config, bare).unwrap();
    let answer = scene.json(0, &FROM);
    assert_eq!(
        package(&answer, "pip").unwrap()["comes"],
        "with-interpreter",
        "{answer}"
    );
    assert!(scene.venv().join("bin/pip").exists());
}

#[test]
fn a_list_that_is_a_pipe_or_includes_without_end_is_refused_at_once() {
    let scene = Scene::of_pip();
    crate::support::venv::pipe(&scene.sandbox.path("pipe.txt"));
    for depth in 0..14 {
        let inner = format!("-r f{}.txt\n", depth + 1).repeat(8);
        fs::write(scene.sandbox.path(&format!("f{depth}.txt")), inner).unwrap();
    }
    fs::write(scene.sandbox.path("f14.txt"), "").unwrap();
    list(&scene, "-r pipe.txt\n");
    for from in ["pipe.txt", "requirements.txt", "f0.txt"] {
        let run = scene
            .sandbox
            .snap(&["rebuild", "venv", "--from", from, "-n"]);
        assert!(run.code == 2 || run.code == 3, "{from}: {run}");
    }
}

#[test]
fn what_is_asked_for_by_an_option_is_told_without_its_secrets() {
    let scene = Scene::of_pip();
    list(&scene, "bee==1.0\n");
    let with = [
        "--with",
        "foo @ https://u:hunter2@host.invalid/foo-1.0-py3-none-any.whl",
    ];
    for form in [&[][..], &["--json"]] {
        let args = [&["rebuild", "venv", "-n"], &FROM[..], &with, form].concat();
        let run = scene.sandbox.snap(&args);
        assert!(run.stdout.contains("host.invalid"), "{run}");
        assert!(
            !format!("{}{}", run.stdout, run.stderr).contains("hunter2"),
            "{run}"
        );
    }
}

#[test]
fn what_a_list_of_another_user_includes_is_read_only_where_it_is_that_users() {
    if !crate::support::faults::needs_root() {
        return;
    }
    let scene = Scene::of_pip();
    list(&scene, "bee==1.0\n-r more.txt\n");
    let more = scene.sandbox.path("more.txt");
    fs::write(&more, "topsecret-line\n").unwrap();
    std::os::unix::fs::chown(scene.sandbox.path("requirements.txt"), Some(65534), None).unwrap();
    let args = [&["rebuild", "venv", "-n"], &FROM[..]].concat();
    let run = scene.sandbox.snap(&args);
    assert_ne!(run.code, 0, "{run}");
    assert!(
        !format!("{}{}", run.stdout, run.stderr).contains("topsecret"),
        "{run}"
    );
    std::os::unix::fs::chown(&more, Some(65534), None).unwrap();
    assert!(scene.sandbox.ok(&args).stdout.contains("topsecret-line"));
}
