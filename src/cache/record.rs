//! RECORD of a wheel, packed or not: its paths are those of the wheel itself (packaging.python.org, "Binary
//! distribution format").

use std::collections::HashMap;

use crate::python::dist::{Hash, hash};

/// Longer ones are not read: the longest known has 5 MB.
pub(super) const RECORD_MAX: u64 = 32 << 20;
/// More rows are not read.
const ROWS_MAX: usize = 500_000;

/// What RECORD says of one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Row {
    pub(super) hash: Hash,
    pub(super) size: Option<u64>,
}

/// The rows by path; of two rows of one path the last counts, as for installers, and none proves anything where they
/// give two hashes. Rows of directories are left out.
pub(super) fn rows(content: &[u8]) -> HashMap<Vec<u8>, Row> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(content);
    let mut rows = HashMap::new();
    let mut fields = csv::ByteRecord::new();
    for _ in 0..ROWS_MAX {
        match reader.read_byte_record(&mut fields) {
            Ok(true) => {}
            Ok(false) => break,
            Err(_) => continue,
        }
        let path = fields.get(0).unwrap_or_default();
        let path = path.strip_prefix(b"./").unwrap_or(path);
        if path.is_empty() || path.ends_with(b"/") || fields.len() < 3 {
            continue;
        }
        let size = std::str::from_utf8(fields.get(2).unwrap_or_default());
        let mut row = Row {
            hash: hash(fields.get(1).unwrap_or_default()),
            size: size.ok().and_then(|text| text.trim().parse().ok()),
        };
        match rows.get(path).map(|before: &Row| &before.hash) {
            Some(before @ Hash::Known(_)) if matches!(row.hash, Hash::Known(_)) => {
                if *before != row.hash {
                    row.hash = Hash::Unknown;
                }
            }
            Some(Hash::Unknown) => row.hash = Hash::Unknown,
            Some(_) | None => {}
        }
        rows.insert(path.to_vec(), row);
    }
    rows
}

/// Whether a file is one of RECORD's own, which it cannot give the hash of.
pub(super) fn is_of_record(path: &[u8]) -> bool {
    let ends = [
        &b".dist-info/RECORD"[..],
        b".dist-info/RECORD.jws",
        b".dist-info/RECORD.p7s",
    ];
    ends.iter().any(|end| path.ends_with(end))
}
