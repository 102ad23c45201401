//! Which venv and which store: from the command line, the environment, the configuration, and what lies around.

use std::fs;
use std::io::IsTerminal;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use venv_snap::model::Shown;
use venv_snap::{BucketUrl, Site};

use super::error::Failure;
use super::ui::Ui;

const SYSTEM_STORE: &str = "/var/lib/venv-snap";
/// How long a command waits for others where nobody said.
const LOCK_WAIT: Duration = Duration::from_secs(30);
const SYSTEM_CONFIG: &str = "/etc/venv-snap/config.toml";

/// What a configuration file may say.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    store: Option<PathBuf>,
}

/// The store: the option, else the environment, else the configuration, else the user's own place.
pub(crate) fn store(option: Option<PathBuf>) -> Result<PathBuf, Failure> {
    // Of a script whose variable is empty: another store would be taken for the one that was meant.
    if option
        .as_ref()
        .is_some_and(|store| store.as_os_str().is_empty())
    {
        let hint = "leave --store out for the usual one";
        return Err(Failure::usage("--store names no store", hint));
    }
    let option = option.or_else(|| std::env::var_os("VENV_SNAP_STORE").map(PathBuf::from));
    // A variable that is set to nothing counts as not set.
    if let Some(store) = option.filter(|store| !store.as_os_str().is_empty()) {
        return store_name(&store);
    }
    for path in configurations() {
        if let Some(store) = read_config(&path)?.store {
            if store.is_absolute() {
                return Ok(store);
            }
            if elsewhere(&store).is_some() {
                return store_name(&store);
            }
            let message = format!("the store in '{}' is no absolute path", Shown::path(&path));
            return Err(Failure::usage(message, "write: store = \"/path\""));
        }
    }
    if rustix::process::geteuid().is_root() {
        return Ok(PathBuf::from(SYSTEM_STORE));
    }
    match data_home() {
        Some(home) => Ok(home.join("venv-snap")),
        None => Err(Failure::usage(
            "there is no home directory to keep a store in",
            "name one with --store or VENV_SNAP_STORE",
        )),
    }
}

/// How long to wait for locks: the option, else the environment.
pub(crate) fn lock_wait(option: Option<Duration>) -> Result<Duration, Failure> {
    let name = "VENV_SNAP_LOCK_WAIT";
    let set = std::env::var(name).ok().filter(|text| !text.is_empty());
    match (option, set) {
        (Some(wait), _) => Ok(wait),
        (None, Some(text)) => super::args::seconds(&text).map_err(|why| {
            let text = Shown(text.as_bytes());
            Failure::usage(
                format!("{name} is '{text}': {why}"),
                "it may hold a number of seconds",
            )
        }),
        (None, None) => Ok(LOCK_WAIT),
    }
}

/// A path that means the same from everywhere: the journal of a restore names the store, and is read from another
/// directory.
fn absolute(store: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(store).map_err(|error| {
        let message = format!(
            "the store '{}' cannot be named: {error}",
            Shown::path(store)
        );
        Failure::usage(message, "name it with --store DIR")
    })
}

/// The name of a store in one form: an absolute path, or the URL of a bucket. Other URLs are refused, and so is every
/// text with a host or a service before a colon, as in `rest:https://…`, `s3:bucket` and `user@host:/srv`: taken as a
/// path it would quietly make a directory of that name. `./` before such a text makes it a path.
pub(crate) fn store_name(store: &Path) -> Result<PathBuf, Failure> {
    let hint = "a store is s3://BUCKET/PREFIX or a directory of this host, with './' before a name that has a colon";
    let Some(elsewhere) = elsewhere(store) else {
        return absolute(store);
    };
    match store.to_str().and_then(BucketUrl::parse) {
        Some(Ok(url)) => Ok(PathBuf::from(url.to_string())),
        Some(Err(why)) => Err(Failure::usage(
            format!("the store names no bucket: {why}"),
            hint,
        )),
        None => Err(Failure::usage(
            format!("a store at '{elsewhere}' is not supported"),
            hint,
        )),
    }
}

/// The scheme, host or service that a text names before a colon, with the slashes of a URL (RFC 3986, section 3.1);
/// none for a path. What follows is left out, since it may hold a password.
fn elsewhere(store: &Path) -> Option<String> {
    let text = store.to_string_lossy();
    let (before, after) = text.split_once(':')?;
    let begins = before.starts_with(|first: char| first.is_ascii_alphanumeric());
    let slashes = if after.starts_with("//") { "//" } else { "" };
    (begins && !before.contains('/')).then(|| format!("{}:{slashes}", Shown(before.as_bytes())))
}

