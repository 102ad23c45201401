//! Distributions: what is installed in a tree, and which files belong to what.

mod hash;
mod leftover;
mod metadata;
mod record;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator, ParallelSliceMut};

pub(crate) use hash::{Algorithm, Hash};
pub(crate) use leftover::{Leftover, Was, distribution, is_renamed};
use metadata::requires_txt;
pub(crate) use metadata::{Metadata, normalized, wheel_tags};
pub(crate) use record::{Record, Row, resolve};

use crate::model::{Entry, Manifest, Node, RelPath};

/// Gives the content of a file of the tree; none where it cannot be read.
pub(crate) type Read<'a> = &'a (dyn Fn(&RelPath) -> Option<Vec<u8>> + Sync);

/// Gives the list of files that stands at a path, where it was read before.
pub(crate) type Lists<'a> = &'a (dyn Fn(&RelPath) -> Option<Arc<Record>> + Sync);

/// How a distribution is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// A `.dist-info` directory.
    DistInfo,
    /// An `.egg-info` directory or file of old setuptools.
    EggInfo,
    /// An `.egg`, a directory or an archive, that holds all of a distribution.
    Egg,
    /// An `.egg-link` to a source tree elsewhere.
    EggLink,
}

/// One installed distribution.
#[derive(Clone, Debug)]
pub(crate) struct Dist {
    /// The name as indexes compare it.
    pub(crate) name: String,
    /// The name as it writes itself.
    pub(crate) shown: String,
    /// The version; empty where it is not known.
    pub(crate) version: String,
    pub(crate) form: Form,
    /// Its `.dist-info` or `.egg-info`, or the link.
    pub(crate) info: RelPath,
    /// None where METADATA is missing, empty or makes no sense.
    pub(crate) metadata: Option<Metadata>,
    /// The path of RECORD or `installed-files.txt`, and what it lists; none where there is none.
    pub(crate) record: Option<(RelPath, Arc<Record>)>,
    /// Who installed it (`pip`, `uv`).
    pub(crate) installer: Option<String>,
    /// The tags of its wheel.
    pub(crate) tags: Vec<String>,
    /// `direct_url.json`, if it was not installed from an index.
    pub(crate) direct_url: Option<serde_json::Value>,
    /// Files of an installer that are there and could not be read: what they say is not known.
    pub(crate) unread: Vec<RelPath>,
}

impl Dist {
    /// Whether its source lies elsewhere and is used from there.
    pub(crate) fn editable(&self) -> bool {
        let marked = self
            .direct_url
            .as_ref()
            .and_then(|url| url.get("dir_info")?.get("editable")?.as_bool());
        self.form == Form::EggLink || marked == Some(true)
    }
}

/// All that is installed in a tree.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dists {
    /// The site-packages directories.
    pub(crate) sites: Vec<RelPath>,
    /// Sorted by name.
    pub(crate) all: Vec<Dist>,
    /// What an interrupted pip left behind.
    pub(crate) leftovers: Vec<Leftover>,
    /// For each file that is listed: the distribution, and which of its rows that is; sorted by path.
    owners: Vec<(u32, u32)>,
    shared: Vec<(RelPath, usize, usize)>,
    /// The distributions by their info directories.
    infos: HashMap<RelPath, usize>,
}

impl Dists {
    /// Finds what is installed in a tree that stands, or stood, at the absolute path `root`.
    pub(crate) fn find(manifest: &Manifest, root: &[u8], read: Read<'_>) -> Self {
        Self::find_with(manifest, root, read, &|_| None)
    }

    /// The same, where some lists of files are known already.
    pub(crate) fn find_with(
        manifest: &Manifest,
        root: &[u8],
        read: Read<'_>,
        known: Lists<'_>,
    ) -> Self {
        let mut found = Self {
            sites: sites(manifest),
            ..Self::default()
        };
        let mut infos = Vec::new();
        for entry in manifest.entries() {
            let dir = entry.path.parent_bytes();
            if !found.sites.iter().any(|site| site.as_bytes() == dir) {
                continue;
            }
            let name = entry.path.name();
            // What cannot be listed is still known by its name.
            let is_dir = matches!(entry.node, Node::Dir | Node::Unreadable(_));
            if name.starts_with(b"~") || name.starts_with(b"-") {
                continue;
            }
            if name.ends_with(b".dist-info") && is_dir {
                infos.push((Form::DistInfo, entry.path.clone()));
            } else if name.ends_with(b".egg-info") {
                infos.push((Form::EggInfo, entry.path.clone()));
            } else if name.ends_with(b".egg") {
                infos.push((Form::Egg, entry.path.clone()));
            } else if name.ends_with(b".egg-link") {
                infos.push((Form::EggLink, entry.path.clone()));
            }
        }
        found.all = infos
            .par_iter()
            .map(|(form, info)| load(manifest, root, read, known, *form, info))
            .collect();
        found
            .all
            .sort_by(|a, b| (&a.name, &a.info).cmp(&(&b.name, &b.info)));
        found.own();
        found.leftovers = leftover::find(manifest, root, read, &found);
        found
    }

