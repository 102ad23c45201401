//! The interpreter of a venv: what it says of itself, or, where it cannot run, what can be known without it.
//!
//! It is asked once, isolated and without `site`, so that nothing of the venv runs: `-I -S` reads neither the
//! environment nor `.pth` files. A program that a stranger could have written is not run at all.

mod fault;
pub(crate) mod here;
mod libs;
mod names;

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::fs::{CWD, Mode, OFlags};

use super::layout::{python_in, pythons};
use super::pyvenv::{Config, config_path, minor};
use super::subprocess::{Ear, End, run};
use super::system_site::{Around, Beyond, path_files};
use super::withheld::{is_unknown_user, is_withheld, why};
use crate::disk::limits::is_shortage_io;
use crate::disk::rooted::Rooted;
use crate::model::{Digest, Interpreter, Manifest, RelPath, TreeKind};
pub(crate) use fault::Culprit;
use fault::of_home;
use libs::{default_implementation, lib, libs, versions};
use names::problems as other_names;

/// How long the interpreter may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// A chain has no more links, as for the kernel.
pub(super) const LINKS_MAX: usize = 40;
/// An answer has no more bytes.
const ANSWER_MAX: usize = 64 << 10;
/// A binary that is longer is not read.
const BINARY_MAX: u64 = 1 << 30;

/// What an interpreter is asked. It answers in lines of `KEY=VALUE`, which `fill` reads.
const QUESTION: &str = "import sys,os\nfrom importlib import machinery\nu=os.uname();v=sys.version_info\n\
    f='%d.%d.%d'%v[:3]+({'final':''}.get(v[3]) if v[3]=='final' else \
    {'alpha':'a','beta':'b','candidate':'rc'}[v[3]]+str(v[4]))\n\
    for k,x in (('version',f),('implementation',sys.implementation.name),('machine',u.machine),('system',u.sysname),\
    ('release',u.release),('kernel',u.version),('platform',sys.platform),('os',os.name),\
    ('suffixes',' '.join(machinery.EXTENSION_SUFFIXES)),('library',os.path.dirname(getattr(os,'__file__','') or \
    '')),('tag',sys.implementation.cache_tag or '')): print(k+'='+x)\n\
    try:\n import site\n b=getattr(sys,'base_prefix',sys.prefix);print('base='+b)\n\
    \x20for p in site.getsitepackages([b,getattr(sys,'base_exec_prefix',b)]): print('site='+p)\n\
    except Exception: pass";

/// What is known of an interpreter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// What a snapshot keeps.
    pub(crate) known: Interpreter,
    /// Suffixes of extension modules that it loads, the most special first; empty where it did not answer.
    pub(crate) suffixes: Vec<String>,
    /// What the names of its bytecode files carry (`cpython-311`); empty where it did not answer.
    pub(crate) cache_tag: String,
    /// Which entry of the venv it is.
    pub(crate) path: Option<RelPath>,
    /// What lies in the packages of the interpreter itself, where the venv uses them too.
    pub(crate) beyond: Beyond,
    /// The version that made the venv, as `pyvenv.cfg` states it.
    pub(crate) made_by: Option<String>,
    /// Where the interpreter itself is installed; empty where it did not answer.
    pub(crate) base: PathBuf,
    /// Where its standard library is; empty where it did not answer.
    pub(crate) library: PathBuf,
    /// Where its own packages are, as it says.
    pub(crate) sites: Vec<PathBuf>,
    /// What the system calls itself: `platform_system`, `platform_release`, `platform_version`, `platform_machine`.
    pub(crate) system: [String; 4],
    /// Each thing that is wrong, for people.
    pub(crate) problems: Vec<String>,
    /// What is wrong with its other names in `bin`, each with its entry.
    pub(crate) names: Vec<(RelPath, String)>,
    /// How many of the problems come from what `pyvenv.cfg` states alone.
    pub(super) told: usize,
    /// What has to be put right where there are problems.
    pub(crate) culprit: Culprit,
}

/// Where the binary is and how long it is, without running anything.
pub(crate) fn identity(root: &Rooted) -> Option<(String, u64)> {
    let real = std::fs::canonicalize(python_in(root.path())).ok()?;
    let size = std::fs::metadata(&real).ok()?.len();
    Some((
        String::from_utf8_lossy(real.as_os_str().as_bytes()).into_owned(),
        size,
    ))
}

/// What is known of the interpreter of a tree that stands nowhere, from its `pyvenv.cfg` alone: nothing of it is run.
pub(crate) fn stated(manifest: &Manifest, config: &[u8]) -> Facts {
    stated_by(manifest, &Config::parse(config)).0
}

