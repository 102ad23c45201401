//! RECORD after a relocation: rows of rewritten files get their new hash and size, every other byte stays.

use std::collections::BTreeMap;

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

use super::occurrence::Place;
use crate::model::RelPath;
use crate::python::dist::resolve;

/// Rewrites a RECORD that lies at `path`.
pub(super) fn rewrite(
    path: &RelPath,
    content: &[u8],
    place: &Place<'_>,
    rewritten: &BTreeMap<RelPath, Vec<u8>>,
) -> Vec<u8> {
    // Rows are relative to the directory that holds the dist-info directory.
    let base = path
        .parent()
        .and_then(|info| info.parent())
        .unwrap_or_default();
    let mut out = Vec::with_capacity(content.len());
    for line in lines(content) {
        out.extend(row(line, &base, place, rewritten).unwrap_or_else(|| line.to_vec()));
    }
    out
}

/// The rows with their line ends. A quoted field may hold a line end.
fn lines(content: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (at, &byte) in content.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => {
                lines.push(&content[start..=at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    lines.push(&content[start..]);
    lines
}

/// The new form of a row, or none where it stays as it is.
fn row(
    line: &[u8],
    base: &RelPath,
    place: &Place<'_>,
    rewritten: &BTreeMap<RelPath, Vec<u8>>,
) -> Option<Vec<u8>> {
    let end = line
        .iter()
        .rposition(|b| !b"\r\n".contains(b))
        .map_or(0, |at| at + 1);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(&line[..end]);
    let mut fields = csv::ByteRecord::new();
    if !reader.read_byte_record(&mut fields).ok()? || fields.len() < 3 {
        return None;
    }
    let named = fields.get(0)?;
    let (path, moved) = match named
        .strip_prefix(place.from)
        .and_then(|rest| rest.strip_prefix(b"/"))
    {
        Some(inside) => (
            RelPath::new(inside).ok()?,
            Some([place.to, b"/", inside].concat()),
        ),
        None => (resolve(base, named)?, None),
    };
    let new = rewritten.get(&path);
    if new.is_none() && moved.is_none() {
        return None;
    }
    let (mut hash, mut size) = (fields.get(1)?.to_vec(), fields.get(2)?.to_vec());
    if let Some(new) = new {
        // An installer that left a field empty did not want it to be checked.
        if !hash.is_empty() {
            hash = format!("sha256={}", BASE64URL_NOPAD.encode(&Sha256::digest(new))).into_bytes();
        }
        if !size.is_empty() {
            size = new.len().to_string().into_bytes();
        }
    }
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .terminator(csv::Terminator::Any(b'\n'))
        .from_writer(Vec::new());
    let more = fields.iter().skip(3);
    let first = moved.as_deref().unwrap_or(named);
    writer
        .write_record([first, &hash, &size].into_iter().chain(more))
        .ok()?;
    let mut text = writer.into_inner().ok()?;
    text.pop();
    text.extend_from_slice(&line[end..]);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        RelPath::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn every_other_byte_of_a_record_stays() {
        let record = "\"with, comma.py\",sha256=q,1\r\n../../bin/t,sha256=old,3,more\r\n\
                      /srv/a/bin/t,sha256=old,3\n../../bin/u,,";
        let done = [
            (path("bin/t"), b"new!".to_vec()),
            (path("bin/u"), b"u".to_vec()),
        ]
        .into();
        let place = Place {
            from: b"/srv/a",
            to: b"/srv/b",
        };
        let hash = BASE64URL_NOPAD.encode(&Sha256::digest(b"new!"));
        let want = record
            .replace(
                "../../bin/t,sha256=old,3",
                &format!("../../bin/t,sha256={hash},4"),
            )
            .replace(
                "/srv/a/bin/t,sha256=old,3",
                &format!("/srv/b/bin/t,sha256={hash},4"),
            );
        let clean = rewrite(
            &path("lib/site/x.dist-info/RECORD"),
            record.as_bytes(),
            &place,
            &done,
        );
        assert_eq!(String::from_utf8(clean).unwrap(), want);
    }
}
