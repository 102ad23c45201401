//! In a namespace of users root has rights only over the owners that the namespace knows. What others own stays as it
//! stands where it is as it was saved, and who would lose it is asked.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, lchown};
use std::process::Command;

use crate::support::faults::{needs_root, skipped};
use crate::support::sandbox::copy_program;
use crate::support::{Run, Sandbox, Tree, venv};

use super::left_out::LeftOut;

/// The program as root of a namespace that knows no user but root.
pub(super) fn within(sandbox: &Sandbox, args: &[&str]) -> Option<Run> {
    let mut command = Command::new("unshare");
    sandbox.dress(&mut command);
    command.args(["--user", "--map-root-user", env!("CARGO_BIN_EXE_snap")]);
    command.args(args);
    let run = Run::of(command);
    if run.stderr.contains("unshare") {
        skipped(1, "no namespace of users can be had here");
        return None;
    }
    Some(run)
}

pub(super) fn answer(run: &Run, code: i32, what: &str) -> serde_json::Value {
    assert_eq!(run.code, code, "{what}: {run}");
    serde_json::from_str(&run.stdout).unwrap()
}

/// A restore gave files of others to root without a word, though they stood as they were saved.
#[test]
fn in_a_namespace_of_users_what_others_own_stays_or_is_asked_for() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let root = sandbox.venv();
    let core = root.join(venv::SITE).join("click/core.py");
    venv::tiny(&root);
    chown(root.join("bin/tool"), Some(77), Some(78)).unwrap();
    venv::age(&root, 1_700_000_000);
    let Some(saved) = within(&sandbox, &["save", "venv"]) else {
        return;
    };
    assert_eq!(saved.code, 0, "{saved}");
    assert!(saved.stderr.contains("owner of 1 entry"), "{saved}");
    let good = Tree::of(&root);
    let run = |args: &[&str]| within(&sandbox, args).unwrap();
    let agree = |what: &str| {
        let diff = answer(&run(&["diff", "venv", "--json"]), 0, what);
        assert_eq!(diff["identical"], true, "{what}: {diff}");
        assert_eq!(run(&["check", "venv"]).code, 0, "{what}");
        let again = answer(&run(&["restore", "venv", "--json"]), 0, what);
        assert_eq!(again["mode"], "identical", "{what}: {again}");
    };

    // Beside it something is hurt.
    for verb in [
        &["restore", "venv", "--json"][..],
        &["restore", "venv", "--json", "--only", "click"],
        &["restore", "venv", "--json", "--heal"],
        &["restore", "venv", "--json", "--copy"],
    ] {
        fs::write(&core, b"").unwrap();
        let told = format!("{verb:?}");
        let done = answer(&run(verb), 0, &told);
        assert!(LeftOut::of(&done).names.is_empty(), "{told}: {done}");
        let core = |tree: &Tree| {
            tree.0[&core.strip_prefix(&root).unwrap().to_owned()]
                .content
                .clone()
        };
        assert_eq!(core(&good), core(&Tree::of(&root)), "{told}");
        let tool = |tree: &Tree| tree.0[std::path::Path::new("bin/tool")].clone();
        assert_eq!(
            tool(&good),
            tool(&Tree::of(&root)),
            "{told}: the file of another"
        );
        agree(&told);
    }

    // It is hurt itself, or all is gone.
    let hurts: [(&str, &dyn Fn()); 2] = [
        ("it is hurt", &|| {
            fs::write(root.join("bin/tool"), b"").unwrap();
        }),
        ("all is gone", &|| fs::remove_dir_all(&root).unwrap()),
    ];
    for (what, hurt) in hurts {
        hurt();
        let before = root.exists().then(|| Tree::of(&root));
        let refused = run(&["restore", "venv"]);
        assert_eq!(refused.code, 3, "{what}: {refused}");
        assert!(refused.stderr.contains("--yes"), "{what}: {refused}");
        match before {
            Some(before) => before.assert_same(&Tree::of(&root), what),
            None => assert!(!root.exists(), "{what}"),
        }
        let done = answer(&run(&["restore", "venv", "--json", "--yes"]), 0, what);
        let left = LeftOut::of(&done);
        assert_eq!(left.names, ["owner"], "{what}: {done}");
        left.assert_explains(&good, &Tree::of(&root), what);
        agree(what);
        chown(root.join("bin/tool"), Some(77), Some(78)).unwrap();
        venv::age(&root, 1_700_000_000);
    }
}