fn read_config(path: &Path) -> Result<Config, Failure> {
    use std::io::ErrorKind as K;
    let shown = Shown::path(path);
    let wrong = |why: &str| {
        let message = format!("the configuration '{shown}' is wrong: {why}");
        Failure::usage(message, "it may hold: store = \"/path\"")
    };
    match fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text).map_err(|error| wrong(error.message())),
        Err(error) if matches!(error.kind(), K::NotFound | K::NotADirectory) => {
            Ok(Config::default())
        }
        Err(error) if error.kind() == K::InvalidData => Err(wrong("it is no UTF-8")),
        // Going on without the configuration would use another store.
        Err(error) => Err(Failure::not_done(format!(
            "cannot read the configuration '{shown}': {error}"
        ))),
    }
}

fn config_home() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    etcetera::base_strategy::Xdg::new()
        .ok()
        .map(|dirs| dirs.config_dir())
}

fn data_home() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    etcetera::base_strategy::Xdg::new()
        .ok()
        .map(|dirs| dirs.data_dir())
}

/// The venv that is meant where none is named: the active one, or the nearest `.venv`, then `venv`.
pub(crate) fn found_around() -> Option<PathBuf> {
    if let Some(active) = std::env::var_os("VIRTUAL_ENV").filter(|path| !path.is_empty()) {
        return Some(active.into());
    }
    let here = std::env::current_dir().ok()?;
    here.ancestors()
        .flat_map(|dir| [".venv", "venv"].map(|name| dir.join(name)))
        .find(|path| looks_like_venv(path))
}

/// Whether a path is a venv, or what damage left of one. Who has a damaged `.venv` means that one, and no other venv
/// farther up.
pub(crate) fn looks_like_venv(path: &Path) -> bool {
    let has = |name: &str| fs::symlink_metadata(path.join(name)).is_ok();
    has("pyvenv.cfg") || has("bin/python")
}

/// The venv to look at: the one that is named, else the one around. A note tells which one was chosen.
pub(crate) fn venv(named: Option<&Path>, ui: &Ui) -> Result<Site, Failure> {
    let (path, why) = match named {
        Some(path) => (path.to_owned(), None),
        None => match found_around() {
            Some(path) => (path, Some("chosen")),
            None => {
                return Err(Failure::usage(
                    "no venv is named, none is active, and there is no '.venv' or 'venv' here or above",
                    "name its directory",
                ));
            }
        },
    };
    let site = Site::resolve(&path)?;
    if why.is_some() || site.path() != std::path::absolute(&path).unwrap_or_default() {
        ui.note(&format!("venv: {}", Shown::path(site.path())));
    }
    Ok(site)
}

/// The venv that is named, else the one around, if there is one. A note tells which one was chosen.
pub(crate) fn venv_around(named: Option<&Path>, ui: &Ui) -> Result<Option<Site>, Failure> {
    if named.is_none() && found_around().is_none() {
        return Ok(None);
    }
    venv(named, ui).map(Some)
}

/// The venv to change: it must be named, unless somebody at a terminal says yes to the one around.
pub(crate) fn venv_to_change(named: Option<&Path>, verb: &str, ui: &Ui) -> Result<Site, Failure> {
    if named.is_some() {
        return venv(named, ui);
    }
    if !somebody_answers() {
        return Err(Failure::usage(
            format!("{verb} changes a venv, so it must be named"),
            format!("{} {verb} PATH", super::called()),
        ));
    }
    let site = venv(None, ui)?;
    if confirms(&format!("{verb} '{}'?", Shown::path(site.path()))) {
        return Ok(site);
    }
    Err(Failure::usage(
        "not confirmed; nothing was changed",
        "name the venv to do without the question",
    ))
}

