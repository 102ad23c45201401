//! Packages of which nothing but the modules is left: their info directory is gone, so no list of what is installed
//! has them. What they are is told by those who require them, by a snapshot, or by nobody.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifier};
use pep508_rs::VersionOrUrl;

use super::live::Live;
use super::maker::Base;
use super::wanted_package::Wanted;
use crate::audit::needs::{Rules, resembles};
use crate::audit::{Asked, Need, bare_requirement, required, unowned};
use crate::model::{Manifest, Package, RelPath, Remains};
use crate::python::dist::normalized;
use crate::python::layout::Layout;
use crate::tree::hash::read_file;

/// No module that tells a version is longer, in bytes.
const MODULE_MAX: u64 = 1 << 20;
/// Modules that people put among the packages, and that no distribution brings.
const PEOPLES: [&str; 2] = ["sitecustomize", "usercustomize"];
/// Modules of a package that tell its version, the first that does counts.
const TELLERS: [&str; 5] = [
    "__init__.py",
    "_version.py",
    "__version__.py",
    "__about__.py",
    "version.py",
];

/// Finds them, by path: the outermost directories and modules of which nobody lists anything.
pub(super) fn remains(live: &Live) -> Vec<Remains> {
    let rules = Rules::with(&[]).unwrap_or_default();
    let sites = &live.dists.layout.sites;
    let manifest = live.manifest();
    let mut owned: HashSet<RelPath> = HashSet::new();
    let paths = manifest.entries().iter().map(|entry| &entry.path);
    for path in paths.filter(|path| sites.iter().any(|site| path.is_within(site))) {
        if live.dists.owner(path).is_some() {
            let mut above = path.parent();
            while let Some(dir) = above.filter(|dir| !owned.contains(dir)) {
                above = dir.parent();
                owned.insert(dir);
            }
        }
    }
    let mut found: BTreeMap<RelPath, String> = BTreeMap::new();
    for path in unowned(manifest, &live.dists).filter(|path| is_module(path.name())) {
        let within = sites.iter().filter(|site| path.is_within(site));
        let site = within.max_by_key(|site| site.as_bytes().len());
        let outermost = site.and_then(|site| outermost(manifest, &owned, site, path));
        if let Some((path, module)) = outermost {
            found.insert(path, module);
        }
    }
    let all = found.into_iter();
    all.map(|(path, module)| Remains {
        perhaps: perhaps(live, &rules, &module, &path),
        module,
        path,
    })
    .collect()
}

/// The outermost directory above a module of which nobody lists anything, or the module itself; and its dotted name.
/// None within the package of somebody: what lies there was put there by hand, or by the package.
fn outermost(
    manifest: &Manifest,
    owned: &HashSet<RelPath>,
    site: &RelPath,
    path: &RelPath,
) -> Option<(RelPath, String)> {
    let mut at = site.clone();
    let mut names: Vec<String> = Vec::new();
    for part in path.parts().skip(site.parts().count()) {
        at = at.join(part).ok()?;
        let name = part.split(|byte| *byte == b'.').next().unwrap_or_default();
        let name = String::from_utf8(name.to_vec()).ok()?;
        let is_name = !name.is_empty() && name.chars().all(|c| c == '_' || c.is_alphanumeric());
        let is_dir = at != *path;
        if !is_name || is_dir && part.contains(&b'.') {
            return None;
        }
        names.push(name);
        if !is_dir || !owned.contains(&at) {
            break;
        }
        if manifest.get(&at.join(b"__init__.py").ok()?).is_some() {
            return None;
        }
    }
    let top = names.first()?;
    let is_peoples = PEOPLES.contains(&top.as_str());
    (!is_nobodys(top) && !is_peoples).then(|| (at, names.join(".")))
}

/// Whether a module is one that makers of venvs and installers put among the packages.
pub(super) fn is_nobodys(module: &str) -> bool {
    ["_virtualenv", "site"].contains(&module) || module.starts_with("__editable__")
}

