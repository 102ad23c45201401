//! K and E: every command that changes anything is killed, or meets an error, at any of its changing calls. The venv
//! is the old one or the new one and whole, every acknowledged snapshot restores, the next command cleans up, and
//! doing it again brings it to its end (promises 1, 2, 4, 9).

use std::fs;

use crate::injection::Fault;
use crate::lab::{World, files};
use crate::stage::{Case, Rule, Stage};
use crate::support::faults::{can_trace, is_root, skipped};
use crate::support::mounts::Mount;
use crate::support::venv;
use crate::{points, told};

/// What a call may meet: once, or from then on. A call that is interrupted for ever would be tried for ever.
const ERRORS: [Fault; 11] = [
    Fault::Error("EIO", false),
    Fault::Error("ENOSPC", false),
    Fault::Error("EDQUOT", false),
    Fault::Error("EROFS", false),
    Fault::Error("EMFILE", false),
    Fault::Error("EACCES", false),
    Fault::Error("EINTR", false),
    Fault::Error("EIO", true),
    Fault::Error("ENOSPC", true),
    Fault::Error("EROFS", true),
    Fault::Error("EMFILE", true),
];

/// How many points of each case are tried, in the short and in the long version.
const KILLS: (usize, usize) = (16, usize::MAX);
const FAILURES: (usize, usize) = (12, 400);

fn try_all(name: &str, cases: &'static [Case]) {
    if !can_trace() {
        return;
    }
    let faults: [(&str, &[Fault], usize); 2] = [
        ("K", &[Fault::Kill], points(KILLS.0, KILLS.1)),
        ("E", &ERRORS, points(FAILURES.0, FAILURES.1)),
    ];
    let mut counts = [(0, 0); 2];
    let mut lost = Vec::new();
    let only = std::env::var("VENV_SNAP_CASE").ok();
    let is_wanted = |case: &&'static Case| only.as_ref().is_none_or(|name| name == case.name);
    let cases: Vec<&'static Case> = cases.iter().filter(is_wanted).collect();
    for stage in cases.iter().copied().filter_map(Stage::new) {
        for ((_, faults, points), (tried, broken)) in faults.iter().zip(&mut counts) {
            let (count, mut why) = stage.hurt(faults, *points);
            *tried += count;
            *broken += why.len();
            lost.append(&mut why);
        }
    }
    for ((harness, ..), (tried, broken)) in faults.iter().zip(counts) {
        told(&format!("{harness} {name}"), tried, tried - broken);
    }
    assert!(
        lost.is_empty(),
        "{} broken promises\n{}",
        lost.len(),
        lost.join("\n")
    );
    let killed = counts[0].0;
    assert!(
        killed >= cases.len() * 3,
        "the kills did not reach {name}: {killed}"
    );
}

const fn case(
    name: &'static str,
    world: fn() -> World,
    args: &'static str,
    rules: &'static [Rule],
) -> Case {
    Case {
        name,
        world,
        args,
        rules,
    }
}

#[test]
fn a_save_killed_or_failing_anywhere_loses_no_snapshot_and_can_be_done_again() {
    const CASES: &[Case] = &[
        case("first save", World::unsaved, "save venv", &[]),
        case("save", changed, "save venv", &[]),
        case("save of nothing new", saved, "save venv --label again", &[]),
        case("save and pin", changed, "save venv --pin --note text", &[]),
    ];
    try_all("save", CASES);
}

#[test]
fn a_restore_killed_or_failing_anywhere_leaves_the_old_venv_or_the_new_one() {
    const CASES: &[Case] = &[
        case("restore", hurt, "restore venv $2", &[Rule::Undo]),
        case(
            "restore an older state",
            hurt,
            "restore venv $0",
            &[Rule::Undo],
        ),
        case(
            "restore one package",
            hurt,
            "restore venv $2 --only click",
            &[Rule::Undo],
        ),
        case("heal", hurt, "restore venv $2 --heal", &[Rule::Undo]),
        case(
            "restore a copy",
            hurt,
            "restore venv $2 --copy",
            &[Rule::Undo],
        ),
        case("undo", undone, "undo venv", &[Rule::Toggles]),
    ];
    try_all("restore", CASES);
}

