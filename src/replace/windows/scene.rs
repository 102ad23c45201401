//! A place with a hurt tree and a good one, and both windows of the room in memory.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::disk::rooted::Rooted;
use crate::model::{Digest, Entry, Manifest, Node, SnapshotId};
use crate::monitor::{Monitor, Silent};
use crate::replace::stage::Staged;
use crate::replace::verified::Verified;
use crate::replace::{
    Contents, Error, Goal, How, Keeper, Kept, Late, Live, Plan, Receipt, Settled, Sources, Staging,
    Stand, Swapped, Who, Written, each_left,
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

/// A keeper in memory.
pub(super) struct Shelf {
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
            incident: Some(SnapshotId(Digest::of(b"hurt"))),
            brings: false,
        }
    }

    fn commit(&self, _: bool) -> Result<(), Error> {
        *self.counts.lock().unwrap() = true;
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
        found.manifest = (late.whole)(std::mem::take(&mut found.manifest));
        self.kept.lock().unwrap().newest = found.manifest.clone();
        Ok(found)
    }

    fn kept(&self, _: &dyn Monitor) -> Result<Option<Kept>, Error> {
        Ok(Some(self.kept.lock().unwrap().clone()))
    }
}

pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// A tree that is hurt, and all that is needed to put a good one in its place.
pub(super) struct Scene {
    pub(super) dir: tempfile::TempDir,
    pub(super) contents: Memory,
    pub(super) shelf: Shelf,
    pub(super) goal: Manifest,
    pub(super) good: Files,
    pub(super) hurt: Files,
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
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("venv");
        fs::create_dir_all(place.join("bin")).unwrap();
        fs::create_dir_all(place.join("lib")).unwrap();
        for (path, text) in [("bin/tool", "tool"), ("lib/a", "a"), ("lib/b", "b")] {
            fs::write(place.join(path), text).unwrap();
        }
        let (good, goal) = (files(&place), read(&place).manifest);
        let texts = good.values().map(|text| (Digest::of(text), text.clone()));
        let contents = Memory(texts.collect());
        fs::remove_file(place.join("bin/tool")).unwrap();
        fs::write(place.join("lib/b"), "broken").unwrap();
        fs::write(place.join("lib/mine"), "the last copy").unwrap();
        let (hurt, kept) = (files(&place), read(&place).manifest);
        Self {
            dir,
            contents,
            shelf: Shelf {
                kept: Mutex::new(Kept {
                    first: kept.clone(),
                    newest: kept,
                }),
                counts: Mutex::new(false),
                answer: Mutex::new(Answer::Does),
            },
            goal,
            good,
            hurt,
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
        let site = self.site();
        let live = site.open().is_ok().then(|| Live {
            root: site.open().unwrap(),
            scan: read(site.path()),
        });
        let how = How {
            may_link: true,
            may_link_special: true,
            preserve: false,
            into_empty: false,
            part: false,
            is_noise: |_| false,
        };
        let goal = Goal {
            manifest: self.goal.clone(),
            ..Goal::default()
        };
        Plan::new(&self.contents, &self.shelf, &site, goal, live, how, None)
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

    /// The next command comes.
    pub(super) fn recover(&self) -> Result<Settled, Error> {
        let mut settled = Settled::Whole;
        let sources = Sources {
            keeper: &self.shelf,
            contents: &self.contents,
        };
        each_left(&self.site(), |left| {
            let stand = Stand::Here(sources);
            settled = left.complete_or_clean(stand, Who::Look, &self.site(), &Silent::default())?;
            Ok::<_, Error>(())
        })?;
        Ok(settled)
    }

    pub(super) fn others(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != "venv").collect()
    }

    /// The new tree stands there, whole, with nothing beside it, and what it replaced is kept.
    pub(super) fn assert_done(&self, what: &str) {
        assert_eq!(files(&self.path("venv")), self.good, "{what}");
        assert_eq!(self.others(), Vec::<String>::new(), "{what}");
        assert!(self.shelf.counts(), "{what}");
        assert!(scan_is(&read(&self.path("venv")), &self.goal), "{what}");
    }

    /// The old tree stands there as it was, and nothing is kept of it.
    pub(super) fn assert_undone(&self, what: &str) {
        assert_eq!(files(&self.path("venv")), self.hurt, "{what}");
        assert_eq!(self.others(), Vec::<String>::new(), "{what}");
        assert!(!self.shelf.counts(), "{what}");
    }

    pub(super) fn kept_text(&self, path: &str) -> Option<Digest> {
        let path = crate::model::RelPath::new(path.as_bytes()).unwrap();
        self.shelf.newest().get(&path)?.digest()
    }
}

pub(super) fn scan_is(found: &Scan, goal: &Manifest) -> bool {
    crate::model::compare::compare(goal, &found.manifest).is_empty()
}
