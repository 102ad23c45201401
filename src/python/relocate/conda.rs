//! Files of an environment of conda that hold its place, and the lists in `conda-meta` that say so. A file is made for
//! the new place as conda would make it there: from what its package holds, which is known by its sum.

use std::collections::{BTreeMap, HashSet};

use data_encoding::HEXLOWER;
use serde_json::Value;

use super::Stuck;
use super::json;
use super::occurrence::Place;
use crate::model::{Manifest, RelPath};
use crate::python::dist::{Algorithm, Prefixed, conda_list};
use crate::python::layout::is_conda_list;
use crate::python::prefix::{packed, placed};

/// So many bytes of such files are held at once; the others are told as files that still name the old place.
const BYTES_MAX: u64 = 256 << 20;

/// The files that hold the place of the environment, by the lists among `contents`.
pub(crate) fn placed_files(
    contents: &BTreeMap<RelPath, Vec<u8>>,
    manifest: &Manifest,
) -> Vec<RelPath> {
    let mut room = BYTES_MAX;
    let mut files: Vec<RelPath> = prefixed(contents).map(|(path, _)| path).collect();
    files.retain(|path| {
        let size = manifest.get(path).and_then(crate::model::Entry::size);
        let left = size.and_then(|size| room.checked_sub(size));
        room = left.unwrap_or(room);
        left.is_some()
    });
    files
}

fn prefixed(contents: &BTreeMap<RelPath, Vec<u8>>) -> impl Iterator<Item = (RelPath, Prefixed)> {
    let lists = contents.iter().filter(|(path, _)| is_conda_list(path));
    lists.flat_map(|(_, list)| conda_list(list).unwrap_or_default().prefixed)
}

/// Those files as they are at the new place. What is no more what its package holds is left to others.
pub(super) fn rewrite(
    contents: &BTreeMap<RelPath, Vec<u8>>,
    place: &Place<'_>,
    stay: &HashSet<RelPath>,
) -> BTreeMap<RelPath, Result<Vec<u8>, Stuck>> {
    let files = prefixed(contents).filter(|(path, _)| !stay.contains(path));
    let new = files.filter_map(|(path, how)| {
        let content = contents.get(&path)?;
        let bare = packed(content, place.from, &how.placeholder, how.style)?;
        let is_packed = Algorithm::Sha256.hash(&bare) == how.packed;
        let new = is_packed.then(|| placed(&bare, &how.placeholder, place.to, how.style))?;
        Some((path, new.ok_or(Stuck)))
    });
    new.collect()
}

/// A list with the sums of what was rewritten, and the size where that is told of the file as it stands.
pub(super) fn rewrite_list(
    content: &[u8],
    place: &Place<'_>,
    rewritten: &BTreeMap<RelPath, Vec<u8>>,
) -> Result<Vec<u8>, Stuck> {
    let content = json::rewrite(content, place)?;
    let Ok(mut list) = serde_json::from_slice::<Value>(&content) else {
        return Ok(content);
    };
    let paths = list
        .pointer_mut("/paths_data/paths")
        .and_then(Value::as_array_mut);
    let mut is_same = true;
    for one in paths.into_iter().flatten() {
        let path = one.get("_path").and_then(Value::as_str);
        let path = path.and_then(|path| RelPath::new(path.as_bytes()).ok());
        let Some(new) = path.and_then(|path| rewritten.get(&path)) else {
            continue;
        };
        let sum = HEXLOWER.encode(&Algorithm::Sha256.hash(new));
        if one.get("prefix_placeholder").is_none() && one.get("size_in_bytes").is_some() {
            one["size_in_bytes"] = new.len().into();
        }
        one["sha256_in_prefix"] = sum.into();
        is_same = false;
    }
    if is_same {
        return Ok(content);
    }
    serde_json::to_vec_pretty(&list).map_err(|_| Stuck)
}