/// What can be known without asking, and where to ask.
fn stated_by(manifest: &Manifest, config: &Config) -> (Facts, Option<RelPath>) {
    let python = pythons().find(|path| manifest.get(path).is_some());
    let mut facts = Facts {
        made_by: config.version(),
        path: python.clone(),
        beyond: Beyond::stated(config),
        ..Facts::default()
    };
    facts.known.shares = facts.beyond != Beyond::Nothing;
    facts.known.version = facts.made_by.clone().unwrap_or_default();
    facts.known.implementation = config
        .stated(&["implementation"])
        .unwrap_or_else(|| default_implementation(manifest).to_owned())
        .to_lowercase();
    let name = rustix::system::uname();
    let text = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
    facts.system = [
        text(name.sysname()),
        text(name.release()),
        text(name.version()),
        text(name.machine()),
    ];
    facts.known.platform = format!("linux-{}", facts.system[3]);
    // A tree without any interpreter at all, such as a bare package directory, is judged by its pyvenv.cfg alone.
    if python.is_none() && manifest.get(&config_path()).is_some() {
        facts.problems.push("there is no bin/python".to_owned());
    }
    (facts, python)
}

/// Where the binary is, what it is, and whether it may be run; beside it what is wrong.
pub(crate) fn inspect(root: &Rooted, manifest: &Manifest) -> Facts {
    let bytes = crate::tree::hash::read_file(root, &config_path(), 1 << 20).unwrap_or_default();
    let config = Config::parse(&bytes);
    let (mut facts, python) = stated_by(manifest, &config);
    let home = config.stated(&["home"]);
    if let Some(python) = python {
        let is_venv = super::Layout::read(manifest).kind == TreeKind::Venv;
        if let Some(problem) = of_home(home.as_deref()).filter(|_| is_venv) {
            facts.blame_config(problem);
        }
        look(&mut facts, root, &python);
        versions(&mut facts, manifest, config.version());
        let around = Around {
            base: &facts.base,
            library: &facts.library,
            sites: &facts.sites,
            version: &facts.known.version,
        };
        facts.beyond = Beyond::locate(&config, &around, &linked_sites(root, manifest));
    }
    if facts.problems.is_empty() {
        facts.names = other_names(root, manifest, &facts);
    } else {
        let made_for = libs(manifest, lib(&facts)).pop();
        let version = made_for.or_else(|| minor(facts.made_by.as_ref()?));
        let home = home.as_ref().map(Path::new);
        facts.culprit = Culprit::locate(root.path(), &facts, home, version);
    }
    facts
}

/// The directories outside that path files of the venv add to what it searches.
fn linked_sites(root: &Rooted, manifest: &Manifest) -> Vec<PathBuf> {
    let sites = super::Layout::read(manifest).sites.into_iter();
    let added = sites.flat_map(|site| path_files(&root.path().join(site.as_path())));
    added.collect()
}

/// Follows the entry of the venv to the interpreter, and asks that.
fn look(facts: &mut Facts, root: &Rooted, python: &RelPath) {
    let path = root.path().join(python.as_path());
    match std::fs::canonicalize(&path) {
        Ok(real) => ask(facts, root, &path, &real),
        // A refusal says nothing of the venv, only of who asks.
        Err(error) if is_withheld(&error) => {
            facts.known.unreachable = Some(format!(
                "it leads to '{}', which cannot be looked at: {error}",
                end_of_links(&path).display()
            ));
        }
        Err(error) => {
            facts.problems.push(format!(
                "'{python}' leads to '{}', which cannot be found: {error}",
                end_of_links(&path).display()
            ));
        }
    }
}

/// Where a chain of links leads, as far as it can be followed.
pub(super) fn end_of_links(path: &Path) -> PathBuf {
    let mut at = path.to_owned();
    for _ in 0..LINKS_MAX {
        match std::fs::read_link(&at) {
            Ok(target) => at = at.parent().unwrap_or(Path::new("/")).join(target),
            Err(_) => break,
        }
    }
    at
}

