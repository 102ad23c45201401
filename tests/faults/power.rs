//! P: the power is cut while the program works, and writes that were not flushed are lost, torn or reordered. Every
//! acknowledged snapshot lists, verifies and restores; the venv is the old one or the new one, whole; the next
//! command cleans up; a plain retry succeeds (promises 1, 2, 4, 9).

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::rig::{FileSystem, Power, Rig};
use crate::story::{Fact, Promised, Story, change, save};
use crate::support::faults::can_trace;
use crate::support::{Tree, venv};
use crate::{points, told};

/// Runs a workload, cuts the power at many points of it, and checks what each leaves.
fn try_all(
    what: &str,
    fs: FileSystem,
    seed: u64,
    work: impl Fn(&Rig, &mut Power, &mut Story),
    check: impl Fn(&Rig, &Story, &Promised, &mut Power),
) {
    let Some(rig) = Rig::new(fs) else {
        return;
    };
    let mut story = Story::default();
    let mut power = rig.start().unwrap();
    work(&rig, &mut power, &mut story);
    let log = power.disk.take_log();
    drop(power);
    let acks: Vec<usize> = story.facts.iter().map(|(at, _)| *at).collect();
    let cuts = rig.cuts(&log, story.ready, &acks, points(20, 100), seed);
    let tried = cuts.len();
    let mut lost = Vec::new();
    for cut in cuts {
        let name = format!("cut at {} of {}, lost: {:?}", cut.at, log.len(), cut.loss);
        let checked = catch_unwind(AssertUnwindSafe(|| {
            let mut power = rig.start_again(cut.content);
            check(&rig, &story, &story.promised(cut.at), &mut power);
        }));
        if let Err(why) = checked {
            let why = why
                .downcast_ref::<String>()
                .map_or("a panic", String::as_str);
            lost.push(format!("{name}: {why}"));
        }
    }
    told(
        &format!("P {what} {}", fs.name()),
        tried,
        tried - lost.len(),
    );
    assert!(
        lost.is_empty(),
        "{} of {tried} lost\n{}",
        lost.len(),
        lost.join("\n\n")
    );
}

