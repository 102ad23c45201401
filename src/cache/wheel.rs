//! Whether a wheel is whole as a zip (APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16) and what its RECORD says it is.
//! What the zip says of itself is never trusted: each member is read to its end.

use std::collections::HashMap;
use std::io::{self, BufReader, Read};

use flate2::read::DeflateDecoder;
use memchr::memmem;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::entry::{Fault, FaultKind};
use super::record::{RECORD_MAX, Row, is_of_record, rows};
use super::stream::{Tally, is_of_system};
use super::window::Window;
use crate::monitor::Monitor;
use crate::python::dist::{Hash, Sum, name_of};

/// A zip with more members is not opened: its directory would take too much memory. The largest wheels have 40,000.
const MEMBERS_MAX: u64 = 100_000;
/// The record at the end, without a comment, and the longest comment.
const END_LEN: u64 = 22;
const COMMENT_MAX: u64 = 0xffff;
const BUFFER_LEN: usize = 64 << 10;

/// What an archive or an unpacked wheel is, and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// Name and version, as the archive or unpacked wheel itself gives them.
    pub(super) named: Option<(String, String)>,
    /// What is wrong.
    pub(super) faults: Vec<Fault>,
    /// Files of which RECORD gives a hash that fits.
    pub(super) proved: u64,
    /// Files of which nothing gives a hash.
    pub(super) unproved: u64,
    /// Members that are packed in a way that is not known here.
    pub(super) unknown: u64,
    /// Whether it is an archive of source, which has no RECORD.
    pub(super) is_source: bool,
}

impl Contents {
    /// One that is nothing but wrong.
    pub(super) fn faulty(fault: Fault) -> Self {
        Self {
            faults: vec![fault],
            ..Self::default()
        }
    }
}

type Archive<'a> = ZipArchive<BufReader<Window<'a>>>;

/// Whether some content is meant to be a zip: it begins or ends as one.
pub(super) fn is_zip(window: &Window<'_>) -> io::Result<bool> {
    Ok(window.piece(0, 4)? == b"PK\x03\x04" || end(window)?.is_some())
}

/// Reads a zip to its end. Of a wheel of a distribution that is not `wanted`, only the name is read.
pub(super) fn judge(
    window: &Window<'_>,
    wanted: &dyn Fn(&str) -> bool,
    monitor: &dyn Monitor,
) -> io::Result<Contents> {
    let Some(mut archive) = open(window)? else {
        return Ok(Contents {
            named: name_in(window)?,
            ..Contents::faulty(Fault::of_whole(FaultKind::Directory))
        });
    };
    let mut contents = Contents {
        named: archive.file_names_raw().find_map(named),
        ..Contents::default()
    };
    let is_wanted = |(name, _): &(String, String)| wanted(name);
    if contents
        .named
        .as_ref()
        .is_some_and(|named| !is_wanted(named))
    {
        return Ok(contents);
    }
    if archive.has_duplicate_names() {
        let fault = Fault::of_whole(FaultKind::Twice);
        contents.faults.push(fault);
    }
    if archive.has_overlapping_files().unwrap_or(true) {
        let fault = Fault::of_whole(FaultKind::Overlap);
        contents.faults.push(fault);
        // Members that lie in one another could be read a million times.
        return Ok(contents);
    }
    let mut rows = match (record(&mut archive, monitor)?, &contents.named) {
        (Some(rows), _) => rows,
        (None, Some(_)) => {
            contents.faults.push(Fault::of_whole(FaultKind::Record));
            HashMap::new()
        }
        (None, None) => {
            let mut names = archive.file_names_raw();
            contents.is_source = names.any(|name| name.ends_with(b"/PKG-INFO"));
            if !contents.is_source {
                contents.faults.push(Fault::of_whole(FaultKind::Metadata));
            }
            HashMap::new()
        }
    };
    for at in 0..archive.len() {
        member(&mut archive, at, &mut rows, &mut contents, monitor)?;
    }
    let mut missing: Vec<_> = rows
        .into_iter()
        .filter(|(path, _)| !is_of_record(path))
        .collect();
    missing.sort_by(|a, b| a.0.cmp(&b.0));
    let missing = missing.into_iter().map(|(path, row)| Fault {
        expected_size: row.size,
        ..Fault::of_member(FaultKind::Missing, &path)
    });
    contents.faults.extend(missing);
    Ok(contents)
}

/// Opens a zip; none where its directory is gone, makes no sense, or is too large.
pub(super) fn open<'a>(window: &Window<'a>) -> io::Result<Option<Archive<'a>>> {
    if end(window)?.is_none_or(|count| count > MEMBERS_MAX) {
        return Ok(None);
    }
    let reader = BufReader::with_capacity(BUFFER_LEN, window.again());
    match ZipArchive::new(reader) {
        Ok(archive) => Ok(Some(archive)),
        Err(ZipError::Io(error)) if is_of_system(&error) => Err(error),
        Err(_) => Ok(None),
    }
}

