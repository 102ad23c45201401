//! What a check may not look at is told as that, neither as sound nor as damaged; what is hidden behind links is looked
//! for there.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::answers::found;
use crate::support::faults::{can_trace, needs_root};
use crate::support::users::{as_user, users_sandbox};
use crate::support::{Run, Sandbox, venv};

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}"))
}

fn mode(path: &Path, mode: u32) {
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
        let mut others = named.iter().filter(|one| !one.starts_with("file-linked "));
        let all = others.all(|one| one.starts_with("file-missing "));
        assert!(
            all && named.iter().any(|one| one.ends_with("/core.py")),
            "{named:?}"
        );
        sandbox.code(1, &["save", "venv"]);
        fs::rename(&away, sandbox.path(kept)).unwrap();
    }
}

/// The program, of which every `read` of a file fails. The scan reads by `pread64`, and so meets nothing.
fn failing(sandbox: &Sandbox, file: &Path, args: &[&str]) -> Run {
    let mut command = Command::new("strace");
    sandbox.dress(&mut command);
    command
        .args(["-f", "-qq", "-o", "/dev/null", "-P"])
        .arg(file);
    command.args(["-e", "trace=read", "-e", "inject=read:error=EIO"]);
    command.arg(env!("CARGO_BIN_EXE_snap")).args(args);
    Run::of(command)
}

/// A disk that failed between the scan and the second look made a RECORD that "is empty or makes no sense".
#[test]
fn what_cannot_be_read_a_second_time_is_neither_sound_nor_damaged() {
    if !can_trace() {
        return;
    }
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let info = format!("{}/click-1.0.dist-info", venv::SITE);
    for name in ["RECORD", "METADATA"] {
        let path = format!("{info}/{name}");
        let file = sandbox.venv().join(&path);
        let run = failing(&sandbox, &file, &["check", "venv", "--json"]);
        assert_eq!(run.code, 3, "{name}: {run}");
        let answer = json(&run);
        assert_eq!(found(&answer), Vec::<String>::new(), "{name}: {answer}");
        assert_eq!(answer["unread"][0]["path"], *path, "{answer}");
        let text = failing(&sandbox, &file, &["check", "venv"]);
        let told = format!("'{path}' could not be looked at: it cannot be read");
        assert!(text.stdout.contains(&told), "{name}: {text}");
        let save = failing(&sandbox, &file, &["save", "venv"]);
        assert_eq!(save.code, 3, "{name}: {save}");
        assert!(save.stderr.contains(&path), "{name}: {save}");
    }
    // A file whose hash no scan computes is read for it.
    let record = sandbox.venv().join(&info).join("RECORD");
    let other = format!("{}/click/other.py", venv::SITE);
    venv::write(&sandbox.venv(), &other, b"x = 1\n");
    let hash = <sha2::Sha512 as sha2::Digest>::digest(b"x = 1\n");
    let hash = data_encoding::BASE64URL_NOPAD.encode(&hash);
    venv::append(&record, &format!("click/other.py,sha512={hash},6\n"));
    sandbox.ok(&["check", "venv"]);
    let other = sandbox.venv().join(other);
    let both = |why: &str| {
        for verb in ["check", "save"] {
            let run = failing(&sandbox, &other, &[verb, "venv"]);
            assert_eq!(run.code, 3, "{why}: {run}");
        }
    };
    both("nothing else is wrong");
    sandbox.ok(&["save", "venv"]);
    fs::remove_file(sandbox.venv().join(venv::SITE).join("idna/core.py")).unwrap();
    both("what could not be looked at may be worse than what is damaged");
}

/// What a new RECORD says is not known then, and nothing is done for what it might say.
#[test]
fn a_diff_that_cannot_read_a_record_is_not_complete_and_heals_nothing_by_it() {
    if !can_trace() {
        return;
    }
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let site = sandbox.venv().join(venv::SITE);
    let record = site.join("click-1.0.dist-info/RECORD");
    fs::write(site.join("more.py"), b"").unwrap();
    // The store has what it says.
    let run = failing(&sandbox, &record, &["diff", "venv"]);
    assert_eq!(run.code, 1, "{run}");
    let new = site.join("click-2.0.dist-info");
    fs::rename(site.join("click-1.0.dist-info"), &new).unwrap();
    let listed = fs::read_to_string(new.join("RECORD")).unwrap();
    let listed = listed.replace("click-1.0", "click-2.0");
    fs::write(new.join("RECORD"), listed).unwrap();
    let text = "Metadata-Version: 2.1\nName: click\nVersion: 2.0\n";
    fs::write(new.join("METADATA"), text).unwrap();
    fs::remove_file(site.join("click/core.py")).unwrap();
    let record = new.join("RECORD");
    let run = failing(&sandbox, &record, &["diff", "venv", "--json"]);
    assert_eq!(run.code, 3, "{run}");
    let path = format!("{}/click-2.0.dist-info/RECORD", venv::SITE);
    assert_eq!(json(&run)["unread"][0]["path"], *path, "{run}");
    let run = failing(&sandbox, &record, &["restore", "venv", "--heal"]);
    assert_eq!(run.code, 3, "{run}");
    assert!(
        new.is_dir() && run.stdout.contains("click 2.0 stays"),
        "{run}"
    );
}

/// It ended with 1, as if all had been compared.
#[test]
fn a_diff_that_cannot_read_what_is_new_is_not_complete() {
    if !needs_root() {
        return;
    }
    let sandbox = users_sandbox();
    let saved = as_user(&sandbox, &["save", "venv"]);
    assert_eq!(saved.code, 0, "{saved}");
    let site = sandbox.path("home/venv").join(venv::SITE);
    for name in ["new.py", "new", "__pycache__/new.cpython-311.pyc"] {
        let path = site.join(name);
        if name == "new" {
            fs::create_dir(&path).unwrap();
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, b"new = 1\n").unwrap();
        }
        mode(&path, 0o000);
        let run = as_user(&sandbox, &["diff", "venv", "--json"]);
        assert_eq!(run.code, 3, "{name}: {run}");
        let diff = json(&run);
        let mut entries = diff["entries"].as_array().unwrap().iter();
        let is_it = |one: &&Value| one["path"].as_str().unwrap().ends_with(name);
        let entry = entries.find(is_it).unwrap();
        assert_eq!(entry["kind"], "extra", "{diff}");
        assert_ne!(entry["class"], "damage", "{diff}");
        let reason = entry["detail"]["reason"].as_str().unwrap();
        assert!(reason.contains("denied"), "{diff}");
        let text = as_user(&sandbox, &["diff", "venv", "-v"]);
        assert!(text.stdout.contains("cannot be read; Perm"), "{text}");
        mode(&path, 0o755);
        if path.is_dir() {
            fs::remove_dir(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }
}
