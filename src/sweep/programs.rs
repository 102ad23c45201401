//! Programs that start others, and programs that remove files: `tmpwatch`, `tmpreaper`, `rsync --delete`, `git clean`,
//! `docker prune`, as their manual pages tell.

use std::path::{Path, PathBuf};

use super::find::absolute;
use super::removal::{Aged, Mirror, Removal};
use super::root::Root;
use super::target::Clock;

/// Programs that remove files, of which it matters what they are given.
pub(super) const REMOVING: [&str; 6] = ["find", "tmpwatch", "tmpreaper", "rsync", "xargs", "git"];
/// Where programs stand that are named without a place.
const PATH: [&str; 6] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
];

/// The number of the word at which the command begins that `sudo`, `nice` and the like only start.
pub(super) fn without_prefix(words: &[String]) -> usize {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let valued: &[&str] = match word.rsplit('/').next().unwrap_or_default() {
            "sudo" | "doas" => &["-u", "-g", "-C", "--user"],
            "nice" => &["-n"],
            "ionice" => &["-c", "-n"],
            "timeout" => &["-s", "-k"],
            "flock" => &["-w", "-E"],
            "chrt" | "taskset" => &["-p"],
            "env" | "nohup" | "setsid" | "command" | "exec" | "chronic" | "cronic" | "time"
            | "stdbuf" | "busybox" => &[],
            _ => break,
        };
        let has_place = matches!(
            word.rsplit('/').next(),
            Some("timeout" | "flock" | "chrt" | "taskset")
        );
        at += 1;
        while let Some(word) = words.get(at) {
            if valued.contains(&word.as_str()) {
                at += 2;
            } else if word.starts_with('-') || word.contains('=') && !word.starts_with('/') {
                at += 1;
            } else {
                break;
            }
        }
        at += usize::from(has_place);
    }
    at.min(words.len())
}

/// What follows the flags of `xargs`.
pub(super) fn after_flags(words: &[String]) -> &[String] {
    let mut at = 0;
    while let Some(word) = words.get(at).filter(|word| word.starts_with('-')) {
        let takes_more = matches!(
            word.as_str(),
            "-n" | "-L" | "-P" | "-I" | "-s" | "-d" | "-a" | "-E"
        );
        at += if takes_more { 2 } else { 1 };
    }
    &words[at.min(words.len())..]
}

/// Arguments that are no flags.
pub(super) fn operands(words: &[String]) -> Vec<&String> {
    let mut rest = words.iter();
    let mut found = Vec::new();
    for word in rest.by_ref() {
        if word == "--" {
            break;
        }
        if !word.starts_with('-') || word == "-" {
            found.push(word);
        }
    }
    found.extend(rest);
    found
}

/// What a program removes; none for one that is not known to remove anything. The error says what is not understood.
pub(super) fn removal(
    root: &Root,
    words: &[String],
    patterns: &[String],
    cwd: Option<&Path>,
) -> Option<Result<Removal, String>> {
    match words[0].rsplit('/').next()? {
        "tmpwatch" | "tmpreaper" => Some(aged(&words[1..], words[0].ends_with("tmpreaper"))),
        "rsync" => mirror(root, &words[1..], cwd),
        "git" => clean(&words[1..], cwd),
        "docker" | "podman" => prune(&words[1..]),
        "trash" | "trash-put" | "srm" | "wipe" => {
            let base = cwd.unwrap_or(Path::new("/"));
            let patterns = operands(&patterns[1..])
                .into_iter()
                .map(|one| absolute(one, base))
                .collect();
            Some(Ok(Removal::Named {
                patterns,
                with_all: true,
            }))
        }
        _ => None,
    }
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

fn aged(words: &[String], is_reaper: bool) -> Result<Removal, String> {
    let mut aged = Aged {
        dirs: Vec::new(),
        seconds: 0,
        clocks: Vec::new(),
        first_stays: false,
        excludes: Vec::new(),
    };
    let (mut age, mut read, mut changed, mut any_change) = (None, true, false, false);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "--mtime" => (read, changed) = (false, true),
            "--ctime" => (read, any_change) = (false, true),
            "--atime" => read = true,
            // A test removes nothing.
            "--test" => return Ok(Removal::Below(Vec::new())),
            "--protect" | "-x" | "--exclude" | "-X" | "--exclude-pattern" | "-U"
            | "--exclude-user" => {
                aged.excludes.extend(rest.next().cloned());
            }
            word if word.starts_with("--protect=") || word.starts_with("--exclude=") => {
                aged.excludes
                    .extend(word.split_once('=').map(|(_, value)| value.to_owned()));
            }
            word if word.starts_with("--") => {}
            word if word.starts_with('-') => {
                if word.contains('t') {
                    return Ok(Removal::Below(Vec::new()));
                }
                changed |= word.contains('m');
                any_change |= word.contains('c');
                read = word.contains('u') || !(changed || any_change);
            }
            word if age.is_none() => {
                // tmpwatch counts in hours, tmpreaper in days.
                let unit = if is_reaper { 86_400 } else { 3_600 };
                age = Some(
                    seconds(word, unit)
                        .ok_or_else(|| format!("the age '{word}' is not understood"))?,
                );
            }
            word => aged.dirs.push(word.trim_end_matches('/').to_owned()),
        }
    }
    let clocks = [
        (read, Clock::Read),
        (changed, Clock::Changed),
        (any_change, Clock::AnyChange),
    ];
    let counts = |(counts, clock): (bool, Clock)| counts.then_some(clock);
    aged.clocks = clocks.into_iter().filter_map(counts).collect();
    aged.seconds = age.ok_or("no age is given")?;
    Ok(Removal::Aged(aged))
}

