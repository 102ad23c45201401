//! B: flipped bits, cuts, zeroed blocks, deletions and swaps in every kind of file. Damage of the truth is found,
//! exposes nothing wrong, hurts no other snapshot, and is healed from a live venv; damage of a cache is harmless
//! (promises 3, 6, 7).

use std::fs;
use std::ops::Range;
use std::path::Path;

use crate::lab::{BESIDE, World, files};
use crate::support::faults::can_trace;
use crate::support::{Run, Tree, venv};
use crate::wreck::{Class, put, try_all};
use crate::{points, told};

const ALL: fn(&[u8]) -> Range<usize> = |bytes| 0..bytes.len();

fn table_start(pack: &[u8]) -> usize {
    let footer = pack.len() - 64;
    u64::from_le_bytes(pack[footer..footer + 8].try_into().unwrap()) as usize
}

/// Restores a snapshot beside the venv: as it was, or, with an error, not at all. Returns whether it came back.
fn all_or_nothing(world: &World, id: &str, what: &str) -> bool {
    let run = world.restore_beside(id);
    let out = world.sandbox.path(BESIDE);
    assert_eq!(run.code == 0, out.exists(), "{what}: {run}");
    if run.code == 0 {
        world.trees[id].assert_same(&Tree::of(&out), what);
        fs::remove_dir_all(out).unwrap();
        return true;
    }
    assert!(matches!(run.code, 3 | 10), "{what}: {run}");
    assert!(run.stderr.contains("error: "), "{what}: {run}");
    false
}

/// The ids of the snapshots that a `verify` says are hurt.
fn hurt_by(run: &Run) -> Vec<String> {
    let seen: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let list = seen["hurt"].as_array().unwrap();
    let id = |one: &serde_json::Value| one["snapshot"]["id"].as_str().unwrap().to_owned();
    list.iter().map(id).collect()
}

/// Checks that damage is found, that nothing wrong comes out, that other snapshots restore, and that what the live venv
/// has comes back.
fn found_and_healed(world: &World, path: &Path, what: &str) {
    let seen = world.sandbox.snap(&["verify", "--json"]);
    if path.parent().unwrap().ends_with("snapshots") && !path.exists() {
        // A snapshot file that is gone takes nothing with it.
        let seen: serde_json::Value = serde_json::from_str(&seen.stdout).unwrap();
        let name = path.file_name().unwrap().to_str();
        assert_eq!(seen["missing"][0].as_str(), name, "{what} is not missed");
        for id in crate::lab::names(path.parent().unwrap()) {
            assert!(all_or_nothing(world, &id, what), "{what} hurts {id}");
        }
        return;
    }
    assert!(matches!(seen.code, 1 | 3), "{what} is not found: {seen}");
    let hurt = hurt_by(&seen);
    let listed = crate::lab::names(&world.sandbox.path("store/snapshots"));
    let is_snapshot = path.parent().unwrap().ends_with("snapshots");
    for id in &world.saved {
        let whole = all_or_nothing(world, id, what);
        let spared = listed.contains(id) && !hurt.contains(id) && !is_snapshot;
        assert!(
            whole || !spared,
            "{what} hurts {id}, and verify does not say so"
        );
        assert!(
            !whole || !hurt.contains(id),
            "{what} does not hurt {id}: {seen}"
        );
    }
    let mended = world.sandbox.snap(&["verify", "--repair", "--json"]);
    assert!(matches!(mended.code, 0 | 1), "{what}: {mended}");
    let newest = world.saved.last().unwrap();
    if !is_snapshot {
        assert!(
            all_or_nothing(world, newest, what),
            "{what} is not healed: {mended}"
        );
    }
    let again = world.sandbox.snap(&["verify", "--json"]);
    assert_eq!(again.code, mended.code, "{what}: {mended}\n{again}");
    // What could not be healed is stored anew.
    world.sandbox.ok(&["save", "venv"]);
    let last = world.sandbox.restored_latest();
    world.trees[newest].assert_same(&last, what);
}

#[test]
fn damage_of_the_truth_is_found_exposes_nothing_and_is_healed_from_a_live_venv() {
    let world = World::new();
    let classes = [
        Class {
            name: "pack header",
            dir: "store/packs",
            part: |_| 0..16,
        },
        Class {
            name: "pack frames",
            dir: "store/packs",
            part: |pack| 16..table_start(pack),
        },
        Class {
            name: "pack table",
            dir: "store/packs",
            part: |pack| table_start(pack)..pack.len() - 64,
        },
        Class {
            name: "pack footer",
            dir: "store/packs",
            part: |pack| pack.len() - 64..pack.len(),
        },
        Class {
            name: "snapshot file",
            dir: "store/snapshots",
            part: ALL,
        },
    ];
    for class in &classes {
        try_all(&world, class, points(32, 220), &found_and_healed);
    }
}

