//! The same build installed again with files left out, told from another build of the same version.

use super::standing::rows;
use crate::model::RelPath;
use crate::python::bytecode::is_bytecode;
use crate::python::dist::{Dist, Hash, Row};

/// Whether a new RECORD of the same version is that of the same build, with files left out: what a faulty wheel or
/// cache leaves once an installer has written RECORD to match. METADATA and WHEEL tell one build from another; what
/// else lies beside them each installer writes in its own way.
pub(super) fn left_out(old: &Dist, new: &Dist) -> bool {
    let hash = |dist: &Dist, path: &RelPath| {
        let (_, record) = dist.record.as_ref()?;
        record.row(path).map(|row| row.hash.clone())
    };
    let is_same = |path: &RelPath| hash(new, path) == hash(old, path);
    let tells = |name: &[u8]| {
        let path = new.info.join(name);
        path.is_ok_and(|path| hash(new, &path).is_some() && is_same(&path))
    };
    if old.editable() || new.editable() || !tells(b"METADATA") || !tells(b"WHEEL") {
        return false;
    }
    let modules = |dist| rows(dist).filter(|row| is_module(dist, row));
    modules(new).next().is_some()
        && modules(new).all(|row| is_same(&row.path))
        && modules(old).any(|row| hash(new, &row.path).is_none())
}

/// Whether a row is of a file that comes from the wheel as it is, and is imported.
fn is_module(dist: &Dist, row: &Row) -> bool {
    let in_site = |site: RelPath| row.path.is_within(&site) && !row.path.is_within(&dist.info);
    let is_known = matches!(row.hash, Hash::Known(..)) && !is_bytecode(&row.path);
    is_known && dist.info.parent().is_some_and(in_site)
}
