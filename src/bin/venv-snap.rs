//! The program `venv-snap`: the `snap` that stands beside it, under this name. People call it by this name where
//! another `snap` is in the way (Ubuntu's snapd has one). All that it writes and says names it so.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    let called = words.next().unwrap_or_else(|| "venv-snap".into());
    // Links to this file (uv and pipx make some) are resolved: beside a link may stand anybody's `snap`.
    let beside = match std::env::current_exe().and_then(std::fs::canonicalize) {
        Ok(own) => own.with_file_name("snap"),
        Err(error) => return failed(&format!("this program does not find itself: {error}")),
    };
    let error = Command::new(&beside).arg0(called).args(words).exec();
    failed(&format!("cannot start '{}': {error}", beside.display()))
}

/// Tells what went wrong as the program itself does, with its code for what was not done.
#[expect(
    clippy::print_stderr,
    reason = "there is no room below this that speaks"
)]
fn failed(message: &str) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::from(3)
}
