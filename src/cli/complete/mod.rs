//! Completions: a shell asks this program, which looks into the store. Whatever goes wrong, there is no completion, and
//! nothing is said: somebody is in the middle of a line.

mod scripts;

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap_complete::CompleteEnv;
use clap_complete::engine::{
    ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};
use clap_complete::env::{Fish, Shells, Zsh};
use venv_snap::model::Label;
use venv_snap::ops::{Chosen, Hints, hints};

use super::place;
use scripts::OwnBash;
pub(super) use scripts::script;

/// By this variable a shell asks for completions, and says which shell it is.
const ASKED: &str = "VENV_SNAP_COMPLETE";
/// So many ids are offered where none was begun.
const IDS_MAX: usize = 50;

/// Answers a shell that asks for completions. False where none does.
pub(super) fn answer() -> bool {
    if std::env::var_os(ASKED).is_none_or(|shell| shell.is_empty()) {
        return false;
    }
    let here = std::env::current_dir().ok();
    let asked = CompleteEnv::with_factory(command).var(ASKED);
    let asked = asked.shells(Shells(&[&OwnBash, &Zsh, &Fish]));
    let _ = asked.try_complete(std::env::args_os(), here.as_deref());
    true
}

/// The command line with a completer at each argument that means something in a store.
fn command() -> clap::Command {
    with_completers(super::command())
}

fn with_completers(command: clap::Command) -> clap::Command {
    let begins_flag = begun().is_some_and(|word| word.as_encoded_bytes().starts_with(b"-"));
    let name = command.get_name().to_owned();
    let command = command
        .disable_help_flag(!begins_flag)
        .disable_version_flag(!begins_flag);
    command
        .mut_subcommands(with_completers)
        .mut_args(move |arg| {
            let completer = match (name.as_str(), arg.get_id().as_str()) {
                ("cat", "file") => Some(ArgValueCompleter::new(files)),
                ("diff", "sides") => Some(ArgValueCompleter::new(sides)),
                ("undelete", "snapshots") => Some(ArgValueCompleter::new(forgotten)),
                ("report", "incident") => Some(ArgValueCompleter::new(incidents)),
                ("rebuild", "from") => Some(ArgValueCompleter::new(lists)),
                (name, "snapshot" | "snapshots") => {
                    let of = match name {
                        "unpin" => Of::Pinned,
                        "pin" | "forget" => Of::Changing,
                        _ => Of::Reading,
                    };
                    let offer = move |begun: &OsStr| snapshots(begun, of);
                    Some(ArgValueCompleter::new(offer))
                }
                (_, "role") => Some(ArgValueCompleter::new(roles)),
                ("list", "host") => Some(ArgValueCompleter::new(hosts)),
                (_, "venv" | "venvs") => Some(ArgValueCompleter::new(venvs)),
                (_, "label" | "keep_label") => Some(ArgValueCompleter::new(labels)),
                (_, "only") => Some(ArgValueCompleter::new(packages)),
                _ => None,
            };
            // Where no flag was begun, flags would drown what the store knows.
            let is_flag = arg.get_long().is_some();
            let arg = if is_flag && !begins_flag {
                arg.hide(true)
            } else {
                arg
            };
            match completer {
                Some(completer) => arg.add(completer),
                None => arg,
            }
        })
}

/// The words of the line that is completed, without the name of the program.
fn words() -> impl Iterator<Item = OsString> {
    std::env::args_os().skip_while(|word| word != "--").skip(2)
}

/// The word that is completed.
fn begun() -> Option<OsString> {
    let index = std::env::var("_CLAP_COMPLETE_INDEX").ok();
    match index.and_then(|index| index.parse::<usize>().ok()) {
        Some(index) => words().nth(index.checked_sub(1)?),
        // Fish gives no index. It passes the line up to the cursor, so the last word is the one.
        None => words().last(),
    }
}

fn store() -> Option<Hints> {
    let words: Vec<OsString> = words().collect();
    let beside = words.windows(2).find(|pair| pair[0] == "--store");
    let joined = words
        .iter()
        .find_map(|word| word.to_str()?.strip_prefix("--store="));
    let named = beside.map(|pair| PathBuf::from(&pair[1]));
    let named = named.or_else(|| joined.map(PathBuf::from));
    hints(&place::store(named).ok()?)
}