/// All of a venv was told as of another owner, a restore was promised and then refused, and an interpreter that nobody
/// may run there was called damaged.
#[test]
fn in_a_namespace_of_users_that_does_not_know_the_owner_of_a_venv_nothing_of_that_is_damage() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    owned(&sandbox, (77, 78));
    sandbox.ok(&["save", "venv"]);
    let root = sandbox.venv();
    let good = Tree::of(&root);
    let Some(diff) = within(&sandbox, &["diff", "venv", "--json"]) else {
        return;
    };
    let diff = answer(&diff, 0, "diff");
    assert_eq!(diff["identical"], true, "{diff}");
    assert_eq!(LeftOut::of(&diff).names, ["owner"], "{diff}");
    let run = |args: &[&str]| within(&sandbox, args).unwrap();
    for verb in [
        &["restore", "venv", "--json"][..],
        &["restore", "venv", "-n", "--json"],
        &["restore", "venv", "--heal", "--json"],
    ] {
        let done = answer(&run(verb), 0, "restore");
        assert_ne!(done["mode"], "restored", "{done}");
        assert_eq!(done["entries"].as_array().map(Vec::len), Some(0), "{done}");
    }
    good.assert_same(&Tree::of(&root), "nothing was to be done");
    let check = run(&["check", "venv"]);
    assert_eq!(check.code, 3, "{check}");
    assert!(check.stdout.contains("does not know the user"), "{check}");

    // What is hurt is told, and who may mend it.
    let core = root.join(venv::SITE).join("click/core.py");
    fs::write(&core, b"").unwrap();
    let hurt = answer(&run(&["diff", "venv", "--json"]), 1, "hurt");
    assert_eq!(hurt["entries"].as_array().map(Vec::len), Some(1), "{hurt}");
    let before = Tree::of(&root);
    let refused = run(&["restore", "venv"]);
    assert_eq!(refused.code, 3, "{refused}");
    assert!(
        refused.stderr.contains("outside of the namespace"),
        "{refused}"
    );
    before.assert_same(&Tree::of(&root), "refused");
}

/// Gives a venv and all that it holds to somebody.
fn owned(sandbox: &Sandbox, (user, group): (u32, u32)) {
    venv::tiny(&sandbox.venv());
    for path in Tree::of(&sandbox.venv()).0.keys() {
        lchown(sandbox.venv().join(path), Some(user), Some(group)).unwrap();
    }
    venv::age(&sandbox.venv(), 1_700_000_000);
}

/// Outside it is a user, here it is root: the same files have other numbers.
#[test]
fn who_is_called_otherwise_in_a_namespace_of_users_restores_what_was_saved_outside() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    fs::set_permissions(sandbox.root(), fs::Permissions::from_mode(0o755)).unwrap();
    copy_program(&sandbox.path("snap"));
    owned(&sandbox, (77, 78));
    chown(sandbox.root(), Some(77), Some(78)).unwrap();
    let as_user = |before: &[&str], args: &[&str]| {
        let mut command = Command::new("setpriv");
        sandbox.dress(&mut command);
        command.args(["--reuid", "77", "--regid", "78", "--clear-groups"]);
        command.args(before).arg(sandbox.path("snap")).args(args);
        Run::of(command)
    };
    let outside = as_user(&[], &["save", "venv"]);
    let within = |args: &[&str]| as_user(&["unshare", "--user", "--map-root-user"], args);
    if outside.stderr.contains("setpriv") || within(&["version"]).code != 0 {
        skipped(1, "a user gets no namespace of users here");
        return;
    }
    assert_eq!(outside.code, 0, "{outside}");
    let root = sandbox.venv();
    let good = Tree::of(&root);
    let hurts: [(&str, &dyn Fn()); 3] = [
        ("nothing", &|| {}),
        ("a file is gone", &|| {
            fs::remove_file(root.join(venv::SITE).join("click/core.py")).unwrap();
        }),
        ("all is gone", &|| fs::remove_dir_all(&root).unwrap()),
    ];
    for (what, hurt) in hurts {
        hurt();
        answer(&within(&["restore", "venv", "--json"]), 0, what);
        good.assert_same(&Tree::of(&root), what);
        let diff = answer(&within(&["diff", "venv", "--json"]), 0, what);
        assert_eq!(diff["identical"], true, "{what}: {diff}");
        assert_eq!(within(&["check", "venv"]).code, 0, "{what}");
    }
}
