//! Programs, as their manual pages tell: those that only start others (`prefixes.rs`), those that remove files
//! (`removers.rs` and those that need more room), and interpreters (`interpreters.rs`).

mod aged;
mod archives;
mod call;
mod clouds;
mod git;
mod interpreters;
mod mirror;
mod prefix;
mod prefixes;
mod removers;

use std::path::{Path, PathBuf};

use super::root::Root;

pub(super) use call::{Call, Effect, is_open};
pub(super) use interpreters::{Code, code, interpreter, may_empty, may_remove};
pub(super) use prefix::prefix;
pub(super) use prefixes::Prefix;
pub(super) use removers::remover;

/// Where programs stand that are named without a place, where no schedule says otherwise.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Programs that run something on another machine, or below another root.
const ELSEWHERE: [&str; 14] = [
    "ssh",
    "sshpass",
    "mosh",
    "kubectl",
    "oc",
    "chroot",
    "machinectl",
    "lxc",
    "lxc-attach",
    "incus",
    "vagrant",
    "nsenter",
    "ansible",
    "schroot",
];
/// Programs that only tell what they are given, or take it for the name of something else than a file.
const TELLING: [&str; 30] = [
    "echo",
    "printf",
    "logger",
    "mail",
    "mailx",
    "wall",
    "which",
    "type",
    "whereis",
    "man",
    "test",
    "[",
    "[[",
    "((",
    "true",
    "false",
    ":",
    "alias",
    "unalias",
    "apt-get",
    "apt",
    "dpkg",
    "systemctl",
    "service",
    "kill",
    "pkill",
    "killall",
    "pgrep",
    "grep",
    "expr",
];

/// Whether what a program of this name is given concerns no file of this machine.
pub(super) fn is_elsewhere(name: &str) -> bool {
    ELSEWHERE.contains(&name) || TELLING.contains(&name)
}

/// `7d`, `12h`, `30m`, `90s`, `2w`; a bare number counts in `unit` seconds.
pub(super) fn seconds(text: &str, unit: i64) -> Option<i64> {
    let (mut whole, mut digits) = (0_i64, String::new());
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        if next.is_ascii_digit() {
            digits.push(next);
            continue;
        }
        let mut word = next.to_string();
        while let Some(more) = rest.next_if(char::is_ascii_alphabetic) {
            word.push(more);
        }
        let each = match word.as_str() {
            "s" | "sec" | "second" | "seconds" => 1,
            "m" | "min" | "minute" | "minutes" => 60,
            "h" | "hr" | "hour" | "hours" => 3_600,
            "d" | "day" | "days" => 86_400,
            "w" | "week" | "weeks" => 604_800,
            "M" | "month" | "months" => 2_629_800,
            "y" | "year" | "years" => 31_557_600,
            "ms" | "us" => 0,
            _ => return None,
        };
        whole = whole.checked_add(digits.parse::<i64>().ok()?.checked_mul(each)?)?;
        digits.clear();
    }
    if !digits.is_empty() {
        whole = whole.checked_add(digits.parse::<i64>().ok()?.checked_mul(unit)?)?;
    }
    (!text.is_empty()).then_some(whole)
}

/// Where a program stands that is named without a place; `path` is the list of directories to look in.
pub(super) fn on_path(root: &Root, name: &str, path: Option<&str>) -> Option<PathBuf> {
    let mut dirs = path
        .unwrap_or(PATH)
        .split(':')
        .filter(|dir| dir.starts_with('/'));
    dirs.find_map(|dir| {
        let path = Path::new(dir).join(name);
        root.is_program(&path).then_some(path)
    })
}

/// What a program is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Program {
    Shell,
    /// A script in another language, by the name of its interpreter.
    Script(String),
    Binary,
}

/// What a program is, from its text.
pub(super) fn kind(text: &str) -> Program {
    if text.contains('\0') {
        return Program::Binary;
    }
    let Some(line) = text.strip_prefix("#!") else {
        return Program::Shell;
    };
    let mut words = line.lines().next().unwrap_or_default().split_whitespace();
    let last = |word: &'_ str| word.rsplit('/').next().unwrap_or_default().to_owned();
    let mut name = last(words.next().unwrap_or_default());
    if name == "env" {
        let plain = |word: &&str| !word.starts_with('-') && !word.contains('=');
        name = last(words.find(plain).unwrap_or_default());
    }
    if is_shell(&name) || name == "busybox" {
        Program::Shell
    } else {
        Program::Script(name)
    }
}

/// Whether a program of this name reads the language of `sh`.
pub(super) fn is_shell(name: &str) -> bool {
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    matches!(
        bare,
        "sh" | "bash" | "dash" | "ash" | "ksh" | "mksh" | "zsh" | "rbash" | "yash" | "posh"
    )
}