/// Checks that every snapshot restores, and that nothing is found once the cache is made anew.
fn harmless(world: &World, _: &Path, what: &str) {
    for id in &world.saved {
        assert!(all_or_nothing(world, id, what), "{what} hurts {id}");
    }
    world.sandbox.ok(&["save", "venv"]);
    let last = world.sandbox.restored_latest();
    world.trees[world.saved.last().unwrap()].assert_same(&last, what);
    world.sandbox.ok(&["rebuild-index"]);
    world.sandbox.ok(&["verify"]);
}

#[test]
fn damage_of_the_index_is_harmless() {
    let world = World::new();
    let class = Class {
        name: "SQLite pages",
        dir: "store/index",
        part: ALL,
    };
    // A directory of its own, so that the class has its files alone.
    in_place_of(&world, &["index.db"], &class, points(40, 250), &harmless);
    if !can_trace() {
        return;
    }
    // A process that was killed before it closed the index leaves the log of its writes.
    let run = world
        .sandbox
        .snap_traced(&["unlink:signal=KILL:when=1"], &["save", "venv"]);
    let wal = world.sandbox.path("store/index.db-wal");
    assert!(
        wal.exists() && fs::metadata(&wal).unwrap().len() > 0,
        "{run}"
    );
    let class = Class {
        name: "WAL",
        dir: "store/index",
        part: ALL,
    };
    in_place_of(
        &world,
        &["index.db-wal", "index.db-shm"],
        &class,
        points(30, 200),
        &harmless,
    );
}

/// Wrecks some files of the store's own directory.
fn in_place_of(
    world: &World,
    names: &[&str],
    class: &Class,
    count: usize,
    check: &dyn Fn(&World, &Path, &str),
) {
    let aside = world.sandbox.path(class.dir);
    fs::create_dir(&aside).unwrap();
    for name in names {
        fs::rename(
            world.sandbox.path(&format!("store/{name}")),
            aside.join(name),
        )
        .unwrap();
    }
    try_all(world, class, count, &|world, path, what| {
        for file in files(&aside) {
            let name = file.file_name().unwrap();
            fs::rename(&file, world.sandbox.path("store").join(name)).unwrap();
        }
        fs::remove_dir(&aside).unwrap();
        check(world, path, what);
    });
    for file in files(&aside) {
        fs::rename(
            &file,
            world.sandbox.path("store").join(file.file_name().unwrap()),
        )
        .unwrap();
    }
    fs::remove_dir(aside).unwrap();
}

#[test]
fn damage_of_a_header_a_pin_or_a_forgotten_snapshot_is_refused_or_found() {
    let mut world = World::new();
    world.sandbox.ok(&["pin", &world.saved[1]]);
    world.sandbox.ok(&["forget", &world.saved[0]]);
    let gone = world.saved.remove(0);
    let class = Class {
        name: "store header",
        dir: "store/header",
        part: ALL,
    };
    in_place_of(
        &world,
        &["venv-snap.json"],
        &class,
        points(25, 150),
        &|world, _, what| {
            for command in [
                &["list"][..],
                &["save", "venv"],
                &["restore", "venv", &gone],
            ] {
                let before = Tree::of(&world.sandbox.venv());
                let run = world.sandbox.snap(command);
                let made_anew = command[0] == "save" && run.code == 3;
                assert!(made_anew || matches!(run.code, 3 | 10), "{what}: {run}");
                before.assert_same(&Tree::of(&world.sandbox.venv()), what);
            }
        },
    );
    let class = Class {
        name: "pin",
        dir: "store/pins",
        part: ALL,
    };
    let backup = world.backup();
    for content in [&b"x"[..], &[0; 4096], b"{}"] {
        put(&files(&world.sandbox.path("store/pins"))[0], content);
        assert_eq!(
            world.sandbox.code(3, &["forget", &world.saved[0]]).stdout,
            ""
        );
        harmless(&world, Path::new(""), class.name);
        world.put_back(&backup);
    }
    told("B pin", 3, 3);
    let class = Class {
        name: "forgotten snapshot",
        dir: "store/forgotten",
        part: ALL,
    };
    try_all(&world, &class, points(25, 150), &|world, path, what| {
        let run = world.sandbox.snap(&["verify"]);
        assert_eq!(run.code, 1, "{what} is not found: {run}");
        let run = world.sandbox.snap(&["undelete", &gone]);
        assert!(matches!(run.code, 3 | 10), "{what}: {run}");
        for id in &world.saved {
            assert!(all_or_nothing(world, id, what), "{what} hurts {id}");
        }
        if !path.exists() {
            // Until a prune the snapshot can come back. So it is missed, and only a person gives it up.
            world.sandbox.code(1, &["verify", "--repair"]);
            world.sandbox.ok(&["unpin", &gone]);
        }
        let mended = world.sandbox.ok(&["verify", "--repair"]);
        world.sandbox.ok(&["verify"]);
        if mended.stdout.contains("mended") {
            world.sandbox.ok(&["undelete", &gone]);
            assert!(all_or_nothing(world, &gone, what), "{what}");
        }
    });
}

