//! Proves that a narrowed goal is what was asked for. The proof uses the request and the snapshot alone, not what was
//! chosen of it: a fault in the choosing would be in the goal as well, and what is staged is held against the goal
//! only.

use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::Part;
use super::select::{globs, matches};
use super::target::Target;
use crate::diagnose::Packages;
use crate::model::compare::compare;
use crate::model::{Change, Class, Entry, Manifest, Node, PackageChange, RelPath};
use crate::ops::error::Error;
use crate::python::dist::{Record, name_of, normalized};
use crate::replace::Mismatch;
use crate::store::Store;

/// What a goal is held against.
pub(super) struct Asked<'a> {
    pub(super) store: &'a Store,
    /// The snapshot at its place, before anything was chosen of it.
    pub(super) whole: &'a Target,
    /// What is installed there and in the live tree.
    pub(super) packages: &'a Packages<'a>,
    /// What differs between the two.
    pub(super) changes: &'a [Change],
    /// Packages that come back as a whole, and those that are told to stay damaged.
    pub(super) told: [&'a [PackageChange]; 2],
    /// The place that the files of the snapshot name.
    pub(super) place: &'a Path,
}

/// Whether a path was asked for.
type Wanted<'a> = Box<dyn Fn(&RelPath) -> bool + 'a>;

impl Asked<'_> {
    /// Fails where the goal lacks something of what was asked for, or has it otherwise than the snapshot.
    pub(super) fn prove(&self, part: &Part, goal: &Manifest) -> Result<(), Error> {
        let wanted: Wanted<'_> = match part {
            Part::Whole => Box::new(|_| true),
            Part::Only(names) => self.named(names)?,
            Part::Heal => self.damage(),
        };
        let differing = compare(&self.whole.manifest, goal).into_iter();
        let paths = differing.filter_map(|one| one.expected.or(one.actual));
        match paths.map(|entry| &entry.path).find(|path| wanted(path)) {
            Some(path) => Err(Error::NotVerified {
                path: path.clone(),
                what: Mismatch::LeftOut,
            }),
            None => Ok(()),
        }
    }

    /// What `--only` names: what the saved RECORD of a distribution lists, and all that matches or lies below what
    /// matches.
    fn named(&self, names: &[String]) -> Result<Wanted<'_>, Error> {
        let (mut listed, mut patterns) = (HashSet::new(), Vec::new());
        for name in names {
            let is_meant = |path: &RelPath| distribution(path) == Some(normalized(name));
            if self.packages.paths_of(&normalized(name)).is_empty() {
                patterns.push(name.clone());
            }
            let entries = self.whole.manifest.entries().iter();
            for entry in entries.filter(|one| is_meant(&one.path)) {
                listed.extend(self.rows(entry)?);
            }
        }
        let globs = globs(&patterns)?;
        Ok(Box::new(move |path| {
            listed.contains(path) || !matches(&globs, path).is_empty()
        }))
    }

    /// The files that a saved RECORD lists and the snapshot has.
    fn rows(&self, record: &Entry) -> Result<Vec<RelPath>, Error> {
        let content = match (self.whole.rewritten.get(&record.path), record.digest()) {
            (Some(content), _) => content.clone(),
            (None, Some(id)) => {
                let size = record.size().unwrap_or(0);
                self.store.objects.read_at_most(&id, size)?
            }
            (None, None) => return Ok(Vec::new()),
        };
        let record = Record::parse(&record.path, &content, self.place.as_os_str().as_bytes());
        let saved = |path: &RelPath| self.whole.manifest.get(path).is_some();
        let paths = record.rows.into_iter().map(|row| row.path);
        Ok(paths.filter(saved).collect())
    }

    /// What `--heal` mends: every damaged file, but for those of packages that are told. Directories come with what
    /// they hold.
    fn damage(&self) -> Wanted<'_> {
        let told = self.told.iter().flat_map(|packages| packages.iter());
        let told: HashSet<&str> = told.map(|package| package.name.as_str()).collect();
        let is_dir = |entry: &Entry| entry.node == Node::Dir;
        let damage = self.changes.iter().filter(|change| {
            let name = change.package.as_deref().unwrap_or_default();
            let file = change.expected.as_ref().is_some_and(|entry| !is_dir(entry));
            change.class == Class::Damage && file && !told.contains(name)
        });
        let paths: HashSet<RelPath> = damage.map(|change| change.path.clone()).collect();
        Box::new(move |path| paths.contains(path))
    }
}

