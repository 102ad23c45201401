//! The installers of the world, at the versions that `.ci/run` puts below `target/installers`, or as they stand on the
//! path.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::Sandbox;
use super::faults::skipped;

/// Where a tool stands; tells if it stands nowhere.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let prepared = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../installers/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut dirs = std::iter::once(prepared).chain(std::env::split_paths(&path));
    let answers = |tool: &PathBuf| {
        let mut command = Command::new(tool);
        let asked = command.arg("--version").stdin(Stdio::null()).output();
        asked.is_ok_and(|output| output.status.success())
    };
    let found =
        dirs.find_map(|dir| Some(dir.join(name)).filter(|tool| tool.exists() && answers(tool)));
    if found.is_none() {
        skipped(1, &format!("{name} is not installed"));
    }
    found
}

/// A command of a tool in the sandbox, without network, and with caches in it.
pub(crate) fn command(sandbox: &Sandbox, tool: &Path) -> Command {
    let mut command = Command::new(tool);
    sandbox.dress(&mut command);
    let environment = [
        ("PIP_NO_INDEX", "1"),
        ("PIP_ROOT_USER_ACTION", "ignore"),
        ("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
        ("UV_OFFLINE", "1"),
        ("UV_NO_CONFIG", "1"),
        ("UV_PYTHON_DOWNLOADS", "never"),
        ("PDM_CHECK_UPDATE", "0"),
        ("PIPX_DISABLE_SHARED_LIBS_AUTO_UPGRADE", "1"),
        ("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring"),
    ];
    command.envs(environment);
    for (name, dir) in [
        ("UV_CACHE_DIR", "cache/uv"),
        ("PIP_CACHE_DIR", "cache/pip"),
        ("XDG_CACHE_HOME", "cache"),
        ("PIPX_HOME", "pipx"),
        ("PIPX_BIN_DIR", "pipx-bin"),
        ("POETRY_CACHE_DIR", "cache/poetry"),
        ("POETRY_CONFIG_DIR", "config/poetry"),
    ] {
        command.env(name, sandbox.path(dir));
    }
    command
}

/// Runs a command to its end and wants success.
#[track_caller]
pub(crate) fn done(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let told = [&output.stdout[..], &output.stderr].concat();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&told)
    );
    output
}

/// Copies a program, to be started. Another process writes it: what a test beside this one starts meanwhile would have
/// the file open for writing as well, and so nobody could start it.
pub(crate) fn copy_program(from: &str, to: &Path) {
    done(
        Command::new("cp")
            .args(["--remove-destination", from])
            .arg(to),
    );
}
