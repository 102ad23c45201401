//! `snap rebuild`

mod hint;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use venv_snap::Site;
use venv_snap::model::{Shown, SnapshotRef};
use venv_snap::ops::{
    Index, Installer, RebuildOptions, Rebuilt, Source, make_store, rebuild, variables_of,
};
use venv_snap::report::{json, text};

use super::args::{By, Rebuild};
use super::error::Failure;
use super::exit::Exit;
use super::place;
use super::restore::{may_lose, name_processes};
use super::session::Session;

pub(crate) use hint::{hint, said};

pub(crate) fn run(session: &Session<'_>, args: Rebuild) -> Result<Exit, Failure> {
    let site = place::venv_to_change(args.venv.as_deref(), "rebuild", session.ui)?;
    let homes = homes(&site);
    let mut options = RebuildOptions {
        source: args.from.map_or(Ok(Source::Found), |from| source(&from))?,
        here: std::env::current_dir().unwrap_or_default(),
        with: args.with,
        all: args.all,
        installer: args.installer.map(|by| match by {
            By::Pip => Installer::Pip,
            By::Uv => Installer::Uv,
        }),
        python: args.python.map(|path| whole(&path)).transpose()?,
        find_links: directories(&args.find_links)?,
        index: if args.offline {
            Index::Never
        } else {
            Index::AsSet
        },
        to: args.to.as_deref().map(Site::resolve).transpose()?,
        dry_run: args.dry_run,
        force: args.force,
        yes: args.yes,
        pythons: pythons(&homes),
        uv: uv(&homes),
        // Where no home directory is known, the installers get one that is not there.
        home: homes
            .first()
            .cloned()
            .unwrap_or_else(|| PathBuf::from("/nonexistent")),
        settings: settings(),
    };
    if let Source::Requirements(file) = &options.source {
        let names = variables_of(file, &options.here).into_iter();
        let named =
            names.filter_map(|name| Some((OsString::from(&name), std::env::var_os(&name)?)));
        options.settings.extend(named);
    }
    if !options.dry_run {
        make_store(&session.context).map_err(|error| session.explain(error, Some(&site)))?;
    }
    let places: Vec<&Site> = [&site].into_iter().chain(&options.to).collect();
    let using = session.fence(&places, false);
    let mut done = rebuild(&session.context, &site, &options);
    if may_lose(session, done.as_ref().err()) {
        options.yes = true;
        done = rebuild(&session.context, &site, &options);
    }
    let mut outcome = done.map_err(|error| session.explain(error, Some(&site)))?;
    if let Some(done) = &mut outcome.done {
        name_processes(&mut done.placed, using);
    }
    tell(session, &outcome)
}

fn tell(session: &Session<'_>, outcome: &Rebuilt) -> Result<Exit, Failure> {
    let done = outcome.done.as_ref();
    let said = done.map(|_| format!("'{}' is rebuilt", Shown::path(&outcome.place)));
    let answered = session.answer_of(said.as_deref(), |out, style| {
        if session.json {
            json::rebuild(out, outcome)
        } else {
            text::rebuild(out, outcome, style)
        }
    });
    let replaced = done.and_then(|done| done.placed.replaced());
    if let Some(unsettled) = replaced.and_then(|replaced| replaced.unsettled.as_ref()) {
        if let Err(failure) = answered {
            session.ui.alert(&failure.message);
        }
        return Err(Failure::unsettled(&outcome.place, unsettled));
    }
    answered?;
    let is_wrong = replaced.is_some_and(|replaced| !replaced.wrong.is_empty());
    Ok(if is_wrong {
        Exit::NotDone
    } else if done.is_some() && !outcome.unmet.is_empty() {
        Exit::Findings
    } else {
        Exit::Done
    })
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

/// Directories that an installer, which works elsewhere, is to find.
fn directories(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let found = named.iter().map(|path| match fs::read_dir(path) {
        Ok(_) => whole(path),
        Err(error) => Err(Failure::usage(
            format!(
                "--find-links '{}' cannot be read: {error}",
                Shown::path(path)
            ),
            "name a directory that holds wheels",
        )),
    });
    found.collect()
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

/// uv, where it is to be found.
pub(crate) fn uv(homes: &[PathBuf]) -> Option<PathBuf> {
    let mut found = programs(homes).map(|dir| dir.join("uv"));
    found.find(|path| path.is_file())
}

/// The interpreters of this host, where people keep them: on the path, and those of pyenv and uv.
pub(crate) fn pythons(homes: &[PathBuf]) -> Vec<PathBuf> {
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

/// Variables that say where an installer puts things or keeps copies: here that is decided already.
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
pub(crate) fn settings() -> Vec<(OsString, OsString)> {
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
