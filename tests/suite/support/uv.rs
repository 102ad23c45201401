//! The installer uv, where there is one.

use std::path::Path;
use std::process::{Command, Stdio};

use super::Sandbox;
use super::faults::skipped;

/// Whether it can be run; tells if it cannot.
pub(crate) fn is_there() -> bool {
    let found = Command::new("uv").arg("--version").output();
    let found = found.is_ok_and(|output| output.status.success());
    if !found {
        skipped(1, "uv is not installed");
    }
    found
}

/// Installs a wheel anew into the venv, with the cache in the home directory of the sandbox.
pub(crate) fn install(sandbox: &Sandbox, wheel: &Path, mode: &str) {
    let mut command = Command::new("uv");
    sandbox.dress(&mut command);
    let args = [
        "pip",
        "install",
        "-q",
        "--offline",
        "--no-deps",
        "--reinstall",
    ];
    let done = command
        .args(args)
        .args(["--link-mode", mode, "--python"])
        .arg(sandbox.venv().join("bin/python"))
        .arg(wheel)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}
