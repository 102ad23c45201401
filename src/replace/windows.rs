//! Every window of a crash, with both windows of the room in memory: no store, no root, no tracer. A crash is a value that is
//! forgotten: nothing of it is dropped, as nothing is when a process is killed.

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::sync::Mutex;

    use crate::disk::rooted::Rooted;
    use crate::model::{Digest, Entry, Manifest, Node, SnapshotId};
    use crate::monitor::{Monitor, Silent};
    use crate::replace::disk::apply::apply;
    use crate::replace::route::{InPlace, Route};
    use crate::replace::stage::Staged;
    use crate::replace::verified::Verified;
    use crate::replace::{
        Contents, Error, Goal, How, Keeper, Kept, Late, Live, Plan, Receipt, Settled, Sources,
        Staging, Stand, Swapped, Who, Written, each_left, has_left,
    };
    use crate::tree::Site;
    use crate::tree::scan::{Scan, scan};
    use crate::tree::sink::DigestsOnly;
    use crate::tree::stat_cache::StatCache;

    /// Contents in memory.
    struct Memory(HashMap<Digest, Vec<u8>>);

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
    enum Answer {
        Does,
        Cannot,
        Waits,
    }

    /// A keeper in memory.
    struct Shelf {
        kept: Mutex<Kept>,
        counts: Mutex<bool>,
        answer: Mutex<Answer>,
    }

    impl Shelf {
        fn counts(&self) -> bool {
            *self.counts.lock().unwrap()
        }

        fn newest(&self) -> Manifest {
            self.kept.lock().unwrap().newest.clone()
        }
    }

    impl Keeper for Shelf {
        fn receipt(&self) -> Receipt {
            Receipt {
                store: PathBuf::from("/shelf"),
                snapshot: SnapshotId(Digest::of(b"good")),
                incident: Some(SnapshotId(Digest::of(b"hurt"))),
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
                Answer::Cannot => return Err(Error::Refused("the shelf is full".to_owned())),
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

    type Files = BTreeMap<String, Vec<u8>>;

    /// A tree that is hurt, and all that is needed to put a good one in its place.
    struct Scene {
        dir: tempfile::TempDir,
        contents: Memory,
        shelf: Shelf,
        goal: Manifest,
        good: Files,
        hurt: Files,
    }

    fn files(dir: &Path) -> Files {
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

    fn read(dir: &Path) -> Scan {
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
        fn new() -> Self {
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

        fn path(&self, name: &str) -> PathBuf {
            self.dir.path().join(name)
        }

        fn staging(&self, path: &str) -> PathBuf {
            self.path(".venv.snap-restore-staging").join(path)
        }

        fn site(&self) -> Site {
            Site::resolve(&self.path("venv")).unwrap()
        }

        fn plan(&self) -> Plan<'_> {
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

        fn staged(&self) -> Staged<'_> {
            self.plan().stage(&Silent::default()).unwrap()
        }

        fn verified(&self) -> Verified<'_> {
            self.staged().verify(&Silent::default()).unwrap()
        }

        fn swapped(&self) -> Swapped<'_> {
            self.verified().swap(&Silent::default()).unwrap()
        }

        /// The next command comes.
        fn settle(&self) -> Result<Settled, Error> {
            let mut settled = Settled::Whole;
            let sources = Sources {
                keeper: &self.shelf,
                contents: &self.contents,
            };
            each_left(&self.site(), |left| {
                let stand = Stand::Here(sources);
                settled = left.settle(stand, Who::Look, &self.site(), &Silent::default())?;
                Ok::<_, Error>(())
            })?;
            Ok(settled)
        }

        fn others(&self) -> Vec<String> {
            let entries = fs::read_dir(self.dir.path()).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.filter(|name| name != "venv").collect()
        }

        /// The new tree stands there, whole, with nothing beside it, and what it replaced is kept.
        fn assert_done(&self, what: &str) {
            assert_eq!(files(&self.path("venv")), self.good, "{what}");
            assert_eq!(self.others(), Vec::<String>::new(), "{what}");
            assert!(self.shelf.counts(), "{what}");
            assert!(scan_is(&read(&self.path("venv")), &self.goal), "{what}");
        }

        /// The old tree stands there as it was, and nothing is kept of it.
        fn assert_undone(&self, what: &str) {
            assert_eq!(files(&self.path("venv")), self.hurt, "{what}");
            assert_eq!(self.others(), Vec::<String>::new(), "{what}");
            assert!(!self.shelf.counts(), "{what}");
        }

        fn kept_text(&self, path: &str) -> Option<Digest> {
            let path = crate::model::RelPath::new(path.as_bytes()).unwrap();
            self.shelf.newest().get(&path)?.digest()
        }
    }

    fn scan_is(found: &Scan, goal: &Manifest) -> bool {
        crate::model::compare::compare(goal, &found.manifest).is_empty()
    }

    #[test]
    fn a_crash_before_the_exchange_leaves_the_old_tree_as_it_was() {
        type Bring = fn(&Scene);
        let windows: [(&str, Bring); 5] = [
            ("the journal alone", |scene| {
                std::mem::forget(scene.staged());
                fs::remove_dir_all(scene.staging("")).unwrap();
            }),
            ("staged in part", |scene| {
                std::mem::forget(scene.staged());
                fs::remove_file(scene.staging("lib/b")).unwrap();
            }),
            ("staged", |scene| std::mem::forget(scene.staged())),
            ("verified", |scene| std::mem::forget(scene.verified())),
            ("both trees are named", |scene| {
                let mut verified = scene.verified();
                verified.name_both(&Silent::default()).unwrap();
                std::mem::forget(verified);
            }),
        ];
        for (what, bring) in windows {
            let scene = Scene::new();
            bring(&scene);
            assert_eq!(scene.settle().unwrap(), Settled::Whole, "{what}");
            scene.assert_undone(what);
        }
    }

    #[test]
    fn a_crash_after_the_exchange_is_completed() {
        type Bring = fn(&Scene);
        let windows: [(&str, Bring); 5] = [
            ("exchanged", |scene| std::mem::forget(scene.swapped())),
            ("between two renames", |scene| {
                let mut verified = scene.verified();
                verified.name_both(&Silent::default()).unwrap();
                std::mem::forget(verified);
                let aside = scene.path(".venv.snap-restore-aside");
                fs::rename(scene.path("venv"), aside).unwrap();
            }),
            ("the old tree is removed in part", |scene| {
                std::mem::forget(scene.swapped());
                fs::remove_file(scene.staging("lib/a")).unwrap();
            }),
            ("the old tree is gone", |scene| {
                std::mem::forget(scene.swapped());
                fs::remove_dir_all(scene.staging("")).unwrap();
            }),
            ("all is done", |scene| {
                scene.swapped().finish(&Silent::default());
            }),
        ];
        for (what, bring) in windows {
            let scene = Scene::new();
            bring(&scene);
            assert_eq!(scene.settle().unwrap(), Settled::Whole, "{what}");
            scene.assert_done(what);
            assert_eq!(scene.kept_text("lib/a"), Some(Digest::of(b"a")), "{what}");
        }
    }

    #[test]
    fn a_late_change_is_kept_and_gets_into_no_new_tree_whoever_finishes() {
        for crash in [false, true] {
            let scene = Scene::new();
            let mut swapped = scene.swapped();
            // It has a name in both trees.
            fs::write(scene.staging("lib/a"), "late").unwrap();
            fs::write(scene.staging("lib/new"), "new").unwrap();
            assert_eq!(fs::read(scene.path("venv/lib/a")).unwrap(), b"late");
            if crash {
                std::mem::forget(swapped);
                scene.settle().unwrap();
            } else {
                let done = swapped.finish(&Silent::default());
                assert!(done.unsettled.is_none() && done.kept_old.is_none());
            }
            scene.assert_done(if crash { "after a crash" } else { "at once" });
            assert_eq!(scene.kept_text("lib/a"), Some(Digest::of(b"late")));
            assert_eq!(scene.kept_text("lib/new"), Some(Digest::of(b"new")));
        }
    }

    #[test]
    fn what_cannot_be_kept_stays_beside_the_new_tree_whoever_finishes() {
        for crash in [false, true] {
            let scene = Scene::new();
            let mut swapped = scene.swapped();
            *scene.shelf.answer.lock().unwrap() = Answer::Cannot;
            fs::write(scene.staging("lib/a"), "late").unwrap();
            if crash {
                std::mem::forget(swapped);
                scene.settle().unwrap();
            } else {
                assert!(swapped.finish(&Silent::default()).kept_old.is_some());
            }
            assert_eq!(files(&scene.path("venv")), scene.good, "{crash}");
            let others = scene.others();
            assert_eq!(others.len(), 1, "{others:?}");
            let kept = scene.path(&others[0]);
            assert_eq!(fs::read(kept.join("lib/a")).unwrap(), b"late", "{crash}");
            // Nothing is shared with what stays.
            fs::write(kept.join("lib/a"), "later").unwrap();
            assert_eq!(files(&scene.path("venv")), scene.good, "{crash}");
        }
    }

    #[test]
    fn a_keeper_that_can_do_it_later_is_waited_for() {
        let scene = Scene::new();
        std::mem::forget(scene.swapped());
        fs::write(scene.staging("lib/mine"), "late").unwrap();
        *scene.shelf.answer.lock().unwrap() = Answer::Waits;
        assert!(matches!(scene.settle(), Err(Error::Waits(_))));
        assert!(has_left(&scene.site()));
        *scene.shelf.answer.lock().unwrap() = Answer::Does;
        scene.settle().unwrap();
        scene.assert_done("later");
        assert_eq!(scene.kept_text("lib/mine"), Some(Digest::of(b"late")));
    }

    /// Goes in place, beside or inside the tree, as far as some of the steps, and dies there. Returns whether there were more.
    fn killed_in_place(scene: &Scene, inside: bool, done: usize) -> bool {
        let monitor = Silent::default();
        let mut plan = scene.plan();
        if inside {
            let in_place = InPlace::of("for a test", &plan.goal, plan.live.as_ref(), plan.how);
            plan.route = Route::InPlace(in_place);
        }
        let mut verified = plan.stage(&monitor).unwrap().verify(&monitor).unwrap();
        if !inside {
            verified.name_both(&monitor).unwrap();
            verified = verified.fall_back();
        }
        let (there, steps) = verified.begin_in_place(&monitor).unwrap();
        let staging = verified.staged.space.staging.root();
        apply(&there, Some(staging), &steps[..done.min(steps.len())]).unwrap();
        std::mem::forget(verified);
        done < steps.len()
    }

    #[test]
    fn a_crash_between_any_two_steps_in_place_is_completed() {
        for inside in [false, true] {
            let mut done = 0;
            loop {
                let scene = Scene::new();
                let more = killed_in_place(&scene, inside, done);
                let what = format!("inside: {inside}, {done} steps");
                assert_eq!(scene.settle().unwrap(), Settled::Whole, "{what}");
                scene.assert_done(&what);
                if !more {
                    break;
                }
                done += 1;
            }
            assert!(done > 4, "it took {done} steps");
        }
    }

    #[test]
    fn what_came_in_the_way_of_steps_since_a_crash_is_kept_first() {
        let scene = Scene::new();
        killed_in_place(&scene, false, 0);
        fs::write(scene.path("venv/lib/mine"), "since").unwrap();
        scene.settle().unwrap();
        scene.assert_done("completed");
        assert_eq!(scene.kept_text("lib/mine"), Some(Digest::of(b"since")));
    }

    #[test]
    fn what_both_trees_share_at_the_fall_back_is_staged_afresh_before_it_is_replaced() {
        // The staged name was put over another name of the same file, which changes nothing.
        let scene = Scene::new();
        let monitor = Silent::default();
        let mut verified = scene.verified();
        verified.name_both(&monitor).unwrap();
        fs::write(scene.path("venv/lib/a"), "late").unwrap();
        assert_eq!(fs::read(scene.staging("lib/a")).unwrap(), b"late");
        let mut swapped = verified.fall_back().go_in_place(&monitor).unwrap();
        let done = swapped.finish(&monitor);
        assert_eq!(done.wrong, Vec::new());
        scene.assert_done("in place");
        assert_eq!(scene.kept_text("lib/a"), Some(Digest::of(b"late")));
    }

    #[test]
    fn where_nothing_stands_the_new_tree_is_placed_also_after_a_crash() {
        for crash in [false, true] {
            let scene = Scene::new();
            fs::remove_dir_all(scene.path("venv")).unwrap();
            let mut verified = scene.verified();
            if crash {
                verified.name_both(&Silent::default()).unwrap();
                std::mem::forget(verified);
                scene.settle().unwrap();
            } else {
                let mut swapped = verified.swap(&Silent::default()).unwrap();
                assert!(swapped.finish(&Silent::default()).unsettled.is_none());
            }
            scene.assert_done(if crash { "after a crash" } else { "at once" });
        }
    }

    #[test]
    fn a_tree_that_was_put_there_since_is_not_touched_and_the_old_one_is_kept() {
        let scene = Scene::new();
        std::mem::forget(scene.swapped());
        fs::rename(scene.path("venv"), scene.path("moved")).unwrap();
        fs::create_dir(scene.path("venv")).unwrap();
        fs::write(scene.path("venv/theirs"), "theirs").unwrap();
        scene.settle().unwrap();
        assert_eq!(files(&scene.path("venv")).len(), 1);
        let others = scene.others();
        let kept = others.iter().find(|name| name.contains("-old-")).unwrap();
        assert_eq!(files(&scene.path(kept)), scene.hurt);
    }
}