fn is_module(name: &[u8]) -> bool {
    name.ends_with(b".py") || name.ends_with(b".so")
}

/// Which of them are known, as packages that belong there: `others` are those that a snapshot lists.
pub(super) fn known(live: &Live, base: &Base, others: &[Package]) -> Vec<(String, Wanted)> {
    let rules = Rules::with(&[]).unwrap_or_default();
    let mut needs: BTreeMap<String, Vec<Need>> = BTreeMap::new();
    if let Some(environment) = base.environment() {
        for (_, need) in required(&live.dists, &environment, &Asked::new()) {
            let name = normalized(need.name.as_ref());
            needs.entry(name).or_default().push(need);
        }
    }
    let is_gone = |name: &str| live.dists.named(name).is_none();
    let mut found: BTreeMap<String, Wanted> = BTreeMap::new();
    for one in remains(live) {
        let required = needs.iter();
        let mut required =
            required.filter(|(name, _)| is_gone(name) && brings(&rules, name, &one.module));
        let mut listed = others.iter();
        let listed = listed.find(|package| {
            let name = normalized(&package.name);
            is_gone(&name) && brings(&rules, &name, &one.module)
        });
        let wanted = match (listed, required.next()) {
            (Some(package), _) => Wanted {
                evidence: Some(one.path.clone()),
                why: Some("nothing but its modules is left, and a snapshot lists it"),
                ..Wanted::of(package.clone())
            },
            (None, Some((name, needs))) => of_needs(live, &one, name, needs),
            (None, None) => continue,
        };
        let name = normalized(&wanted.package.name);
        found.entry(name).or_insert(wanted);
    }
    found.into_iter().collect()
}

/// A package that others require, in the version that its modules tell, or in one that they take.
fn of_needs(live: &Live, one: &Remains, name: &str, needs: &[Need]) -> Wanted {
    let specifiers = needs.iter().flat_map(|need| match &need.version_or_url {
        Some(VersionOrUrl::VersionSpecifier(all)) => all.iter().collect::<Vec<_>>(),
        _ => Vec::new(),
    });
    let specifiers: Vec<&VersionSpecifier> = specifiers.collect();
    let told = version(live, &one.path);
    let told = told.filter(|(version, _)| specifiers.iter().all(|one| one.contains(version)));
    let is_url = |need: &&Need| matches!(need.version_or_url, Some(VersionOrUrl::Url(_)));
    let taken: BTreeSet<String> = specifiers.iter().map(ToString::to_string).collect();
    let taken: Vec<String> = taken.into_iter().collect();
    let asked = match (needs.iter().find(is_url), &told) {
        (Some(need), _) => Some(bare_requirement(need)),
        (None, Some(_)) => None,
        (None, None) => Some(name.to_owned() + &taken.join(",")),
    };
    let (version, evidence) = match told {
        Some((version, path)) => (version.to_string(), path),
        None => (String::new(), one.path.clone()),
    };
    let package = Package {
        name: name.to_owned(),
        version,
        installer: None,
        editable: false,
        conda: None,
        direct_url: None,
    };
    Wanted {
        evidence: Some(evidence),
        asked,
        why: Some("nothing but its modules is left, and others require it"),
        ..Wanted::of(package)
    }
}

/// Whether a distribution brings a module, by a table of import names, or else by its name.
pub(super) fn brings(rules: &Rules, name: &str, module: &str) -> bool {
    let table = rules.bring(module);
    if table.is_empty() {
        resembles(name, module)
    } else {
        table.iter().any(|one| normalized(one) == name)
    }
}

/// What may bring it: one distribution that a table names, or one of its name where it tells its version.
fn perhaps(live: &Live, rules: &Rules, module: &str, path: &RelPath) -> Option<String> {
    let version = version(live, path).map(|(version, _)| version);
    let (name, is_known) = match rules.bring(module) {
        [] => (normalized(module.split('.').next()?), false),
        [one] => (one.clone(), true),
        _ => return None,
    };
    match version {
        Some(version) => Some(format!("{name}=={version}")),
        None => is_known.then_some(name),
    }
}