#[test]
fn damage_of_a_journal_is_never_followed() {
    if !can_trace() {
        return;
    }
    let mut world = World::new();
    world.hurt();
    let hurt = Tree::of(&world.sandbox.venv());
    // The restore is killed at the exchange.
    let restore = ["restore", "venv", &world.saved[2].clone()];
    let journal = world.sandbox.path(".venv.snap-restore-journal");
    let backup = world.backup();
    let killed = |number| {
        world.put_back(&backup);
        let kill = format!("renameat2:signal=KILL:when={number}");
        world.sandbox.snap_traced(&[&kill], &restore);
        fs::read_to_string(&journal).is_ok_and(|text| text.contains("\"swap\""))
    };
    assert!((1..20).any(killed), "the exchange was not found");
    hurt.assert_same(
        &Tree::of(&world.sandbox.venv()).alone(),
        "not yet exchanged",
    );
    world.trees.insert("hurt".to_owned(), hurt);
    let class = Class {
        name: "journal",
        dir: "journal",
        part: ALL,
    };
    let aside = world.sandbox.path("journal");
    fs::create_dir(&aside).unwrap();
    let name = journal.file_name().unwrap();
    fs::rename(&journal, aside.join(name)).unwrap();
    try_all(&world, &class, points(30, 200), &|world, path, what| {
        let _ = fs::rename(path, &journal);
        let now = || Tree::of(&world.sandbox.venv()).alone();
        let run = world.sandbox.snap(&restore);
        if run.code != 0 {
            assert_eq!(run.code, 3, "{what}: {run}");
            assert!(run.stderr.contains(".venv.snap-restore-"), "{what}: {run}");
            world.trees["hurt"].assert_same(&now(), what);
            // A person may take both away: the venv is the old one.
            let _ = fs::remove_file(&journal);
            fs::remove_dir_all(world.sandbox.path(".venv.snap-restore-staging")).unwrap();
            world.sandbox.ok(&restore);
        }
        world.trees[&world.saved[2]].assert_same(&now(), what);
        for id in &world.saved {
            assert!(all_or_nothing(world, id, what), "{what} hurts {id}");
        }
    });
}

#[test]
fn damage_of_the_configuration_never_leads_to_a_store_of_its_own() {
    let world = World::new();
    let config = world.sandbox.path(".config/venv-snap/config.toml");
    let store = world.sandbox.path("store");
    let text = format!("# where the store is\nstore = \"{}\"\n", store.display());
    venv::write(
        world.sandbox.root(),
        ".config/venv-snap/config.toml",
        text.as_bytes(),
    );
    let class = Class {
        name: "config.toml",
        dir: ".config/venv-snap",
        part: ALL,
    };
    try_all(&world, &class, points(25, 150), &|world, _, what| {
        let mut command = world.sandbox.command(&["list"]);
        command
            .env_remove("VENV_SNAP_STORE")
            .env("XDG_DATA_HOME", world.sandbox.path("data"));
        let run = Run::of(command);
        // No format guards what a person writes: it is read as it stands, or refused, or names no store.
        let names_it = fs::read_to_string(&config).is_ok_and(|text| {
            text.lines()
                .any(|line| line == format!("store = \"{}\"", store.display()))
        });
        let fine = matches!(run.code, 2 | 3 | 10) || run.code == 0 && names_it;
        assert!(fine, "{what}: {run}");
        for id in &world.saved {
            assert!(all_or_nothing(world, id, what), "{what} hurts {id}");
        }
    });
}

#[test]
fn what_a_pack_held_that_is_gone_is_stored_anew_by_the_next_save() {
    // No repair comes before: it would take the rows of the pack out of the index.
    let world = World::new();
    let newest = world.saved.last().unwrap();
    let packs = world.sandbox.path("store/packs");
    for name in crate::lab::names(&packs) {
        let (pack, away) = (packs.join(&name), world.sandbox.path("away"));
        fs::rename(&pack, &away).unwrap();
        world.sandbox.ok(&["save", "venv"]);
        let last = world.sandbox.restored_latest();
        world.trees[newest].assert_same(&last, &format!("without pack {name}"));
        fs::rename(&away, &pack).unwrap();
    }
}
