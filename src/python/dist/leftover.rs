//! What pip puts aside. It renames what it replaces (`click` to `~lick`), and in the end renames it back or removes
//! it. Where it was killed in between, the names still tell what things were: of RECORD and METADATA in what was put
//! aside, and of the rest of the name.

use super::{Dists, Metadata, Read, Record, normalized};
use crate::model::{Manifest, Node, RelPath};

/// What pip puts for the first letters of a name, after [`plain`].
const LEADING: &[u8] = b"~_=%+0123456789";

/// Something that was put aside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Leftover {
    /// Where it lies now.
    pub(crate) path: RelPath,
    /// What it may have been; empty where nothing tells.
    pub(crate) was: Vec<Was>,
}

/// What a leftover was before.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Was {
    /// The distribution, by its normalized name.
    pub(crate) name: String,
    /// Where it stood, if that is known.
    pub(crate) path: Option<RelPath>,
}

/// The info directory of a distribution that was put aside.
struct Aside {
    path: RelPath,
    name: String,
    record: Record,
    /// The names that its info directory may have had.
    infos: Vec<String>,
}

/// Finds what was put aside: all that is so named among the packages, and elsewhere what a RECORD knows by its true
/// name.
pub(super) fn find_leftovers(
    manifest: &Manifest,
    root: &[u8],
    read: Read<'_>,
    dists: &Dists,
) -> Vec<Leftover> {
    let mut marked: Vec<&RelPath> = Vec::new();
    for entry in manifest.entries() {
        let inside = marked.last().is_some_and(|dir| entry.path.is_within(dir));
        // Packages have files of such names as well.
        if is_marked(entry.path.name()) && !inside && !dists.lists(&entry.path) {
            marked.push(&entry.path);
        }
    }
    let site = |path: &RelPath| {
        path.parent()
            .is_some_and(|dir| dists.layout.sites.contains(&dir))
    };
    let infos = marked.iter().copied().filter(|path| site(path));
    let asides: Vec<Aside> = infos
        .filter_map(|path| aside(manifest, root, read, dists, path))
        .collect();
    let found = marked.into_iter().map(|path| Leftover {
        path: path.clone(),
        was: was(manifest, dists, &asides, path),
    });
    found
        .filter(|leftover| site(&leftover.path) || !leftover.was.is_empty())
        .collect()
}

/// Whether a name is one that pip gives to what it puts aside. Old versions began it with a dash as well.
fn is_marked(name: &[u8]) -> bool {
    name.starts_with(b"~") || name.starts_with(b"-")
}

/// Reads an info directory that was put aside.
fn aside(
    manifest: &Manifest,
    root: &[u8],
    read: Read<'_>,
    dists: &Dists,
    path: &RelPath,
) -> Option<Aside> {
    let suffix = [".dist-info", ".egg-info"]
        .into_iter()
        .find(|suffix| path.name().ends_with(suffix.as_bytes()))?;
    let content = |name: &str| {
        let file = path.join(name.as_bytes()).ok()?;
        manifest.get(&file)?;
        Some((read(&file)?, file))
    };
    let metadata = ["METADATA", "PKG-INFO"].into_iter().find_map(content);
    let metadata = metadata.and_then(|(bytes, _)| Metadata::parse(&bytes));
    let record = match (content("RECORD"), content("installed-files.txt")) {
        (Some((bytes, file)), _) => Record::parse(&file, &bytes, root),
        (None, Some((bytes, file))) => Record::parse_installed_files(&file, &bytes),
        (None, None) => Record::default(),
    };
    let known = metadata.as_ref().map(|metadata| normalized(&metadata.name));
    let by_record = || {
        let tops = tops(&record, &path.parent()?);
        let info = tops
            .into_iter()
            .find(|top| top.ends_with(suffix.as_bytes()) && is_renamed(path.name(), top))?;
        let stem = distribution(&info).to_vec();
        Some(normalized(&String::from_utf8_lossy(&stem)))
    };
    let by_others = || {
        let stem = distribution(path.name());
        let mut names = dists.all.iter().map(|dist| &dist.name);
        names
            .find(|name| is_renamed(stem, name.as_bytes()))
            .cloned()
    };
    let name = known.or_else(by_record).or_else(by_others)?;
    let infos = metadata.map_or_else(Vec::new, |Metadata { name, version, .. }| {
        let escaped = normalized(&name).replace('-', "_");
        let shown = name.replace('-', "_");
        [shown, escaped, name]
            .map(|name| format!("{name}-{version}{suffix}"))
            .to_vec()
    });
    Some(Aside {
        path: path.clone(),
        name,
        record,
        infos,
    })
}

