//! The installer uv, where there is one.

use std::path::Path;
use std::process::{Command, Stdio};

use super::Sandbox;
use super::tools;

/// Whether it can be run; tells if it cannot.
pub(crate) fn is_there() -> bool {
    tools::find("uv").is_some()
}

/// Installs a wheel anew into the venv, with the cache in the home directory of the sandbox.
pub(crate) fn install(sandbox: &Sandbox, wheel: &Path, mode: &str) {
    install_into(sandbox, &sandbox.venv(), wheel, mode);
}

/// The same for another venv.
pub(crate) fn install_into(sandbox: &Sandbox, venv: &Path, wheel: &Path, mode: &str) {
    let mut command = Command::new(tools::find("uv").unwrap());
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
        .arg(venv.join("bin/python"))
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
