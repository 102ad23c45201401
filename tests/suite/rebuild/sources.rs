//! What tells which packages belong there, and what is left of the venv.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::scene::{Scene, comes};
use crate::support::faults::skipped;
use crate::support::tree::Tree;
use crate::support::{Run, Sandbox, venv};

/// Leaves of a venv nothing but `pyvenv.cfg`.
pub(super) fn leave_config(venv: &Path) {
    for entry in fs::read_dir(venv).unwrap().flatten() {
        let path = entry.path();
        if path.file_name().unwrap() == "pyvenv.cfg" {
        } else if fs::symlink_metadata(&path).unwrap().is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn a_requirements_file_is_enough_where_only_pyvenv_cfg_is_left() {
    let scene = Scene::of_pip();
    leave_config(&scene.venv());
    let run = scene.rebuild(3, &[]);
    assert!(
        run.stderr.contains("nothing tells which packages") && run.stderr.contains("--from"),
        "{run}"
    );
    fs::write(
        scene.sandbox.path("requirements.txt"),
        "# the app\nbee == 1.0\ncat>=1\n",
    )
    .unwrap();
    let answer = scene.json(0, &["--from", "requirements.txt"]);
    assert_eq!(answer["told_by"]["kind"], "requirements");
    scene.assert_works();
    // And where nothing is left at all, with an interpreter that is named.
    fs::remove_dir_all(scene.venv()).unwrap();
    let run = scene.rebuild(3, &["--from", "requirements.txt"]);
    assert!(run.stderr.contains("--python"), "{run}");
    let python = String::from_utf8(
        std::process::Command::new("python3")
            .args(["-c", "import sys;print(sys.executable)"])
            .output()
            .unwrap()
            .stdout,
    )
    .unwrap();
    scene.rebuild(
        0,
        &["--from", "requirements.txt", "--python", python.trim()],
    );
    scene.assert_works();
}

/// It spoke of an interpreter that lacks, and named ten others.
#[test]
fn a_place_that_never_was_is_told_as_that() {
    let sandbox = Sandbox::new();
    let forms: [&[&str]; 2] = [&["rebuild", "nope", "-n"], &["rebuild", "nope"]];
    for args in forms {
        let run = sandbox.snap(args);
        assert!(!run.stderr.contains("interpreter"), "{run}");
        assert!(run.stderr.contains("there is no"), "{run}");
        assert!(run.stderr.contains("nope'"), "{run}");
    }
    // And with a store that knows others.
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    for args in forms {
        let run = sandbox.snap(args);
        assert_eq!(run.code, 10, "{run}");
        assert!(run.stderr.contains("there is no venv"), "{run}");
        assert!(!sandbox.path("nope").exists(), "{run}");
    }
    // One that is gone, of which a baseline lacks, is no other one.
    let site = sandbox.venv().join(venv::SITE);
    let gone = sandbox.path("gone");
    venv::tiny(&gone);
    fs::remove_file(
        gone.join(site.strip_prefix(sandbox.venv()).unwrap())
            .join("idna/core.py"),
    )
    .unwrap();
    sandbox.ok(&["save", "gone", "--force"]);
    fs::remove_dir_all(&gone).unwrap();
    for args in [["rebuild", "gone"], ["restore", "gone"]] {
        let run = sandbox.snap(&args);
        assert_eq!(run.code, 10, "{run}");
        assert!(run.stderr.contains("has no baseline"), "{run}");
        assert!(!run.stderr.contains("did you mean"), "{run}");
    }
}

/// It said that there is no such pip, whatever the installer had said, and used one that was unpacked by half.
#[test]
fn a_limit_of_file_sizes_in_which_nothing_can_be_built_is_told_as_that() {
    let scene = Scene::of_pip();
    if Command::new("prlimit").arg("--version").output().is_err() {
        skipped(1, "prlimit is not installed");
        return;
    }
    let before = Tree::of(&scene.venv());
    for limit in [1_000, 100_000, 1_000_000] {
        let limited = scene.command(&["--all", "--installer", "pip"]);
        let mut command = Command::new("prlimit");
        scene.sandbox.dress(&mut command);
        command.env("PIP_INDEX_URL", scene.index.url());
        command.arg(format!("--fsize={limit}"));
        command.arg(limited.get_program()).args(limited.get_args());
        let run = Run::of(command);
        assert_eq!(run.code, 3, "{limit}: {run}");
        assert!(run.stderr.contains("File too large"), "{limit}: {run}");
        assert!(run.stderr.contains("ulimit -f"), "{limit}: {run}");
        before.assert_same(&Tree::of(&scene.venv()), "nothing was changed");
    }
}

#[test]
fn hashes_in_a_requirements_file_are_wanted() {
    use sha2::Digest;
    let scene = Scene::of_pip();
    fs::remove_dir_all(scene.venv().join("lib")).unwrap();
    let hash = |name: &str| {
        let wheel = fs::read(
            scene
                .sandbox
                .path(&format!("wheels/{name}-1.0-py3-none-any.whl")),
        )
        .unwrap();
        data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(wheel))
    };
    let line = |name: &str, hash: &str| format!("{name}==1.0 \\\n    --hash=sha256:{hash}\n");
    let right: String = ["ant", "bee", "cat"]
        .iter()
        .map(|name| line(name, &hash(name)))
        .collect();
    let wrong = right.replace(&hash("cat"), &"0".repeat(64));
    fs::write(scene.sandbox.path("wrong.txt"), wrong).unwrap();
    let before = Tree::of(&scene.venv());
    let run = scene.rebuild(3, &["--from", "wrong.txt"]);
    assert!(
        run.stderr.contains("could not install") && run.stderr.contains("broken file"),
        "{run}"
    );
    Tree::of(&scene.venv()).assert_same(&before, "a refusal");
    fs::write(scene.sandbox.path("right.txt"), right).unwrap();
    scene.rebuild(0, &["--from", "right.txt"]);
    scene.assert_works();
}

#[test]
fn corrupt_requirements_are_a_mistake_of_the_command_line() {
    let scene = Scene::of_pip();
    let before = Tree::of(&scene.venv());
    let corrupt: [&[u8]; 7] = [
        b"",
        b"# nothing\n",
        b"bee==\n",
        b"bee==1\n\0\0\0\n",
        b"\xff\xfe",
        b"-r other.txt\n",
        b"<html>\n",
    ];
    for content in corrupt {
        fs::write(scene.sandbox.path("requirements.txt"), content).unwrap();
        let run = scene.rebuild(2, &["--from", "requirements.txt"]);
        assert!(
            run.stderr.contains("requirements.txt") && run.stderr.contains("hint:"),
            "{run}"
        );
    }
    let run = scene.rebuild(2, &["--from", "absent.txt"]);
    assert!(run.stderr.contains("absent.txt"), "{run}");
    Tree::of(&scene.venv()).assert_same(&before, "a mistake");
}

#[test]
fn the_list_of_a_snapshot_tells_what_belongs_where_lib_is_gone() {
    let scene = Scene::of_pip();
    scene.sandbox.ok(&["save", "venv", "-l", "good"]);
    // What came since is not in the list, which is told.
    let site = venv::site_packages(&scene.venv());
    venv::package(&scene.venv(), &site, "newcomer", &["newcomer.py"]);
    let plan = scene.json(0, &["-n"]);
    assert_eq!(plan["dropped"], serde_json::json!(["newcomer"]), "{plan}");
    fs::remove_dir_all(scene.venv().join("lib")).unwrap();
    let answer = scene.json(0, &[]);
    assert_eq!(answer["told_by"]["kind"], "snapshot");
    assert!(
        comes(&answer).iter().all(|(_, comes)| comes == "fetched"),
        "{answer}"
    );
    scene.assert_works();
    let answer = scene.json(0, &["--from", "@good", "-n"]);
    assert!(
        comes(&answer)
            .iter()
            .all(|(_, comes)| comes == "taken-over"),
        "{answer}"
    );
}

#[test]
fn names_of_dist_info_tell_versions_where_metadata_is_gone() {
    let scene = Scene::of_pip();
    fs::remove_file(scene.file("ant-1.0.dist-info/METADATA")).unwrap();
    fs::rename(
        scene.file("cat-1.0.dist-info"),
        scene.file("~at-1.0.dist-info"),
    )
    .unwrap();
    fs::rename(scene.file("cat"), scene.file("~at")).unwrap();
    let answer = scene.json(0, &[]);
    let evidence: Vec<&str> = answer["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|one| one["evidence"].as_str())
        .collect();
    let site = venv::site_packages(&scene.venv());
    assert_eq!(
        evidence,
        [
            format!("{site}/ant-1.0.dist-info"),
            format!("{site}/~at-1.0.dist-info")
        ]
    );
    scene.assert_works();
}

#[test]
fn without_an_index_what_is_proved_is_enough() {
    let scene = Scene::of_pip();
    fs::remove_file(scene.venv().join("bin/python")).unwrap();
    fs::remove_file(scene.venv().join("bin/python3")).unwrap();
    fs::remove_file(scene.venv().join("bin/activate")).unwrap();
    fs::write(scene.file("stray.txt"), "x\n").unwrap();
    fs::write(scene.venv().join("pipx_metadata.json"), "{}").unwrap();
    let mut command = scene.command(&["--json"]);
    command
        .env("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
        .env("PIP_NO_INDEX", "1");
    let run = Run::of(command);
    assert_eq!(run.code, 0, "{run}");
    let answer: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert!(
        comes(&answer)
            .iter()
            .all(|(_, comes)| comes == "taken-over"),
        "{answer}"
    );
    assert!(
        answer["left_behind"][0]["path"]
            .as_str()
            .unwrap()
            .ends_with("stray.txt"),
        "{answer}"
    );
    assert!(scene.venv().join("pipx_metadata.json").exists());
    scene.assert_works();
}

#[test]
fn where_the_interpreter_is_gone_those_of_its_version_are_offered() {
    let scene = Scene::of_pip();
    let config = scene.venv().join("pyvenv.cfg");
    let text = fs::read_to_string(&config).unwrap();
    let home = text
        .lines()
        .find_map(|line| line.strip_prefix("home = "))
        .unwrap()
        .to_owned();
    fs::write(&config, text.replace(&home, "/opt/gone/bin")).unwrap();
    for entry in fs::read_dir(scene.venv().join("bin")).unwrap().flatten() {
        if entry.file_name().to_string_lossy().starts_with("python") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
    fs::remove_file(scene.file("ant/core.py")).unwrap();
    let mut command = scene.command(&[]);
    let path = std::env::var("PATH").unwrap();
    command.env("PATH", format!("{home}:{path}"));
    let run = Run::of(command);
    assert_eq!(run.code, 3, "{run}");
    assert!(
        run.stderr.contains("/opt/gone/bin/python3") && run.stderr.contains("--python /"),
        "{run}"
    );
    let offered = run.stderr.split("--python ").nth(1).unwrap();
    let offered = offered.split([',', '\n']).next().unwrap().trim();
    scene.rebuild(0, &["--python", offered]);
    scene.assert_works();
    let run = scene.rebuild(2, &["--python", "/bin/sh"]);
    assert!(run.stderr.contains("does not run as a Python"), "{run}");
}
