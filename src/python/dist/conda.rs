//! Packages of conda: what `conda-meta/NAME-VERSION-BUILD.json` says of each (conda's `PrefixRecord`; the entries of
//! `paths_data` are those of `info/paths.json` in the package, CEP 12 and "conda package specification"). A package of
//! Python carries a distribution, which conda's list of files proves better than its own RECORD: scripts and whatever
//! names its place are others than in the wheel.

use std::sync::Arc;

use rayon::prelude::{IntoParallelIterator, ParallelIterator};
use serde::Deserialize;

use super::record::{Prefixed, Record, Row};
use super::{Dist, Form, Hash, Lists, Metadata, Read, Sum, normalized};
use crate::model::{Manifest, RelPath};
use crate::python::layout::is_conda_list;
use crate::python::prefix::Style;

/// What conda wrote of one package, as far as it is needed here.
#[derive(Debug, Deserialize)]
struct Written {
    name: String,
    version: String,
    #[serde(default)]
    build: String,
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    paths_data: Option<PathsData>,
}

#[derive(Debug, Deserialize)]
struct PathsData {
    paths: Vec<Listed>,
}

#[derive(Debug, Deserialize)]
struct Listed {
    #[serde(rename = "_path")]
    file: String,
    #[serde(default, rename = "path_type")]
    kind: Option<String>,
    #[serde(default)]
    sha256: Option<String>,
    #[serde(default)]
    sha256_in_prefix: Option<String>,
    #[serde(default)]
    size_in_bytes: Option<u64>,
    #[serde(default)]
    prefix_placeholder: Option<String>,
    #[serde(default)]
    file_mode: Option<String>,
}

/// A package that conda lists, and that something else put another version in the place of.
#[derive(Clone, Debug)]
pub(crate) struct Superseded {
    /// The name as indexes compare it.
    pub(crate) name: String,
    /// The version of conda.
    pub(crate) version: String,
    /// Where conda lists it.
    pub(crate) list: RelPath,
}

/// Finds the packages of conda, and gives each distribution among `dists` to the one that brought it. Returns those
/// that something else took the place of.
pub(super) fn join(
    manifest: &Manifest,
    read: Read<'_>,
    known: Lists<'_>,
    dists: &mut Vec<Dist>,
) -> Vec<Superseded> {
    let paths = manifest.entries().iter().map(|entry| &entry.path);
    let lists: Vec<&RelPath> = paths.filter(|path| is_conda_list(path)).collect();
    let packages: Vec<Dist> = lists
        .into_par_iter()
        .map(|list| package(manifest, read, known, list))
        .collect();
    let mut superseded = Vec::new();
    let mut alone = Vec::new();
    for package in packages {
        let brought: Vec<usize> = (0..dists.len())
            .filter(|&at| dists.get(at).is_some_and(|dist| brings(&package, dist)))
            .collect();
        let name = normalized(&package.shown);
        let is_replaced =
            |dist: &Dist| dist.name == name && dist.conda.is_none() && by_another(&package, dist);
        if dists.iter().any(is_replaced) {
            superseded.push(Superseded {
                name,
                version: package.version,
                list: package.info,
            });
            continue;
        }
        let main = brought
            .iter()
            .copied()
            .find(|&at| dists.get(at).is_some_and(|dist| dist.name == name));
        let Some(main) = main.or(brought.first().copied()) else {
            alone.push(package);
            continue;
        };
        for at in brought {
            let Some(dist) = dists.get_mut(at) else {
                continue;
            };
            dist.conda.clone_from(&package.conda);
            dist.installer = dist.installer.take().or_else(|| package.installer.clone());
            if at == main {
                dist.record.clone_from(&package.record);
            } else if let (Some((_, own)), Some((_, all))) = (&mut dist.record, &package.record) {
                Arc::make_mut(own)
                    .rows
                    .retain(|row| all.row(&row.path).is_none());
            }
        }
    }
    dists.extend(alone);
    superseded
}

/// Whether a package lists the metadata of a distribution that is there.
fn brings(package: &Dist, dist: &Dist) -> bool {
    if dist.conda.is_some() || by_another(package, dist) {
        return false;
    }
    let Some((_, list)) = &package.record else {
        return false;
    };
    let files = [&b"METADATA"[..], b"PKG-INFO", b"RECORD"].map(|name| dist.info.join(name));
    let mut files = files.iter().flatten().chain([&dist.info]);
    files.any(|path| list.row(path).is_some())
}