/// The snapshots of the venv that is meant, the newest first: of one that the line names, else of the one around, else
/// of all.
fn of_venv(store: &Hints) -> Vec<Chosen> {
    let mut all = store.snapshots();
    all.reverse();
    let here = |path: &Path| std::fs::canonicalize(path).or_else(|_| std::path::absolute(path));
    let host = place::host().unwrap_or_default();
    let is_of = |chosen: &Chosen, path: &Path| {
        let venv = &chosen.snapshot.venv;
        venv.host == host && venv.path() == path
    };
    let named = words().filter_map(|word| here(Path::new(&word)).ok());
    let around = place::found_around().and_then(|path| here(&path).ok());
    let meant = named
        .chain(around)
        .find(|path| all.iter().any(|one| is_of(one, path)));
    if let Some(meant) = meant {
        all.retain(|one| is_of(one, &meant));
    }
    all
}

/// What a command takes as a snapshot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// Any one, and it only reads: so a role will do as well.
    Reading,
    /// Any one.
    Changing,
    /// One that is pinned.
    Pinned,
}

fn snapshots(begun: &OsStr, of: Of) -> Vec<CompletionCandidate> {
    let begun = begun.to_string_lossy();
    let Some(store) = store() else {
        return Vec::new();
    };
    let all = of_venv(&store);
    let pins = if of == Of::Pinned {
        store.pins()
    } else {
        Vec::new()
    };
    let is_meant = |one: &Chosen| of != Of::Pinned || pins.contains(&one.id);
    let mut found: Vec<CompletionCandidate> = latest(&all, &begun)
        .filter(|(_, one)| is_meant(one))
        .map(|(name, one)| candidate(name, one))
        .collect();
    let labels = newest_by(&all, |one| {
        one.snapshot
            .label
            .as_ref()
            .filter(|_| one.snapshot.is_save())
    });
    let named = labels.filter(|(_, one)| is_meant(one));
    found.extend(named.map(|(name, one)| candidate(format!("@{name}"), one)));
    if of == Of::Reading {
        let mut everywhere = store.snapshots();
        everywhere.reverse();
        let roles = newest_by(&everywhere, |one| {
            one.snapshot.role.as_ref().filter(|_| one.snapshot.baseline)
        });
        let roles = roles.map(|(name, one)| (format!("@{name}"), told(one)));
        found.extend(roles.map(|(name, one)| {
            CompletionCandidate::new(name).help(Some(format!("role: {one}").into()))
        }));
    }
    found.retain(|one| one.get_value().to_string_lossy().starts_with(&*begun));
    // A label that is a role as well is one word.
    let mut seen = BTreeSet::new();
    found.retain(|one| seen.insert(one.get_value().to_owned()));
    let meant: Vec<&Chosen> = all.iter().filter(|one| is_meant(one)).collect();
    found.extend(ids(&meant, &begun));
    found
}

fn candidate(name: String, one: &Chosen) -> CompletionCandidate {
    CompletionCandidate::new(name).help(Some(told(one).into()))
}

/// `latest`, and where that was typed, the saves before it, if all are of one venv.
fn latest<'a>(all: &'a [Chosen], begun: &str) -> impl Iterator<Item = (String, &'a Chosen)> {
    let mut saves: Vec<&Chosen> = all.iter().filter(|one| one.snapshot.is_save()).collect();
    let mut venvs = saves.iter().map(|one| &one.snapshot.venv);
    let first = venvs.next();
    let counts = begun.starts_with("latest") && venvs.all(|venv| Some(venv) == first);
    saves.truncate(if counts { IDS_MAX } else { 1 });
    let name = |back: usize| match back {
        0 => "latest".to_owned(),
        back => format!("latest~{back}"),
    };
    let saves = saves.into_iter().enumerate();
    saves.map(move |(back, one)| (name(back), one))
}

/// Each of the names that snapshots have, with the newest that has it. They come the newest first.
fn newest_by<'a>(
    all: &'a [Chosen],
    name: impl Fn(&'a Chosen) -> Option<&'a Label>,
) -> impl Iterator<Item = (&'a str, &'a Chosen)> {
    let mut seen = BTreeSet::new();
    let named = all
        .iter()
        .filter_map(move |one| Some((name(one)?.as_str(), one)));
    named.filter(move |(name, _)| seen.insert(*name))
}

/// Ids that begin so.
fn ids(all: &[&Chosen], begun: &str) -> Vec<CompletionCandidate> {
    let most = if begun.is_empty() {
        IDS_MAX
    } else {
        usize::MAX
    };
    // An id has 12 digits as in every list, or 4 more than were typed.
    let len = (begun.len() + 4).max(12);
    let ids = all.iter().map(|one| (one.id.to_hex(), one));
    let ids = ids.filter(|(id, _)| id.starts_with(begun)).take(most);
    ids.map(|(id, one)| candidate(id[..len.min(id.len())].to_owned(), one))
        .collect()
}