/// What something that was put aside may have been.
fn was(manifest: &Manifest, dists: &Dists, asides: &[Aside], path: &RelPath) -> Vec<Was> {
    let Some(dir) = path.parent() else {
        return Vec::new();
    };
    let place = |name: &[u8]| {
        dir.join(name)
            .ok()
            .filter(|_| is_renamed(path.name(), name))
    };
    if let Some(own) = asides.iter().find(|aside| aside.path == *path) {
        let listed = tops(&own.record, &dir);
        let is_info = |name: &&Vec<u8>| name.ends_with(b"-info");
        let listed = listed.iter().filter(is_info).find_map(|name| place(name));
        let told = || own.infos.iter().find_map(|name| place(name.as_bytes()));
        return vec![Was {
            name: own.name.clone(),
            path: listed.or_else(told),
        }];
    }
    let live = dists.all.iter();
    let live = live.filter_map(|dist| Some((&dist.name, &*dist.record.as_ref()?.1)));
    let put = asides.iter().map(|aside| (&aside.name, &aside.record));
    let by_record = put.chain(live).flat_map(|(name, record)| {
        let places = tops(record, &dir).into_iter().filter_map(|top| place(&top));
        places.map(|path| Was {
            name: name.clone(),
            path: Some(path),
        })
    });
    let mut found: Vec<Was> = by_record.collect();
    if found.is_empty() && dists.layout.sites.contains(&dir) {
        let stem = distribution(path.name());
        let names = dists.all.iter().map(|dist| &dist.name);
        let names = names.chain(asides.iter().map(|aside| &aside.name));
        found = names
            .filter(|name| is_renamed(stem, name.as_bytes()))
            .map(|name| Was {
                name: name.clone(),
                path: beside(manifest, path),
            })
            .collect();
    }
    found.sort();
    found.dedup();
    found
}

/// The one neighbour that has the name of which a leftover's was made.
fn beside(manifest: &Manifest, path: &RelPath) -> Option<RelPath> {
    let dir = path.parent()?;
    let entries = manifest
        .entries()
        .iter()
        .filter(|entry| entry.node == Node::Dir && entry.path.parent().as_ref() == Some(&dir));
    let mut fitting = entries.filter(|entry| is_renamed(path.name(), entry.path.name()));
    let first = fitting.next().map(|entry| entry.path.clone());
    first.filter(|_| fitting.next().is_none())
}

/// The names that a RECORD has directly below a directory.
fn tops(record: &Record, dir: &RelPath) -> Vec<Vec<u8>> {
    let rows = record.rows.iter().filter(|row| row.path.is_within(dir));
    let depth = dir.parts().count();
    let mut names: Vec<Vec<u8>> = rows
        .filter_map(|row| row.path.parts().nth(depth).map(<[u8]>::to_vec))
        .collect();
    names.dedup();
    names
}

/// The distribution in the name of its info directory: `~lick-8.1.7.dist-info` → `~lick`.
pub(crate) fn distribution(name: &[u8]) -> &[u8] {
    let stem = name
        .strip_suffix(b".dist-info")
        .or_else(|| name.strip_suffix(b".egg-info"));
    let dash = stem.and_then(|stem| {
        // A dash may lead, where letters were replaced.
        let start = stem.iter().position(u8::is_ascii_alphabetic)?;
        let at = stem[start..].iter().position(|&b| b == b'-');
        Some(at.map_or(stem.len(), |at| start + at))
    });
    dash.map_or(name, |end| &name[..end])
}

/// Whether `left` is `name` with its first letters replaced, or with more put before them, as pip does.
pub(crate) fn is_renamed(left: &[u8], name: &[u8]) -> bool {
    if !is_marked(left) {
        return false;
    }
    let (left, name) = (plain(left), plain(name));
    (0..name.len()).any(|cut| {
        let lead = left.strip_suffix(&name[cut..]).unwrap_or_default();
        !lead.is_empty()
            && (cut == 0 || lead.len() == cut)
            && lead.iter().all(|b| LEADING.contains(b))
    })
}

/// A name in which spellings of the same distribution are equal.
fn plain(name: &[u8]) -> Vec<u8> {
    let spell = |b: &u8| match b {
        b'-' | b'.' => b'_',
        _ => b.to_ascii_lowercase(),
    };
    name.iter().map(spell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_that_pip_makes_of_a_name_is_known_again() {
        for (left, name) in [
            ("~etuptools", "setuptools"),
            ("~-tuptools", "setuptools"),
            ("~~%uptools", "setuptools"),
            ("~~pip", "pip"),
            ("-ip", "pip"),
            ("~ope.interface", "zope.interface"),
            ("~distutils_hack", "_distutils_hack"),
        ] {
            assert!(is_renamed(left.as_bytes(), name.as_bytes()), "{left}");
        }
        for (left, name) in [("~lick", "flask"), ("click", "click"), ("~click", "lick")] {
            assert!(!is_renamed(left.as_bytes(), name.as_bytes()), "{left}");
        }
    }

    #[test]
    fn the_distribution_is_told_from_the_name_of_its_info_directory() {
        for (info, name) in [
            ("~etuptools-65.5.0.dist-info", "~etuptools"),
            ("~-tuptools-65.5.0.dist-info", "~-tuptools"),
            ("~ix-1.16.0-py3.11.egg-info", "~ix"),
            ("~lick", "~lick"),
        ] {
            assert_eq!(distribution(info.as_bytes()), name.as_bytes());
        }
    }
}