/// Whether pip or uv says that it installed a distribution, in other words than those that came with the package.
fn by_another(package: &Dist, dist: &Dist) -> bool {
    if !matches!(dist.installer.as_deref(), Some("pip" | "uv")) {
        return false;
    }
    let row = dist.info.join(b"INSTALLER").ok();
    let row = row.and_then(|path| package.record.as_ref()?.1.row(&path).cloned());
    let said = dist.installer.as_deref().unwrap_or_default();
    match row.map(|row| row.hash) {
        Some(Hash::Known(sum)) => ![said.to_owned(), format!("{said}\n")]
            .iter()
            .any(|text| sum.is_of(text.as_bytes())),
        Some(_) => false,
        None => true,
    }
}

/// One package. Of a list that makes no sense only the name of the file is known.
fn package(manifest: &Manifest, read: Read<'_>, known: Lists<'_>, list: &RelPath) -> Dist {
    let content = read(list);
    let written = content
        .as_deref()
        .and_then(|bytes| serde_json::from_slice(bytes).ok());
    let name = String::from_utf8_lossy(list.name()).into_owned();
    let mut parts = name.strip_suffix(".json").unwrap_or(&name).rsplitn(3, '-');
    let (build, version) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let stem = parts.next().unwrap_or(&name).to_owned();
    let (shown, version, build, record) = match written {
        Some(written) => {
            let Written {
                name,
                version,
                build,
                ..
            } = &written;
            let named = (name.clone(), version.clone(), build.clone());
            let record =
                known(list).unwrap_or_else(|| Arc::new(rows(written).sharing_paths(manifest)));
            (named.0, named.1, named.2, Some(record))
        }
        None => (stem, version.to_owned(), build.to_owned(), None),
    };
    let metadata = record.as_ref().map(|_| Metadata {
        name: shown.clone(),
        version: version.clone(),
        ..Metadata::default()
    });
    Dist {
        name: shown.to_lowercase(),
        conda: Some(format!("{shown}={version}={build}")),
        shown,
        version,
        form: Form::Conda,
        info: list.clone(),
        metadata,
        record: Some((list.clone(), record.unwrap_or_default())),
        installer: Some("conda".to_owned()),
        tags: Vec::new(),
        direct_url: None,
        unread: if content.is_none() {
            vec![list.clone()]
        } else {
            Vec::new()
        },
        unfinished: None,
    }
}

/// What a list of conda says of the files of its package; none where it makes no sense.
pub(crate) fn conda_list(list: &[u8]) -> Option<Record> {
    serde_json::from_slice(list).ok().map(rows)
}

/// The files of a package. One of before `paths_data` has names alone.
fn rows(written: Written) -> Record {
    let mut record = Record::default();
    let Some(data) = written.paths_data else {
        for file in written.files {
            match RelPath::new(file.as_bytes()) {
                Ok(path) => record.rows.push(Row {
                    path,
                    hash: Hash::None,
                    size: None,
                    movable: false,
                }),
                Err(_) => record.outside += 1,
            }
        }
        record.close();
        return record;
    };
    for one in data.paths {
        let Ok(path) = RelPath::new(one.file.as_bytes()) else {
            record.outside += 1;
            continue;
        };
        let kind = one.kind.as_deref().unwrap_or("hardlink");
        if kind == "directory" {
            continue;
        }
        let sum = |text: &Option<String>| {
            let digits = data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_deref()?.as_bytes());
            <[u8; 32]>::try_from(digits.ok()?).ok()
        };
        let (packed, placed) = (sum(&one.sha256), sum(&one.sha256_in_prefix));
        let style = one.file_mode.as_deref().and_then(Style::named);
        let placeholder = one.prefix_placeholder.filter(|text| !text.is_empty());
        let hash = match placed.or(packed) {
            _ if kind == "softlink" => Hash::Link,
            Some(sum) => Hash::Known(Sum::Sha256(sum)),
            None => Hash::None,
        };
        // The size is that in the package, and a text grows or shrinks with the name of the place.
        let keeps_size = placeholder.is_none() || style == Some(Style::Binary);
        let is_file = kind != "softlink";
        if let (Some(placeholder), Some(packed)) = (placeholder, packed.filter(|_| is_file)) {
            let style = style.unwrap_or(Style::Text);
            let prefixed = Prefixed {
                placeholder: placeholder.into_bytes(),
                style,
                packed,
            };
            record.prefixed.push((path.clone(), prefixed));
        }
        let size = one.size_in_bytes.filter(|_| keeps_size && is_file);
        record.rows.push(Row {
            path,
            hash,
            size,
            movable: false,
        });
    }
    record.close();
    record
}