/// Checks the store: all that was promised is listed, all that is listed verifies and restores, and the index is sound.
fn check_store(rig: &Rig, story: &Story, promised: &Promised) {
    let list = rig.ok(&["list", "--json"]);
    let verify = rig.ok(&["verify"]);
    for run in [&list, &verify] {
        // The index is a cache, but a cut must not damage it: it would be rebuilt, and the log would be lost.
        let bad = run.stderr.contains("the index of the store") || run.stderr.contains("is gone");
        assert!(!bad, "{run}");
    }
    let list: serde_json::Value = serde_json::from_str(&list.stdout).unwrap();
    let listed: BTreeSet<String> = list["snapshots"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect();
    let missing: Vec<_> = promised.listed.difference(&listed).collect();
    assert!(
        missing.is_empty(),
        "acknowledged and not listed: {missing:?}"
    );
    for id in listed {
        let Some(tree) = story.trees.get(&id) else {
            continue;
        };
        rig.ok(&["restore", "venv", &id, "--to", "out", "--exact"]);
        tree.assert_same(&Tree::of(&rig.sandbox.path("out")), &id);
        fs::remove_dir_all(rig.sandbox.path("out")).unwrap();
    }
}

fn nothing_left(rig: &Rig) {
    let left = fs::read_dir(rig.path("store/tmp")).unwrap().count();
    assert_eq!(left, 0, "files in tmp/");
}

#[test]
fn power_cuts_during_saves_lose_no_acknowledged_snapshot() {
    for (fs, seed) in FileSystem::ALL.into_iter().zip(1..) {
        let work = |rig: &Rig, power: &mut Power, story: &mut Story| {
            venv::tiny(&rig.sandbox.venv());
            save(rig, power, story, "venv");
            story.ready = power.disk.position();
            for number in 0..6 {
                change(&rig.sandbox.venv(), number);
                save(rig, power, story, "venv");
            }
        };
        let check = |rig: &Rig, story: &Story, promised: &Promised, _: &mut Power| {
            check_store(rig, story, promised);
            rig.ok(&["save", "venv"]);
            nothing_left(rig);
        };
        try_all("save", fs, seed, work, check);
    }
}

#[test]
fn power_cuts_during_prunes_hurt_no_snapshot_that_stays() {
    for (fs, seed) in FileSystem::ALL.into_iter().zip(11..) {
        let work = |rig: &Rig, power: &mut Power, story: &mut Story| {
            venv::tiny(&rig.sandbox.venv());
            let mut ids = vec![save(rig, power, story, "venv")];
            story.ready = power.disk.position();
            for number in 0..3 {
                for half in 0..2 {
                    change(&rig.sandbox.venv(), number * 2 + half);
                    ids.push(save(rig, power, story, "venv"));
                }
                let old = ids.drain(..ids.len() - 2).collect();
                story.tell(power, Fact::Forgetting(old));
                rig.ok(&["forget", "--keep-last", "2"]);
                rig.ok(&["prune", "--grace", "0"]);
            }
        };
        let check = |rig: &Rig, story: &Story, promised: &Promised, _: &mut Power| {
            check_store(rig, story, promised);
            rig.ok(&["forget", "--keep-last", "2"]);
            rig.ok(&["prune", "--grace", "0"]);
            nothing_left(rig);
            check_store(rig, story, &Promised::default());
        };
        try_all("prune", fs, seed, work, check);
    }
}

/// Saves two states of a venv on the disk, then restores them in turn, `count` times. `bound` makes the venv a mount
/// point.
fn restores(rig: &Rig, power: &mut Power, story: &mut Story, count: usize, bound: bool) {
    let dir = rig.path("venv");
    venv::tiny(&dir);
    if bound {
        power.bind("venv");
    }
    change(&dir, 0);
    let one = save(rig, power, story, "disk/venv");
    fs::remove_dir_all(dir.join(venv::SITE).join("idna")).unwrap();
    fs::remove_dir_all(dir.join(venv::SITE).join("idna-1.0.dist-info")).unwrap();
    venv::package(&dir, venv::SITE, "wares", &["core.py", "deep/part.py"]);
    change(&dir, 1);
    fs::write(
        dir.join("bin/tool"),
        b"#!/usr/bin/python3\nprint('other')\n",
    )
    .unwrap();
    let other = save(rig, power, story, "disk/venv");
    power.sync();
    story.ready = power.disk.position();
    let mut now = other.clone();
    story
        .facts
        .push((story.ready, Fact::Restored(now.clone(), other.clone())));
    for number in 0..count {
        let to = if number % 2 == 0 { &one } else { &other };
        story.tell(power, Fact::Restoring(to.clone()));
        let done = rig.json(&["restore", "disk/venv", to]);
        let incident = done["incident"].as_str().unwrap().to_owned();
        story
            .trees
            .insert(incident.clone(), story.trees[&now].clone());
        story.tell(power, Fact::Restored(to.clone(), incident));
        story.trees[to].assert_same(&Tree::of(&dir), "before any cut");
        now.clone_from(to);
    }
}

/// Which of the two states the venv is.
fn standing(rig: &Rig, story: &Story, promised: &Promised, in_place: bool) -> String {
    let mut now = Tree::of(&rig.path("venv")).by_itself();
    let old = promised.venv.as_ref().unwrap();
    let mut is = |id: &String| {
        if in_place && promised.under_way.is_some() {
            // Journal and staging stand in the venv's own root, which gets a new time when they come and go.
            let time = story.trees[id].0[Path::new("")].mtime;
            now.0.get_mut(Path::new("")).unwrap().mtime = time;
        }
        story.trees[id] == now
    };
    if let Some(new) = promised.under_way.as_ref().filter(|new| is(new)) {
        return new.clone();
    }
    if !is(old) {
        story.trees[old].assert_same(&now, "neither the old venv nor the new one");
    }
    old.clone()
}

/// Checks that the first command settles what a cut left, that everything promised is there, that the log knows the
/// restores, and that the way on and back is open.
fn check_restored(rig: &Rig, story: &Story, promised: &Promised, in_place: bool) {
    let run = rig.snap(&["diff", "disk/venv"]);
    assert!(run.code <= 1, "{run}");
    let mut left: Vec<_> = fs::read_dir(rig.path(""))
        .unwrap()
        .chain(fs::read_dir(rig.path("venv")).unwrap())
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.retain(|name| name.contains(".snap-"));
    assert_eq!(
        left,
        Vec::<String>::new(),
        "left beside or in the venv: {run}"
    );
    let stands = standing(rig, story, promised, in_place);
    check_store(rig, story, promised);
    let log = rig.json(&["log", "disk/venv"]);
    let timed = |event: &&serde_json::Value| event["took_ms"].is_u64();
    let known = log["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter(timed)
        .count();
    assert!(
        known + 1 >= promised.restores,
        "{known} restores in the log: {log}"
    );
    let old = promised.venv.as_ref().unwrap();
    if stands != *old {
        // The restore happened, so what it replaced can come back.
        rig.ok(&["undo", "disk/venv"]);
        story.trees[old].assert_same(&Tree::of(&rig.path("venv")), "undone");
    }
    let to = promised.under_way.as_ref().unwrap_or(old);
    rig.ok(&["restore", "disk/venv", to]);
    story.trees[to].assert_same(&Tree::of(&rig.path("venv")), "tried again");
    nothing_left(rig);
}

#[test]
fn power_cuts_during_restores_leave_the_old_venv_or_the_new_one() {
    for (fs, seed) in FileSystem::ALL.into_iter().zip(21..) {
        let work = |rig: &Rig, power: &mut Power, story: &mut Story| {
            restores(rig, power, story, 4, false);
        };
        let check = |rig: &Rig, story: &Story, promised: &Promised, _: &mut Power| {
            // Before any command has looked.
            standing(rig, story, promised, false);
            check_restored(rig, story, promised, false);
        };
        try_all("restore", fs, seed, work, check);
    }
}

#[test]
fn power_cuts_during_restores_in_place_are_completed() {
    for (fs, seed) in FileSystem::ALL.into_iter().zip(31..) {
        let work = |rig: &Rig, power: &mut Power, story: &mut Story| {
            restores(rig, power, story, 4, true);
        };
        let check = |rig: &Rig, story: &Story, promised: &Promised, power: &mut Power| {
            power.bind("venv");
            // Each file by itself is an old or a new one at every moment.
            let now = Tree::of(&rig.path("venv"));
            for (path, record) in now.0.iter().filter(|(_, record)| record.kind == "file") {
                let ours = path.to_string_lossy().contains(".snap-restore");
                let known = |tree: &Tree| {
                    tree.0
                        .get(path)
                        .is_some_and(|one| one.content == record.content)
                };
                let whole = ours || story.trees.values().any(known);
                assert!(whole, "{} is neither old nor new", path.display());
            }
            check_restored(rig, story, promised, true);
        };
        try_all("restore in place", fs, seed, work, check);
    }
}

/// A restore cut on btrfs right after its exchange was taken for one that never happened, and its incident snapshot
/// was withdrawn: the journal named devices too, and their numbers are others after each mount.
#[test]
fn a_restore_that_was_exchanged_before_a_reboot_is_known_after_it() {
    if !can_trace() {
        return;
    }
    for fs in FileSystem::ALL {
        let Some(rig) = Rig::new(fs) else {
            return;
        };
        let power = rig.start().unwrap();
        let (dir, staging) = (rig.path("venv"), rig.path(".venv.snap-restore-staging"));
        venv::tiny(&dir);
        rig.ok(&["save", "disk/venv"]);
        let good = Tree::of(&dir);
        fs::write(dir.join("bin/tool"), b"hurt").unwrap();
        let hurt = Tree::of(&dir);
        // The restore is killed while it removes the old tree.
        let args = ["restore", "disk/venv", "--copy", "--store", "disk/store"];
        let killed = (1..100).any(|n| {
            let kill = format!("unlinkat:signal=KILL:when={n}");
            rig.sandbox.snap_traced(&[&kill], &args);
            good == Tree::of(&dir) && staging.exists()
        });
        assert!(killed);
        power.sync();
        let log = power.disk.take_log();
        drop(power);
        // This takes a loop device, so that the disk gets one of another number.
        let _other = Rig::new(FileSystem::Ext4).map(|other| (other.start(), other));
        let _power = rig.start_again(rig.after(&log));
        rig.ok(&["undo", "disk/venv"]);
        assert!(!staging.exists());
        hurt.assert_same(&Tree::of(&dir), fs.name());
    }
}
