//! What is in an environment: packages by the names of their info directories, interpreter, size.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::Environment;
use super::find::{Found, Kind, small};
use crate::disk::rooted::Rooted;
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::python::dist::normalized;
use crate::python::layout::python_in;
use crate::sweep::Root;
use crate::tree::fingerprint::Glance;

/// Looks into all environments that were found. One that went away meanwhile is left out.
pub(super) fn inventory(
    context: &Context<'_>,
    root: &Root,
    found: &Found,
) -> Result<Vec<Environment>, Error> {
    let look = |(path, kind): &(PathBuf, Kind)| {
        context.go_on()?;
        Ok(environment(root, path, *kind))
    };
    let all: Vec<Option<Environment>> = found
        .environments
        .par_iter()
        .map(look)
        .collect::<Result<_, Error>>()?;
    Ok(all.into_iter().flatten().collect())
}

fn environment(root: &Root, path: &Path, kind: Kind) -> Option<Environment> {
    let opened = Rooted::open(path).ok()?;
    let owner = opened.stat().ok()?.uid;
    let size = Glance::at(&opened, None).ok();
    Some(Environment {
        path: path.to_owned(),
        kind,
        packages: packages(root, path, kind),
        python: python(path),
        interpreter: root.led(&python_in(path)).ok(),
        files: size.as_ref().map_or(0, |size| size.files),
        bytes: size.as_ref().map_or(0, |size| size.bytes),
        owner,
        uses: Vec::new(),
        baseline: None,
        savable: super::is_venv(root, path),
    })
}

/// The names in a directory; none where it cannot be listed.
fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

/// The directories of packages.
fn sites(root: &Root, path: &Path, kind: Kind) -> Vec<PathBuf> {
    if kind == Kind::Target {
        return vec![path.to_owned()];
    }
    let mut found = Vec::new();
    for lib in ["lib", "lib64"] {
        let lib = path.join(lib);
        if fs::symlink_metadata(&lib).is_ok_and(|meta| meta.is_dir()) {
            let versions = names(&lib).into_iter();
            let versions = versions.map(|name| lib.join(name).join("site-packages"));
            let versions = versions.filter_map(|site| root.led(&site).ok());
            found.extend(versions.filter(|site| site.is_dir()));
        }
    }
    found
}

/// Name and version of each distribution, by the normalized name.
fn packages(root: &Root, path: &Path, kind: Kind) -> Vec<(String, String)> {
    let mut all = BTreeMap::new();
    for name in sites(root, path, kind).iter().flat_map(|site| names(site)) {
        let stem = name
            .strip_suffix(".dist-info")
            .or_else(|| name.strip_suffix(".egg-info"));
        let Some((name, rest)) = stem.and_then(|stem| stem.split_once('-')) else {
            continue;
        };
        // `NAME-VERSION-py3.11.egg-info`
        let version = rest.split('-').next().unwrap_or_default();
        // pip puts `~` before the name of what it is about to remove.
        if !name.starts_with('~') {
            all.insert(normalized(name), version.to_owned());
        }
    }
    if kind == Kind::Conda {
        for name in names(&path.join("conda-meta")) {
            let stem = name.strip_suffix(".json").unwrap_or_default();
            let mut parts = stem.rsplitn(3, '-');
            if let (Some(_build), Some(version), Some(name)) =
                (parts.next(), parts.next(), parts.next())
            {
                all.entry(normalized(name))
                    .or_insert_with(|| version.to_owned());
            }
        }
    }
    all.into_iter().collect()
}

/// The version of the interpreter, as `pyvenv.cfg` or else the name of its library states it.
fn python(path: &Path) -> Option<String> {
    let text = small(&path.join("pyvenv.cfg")).unwrap_or_default();
    let value = |key: &str| {
        text.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            (name.trim() == key).then(|| value.trim().to_owned())
        })
    };
    let stated = value("version").or_else(|| value("version_info"));
    stated
        .map(|text| text.split(".final").next().unwrap_or_default().to_owned())
        .or_else(|| {
            let mut all = names(&path.join("lib"));
            all.sort();
            all.iter()
                .find_map(|name| Some(name.strip_prefix("python")?.to_owned()))
        })
}
