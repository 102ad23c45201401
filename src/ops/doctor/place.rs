//! What is to be known of one place: room, mount, whether it keeps what is written, times, interpreter.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Sign, State};
use crate::disk::rooted::Rooted;
use crate::disk::write_test::write_test;
use crate::python::interpreter::inspect;
use crate::tree::listing::listing;

/// Less room than this is too little for a venv.
const BYTES_LEAST: u64 = 500 << 20;
/// Fewer inodes than this are too few for a venv.
const INODES_LEAST: u64 = 20_000;
/// A file may be so many seconds younger than now, since clocks differ.
const AHEAD_MAX: i64 = 600;
/// File systems of which it is known that they exchange two directories in one step.
const EXCHANGING: [&str; 7] = ["ext4", "xfs", "btrfs", "tmpfs", "f2fs", "bcachefs", "ext2"];

/// All that is to be known of a place.
pub(super) fn signs(place: &Path, now: Timestamp) -> Vec<Sign> {
    let dir = place
        .ancestors()
        .find(|dir| dir.is_dir())
        .unwrap_or(Path::new("/"));
    // A replacement is built beside the venv.
    let beside = place.parent().filter(|dir| dir.is_dir()).unwrap_or(dir);
    let mut signs = vec![room(beside)];
    signs.extend(mount(dir));
    signs.push(
        match write_test(beside) {
            Ok(true) => Sign::new(
                "writing",
                State::Good,
                "what is written, synced and dropped from memory comes back",
            ),
            Ok(false) => Sign::new(
                "writing",
                State::Bad,
                "what was written and synced came back otherwise",
            ),
            Err(error) if error.is_denied() => Sign::new(
                "writing",
                State::Unknown,
                format!("this user may not write here: {}", error.source),
            ),
            Err(error) if is_unsupported(&error.source) => Sign::new(
                "writing",
                State::Unknown,
                format!(
                    "the file system has no files without a name: {}",
                    error.source
                ),
            ),
            Err(error) => Sign::new("writing", State::Bad, error.source.to_string()),
        }
        .at(beside),
    );
    signs.push(clock(place, now));
    signs.extend(python(place));
    signs
}

fn is_unsupported(error: &std::io::Error) -> bool {
    use rustix::io::Errno;
    let number = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(
        number,
        Some(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL)
    )
}

fn room(dir: &Path) -> Sign {
    let fs = match rustix::fs::statvfs(dir) {
        Ok(fs) => fs,
        Err(error) => {
            return Sign::new(
                "room",
                State::Unknown,
                std::io::Error::from(error).to_string(),
            )
            .at(dir);
        }
    };
    let bytes = fs.f_bavail.saturating_mul(fs.f_frsize);
    let shown = bytesize::ByteSize(bytes).display().si();
    if fs.f_blocks > 0 && bytes < BYTES_LEAST {
        return Sign::new("room", State::Bad, format!("only {shown} are free")).at(dir);
    }
    // File systems that count no inodes report none in all.
    if fs.f_files > 0 && fs.f_favail < INODES_LEAST {
        return Sign::new(
            "room",
            State::Bad,
            format!("only {} inodes are free", fs.f_favail),
        )
        .at(dir);
    }
    let inodes = match fs.f_files {
        0 => "inodes are not counted".to_owned(),
        _ => format!("{} inodes", fs.f_favail),
    };
    Sign::new(
        "room",
        State::Good,
        format!("{shown} and {inodes} are free"),
    )
    .at(dir)
}

