//! A place at which a tree stands, or none, a good one to put there, and contents and keeper in memory.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::disk::rooted::Rooted;
use crate::model::{Digest, Entry, Manifest, Node, SnapshotId};
use crate::monitor::{Monitor, Silent, Status, Warning};
use crate::replace::stage::Staged;
use crate::replace::verified::Verified;
use crate::replace::{
    Contents, Error, Goal, How, Keep, Keeper, Kept, Late, Live, Plan, Receipt, Settled, Sources,
    Staging, Stand, Swapped, Who, Written, each_left,
};
use crate::tree::Site;
use crate::tree::scan::{Scan, scan};
use crate::tree::sink::DigestsOnly;
use crate::tree::stat_cache::StatCache;

/// Contents in memory.
pub(super) struct Memory(HashMap<Digest, Vec<u8>>);

impl Contents for Memory {
    fn write(
        &self,
        staging: &Staging,
        entries: &[&Entry],
        _: &dyn Monitor,
    ) -> Result<Written, Error> {
        let mut written = Written::default();
        for entry in entries {
            if let Node::File { digest, .. } = &entry.node {
                staging.write_file(&entry.path, &self.0[digest], &entry.meta)?;
                written.files += 1;
            }
        }
        Ok(written)
    }
}

/// What a keeper in memory is told to answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    Does,
    Cannot,
    Waits,
}

/// Who comes upon what a crash left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Visitor {
    /// With the keeper that the journal names.
    WithKeeper,
    /// While the keeper cannot be reached.
    KeeperAway,
    /// When the keeper is gone for good.
    KeeperGone,
    /// Root, who trusts no word of the user whose journal it is.
    OtherUser,
}

/// A listener that remembers the warnings.
#[derive(Default)]
pub(super) struct Heard(Mutex<Vec<String>>);

impl Heard {
    pub(super) fn has(&self, part: &str) -> bool {
        let all = self.0.lock().unwrap();
        all.iter().any(|warning| warning.contains(part))
    }
}