/// Asks the program at `path`, which is `real` in the end, and notes what it says or what is wrong with it.
pub(super) fn ask(facts: &mut Facts, root: &Rooted, path: &Path, real: &Path) {
    facts.known.realpath = String::from_utf8_lossy(real.as_os_str().as_bytes()).into_owned();
    let meta = match std::fs::metadata(real) {
        Ok(meta) => meta,
        Err(error) => {
            facts.known.unreachable = Some(format!("it cannot be looked at: {error}"));
            return;
        }
    };
    if !meta.is_file() {
        let kind = match meta.file_type() {
            kind if kind.is_dir() => "a directory",
            kind if kind.is_fifo() => "a FIFO",
            _ => "a device or socket",
        };
        let text = format!("'{}' is {kind}, not a program", path.display());
        facts.problems.push(text);
        return;
    }
    facts.known.size = meta.len();
    facts.known.blake3 = digest(real);
    let Some(mut command) = command(root, path) else {
        return;
    };
    command.args(["-S", "-c", QUESTION]);
    let shown = path.display();
    let problem = match run(&mut command, Ear::Answer(ANSWER_MAX), PATIENCE) {
        Err(error) if is_shortage_io(&error) => {
            facts.known.unreachable = Some(format!("it cannot be started: {error}"));
            return;
        }
        // It has a bit that lets others run it, so nothing is known to be wrong with it.
        Err(error)
            if (is_withheld(&error) || is_unknown_user(root)) && meta.mode() & 0o111 != 0 =>
        {
            facts.known.unreachable = Some(why(root, real, &error));
            return;
        }
        Err(error) => format!("'{shown}' does not run: {error}"),
        Ok(said) => match said.end {
            End::Late => format!("'{shown}' does not run: it does not answer"),
            End::Exited(status) if !status.success() => {
                format!("'{shown}' does not run: it ends with {status}")
            }
            End::Exited(_) if fill(facts, &String::from_utf8_lossy(&said.bytes)) => return,
            End::Exited(_) | End::Loud => format!("'{shown}' does not answer as Python would"),
        },
    };
    facts.problems.push(problem);
}

/// The interpreter of a venv at `path`, to be run isolated; none where it may not be run. What a user may have
/// written runs as that user, and what a stranger may have written does not run at all.
pub(crate) fn command(root: &Rooted, path: &Path) -> Option<Command> {
    let mut command = isolated(root, path)?;
    command.arg("-B");
    Some(command)
}

/// The same, which keeps the bytecode of what it imports in a directory of its own, so that the next one need not
/// compile that again. A Python before 3.8 keeps it beside the sources.
pub(crate) fn command_with_bytecode(root: &Rooted, path: &Path, dir: &Path) -> Option<Command> {
    let mut prefix = OsString::from("pycache_prefix=");
    prefix.push(dir);
    let mut command = isolated(root, path)?;
    command.arg("-X").arg(prefix);
    Some(command)
}

fn isolated(root: &Rooted, path: &Path) -> Option<Command> {
    let meta = std::fs::metadata(path).ok()?;
    let me = rustix::process::geteuid().as_raw();
    let stat = root.stat().ok();
    let (owner, group) = stat.map_or((me, 0), |stat| (stat.uid, stat.gid));
    let trusted = meta.uid() == 0 || meta.uid() == me || me == 0 && meta.uid() == owner;
    if !trusted || !meta.is_file() || meta.mode() & 0o002 != 0 {
        return None;
    }
    let mut command = Command::new(path);
    command.arg("-I");
    if me == 0 && owner != 0 {
        command.uid(owner).gid(group);
    }
    Some(command)
}

/// The digest of a binary. Since it was looked at, it may have become a FIFO, for which nobody waits here.
fn digest(path: &Path) -> Option<Digest> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::openat(CWD, path, flags, Mode::empty()).ok()?;
    let file = std::fs::File::from(file);
    let meta = file.metadata().ok()?;
    if !meta.is_file() || meta.len() > BINARY_MAX {
        return None;
    }
    let mut hasher = blake3::Hasher::new();
    let bounded = std::io::Read::take(file, BINARY_MAX);
    hasher.update_reader(bounded).ok()?;
    Some(Digest::from_bytes(*hasher.finalize().as_bytes()))
}

/// Takes over an answer; whether it was one.
fn fill(facts: &mut Facts, text: &str) -> bool {
    for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
        let value = value.to_owned();
        match key {
            "version" => {
                facts.known.alive = true;
                facts.known.version = value;
            }
            "implementation" => facts.known.implementation = value,
            "tag" => facts.cache_tag = value,
            "library" => facts.library = value.into(),
            "base" => facts.base = value.into(),
            "site" => facts.sites.push(value.into()),
            "system" => facts.system[0] = value,
            "release" => facts.system[1] = value,
            "kernel" => facts.system[2] = value,
            "machine" => {
                facts.known.platform = format!("linux-{value}");
                facts.system[3] = value;
            }
            "suffixes" => {
                facts.suffixes = value.split_whitespace().map(str::to_owned).collect();
                facts.known.soabi = facts.suffixes.first().map(|suffix| {
                    suffix
                        .trim_start_matches('.')
                        .trim_end_matches(".so")
                        .to_owned()
                });
            }
            _ => {}
        }
    }
    facts.known.alive
}

impl Facts {
    /// Adds a problem that there would not be if `pyvenv.cfg` stated something else.
    pub(super) fn blame_config(&mut self, problem: String) {
        self.problems.push(problem);
        self.told += 1;
    }

    /// Whether the very release that made the venv answered; another one may compile the same source otherwise.
    pub(crate) fn is_same_release(&self) -> bool {
        // virtualenv writes `3.11.7.final.0`.
        let rest = self
            .made_by
            .as_ref()
            .and_then(|made| made.strip_prefix(&self.known.version));
        self.known.alive && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}