#[test]
fn a_restore_of_another_kind_killed_or_failing_anywhere_is_as_safe() {
    const CASES: &[Case] = &[
        case(
            "restore and keep the old",
            hurt,
            "restore venv $2 --keep-old",
            &[],
        ),
        case(
            "restore elsewhere",
            hurt,
            "restore venv $1 --to out",
            &[Rule::Once],
        ),
        case("restore into nothing", gone, "restore venv $2", &[]),
        case(
            "restore by two renames",
            hurt,
            "restore venv $2",
            &[Rule::Gap, Rule::Undo],
        ),
        case(
            "restore in place",
            mounted,
            "restore venv $2",
            &[Rule::InPlace, Rule::Undo],
        ),
        case(
            "restore in part",
            holed,
            "restore venv $2 --partial",
            &[Rule::Damaged],
        ),
    ];
    try_all("restore otherwise", CASES);
}

#[test]
fn the_care_of_a_store_killed_or_failing_anywhere_hurts_no_snapshot_that_stays() {
    const CASES: &[Case] = &[
        case("pin", saved, "pin $0", &[]),
        case("unpin", pinned, "unpin $0", &[]),
        case("forget", saved, "forget $0", &[Rule::Once]),
        case("forget by policy", saved, "forget --keep-last 1", &[]),
        case("undelete", forgotten, "undelete $0", &[Rule::Once]),
        case("prune", forgotten, "prune --grace 0", &[Rule::Drops]),
        case("repair", damaged, "verify --repair", &[Rule::Damaged]),
        case("rebuild the index", unindexed, "rebuild-index", &[]),
    ];
    try_all("care", CASES);
}

#[test]
fn an_export_killed_or_failing_anywhere_leaves_no_file_or_a_whole_one() {
    const CASES: &[Case] = &[
        case("export", saved, "export $0 out.tar", &[Rule::Once]),
        case(
            "export over a file",
            exported,
            "export $0 out.tar --force",
            &[],
        ),
        case(
            "export compressed",
            saved,
            "export $1 out.tar.zst",
            &[Rule::Once],
        ),
    ];
    try_all("export", CASES);
}

fn saved() -> World {
    World::new()
}

/// Saved, and changed since.
fn changed() -> World {
    let world = World::new();
    fs::write(world.sandbox.venv().join("data.bin"), b"changed\n").unwrap();
    world
}

fn hurt() -> World {
    let world = World::new();
    world.hurt();
    world
}

fn undone() -> World {
    let world = hurt();
    world.sandbox.ok(&["restore", "venv", &world.saved[2]]);
    world
}

fn gone() -> World {
    let world = World::new();
    fs::remove_dir_all(world.sandbox.venv()).unwrap();
    world
}

fn mounted() -> World {
    if !is_root() {
        skipped(1, "a restore in place needs a mount point");
        return hurt();
    }
    let mut world = hurt();
    let from = world.sandbox.path("aside");
    fs::rename(world.sandbox.venv(), &from).unwrap();
    world.mount = Mount::tmpfs(&world.sandbox.venv(), "size=16m");
    venv::copy(&from.join("."), &world.sandbox.venv());
    fs::remove_dir_all(from).unwrap();
    world
}

/// One file of the newest snapshot is lost, and the venv no longer has it.
fn holed() -> World {
    let world = hurt();
    fs::remove_file(world.sandbox.venv().join("stays-2.bin")).unwrap();
    let packs = files(&world.sandbox.path("store/packs"));
    let newest = packs
        .iter()
        .max_by_key(|pack| fs::metadata(pack).unwrap().modified().unwrap());
    let mut bytes = fs::read(newest.unwrap()).unwrap();
    let end = bytes.len() / 2;
    bytes[end] ^= 1;
    fs::write(newest.unwrap(), bytes).unwrap();
    world
}

fn pinned() -> World {
    let world = World::new();
    world.sandbox.ok(&["pin", &world.saved[0]]);
    world
}

fn forgotten() -> World {
    let world = World::new();
    world
        .sandbox
        .ok(&["forget", &world.saved[0], &world.saved[1]]);
    world
}

/// A bit of every pack, in a table or in a frame, and one of a snapshot file.
fn damaged() -> World {
    let world = World::new();
    let flip = |path: &std::path::Path, from_end: usize| {
        let mut bytes = fs::read(path).unwrap();
        let at = bytes.len() - from_end;
        bytes[at] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    let packs = files(&world.sandbox.path("store/packs"));
    flip(&packs[0], 10);
    flip(&packs[1], 200);
    flip(&files(&world.sandbox.path("store/snapshots"))[0], 100);
    world
}

fn unindexed() -> World {
    let world = World::new();
    fs::write(world.sandbox.path("store/index.db"), b"no database").unwrap();
    world
}

fn exported() -> World {
    let world = World::new();
    fs::write(world.sandbox.path("out.tar"), b"an older export").unwrap();
    world
}