/// A mount point as `/proc/self/mounts` writes it: blanks, tabs, line ends and backslashes as `\` and three octal
/// digits (`proc_pid_mounts(5)`, fstab(5)).
fn mount_point(text: &str) -> PathBuf {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digits = after
            .get(..3)
            .and_then(|three| std::str::from_utf8(three).ok());
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        if let Some(byte) = code.filter(|_| first == b'\\') {
            bytes.push(byte);
            rest = &after[3..];
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    PathBuf::from(OsString::from_vec(bytes))
}

/// The mount that holds a place, as `/proc/self/mounts` tells.
fn mount(dir: &Path) -> Vec<Sign> {
    let mounts = std::fs::read("/proc/self/mounts").unwrap_or_default();
    let mounts = String::from_utf8_lossy(&mounts);
    let parse = |line: &str| {
        let parts: Vec<&str> = line.split(' ').collect();
        let at = mount_point(parts.get(1)?);
        dir.starts_with(&at).then(|| {
            (
                at.to_string_lossy().into_owned(),
                (*parts.get(2).unwrap_or(&"")).to_owned(),
                (*parts.get(3).unwrap_or(&"")).to_owned(),
            )
        })
    };
    // The last of the longest ones is on top.
    let found = mounts
        .lines()
        .filter_map(parse)
        .max_by_key(|(at, ..)| at.len());
    let Some((at, kind, options)) = found else {
        return vec![Sign::new("mount", State::Unknown, "no mount is known").at(dir)];
    };
    let has = |option: &str| options.split(',').any(|one| one == option);
    let wrong = [
        ("ro", "is mounted read-only"),
        (
            "noexec",
            "is mounted noexec: interpreters and extensions cannot be loaded from it",
        ),
    ];
    let wrong = wrong.iter().find(|(option, _)| has(option));
    let shown = format!("{kind} at {at}");
    let sign = match wrong {
        Some((_, what)) => Sign::new("mount", State::Bad, format!("{shown} {what}")),
        None => Sign::new("mount", State::Good, format!("{shown}, read and write")),
    };
    let exchange = if EXCHANGING.contains(&kind.as_str()) {
        Sign::new(
            "exchange",
            State::Good,
            format!("{kind} exchanges two directories in one step"),
        )
    } else {
        let text = format!(
            "nobody knows whether {kind} exchanges two directories in one step; a restore finds out, and says so \
             before it starts"
        );
        Sign::new("exchange", State::Unknown, text)
    };
    vec![sign.at(dir), exchange.at(dir)]
}

/// Whether the clock stands before what it has written.
fn clock(place: &Path, now: Timestamp) -> Sign {
    let names = ["", "pyvenv.cfg", "bin", "lib"];
    let times = names
        .iter()
        .filter_map(|name| std::fs::symlink_metadata(place.join(name)).ok());
    let newest = times.map(|meta| meta.ctime()).max();
    match newest {
        Some(newest) if newest > now.as_second() + AHEAD_MAX => {
            let text = format!(
                "it stands {} s before the last change of what is here",
                newest - now.as_second()
            );
            Sign::new("clock", State::Bad, text).at(place)
        }
        Some(_) => Sign::new(
            "clock",
            State::Good,
            "it stands after all that was changed here",
        )
        .at(place),
        None => Sign::new("clock", State::Unknown, "there is nothing here that tells").at(place),
    }
}

fn python(place: &Path) -> Option<Sign> {
    place.join("pyvenv.cfg").is_file().then_some(())?;
    let root = Rooted::open_resolved(place).ok()?;
    let manifest = listing(&root).ok()?;
    let facts = inspect(&root, &manifest);
    let sign = match (&facts.problems[..], &facts.known.unreachable) {
        ([], None) => Sign::new(
            "interpreter",
            State::Good,
            format!("Python {} answers", facts.known.version),
        ),
        ([], Some(why)) => Sign::new("interpreter", State::Unknown, why.clone()),
        (problems, _) => Sign::new("interpreter", State::Bad, problems.join("; ")),
    };
    Some(sign.at(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mount_points_are_read_whatever_is_in_their_names() {
        for (text, path) in [
            ("/srv/app", "/srv/app"),
            ("/a\\040b", "/a b"),
            ("/a\\011b\\012c", "/a\tb\nc"),
            ("/a\\134040", "/a\\040"),
            ("/a\\", "/a\\"),
            ("/a\\9", "/a\\9"),
        ] {
            assert_eq!(mount_point(text), Path::new(path), "{text}");
        }
    }
}
