//! Whatever bytes the files of a venv hold, their readers come to an end (promise 8). For fuzzers and tests alone.

use super::bytecode::PycHeader;
use super::dist::{Record, resolve};
use super::{marshal, pyvenv};
use crate::model::RelPath;

/// A RECORD, and the list of files of an egg.
pub fn record(data: &[u8]) {
    let path = b"lib/python3.11/site-packages/x-1.dist-info/RECORD";
    let path = RelPath::new(path).unwrap_or_default();
    let found = [
        Record::parse(&path, data, b"/srv/venv"),
        Record::parse_installed_files(&path, data),
    ];
    for record in found {
        let sorted = record.rows.is_sorted_by(|one, next| one.path < next.path);
        assert!(sorted, "two rows of one path");
        for row in &record.rows {
            assert!(record.row(&row.path) == Some(row), "a row is not found");
            assert!(!row.path.is_root(), "a row means the venv itself");
        }
    }
    if let Some(inside) = resolve(&path, data) {
        assert!(RelPath::new(inside.as_bytes()) == Ok(inside));
    }
}

/// A `pyvenv.cfg`.
pub fn pyvenv(data: &[u8]) {
    for (key, value) in pyvenv::Config::parse(data).0 {
        assert!(
            !key.contains('\n') && !value.contains('\n'),
            "a line has two ends"
        );
        let _ = pyvenv::minor(&value);
    }
}

/// A bytecode file.
pub fn bytecode(data: &[u8]) {
    let _ = PycHeader::read(data);
    let _ = (
        marshal::is_whole(data, Some(marshal::Layout::New)),
        marshal::is_whole(data, None),
    );
}