/// Whether there is a terminal at which a question can be asked and answered.
fn somebody_answers() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Whether somebody at a terminal says yes.
pub(crate) fn confirms(question: &str) -> bool {
    if !somebody_answers() {
        return false;
    }
    eprint_question(&format!("{question} [y/N] "));
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

fn eprint_question(text: &str) {
    let _ = std::io::Write::write_all(&mut anstream::stderr().lock(), text.as_bytes());
}

/// The default stores of others that may know a venv: that of its owner, and root's.
pub(crate) fn other_stores(site: &Site, own: &Path) -> Vec<PathBuf> {
    let parent = site.path().parent().unwrap_or(Path::new("/"));
    let owner = fs::symlink_metadata(site.path())
        .or_else(|_| fs::symlink_metadata(parent))
        .map(|meta| meta.uid());
    let home = owner.ok().filter(|uid| *uid != 0).and_then(home_of);
    let stores = home
        .map(|home| home.join(".local/share/venv-snap"))
        .into_iter()
        .chain([PathBuf::from(SYSTEM_STORE)]);
    stores.filter(|store| store != own).collect()
}

/// Whether a venv stands there.
pub(crate) fn is_venv(site: &Site) -> bool {
    site.path().join("pyvenv.cfg").exists()
}

/// Whether a venv stands there, or what may be left of one: only that can be made anew without a snapshot.
pub(crate) fn may_be_venv(site: &Site) -> bool {
    let is_there = |name: &str| site.path().join(name).symlink_metadata().is_ok();
    let libs = fs::read_dir(site.path().join("lib"));
    let mut libs = libs.into_iter().flatten().flatten();
    let is_left = is_there("bin/python")
        || libs.any(|lib| lib.file_name().as_encoded_bytes().starts_with(b"python"));
    is_venv(site) || is_left && !is_there("conda-meta")
}

/// Whether no other store is there that a command without `--store` may mean: that of the environment or of a
/// configuration, or the default one of this user, of the venv's owner or of root.
pub(crate) fn is_only_store(site: &Site, used: &Path) -> bool {
    let own = data_home().map(|home| home.join("venv-snap"));
    let said = std::env::var_os("VENV_SNAP_STORE").map(PathBuf::from);
    let configured = configurations();
    let configured = configured.filter_map(|path| read_config(&path).ok()?.store);
    let all = other_stores(site, used).into_iter();
    let mut all = all.chain(own).chain(said).chain(configured);
    let real = |store: &Path| fs::canonicalize(store).ok();
    let used = real(used);
    !all.any(|store| real(&store).is_some_and(|store| Some(store) != used))
}

/// Where configurations may lie, that of the user first.
fn configurations() -> impl Iterator<Item = PathBuf> {
    let user = config_home().map(|home| home.join("venv-snap/config.toml"));
    user.into_iter().chain([PathBuf::from(SYSTEM_CONFIG)])
}

/// The home directory of this user.
pub(super) fn home() -> Option<PathBuf> {
    std::env::var_os("HOME").map(PathBuf::from)
}

/// The home directory of a user, from the password file.
pub(super) fn home_of(uid: u32) -> Option<PathBuf> {
    let text = fs::read_to_string("/etc/passwd").ok()?;
    text.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        (fields.get(2)?.parse() == Ok(uid)).then(|| fields.get(5).map(PathBuf::from))?
    })
}

/// The name of this host: its machine-id, or its host name where it has none that this user may read. Every other
/// failure to read it is an error: under its host name this host would seem to be a new one.
pub(crate) fn host() -> Result<String, Failure> {
    use std::io::ErrorKind as K;
    const FILE: &str = "/etc/machine-id";
    match fs::read_to_string(FILE) {
        Ok(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        Err(error) if !matches!(error.kind(), K::NotFound | K::PermissionDenied) => {
            let message = format!("cannot read '{FILE}', by which hosts are told apart: {error}");
            Err(Failure::not_done(message))
        }
        _ => Ok(host_name()),
    }
}

/// What people call this host. The kernel is asked, since a file may fail to be read, and then the same host would
/// have two names.
pub(crate) fn host_name() -> String {
    let system = rustix::system::uname();
    system.nodename().to_string_lossy().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_names_a_host_or_a_service_before_a_colon_is_no_path_and_all_else_is() {
        for (text, found) in [
            ("s3://bucket/x", Some("s3://")),
            ("S3://bucket", Some("S3://")),
            ("git+ssh://host", Some("git+ssh://")),
            ("file:///srv/store", Some("file://")),
            ("s3:/bucket", Some("s3:")),
            ("rest:https://user:password@host/", Some("rest:")),
            ("user@host:/srv", Some("user@host:")),
            ("./s3://bucket", None),
            ("/srv/s3://x", None),
            ("srv/s3:x", None),
            ("://x", None),
            ("store", None),
        ] {
            assert_eq!(elsewhere(Path::new(text)).as_deref(), found, "{text}");
        }
    }
}
