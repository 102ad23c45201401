//! Ordinary users on their own venvs, and root on theirs.

use crate::support::users::{as_user, give, users_sandbox};
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::Command;

use crate::support::faults::needs_root;
use crate::support::{Run, Tree, venv};

const USER: u32 = 65534;

#[test]
fn a_user_saves_and_restores_in_the_own_home() {
    if !needs_root() {
        return;
    }
    let sandbox = users_sandbox();
    let good = Tree::of(&sandbox.path("home/venv"));
    let run = as_user(&sandbox, &["save", "venv"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(
        sandbox
            .path("home/.local/share/venv-snap/venv-snap.json")
            .exists(),
        "{run}"
    );
    fs::remove_file(sandbox.path("home/venv/bin/tool")).unwrap();
    let run = as_user(&sandbox, &["restore", "venv"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(
        run.stdout.contains("taken over"),
        "links work without privileges: {run}"
    );
    good.assert_same(&Tree::of(&sandbox.path("home/venv")), "as a user");
    let run = as_user(&sandbox, &["undo", "venv"]);
    assert_eq!(run.code, 0, "{run}");
}

#[test]
fn what_a_user_may_not_read_or_write_is_told_and_left_alone() {
    if !needs_root() {
        return;
    }
    let sandbox = users_sandbox();
    let secret = sandbox.path("home/venv/bin/tool");
    assert_eq!(as_user(&sandbox, &["save", "venv"]).code, 0);
    chown(&secret, Some(0), Some(0)).unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let run = as_user(&sandbox, &["save", "venv"]);
    assert_eq!(run.code, 3, "{run}");
    assert!(
        run.stderr.contains("cannot read 1 of the venv's entries") && run.stderr.contains("hint: "),
        "{run}"
    );
    let run = as_user(&sandbox, &["diff", "venv"]);
    assert_eq!(run.code, 3, "could not look wins over differs: {run}");
    assert!(run.stdout.contains("unreadable"), "{run}");
    let run = as_user(&sandbox, &["save", "venv", "--force"]);
    assert_eq!(run.code, 3, "{run}");
    let told = "1 entry could not be read and so cannot be restored:\n  bin/tool: ";
    assert!(run.stdout.contains(told), "{run}");
    let run = as_user(&sandbox, &["diff", "venv"]);
    assert!(
        run.stdout.contains("is no baseline and was not used"),
        "{run}"
    );
    // What cannot be read does not stop a restore.
    let run = as_user(&sandbox, &["restore", "venv"]);
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(
        fs::read(&secret).unwrap(),
        b"#!/usr/bin/python3\nprint('tool')\n"
    );
}

#[test]
fn a_directory_that_may_not_be_written_gets_its_venv_restored_file_by_file() {
    if !needs_root() {
        return;
    }
    let sandbox = users_sandbox();
    let good = Tree::of(&sandbox.path("home/venv"));
    assert_eq!(as_user(&sandbox, &["save", "venv"]).code, 0);
    fs::remove_file(sandbox.path("home/venv/bin/tool")).unwrap();
    chown(sandbox.path("home"), Some(0), Some(0)).unwrap();
    let run = as_user(&sandbox, &["restore", "venv"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(
        run.stderr
            .contains("its directory may not be written, so files are replaced one by one"),
        "{run}"
    );
    good.assert_same(&Tree::of(&sandbox.path("home/venv")), "in place");
    // Gone, it cannot come back there; and that is told.
    fs::remove_dir_all(sandbox.path("home/venv")).unwrap();
    let run = as_user(&sandbox, &["restore", "venv"]);
    assert_eq!(run.code, 3, "{run}");
    assert!(run.stderr.contains("hint: "), "{run}");
}

#[test]
fn root_restores_a_users_venv_with_the_users_ownership_from_the_users_store() {
    if !needs_root() {
        return;
    }
    let sandbox = users_sandbox();
    let good = Tree::of(&sandbox.path("home/venv"));
    assert_eq!(as_user(&sandbox, &["save", "venv"]).code, 0);
    fs::remove_file(sandbox.path("home/venv/bin/tool")).unwrap();
    let store = sandbox.path("home/.local/share/venv-snap");
    sandbox.ok(&["restore", "home/venv", "--store", store.to_str().unwrap()]);
    let now = Tree::of(&sandbox.path("home/venv"));
    good.assert_same(&now, "restored by root");
    assert!(now.0.values().all(|record| record.owner == (USER, USER)));
    // What root wrote into the user's store the user can read.
    for (path, record) in Tree::of(&store).0 {
        assert_eq!(record.owner, (USER, USER), "{}", path.display());
    }
    let run = as_user(&sandbox, &["undo", "venv"]);
    assert_eq!(run.code, 0, "{run}");
}

#[test]
fn what_root_forgets_and_prunes_in_a_users_store_is_not_missed_there() {
    if !needs_root() {
        return;
    }
    let sandbox = users_sandbox();
    let user = |args: &[&str]| assert_eq!(as_user(&sandbox, args).code, 0);
    user(&["save", "venv"]);
    let dir = sandbox.path("home/.local/share/venv-snap");
    let store = dir.to_str().unwrap();
    let snapshot = || dir.join("snapshots").read_dir().unwrap().next().unwrap();
    let first = snapshot().unwrap().file_name().into_string().unwrap();
    venv::write(&sandbox.path("home/venv"), "second", b"more");
    give(&sandbox.path("home/venv"));
    user(&["save", "venv"]);
    sandbox.ok(&["forget", &first, "--store", store]);
    sandbox.ok(&["prune", "--grace", "0", "--store", store]);
    user(&["verify"]);
    user(&["prune", "--grace", "0"]);
    // And what is missed there, root misses as well.
    fs::remove_file(snapshot().unwrap().path()).unwrap();
    sandbox.code(1, &["verify", "--store", store]);
    sandbox.code(3, &["prune", "--store", store]);
}

#[test]
fn a_user_of_another_store_is_refused() {
    if !needs_root() {
        return;
    }
    let sandbox = users_sandbox();
    sandbox.ok(&["save", "home/venv"]);
    fs::set_permissions(sandbox.path("store"), fs::Permissions::from_mode(0o755)).unwrap();
    let run = as_user(
        &sandbox,
        &["list", "--store", sandbox.path("store").to_str().unwrap()],
    );
    assert_eq!(run.code, 3, "{run}");
}

#[test]
fn the_store_of_the_venvs_owner_is_hinted_at() {
    if !needs_root() {
        return;
    }
    let sandbox = users_sandbox();
    assert_eq!(as_user(&sandbox, &["save", "venv"]).code, 0);
    // A password file of the test's own, in a mount namespace of its own.
    let home = sandbox.path("home");
    fs::write(
        sandbox.path("passwd"),
        format!(
            "root:x:0:0::/root:/bin/sh\nsomeone:x:65534:65534::{}:/bin/sh\n",
            home.display()
        ),
    )
    .unwrap();
    let script = format!(
        "mount --bind '{}' /etc/passwd && exec '{}' \"$@\"",
        sandbox.path("passwd").display(),
        env!("CARGO_BIN_EXE_snap")
    );
    let mut command = Command::new("unshare");
    sandbox.dress(&mut command);
    let run = Run::of({
        command.args(["-m", "sh", "-c", &script, "sh", "restore", "home/venv"]);
        command
    });
    if run.code == 1 {
        return crate::support::faults::skipped(1, "mount namespaces are not allowed here");
    }
    assert_eq!(run.code, 10, "{run}");
    let store = home.join(".local/share/venv-snap");
    assert!(
        run.stderr.contains(&format!("--store {}", store.display())),
        "{run}"
    );
}

#[test]
fn a_store_that_may_not_be_written_refuses_a_save() {
    if !needs_root() {
        return;
    }
    let sandbox = users_sandbox();
    fs::create_dir(sandbox.path("roots")).unwrap();
    let run = as_user(
        &sandbox,
        &[
            "save",
            "venv",
            "--store",
            sandbox.path("roots/store").to_str().unwrap(),
        ],
    );
    assert_eq!(run.code, 3, "{run}");
    // Users of services often have no home to keep a store in.
    let hint = run.stderr.split("hint: ").nth(1).unwrap_or_default();
    assert!(hint.contains("--store or VENV_SNAP_STORE"), "{run}");
    assert_eq!(fs::read_dir(sandbox.path("roots")).unwrap().count(), 0);
}

/// It ended with 0, and a restore removed what had become readable since.
#[test]
fn what_a_forced_save_could_not_read_ends_with_3_and_stays_at_every_restore() {
    if !needs_root() {
        return;
    }
    let sandbox = users_sandbox();
    let site = sandbox.path("home/venv").join(venv::SITE);
    let closed = [site.join("click"), site.join("idna/core.py")];
    let bits = |mode| {
        for path in &closed {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    let good = Tree::of(&sandbox.path("home/venv"));
    bits(0);
    assert_eq!(as_user(&sandbox, &["save", "venv"]).code, 3);
    let saved = as_user(&sandbox, &["save", "venv", "--force", "--json"]);
    assert_eq!(saved.code, 3, "{saved}");
    let answer: serde_json::Value = serde_json::from_str(&saved.stdout).unwrap();
    let named = answer["snapshot"]["unreadable"].as_array().unwrap();
    let of = |path: &str| serde_json::Value::from(format!("{}/{path}", venv::SITE));
    assert_eq!(named, &[of("click"), of("idna/core.py")], "{answer}");
    let told = as_user(&sandbox, &["save", "venv", "--force"]);
    assert!(
        told.stdout.contains("2 entries could not be read"),
        "{told}"
    );
    for (path, mode) in closed.iter().zip([0o755, 0o644]) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    for verb in [
        &["restore", "venv", "latest"][..],
        &["restore", "venv", "latest", "--heal"],
        &["restore", "venv", "latest", "--only", "bin/*"],
        &["restore", "venv", "latest", "--force"],
    ] {
        fs::write(sandbox.path("home/venv/bin/tool"), b"").unwrap();
        let back = as_user(&sandbox, verb);
        assert_eq!(back.code, 0, "{verb:?}: {back}");
        assert!(
            back.stderr.contains("could not be read when it was saved"),
            "{verb:?}: {back}"
        );
        good.assert_same(&Tree::of(&sandbox.path("home/venv")), &format!("{verb:?}"));
    }
}
