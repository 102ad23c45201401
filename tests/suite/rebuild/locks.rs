//! Locks of projects tell what belongs there: `pylock.toml`, `uv.lock`, `poetry.lock`, `pdm.lock`.

use std::collections::BTreeMap;
use std::fs;

use sha2::{Digest, Sha256};

use super::projects;
use super::scene::{Scene, comes};
use super::sources::leave_config;
use crate::support::tree::Tree;

/// Packages of a lock: name, group, marker, and what it requires.
const PACKAGES: [(&str, &str, &str, &[&str]); 4] = [
    ("ant", "main", "", &[]),
    ("bee", "main", "", &["ant", "win"]),
    ("dev", "dev", "", &[]),
    ("win", "main", "sys_platform == 'win32'", &[]),
];

/// A venv of which only `pyvenv.cfg` is left, and the hashes of what the index has.
fn scene() -> (Scene, BTreeMap<String, String>) {
    let scene = Scene::bare();
    let dir = scene.sandbox.path("wheels");
    let hashes = PACKAGES.map(|(name, ..)| {
        let wheel = dir.join(format!("{name}-1.0-py3-none-any.whl"));
        let hash = Sha256::digest(fs::read(wheel).unwrap());
        (name.to_owned(), data_encoding::HEXLOWER.encode(&hash))
    });
    (scene, hashes.into())
}

/// The lock as each tool writes it.
fn lock(kind: &str, hashes: &BTreeMap<String, String>) -> String {
    let file = |name: &str| format!("{name}-1.0-py3-none-any.whl");
    let head = match kind {
        "pylock" => {
            "lock-version = \"1.0\"\nrequires-python = \">=3.8\"\ncreated-by = \"t\"\ndependency-groups = [\"main\", \
             \"dev\"]\ndefault-groups = [\"main\"]\n"
        }
        "uv" => "version = 1\nrevision = 5\nrequires-python = \">=3.8\"\n",
        _ => "# @generated\n",
    };
    let packages = PACKAGES.map(|(name, group, marker, needs)| {
        let hash = &hashes[name];
        let is_marked = !marker.is_empty();
        match kind {
            "pylock" => {
                let groups = format!("\\\"{group}\\\" in dependency_groups");
                let marker = if is_marked {
                    format!("{marker} and ({groups})")
                } else {
                    groups
                };
                format!(
                    "[[packages]]\nname = \"{name}\"\nversion = \"1.0\"\nmarker = \"{marker}\"\nwheels = [{{ name = \
                     \"{}\", hashes = {{ sha256 = \"{hash}\" }} }}]\n",
                    file(name)
                )
            }
            "uv" => {
                let marks = |need: &str| match need {
                    "win" => format!("{{ name = \"win\", marker = \"{}\" }}", PACKAGES[3].2),
                    _ => format!("{{ name = \"{need}\" }}"),
                };
                let needs: Vec<String> = needs.iter().map(|need| marks(need)).collect();
                format!(
                    "[[package]]\nname = \"{name}\"\nversion = \"1.0\"\nsource = {{ registry = \"x\" \
                     }}\ndependencies = [{}]\nwheels = [{{ url = \"http://h/{}\", hash = \"sha256:{hash}\" }}]\n",
                    needs.join(", "),
                    file(name)
                )
            }
            _ => {
                let mut text = format!("[[package]]\nname = \"{name}\"\nversion = \"1.0\"\noptional = false\n");
                let is_old = kind == "poetry 1.8";
                if !is_old {
                    let group = if kind == "pdm" && group == "main" { "default" } else { group };
                    text.push_str(&format!("groups = [\"{group}\"]\n"));
                }
                if is_marked && !is_old {
                    let key = if kind == "pdm" { "marker" } else { "markers" };
                    text.push_str(&format!("{key} = \"{marker}\"\n"));
                }
                let file = file(name);
                text.push_str(&format!(
                    "files = [\n    {{file = \"{file}\", hash = \"sha256:{hash}\"}},\n]\n"
                ));
                if kind.starts_with("poetry") && !needs.is_empty() {
                    text.push_str(&format!(
                        "[package.dependencies]\nant = \"*\"\nwin = {{version = \"*\", markers = \"{}\"}}\n",
                        PACKAGES[3].2
                    ));
                }
                text
            }
        }
    });
    let tail = match kind {
        "pdm" => "[metadata]\ngroups = [\"default\", \"dev\"]\nlock_version = \"4.5.1\"\n",
        "poetry 1.8" => {
            "[metadata]\nlock-version = \"2.0\"\npython-versions = \"^3.8\"\ncontent-hash = \"0\"\n"
        }
        "poetry" => {
            "[metadata]\nlock-version = \"2.1\"\npython-versions = \">=3.8\"\ncontent-hash = \"0\"\n"
        }
        "uv" => {
            "[[package]]\nname = \"app\"\nversion = \"0\"\nsource = { virtual = \".\" }\ndependencies = [{ name = \
             \"bee\" }]\n[package.dev-dependencies]\ndev = [{ name = \"dev\" }]\n"
        }
        _ => "",
    };
    format!("{head}{}{tail}", packages.concat())
}

fn write(scene: &Scene, name: &str, text: &str) {
    fs::write(scene.sandbox.path(name), text).unwrap();
}

