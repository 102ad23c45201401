//! Damage told from drift: what real installers do is drift, the same half done is damage; and healing mends only damage.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::Value;

use crate::support::damage::Damage;
use crate::support::faults::{can_trace, skipped};
use crate::support::wheel::{pip, pip_command, two_versions, venv_with_pip};
use crate::support::{Sandbox, Tree, venv};

/// A venv with version 1.0 of a package, saved; and the wheels of both versions.
fn saved() -> (Sandbox, PathBuf, PathBuf) {
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    let (old, new) = two_versions(&sandbox.path("wheels"));
    pip(&sandbox.venv(), &["install", old.to_str().unwrap()]);
    sandbox.ok(&["save", "venv"]);
    (sandbox, old, new)
}

fn classes(diff: &Value) -> BTreeMap<String, u64> {
    ["damage", "drift"]
        .into_iter()
        .map(|class| (class.to_owned(), diff["summary"][class].as_u64().unwrap()))
        .collect()
}

fn states(diff: &Value) -> Vec<String> {
    let packages = diff["packages"].as_array().unwrap();
    let state = |package: &Value| {
        format!(
            "{} {}",
            package["name"].as_str().unwrap(),
            package["state"].as_str().unwrap()
        )
    };
    packages.iter().map(state).collect()
}

