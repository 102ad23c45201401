//! In which order a restore changes the disk, by each way and in each window of a crash (promises 1, 2, 4 and 9).
//!
//! Every change is a line: what is done, to which name. Names that are drawn by lot are written as letters; what
//! happens many times in one directory, in whatever order, is one line. A line that moves here is a promise that has to
//! be thought through once more.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::support::faults::can_trace;
use crate::support::killed::{
    JOURNAL, MINE, STAGING, killed, killed_after_the_exchange, killed_while_it_removed,
};
use crate::support::meanwhile::mounted;
use crate::support::{Run, Sandbox, venv};

const CHANGES: &str = "openat,renameat,renameat2,rename,linkat,unlinkat,unlink,mkdirat,mkdir,symlinkat,\
                       mknodat,fsync,fdatasync,syncfs,fchmod,fchown,utimensat";

/// Runs a command, with injections, and lists what it changed.
fn changes(sandbox: &Sandbox, injections: &[&str], args: &[&str]) -> Vec<String> {
    changes_while(sandbox, injections, args, || {})
}

/// The same, while somebody does something else.
fn changes_while(
    sandbox: &Sandbox,
    injections: &[&str],
    args: &[&str],
    meddle: impl FnOnce() + Send,
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
    let run = std::thread::scope(|scope| {
        scope.spawn(meddle);
        Run::of(command)
    });
    assert!(run.code <= 1, "{run}");
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

/// A saved venv with one file missing and one that no snapshot has.
fn hurt() -> Sandbox {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    venv::write(&sandbox.venv(), MINE, b"the last copy\n");
    sandbox
}

/// A fault of the call that exchanges the trees.
fn exchange(fault: &str) -> String {
    let number = hurt().number_of("renameat2", "RENAME_EXCHANGE", &["restore", "venv"]);
    format!("renameat2:{fault}:when={number}")
}

/// Compares with the list of that name in `order/expected.txt`.
fn assert_order(name: &str, found: &[String]) {
    let expected = include_str!("order/expected.txt");
    let mut sections = expected.split("== ").skip(1);
    let section = sections.find_map(|one| one.strip_prefix(&format!("{name}\n")));
    let wanted: Vec<&str> = section.unwrap_or_default().trim_end().lines().collect();
    assert!(wanted == found, "== {name}\n{}\n", found.join("\n"));
}

#[test]
fn a_restore_by_exchange_makes_these_changes_in_this_order() {
    if can_trace() {
        let sandbox = hurt();
        assert_order("exchange", &changes(&sandbox, &[], &["restore", "venv"]));
    }
}

#[test]
fn a_restore_by_two_renames_makes_these_changes_in_this_order() {
    if can_trace() {
        let found = changes(&hurt(), &["renameat2:error=EINVAL"], &["restore", "venv"]);
        assert_order("two renames", &found);
    }
}

#[test]
fn a_restore_where_nothing_stands_makes_these_changes_in_this_order() {
    if can_trace() {
        let sandbox = hurt();
        fs::remove_dir_all(sandbox.venv()).unwrap();
        assert_order("place", &changes(&sandbox, &[], &["restore", "venv"]));
    }
}

#[test]
fn a_restore_into_an_empty_directory_makes_these_changes_in_this_order() {
    if can_trace() {
        let sandbox = hurt();
        fs::create_dir(sandbox.path("new")).unwrap();
        let found = changes(&sandbox, &[], &["restore", "venv", "--to", "new"]);
        assert_order("into an empty directory", &found);
    }
}

#[test]
fn a_restore_that_keeps_the_old_tree_makes_these_changes_in_this_order() {
    if can_trace() {
        let found = changes(&hurt(), &[], &["restore", "venv", "--keep-old"]);
        assert_order("keep", &found);
    }
}

#[test]
fn a_restore_in_place_makes_these_changes_in_this_order() {
    if let Some((sandbox, _mount, _)) = mounted() {
        assert_order("in place", &changes(&sandbox, &[], &["restore", "venv"]));
    }
}

#[test]
fn a_restore_that_falls_back_to_go_in_place_makes_these_changes_in_this_order() {
    if can_trace() {
        let immovable = exchange("error=EXDEV");
        assert_order(
            "fall back",
            &changes(&hurt(), &[&immovable], &["restore", "venv"]),
        );
    }
}

#[test]
fn a_restore_during_which_a_shared_file_changes_makes_these_changes_in_this_order() {
    if can_trace() {
        let sandbox = hurt();
        let write = || {
            let begun = || fs::read_to_string(sandbox.path(JOURNAL)).unwrap_or_default();
            while !begun().contains(r#""phase":"swap""#) {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            std::thread::sleep(std::time::Duration::from_millis(300));
            let path = format!("{}/idna/core.py", venv::SITE);
            venv::append(sandbox.venv().join(path), "# late\n");
        };
        let slow = exchange("delay_enter=4000000");
        let found = changes_while(&sandbox, &[&slow], &["restore", "venv"], write);
        assert_order("late change", &found);
    }
}

#[test]
fn what_a_crash_left_is_settled_by_these_changes_in_this_order() {
    if !can_trace() {
        return;
    }
    let settle = |name: &str, sandbox: &Sandbox| {
        assert_order(name, &changes(sandbox, &[], &["diff", "venv"]));
    };
    let staging = |sandbox: &Sandbox| sandbox.path(STAGING).exists();
    settle("killed while it staged", &killed("linkat", &[], staging).0);
    let before = |sandbox: &Sandbox| {
        let journal = fs::read_to_string(sandbox.path(JOURNAL)).unwrap_or_default();
        journal.contains(r#""phase":"swap""#) && sandbox.venv().join(MINE).exists()
    };
    settle(
        "killed before the exchange",
        &killed("renameat2", &[], before).0,
    );
    settle("killed after the exchange", &killed_after_the_exchange().0);
    let (sandbox, _, _) = killed_after_the_exchange();
    let path = format!("{}/idna/core.py", venv::SITE);
    venv::append(sandbox.path(STAGING).join(path), "# late\n");
    settle(
        "killed after the exchange, and a shared file changed",
        &sandbox,
    );
    let between = |sandbox: &Sandbox| !sandbox.venv().exists();
    let two = ["renameat2:error=EINVAL"];
    settle(
        "killed between two renames",
        &killed("renameat", &two, between).0,
    );
    settle(
        "killed while it removed the old tree",
        &killed_while_it_removed().0,
    );
    let last = |sandbox: &Sandbox| {
        let done = sandbox.venv().join("bin/tool").exists() && !sandbox.path(STAGING).exists();
        done && sandbox.path(JOURNAL).exists()
    };
    settle(
        "killed before the journal went",
        &killed("fsync", &[], last).0,
    );
    let inside =
        |sandbox: &Sandbox| !sandbox.venv().join(MINE).exists() && sandbox.path(JOURNAL).exists();
    let immovable = exchange("error=EXDEV");
    settle(
        "killed while it went in place",
        &killed("renameat", &[&immovable], inside).0,
    );
}
