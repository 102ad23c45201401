//! Clues whether damage came with an install: bytecode beside it, the change times of directories, what the install
//! lacks, and what the caches of installers have.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use crate::cache::{self, SUMMED_MAX, Standing, Wanted};
use crate::diagnose::{Case, Hurt, Interruption, brought};
use crate::disk::rooted::Rooted;
use crate::model::{Kind, Manifest, RelPath, Time};
use crate::python::bytecode::{PycHeader, is_bytecode, source_of};
use crate::python::dist::{Dists, Form};
use crate::tree::hash::read_file;

/// Marks each damaged module whose source was once right, as the bytecode beside it tells. After a bad wheel, no
/// bytecode was compiled from the right source, and none at all from a missing one.
pub(super) fn tell_compiled(root: Option<&Rooted>, live: &Manifest, hurts: &mut [Hurt]) {
    let bytecode = live.entries().iter().map(|entry| &entry.path);
    for pyc in bytecode.filter(|path| path.name().ends_with(b".pyc") && is_bytecode(path)) {
        let Some((root, source)) = root.zip(source_of(pyc)) else {
            continue;
        };
        let Ok(at) = hurts.binary_search_by(|hurt| hurt.path.cmp(&source)) else {
            continue;
        };
        let hurt = &mut hurts[at];
        let (is, should) = (hurt.actual.map(|now| now.size as u32), hurt.expected_size);
        let should = should.map(|size| size as u32);
        let of = header(root, pyc).and_then(PycHeader::source_size);
        let is_right = of == should && should.is_some() && is != should;
        hurt.compiled |=
            is_right || hurt.kind == Kind::Missing && (of.is_none() || should.is_none());
    }
}

/// The header of a bytecode file; none where it is checked by hash, or cannot be read.
fn header(root: &Rooted, path: &RelPath) -> Option<PycHeader> {
    let fd = root.open_below(path, rustix::fs::OFlags::RDONLY).ok()?;
    let mut head = [0; PycHeader::LEN];
    std::io::Read::read_exact(&mut std::fs::File::from(fd), &mut head).ok()?;
    PycHeader::read(&head)
}

/// The change times of the directories from which something vanished, and of those above.
pub(super) fn dir_changes(root: Option<&Rooted>, hurts: &[Hurt]) -> HashMap<RelPath, Time> {
    let mut seen = HashSet::new();
    let mut times = HashMap::new();
    for hurt in hurts.iter().filter(|hurt| hurt.kind == Kind::Missing) {
        let mut dir = hurt.path.parent();
        while let Some(each) = dir.filter(|dir| seen.insert(dir.clone())) {
            dir = each.parent();
            let stat = root.and_then(|root| root.stat_below(&each, false).ok());
            times.extend(stat.map(|stat| (each, stat.ctime)));
        }
    }
    times
}

/// Adds what installers' caches have of the damage that came with the install.
pub(super) fn with_caches<'a>(
    case: Case<'a>,
    root: Option<&Rooted>,
    dists: &Dists,
    caches: &[PathBuf],
) -> Case<'a> {
    if caches.is_empty() {
        return case;
    }
    let mut wanted: HashMap<&str, Wanted> = HashMap::new();
    for hurt in brought(&case) {
        let Some(dist) = hurt.package.as_deref().and_then(|name| dists.named(name)) else {
            continue;
        };
        let Some(below) = below_site(dist.info.parent(), &hurt.path) else {
            continue;
        };
        let new = || Wanted {
            package: dist.name.clone(),
            info: dist.info.name().to_vec(),
            damage: Vec::new(),
        };
        let one = wanted.entry(&dist.name).or_insert_with(new);
        one.damage.push((below, found(root, hurt)));
    }
    let wanted: Vec<Wanted> = wanted.into_values().collect();
    Case {
        cached: cache::find_damaged(caches, &wanted),
        ..case
    }
}

/// A path as seen from site-packages; none of what lies elsewhere.
fn below_site(site: Option<RelPath>, path: &RelPath) -> Option<Vec<u8>> {
    path.below(&site?).map(<[u8]>::to_vec)
}

/// What stands in the place of a damaged file.
fn found(root: Option<&Rooted>, hurt: &Hurt) -> Standing {
    let Some(actual) = hurt.actual else {
        return Standing::Nothing;
    };
    let content = root.and_then(|root| read_file(root, &hurt.path, SUMMED_MAX));
    let of_size = Standing::File {
        size: actual.size,
        crc32: None,
    };
    content.map_or(of_size, |content| Standing::of(&content))
}

/// Distributions whose install did not come to its end: certain where the tree proves it, possible where INSTALLER is
/// missing, which installers write in the end.
pub(super) fn unfinished(dists: &Dists, live: &Manifest) -> BTreeMap<String, Interruption> {
    let lacks = |info: &RelPath| {
        let installer = info.join(b"INSTALLER").ok();
        installer.is_some_and(|path| live.get(&path).is_none())
    };
    let mut found = BTreeMap::new();
    for dist in &dists.all {
        let interruption = match &dist.unfinished {
            Some(unfinished) => Interruption::Certain(unfinished.by),
            None if dist.form == Form::DistInfo && lacks(&dist.info) => Interruption::Possible,
            None => continue,
        };
        // Of two of one name the certain one counts.
        let known = found.entry(dist.name.clone()).or_insert(interruption);
        if *known == Interruption::Possible {
            *known = interruption;
        }
    }
    found
}