/// Those that left the list and can come back.
fn forgotten(begun: &OsStr) -> Vec<CompletionCandidate> {
    let mut all = store().map_or_else(Vec::new, |store| store.forgotten());
    all.reverse();
    ids(&all.iter().collect::<Vec<_>>(), &begun.to_string_lossy())
}

/// What restores replaced.
fn incidents(begun: &OsStr) -> Vec<CompletionCandidate> {
    let mut all = store().map_or_else(Vec::new, |store| of_venv(&store));
    all.retain(|one| !one.snapshot.is_save());
    ids(&all.iter().collect::<Vec<_>>(), &begun.to_string_lossy())
}

/// What a snapshot is, in a few words.
fn told(one: &Chosen) -> String {
    let snapshot = &one.snapshot;
    let what = match (snapshot.baseline, snapshot.is_save()) {
        (true, _) => "baseline",
        (false, true) => "save",
        (false, false) => "incident",
    };
    let zone = jiff::tz::TimeZone::system();
    let time = zone.to_datetime(snapshot.created);
    let time = time.strftime("%Y-%m-%d %H:%M");
    let label = snapshot
        .label
        .as_ref()
        .map(|label| format!(" @{}", label.as_str()));
    format!("{what}, {time}{}", label.unwrap_or_default())
}

/// Venvs of the store, and directories.
fn venvs(begun: &OsStr) -> Vec<CompletionCandidate> {
    let mut found: Vec<PathBuf> = store().map_or_else(Vec::new, |store| {
        let all = store.snapshots().into_iter();
        all.map(|one| one.snapshot.venv.path()).collect()
    });
    found.sort();
    found.dedup();
    let text = begun.to_string_lossy();
    found.retain(|path| path.to_string_lossy().starts_with(&*text));
    let known = found
        .into_iter()
        .map(|path| CompletionCandidate::new(path).help(Some("saved venv".into())));
    known.chain(PathCompleter::dir().complete(begun)).collect()
}

fn sides(begun: &OsStr) -> Vec<CompletionCandidate> {
    let mut found = venvs(begun);
    found.extend(snapshots(begun, Of::Reading));
    found
}

/// Snapshots, and files of any kind.
fn lists(begun: &OsStr) -> Vec<CompletionCandidate> {
    let mut found = snapshots(begun, Of::Reading);
    found.extend(PathCompleter::file().complete(begun));
    found
}

fn files(begun: &OsStr) -> Vec<CompletionCandidate> {
    let named = snapshots(begun, Of::Reading).into_iter();
    named
        .map(|one| {
            let mut value = one.get_value().to_owned();
            value.push(":");
            CompletionCandidate::new(value).help(one.get_help().cloned())
        })
        .collect()
}

fn labels(begun: &OsStr) -> Vec<CompletionCandidate> {
    words_of(begun, |one| Some(one.snapshot.label?.as_str().to_owned()))
}

fn roles(begun: &OsStr) -> Vec<CompletionCandidate> {
    words_of(begun, |one| Some(one.snapshot.role?.as_str().to_owned()))
}

fn hosts(begun: &OsStr) -> Vec<CompletionCandidate> {
    words_of(begun, |one| one.snapshot.host_name)
}

/// A word of each snapshot that begins so, each once.
fn words_of(begun: &OsStr, word: impl Fn(Chosen) -> Option<String>) -> Vec<CompletionCandidate> {
    let begun = begun.to_string_lossy();
    let all = store().map_or_else(Vec::new, |store| store.snapshots());
    let found: BTreeSet<String> = all.into_iter().filter_map(word).collect();
    let found = found.into_iter().filter(|word| word.starts_with(&*begun));
    found.map(CompletionCandidate::new).collect()
}

/// Packages of the newest baseline of the venv that is meant.
fn packages(begun: &OsStr) -> Vec<CompletionCandidate> {
    let begun = begun.to_string_lossy();
    let Some(store) = store() else {
        return Vec::new();
    };
    let all = of_venv(&store);
    let baseline = all.iter().find(|one| one.snapshot.baseline);
    let mut names = baseline.map_or_else(Vec::new, |one| store.packages(one));
    names.retain(|name| name.starts_with(&*begun));
    names.into_iter().map(CompletionCandidate::new).collect()
}