/// The version that a package tells of itself in a constant text, and the file that does.
pub(super) fn version(live: &Live, path: &RelPath) -> Option<(Version, RelPath)> {
    let within = TELLERS
        .iter()
        .filter_map(|name| path.join(name.as_bytes()).ok());
    let files: Vec<RelPath> = if live.manifest().get(path)?.size().is_some() {
        vec![path.clone()]
    } else {
        within.collect()
    };
    let mut files = files.into_iter();
    files.find_map(|file| {
        let content = read_file(&live.root, &file, MODULE_MAX)?;
        let version = told_in(&String::from_utf8_lossy(&content))?;
        Some((version, file))
    })
}

/// `1.0` of `__version__ = version = '1.0'`.
fn told_in(text: &str) -> Option<Version> {
    let lines = text.lines().filter(|line| line.starts_with("__version__"));
    let mut versions = lines.filter_map(|line| {
        let (_, value) = line.split_once('=')?;
        let begin = value.find(['\'', '"'])?;
        let quote = value[begin..].chars().next()?;
        let text = value[begin + 1..].split(quote).next()?;
        Version::from_str(text).ok()
    });
    versions.next()
}

/// What of the old venv is not in a new one.
pub(super) struct Behind {
    /// Files that no distribution listed.
    pub(super) files: Vec<RelPath>,
    /// Packages of which nothing told what brought them.
    pub(super) remains: Vec<Remains>,
}

/// What of the old venv a new one has not.
pub(super) fn behind(live: &Live, new: &Manifest) -> Behind {
    let layout = Layout::read(new);
    let mut paths: HashSet<Vec<u8>> = HashSet::new();
    let mut modules: HashSet<Vec<u8>> = HashSet::new();
    for entry in new.entries() {
        if let Some(below) = below(&layout.sites, &entry.path) {
            if is_module(entry.path.name()) || entry.size().is_none() {
                modules.insert(bare(below).to_vec());
            }
            paths.insert(below.to_vec());
        }
    }
    let sites = &live.dists.layout.sites;
    let is_lost = |path: &&RelPath| below(sites, path).is_some_and(|below| !paths.contains(below));
    let is_gone =
        |one: &Remains| below(sites, &one.path).is_some_and(|path| !modules.contains(bare(path)));
    Behind {
        files: live.left_behind().iter().filter(is_lost).cloned().collect(),
        remains: remains(live).into_iter().filter(is_gone).collect(),
    }
}

/// The path below the directory of packages that it lies in.
fn below<'p>(sites: &[RelPath], path: &'p RelPath) -> Option<&'p [u8]> {
    let within = sites.iter().filter(|site| path.is_within(site));
    let site = within.max_by_key(|site| site.as_bytes().len())?;
    let below = path.as_bytes().get(site.as_bytes().len()..)?;
    Some(below.strip_prefix(b"/").unwrap_or(below))
}

/// A path without what follows the name of its module: `_yaml` of `_yaml.cpython-311.so`.
fn bare(path: &[u8]) -> &[u8] {
    let name = memchr::memrchr(b'/', path).map_or(0, |at| at + 1);
    let end = memchr::memchr(b'.', &path[name..]).map_or(path.len(), |at| name + at);
    &path[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_told_by_a_constant_text_alone() {
        let told = |text| told_in(text).map(|version| version.to_string());
        for (text, version) in [
            ("__version__ = '1.2.3'\n", Some("1.2.3")),
            (
                "x = 1\n__version__: str = \"2.0rc1\"  # why\n",
                Some("2.0rc1"),
            ),
            ("__version__ = version = '3'\n", Some("3")),
            ("__version__ = metadata.version('ant')\n", None),
            ("__version__ = '.'.join(map(str, V))\n", None),
            ("    __version__ = '1'\n", None),
            ("__version__ = version\n", None),
        ] {
            assert_eq!(told(text).as_deref(), version, "{text}");
        }
    }
}
