//! The changes that a command makes on the disk, as strace sees them, one a line.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::{Run, Sandbox};

const CHANGES: &str = "openat,renameat,renameat2,rename,linkat,unlinkat,unlink,mkdirat,mkdir,symlinkat,\
                       mknodat,fsync,fdatasync,syncfs,fchmod,fchown,utimensat";

/// Runs a command, with injections, and lists what it changed.
pub(super) fn changes(sandbox: &Sandbox, injections: &[&str], args: &[&str]) -> Vec<String> {
    changes_by(sandbox, injections, args, |_, command| Run::of(command))
}

/// The same, where the command is run by `run`, which knows the log of its calls.
pub(super) fn changes_by(
    sandbox: &Sandbox,
    injections: &[&str],
    args: &[&str],
    run: impl FnOnce(&Path, std::process::Command) -> Run,
) -> Vec<String> {
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut command = std::process::Command::new("strace");
    sandbox.dress(&mut command);
    command.args(["-f", "-y", "-qq", "-s", "300", "-e"]);
    command
        .arg(format!("trace={CHANGES}"))
        .arg("-o")
        .arg(log.path());
    for injection in injections {
        command.args(["-e", &format!("inject={injection}")]);
    }
    command.env("RAYON_NUM_THREADS", "1");
    command.arg(env!("CARGO_BIN_EXE_snap")).args(args);
    let run = run(log.path(), command);
    assert!(matches!(run.code, 0 | 1 | 10), "{run}");
    let text = String::from_utf8_lossy(&fs::read(log.path()).unwrap()).into_owned();
    let root = fs::canonicalize(sandbox.root()).unwrap();
    let mut names = Names::default();
    let calls = calls(&text);
    let lines = calls
        .iter()
        .filter_map(|call| change(call, &root, &mut names));
    in_short(lines)
}

/// What happens many times within staging is one line: it is filled, or emptied.
fn in_short(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for line in lines {
        let inner = line
            .split_once(' ')
            .filter(|(_, path)| path.ends_with("-staging/…") || path.ends_with("-aside/…"));
        let Some((verb, path)) = inner else {
            if told.last() != Some(&line) {
                told.push(line);
            }
            continue;
        };
        let staging = path.rsplit(" → ").next().unwrap_or(path);
        let (fill, empty) = (format!("fill {staging}"), format!("empty {staging}"));
        match told.last_mut() {
            Some(last) if *last == fill => {}
            Some(last) if *last == empty => {
                if verb != "remove" {
                    *last = fill;
                }
            }
            _ => told.push(if verb == "remove" { empty } else { fill }),
        }
    }
    told
}

/// The calls of a log, one a line: what was cut by another thread is put together again.
fn calls(log: &str) -> Vec<String> {
    let mut open: BTreeMap<&str, String> = BTreeMap::new();
    let mut calls = Vec::new();
    for line in log.lines() {
        let Some((thread, call)) = line.split_once(' ') else {
            continue;
        };
        let call = call.trim();
        if let Some(begun) = call.strip_suffix(" <unfinished ...>") {
            open.insert(thread, begun.to_owned());
        } else if let Some((_, end)) = call.split_once(" resumed>") {
            calls.push(open.remove(thread).unwrap_or_default() + end);
        } else {
            calls.push(call.to_owned());
        }
    }
    calls
}

/// Letters for names that are drawn by lot.
#[derive(Default)]
struct Names(BTreeMap<String, String>);

impl Names {
    fn plain(&mut self, path: &str) -> String {
        let parts = path.split('/').map(|part| {
            let digits = part.split('.').next().unwrap_or_default();
            let drawn = digits.len() >= 16 && digits.chars().all(|c| c.is_ascii_hexdigit());
            let kept = part.split_once("-old-").filter(|_| !drawn);
            match (drawn, kept) {
                (true, _) => "*".to_owned(),
                (_, Some((venv, id))) => {
                    let count = self.0.len();
                    let letter = self.0.entry(id.to_owned()).or_insert(format!("{count}"));
                    format!("{venv}-old-{letter}")
                }
                _ => part.to_owned(),
            }
        });
        parts.collect::<Vec<_>>().join("/")
    }
}

/// What one call changed within the sandbox, if it did.
fn change(call: &str, root: &Path, names: &mut Names) -> Option<String> {
    let (name, rest) = call.split_once('(')?;
    let (args, result) = rest.rsplit_once(" = ")?;
    if result.starts_with('-') || name == "openat" && !args.contains("O_CREAT") {
        return None;
    }
    let paths: Vec<String> = paths(args, root)
        .iter()
        .map(|path| brief(&names.plain(path)))
        .collect();
    let of_index =
        |path: &String| path.starts_with("store/index") || path.starts_with("store/lock");
    if paths.is_empty() || paths.iter().any(of_index) {
        return None;
    }
    let verb = match name {
        "openat" => "create",
        "renameat2" if args.contains("RENAME_EXCHANGE") => "exchange",
        "renameat" | "renameat2" | "rename" => "rename",
        "linkat" => "link",
        "unlinkat" | "unlink" => "remove",
        "mkdirat" | "mkdir" => "mkdir",
        "fsync" | "fdatasync" => "sync",
        "syncfs" => return Some("sync the file system".to_owned()),
        "fchmod" | "fchown" | "utimensat" => "settle",
        other => other,
    };
    // A file that is taken over is a part of filling staging, whatever its name.
    let taken = verb == "link" && paths.last().is_some_and(|to| to.ends_with("-staging/…"));
    let told = if taken { &paths[1..] } else { &paths[..] };
    Some(format!("{verb} {}", told.join(" → ")))
}

/// The paths below the sandbox that the arguments of a call mean: `3</dir>, "name"`, or a descriptor alone.
fn paths(args: &str, root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut dir = String::new();
    let mut rest = args;
    let mut named = false;
    while let Some(at) = rest.find(['<', '"']) {
        let quoted = rest[at..].starts_with('"');
        let end = rest[at + 1..].find(if quoted { '"' } else { '>' });
        let Some(end) = end else { break };
        let text = &rest[at + 1..at + 1 + end];
        rest = &rest[at + 2 + end..];
        if quoted {
            found.push(if text.starts_with('/') {
                text.to_owned()
            } else {
                format!("{dir}/{text}")
            });
            named = true;
        } else {
            text.clone_into(&mut dir);
        }
    }
    if !named && !dir.is_empty() {
        found.push(dir);
    }
    let root = root.to_string_lossy().into_owned();
    let below = |path: String| Some(path.strip_prefix(&root)?.trim_start_matches('/').to_owned());
    found.into_iter().filter_map(below).collect()
}

/// What lies in staging, or in a tree that goes, is not told one by one, and of the store only the area.
fn brief(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    let ours = |part: &&str| part.ends_with("-staging") || part.ends_with("-aside");
    match parts.iter().position(ours) {
        Some(at) if at + 1 < parts.len() => format!("{}/…", parts[..=at].join("/")),
        _ if parts[0] == "store" && parts.len() > 2 => format!("store/{}/…", parts[1]),
        _ if path.is_empty() => ".".to_owned(),
        _ => path.to_owned(),
    }
}
