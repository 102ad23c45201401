//! stub
use crate::model::{Entry, Manifest, RelPath};
use std::collections::BTreeMap;
pub(crate) struct Relocation {
    pub(crate) rewritten: BTreeMap<RelPath, Vec<u8>>,
    pub(crate) warnings: Vec<String>,
}
pub(crate) fn candidates(_m: &Manifest) -> Vec<&Entry> {
    vec![]
}
pub(crate) fn relocate(_c: &BTreeMap<RelPath, Vec<u8>>, _f: &[u8], _t: &[u8]) -> Relocation {
    Relocation {
        rewritten: BTreeMap::new(),
        warnings: vec![],
    }
}
