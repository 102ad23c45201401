//! Which packages belong into the venv: told by a snapshot, or by what METADATA, RECORD and names in the broken venv
//! still tell, or by a requirements file.

use std::collections::BTreeMap;
use std::path::Path;

use super::failed::Unbuilt;
use super::live::Live;
use super::options::{RebuildOptions, Source};
use super::outcome::ToldBy;
use crate::model::{Package, RelPath, SnapshotRef};
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::ops::list::document;
use crate::ops::lookup::{Chosen, choose};
use crate::python::dist::{name_of, normalized};
use crate::store::{self, Store};
use crate::tree::Site;

/// A package that belongs there.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) package: Package,
    /// What tells the version where METADATA does not.
    pub(super) evidence: Option<RelPath>,
}

/// All that belongs there, and who says so.
pub(super) struct List {
    pub(super) told_by: ToldBy,
    /// By normalized name.
    pub(super) packages: BTreeMap<String, Wanted>,
    /// The text of the requirements file, where there is one: what it says the installer understands.
    pub(super) requirements: Option<String>,
}

/// No requirements file is longer.
const REQUIREMENTS_MAX: u64 = 16 << 20;

/// Finds out what belongs there.
pub(super) fn wanted(
    context: &Context<'_>,
    store: Option<&Store>,
    site: &Site,
    live: Option<&Live>,
    options: &RebuildOptions,
) -> Result<List, Error> {
    match (&options.source, store) {
        (Source::Requirements(path), _) => Ok(of_file(path)?),
        (Source::Snapshot(name), Some(store)) => of_snapshot(context, store, site, Some(name)),
        (Source::Snapshot(_), None) => Err(store::Error::NoStore(context.store.clone()).into()),
        (Source::Found, Some(store)) => match of_snapshot(context, store, site, None) {
            Err(Error::NoBaseline { .. } | Error::NoSnapshot { .. }) => Ok(of_venv(site, live)?),
            told => told,
        },
        (Source::Found, None) => Ok(of_venv(site, live)?),
    }
}

fn of_snapshot(
    context: &Context<'_>,
    store: &Store,
    site: &Site,
    name: Option<&SnapshotRef>,
) -> Result<List, Error> {
    let (chosen, _) = choose(context, store, &context.venv_id(site), name)?;
    let Chosen { id, .. } = chosen;
    let audit = document(context, store, &chosen)?.audit;
    let Some(audit) = audit else {
        let why = format!("snapshot {id} has no list of packages");
        return Err(Error::Refused(why));
    };
    let packages = audit.packages.into_iter().map(|package| {
        let wanted = Wanted {
            package,
            evidence: None,
        };
        (normalized(&wanted.package.name), wanted)
    });
    let packages: BTreeMap<String, Wanted> = packages.collect();
    refuse_unversioned(&packages)?;
    Ok(List {
        told_by: ToldBy::Snapshot(id),
        packages,
        requirements: None,
    })
}

fn of_venv(site: &Site, live: Option<&Live>) -> Result<List, Unbuilt> {
    let Some(live) = live else {
        return Err(Unbuilt::NothingTold(site.path().to_owned()));
    };
    let mut packages = BTreeMap::new();
    // What pip put aside and never brought back is still named with its version.
    for left in &live.dists.leftovers {
        let name = left.path.name();
        let stem = name
            .strip_suffix(b".dist-info")
            .map(String::from_utf8_lossy);
        if let (Some(stem), [was]) = (stem, left.was.as_slice()) {
            let package = Package {
                name: was.name.clone(),
                version: name_of(&stem).1,
                installer: None,
                editable: false,
                direct_url: None,
            };
            let evidence = Some(left.path.clone());
            packages.insert(was.name.clone(), Wanted { package, evidence });
        }
    }
    for (dist, package) in live.dists.all.iter().zip(&live.audit.packages) {
        let evidence = dist.metadata.is_none().then(|| dist.info.clone());
        let package = package.clone();
        packages.insert(dist.name.clone(), Wanted { package, evidence });
    }
    if packages.is_empty() {
        return Err(Unbuilt::NothingTold(site.path().to_owned()));
    }
    refuse_unversioned(&packages)?;
    Ok(List {
        told_by: ToldBy::Venv,
        packages,
        requirements: None,
    })
}

/// A guess of a version is no sound venv.
fn refuse_unversioned(packages: &BTreeMap<String, Wanted>) -> Result<(), Unbuilt> {
    let unknown = packages.values().map(|wanted| &wanted.package);
    let unknown =
        unknown.filter(|package| package.version.is_empty() && package.direct_url.is_none());
    let names: Vec<String> = unknown.map(|package| package.name.clone()).collect();
    if names.is_empty() {
        Ok(())
    } else {
        Err(Unbuilt::NoVersion(names))
    }
}

