//! What `schedule` writes runs: units as systemd wants them, lines as cron starts them; and all of it goes again.

mod bucket;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::faults::{needs_root, skipped};
use crate::support::users::{as_user, users_sandbox};
use crate::support::{Run, Sandbox, tools, venv};

const JOBS: [&str; 5] = ["check", "drill", "forget", "save", "verify"];

/// A store and a venv of which the names have all that a shell or systemd could misread.
fn scene() -> (Sandbox, Vec<String>) {
    let sandbox = Sandbox::new();
    let venv = sandbox.path("it's a $HOME 100%n \"app\"");
    venv::tiny(&venv);
    let store = sandbox.path("a store's 5%i $x");
    let store = vec!["--store".to_owned(), store.to_str().unwrap().to_owned()];
    run(&sandbox, &store, 0, &["save", venv.to_str().unwrap()]);
    (sandbox, store)
}

#[track_caller]
fn run(sandbox: &Sandbox, store: &[String], code: i32, args: &[&str]) -> Run {
    let store: Vec<&str> = store.iter().map(String::as_str).collect();
    sandbox.code(code, &[&store[..], args].concat())
}

fn names(dir: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(dir) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The names of the units of all jobs that are there without a guard.
fn units() -> Vec<String> {
    let both = |job: &&str| ["service", "timer"].map(|kind| format!("venv-snap-{job}.{kind}"));
    JOBS.iter().flat_map(both).collect()
}

#[test]
fn an_install_is_done_once_and_a_removal_leaves_nothing_but_what_is_not_ours() {
    let (sandbox, store) = scene();
    let dir = sandbox.path("units");
    let state = |answer: &Value| -> Vec<String> {
        let files = answer["files"].as_array().unwrap().iter();
        files
            .map(|file| file["state"].as_str().unwrap_or("-").to_owned())
            .collect()
    };
    let json = |args: &[&str]| -> Value {
        let run = run(&sandbox, &store, 0, &[args, &["--json"]].concat());
        serde_json::from_str(&run.stdout).unwrap()
    };
    let into = ["schedule", "--into", "units"];
    let printed = json(&into);
    assert_eq!(
        (state(&printed), names(&dir)),
        (vec!["-".to_owned(); 10], vec![])
    );
    assert!(
        run(&sandbox, &store, 0, &into)
            .stdout
            .contains("### venv-snap-save.timer\n")
    );
    let install = [&into[..], &["--install"]].concat();
    assert_eq!(state(&json(&install)), ["new"; 10]);
    assert_eq!(names(&dir), units());
    assert_eq!(state(&json(&install)), ["unchanged"; 10]);
    let program = fs::canonicalize(env!("CARGO_BIN_EXE_snap")).unwrap();
    for name in units().iter().filter(|name| name.ends_with(".service")) {
        let text = fs::read_to_string(dir.join(name)).unwrap();
        let commands: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("ExecStart="))
            .collect();
        let named = format!("ExecStart={} --store ", program.display());
        assert!(
            !commands.is_empty() && commands.iter().all(|line| line.starts_with(&named)),
            "{text}"
        );
    }
    // What is no longer wanted goes, and what somebody changed is written anew.
    venv::append(dir.join("venv-snap-save.timer"), "OnBootSec=1\n");
    let some = json(&["schedule", "save", "drill", "--into", "units", "--install"]);
    let removed = state(&some)
        .iter()
        .filter(|state| *state == "removed")
        .count();
    assert_eq!(
        (removed, state(&some)[1].as_str()),
        (6, "changed"),
        "{some}"
    );
    // Not ours: neither overwritten nor removed.
    fs::write(
        dir.join("venv-snap-check.service"),
        "[Service]\nExecStart=/bin/true\n",
    )
    .unwrap();
    fs::write(dir.join("other.timer"), "").unwrap();
    let refused = run(&sandbox, &store, 3, &install);
    assert!(
        refused.stderr.contains("was not written by this program"),
        "{refused}"
    );
    run(
        &sandbox,
        &store,
        0,
        &["schedule", "--remove", "--into", "units"],
    );
    assert_eq!(names(&dir), ["other.timer", "venv-snap-check.service"]);
    run(
        &sandbox,
        &store,
        0,
        &["schedule", "--remove", "--into", "nowhere"],
    );
    run(&sandbox, &store, 2, &["schedule", "--remove", "--install"]);
}

#[test]
fn systemd_has_nothing_to_say_of_the_units_and_calls_them_well_held() {
    let Some(analyze) = tools::find("systemd-analyze").or_else(|| which("systemd-analyze")) else {
        return skipped(1, "no systemd-analyze");
    };
    let (sandbox, store) = scene();
    fs::write(sandbox.path("watch.toml"), "").unwrap();
    let words = [
        "schedule",
        "--config",
        "watch.toml",
        "--into",
        "units",
        "--install",
    ];
    run(&sandbox, &store, 0, &words);
    let dir = sandbox.path("units");
    let paths: Vec<PathBuf> = names(&dir).iter().map(|name| dir.join(name)).collect();
    assert_eq!(paths.len(), 11);
    let said = Command::new(&analyze)
        .args(["verify", "--man=no"])
        .args(&paths)
        .output()
        .unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&said.stdout),
        String::from_utf8_lossy(&said.stderr)
    );
    assert!(said.status.success() && text.trim().is_empty(), "{text}");
    if !needs_root() {
        return;
    }
    for path in paths
        .iter()
        .filter(|path| path.extension().unwrap() == "service")
    {
        // A guard sees every process of the host, and mends files of anybody.
        let is_guard = path.to_str().unwrap().contains("watch");
        let threshold = if is_guard {
            "--threshold=60"
        } else {
            "--threshold=30"
        };
        let mut security = Command::new(&analyze);
        security
            .args(["security", "--offline=yes", "--no-pager", threshold])
            .arg(path);
        let said = security.output().unwrap();
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        assert!(said.status.success(), "{}: {text}", path.display());
    }
}