/// The distribution of which a path is the RECORD.
fn distribution(path: &RelPath) -> Option<String> {
    let info = path.parent().filter(|_| path.name() == b"RECORD")?;
    let stem = info.name().strip_suffix(b".dist-info")?;
    Some(normalized(&name_of(&String::from_utf8_lossy(stem)).0))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};
    use std::time::Duration;

    use super::*;
    use crate::model::{Detail, Digest, Kind, Meta, PackageState};
    use crate::monitor::Silent;
    use crate::ops::adapted::Texts;
    use crate::python::dist::Dists;

    const RECORD: &str = "lib/python3.11/site-packages/idna-1.0.dist-info/RECORD";
    const CORE: &str = "lib/python3.11/site-packages/idna/core.py";
    const OTHER: &str = "lib/python3.11/site-packages/click/core.py";

    fn path(text: &str) -> RelPath {
        RelPath::new(text.as_bytes()).unwrap()
    }

    fn file(at: &str, content: &str) -> Entry {
        Entry {
            path: path(at),
            meta: Meta::default(),
            node: Node::File {
                size: content.len() as u64,
                digest: Digest::of(content.as_bytes()),
                link_to: None,
            },
        }
    }

    fn damage(entry: Entry, package: &str) -> Change {
        Change {
            path: entry.path.clone(),
            kind: Kind::Missing,
            class: Class::Damage,
            package: Some(package.to_owned()),
            expected: Some(entry),
            actual: None,
            detail: Detail::default(),
        }
    }

    /// Whether a goal is taken for what a part of a snapshot with three files is.
    fn is_taken(part: &Part, goal: Vec<Entry>, told: &[PackageChange]) -> bool {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("store");
        let monitor = Silent::default();
        Store::create_dir(&place, Duration::ZERO, &monitor).unwrap();
        let store = Store::open_dir(&place, Duration::ZERO, &monitor).unwrap();
        let record = "idna/core.py,,\n";
        let files = vec![
            file(CORE, "core"),
            file(OTHER, "other"),
            file(RECORD, record),
        ];
        // It was adapted, so that no store has it.
        let rewritten = BTreeMap::from([(path(RECORD), record.as_bytes().to_vec())]);
        let whole = Target {
            manifest: Manifest::new(files),
            rewritten,
            old_places: Vec::new(),
            before: BTreeMap::new(),
            links: Vec::new(),
            stays: HashSet::new(),
            unread: Vec::new(),
            texts: Texts::default(),
        };
        let (dists, live) = (Dists::default(), Manifest::default());
        let packages = Packages::new((&dists, &whole.manifest), (&dists, &live), &|_| true);
        let changes = [
            damage(file(CORE, "core"), "idna"),
            damage(file(OTHER, "other"), "click"),
        ];
        let asked = Asked {
            store: &store,
            whole: &whole,
            packages: &packages,
            changes: &changes,
            told: [told, &[]],
            place: Path::new("/srv/venv"),
        };
        asked.prove(part, &Manifest::new(goal)).is_ok()
    }

    #[test]
    fn a_goal_without_something_that_was_asked_for_is_refused() {
        let only = |name: &str| Part::Only(vec![name.to_owned()]);
        let (core, other) = (|| file(CORE, "core"), || file(OTHER, "other"));
        let record = || file(RECORD, "idna/core.py,,\n");
        let wrong = || file(CORE, "cut");
        let rows = [
            (Part::Whole, vec![core(), other(), record()], true),
            (Part::Whole, vec![core(), record()], false),
            (Part::Whole, vec![wrong(), other(), record()], false),
            (only("idna"), vec![core(), record()], true),
            (only("idna"), vec![record()], false),
            (only("idna"), vec![wrong(), record()], false),
            (only("**/click"), vec![other()], true),
            (only("**/click"), vec![core(), record()], false),
            (Part::Heal, vec![core(), other()], true),
            (Part::Heal, vec![core()], false),
            (Part::Heal, vec![wrong(), other()], false),
        ];
        for (at, (part, goal, taken)) in rows.into_iter().enumerate() {
            assert_eq!(is_taken(&part, goal, &[]), taken, "{at}: {part:?}");
        }
        // What is told to stay damaged is not asked for.
        let told = PackageChange {
            name: "click".to_owned(),
            expected: None,
            actual: None,
            state: PackageState::Damaged,
            damaged: 1,
        };
        assert!(is_taken(&Part::Heal, vec![core()], &[told]));
    }
}