fn mirror(root: &Root, words: &[String], cwd: Option<&Path>) -> Option<Result<Removal, String>> {
    let removes = words
        .iter()
        .any(|word| word.starts_with("--delete") || word == "--del");
    let is_dry = words.iter().any(|word| {
        word == "--dry-run"
            || word.starts_with('-') && !word.starts_with("--") && word.contains('n')
    });
    if !removes || is_dry {
        return None;
    }
    let (mut excludes, mut places) = (Vec::new(), Vec::new());
    let all = words.iter().any(|word| word == "--delete-excluded");
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "--exclude" | "--filter" | "-f" => excludes.extend(rest.next().cloned()),
            "-e" | "--rsh" | "--include" | "--files-from" | "--exclude-from" | "--bwlimit"
            | "--log-file" => {
                rest.next();
            }
            word => match word.strip_prefix("--exclude=") {
                Some(pattern) => excludes.push(pattern.to_owned()),
                None if !word.starts_with('-') => places.push(word.to_owned()),
                None => {}
            },
        }
    }
    if all {
        excludes.clear();
    }
    let destination = places.pop()?;
    let is_far = |place: &str| place.contains(':') && !place.starts_with('/');
    if is_far(&destination) {
        return None;
    }
    let base = cwd?;
    let [source] = &places[..] else {
        return Some(Err(
            "what several sources of rsync have is not compared".to_owned()
        ));
    };
    let mut destination = absolute(&destination, base);
    // A source without a slash at its end is made within the destination.
    if !source.ends_with('/')
        && let Some(name) = Path::new(source).file_name()
    {
        destination = format!("{destination}/{}", name.to_string_lossy());
    }
    let source = (!is_far(source)).then(|| absolute(source, base));
    Some(Ok(Removal::Mirror(Mirror {
        destination,
        source: source.and_then(|source| root.contents(Path::new(&source))),
        excludes,
    })))
}

fn clean(words: &[String], cwd: Option<&Path>) -> Option<Result<Removal, String>> {
    let mut dir = cwd.map(Path::to_owned);
    let mut rest = words.iter();
    let mut is_clean = false;
    let mut flags = String::new();
    let mut excludes = Vec::new();
    let mut places: Vec<&String> = Vec::new();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "-C" => {
                let to = rest.next()?;
                dir = Some(PathBuf::from(absolute(
                    to,
                    dir.as_deref().unwrap_or(Path::new("/")),
                )));
            }
            "-c" if !is_clean => {
                rest.next();
            }
            "clean" if !is_clean => is_clean = true,
            word if !is_clean && !word.starts_with('-') => return None,
            "-e" | "--exclude" => excludes.extend(rest.next().cloned()),
            "--force" => flags.push('f'),
            "--dry-run" => flags.push('n'),
            word if word.starts_with("--exclude=") => {
                excludes.extend(word.split_once('=').map(|(_, value)| value.to_owned()));
            }
            word if is_clean && word.starts_with('-') && !word.starts_with("--") => {
                flags.push_str(&word[1..]);
            }
            _ if is_clean && !word.starts_with('-') => places.push(word),
            _ => {}
        }
    }
    // Without a force nothing goes, and without `d` no directory.
    if !is_clean || !flags.contains('f') || !flags.contains('d') || flags.contains('n') {
        return None;
    }
    let Some(dir) = dir else {
        return Some(Err(
            "nobody knows in which directory 'git clean' works".to_owned()
        ));
    };
    let dir = places.first().map_or_else(
        || dir.to_string_lossy().into_owned(),
        |place| absolute(place, &dir),
    );
    Some(Ok(Removal::Clean {
        dir,
        ignored: flags.contains('x') || flags.contains('X'),
        only_ignored: flags.contains('X'),
        excludes,
    }))
}

/// Only the daemon knows which volumes no container uses, and which containers have ended. So all volumes and layers
/// count.
fn prune(words: &[String]) -> Option<Result<Removal, String>> {
    if !words.iter().any(|word| word == "prune") {
        return None;
    }
    let has = |name: &str| words.iter().any(|word| word == name);
    let mut dirs = Vec::new();
    let volumes = [
        "/var/lib/docker/volumes",
        "/var/lib/containers/storage/volumes",
    ];
    let layers = [
        "/var/lib/docker/overlay2",
        "/var/lib/containers/storage/overlay",
    ];
    if has("volume") || has("--volumes") {
        dirs.extend(volumes);
    }
    if has("system") || has("container") || has("image") || has("builder") {
        dirs.extend(layers);
    }
    Some(Ok(Removal::Below(
        dirs.into_iter().map(str::to_owned).collect(),
    )))
}

/// Where a program stands that is named without a place.
pub(super) fn on_path(root: &Root, name: &str) -> Option<PathBuf> {
    PATH.iter()
        .map(|dir| Path::new(dir).join(name))
        .find(|path| root.is_program(path))
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
    let mut name = words
        .next()
        .unwrap_or_default()
        .rsplit('/')
        .next()
        .unwrap_or_default();
    if name == "env" {
        name = words
            .find(|word| !word.starts_with('-'))
            .unwrap_or_default();
    }
    match name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.') {
        "sh" | "bash" | "dash" | "ash" | "ksh" | "zsh" | "busybox" => Program::Shell,
        _ => Program::Script(name.to_owned()),
    }
}

/// Whether a script names what removes files in its language.
pub(super) fn may_remove(text: &str) -> bool {
    const WORDS: [&str; 9] = [
        "os.remove",
        "rmtree",
        "unlink",
        "rm_rf",
        "FileUtils.rm",
        "File.delete",
        "rmSync",
        "rm -",
        "-delete",
    ];
    WORDS.iter().any(|word| text.contains(word))
}