    fn own(&mut self) {
        let infos = self.all.iter().enumerate();
        let infos = infos.map(|(number, dist)| (dist.info.clone(), number));
        let infos = infos.collect();
        let mut owners: Vec<(u32, u32)> = Vec::new();
        for (dist, number) in self.all.iter().zip(0..) {
            let rows = dist.record.iter().flat_map(|(_, record)| &record.rows);
            owners.extend(rows.zip(0..).map(|(_, row)| (number, row)));
        }
        let path = |owner: &(u32, u32)| self.row(*owner).map(|row| &row.path);
        owners.par_sort_unstable_by(|a, b| path(a).cmp(&path(b)).then(a.cmp(b)));
        let mut shared = Vec::new();
        owners.dedup_by(|other, first| {
            let same = path(other) == path(first);
            if same && let Some(path) = path(other) {
                shared.push((path.clone(), first.0 as usize, other.0 as usize));
            }
            same
        });
        (self.owners, self.shared, self.infos) = (owners, shared, infos);
    }

    fn row(&self, (dist, row): (u32, u32)) -> Option<&Row> {
        let (_, record) = self.all.get(dist as usize)?.record.as_ref()?;
        record.rows.get(row as usize)
    }

    /// The number of the first distribution that lists a file.
    fn lister(&self, path: &RelPath) -> Option<usize> {
        let order = |owner: &(u32, u32)| self.row(*owner).map(|row| &row.path).cmp(&Some(path));
        let at = self.owners.binary_search_by(order).ok()?;
        Some(self.owners.get(at)?.0 as usize)
    }

    /// Whether a distribution lists a path, or something in it.
    fn lists(&self, path: &RelPath) -> bool {
        let row = |owner: &(u32, u32)| self.row(*owner).map(|row| &row.path);
        let at = self.owners.partition_point(|owner| row(owner) < Some(path));
        let next = self.owners.get(at).and_then(row);
        next.is_some_and(|next| next == path || next.is_within(path))
    }

    /// The distribution that lists a file, or whose own info directory holds it.
    pub(crate) fn owner(&self, path: &RelPath) -> Option<&Dist> {
        match self.lister(path) {
            Some(number) => self.all.get(number),
            None => self.info_owner(path),
        }
    }

    /// The distribution whose own info directory holds a file, or is it.
    pub(crate) fn info_owner(&self, path: &RelPath) -> Option<&Dist> {
        let mut above = std::iter::successors(Some(path.clone()), RelPath::parent);
        self.all
            .get(above.find_map(|dir| self.infos.get(&dir).copied())?)
    }

    /// Files that two distributions list.
    pub(crate) fn shared(&self) -> impl Iterator<Item = (&RelPath, &Dist, &Dist)> {
        self.shared
            .iter()
            .filter_map(|(path, a, b)| Some((path, self.all.get(*a)?, self.all.get(*b)?)))
    }

    /// All rows of a path: more than one where distributions share it.
    pub(crate) fn rows<'a>(&'a self, path: &'a RelPath) -> impl Iterator<Item = &'a Row> {
        self.listers(path).map(|(_, row)| row)
    }

    /// All distributions that list a path, each with its row.
    pub(crate) fn listers<'a>(
        &'a self,
        path: &'a RelPath,
    ) -> impl Iterator<Item = (&'a Dist, &'a Row)> {
        let first = self.lister(path);
        let from = self.shared.partition_point(|(shared, ..)| shared < path);
        let others = self.shared[from..].iter();
        let others = others
            .take_while(move |(shared, ..)| first.is_some() && shared == path)
            .map(|(_, _, other)| *other);
        first.into_iter().chain(others).filter_map(|number| {
            let dist = self.all.get(number)?;
            Some((dist, dist.record.as_ref()?.1.row(path)?))
        })
    }

    /// The distribution of a normalized name; the first if it is installed twice.
    pub(crate) fn named(&self, name: &str) -> Option<&Dist> {
        self.all_named(name).first()
    }

    /// All distributions of a normalized name.
    pub(crate) fn all_named(&self, name: &str) -> &[Dist] {
        let first = self.all.partition_point(|dist| *dist.name < *name);
        let end = self.all.partition_point(|dist| *dist.name <= *name);
        &self.all[first..end]
    }
}

/// The directories from which Python imports: `lib/pythonX.Y/site-packages` and its like.
pub(super) fn sites(manifest: &Manifest) -> Vec<RelPath> {
    let is_site = |path: &RelPath| {
        let parts: Vec<&[u8]> = path.parts().collect();
        matches!(
            parts[..],
            [b"lib" | b"lib64", _, b"site-packages" | b"dist-packages"]
                | [b"Lib", b"site-packages"]
        )
    };
    manifest
        .entries()
        .iter()
        .filter(|entry| entry.node == Node::Dir && is_site(&entry.path))
        .map(|entry| entry.path.clone())
        .collect()
}

