//! What is to be known of the whole machine: errors that file systems, memory and the kernel have counted, what the
//! kernel offers, whose caches are whose, and who else has this program's name.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::{DoctorOptions, Sign, State};
use crate::sweep::Root;

/// At most about so many bytes of the kernel's log are read.
const LOG_MAX: usize = 16 << 20;
/// What the kernel says of disks, file systems and memory that are not sound, or of programs that it ended.
const COMPLAINTS: [&str; 12] = [
    "I/O error, dev",
    "Buffer I/O error",
    "critical medium error",
    "EXT4-fs error",
    "BTRFS error",
    "BTRFS critical",
    "Corruption detected",
    "Corruption of in-memory data",
    "Remounting filesystem read-only",
    "[Hardware Error]",
    "Machine check events logged",
    "Out of memory: Killed process",
];

/// All that is to be known of the machine.
pub(super) fn signs(root: &Root, options: &DoctorOptions) -> Vec<Sign> {
    let mut signs = vec![
        counters(root),
        memory(root),
        log(root),
        smart(root),
        kernel(root),
    ];
    signs.extend(options.caches.iter().filter_map(|cache| owner(cache)));
    for path in &options.namesakes {
        let text = format!(
            "'{}' is another program of this name; 'venv-snap' names this one alone",
            path.display()
        );
        signs.push(Sign::new("name", State::Unknown, text).at(path));
    }
    signs
}

/// Paths that match a pattern of plain parts and `*`.
fn glob(root: &Root, pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![root.0.clone()];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let next = found.iter().flat_map(|dir| match part.strip_suffix('*') {
            None => vec![dir.join(part)],
            Some(begin) => {
                let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
                let entries =
                    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(begin));
                entries.map(|entry| entry.path()).collect()
            }
        });
        found = next.collect();
    }
    found.retain(|path| path.exists());
    found.sort();
    found
}

fn number(path: &Path) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Where a counter stands, as people know it.
fn shown(root: &Root, path: &Path) -> String {
    let below = path.strip_prefix(&root.0).unwrap_or(path);
    format!("/{}", below.display())
}

/// Errors that file systems and arrays have counted.
fn counters(root: &Root) -> Sign {
    let mut seen = 0;
    let mut wrong = Vec::new();
    let plain = [
        "sys/fs/ext4/*/errors_count",
        "sys/block/md*/md/degraded",
        "sys/block/md*/md/mismatch_cnt",
    ];
    for path in plain.iter().flat_map(|pattern| glob(root, pattern)) {
        seen += 1;
        match number(&path) {
            Some(count) if count > 0 => wrong.push(format!("{} is {count}", shown(root, &path))),
            _ => {}
        }
    }
    for path in glob(root, "sys/fs/btrfs/*/devinfo/*/error_stats") {
        seen += 1;
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let is_wrong = |line: &&str| {
            line.split_whitespace()
                .nth(1)
                .is_some_and(|count| count != "0")
        };
        wrong.extend(
            text.lines()
                .filter(is_wrong)
                .map(|line| format!("{}: {line}", shown(root, &path))),
        );
    }
    match (seen, &wrong[..]) {
        (0, _) => Sign::new(
            "errors",
            State::Unknown,
            "no file system here counts its errors",
        ),
        (_, []) => Sign::new("errors", State::Good, "file systems have counted no errors"),
        (_, wrong) => Sign::new("errors", State::Bad, wrong.join("; ")),
    }
}

/// Errors of memory that the hardware has counted (EDAC).
fn memory(root: &Root) -> Sign {
    let counters = [
        "sys/devices/system/edac/mc/mc*/ue_count",
        "sys/devices/system/edac/mc/mc*/ce_count",
    ];
    let counters: Vec<PathBuf> = counters
        .iter()
        .flat_map(|pattern| glob(root, pattern))
        .collect();
    let wrong = counters.iter().filter_map(|path| {
        let count = number(path).filter(|count| *count > 0)?;
        Some(format!("{} is {count}", shown(root, path)))
    });
    let wrong: Vec<String> = wrong.collect();
    match (counters.len(), &wrong[..]) {
        (0, _) => Sign::new(
            "memory",
            State::Unknown,
            "the kernel counts no errors of memory here (no EDAC)",
        ),
        (_, []) => Sign::new("memory", State::Good, "no errors of memory were counted"),
        (_, wrong) => Sign::new("memory", State::Bad, wrong.join("; ")),
    }
}

