//! Distributions: what is installed in a tree, and which files belong to what.

mod conda;
mod entry_points;
mod hash;
mod leftover;
mod load;
mod metadata;
mod record;
mod unfinished;

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator, ParallelSliceMut};

pub(crate) use conda::{Superseded, conda_list};
pub(crate) use entry_points::commands;
pub(crate) use hash::{Algorithm, Hash, Sum, hash};
pub(crate) use leftover::{Leftover, Was, distribution, is_renamed};
use load::load;
pub(crate) use load::name_of;
pub(crate) use metadata::{Metadata, normalized, wheel_tags};
pub(crate) use record::{Prefixed, Record, Row, resolve};
pub(crate) use unfinished::{Installer, Sign, Unfinished, maker};

use super::layout::Layout;
use crate::model::{Manifest, Node, RelPath, TreeKind};

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
    /// A file in `conda-meta`, of a package that carries no distribution, or none that is there.
    Conda,
}

/// One installed distribution.
#[derive(Clone, Debug)]
pub(crate) struct Dist {
    /// The name as indexes compare it.
    pub(crate) name: String,
    /// The name as the distribution writes it itself.
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
    /// What conda calls it, where that installed it.
    pub(crate) conda: Option<String>,
    /// The tags of its wheel.
    pub(crate) tags: Vec<String>,
    /// `direct_url.json`, if it was not installed from an index.
    pub(crate) direct_url: Option<serde_json::Value>,
    /// Files of an installer that are there and could not be read: what they say is not known.
    pub(crate) unread: Vec<RelPath>,
    /// What shows that its install did not come to its end, if it did not.
    pub(crate) unfinished: Option<Unfinished>,
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
    /// Where site-packages and scripts stand.
    pub(crate) layout: Layout,
    /// Sorted by name.
    pub(crate) all: Vec<Dist>,
    /// What an interrupted pip left behind.
    pub(crate) leftovers: Vec<Leftover>,
    /// Packages of conda in the places of which something else put another version.
    pub(crate) superseded: Vec<Superseded>,
    /// For each file that is listed: the distribution, and which of its rows that is; sorted by path.
    owners: Vec<(u32, u32)>,
    shared: Vec<(RelPath, usize, usize)>,
    /// The distributions by their info directories.
    infos: HashMap<RelPath, usize>,
}

impl Dists {
    /// Finds what is installed in a tree that stands, or stood, at the absolute path `root`.
    pub(crate) fn read(manifest: &Manifest, root: &[u8], read: Read<'_>) -> Self {
        Self::read_with(manifest, root, read, &|_| None)
    }

    /// The same, where some lists of files are known already.
    pub(crate) fn read_with(
        manifest: &Manifest,
        root: &[u8],
        read: Read<'_>,
        known: Lists<'_>,
    ) -> Self {
        let mut found = Self {
            layout: Layout::read(manifest),
            ..Self::default()
        };
        let mut infos = Vec::new();
        for entry in manifest.entries() {
            let dir = entry.path.parent_bytes();
            if !found.layout.sites.iter().any(|site| site.as_bytes() == dir) {
                continue;
            }
            let name = entry.path.name();
            // What cannot be listed is still known by its name.
            let is_dir = matches!(
                entry.node,
                Node::Dir | Node::Unreadable(_) | Node::Symlink(_)
            );
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
        if found.layout.kind == TreeKind::Conda {
            found.superseded = conda::join(manifest, read, known, &mut found.all);
        }
        // A library of conda may have the name of a distribution, which is the one that Python asks for.
        let order = |dist: &Dist| {
            (
                dist.name.clone(),
                dist.form == Form::Conda,
                dist.info.clone(),
            )
        };
        found.all.sort_by_cached_key(order);
        found.own();
        found.leftovers = leftover::find_leftovers(manifest, root, read, &found);
        found.find_unfinished(manifest, root, read);
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
