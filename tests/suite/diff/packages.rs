//! Damage told from drift: what real installers do is drift, the same half done is damage; and healing mends only
//! damage.

use crate::support::answers::states;
use crate::support::upgrade::{add, saved};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::damage::Damage;
use crate::support::faults::skipped;
use crate::support::wheel::{pip, pip_command};
use crate::support::{Tree, venv};

fn classes(diff: &Value) -> BTreeMap<String, u64> {
    ["damage", "drift"]
        .into_iter()
        .map(|class| (class.to_owned(), diff["summary"][class].as_u64().unwrap()))
        .collect()
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
fn an_upgrade_that_is_damaged_is_damage_of_the_new_version() {
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
    // It came to its end, and the snapshot has nothing of that version: only a whole restore leads back.
    let json = sandbox.json(3, &["restore", "venv", "--heal"]);
    assert_eq!(json["left"][0]["name"], "wares", "{json}");
    assert!(site.join("wares/nest/deep").is_dir());
    sandbox.ok(&["restore", "venv", "--only", "wares"]);
    assert!(
        !site.join("wares/nest").exists(),
        "a directory of the new version is left"
    );
    let after = sandbox.snap(&["diff", "venv"]);
    assert_eq!(after.code, 0, "{after}");
    let check = sandbox.snap(&["check", "venv"]);
    assert_eq!(check.code, 0, "{check}");
}

/// Runs pip inside of a Python that kills itself before the n-th change of a file, as `kill -9` would.
const KILLED_PIP: &str = r"
import builtins, os, runpy, signal, sys
left = int(sys.argv.pop(1)); plain = builtins.open
def counted(call):
    def wrapper(*args, **more):
        global left
        left -= 1
        if left == 0: os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **more)
    return wrapper
for name in ('rename', 'replace', 'unlink', 'remove', 'rmdir', 'mkdir'): setattr(os, name, counted(getattr(os, name)))
writing = counted(plain)
def opened(file, mode='r', *args, **more):
    return (writing if 'w' in mode and 'site-packages' in str(file) else plain)(file, mode, *args, **more)
builtins.open = opened
sys.argv[0] = 'pip'
runpy.run_module('pip', run_name='__main__')
";

#[test]
fn an_upgrade_killed_anywhere_is_damage_or_whole() {
    let (sandbox, _, new) = saved();
    let backup = sandbox.path("backup");
    venv::copy(&sandbox.venv(), &backup);
    // Who is killed leaves its scratch.
    fs::create_dir(sandbox.path("scratch")).unwrap();
    let (mut killed, mut damaged, mut named) = (0, 0, 0);
    for n in (2..400).step_by(9) {
        let args = ["install", new.to_str().unwrap()];
        let upgrade = pip_command(&sandbox.venv(), &args);
        let mut command = std::process::Command::new(upgrade.get_program());
        command.args(["-c", KILLED_PIP, &n.to_string()]);
        command.args(upgrade.get_args().skip(2));
        for (name, value) in upgrade.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.env("TMPDIR", sandbox.path("scratch"));
        let output = command.stdin(std::process::Stdio::null()).output().unwrap();
        if output.status.success() {
            break;
        }
        assert!(
            output.status.code().is_none(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        killed += 1;
        let diff = sandbox.snap(&["diff", "venv", "--json"]);
        let answer: Value = serde_json::from_str(&diff.stdout).unwrap();
        let has_damage = answer["summary"]["damage"] != 0;
        let whole = is_whole(&sandbox.venv());
        assert!(
            has_damage || whole,
            "killed before change {n}: not told as damage: {answer}"
        );
        damaged += u32::from(has_damage);
        // Without a snapshot the same is known.
        let check = sandbox.snap(&["check", "venv", "--json"]);
        let sound: Value = serde_json::from_str(&check.stdout).unwrap();
        assert!(
            check.code == 1 && sound["summary"]["damage"] != 0 || check.code == 0 && whole,
            "killed before change {n}: check tells {check}"
        );
        // Whatever else is hurt: it was pip that was interrupted, or nothing is said.
        for rule in answer["diagnosis"].as_array().unwrap() {
            assert_eq!(
                rule["rule"], "interrupted-pip",
                "killed before change {n}: {answer}"
            );
            named += 1;
        }
        sandbox.ok(&["restore", "venv"]);
        let check = sandbox.json(0, &["check", "venv"]);
        assert_eq!(check["findings"].as_array().unwrap().len(), 0, "{check}");
        venv::put_back(&backup, &sandbox.venv());
    }
    println!("upgrade killed at {killed} points, told as damage at {damaged}");
    assert!(
        killed > 3 && damaged > 1 && named > 0,
        "{killed} {damaged} {named}"
    );
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

#[test]
fn healing_mends_the_damage_with_its_bytecode_and_leaves_drift_alone() {
    let (sandbox, _, _) = saved();
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    add(&sandbox);
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
