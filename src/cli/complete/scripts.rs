//! What a shell has to read so that it asks this program.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap_complete::env::{Bash, EnvCompleter, Fish, Zsh};

use super::ASKED;

/// What a shell has to read to ask this program; none for shells that have only fixed completions.
pub(in crate::cli) fn script(shell: clap_complete::Shell, name: &str) -> Option<Vec<u8>> {
    let shell: &dyn EnvCompleter = match shell {
        clap_complete::Shell::Bash => &OwnBash,
        clap_complete::Shell::Zsh => &Zsh,
        clap_complete::Shell::Fish => &Fish,
        _ => return None,
    };
    let mut text = Vec::new();
    if shell.name() == "fish" {
        // Fish brings completions for another program of the same name, which would stand beside these.
        text.extend(format!("complete -e -c {name}\n").into_bytes());
    }
    let mut own = Vec::new();
    shell
        .write_registration(ASKED, name, name, &called(), &mut own)
        .ok()?;
    let own = String::from_utf8(own).ok()?;
    text.extend(meant(shell.name(), &own).into_bytes());
    let says = format!(
        "# After '{name} restore VENV' come the snapshots of that venv: the program is asked.\n"
    );
    text.extend(says.into_bytes());
    Some(text)
}

/// The script of a shell that passes the words as they are meant, and not as they were typed: with a backslash before
/// each blank.
fn meant(shell: &str, script: &str) -> String {
    match shell {
        "zsh" => script.replace(r#""${words[@]}""#, r#""${(@Q)words}""#),
        "fish" => script.replace(
            "(commandline --current-token)",
            r"(commandline --current-token | string replace --all --regex -- '\\\\\\\\(.)' '\$1')",
        ),
        _ => script.to_owned(),
    }
}

/// The program as it was called: by its name where that is on PATH, else by its path.
fn called() -> String {
    let called = std::env::args_os().next().map(PathBuf::from);
    let called = called.unwrap_or_else(|| "snap".into());
    if called.components().count() > 1 {
        let absolute = std::path::absolute(&called).unwrap_or(called);
        return absolute.to_string_lossy().into_owned();
    }
    called.to_string_lossy().into_owned()
}

/// Bash breaks words at `:` and `=`, so that `latest:path` comes as several of them. The script here joins them before
/// it asks. It takes from the answers the part that bash does not replace.
pub(super) struct OwnBash;

impl EnvCompleter for OwnBash {
    fn name(&self) -> &'static str {
        "bash"
    }

    fn is(&self, name: &str) -> bool {
        name == "bash"
    }

    fn write_registration(
        &self,
        var: &str,
        name: &str,
        bin: &str,
        completer: &str,
        buf: &mut dyn std::io::Write,
    ) -> Result<(), std::io::Error> {
        let function = format!(
            "_{}",
            name.replace(|c: char| !c.is_ascii_alphanumeric(), "_")
        );
        let completer = format!("'{}'", completer.replace('\'', r"'\''"));
        let text = include_str!("complete.bash")
            .replace("FUNCTION", &function)
            .replace("COMPLETER", &completer)
            .replace("ASKED", var)
            .replace("BIN", bin);
        buf.write_all(text.as_bytes())
    }

    fn write_complete(
        &self,
        command: &mut clap::Command,
        args: Vec<OsString>,
        here: Option<&Path>,
        buf: &mut dyn std::io::Write,
    ) -> Result<(), std::io::Error> {
        Bash.write_complete(command, args, here, buf)
    }
}
