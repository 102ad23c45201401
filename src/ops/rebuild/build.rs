//! Builds the new venv in its workroom: made by the interpreter, filled with what is proved of the live one, completed
//! by an installer that uses no cache and links nothing.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use super::failed::{NoInstaller, Unbuilt};
use super::maker::Base;
use super::options::{Index, Installer, RebuildOptions};
use crate::disk::rooted::{Rooted, os};
use crate::disk::workroom::Workroom;
use crate::model::{Meta, RelPath, Time};
use crate::ops::error::Error;
use crate::python::complaint::Complaint;
use crate::python::layout::python_in;
use crate::python::made::Made;
use crate::python::worker::Worker;
use crate::replace::Staging;

/// How long it may take to make an empty venv.
const MAKING: Duration = Duration::from_mins(5);
/// How long an installer may take, with all that it builds.
const INSTALLING: Duration = Duration::from_hours(2);

/// Unpacks the pip that an interpreter brings, and copies its wheel into `pip-wheel` and what else there is
/// (setuptools, until 3.11) into `wheels` beside it. Only the package is unpacked: without its metadata, pip does not
/// take itself for installed. Debian keeps its wheels in a directory of their own (`WHEEL_PKG_DIR`). The directory has
/// its name once all is there.
const UNPACK: &str = "\
import os,shutil,sys,sysconfig,zipfile,ensurepip
part=sys.argv[1]+'.part'
shutil.rmtree(part,True)
dirs=[sysconfig.get_config_var('WHEEL_PKG_DIR'),os.path.join(os.path.dirname(ensurepip.__file__),'_bundled')]
dirs=[each for each in dirs if each and os.path.isdir(each)]
wheels=[os.path.join(each,name) for each in dirs for name in os.listdir(each) if name.endswith('.whl')]
pips=[wheel for wheel in wheels if os.path.basename(wheel).startswith('pip-')]
if not pips: sys.exit('there is no wheel of it')
wheel=zipfile.ZipFile(max(pips))
wheel.extractall(part,[name for name in wheel.namelist() if name.startswith('pip/')])
for name in 'wheels','pip-wheel': os.mkdir(os.path.join(part,name))
shutil.copy(max(pips),os.path.join(part,'pip-wheel'))
for wheel in wheels:
    if wheel not in pips: shutil.copy(wheel,os.path.join(part,'wheels'))
os.rename(part,sys.argv[1])";

/// The directory of the unpacked pip in the workroom.
const INSTALLER: &str = "installer";
/// The directory in it with the wheel of pip.
const PIP_WHEEL: &str = "pip-wheel";

/// Where it is built, and by what.
pub(super) struct Build<'a> {
    pub(super) worker: &'a Worker<'a>,
    pub(super) room: &'a Workroom,
    /// The name of the venv, which it has in the workroom as well: the prompt of shells is made of it.
    pub(super) name: &'a [u8],
    pub(super) base: &'a Base,
    pub(super) installer: Installer,
    pub(super) options: &'a RebuildOptions,
}

/// What the installer is asked for.
pub(super) struct Order {
    /// The lines of a requirements file.
    pub(super) lines: String,
    /// Lines that say which versions may come, of whatever comes.
    pub(super) constraints: String,
    /// Whether all that it requires is named in it.
    pub(super) is_whole: bool,
    /// Whether each line has a hash; installers want one of each line then.
    pub(super) is_hashed: bool,
}

impl Order {
    /// An order of nothing but these packages; none of no package.
    pub(super) fn from_lines(lines: &[String], is_hashed: bool) -> Option<Self> {
        (!lines.is_empty()).then(|| Self {
            lines: lines.join("\n") + "\n",
            constraints: String::new(),
            is_whole: true,
            is_hashed,
        })
    }

    /// Whether a line may be added that names one package without a hash.
    pub(super) fn takes_more(&self) -> bool {
        self.is_whole && !self.is_hashed
    }

    /// The same and one more line.
    pub(super) fn and(&self, line: &str) -> Self {
        Self {
            lines: format!("{}{line}\n", self.lines),
            constraints: self.constraints.clone(),
            ..*self
        }
    }
}

