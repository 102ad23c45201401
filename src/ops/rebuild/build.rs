//! Builds the new venv in its workroom: made by the interpreter, filled with what is proved of the live one, completed
//! by an installer that uses no cache and links nothing.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use super::failed::Unbuilt;
use super::maker::Base;
use super::options::{Installer, RebuildOptions};
use crate::disk::rooted::{Rooted, os};
use crate::disk::workroom::Workroom;
use crate::model::{Meta, RelPath, Time};
use crate::ops::error::Error;
use crate::python::layout::python_in;
use crate::python::made::Made;
use crate::python::worker::{Complaint, Worker};
use crate::replace::Staging;

/// How long it may take to make an empty venv.
const MAKING: Duration = Duration::from_mins(5);
/// How long an installer may take, with all that it builds.
const INSTALLING: Duration = Duration::from_hours(2);

/// Where it is built, and by what.
pub(super) struct Build<'a> {
    pub(super) worker: &'a Worker<'a>,
    pub(super) room: &'a Workroom,
    /// The name of the venv, which it has in the workroom as well: what shells show of it is made of that.
    pub(super) name: &'a [u8],
    pub(super) base: &'a Base,
    pub(super) installer: Installer,
    pub(super) options: &'a RebuildOptions,
}

/// What the installer is asked for.
pub(super) struct Order {
    /// The lines of a requirements file.
    pub(super) lines: String,
    /// Whether all that it requires is named in it.
    pub(super) is_whole: bool,
}

impl Build<'_> {
    /// Where the new venv stands while it is built.
    pub(super) fn place(&self) -> PathBuf {
        self.room.path().join(os(self.name))
    }

    /// Its root.
    pub(super) fn open(&self) -> Result<Rooted, Error> {
        Ok(self.room.root().enter(self.name)?)
    }

    fn failed(&self, step: &'static str, complaint: Complaint) -> Error {
        if self.worker.monitor.cancelled() {
            return Error::Interrupted;
        }
        Unbuilt::Step {
            step,
            said: complaint.lines,
        }
        .into()
    }

    /// Makes an empty venv.
    pub(super) fn make(&self, made: &Made) -> Result<(), Error> {
        self.worker.monitor.phase("making the venv", 0, 0);
        let place = self.place();
        let mut args: Vec<OsString>;
        let program = match (self.installer, &self.options.uv) {
            (Installer::Uv, Some(uv)) if made.by_uv => {
                args = ["venv", "--no-project", "--no-cache", "--python"]
                    .map(OsString::from)
                    .into();
                args.push(self.base.path.clone().into());
                uv.as_path()
            }
            _ => {
                args = ["-I", "-m", "venv", "--without-pip"]
                    .map(OsString::from)
                    .into();
                self.base.path.as_path()
            }
        };
        if made.shares {
            args.push("--system-site-packages".into());
        }
        if let Some(prompt) = &made.prompt {
            args.extend(["--prompt".into(), prompt.into()]);
        }
        args.push(place.into());
        self.worker
            .run(program, args, MAKING)
            .map_err(|complaint| self.failed("making the venv", complaint))
    }

    fn python(&self) -> PathBuf {
        python_in(&self.place())
    }

    /// Installs what was ordered.
    pub(super) fn install(&self, order: &Order) -> Result<Result<(), Complaint>, Error> {
        self.worker.monitor.phase("installing", 0, 0);
        let list = self.write_list(&order.lines)?;
        let (program, mut args) = match self.installer {
            Installer::Uv => self.uv()?,
            Installer::Pip => self.pip()?,
        };
        if order.is_whole {
            args.push("--no-deps".into());
        }
        args.extend(["-r".into(), list.into()]);
        let done = self.worker.run(&program, args, INSTALLING);
        if done.is_err() && self.worker.monitor.cancelled() {
            return Err(Error::Interrupted);
        }
        Ok(done)
    }

    fn uv(&self) -> Result<(PathBuf, Vec<OsString>), Error> {
        let Some(uv) = &self.options.uv else {
            let why = "uv is not to be found".to_owned();
            return Err(Unbuilt::NoInstaller { why }.into());
        };
        let words = "pip install --no-cache --link-mode copy --no-progress --color never --python";
        let mut args: Vec<OsString> = words.split(' ').map(OsString::from).collect();
        args.push(self.python().into());
        Ok((uv.clone(), args))
    }

    /// The pip of the interpreter, run by the new venv's interpreter, which any pip can be.
    fn pip(&self) -> Result<(PathBuf, Vec<OsString>), Error> {
        let libs = std::fs::read_dir(self.tool()?.join("lib"));
        let libs = libs.into_iter().flatten().flatten();
        let mut pips = libs.map(|lib| lib.path().join("site-packages/pip"));
        let Some(pip) = pips.find(|pip| pip.is_dir()) else {
            return Err(self.no_pip("nothing was installed"));
        };
        let mut args = vec![pip.into()];
        let words = "install --no-cache-dir --no-compile --no-input --disable-pip-version-check \
            --no-warn-script-location --progress-bar off";
        args.extend(words.split_whitespace().map(OsString::from));
        Ok((self.python(), args))
    }

    /// A venv beside the new one with the pip that the interpreter brings, so that nothing of it is in the new one.
    pub(super) fn tool(&self) -> Result<PathBuf, Error> {
        let tool = self.room.path().join("tool");
        if tool.is_dir() {
            return Ok(tool);
        }
        let args: [&OsStr; 4] = [
            "-I".as_ref(),
            "-m".as_ref(),
            "venv".as_ref(),
            tool.as_os_str(),
        ];
        match self.worker.run(&self.base.path, args, MAKING) {
            Ok(()) => Ok(tool),
            Err(_) if self.worker.monitor.cancelled() => Err(Error::Interrupted),
            Err(complaint) => Err(self.no_pip(complaint.lines.last().map_or("", String::as_str))),
        }
    }

    fn no_pip(&self, why: &str) -> Error {
        let why = format!("'{}' brings no pip: {why}", self.base.path.display());
        Unbuilt::NoInstaller { why }.into()
    }

    /// Writes a list where the installer can read it, and nobody but its user: it may name a private index.
    fn write_list(&self, lines: &str) -> Result<PathBuf, Error> {
        const NAME: &[u8] = b"requirements.txt";
        let path = RelPath::new(NAME).unwrap_or_default();
        let staging = Staging::within(self.room.root().known_as(&self.room.path())?);
        if self.room.root().stat_name(NAME)?.is_some() {
            staging.remove(&path)?;
        }
        let (uid, gid) = self.worker.user;
        let meta = Meta {
            mode: 0o600,
            uid,
            gid,
            mtime: Time { secs: 0, nanos: 0 },
            xattrs: Vec::new(),
        };
        staging.write_file(&path, lines.as_bytes(), &meta)?;
        Ok(self.room.path().join(os(NAME)))
    }
}