/// Loads a distribution, and remembers what of it could not be read.
fn load(
    manifest: &Manifest,
    root: &[u8],
    read: Read<'_>,
    known: Lists<'_>,
    form: Form,
    info: &RelPath,
) -> Dist {
    let unread = Mutex::new(Vec::new());
    let dist = understand(manifest, root, known, form, info, &|path: &RelPath| {
        let bytes = read(path);
        let is_file = |entry: &Entry| entry.size().is_some();
        if bytes.is_none() && manifest.get(path).is_some_and(is_file) {
            let mut unread = unread.lock().unwrap_or_else(PoisonError::into_inner);
            unread.push(path.clone());
        }
        bytes
    });
    Dist {
        unread: unread.into_inner().unwrap_or_else(PoisonError::into_inner),
        ..dist
    }
}

fn understand(
    manifest: &Manifest,
    root: &[u8],
    known: Lists<'_>,
    form: Form,
    info: &RelPath,
    read: Read<'_>,
) -> Dist {
    let is_dir = manifest
        .get(info)
        .is_some_and(|entry| entry.node == Node::Dir);
    let file = |name: &str| {
        let mut parts = name.split('/');
        parts.try_fold(info.clone(), |dir, part| dir.join(part.as_bytes()).ok())
    };
    let content = |name: &str| {
        file(name)
            .filter(|path| manifest.get(path).is_some())
            .and_then(|path| read(&path))
    };
    let name = String::from_utf8_lossy(info.name()).into_owned();
    let stem = name
        .rsplit_once('.')
        .map_or(name.as_str(), |(stem, _)| stem);
    let (stem, stem_version) = match form {
        Form::EggLink => (stem.to_owned(), String::new()),
        _ => name_of(stem),
    };
    let text =
        |name: &str| content(name).map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
    let metadata = match (form, is_dir) {
        (Form::DistInfo, _) => content("METADATA"),
        (Form::EggInfo, true) => content("PKG-INFO"),
        (Form::EggInfo, false) => read(info),
        (Form::Egg, true) => content("EGG-INFO/PKG-INFO"),
        (Form::Egg, false) | (Form::EggLink, _) => None,
    };
    let metadata = metadata.and_then(|bytes| stated(&bytes, form, is_dir, &content));
    let list = match form {
        Form::DistInfo => file("RECORD"),
        Form::EggInfo if is_dir => file("installed-files.txt"),
        _ => None,
    };
    let list = list.filter(|path| manifest.get(path).is_some());
    let record = list.map(|path| {
        let list = || listed(form, root, &path, &read(&path).unwrap_or_default());
        let record = known(&path).unwrap_or_else(|| Arc::new(list().sharing_paths(manifest)));
        (path, record)
    });
    let shown = metadata
        .as_ref()
        .map_or_else(|| stem.clone(), |metadata| metadata.name.clone());
    Dist {
        name: normalized(&shown),
        version: metadata
            .as_ref()
            .map_or(stem_version, |metadata| metadata.version.clone()),
        shown,
        form,
        info: info.clone(),
        installer: text("INSTALLER").filter(|name| !name.is_empty() && name.len() < 100),
        tags: content("WHEEL").map_or_else(Vec::new, |bytes| wheel_tags(&bytes)),
        direct_url: match form {
            Form::EggLink => read(info).and_then(|bytes| linked(&bytes)),
            _ => content("direct_url.json").and_then(|bytes| serde_json::from_slice(&bytes).ok()),
        },
        metadata,
        record,
        unread: Vec::new(),
    }
}

/// What METADATA says, with the requirements that old setuptools wrote apart from it.
fn stated(
    metadata: &[u8],
    form: Form,
    is_dir: bool,
    content: &dyn Fn(&str) -> Option<Vec<u8>>,
) -> Option<Metadata> {
    let mut stated = Metadata::parse(metadata)?;
    let apart = match form {
        Form::EggInfo if is_dir => "requires.txt",
        Form::Egg if is_dir => "EGG-INFO/requires.txt",
        _ => return Some(stated),
    };
    if stated.requires.is_empty() {
        stated.requires = content(apart).map_or_else(Vec::new, |bytes| requires_txt(&bytes));
    }
    Some(stated)
}

/// What a list of files holds, in the format of its form.
fn listed(form: Form, root: &[u8], path: &RelPath, bytes: &[u8]) -> Record {
    match form {
        Form::DistInfo => Record::parse(path, bytes, root),
        _ => Record::parse_installed_files(path, bytes),
    }
}

/// Where an `.egg-link` leads, in the words of `direct_url.json`.
fn linked(link: &[u8]) -> Option<serde_json::Value> {
    let text = std::str::from_utf8(link).ok()?;
    let place = text.lines().next()?.trim().replace('%', "%25");
    place.starts_with('/').then(
        || serde_json::json!({"url": format!("file://{place}"), "dir_info": {"editable": true}}),
    )
}

/// The name and version in the stem of an info directory's name: `click-8.1.7`, `six-1.16.0-py3.11`.
pub(super) fn name_of(stem: &str) -> (String, String) {
    let mut parts = stem.splitn(3, '-');
    let first = parts.next().unwrap_or_default().to_owned();
    (first, parts.next().unwrap_or_default().to_owned())
}