impl Build<'_> {
    /// Where the new venv stands while it is built.
    pub(super) fn place(&self) -> PathBuf {
        self.room.path().join(os(self.name))
    }

    /// Where imports of the new venv keep bytecode, which goes with the workroom.
    pub(super) fn bytecode(&self) -> PathBuf {
        self.room.path().join("bytecode")
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
        self.install_from(order, self.sources())
    }

    fn install_from(
        &self,
        order: &Order,
        sources: impl IntoIterator<Item = OsString>,
    ) -> Result<Result<(), Complaint>, Error> {
        self.worker.monitor.phase("installing", 0, 0);
        let list = self.write_list(b"requirements.txt", &order.lines)?;
        let (program, mut args) = match self.installer {
            Installer::Uv => self.uv()?,
            Installer::Pip => self.pip()?,
        };
        if order.is_whole {
            args.push("--no-deps".into());
        }
        args.extend(sources);
        args.extend(["-r".into(), list.into()]);
        if !order.constraints.is_empty() {
            let list = self.write_list(b"constraints.txt", &order.constraints)?;
            args.extend(["-c".into(), list.into()]);
        }
        let done = self.worker.run(&program, args, INSTALLING);
        if done.is_err() && self.worker.monitor.cancelled() {
            return Err(Error::Interrupted);
        }
        Ok(done)
    }

    /// Where packages are looked for, beside what the person's settings say.
    fn sources(&self) -> impl Iterator<Item = OsString> {
        let offline: &[&str] = match (self.options.index, self.installer) {
            (Index::AsSet, _) => &[],
            (Index::Never, Installer::Pip) => &["--no-index"],
            (Index::Never, Installer::Uv) => &["--no-index", "--offline"],
        };
        let dirs = self.options.find_links.iter();
        let dirs = dirs.flat_map(|dir| ["--find-links".into(), dir.clone().into_os_string()]);
        offline.iter().map(OsString::from).chain(dirs)
    }

    fn uv(&self) -> Result<(PathBuf, Vec<OsString>), Error> {
        let Some(uv) = &self.options.uv else {
            return Err(Unbuilt::NoInstaller(NoInstaller::Uv).into());
        };
        let words = "pip install --no-cache --link-mode copy --no-progress --color never --python";
        let mut args: Vec<OsString> = words.split(' ').map(OsString::from).collect();
        args.push(self.python().into());
        Ok((uv.clone(), args))
    }

    /// The program and arguments of the pip that the interpreter brings. The interpreter of the new venv runs it.
    fn pip(&self) -> Result<(PathBuf, Vec<OsString>), Error> {
        let dir = self.unpacked()?.map_err(|said| self.no_pip(said))?;
        let mut args = vec![dir.join("pip").into()];
        let words = "install --no-cache-dir --no-compile --no-input --disable-pip-version-check \
            --no-warn-script-location --progress-bar off";
        args.extend(words.split_whitespace().map(OsString::from));
        args.extend(["--find-links".into(), dir.join("wheels").into()]);
        Ok((self.python(), args))
    }

    /// Where the pip that the interpreter brings lies unpacked, beside the new venv. It comes from the wheel that
    /// `ensurepip` has: to make a venv with pip in it takes as long as a whole install. If the interpreter brings no
    /// pip, returns why.
    fn unpacked(&self) -> Result<Result<PathBuf, String>, Error> {
        let dir = self.room.path().join(INSTALLER);
        if dir.is_dir() {
            return Ok(Ok(dir));
        }
        let args: [&OsStr; 4] = ["-I".as_ref(), "-c".as_ref(), UNPACK.as_ref(), dir.as_ref()];
        match self.worker.run(&self.base.path, args, MAKING) {
            Ok(()) => Ok(Ok(dir)),
            Err(_) if self.worker.monitor.cancelled() => Err(Error::Interrupted),
            Err(complaint) => Ok(Err(complaint.lines.last().cloned().unwrap_or_default())),
        }
    }

    /// The version of the pip that the interpreter brings, if it brings one.
    pub(super) fn brought_pip(&self) -> Result<Option<String>, Error> {
        if self.unpacked()?.is_err() {
            return Ok(None);
        }
        let dir = self.room.root().enter(INSTALLER.as_bytes())?;
        let names = dir.enter(PIP_WHEEL.as_bytes())?.names()?;
        let name = names
            .first()
            .map(|name| String::from_utf8_lossy(name).into_owned());
        Ok(name.and_then(|name| name.split('-').nth(1).map(str::to_owned)))
    }

    /// Installs the pip that the interpreter brings.
    pub(super) fn install_brought_pip(&self) -> Result<Result<(), Complaint>, Error> {
        let dir = self.room.path().join(INSTALLER).join(PIP_WHEEL);
        let order = Order {
            lines: "pip\n".to_owned(),
            constraints: String::new(),
            is_whole: true,
            is_hashed: false,
        };
        self.install_from(
            &order,
            ["--no-index".into(), "--find-links".into(), dir.into()],
        )
    }

    fn no_pip(&self, said: String) -> Error {
        let python = self.base.path.clone();
        Unbuilt::NoInstaller(NoInstaller::Pip { python, said }).into()
    }

    /// Writes a list where the installer can read it, and nobody but its user: it may name a private index.
    fn write_list(&self, name: &[u8], lines: &str) -> Result<PathBuf, Error> {
        let path = RelPath::new(name).unwrap_or_default();
        let staging = Staging::within(self.room.root().known_as(&self.room.path())?);
        if self.room.root().stat_name(name)?.is_some() {
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
        Ok(self.room.path().join(os(name)))
    }
}