#[test]
fn each_lock_tells_what_a_plain_install_takes_here_and_its_hashes_are_wanted() {
    let (scene, hashes) = scene();
    let kinds = [
        ("pylock", "pylock.toml"),
        ("uv", "uv.lock"),
        ("poetry", "poetry.lock"),
        ("pdm", "pdm.lock"),
        ("poetry 1.8", "renamed.txt"),
    ];
    for (kind, name) in kinds {
        write(&scene, name, &lock(kind, &hashes));
        let plan = scene.json(0, &["--from", name, "-n"]);
        assert_eq!(plan["told_by"]["kind"], "lock", "{kind}");
        let names: Vec<String> = comes(&plan).into_iter().map(|(name, _)| name).collect();
        // Version 2.0 of poetry's does not say which group wants a package.
        let expected: &[&str] = if kind == "poetry 1.8" {
            &["ant", "bee", "dev"]
        } else {
            &["ant", "bee"]
        };
        assert_eq!(names, expected, "{kind}: {plan}");
    }
    let before = Tree::of(&scene.venv());
    let wrong = lock("uv", &hashes).replace(&hashes["ant"], &"0".repeat(64));
    write(&scene, "wrong.lock", &wrong);
    let run = scene.rebuild(3, &["--from", "wrong.lock"]);
    assert!(
        run.stderr.contains("could not install ant") && run.stderr.contains("broken file"),
        "{run}"
    );
    Tree::of(&scene.venv()).assert_same(&before, "a refusal");
    // Where nothing tells, the lock beside it is offered.
    let run = scene.rebuild(3, &[]);
    let offered = format!("--from {}", scene.sandbox.path("pylock.toml").display());
    assert!(run.stderr.contains(&offered), "{run}");
    scene.rebuild(0, &["--from", "pylock.toml"]);
    scene.sandbox.ok(&["check", "venv", "--import"]);
    assert!(scene.file("bee/core.py").exists() && !scene.file("dev").exists());

    // A group that the venv has belongs there as well, and what RECORD proves is not fetched.
    let empty = crate::support::venv::site_packages(&scene.venv());
    crate::support::venv::package(&scene.venv(), &empty, "dev", &["core.py"]);
    fs::remove_file(scene.file("ant/core.py")).unwrap();
    let plan = scene.json(0, &["--from", "pdm.lock", "-n"]);
    let pair = |name: &str, comes: &str| (name.to_owned(), comes.to_owned());
    let expected = [
        pair("ant", "fetched"),
        pair("bee", "taken-over"),
        pair("dev", "taken-over"),
    ];
    assert_eq!(comes(&plan), expected, "{plan}");
}

#[test]
fn a_lock_that_nobody_can_trust_is_a_mistake_of_the_command_line() {
    let (scene, hashes) = scene();
    let before = Tree::of(&scene.venv());
    let whole = lock("poetry", &hashes);
    let pylock = lock("pylock", &hashes);
    let uv = lock("uv", &hashes);
    let cases = [
        ("a.lock", whole.replace("2.1\"", "9.0\""), "version 9.0"),
        (
            "b.lock",
            uv.replace("version = 1\n", "version = 7\n"),
            "version 7",
        ),
        ("c.toml", pylock.replace(">=3.8", "<3.0"), "for Python <3.0"),
        ("d.lock", format!("<<<<<<< HEAD\n{whole}"), "no TOML"),
        ("e.lock", whole[..whole.len() / 2].to_owned(), "e.lock"),
        ("f.toml", "[project]\nname = \"a\"\n".to_owned(), "no lock"),
        (
            "g.lock",
            whole.replace("\"ant\"\n", "\"ant\\n-r evil.txt\"\n"),
            "no name of a package",
        ),
        (
            "h.lock",
            whole.replacen("\"1.0\"", "\"1.0 --pre\"", 1),
            "no version",
        ),
        (
            "i.toml",
            pylock.replace("in dependency_groups", "in in dependency_groups"),
            "no marker",
        ),
        (
            "j.toml",
            pylock.replace("wheels = [", "archive = { url = \"-e /x\" }\nwheels = ["),
            "no source",
        ),
        (
            "k.toml",
            pylock.replace("name = \"ant\"\n", ""),
            "has no name",
        ),
        (
            "l.toml",
            "lock-version = \"1.0\"\n".to_owned(),
            "names no package",
        ),
    ];
    for (name, text, expected) in cases {
        write(&scene, name, &text);
        let run = scene.rebuild(2, &["--from", name]);
        assert!(
            run.stderr.contains(expected) && run.stderr.contains("hint:"),
            "{name}: {run}"
        );
    }
    fs::create_dir(scene.sandbox.path("dir.lock")).unwrap();
    let run = scene.rebuild(2, &["--from", "./dir.lock"]);
    assert!(run.stderr.contains("it is no file"), "{run}");
    Tree::of(&scene.venv()).assert_same(&before, "a mistake");
}

#[test]
fn venvs_of_poetry_pdm_and_virtualenv_stand_again_for_their_tool() {
    projects::each(|project| {
        // What the lock does not say is told by what is left, and the other way round.
        fs::remove_file(project.file("ant/core.py")).unwrap();
        let ruin = Tree::of(&project.venv);
        project.rebuild(&[]);
        project.assert_works();
        project.undo();
        Tree::of(&project.venv).assert_same(&ruin, "undo");
        // Of one only a part of it is gone, of another all but the file that says how it was made.
        match project.lock() {
            Some(lock) if lock.ends_with("pdm.lock") => {
                leave_config(&project.venv);
                project.rebuild(&["--from", lock]);
            }
            Some(lock) => {
                fs::remove_dir_all(project.venv.join("lib")).unwrap();
                project.rebuild(&["--from", lock]);
            }
            None => return,
        }
        project.assert_works();
    });
}