impl Monitor for Heard {
    fn phase(&self, _: &'static str, _: u64, _: u64) {}
    fn advance(&self, _: u64, _: u64) {}
    fn read(&self, _: u64, _: u64) {}
    fn warn(&self, warning: Warning<'_>) {
        self.0.lock().unwrap().push(format!("{warning:?}"));
    }
    fn status(&self, _: Status<'_>) {}
    fn cancelled(&self) -> bool {
        false
    }
}

/// A keeper in memory.
pub(super) struct Shelf {
    /// Whether there was anything to keep.
    pub(super) keeps: bool,
    pub(super) kept: Mutex<Kept>,
    pub(super) counts: Mutex<bool>,
    pub(super) answer: Mutex<Answer>,
}

impl Shelf {
    pub(super) fn counts(&self) -> bool {
        *self.counts.lock().unwrap()
    }

    pub(super) fn newest(&self) -> Manifest {
        self.kept.lock().unwrap().newest.clone()
    }
}

impl Keeper for Shelf {
    fn receipt(&self) -> Receipt {
        Receipt {
            store: PathBuf::from("/shelf"),
            snapshot: SnapshotId(Digest::of(b"good")),
            incident: self.keeps.then(|| SnapshotId(Digest::of(b"hurt"))),
            brings: false,
        }
    }

    fn commit(&self, _: bool) -> Result<(), Error> {
        *self.counts.lock().unwrap() = self.keeps;
        Ok(())
    }

    fn withdraw(&self, _: &dyn Monitor) -> Result<(), Error> {
        *self.counts.lock().unwrap() = false;
        Ok(())
    }

    fn add(&self, late: Late<'_>) -> Result<Scan, Error> {
        match *self.answer.lock().unwrap() {
            Answer::Does => {}
            Answer::Cannot => return Err(Error::Outside("the shelf is full".into())),
            Answer::Waits => return Err(Error::Waits("somebody stands before it".into())),
        }
        let mut found = scan(late.old, &StatCache::default(), &DigestsOnly, late.monitor)?;
        late.whole.describe(&mut found);
        self.kept.lock().unwrap().newest = found.manifest().clone();
        Ok(found)
    }

    fn kept(&self, _: &dyn Monitor) -> Result<Option<Kept>, Error> {
        Ok(Some(self.kept.lock().unwrap().clone()))
    }
}

pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// A place, and all that is needed to put a good tree there.
pub(super) struct Scene {
    pub(super) dir: tempfile::TempDir,
    pub(super) contents: Memory,
    pub(super) shelf: Shelf,
    pub(super) goal: Manifest,
    pub(super) good: Files,
    /// What stood there.
    pub(super) old: Files,
}

pub(super) fn files(dir: &Path) -> Files {
    let mut found = Files::new();
    let mut todo = vec![dir.to_owned()];
    while let Some(at) = todo.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().to_str().unwrap();
                found.insert(name.to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

pub(super) fn read(dir: &Path) -> Scan {
    let root = Rooted::open(dir).unwrap();
    scan(
        &root,
        &StatCache::default(),
        &DigestsOnly,
        &Silent::default(),
    )
    .unwrap()
}

impl Scene {
    /// A tree stands there that is hurt.
    pub(super) fn new() -> Self {
        Self::after(|place| {
            fs::remove_file(place.join("bin/tool")).unwrap();
            fs::write(place.join("lib/b"), "broken").unwrap();
            fs::write(place.join("lib/mine"), "the last copy").unwrap();
        })
    }

    /// Nothing stands there.
    pub(super) fn of_nothing() -> Self {
        Self::after(|place| fs::remove_dir_all(place).unwrap())
    }

    /// An empty directory stands there, which gives its place.
    pub(super) fn of_empty() -> Self {
        Self::after(|place| {
            fs::remove_dir_all(place).unwrap();
            fs::create_dir(place).unwrap();
        })
    }

    /// What was done to a good tree is what stands there.
    fn after(harm: impl FnOnce(&Path)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("venv");
        fs::create_dir_all(place.join("bin")).unwrap();
        fs::create_dir_all(place.join("lib")).unwrap();
        for (path, text) in [("bin/tool", "tool"), ("lib/a", "a"), ("lib/b", "b")] {
            fs::write(place.join(path), text).unwrap();
        }
        let (good, goal) = (files(&place), read(&place).tree.into_manifest());
        let texts = good.values().map(|text| (Digest::of(text), text.clone()));
        let contents = Memory(texts.collect());
        harm(&place);
        let (old, kept) = if place.exists() {
            (files(&place), read(&place).tree.into_manifest())
        } else {
            Default::default()
        };
        Self {
            dir,
            contents,
            shelf: Shelf {
                keeps: !old.is_empty(),
                kept: Mutex::new(Kept {
                    first: kept.clone(),
                    newest: kept,
                }),
                counts: Mutex::new(false),
                answer: Mutex::new(Answer::Does),
            },
            goal,
            good,
            old,
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn staging(&self, path: &str) -> PathBuf {
        self.path(".venv.snap-restore-staging").join(path)
    }

    pub(super) fn site(&self) -> Site {
        Site::resolve(&self.path("venv")).unwrap()
    }

    pub(super) fn plan(&self) -> Plan<'_> {
        self.plan_keeping(None)
    }

    pub(super) fn plan_keeping(&self, keep: Option<Keep>) -> Plan<'_> {
        let site = self.site();
        let there = site.open().ok();
        let live = there.map(|root| Live::new(root, read(site.path())));
        let is_empty = live.is_some() && self.old.is_empty();
        let how = How {
            may_link: keep.is_none(),
            may_link_special: true,
            preserve: false,
            into_empty: is_empty,
            part: false,
            is_noise: |_| false,
        };
        let goal = Goal {
            manifest: self.goal.clone(),
            ..Goal::default()
        };
        Plan::new(&self.contents, &self.shelf, &site, goal, live, how, keep)
    }

    pub(super) fn staged(&self) -> Staged<'_> {
        self.plan().stage(&Silent::default()).unwrap()
    }

    pub(super) fn verified(&self) -> Verified<'_> {
        self.staged().verify(&Silent::default()).unwrap()
    }

    pub(super) fn swapped(&self) -> Swapped<'_> {
        self.verified().swap(&Silent::default()).unwrap()
    }

    /// The next command comes, and has what the journal names.
    pub(super) fn recover(&self) -> Result<Settled, Error> {
        self.recover_as(Visitor::WithKeeper, Who::Look, &Silent::default())
    }

    /// The next command comes, as somebody in particular.
    pub(super) fn recover_as(
        &self,
        visitor: Visitor,
        who: Who,
        monitor: &dyn Monitor,
    ) -> Result<Settled, Error> {
        let mut settled = Settled::Whole;
        let sources = Sources {
            keeper: &self.shelf,
            contents: &self.contents,
        };
        each_left(&self.site(), |mut left| {
            if visitor == Visitor::OtherUser {
                left.journal.distrust();
            }
            let stand = match visitor {
                _ if left.receipt().incident.is_none() => Stand::Nowhere,
                Visitor::WithKeeper => Stand::Here(sources),
                Visitor::KeeperAway => Stand::Away,
                Visitor::KeeperGone | Visitor::OtherUser => Stand::Nowhere,
            };
            settled = left.complete_or_clean(stand, who, &self.site(), monitor)?;
            Ok::<_, Error>(())
        })?;
        Ok(settled)
    }

    pub(super) fn others(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != "venv").collect()
    }

    /// What stands at the place: nothing is as good as an empty directory here.
    pub(super) fn standing(&self) -> Files {
        let place = self.path("venv");
        if place.exists() {
            files(&place)
        } else {
            Files::new()
        }
    }

    /// The one tree that stays beside the place under a name of its own, if any does.
    pub(super) fn kept_beside(&self, what: &str) -> Option<PathBuf> {
        let others = self.others();
        assert!(others.len() <= 1, "{what}: {others:?}");
        let name = others.first()?;
        assert!(name.contains(".snap-old-"), "{what}: {name}");
        Some(self.path(name))
    }

    /// The new tree stands there, whole.
    pub(super) fn assert_new(&self, what: &str) {
        assert_eq!(self.standing(), self.good, "{what}");
        assert!(scan_is(&read(&self.path("venv")), &self.goal), "{what}");
    }

    /// The new tree stands there with nothing beside it, and what it replaced is kept.
    pub(super) fn assert_done(&self, what: &str) {
        self.assert_new(what);
        assert_eq!(self.others(), Vec::<String>::new(), "{what}");
        assert_eq!(self.shelf.counts(), self.shelf.keeps, "{what}");
    }

    /// What stood there stands there as it did, and nothing is kept of it.
    pub(super) fn assert_undone(&self, what: &str) {
        assert_eq!(self.standing(), self.old, "{what}");
        assert_eq!(self.others(), Vec::<String>::new(), "{what}");
        assert!(!self.shelf.counts(), "{what}");
    }

    pub(super) fn kept_text(&self, path: &str) -> Option<Digest> {
        let path = crate::model::RelPath::new(path.as_bytes()).unwrap();
        self.shelf.newest().get(&path)?.digest()
    }
}

fn scan_is(found: &Scan, goal: &Manifest) -> bool {
    crate::model::compare::compare(goal, found.manifest()).is_empty()
}
