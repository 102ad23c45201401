//! An ordinary user, with a home, a venv and a store of their own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::sandbox::copy_program;
use crate::support::{Run, Sandbox, venv};

/// Gives everything below to the user.
pub(crate) fn give(path: &Path) {
    assert!(
        Command::new("chown")
            .args(["-hR", "65534:65534"])
            .arg(path)
            .status()
            .unwrap()
            .success()
    );
}

/// A sandbox that the user may enter, with the program in it.
pub(crate) fn users_sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    copy_program(&sandbox.path("program"));
    fs::set_permissions(sandbox.path("program"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(sandbox.root(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(sandbox.path("home")).unwrap();
    venv::tiny(&sandbox.path("home/venv"));
    give(&sandbox.path("home"));
    sandbox
}

/// Runs the program as the user, in the user's home, with the user's own default store.
pub(crate) fn as_user(sandbox: &Sandbox, args: &[&str]) -> Run {
    as_user_under(sandbox, &[], args)
}

/// The same, started by another program.
pub(crate) fn as_user_under(sandbox: &Sandbox, starter: &[&str], args: &[&str]) -> Run {
    let user = [
        "setpriv",
        "--reuid",
        "65534",
        "--regid",
        "65534",
        "--clear-groups",
    ];
    let words = [starter, &user].concat();
    let mut command = Command::new(words[0]);
    sandbox.dress(&mut command);
    command
        .env_remove("VENV_SNAP_STORE")
        .env("HOME", sandbox.path("home"))
        .current_dir(sandbox.path("home"));
    command
        .args(&words[1..])
        .arg(sandbox.path("program"))
        .args(args);
    Run::of(command)
}