/// How many members the record at the end tells of; none where there is no such record. Where there are 65,535 or more
/// the record of zip64 has their number.
fn end(window: &Window<'_>) -> io::Result<Option<u64>> {
    let from = window.len().saturating_sub(END_LEN + COMMENT_MAX + 20);
    let tail = window.piece(from, (window.len() - from) as usize)?;
    let Some(at) = memmem::rfind(&tail, b"PK\x05\x06") else {
        return Ok(None);
    };
    let count = tail.get(at + 10..at + 12);
    let Some(count) = count
        .and_then(|two| two.try_into().ok())
        .map(u16::from_le_bytes)
    else {
        return Ok(None);
    };
    if count < u16::MAX {
        return Ok(Some(count.into()));
    }
    let place = memmem::rfind(&tail[..at], b"PK\x06\x07").and_then(|at| u64_at(&tail, at + 8));
    let Some(place) = place else {
        return Ok(Some(count.into()));
    };
    Ok(u64_at(&window.piece(place, 56)?, 32))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The rows of RECORD; none where there is none, or none that lists anything.
fn record(
    archive: &mut Archive<'_>,
    monitor: &dyn Monitor,
) -> io::Result<Option<HashMap<Vec<u8>, Row>>> {
    let is_record = |name: &[u8]| named(name).is_some() && name.ends_with(b".dist-info/RECORD");
    let name = archive.file_names_raw().find(|name| is_record(name));
    let at = name
        .map(<[u8]>::to_vec)
        .and_then(|name| archive.index_for_name_raw(&name));
    let Some(at) = at else {
        return Ok(None);
    };
    let mut content = Vec::new();
    let read = unpack(archive, at, |plain, _| {
        if monitor.cancelled() {
            return Err(super::stream::stopped());
        }
        plain.take(RECORD_MAX).read_to_end(&mut content).map(|_| ())
    });
    match read {
        Err(error) if is_of_system(&error) => Err(error),
        // What is wrong with it is told when all members are read.
        _ => Ok(Some(rows(&content)).filter(|rows| !rows.is_empty())),
    }
}

/// How one member is packed.
#[derive(Clone)]
struct Packed {
    name: Vec<u8>,
    size: u64,
    crc: u32,
    is_known: bool,
}

/// Reads one member, unpacked, by a function.
fn unpack(
    archive: &mut Archive<'_>,
    at: usize,
    read: impl FnOnce(&mut dyn Read, &Packed) -> io::Result<()>,
) -> io::Result<()> {
    let mut raw = match archive.by_index_raw(at) {
        Ok(raw) => raw,
        Err(ZipError::Io(error)) => return Err(error),
        Err(_) => return Err(io::ErrorKind::InvalidData.into()),
    };
    let method = raw.compression();
    let packed = Packed {
        name: raw.name_raw().to_vec(),
        size: raw.size(),
        crc: raw.crc32(),
        is_known: !raw.encrypted()
            && [CompressionMethod::Stored, CompressionMethod::DEFLATE].contains(&method),
    };
    if method == CompressionMethod::Stored || !packed.is_known {
        return read(&mut raw, &packed);
    }
    read(
        &mut DeflateDecoder::new_with_buf(raw, vec![0; BUFFER_LEN]),
        &packed,
    )
}

/// Reads one member, and takes its row from those that are left.
fn member(
    archive: &mut Archive<'_>,
    at: usize,
    rows: &mut HashMap<Vec<u8>, Row>,
    contents: &mut Contents,
    monitor: &dyn Monitor,
) -> io::Result<()> {
    let name = archive.name_for_index(at).and_then(Result::ok);
    let mut met = name.map_or_else(Vec::new, |name| name.as_bytes().to_vec());
    let done = unpack(archive, at, |plain, packed| {
        met.clone_from(&packed.name);
        let row = rows.remove(&met);
        if met.ends_with(b"/") {
            return Ok(());
        }
        if !packed.is_known {
            contents.unknown += 1;
            return Ok(());
        }
        let sum = row.as_ref().and_then(sum);
        // One byte more shows a size that lies.
        let tally = Tally::read(plain, packed.size.saturating_add(1), sum, true, monitor)?;
        if tally.size != packed.size {
            let fault = Fault::of_member(FaultKind::MemberSize, &met);
            contents.faults.push(fault.sized(packed.size, tally.size));
        } else if tally.crc() != packed.crc {
            let fault = Fault::of_member(FaultKind::Checksum, &met);
            contents.faults.push(fault.sized(packed.size, tally.size));
        } else if let Some(fault) = row.as_ref().and_then(|row| tally.against(row, &met)) {
            contents.faults.push(fault);
        } else if sum.is_some() {
            contents.proved += 1;
        } else if !is_of_record(&met) {
            contents.unproved += 1;
        }
        Ok(())
    });
    match done {
        Err(error) if is_of_system(&error) => Err(error),
        Err(_) => {
            let fault = Fault::of_member(FaultKind::Checksum, &met);
            contents.faults.push(fault);
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

fn sum(row: &Row) -> Option<&Sum> {
    match &row.hash {
        Hash::Known(sum) => Some(sum),
        _ => None,
    }
}

/// Name and version, where a path lies in the `.dist-info` at the top of a wheel.
pub(super) fn named(path: &[u8]) -> Option<(String, String)> {
    let top = path.split(|&byte| byte == b'/').next()?;
    let stem = std::str::from_utf8(top.strip_suffix(b".dist-info")?).ok()?;
    Some(name_of(stem)).filter(|(name, _)| !name.is_empty())
}

/// Name and version in what is left of a zip without a directory: the headers of members name the `.dist-info`.
fn name_in(window: &Window<'_>) -> io::Result<Option<(String, String)>> {
    const OVERLAP: u64 = 512;
    let step = 1_u64 << 20;
    let mark = memmem::Finder::new(b".dist-info/");
    let mut from = 0;
    while from < window.len() {
        let piece = window.piece(from, (step + OVERLAP) as usize)?;
        for at in mark.find_iter(&piece) {
            let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.+!".contains(byte);
            let len = piece[..at]
                .iter()
                .rev()
                .take(200)
                .take_while(|byte| is_of_name(byte))
                .count();
            let path = &piece[at - len..at + b".dist-info".len()];
            if let Some(found) = named(path).filter(|(_, version)| !version.is_empty()) {
                return Ok(Some(found));
            }
        }
        from += step;
    }
    Ok(None)
}
