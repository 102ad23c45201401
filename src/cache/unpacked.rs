//! Whether an unpacked wheel is what its RECORD says, file by file: so uv, pdm and virtualenv keep them.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::{IntoParallelIterator, ParallelIterator};
use rustix::fs::OFlags;
use rustix::io::Errno;

use super::entry::{Fault, FaultKind};
use super::record::{RECORD_MAX, Row, is_of_record, rows};
use super::stream::Tally;
use super::wheel::{Contents, named};
use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::disk::walk::{Found, walk};
use crate::model::{RelPath, Time};
use crate::monitor::Monitor;
use crate::python::dist::{Algorithm, Hash, Sum};

/// So many hashes of files with several names are kept, so that those are read once.
const KEPT_MAX: usize = 200_000;

/// Hashes of files that have several names.
#[derive(Debug, Default)]
pub(super) struct Links(Mutex<HashMap<State, [u8; 32]>>);

/// An inode in one state: device, number, change time.
type State = (u64, u64, Time);

/// Reads what RECORD lists in a directory. `is_wheel`: that it must be one. Of a distribution that is not `wanted`,
/// only the name is read.
pub(super) fn judge(
    dir: &Rooted,
    is_wheel: bool,
    wanted: &(dyn Fn(&str) -> bool + Sync),
    links: &Links,
    monitor: &dyn Monitor,
) -> io::Result<(Contents, u64)> {
    let mut names = dir.names().map_err(|error| error.source)?;
    names.sort();
    let info = names.iter().find(|name| named(name).is_some());
    let Some(info) = info else {
        let mut contents = Contents::default();
        if is_wheel && !names.iter().any(|name| name == b"pyvenv.cfg") {
            contents.faults.push(Fault::of_whole(FaultKind::Metadata));
        }
        return Ok((contents, 0));
    };
    let mut contents = Contents {
        named: named(info),
        ..Contents::default()
    };
    if contents
        .named
        .as_ref()
        .is_some_and(|(name, _)| !wanted(name))
    {
        return Ok((contents, 0));
    }
    let rows = match record(dir, info)? {
        Some(content) => rows(&content),
        None => HashMap::new(),
    };
    if rows.is_empty() {
        contents.faults.push(Fault::of_whole(FaultKind::Record));
        return Ok((contents, 0));
    }
    // An image to which links are made has a RECORD of what is beside them alone (virtualenv): it proves nothing.
    if rows.values().any(|row| matches!(row.hash, Hash::Known(_))) {
        contents.faults.extend(unlisted(dir, &rows)?);
    }
    let read = rows
        .into_par_iter()
        .map(|(path, row)| file(dir, &path, &row, links, monitor));
    let files: io::Result<Vec<Seen>> = read.collect();
    let mut size = 0;
    for file in files? {
        match file {
            Seen::Wrong(fault) => {
                size += fault.size.unwrap_or(0);
                contents.faults.push(fault);
            }
            Seen::Right(len) => {
                size += len;
                contents.proved += 1;
            }
            Seen::Unproved(len) => {
                size += len;
                contents.unproved += 1;
            }
            Seen::NotHeld => {}
        }
    }
    contents.faults.sort_by(|a, b| a.member.cmp(&b.member));
    Ok((contents, size))
}

/// Files that RECORD does not list, though nothing but the wheel was unpacked there. An installer takes them along, and
/// a `.pth` among them is executed at each start of Python.
fn unlisted(dir: &Rooted, rows: &HashMap<Vec<u8>, Row>) -> io::Result<Vec<Fault>> {
    let found = walk(dir).map_err(|error| error.source)?;
    let files = found.iter().filter(|one| !one.stat.is_dir());
    let others = files.filter(|one| {
        let path = one.path.as_bytes();
        !rows.contains_key(path) && !is_written(path)
    });
    let fault = |one: &Found| {
        let fault = Fault::of_member(FaultKind::Unlisted, one.path.as_bytes());
        fault.sized(None, one.stat.size)
    };
    Ok(others.map(fault).collect())
}

/// Whether an installer, or Python, writes such a file beside those of a wheel.
fn is_written(path: &[u8]) -> bool {
    // A lock, a checksum and who refers to it (pdm).
    let own = [&b".lock"[..], b".checksum", b".referrers"];
    let ends = [
        &b".dist-info/direct_url.json"[..],
        b".dist-info/uv_build.json",
        b".dist-info/uv_cache.json",
    ];
    let is_bytecode = path.ends_with(b".pyc");
    let is_beside = memchr::memmem::find(path, b"__pycache__/").is_some();
    own.contains(&path)
        || ends.iter().any(|end| path.ends_with(end))
        || is_added(path) && (!is_bytecode || is_beside)
}

