//! `snap rebuild`

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use venv_snap::Site;
use venv_snap::model::{Shown, SnapshotRef};
use venv_snap::monitor::Monitor;
use venv_snap::ops::{Installer, RebuildOptions, Rebuilt, Source, Unbuilt, make_store, rebuild};
use venv_snap::report::{json, text};

use super::args::{By, Rebuild};
use super::error::Failure;
use super::exit::Exit;
use super::place;
use super::restore::name_processes;
use super::session::Session;

pub(crate) fn run(session: &Session<'_>, args: Rebuild) -> Result<Exit, Failure> {
    let site = place::venv_to_change(args.venv.as_deref(), "rebuild", session.ui)?;
    let homes = homes(&site);
    let options = RebuildOptions {
        source: args.from.map_or(Ok(Source::Found), |from| source(&from))?,
        all: args.all,
        installer: args.installer.map(|by| match by {
            By::Pip => Installer::Pip,
            By::Uv => Installer::Uv,
        }),
        python: args.python.map(|path| whole(&path)).transpose()?,
        dry_run: args.dry_run,
        force: args.force,
        pythons: pythons(&homes),
        uv: programs(&homes)
            .map(|dir| dir.join("uv"))
            .find(|path| path.is_file()),
        home: homes
            .first()
            .cloned()
            .unwrap_or_else(|| PathBuf::from("/nonexistent")),
        settings: settings(),
    };
    if !options.dry_run {
        make_store(&session.context).map_err(|error| session.explain(error, Some(&site)))?;
    }
    let using = session.fence(&[&site], false);
    let mut outcome = rebuild(&session.context, &site, &options)
        .map_err(|error| session.explain(error, Some(&site)))?;
    if let Some(done) = &mut outcome.done {
        name_processes(&mut done.placed, using);
    }
    tell(session, &outcome)
}

fn tell(session: &Session<'_>, outcome: &Rebuilt) -> Result<Exit, Failure> {
    let done = outcome.done.as_ref();
    let said = done.map(|_| format!("'{}' is rebuilt", Shown::path(&outcome.venv)));
    let answered = session.answer_of(said.as_deref(), |out, style| {
        if session.json {
            json::rebuild(out, outcome)
        } else {
            text::rebuild(out, outcome, style)
        }
    });
    if let Some(unsettled) = done.and_then(|done| done.placed.unsettled.as_ref()) {
        if let Err(failure) = answered {
            session.ui.warn(&failure.message);
        }
        return Err(Failure::unsettled(&outcome.venv, unsettled));
    }
    answered?;
    let is_wrong = done.is_some_and(|done| !done.placed.wrong.is_empty());
    Ok(if is_wrong { Exit::NotDone } else { Exit::Done })
}

/// A snapshot or a file: what has the form of a snapshot is one, and `./` makes a path of any name.
fn source(from: &Path) -> Result<Source, Failure> {
    let by_form: Option<SnapshotRef> = from.to_string_lossy().parse().ok();
    match by_form {
        Some(snapshot) => Ok(Source::Snapshot(snapshot)),
        None => Ok(Source::Requirements(whole(from)?)),
    }
}

fn whole(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| {
        let shown = Shown::path(path);
        Failure::usage(
            format!("'{shown}' cannot be named: {error}"),
            "name its whole path",
        )
    })
}

/// The home directories in which installers and interpreters may lie: that of the owner of the venv first.
fn homes(site: &Site) -> Vec<PathBuf> {
    let parent = site.path().parent().unwrap_or(Path::new("/"));
    let stat = fs::symlink_metadata(site.path()).or_else(|_| fs::symlink_metadata(parent));
    let owner = stat.map(|stat| stat.uid());
    let me = rustix::process::geteuid().as_raw();
    let own = std::env::var_os("HOME").map(PathBuf::from);
    let of_owner = match owner {
        Ok(uid) if uid != me => place::home_of(uid),
        _ => own.clone().or_else(|| place::home_of(me)),
    };
    let mut homes: Vec<PathBuf> = of_owner.into_iter().chain(own).collect();
    homes.dedup();
    homes
}

