//! The records of an extended header, read strictly (POSIX.1-2024, pax, "pax Extended Header").

use data_encoding::BASE64_NOPAD;

use super::error::RefusedTar;
use super::pax::XATTR;
use crate::model::{Meta, Time};

/// How the keys of attributes begin as bsdtar also writes them: the name escaped as in a URL, the value in base 64.
const LIBARCHIVE_XATTR: &[u8] = b"LIBARCHIVE.xattr.";

/// What the records say that a snapshot keeps.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Records {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link: Option<Vec<u8>>,
    pub(super) size: Option<i128>,
    pub(super) uid: Option<i128>,
    pub(super) gid: Option<i128>,
    pub(super) mtime: Option<Time>,
    pub(super) comment: Option<Vec<u8>>,
    /// Sorted by name.
    pub(super) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    /// Whether there are access lists, which a snapshot only keeps as attributes.
    pub(super) acls: bool,
}

/// Reads all records of one header.
pub(super) fn parse(mut bytes: &[u8]) -> Result<Records, RefusedTar> {
    let mut records = Records::default();
    let mut second = Vec::new();
    while !bytes.is_empty() {
        let (key, value, rest) = record(bytes).ok_or(RefusedTar::Records)?;
        bytes = rest;
        records.take(key, value, &mut second)?;
    }
    // bsdtar writes each attribute in both forms: its own counts only where the other is not there.
    for (name, value) in second {
        if records.xattrs.iter().all(|(known, _)| *known != name) {
            records.xattrs.push((name, value));
        }
    }
    records.xattrs.sort_unstable();
    if records.xattrs.windows(2).any(|two| two[0].0 == two[1].0) {
        return Err(RefusedTar::TwoValues);
    }
    let is_attribute = |(name, value): &(Vec<u8>, Vec<u8>)| Meta::is_attribute(name, value);
    if !records.xattrs.iter().all(is_attribute) {
        return Err(RefusedTar::Xattr);
    }
    Ok(records)
}

/// The key and the value of the first record, and what follows it.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = bytes.iter().take(10).position(|&b| b == b' ')?;
    let digits = &bytes[..blank];
    if digits.first() == Some(&b'0') {
        return None;
    }
    let len = usize::try_from(decimal(digits)?).ok()?;
    let (whole, rest) = bytes.split_at_checked(len)?;
    let body = whole.get(blank + 1..)?.strip_suffix(b"\n")?;
    let equals = body.iter().position(|&b| b == b'=')?;
    let (key, value) = (&body[..equals], &body[equals + 1..]);
    (!key.is_empty() && !key.contains(&0)).then_some((key, value, rest))
}

impl Records {
    fn take(
        &mut self,
        key: &[u8],
        value: &[u8],
        second: &mut Vec<(Vec<u8>, Vec<u8>)>,
    ) -> Result<(), RefusedTar> {
        let bad = || RefusedTar::Value(String::from_utf8_lossy(key).into_owned());
        let count = || decimal(value).ok_or_else(bad);
        match key {
            b"path" => once(&mut self.path, some(value).ok_or_else(bad)?),
            b"linkpath" => once(&mut self.link, some(value).ok_or_else(bad)?),
            b"size" => once(&mut self.size, count()?),
            b"uid" => once(&mut self.uid, count()?),
            b"gid" => once(&mut self.gid, count()?),
            b"mtime" => once(&mut self.mtime, time(value).ok_or_else(bad)?),
            b"comment" => once(&mut self.comment, value.to_vec()),
            // Names are bytes, whatever they are said to be.
            b"hdrcharset" if value != b"BINARY" && value != b"ISO-IR 10646 2000 UTF-8" => {
                Err(bad())
            }
            _ if key.starts_with(b"GNU.sparse.") || key == b"SCHILY.realsize" => {
                Err(RefusedTar::SparseRecords)
            }
            _ => {
                if let Some(name) = key.strip_prefix(XATTR) {
                    self.xattrs.push((unescaped(name), value.to_vec()));
                } else if let Some(name) = key.strip_prefix(LIBARCHIVE_XATTR) {
                    // bsdtar leaves the padding out, other libraries do not.
                    let end = value.iter().rposition(|byte| *byte != b'=');
                    let value = &value[..end.map_or(0, |end| end + 1)];
                    let value = BASE64_NOPAD.decode(value).map_err(|_| bad())?;
                    second.push((from_url(name), value));
                }
                self.acls |= key.starts_with(b"SCHILY.acl.");
                Ok(())
            }
        }
    }

    /// Whether they change what entries are, which a header for the whole archive shall not.
    pub(super) fn change_entries(&self) -> bool {
        let comment = self.comment.clone();
        *self
            != Self {
                comment,
                ..Self::default()
            }
    }
}

fn some(value: &[u8]) -> Option<Vec<u8>> {
    (!value.is_empty() && !value.contains(&0)).then(|| value.to_vec())
}

/// Takes a value that may come only once: which of two is meant, readers do not agree on.
fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), RefusedTar> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(RefusedTar::TwoValues),
    }
}

/// A number of at most 19 decimal digits.
fn decimal(text: &[u8]) -> Option<i128> {
    let digits = !text.is_empty() && text.len() <= 19 && text.iter().all(u8::is_ascii_digit);
    digits.then(|| {
        text.iter()
            .fold(0, |value, &b| value * 10 + i128::from(b - b'0'))
    })
}

