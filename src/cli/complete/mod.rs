//! Completions: a shell asks this program, which looks into the store. Whatever goes wrong, there is no completion, and
//! nothing is said: somebody is in the middle of a line.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap_complete::CompleteEnv;
use clap_complete::engine::{
    ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};
use clap_complete::env::{Bash, EnvCompleter, Fish, Shells, Zsh};
use venv_snap::ops::{Chosen, Hints, hints};

use super::place;

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

/// What a shell has to read to ask this program; none for shells that have only fixed completions.
pub(super) fn script(shell: clap_complete::Shell, name: &str) -> Option<Vec<u8>> {
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
    shell
        .write_registration(ASKED, name, name, &called(), &mut text)
        .ok()?;
    let says = format!(
        "# After '{name} restore VENV' come the snapshots of that venv: the program is asked.\n"
    );
    text.extend(says.into_bytes());
    Some(text)
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
                (_, "snapshot" | "snapshots" | "incident") => {
                    Some(ArgValueCompleter::new(snapshots))
                }
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

fn snapshots(begun: &OsStr) -> Vec<CompletionCandidate> {
    let begun = begun.to_string_lossy();
    let all = store().map_or_else(Vec::new, |store| of_venv(&store));
    let latest = all.iter().find(|one| one.snapshot.is_save());
    let mut found: Vec<CompletionCandidate> = latest
        .filter(|_| "latest".starts_with(&*begun))
        .map(|one| CompletionCandidate::new("latest").help(Some(told(one).into())))
        .into_iter()
        .collect();
    let mut seen = Vec::new();
    for one in all.iter().filter(|one| one.snapshot.is_save()) {
        let Some(label) = &one.snapshot.label else {
            continue;
        };
        let name = format!("@{}", label.as_str());
        if name.starts_with(&*begun) && !seen.contains(&name) {
            found.push(CompletionCandidate::new(&name).help(Some(told(one).into())));
            seen.push(name);
        }
    }
    let ids = all.iter().map(|one| (one.id.to_hex(), one));
    let ids = ids.filter(|(id, _)| id.starts_with(&*begun));
    let most = if begun.is_empty() {
        IDS_MAX
    } else {
        usize::MAX
    };
    // An id has 12 digits as in every list, or 4 more than were typed.
    let len = (begun.len() + 4).max(12);
    found.extend(ids.take(most).map(|(id, one)| {
        CompletionCandidate::new(id[..len.min(id.len())].to_owned()).help(Some(told(one).into()))
    }));
    found
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
    found.extend(snapshots(begun));
    found
}

fn files(begun: &OsStr) -> Vec<CompletionCandidate> {
    let named = snapshots(begun).into_iter();
    named
        .map(|one| {
            let mut value = one.get_value().to_owned();
            value.push(":");
            CompletionCandidate::new(value).help(one.get_help().cloned())
        })
        .collect()
}

fn labels(begun: &OsStr) -> Vec<CompletionCandidate> {
    let begun = begun.to_string_lossy();
    let all = store().map_or_else(Vec::new, |store| store.snapshots());
    let mut found: Vec<String> = all
        .into_iter()
        .filter_map(|one| Some(one.snapshot.label?.as_str().to_owned()))
        .filter(|label| label.starts_with(&*begun))
        .collect();
    found.sort();
    found.dedup();
    found.into_iter().map(CompletionCandidate::new).collect()
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

/// Bash breaks words at `:` and `=`, so that `latest:path` comes as several of them. The script here joins them before
/// it asks. It takes from the answers the part that bash does not replace.
struct OwnBash;

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
