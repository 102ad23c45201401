//! Single fields of a member: its name, its ids, its time, each from the header or from what stands before it instead.

use super::error::{Error, RefusedEntry, RefusedName, RefusedTar};
use super::kind::Kind;
use crate::model::{RelPath, Time};

/// The longest name or text of a link that is read at all, in bytes.
pub(super) const NAME_MAX: i128 = 64 << 10;
/// The years 1 to 9999, in seconds since 1970.
const SECS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// A name from the header, or in its place the one of GNU tar or of POSIX before it. An error where both are there.
pub(super) fn one(
    plain: &[u8],
    long: Option<Vec<u8>>,
    record: Option<Vec<u8>>,
) -> Result<Vec<u8>, Error> {
    match (long, record) {
        (None, None) => Ok(plain.to_vec()),
        (Some(name), None) | (None, Some(name)) => Ok(name),
        (Some(_), Some(_)) => Err(RefusedEntry::TwoLongNames.at_entry(plain)),
    }
}

pub(super) fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), RefusedTar> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(RefusedTar::TwoExtended),
    }
}

/// A name as a path: `./` may stand before it, and `/` after that of a directory.
pub(super) fn place(name: &[u8], dir: bool) -> Result<RelPath, RefusedName> {
    if name.len() as i128 > NAME_MAX {
        return Err(RefusedName::Long);
    }
    let name = name.strip_suffix(b"/").filter(|_| dir).unwrap_or(name);
    if dir && name == b"." {
        return Ok(RelPath::root());
    }
    let name = name.strip_prefix(b"./").unwrap_or(name);
    if name.is_empty() {
        return Err(RefusedName::Empty);
    }
    RelPath::new(name).map_err(|_| RefusedName::Leads)
}

pub(super) fn field(value: i128, max: u32) -> Option<u32> {
    u32::try_from(value).ok().filter(|value| *value <= max)
}

/// Permission bits of a mode field. Docker, 7-Zip and AIX write the type of the file into it as well; where that is
/// not what the member says it is, readers could take it for two things.
pub(super) fn mode(value: i128, kind: &Kind) -> Option<u32> {
    const TYPE: u32 = 0o170_000;
    let mode = field(value, TYPE | 0o7777)?;
    // Some write the type of a link for a hard link, and others that of the file that it means.
    let is_told = match kind {
        Kind::Dir => matches!(mode & TYPE, 0 | 0o040_000),
        Kind::File(_) => matches!(mode & TYPE, 0 | 0o100_000),
        Kind::Link(_) => matches!(mode & TYPE, 0 | 0o100_000 | 0o120_000),
        Kind::Symlink(_) => matches!(mode & TYPE, 0 | 0o120_000),
        Kind::Fifo => matches!(mode & TYPE, 0 | 0o010_000),
    };
    is_told.then_some(mode & 0o7777)
}

/// The largest id means "none" to the system.
pub(super) fn id(record: Option<i128>, plain: i128) -> Option<u32> {
    field(record.unwrap_or(plain), u32::MAX - 1)
}

pub(super) fn time(record: Option<Time>, plain: i128) -> Option<Time> {
    let time = match record {
        Some(time) => time,
        None => Time {
            secs: i64::try_from(plain).ok()?,
            nanos: 0,
        },
    };
    SECS.contains(&time.secs).then_some(time)
}