#[test]
fn upgrades_downgrades_reinstalls_additions_and_removals_by_pip_are_drift() {
    let (sandbox, old, new) = saved();
    let venv = sandbox.venv();
    let check = |state: &[&str]| {
        let diff = sandbox.json(1, &["diff", "venv"]);
        assert_eq!(diff["summary"]["damage"], 0, "{state:?}: {diff}");
        assert_eq!(states(&diff), state);
        diff
    };
    pip(&venv, &["install", new.to_str().unwrap()]);
    let diff = check(&["wares upgraded"]);
    assert_eq!(diff["packages"][0]["expected"], "1.0");
    assert_eq!(diff["packages"][0]["actual"], "2.0");
    let text = sandbox.code(1, &["diff", "venv"]);
    assert!(text.stdout.contains("wares upgraded 1.0 -> 2.0"), "{text}");
    // Nothing is damaged, so there is nothing to heal.
    let upgraded = Tree::of(&venv);
    sandbox.ok(&["restore", "venv", "--heal"]);
    upgraded.assert_same(&Tree::of(&venv), "healing an upgrade");
    let second = sandbox.json(0, &["save", "venv"])["snapshot"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let log = sandbox.ok(&["log", "venv"]);
    assert!(log.stdout.contains("wares upgraded 1.0 -> 2.0"), "{log}");
    let between = sandbox.json(1, &["diff", "latest~1", &second, "--venv", "venv"]);
    assert_eq!(
        (between["summary"]["damage"].as_u64(), states(&between)),
        (Some(0), vec!["wares upgraded".to_owned()])
    );
    pip(&venv, &["install", old.to_str().unwrap()]);
    check(&["wares downgraded"]);
    pip(&venv, &["uninstall", "-y", "wares"]);
    check(&["wares removed"]);
    sandbox.ok(&["save", "venv"]);
    pip(&venv, &["install", old.to_str().unwrap()]);
    check(&["wares added"]);
    sandbox.ok(&["save", "venv"]);
    pip(
        &venv,
        &["install", "--force-reinstall", old.to_str().unwrap()],
    );
    let diff = sandbox.json(0, &["diff", "venv"]);
    assert_eq!(classes(&diff)["drift"], 0, "the same bytes again: {diff}");
}

#[test]
fn an_upgrade_that_is_damaged_is_damage_of_the_new_version_and_comes_back_whole() {
    let (sandbox, _, new) = saved();
    pip(&sandbox.venv(), &["install", new.to_str().unwrap()]);
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    fs::write(site.join("wares/part3.py"), b"").unwrap();
    fs::remove_file(site.join("wares/fresh.py")).unwrap();
    let diff = sandbox.json(1, &["diff", "venv"]);
    let damaged: Vec<&str> = diff["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["class"] == "damage")
        .map(|entry| entry["path"].as_str().unwrap().rsplit('/').next().unwrap())
        .collect();
    assert_eq!(damaged, ["fresh.py", "part3.py"], "{diff}");
    let run = sandbox.ok(&["restore", "venv", "--heal"]);
    assert!(run.stderr.contains("wares was half done"), "{run}");
    let after = sandbox.snap(&["diff", "venv"]);
    assert_eq!(after.code, 0, "{after}");
    let check = sandbox.snap(&["check", "venv"]);
    assert_eq!(check.code, 0, "{check}");
}

#[test]
fn an_upgrade_killed_anywhere_is_damage_or_whole() {
    if !can_trace() {
        return;
    }
    let (sandbox, _, new) = saved();
    let backup = sandbox.path("backup");
    venv::copy(&sandbox.venv(), &backup);
    let (mut killed, mut damaged) = (0, 0);
    for call in ["rename", "rmdir"] {
        for n in (1..24).step_by(3) {
            let upgrade = pip_command(&sandbox.venv(), &["install", new.to_str().unwrap()]);
            let mut traced = std::process::Command::new("strace");
            traced.args(["-f", "-qq", "-o", "/dev/null"]);
            traced.args([
                "-e",
                &format!("trace={call}"),
                "-e",
                &format!("inject={call}:signal=KILL:when={n}"),
            ]);
            traced.arg(upgrade.get_program()).args(upgrade.get_args());
            for (name, value) in upgrade.get_envs() {
                match value {
                    Some(value) => traced.env(name, value),
                    None => traced.env_remove(name),
                };
            }
            let status = traced
                .stdin(std::process::Stdio::null())
                .output()
                .unwrap()
                .status;
            if status.success() {
                reset(&backup, &sandbox.venv());
                break;
            }
            killed += 1;
            let diff = sandbox.snap(&["diff", "venv", "--json"]);
            let answer: Value = serde_json::from_str(&diff.stdout).unwrap();
            let has_damage = answer["summary"]["damage"] != 0;
            let whole = is_whole(&sandbox.venv());
            assert!(
                has_damage || whole,
                "killed at {call} {n}: not told as damage: {answer}"
            );
            damaged += u32::from(has_damage);
            sandbox.ok(&["restore", "venv"]);
            let check = sandbox.json(0, &["check", "venv"]);
            assert_eq!(check["findings"].as_array().unwrap().len(), 0, "{check}");
            reset(&backup, &sandbox.venv());
        }
    }
    println!("upgrade killed at {killed} points, told as damage at {damaged}");
    assert!(killed > 5 && damaged > 1, "{killed} {damaged}");
}

/// Whether the package is one version in all its parts.
fn is_whole(root: &Path) -> bool {
    let site = root.join(venv::site_packages(root));
    let all = |version: &str, letter: &str, own: &str| {
        let has = |name: &str, text: &str| {
            fs::read_to_string(site.join("wares").join(name))
                .is_ok_and(|found| found.contains(text))
        };
        site.join(format!("wares-{version}.dist-info/RECORD"))
            .exists()
            && has("__init__.py", &format!("'{version}'"))
            && (0..12).all(|n| has(&format!("part{n}.py"), &format!("{letter} = {n}")))
            && has(own, "= 1")
            && has("same.py", "same")
            && has("core.py", "def main")
    };
    all("1.0", "x", "gone.py") || all("2.0", "y", "fresh.py")
}

fn reset(backup: &Path, venv: &Path) {
    fs::remove_dir_all(venv).unwrap();
    venv::copy(backup, venv);
}

#[test]
fn healing_mends_the_damage_with_its_bytecode_and_leaves_drift_alone() {
    let (sandbox, _, _) = saved();
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    let added = crate::support::wheel::build(
        &sandbox.path("wheels"),
        "addon",
        "3.1",
        &[("addon/__init__.py", "z = 1\n")],
        &[],
    );
    pip(&sandbox.venv(), &["install", added.to_str().unwrap()]);
    fs::write(site.join("mine.py"), b"kept = 1\n").unwrap();
    Damage::Truncate.apply(&site.join("wares/part1.py"));
    // Python writes bytecode of the damaged source.
    let python = sandbox.venv().join("bin/python");
    let ran = std::process::Command::new(python)
        .args(["-c", "import wares.part1"])
        .status();
    assert!(ran.is_ok());
    let run = sandbox.ok(&["restore", "venv", "--heal"]);
    assert!(run.stdout.contains("mended: 1 "), "{run}");
    let diff = sandbox.json(1, &["diff", "venv"]);
    assert_eq!(diff["summary"]["damage"], 0, "{diff}");
    assert_eq!(states(&diff), ["addon added"]);
    assert!(site.join("mine.py").exists() && site.join("addon/__init__.py").exists());
    let check = sandbox.json(0, &["check", "venv"]);
    assert_eq!(check["summary"]["unowned"], 1, "{check}");
    let again = sandbox.ok(&["restore", "venv", "--heal"]);
    assert!(again.stdout.contains("nothing to do"), "{again}");
}

#[test]
fn one_distribution_comes_back_with_files_info_and_scripts_and_nothing_else_moves() {
    let (sandbox, _, new) = saved();
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    pip(&sandbox.venv(), &["install", new.to_str().unwrap()]);
    fs::remove_file(sandbox.venv().join("bin/wares-tool")).unwrap();
    let other = site.join("pip/__init__.py");
    fs::write(&other, b"# hurt\n").unwrap();
    sandbox.ok(&["restore", "venv", "--only", "Wares"]);
    let diff = sandbox.json(1, &["diff", "venv"]);
    assert_eq!(states(&diff), ["pip damaged"], "{diff}");
    assert!(
        site.join("wares-1.0.dist-info").exists() && !site.join("wares-2.0.dist-info").exists()
    );
    assert!(
        sandbox.venv().join("bin/wares-tool").exists() && !site.join("wares/fresh.py").exists()
    );
    sandbox.code(2, &["restore", "venv", "--only", "no-such-thing"]);
    sandbox.code(2, &["restore", "venv", "--only", "wares", "--heal"]);
}

#[test]
fn files_are_told_with_the_distribution_that_owns_them() {
    let (sandbox, _, _) = saved();
    let site = venv::site_packages(&sandbox.venv());
    for path in [
        "bin/wares-tool",
        &format!("{site}/wares/core.py"),
        &format!("{site}/wares-1.0.dist-info/METADATA"),
    ] {
        Damage::Append.apply(&sandbox.venv().join(path));
        let diff = sandbox.json(1, &["diff", "venv"]);
        let entry = diff["entries"]
            .as_array()
            .unwrap()
            .iter()
            .find(|e| e["path"] == *path)
            .unwrap();
        assert_eq!(entry["package"], "wares", "{path}");
        sandbox.ok(&["restore", "venv"]);
    }
}

/// What a generator did to one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Hurt(Damage),
    Upgrade,
    Remove,
    Add,
    Bytecode,
    Touch,
}

/// 40 mixtures here; `VENV_SNAP_TEST_CASES=1000 cargo test --test suite random_mixtures` for the long run.
#[test]
fn in_random_mixtures_each_entry_has_the_class_of_what_was_done_to_it() {
    let cases = std::env::var("VENV_SNAP_TEST_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(40);
    let config = Config {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(5),
        max_shrink_iters: 30,
        ..Config::default()
    };
    let sandbox = Sandbox::new();
    let names = ["ant", "bee", "cat", "dog", "elk", "fox"];
    venv::tiny(&sandbox.venv());
    for name in names {
        venv::package(
            &sandbox.venv(),
            venv::SITE,
            name,
            &["core.py", "a.py", "b.py", "sub/c.py"],
        );
    }
    sandbox.ok(&["save", "venv"]);
    let backup = sandbox.path("backup");
    venv::copy(&sandbox.venv(), &backup);
    use proptest::prelude::{Strategy, any};
    let deed = (0..6_usize, any::<u8>(), any::<u8>())
        .prop_map(|(package, what, file)| (package, what, file));
    TestRunner::new(config)
        .run(&proptest::collection::vec(deed, 1..10), |deeds| {
            let expected = do_all(&sandbox.venv(), &names, &deeds);
            let run = sandbox.snap(&["diff", "venv", "--json"]);
            let diff: Value = serde_json::from_str(&run.stdout).unwrap();
            for entry in diff["entries"].as_array().unwrap() {
                let path = entry["path"].as_str().unwrap();
                if let Some(class) = expected.get(path) {
                    assert_eq!(entry["class"], *class, "{deeds:?} {entry}");
                } else {
                    assert_ne!(entry["class"], "damage", "{deeds:?} {entry}");
                }
            }
            for (path, class) in &expected {
                let named = diff["entries"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|entry| entry["path"] == path.as_str());
                assert!(named || *class == "noise", "{deeds:?}: {path} is not told");
            }
            reset(&backup, &sandbox.venv());
            Ok(())
        })
        .unwrap();
}

/// Does each deed to a package of its own, and returns the class that each hurt path must have.
fn do_all(
    root: &Path,
    names: &[&str],
    deeds: &[(usize, u8, u8)],
) -> BTreeMap<String, &'static str> {
    let mut expected = BTreeMap::new();
    let mut done = std::collections::HashSet::new();
    for (package, what, file) in deeds {
        if !done.insert(*package) {
            continue;
        }
        let name = names[*package];
        let file = ["core.py", "a.py", "b.py", "sub/c.py"][usize::from(*file) % 4];
        let path = format!("{}/{name}/{file}", venv::SITE);
        let whole = root.join(&path);
        let damages = [
            Damage::Delete,
            Damage::Empty,
            Damage::Truncate,
            Damage::ZeroTail,
            Damage::AlterKeepingTime,
            Damage::Append,
            Damage::Chmod,
            Damage::BecomeLink,
        ];
        let deed = match what % 16 {
            0..=7 => Deed::Hurt(damages[usize::from(*what % 8)]),
            8 | 9 => Deed::Upgrade,
            10 => Deed::Remove,
            11 => Deed::Add,
            12 | 13 => Deed::Bytecode,
            _ => Deed::Touch,
        };
        match deed {
            Deed::Hurt(damage) => {
                damage.apply(&whole);
                expected.insert(path, "damage");
            }
            Deed::Upgrade => {
                // A new version whose RECORD agrees: other content, and another info directory.
                let site = root.join(venv::SITE);
                fs::remove_dir_all(site.join(format!("{name}-1.0.dist-info"))).unwrap();
                fs::remove_dir_all(site.join(name)).unwrap();
                upgrade(root, name);
                expected.insert(path, "drift");
            }
            Deed::Remove => {
                let site = root.join(venv::SITE);
                fs::remove_dir_all(site.join(format!("{name}-1.0.dist-info"))).unwrap();
                fs::remove_dir_all(site.join(name)).unwrap();
                expected.insert(path, "drift");
            }
            Deed::Add => {
                let path = format!("{}/{name}/added.txt", venv::SITE);
                fs::write(root.join(&path), b"more\n").unwrap();
                expected.insert(path, "drift");
            }
            Deed::Bytecode => {
                let path = format!("{}/{name}/__pycache__/core.cpython-311.pyc", venv::SITE);
                venv::write(root, &path, b"written by itself");
                expected.insert(path, "noise");
            }
            Deed::Touch => {
                Damage::Touch.apply(&whole);
                expected.insert(path, "noise");
            }
        }
    }
    expected
}

/// Lays out version 2.0 of a package.
fn upgrade(root: &Path, name: &str) {
    use sha2::Digest;
    let info = format!("{name}-2.0.dist-info");
    let mut rows = String::new();
    let mut put = |path: String, content: String| {
        let hash = data_encoding::BASE64URL_NOPAD.encode(&sha2::Sha256::digest(&content));
        rows.push_str(&format!("{path},sha256={hash},{}\n", content.len()));
        venv::write(root, &format!("{}/{path}", venv::SITE), content.as_bytes());
    };
    put(
        format!("{name}/__init__.py"),
        "from . import core\n# two\n".to_owned(),
    );
    for file in ["core.py", "a.py", "b.py", "sub/c.py", "new.py"] {
        put(
            format!("{name}/{file}"),
            format!("two = '{file}'\n").repeat(30),
        );
    }
    put(
        format!("{info}/METADATA"),
        format!("Metadata-Version: 2.1\nName: {name}\nVersion: 2.0\n"),
    );
    rows.push_str(&format!("{info}/RECORD,,\n"));
    venv::write(
        root,
        &format!("{}/{info}/RECORD", venv::SITE),
        rows.as_bytes(),
    );
}

#[test]
fn uv_upgrades_are_drift_as_well() {
    let has_uv = std::process::Command::new("uv")
        .arg("--version")
        .output()
        .is_ok_and(|out| out.status.success());
    if !has_uv {
        skipped(1, "uv is not installed");
        return;
    }
    let (sandbox, _, new) = saved();
    let status = std::process::Command::new("uv")
        .args([
            "pip",
            "install",
            "-q",
            "--offline",
            "--no-cache",
            "--no-deps",
            "--python",
        ])
        .arg(sandbox.venv().join("bin/python"))
        .arg(new)
        .status()
        .unwrap();
    assert!(status.success());
    let diff = sandbox.json(1, &["diff", "venv"]);
    assert_eq!(
        (diff["summary"]["damage"].as_u64(), states(&diff)),
        (Some(0), vec!["wares upgraded".to_owned()]),
        "{diff}"
    );
}