/// The directories in which programs are looked for.
fn programs(homes: &[PathBuf]) -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path: Vec<PathBuf> = std::env::split_paths(&path)
        .filter(|dir| dir.is_absolute())
        .collect();
    let usual = ["/usr/local/bin", "/usr/bin"].map(PathBuf::from);
    let own = homes
        .iter()
        .flat_map(|home| [home.join(".local/bin"), home.join(".cargo/bin")]);
    path.into_iter().chain(usual).chain(own.collect::<Vec<_>>())
}

/// The interpreters of this host, where people keep them: on the path, and those of pyenv and uv.
fn pythons(homes: &[PathBuf]) -> Vec<PathBuf> {
    let kept = [".pyenv/versions", ".local/share/uv/python"];
    let kept = homes.iter().flat_map(|home| kept.map(|dir| home.join(dir)));
    let versions = kept
        .flat_map(|dir| entries(&dir))
        .map(|dir| dir.join("bin"));
    let dirs: Vec<PathBuf> = programs(homes).chain(versions).collect();
    let is_python = |path: &PathBuf| {
        let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let version = name.strip_prefix("python3.").unwrap_or("x");
        version.bytes().all(|byte| byte.is_ascii_digit())
    };
    let found = dirs.iter().flat_map(|dir| entries(dir)).filter(is_python);
    let mut found: Vec<PathBuf> = found.collect();
    found.sort();
    found.dedup();
    found
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// Variables that say where an installer puts things or keeps copies: here that is settled.
const OURS: &[&str] = &[
    "PIP_CACHE_DIR",
    "PIP_NO_CACHE_DIR",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_USER",
    "PIP_PYTHON",
    "PIP_DRY_RUN",
    "PIP_REPORT",
    "PIP_LOG",
    "PIP_REQUIREMENT",
    "PIP_EDITABLE",
    "PIP_GROUP",
    "PIP_REQUIRE_VIRTUALENV",
    "PIP_NO_DEPS",
    "PIP_NO_DEPENDENCIES",
    "PIP_DOWNLOAD",
    "PIP_SRC",
    "PIP_QUIET",
    "PIP_VERBOSE",
    "PIP_COMPILE",
    "PIP_NO_COMPILE",
    "PIP_UPGRADE",
    "PIP_FORCE_REINSTALL",
    "PIP_IGNORE_INSTALLED",
    "PIP_EXISTS_ACTION",
    "UV_CACHE_DIR",
    "UV_NO_CACHE",
    "UV_LINK_MODE",
    "UV_PYTHON",
    "UV_PROJECT",
    "UV_PROJECT_ENVIRONMENT",
    "UV_WORKING_DIR",
    "UV_WORKING_DIRECTORY",
    "UV_SYSTEM_PYTHON",
    "UV_TARGET",
    "UV_PREFIX",
    "UV_COMPILE_BYTECODE",
    "UV_VENV_CLEAR",
    "UV_VENV_SEED",
    "UV_VENV_RELOCATABLE",
    "UV_NO_DEPS",
    "UV_NO_PROGRESS",
];

/// What of the environment holds: settings of the installers, of the network, of compilers, and the language.
fn settings() -> Vec<(OsString, OsString)> {
    let plain = [
        "PATH",
        "XDG_CONFIG_HOME",
        "XDG_CONFIG_DIRS",
        "NETRC",
        "LANG",
        "LC_ALL",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "CC",
        "CXX",
        "CFLAGS",
        "CXXFLAGS",
        "CPPFLAGS",
        "LDFLAGS",
        "PKG_CONFIG_PATH",
        "SOURCE_DATE_EPOCH",
    ];
    let holds = |name: &OsString| {
        let Some(name) = name.to_str() else {
            return false;
        };
        let of_installer = name.starts_with("PIP_") || name.starts_with("UV_");
        let of_network = name.to_ascii_lowercase().ends_with("_proxy");
        (of_installer || of_network || plain.contains(&name)) && !OURS.contains(&name)
    };
    let mut settings: Vec<_> = std::env::vars_os()
        .filter(|(name, _)| holds(name))
        .collect();
    settings.push(("PIP_ROOT_USER_ACTION".into(), "ignore".into()));
    settings
}

/// What to do where a venv was not rebuilt.
pub(crate) fn hint(unbuilt: &Unbuilt) -> Option<String> {
    let name = super::program_name();
    Some(match unbuilt {
        Unbuilt::NoInterpreter { others, .. } => match others.as_slice() {
            [] => "install a Python of that version, or name one with --python FILE".to_owned(),
            [first, more @ ..] => {
                let more = more.iter().map(|path| format!(", or {}", Shown::path(path)));
                format!("--python {}{}", Shown::path(first), more.collect::<String>())
            }
        },
        Unbuilt::BadInterpreter { .. } => "name another with --python FILE".to_owned(),
        Unbuilt::NothingTold(_) | Unbuilt::NoVersion(_) => {
            "name a requirements file with --from FILE".to_owned()
        }
        Unbuilt::Requirements { .. } => {
            "a requirements file has one requirement a line, as pip reads it; 'uv export' makes one of a lock".to_owned()
        }
        Unbuilt::NoInstaller { .. } => {
            "install the ensurepip of that Python (Debian: python3-venv), or uv".to_owned()
        }
        Unbuilt::Step { .. } | Unbuilt::NamesPlace(_) => return None,
        Unbuilt::Install { provable, said, .. } => return install_hint(provable, said),
        Unbuilt::Unsound(_) => format!(
            "--all fetches every package anew; '{name} rebuild --force' puts it in place all the same; undo brings back what it replaces"
        ),
        Unbuilt::Busy(_) => "wait until it is done".to_owned(),
    })
}

/// What installers say of a cause, in lower case, and what to do about it; the first that fits counts.
const CAUSES: &[(&[&str], &str)] = &[
    (
        &[
            "401 ",
            " 401",
            "403 ",
            " 403",
            "credential",
            "unauthorized",
            "forbidden",
        ],
        "look at the credentials of the index: PIP_INDEX_URL, UV_INDEX_URL, pip.conf or .netrc of the venv's owner",
    ),
    (
        &["no space left", "disk quota"],
        "make room, beside the venv and in the store, and try again",
    ),
    (
        &[
            "connection",
            "connect error",
            "timed out",
            "name resolution",
            "unreachable",
            "dns error",
            "error sending request",
        ],
        "the index cannot be reached: PIP_FIND_LINKS=DIR with PIP_NO_INDEX=1 takes wheels of a directory (with uv: \
         UV_FIND_LINKS, UV_OFFLINE=1)",
    ),
    (
        &[
            "do not match the hashes",
            "hash mismatch",
            "badzipfile",
            "is invalid",
            "not a zip",
            "truncated",
            "incomplete",
        ],
        "the index gives a broken file: try another index, or wheels of a directory with PIP_FIND_LINKS=DIR",
    ),
    (
        &[
            "failed to build",
            "subprocess-exited-with-error",
            "build backend",
        ],
        "it has to be built and that fails here: give a wheel of it with PIP_FIND_LINKS=DIR",
    ),
    (
        &[
            "from versions: none",
            "was not found in the package registry",
            "not found in the provided package locations",
        ],
        "the index has nothing of that name, cannot be reached, or does not take the credentials: try another index, or wheels of a directory with \
         PIP_FIND_LINKS=DIR (with uv: UV_FIND_LINKS)",
    ),
    (
        &[
            "no matching distribution",
            "there is no version of",
            "no solution found",
        ],
        "that version is gone from the index: try another index, or name another version with --from FILE",
    ),
];

fn install_hint(provable: &[String], said: &[String]) -> Option<String> {
    if !provable.is_empty() {
        let names = provable.join(", ");
        return Some(format!(
            "RECORD proves every file of {names} in the live venv: without --all it is taken over"
        ));
    }
    let text = said.join("\n").to_lowercase();
    let fits = |(words, _): &&(&[&str], &str)| words.iter().any(|word| text.contains(word));
    let found = CAUSES.iter().find(fits);
    found.map(|(_, hint)| (*hint).to_owned())
}

/// What the program that failed said.
pub(crate) fn said(unbuilt: &Unbuilt) -> Vec<String> {
    match unbuilt {
        Unbuilt::Install { said, .. } | Unbuilt::Step { said, .. } => said.clone(),
        _ => Vec::new(),
    }
}