/// What the kernel's log complains of since the machine started.
fn log(root: &Root) -> Sign {
    let path = root.0.join("dev/kmsg");
    let text = match read_log(&path) {
        Ok(text) => text,
        Err(error) => {
            let why = std::io::Error::from(error);
            return Sign::new(
                "kernel log",
                State::Unknown,
                format!("it cannot be read: {why}"),
            );
        }
    };
    let is_complaint = |line: &&str| COMPLAINTS.iter().any(|what| line.contains(what));
    let found: Vec<&str> = text.lines().filter(is_complaint).collect();
    let bare = |line: &str| {
        line.split_once(';')
            .map_or(line, |(_, text)| text)
            .to_owned()
    };
    match &found[..] {
        [] => Sign::new(
            "kernel log",
            State::Good,
            "it tells of no errors of disks or memory",
        ),
        [.., last] => {
            let text = format!("{} complaints, the last one: {}", found.len(), bare(last));
            Sign::new("kernel log", State::Bad, text)
        }
    }
}

/// All records of the log, without waiting for more.
fn read_log(path: &Path) -> Result<String, Errno> {
    let fd = rustix::fs::open(
        path,
        OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC,
        Mode::empty(),
    )?;
    let mut text = String::new();
    let mut buffer = vec![0; 64 << 10];
    while text.len() < LOG_MAX {
        match rustix::io::read(&fd, &mut buffer) {
            Ok(0) | Err(Errno::AGAIN) => break,
            Ok(len) => text.push_str(&String::from_utf8_lossy(&buffer[..len])),
            // Records were overwritten meanwhile, or one is too long.
            Err(Errno::PIPE | Errno::INVAL | Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(text)
}

/// Says how disks can be asked for their health. Nobody asks them here: smartctl needs root, and time.
fn smart(root: &Root) -> Sign {
    let places = [
        "usr/sbin/smartctl",
        "usr/bin/smartctl",
        "usr/local/sbin/smartctl",
    ];
    let text = if places.iter().any(|place| root.0.join(place).exists()) {
        "disks were not asked; 'smartctl -H DEVICE' does it"
    } else {
        "disks were not asked: there is no smartctl here"
    };
    Sign::new("disks", State::Unknown, text)
}

/// What a restore asks of the kernel.
fn kernel(root: &Root) -> Sign {
    let modules =
        std::fs::read_to_string(root.0.join("sys/kernel/security/lsm")).unwrap_or_default();
    if modules.split(',').any(|module| module.trim() == "landlock") {
        Sign::new(
            "kernel",
            State::Good,
            "it has Landlock, which holds a restore within its directories",
        )
    } else {
        Sign::new(
            "kernel",
            State::Unknown,
            "it does not say that it has Landlock; a restore works without it",
        )
    }
}

/// Whose a cache is: pip passes over one that is not of the user who runs it.
fn owner(cache: &Path) -> Option<Sign> {
    let own = std::fs::metadata(cache).ok()?.uid();
    let home = cache.parent().and_then(Path::parent)?;
    let of_home = std::fs::metadata(home).ok()?.uid();
    let sign = if own == of_home {
        Sign::new(
            "cache",
            State::Good,
            format!("it belongs to user {own}, as what is around it"),
        )
    } else {
        let text = format!(
            "it belongs to user {own}, but '{}' to user {of_home}: installers of neither trust it",
            home.display()
        );
        Sign::new("cache", State::Bad, text)
    };
    Some(sign.at(cache))
}
