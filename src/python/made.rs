//! How a venv was made, as its `pyvenv.cfg` tells (PEP 405, and the fields of virtualenv and uv), and the interpreter
//! by which it can be made again.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::layout::python_in;
use super::pyvenv::{Config, minor};
use super::subprocess::{Ear, End, attend};
use crate::disk::PathError;
use crate::disk::error::At;
use crate::disk::limits::is_shortage_io;

/// How long an interpreter may take to say its version.
const PATIENCE: Duration = Duration::from_secs(20);

/// What `pyvenv.cfg` tells.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Made {
    /// The directory of the interpreter that made it.
    pub(crate) home: Option<PathBuf>,
    /// The interpreter itself, where that is told.
    pub(crate) executable: Option<PathBuf>,
    /// The version of that interpreter, such as `3.11.7`.
    pub(crate) version: Option<String>,
    /// Whether the venv also uses the packages of that interpreter.
    pub(crate) shares: bool,
    /// What the shell shows while the venv is active, where somebody chose that.
    pub(crate) prompt: Option<String>,
    /// Whether uv made it.
    pub(crate) by_uv: bool,
    /// Whether who made it put pip into it, as far as that is told: uv does not, others do unless they are told not to.
    pub(crate) brings_pip: bool,
}

impl Made {
    /// Reads it. What is empty or damaged tells nothing.
    pub(crate) fn parse(content: &[u8]) -> Self {
        let config = Config::parse(content);
        let prompt = config.stated(&["prompt"]);
        let prompt = prompt.map(|text| text.trim_matches(['\'', '"']).to_owned());
        Self {
            home: config.stated(&["home"]).map(PathBuf::from),
            executable: config
                .stated(&["executable", "base-executable"])
                .map(PathBuf::from),
            version: config.stated(&["version_info", "version"]),
            shares: config
                .stated(&["include-system-site-packages"])
                .is_some_and(|text| text.eq_ignore_ascii_case("true")),
            prompt: prompt.filter(|text| !text.is_empty()),
            by_uv: config.stated(&["uv"]).is_some(),
            brings_pip: config.stated(&["home"]).is_some()
                && config.stated(&["uv"]).is_none()
                && !config
                    .stated(&["command"])
                    .is_some_and(|line| line.contains("without-pip")),
        }
    }

    /// The major and minor version.
    pub(crate) fn minor(&self) -> Option<(u32, u32)> {
        minor(self.version.as_ref()?)
    }

    /// Where the interpreter that made it should be, the most certain name first. `venv` is where it stands: its own
    /// links say by which of several names it was called.
    pub(crate) fn interpreters(&self, venv: &Path) -> Vec<PathBuf> {
        let minor = self.minor();
        let exact = minor.map(|(major, minor)| format!("python{major}.{minor}"));
        let names = exact
            .into_iter()
            .chain(["python3".to_owned(), "python".to_owned()]);
        let home = self.home.iter();
        let at_home: Vec<PathBuf> = home
            .flat_map(|home| names.clone().map(|name| home.join(name)))
            .collect();
        let linked = first_outside(venv);
        let told = linked.into_iter().chain(self.executable.clone());
        told.chain(at_home).collect()
    }
}

/// Where the interpreter of a venv leads to, by the first link that leaves the venv.
fn first_outside(venv: &Path) -> Option<PathBuf> {
    const LINKS_MAX: usize = 40;
    let mut at = python_in(venv);
    for _ in 0..LINKS_MAX {
        at = at.parent()?.join(std::fs::read_link(&at).ok()?);
        if !at.starts_with(venv) {
            return Some(at);
        }
    }
    None
}

/// What an interpreter says of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Answer {
    /// Major and minor.
    pub(crate) version: (u32, u32),
    /// The whole version, such as `3.11.7`.
    pub(crate) full: String,
    /// The implementation, such as `cpython`.
    pub(crate) implementation: String,
}

/// What an interpreter says of itself; none where it does not run. `command` runs it as whom it should. That the system
/// starts no program now is an error, and says nothing of it.
pub(crate) fn answer_of(mut command: Command) -> Result<Option<Answer>, PathError> {
    command.args([
        "-I",
        "-S",
        "-c",
        "import sys;print('%d.%d.%d'%sys.version_info[:3],sys.implementation.name)",
    ]);
    Ok(said_by(command)?.and_then(|text| {
        let (full, implementation) = text.trim().split_once(' ')?;
        Some(Answer {
            version: minor(full)?,
            full: full.to_owned(),
            implementation: implementation.to_owned(),
        })
    }))
}

/// What a program says that comes to a good end; none where it does not run.
fn said_by(mut command: Command) -> Result<Option<String>, PathError> {
    let said = attend(&mut command, Ear::Answer(100), PATIENCE, &|| false);
    let said = match said {
        Err(error) if is_shortage_io(&error) => {
            return Err(error).at("start", Path::new(command.get_program()));
        }
        said => said.ok(),
    };
    let said = said.filter(|said| matches!(said.end, End::Exited(status) if status.success()));
    Ok(said.map(|said| String::from_utf8_lossy(&said.bytes).into_owned()))
}

/// The version of the pip that an interpreter brings; none where it brings none. `command` runs it as whom it should.
pub(crate) fn pip_of(mut command: Command) -> Result<Option<String>, PathError> {
    command.args(["-I", "-c", "import ensurepip;print(ensurepip.version())"]);
    let version = said_by(command)?.map(|text| text.trim().to_owned());
    Ok(version.filter(|version| !version.is_empty()))
}

/// Whether a path is named as an interpreter of a version is, such as `python3.11`.
pub(crate) fn is_named(path: &Path, (major, minor): (u32, u32)) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name == format!("python{major}.{minor}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_each_maker_is_understood() {
        let stdlib = Made::parse(
            b"home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11.7\n",
        );
        assert_eq!(stdlib.minor(), Some((3, 11)));
        let nowhere = Path::new("/nonexistent");
        assert_eq!(
            stdlib.interpreters(nowhere)[0],
            Path::new("/usr/bin/python3.11")
        );
        let uv =
            Made::parse(b"home = /opt/py\nuv = 0.13.9\nversion_info = 3.12.1\nprompt = 'app'\n");
        assert!(uv.by_uv && uv.prompt.as_deref() == Some("app") && !uv.shares);
        assert_eq!(
            Made::parse(b"\0\0\0").interpreters(Path::new("/nonexistent")),
            Vec::<PathBuf>::new()
        );
    }
}
