//! The rules of the house, held by machine (docs/style.md). Each message names the remedy.
//!
//! Here: which room may do what. It reads text, not syntax. Tests inside a file are left out where a rule is about the
//! library alone.

mod documents;
mod source;

use source::{has, rooms_named, root, sources};

/// Rooms from the ground up; those of one floor do not know each other.
const LADDER: [&[&str]; 7] = [
    &["model", "monitor"],
    &["disk"],
    &["store", "venv"],
    &["diagnose"],
    &["ops"],
    &["report"],
    &["cli"],
];

/// Files outside of `disk/` that may change files, with the reason.
const HANDS: [(&str, &str); 2] = [
    ("src/store/index.rs", "SQLite's files, which are a cache"),
    (
        "src/cli/demo/",
        "a venv of its own in a temporary directory",
    ),
];

/// Functions that change files wherever they come from.
const CHANGING: &[&str] = &[
    "mkdirat",
    "mknodat",
    "unlinkat",
    "renameat",
    "renameat_with",
    "linkat",
    "symlinkat",
    "fchmod",
    "chmodat",
    "fchown",
    "chownat",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "removexattr",
    "fremovexattr",
    "utimensat",
    "futimens",
    "ftruncate",
    "fallocate",
    "copy_file_range",
    "ioctl_ficlone",
    "set_len",
    "set_permissions",
    "OpenOptions",
    "hard_link",
    "create_dir",
    "create_dir_all",
    "remove_file",
    "remove_dir",
    "remove_dir_all",
];
/// Functions that change files if they stand behind this word.
const CHANGING_BEHIND: &[(&str, &[&str])] = &[
    (
        "fs",
        &["write", "rename", "copy", "chown", "lchown", "symlink"],
    ),
    ("File", &["create", "create_new", "options"]),
    (
        "OFlags",
        &["CREATE", "TRUNC", "WRONLY", "RDWR", "APPEND", "TMPFILE"],
    ),
];
/// What only the command line may do.
const WORLDLY: &[(&str, &str)] = &[
    ("std::env", "reads the environment"),
    ("env::var", "reads the environment"),
    ("SystemTime", "reads the clock"),
    ("Timestamp::now", "reads the clock"),
    ("Zoned::now", "reads the clock"),
    ("println!", "prints"),
    ("print!", "prints"),
    ("eprintln!", "prints"),
    ("eprint!", "prints"),
    ("io::stdout", "prints"),
    ("io::stderr", "prints"),
    ("anstream", "prints"),
    ("process::exit", "ends the process"),
];

#[track_caller]
fn none(problems: &[String], remedy: &str) {
    assert!(
        problems.is_empty(),
        "{}\nremedy: {remedy}",
        problems.join("\n")
    );
}

fn floor(room: &str) -> Option<usize> {
    LADDER.iter().position(|floor| floor.contains(&room))
}

#[test]
fn imports_go_down_the_ladder_only() {
    let mut problems = Vec::new();
    for source in sources("src") {
        let Some(room) = source.room() else { continue };
        for (line, named) in rooms_named(&source.code) {
            let allowed = match floor(&named) {
                _ if named == room => true,
                Some(below) => below < floor(room).unwrap() && room != "cli",
                None => false,
            };
            if !allowed {
                problems.push(format!(
                    "{}:{line}: '{room}' names 'crate::{named}'",
                    source.path
                ));
            }
        }
        for (line, code) in (1..).zip(source.code.lines()) {
            let ours = has(code, "venv_snap");
            if ours && room != "cli" {
                problems.push(format!(
                    "{}:{line}: the library names itself 'venv_snap'",
                    source.path
                ));
            }
            let inner = usize::from(line > source.lines_before_tests);
            if code.contains(&"super::".repeat(source.depth() + inner)) {
                problems.push(format!(
                    "{}:{line}: climbs to the crate by 'super'",
                    source.path
                ));
            }
        }
    }
    none(
        &problems,
        "cli → report → ops → diagnose → store | venv → disk → model, monitor: move what is needed to a lower room, or hand it \
         in as an argument from above; say 'crate::ROOM' for another room, and 'venv_snap::' in cli",
    );
}

#[test]
fn only_the_disk_room_changes_files() {
    let mut problems = Vec::new();
    for source in sources("src") {
        if source.room() == Some("disk")
            || HANDS.iter().any(|(path, _)| source.path.starts_with(path))
        {
            continue;
        }
        for (line, code) in source.lines() {
            let plain = CHANGING
                .iter()
                .filter(|name| has(code, name))
                .map(|name| (*name).to_owned());
            let behind = CHANGING_BEHIND
                .iter()
                .flat_map(|(word, names)| names.iter().map(move |name| format!("{word}::{name}")))
                .filter(|phrase| has(code, phrase));
            problems.extend(
                plain
                    .chain(behind)
                    .map(|name| format!("{}:{line}: {name}", source.path)),
            );
        }
    }
    none(
        &problems,
        "put the change into disk/, which keeps the order temp → write → sync → rename, and call it there",
    );
    for (path, reason) in HANDS {
        assert!(
            root().join(path).exists(),
            "{path} ({reason}) is gone\nremedy: take it off HANDS"
        );
    }
}

#[test]
fn the_library_neither_prints_nor_exits_nor_asks_environment_or_clock() {
    let mut problems = Vec::new();
    for source in sources("src") {
        if source.room() == Some("cli") || source.path == "src/main.rs" {
            continue;
        }
        for (line, code) in source.lines() {
            // A macro's name ends in '!', which is no part of a word.
            let does = WORLDLY.iter().filter(|(phrase, _)| has(code, phrase));
            problems.extend(
                does.map(|(phrase, what)| format!("{}:{line}: {phrase} {what}", source.path)),
            );
        }
    }
    none(
        &problems,
        "take it as an argument (ops::Context brings store, host, time and listener) and let cli/ ask",
    );
}

#[test]
fn an_error_of_a_system_call_always_says_what_and_where() {
    let mut problems = Vec::new();
    for source in sources("src") {
        for (line, code) in source.lines() {
            if code.contains("From<std::io::Error>")
                || code.contains("From<io::Error>")
                || code.contains("#[from] std::io::Error")
            {
                problems.push(format!("{}:{line}", source.path));
            }
        }
    }
    none(
        &problems,
        "wrap it where the path is known: `.at(\"read\", &path)`",
    );
}