fn of_file(path: &Path) -> Result<List, Unbuilt> {
    let wrong = |why: String| Unbuilt::Requirements {
        path: path.to_owned(),
        why,
    };
    let file = std::fs::File::open(path).map_err(|error| wrong(error.to_string()))?;
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(
        &mut std::io::Read::take(file, REQUIREMENTS_MAX + 1),
        &mut bytes,
    )
    .map_err(|error| wrong(error.to_string()))?;
    if bytes.len() as u64 > REQUIREMENTS_MAX {
        return Err(wrong("it is too long".to_owned()));
    }
    let text = String::from_utf8(bytes).map_err(|_| wrong("it is no UTF-8".to_owned()))?;
    let text = text.trim_start_matches('\u{feff}').to_owned();
    let mut packages = BTreeMap::new();
    for (number, line) in logical(&text) {
        let of_line = |why: String| wrong(format!("line {number}: {why}"));
        if let Some(wanted) = pinned(&line).map_err(of_line)? {
            packages.insert(normalized(&wanted.package.name), wanted);
        }
    }
    if logical(&text).is_empty() {
        return Err(wrong("it names no package".to_owned()));
    }
    Ok(List {
        told_by: ToldBy::Requirements(path.to_owned()),
        packages,
        requirements: Some(text),
    })
}

/// The lines of a requirements file, continued ones joined, without comments; each with the number of its first.
fn logical(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let (first, mut whole) = open.take().unwrap_or((number, String::new()));
        if let Some(part) = line.strip_suffix('\\') {
            whole.push_str(part);
            whole.push(' ');
            open = Some((first, whole));
            continue;
        }
        whole.push_str(line);
        lines.push((first, whole));
    }
    lines.extend(open);
    let bare = lines.into_iter().map(|(number, line)| {
        let text = if line.starts_with('#') {
            ""
        } else {
            line.split(" #").next().unwrap_or_default()
        };
        (number, text.trim().to_owned())
    });
    bare.filter(|(_, line)| !line.is_empty()).collect()
}

/// The package that a line pins to one version without a hash; none of other lines, which are the installer's. An
/// error where no installer would understand it.
fn pinned(line: &str) -> Result<Option<Wanted>, String> {
    if line.chars().any(char::is_control) {
        return Err("it has control characters".to_owned());
    }
    if line.starts_with('-') {
        return match nested(line) {
            Some(option) => Err(format!("'{option}' names another file; put all in one")),
            None => Ok(None),
        };
    }
    let (requirement, options) = line
        .split_once(" --")
        .map_or((line, None), |(r, o)| (r, Some(o)));
    let is_path = requirement.contains("://") || requirement.starts_with(['.', '/']);
    if is_path {
        return Ok(None);
    }
    let parsed: pep508_rs::Requirement = requirement
        .parse()
        .map_err(|error: pep508_rs::Pep508Error| error.message.to_string())?;
    let Some(pep508_rs::VersionOrUrl::VersionSpecifier(specifiers)) = &parsed.version_or_url else {
        return Ok(None);
    };
    let exact = match specifiers.iter().collect::<Vec<_>>()[..] {
        [one] if *one.operator() == pep440_rs::Operator::Equal => Some(one.version().to_string()),
        _ => None,
    };
    let is_plain = options.is_none() && parsed.marker.is_true() && parsed.extras.is_empty();
    Ok(exact.filter(|_| is_plain).map(|version| Wanted {
        package: Package {
            name: parsed.name.to_string(),
            version,
            installer: None,
            editable: false,
            direct_url: None,
        },
        evidence: None,
    }))
}

/// The option by which a line names another file, which would be looked for beside a copy of this one.
fn nested(line: &str) -> Option<&str> {
    let option = line.split([' ', '=']).next().unwrap_or_default();
    let names = ["-r", "--requirement", "-c", "--constraint"];
    let glued = |name: &&str| !name.starts_with("--") && option.starts_with(*name);
    names
        .iter()
        .any(|name| *name == option || glued(name))
        .then_some(option)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_pin_is_taken_from_a_requirements_file() {
        let pin = |line: &str| pinned(line).map(|one| one.map(|one| one.package.requirement()));
        assert_eq!(pin("click==8.1.7"), Ok(Some("click==8.1.7".to_owned())));
        for line in [
            "click>=8",
            "click",
            "uvicorn[standard]==1",
            "-e .",
            "x==1 --hash=sha256:0",
            "./x.whl",
            "a @ https://h/a.whl",
        ] {
            assert_eq!(pin(line), Ok(None), "{line}");
        }
        for line in [
            "-r other.txt",
            "-rother.txt",
            "--constraint=c.txt",
            "click==",
            "\0\0",
            "== 1",
        ] {
            assert!(pin(line).is_err(), "{line:?}");
        }
        let text = "# all\na==1 \\\n  --hash=sha256:0\n\nb==2 # why\n";
        let lines: Vec<String> = logical(text).into_iter().map(|(_, line)| line).collect();
        assert_eq!(lines, ["a==1    --hash=sha256:0", "b==2"]);
    }
}
