//! What a check may not look at is told as that, neither as sound nor as damaged; what is hidden behind links is looked for there.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};

use serde_json::Value;

use crate::audit::found;
use crate::support::faults::needs_root;
use crate::support::{Run, Sandbox, venv};
use crate::users::{as_user, users_sandbox};

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}"))
}

fn mode(path: &std::path::Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Lets the venv of the user have an interpreter in a directory of somebody else.
fn elsewhere(sandbox: &Sandbox) {
    let place = sandbox.path("others/bin");
    fs::create_dir_all(&place).unwrap();
    let python = sandbox.path("home/venv/bin/python");
    fs::rename(&python, place.join("python")).unwrap();
    chown(place.join("python"), Some(0), Some(0)).unwrap();
    symlink(place.join("python"), &python).unwrap();
}

/// A uv-managed Python in the home of another user: once told as sound, and saved as a baseline.
#[test]
fn an_interpreter_that_this_user_may_not_reach_is_not_called_sound_and_not_damaged() {
    if !needs_root() {
        return;
    }
    let sandbox = users_sandbox();
    elsewhere(&sandbox);
    let run = as_user(&sandbox, &["check", "venv", "--json"]);
    assert_eq!((run.code, &json(&run)["clean"]), (0, &true.into()), "{run}");
    let others = sandbox.path("others");
    for (what, closed) in [
        ("the way to it", others.clone()),
        ("the program", others.join("bin/python")),
    ] {
        mode(&closed, 0o700);
        let run = as_user(&sandbox, &["check", "venv", "--json"]);
        assert_eq!(run.code, 3, "{what}: {run}");
        let answer = json(&run);
        assert_eq!(found(&answer), Vec::<String>::new(), "{what}");
        assert_eq!(answer["diagnosis"], serde_json::json!([]), "{what}");
        assert_eq!(answer["clean"], false, "{what}");
        assert_eq!(answer["unread"][0]["path"], "bin/python", "{what}");
        let reason = answer["interpreter"]["unreachable"].as_str().unwrap();
        assert!(reason.contains("Permission denied"), "{what}: {reason}");
        let text = as_user(&sandbox, &["check", "venv"]);
        assert!(
            !text.stdout.contains("sound")
                && text.stdout.contains("'bin/python' could not be looked at"),
            "{what}: {text}"
        );
        let save = as_user(&sandbox, &["save", "venv"]);
        assert_eq!(save.code, 3, "{what}: {save}");
        assert!(save.stderr.contains("bin/python"), "{what}: {save}");
        mode(&closed, 0o755);
    }
    mode(&others, 0o700);
    let save = as_user(&sandbox, &["save", "venv", "--force", "--json"]);
    assert_eq!(json(&save)["snapshot"]["baseline"], false, "{save}");
    // Gone is gone.
    fs::remove_dir_all(others).unwrap();
    let run = as_user(&sandbox, &["check", "venv", "--json"]);
    assert_eq!(run.code, 1, "{run}");
    let answer = json(&run);
    assert_eq!(answer["findings"][0]["check"], "interpreter");
    assert_eq!(answer["diagnosis"][0]["rule"], "interpreter-changed");
}

#[test]
fn a_program_that_nobody_may_run_is_damage() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    mode(&sandbox.venv().join("bin/python"), 0o644);
    let answer = sandbox.json(1, &["check", "venv"]);
    assert_eq!(answer["findings"][0]["check"], "interpreter", "{answer}");
}

#[test]
fn of_what_lies_in_a_directory_that_cannot_be_read_nothing_is_said() {
    if !needs_root() {
        return;
    }
    let sandbox = users_sandbox();
    let site = format!("home/venv/{}", venv::SITE);
    for (dir, seen) in [
        ("click", vec!["file-unreadable click"]),
        ("click-1.0.dist-info", vec![]),
        ("", vec![]),
    ] {
        let path = sandbox.path(&site).join(dir);
        mode(&path, 0o000);
        let run = as_user(&sandbox, &["check", "venv", "--json"]);
        assert_eq!(run.code, 3, "'{dir}': {run}");
        let answer = json(&run);
        assert_eq!(found(&answer), seen, "'{dir}': {answer}");
        let shown = path
            .strip_prefix(sandbox.path("home/venv"))
            .unwrap()
            .to_str()
            .unwrap();
        let unread = answer["unread"].as_array().unwrap();
        assert_eq!(unread.len(), 1, "'{dir}': {answer}");
        assert_eq!(unread[0]["path"], shown.trim_end_matches('/'));
        assert!(unread[0]["reason"].as_str().unwrap().contains("denied"));
        let text = as_user(&sandbox, &["check", "venv"]).stdout;
        let named = text.matches("Permission denied").count();
        assert!(named == 1 && !text.contains("gone"), "'{dir}': {text}");
        mode(&path, 0o755);
    }
    assert_eq!(as_user(&sandbox, &["check", "venv"]).code, 0);
}

#[test]
fn a_requirement_is_not_missed_where_its_distribution_cannot_be_read() {
    if !needs_root() {
        return;
    }
    let sandbox = users_sandbox();
    let root = sandbox.path("home/venv");
    let info = format!("{}/needy-1.0.dist-info", venv::SITE);
    let metadata = "Metadata-Version: 2.1\nName: needy\nVersion: 1.0\nRequires-Dist: click\n";
    venv::write(&root, &format!("{info}/METADATA"), metadata.as_bytes());
    venv::write(
        &root,
        &format!("{info}/RECORD"),
        b"needy-1.0.dist-info/RECORD,,\n",
    );
    mode(&root.join(venv::SITE).join("click-1.0.dist-info"), 0o000);
    let run = as_user(&sandbox, &["check", "venv", "--json"]);
    assert_eq!((run.code, found(&json(&run))), (3, Vec::new()), "{run}");
}

#[test]
fn what_a_link_that_leads_to_nothing_hides_is_gone() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let site = sandbox.venv().join(venv::SITE);
    // As installers do that link into their cache: each file, or a whole directory.
    for (name, kept) in [("click/core.py", "core.py"), ("idna", "idna")] {
        fs::rename(site.join(name), sandbox.path(kept)).unwrap();
        symlink(sandbox.path(kept), site.join(name)).unwrap();
        sandbox.ok(&["check", "venv"]);
    }
    for kept in ["core.py", "idna"] {
        let away = sandbox.path("away");
        fs::rename(sandbox.path(kept), &away).unwrap();
        let answer = sandbox.json(1, &["check", "venv"]);
        let named = found(&answer);
        let all = named.iter().all(|one| one.starts_with("file-missing "));
        assert!(
            all && named.iter().any(|one| one.ends_with("/core.py")),
            "{named:?}"
        );
        sandbox.code(1, &["save", "venv"]);
        fs::rename(&away, sandbox.path(kept)).unwrap();
    }
}