/// What came of one file.
enum Seen {
    Wrong(Fault),
    Right(u64),
    Unproved(u64),
    /// It is not of the wheel, or of the kind that installers add.
    NotHeld,
}

fn record(dir: &Rooted, info: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let path = RelPath::new(&[info, b"/RECORD"].concat());
    let opened = path.map(|path| dir.open_raw(&path, OFlags::RDONLY, rustix::fs::Mode::empty()));
    let file = match opened {
        Ok(Ok(fd)) => File::from(fd),
        Ok(Err(Errno::NOENT | Errno::LOOP | Errno::NOTDIR)) | Err(_) => return Ok(None),
        Ok(Err(error)) => return Err(error.into()),
    };
    let mut content = Vec::new();
    if file.metadata()?.is_file() {
        file.take(RECORD_MAX).read_to_end(&mut content)?;
    }
    Ok(Some(content))
}

fn file(
    dir: &Rooted,
    named: &[u8],
    row: &Row,
    links: &Links,
    monitor: &dyn Monitor,
) -> io::Result<Seen> {
    let sum = match &row.hash {
        Hash::Known(sum) => Some(sum),
        Hash::None | Hash::Link | Hash::Unknown => None,
    };
    // Rows of what an installer lays elsewhere lead out of the directory.
    let Ok(path) = RelPath::new(named) else {
        return Ok(Seen::NotHeld);
    };
    let gone = || Fault {
        expected_size: row.size,
        ..Fault::of_member(FaultKind::Missing, named)
    };
    let fd = match dir.open_raw(&path, OFlags::RDONLY, rustix::fs::Mode::empty()) {
        Ok(fd) => fd,
        // What is listed without a hash was perhaps never there, such as bytecode.
        Err(Errno::NOENT | Errno::NOTDIR) if sum.is_none() => return Ok(Seen::NotHeld),
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(Seen::Wrong(gone())),
        Err(Errno::LOOP) => {
            let fault = Fault::of_member(FaultKind::Type, named);
            return Ok(Seen::Wrong(fault));
        }
        Err(error) => return Err(error.into()),
    };
    let stat = Stat::of(&fd)?;
    if !stat.is_file() {
        let wrong = || Seen::Wrong(Fault::of_member(FaultKind::Type, named));
        return Ok(sum.map_or(Seen::NotHeld, |_| wrong()));
    }
    let Some(sum) = sum else {
        return Ok(if is_added(named) {
            Seen::NotHeld
        } else {
            Seen::Unproved(stat.size)
        });
    };
    if links.has(&stat, sum) {
        return Ok(Seen::Right(stat.size));
    }
    let mut file = File::from(fd);
    let tally = Tally::read(&mut file, u64::MAX, Some(sum), false, monitor)?;
    links.keep(&stat, sum, &tally);
    monitor.advance(1, tally.size);
    Ok(match tally.against(row, named) {
        Some(fault) => Seen::Wrong(fault),
        None => Seen::Right(tally.size),
    })
}

/// Whether an installer adds such a file to RECORD without a hash.
fn is_added(path: &[u8]) -> bool {
    let ends = [
        &b".pyc"[..],
        b".dist-info/INSTALLER",
        b".dist-info/REQUESTED",
        b".virtualenv",
    ];
    is_of_record(path) || ends.iter().any(|end| path.ends_with(end))
}

impl Links {
    /// Whether a file was read under another name, and had this hash.
    fn has(&self, stat: &Stat, sum: &Sum) -> bool {
        let Sum::Sha256(sum) = sum else { return false };
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stat.nlink > 1 && kept.get(&state(stat)) == Some(sum)
    }

    fn keep(&self, stat: &Stat, sum: &Sum, tally: &Tally) {
        let hash: Option<[u8; 32]> = tally.hash().and_then(|hash| hash.try_into().ok());
        let is_sha256 = sum.algorithm() == Algorithm::Sha256;
        if let Some(hash) = hash.filter(|_| stat.nlink > 1 && is_sha256) {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.len() < KEPT_MAX {
                kept.insert(state(stat), hash);
            }
        }
    }
}

fn state(stat: &Stat) -> State {
    (stat.dev, stat.ino, stat.ctime)
}