fn which(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|path| path.is_file())
}

#[test]
fn the_lines_of_cron_need_nothing_of_the_environment_and_speak_only_of_what_fails() {
    let (sandbox, store) = scene();
    run(
        &sandbox,
        &store,
        0,
        &["schedule", "--cron", "--install", "--into", "cron"],
    );
    let text = fs::read_to_string(sandbox.path("cron/venv-snap")).unwrap();
    let printed = run(&sandbox, &store, 0, &["schedule", "--cron"]);
    assert_eq!(printed.stdout, text);
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines.len(), 5, "{text}");
    // As cron reads them: five fields, in the table of the system a user, and `%` is a line break unless escaped.
    let is_root = crate::support::faults::is_root();
    let command = |line: &str| {
        let fields = if is_root { 6 } else { 5 };
        let rest = line.splitn(fields + 1, ' ').last().unwrap().to_owned();
        assert!(!rest.replace("\\%", "").contains('%'), "{rest}");
        rest.replace("\\%", "%")
    };
    let cron = |line: &str| {
        let mut shell = Command::new("env");
        shell
            .args(["-i", "/bin/sh", "-c", &command(line)])
            .current_dir("/");
        Run::of(shell)
    };
    for line in &lines {
        let run = cron(line);
        assert_eq!(
            (run.code, &*run.stdout, &*run.stderr),
            (0, "", ""),
            "{line}"
        );
    }
    let log = run(&sandbox, &store, 0, &["log"]).stdout;
    assert!(log.contains("drill, proved"), "{log}");
    let place = sandbox.path("it's a $HOME 100%n \"app\"");
    fs::remove_file(place.join(venv::SITE).join("click/core.py")).unwrap();
    let check = lines.iter().find(|line| line.contains(" check ")).unwrap();
    assert!(cron(check).stdout.contains("click/core.py"));
    run(
        &sandbox,
        &store,
        0,
        &["schedule", "--cron", "--remove", "--into", "cron"],
    );
    assert_eq!(names(&sandbox.path("cron")), [] as [String; 0]);
}

#[test]
fn the_checker_finds_damage_with_no_right_but_to_read() {
    if !needs_root() {
        return;
    }
    let sandbox = users_sandbox();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    fs::set_permissions(sandbox.path("home"), private).unwrap();
    tools::copy_program("/bin/true", &sandbox.path("home/true"));
    sandbox.ok(&["save", "home/venv"]);
    sandbox.ok(&["schedule", "check", "--into", "units", "--install"]);
    let unit = fs::read_to_string(sandbox.path("units/venv-snap-check.service")).unwrap();
    assert!(
        unit.contains("CapabilityBoundingSet=CAP_DAC_READ_SEARCH\n"),
        "{unit}"
    );
    let line = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart="))
        .unwrap();
    let program = fs::canonicalize(env!("CARGO_BIN_EXE_snap")).unwrap();
    let line = line.replace(
        program.to_str().unwrap(),
        sandbox.path("program").to_str().unwrap(),
    );
    let checker = || {
        let held = "setpriv --reuid 12345 --regid 12345 --clear-groups --no-new-privs \
            --inh-caps -all,+dac_read_search --ambient-caps -all,+dac_read_search \
            --bounding-set -all,+dac_read_search";
        let mut shell = Command::new("env");
        shell
            .args(["-i", "/bin/sh", "-c", &format!("exec {held} {line}")])
            .current_dir("/");
        Run::of(shell)
    };
    let sound = checker();
    fs::write(
        sandbox
            .path("home/venv")
            .join(venv::SITE)
            .join("click/core.py"),
        "",
    )
    .unwrap();
    let damaged = checker();
    assert!(
        sound.code != 1 && damaged.stdout.contains("click/core.py"),
        "{sound} {damaged}"
    );
}

#[test]
fn a_user_is_told_where_no_systemd_runs_and_gets_units_of_the_own() {
    if !needs_root() {
        return;
    }
    let sandbox = users_sandbox();
    let told = as_user(&sandbox, &["save", "venv"]);
    assert_eq!(told.code, 0, "{told}");
    if !Path::new("/run/systemd/system").is_dir() {
        let refused = as_user(&sandbox, &["schedule", "--install"]);
        assert!(
            refused.code == 3 && refused.stderr.contains("--cron"),
            "{refused}"
        );
    }
    let refused = as_user(&sandbox, &["schedule", "--cron", "--install"]);
    assert!(
        refused.code == 2 && refused.stderr.contains("crontab -"),
        "{refused}"
    );
    let done = as_user(&sandbox, &["schedule", "--install", "--into", "units"]);
    assert_eq!(done.code, 0, "{done}");
    let unit = fs::read_to_string(sandbox.path("home/units/venv-snap-save.service")).unwrap();
    assert!(
        !unit.contains("Capability") && !unit.contains("User="),
        "{unit}"
    );
    let shown = as_user(&sandbox, &["schedule", "--cron"]);
    assert!(!shown.stdout.contains(" root "), "{shown}");
}