/// A time as a decimal number; digits beyond the nanosecond are cut.
fn time(text: &[u8]) -> Option<Time> {
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = match text.iter().position(|&b| b == b'.') {
        Some(point) => (&text[..point], &text[point + 1..]),
        None => (text, &b""[..]),
    };
    let secs = i64::try_from(decimal(whole)?).ok()?;
    if !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |at| fraction.get(at).map_or(0, |b| u32::from(b - b'0'));
    let nanos = (0..9).fold(0, |value, at| value * 10 + digit(at));
    Some(match (negative, nanos) {
        (false, nanos) => Time { secs, nanos },
        (true, 0) => Time { secs: -secs, nanos },
        (true, nanos) => Time {
            secs: -secs - 1,
            nanos: 1_000_000_000 - nanos,
        },
    })
}

/// The name of an attribute as GNU tar writes it: only `%` and `=` are escaped.
fn unescaped(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((&first, after)) = rest.split_first() {
        let (byte, after) = match (first, after) {
            (b'%', [b'2', b'5', after @ ..]) => (b'%', after),
            (b'%', [b'3', b'D', after @ ..]) => (b'=', after),
            _ => (first, after),
        };
        out.push(byte);
        rest = after;
    }
    out
}

fn from_url(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((&first, after)) = rest.split_first() {
        let hex = |b: &u8| char::from(*b).to_digit(16);
        let coded = match (first, after) {
            (b'%', [a, b, ..]) => hex(a).zip(hex(b)),
            _ => None,
        };
        out.push(coded.map_or(first, |(a, b)| (a * 16 + b) as u8));
        rest = if coded.is_some() { &after[2..] } else { after };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::pax;
    use super::*;

    fn one(key: &[u8], value: &[u8]) -> Result<Records, RefusedTar> {
        let mut bytes = Vec::new();
        pax::put(&mut bytes, key, value);
        parse(&bytes)
    }

    #[test]
    fn what_we_write_reads_back() {
        for (secs, nanos) in [
            (0, 0),
            (5, 1),
            (-1, 999_999_999),
            (-86_400, 0),
            (-86_400, 7),
        ] {
            let written = Time { secs, nanos };
            let read = one(b"mtime", pax::time(written).as_bytes()).unwrap();
            assert_eq!(read.mtime, Some(written));
        }
        let read = one(&pax::xattr_key(b"user.a=b%3D"), b"x\ny=\0").unwrap();
        assert_eq!(
            read.xattrs,
            [(b"user.a=b%3D".to_vec(), b"x\ny=\0".to_vec())]
        );
    }

    #[test]
    fn bsdtar_writes_attributes_twice_and_they_count_once() {
        let mut bytes = Vec::new();
        pax::put(&mut bytes, b"LIBARCHIVE.xattr.user.a%3Db", b"eHk");
        pax::put(&mut bytes, b"SCHILY.xattr.user.a=b", b"xy");
        // The name ends at the first '=', so the second one is another attribute, as bsdtar itself reads it.
        let read = parse(&bytes).unwrap();
        assert_eq!(read.xattrs[0], (b"user.a".to_vec(), b"b=xy".to_vec()));
        assert_eq!(read.xattrs[1], (b"user.a=b".to_vec(), b"xy".to_vec()));
    }

    #[test]
    fn attributes_in_base_64_may_be_padded() {
        for (value, want) in [
            ("", ""),
            ("eA==", "x"),
            ("eHk=", "xy"),
            ("eHk", "xy"),
            ("eHl6", "xyz"),
        ] {
            let read = one(b"LIBARCHIVE.xattr.user.a", value.as_bytes()).unwrap();
            assert_eq!(
                read.xattrs,
                [(b"user.a".to_vec(), want.as_bytes().to_vec())]
            );
        }
        for bad in ["e", "e===", "e=A=", "!", "eA= ="] {
            assert!(
                one(b"LIBARCHIVE.xattr.user.a", bad.as_bytes()).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn malformed_records_are_refused() {
        for bad in [
            &b"x"[..],
            b"5 a=b",
            b"06 a=b\n",
            b"7 a=b\n",
            b"99 a=b\n",
            b"5 a=b\n",
            b"5 ab\n\n",
            b"5 =b\n\n",
            b"-6 a=b\n",
            b" a=b\n",
            b"99999999999999999999 a=b\n",
            b"6 a=b\n\0",
        ] {
            assert!(parse(bad).is_err(), "{:?}", String::from_utf8_lossy(bad));
        }
        for (key, value) in [
            (&b"path"[..], &b""[..]),
            (b"path", b"a\0b"),
            (b"size", b"-1"),
            (b"size", b"1e3"),
            (b"uid", b"99999999999999999999"),
            (b"mtime", b"now"),
            (b"mtime", b"1.x"),
            (b"mtime", b"99999999999999999999"),
            (b"hdrcharset", b"KOI8-R"),
            (b"GNU.sparse.major", b"1"),
        ] {
            assert!(
                one(key, value).is_err(),
                "{:?}",
                String::from_utf8_lossy(key)
            );
        }
        let mut twice = Vec::new();
        pax::put(&mut twice, b"path", b"a");
        pax::put(&mut twice, b"path", b"b");
        assert!(parse(&twice).is_err());
    }
}
