//! The care of a store: what verify finds, what repair heals, what forget keeps, what prune frees (promises 1, 7).

use crate::support::packs::{change, files, lose, saved};
use std::fs;

use crate::support::faults::can_trace;
use crate::support::{Sandbox, Tree};

/// A file of no known form, so that no two packs hold the same.
fn noise(seed: u32, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761).max(1);
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as u8
        })
        .collect()
}

/// Saves the venv with this content of one file.
fn save_with(sandbox: &Sandbox, content: &[u8]) -> Tree {
    fs::write(sandbox.venv().join("data.bin"), content).unwrap();
    sandbox.ok(&["save", "venv"]);
    Tree::of(&sandbox.venv())
}

fn count(sandbox: &Sandbox, json: &[&str], field: &str) -> u64 {
    sandbox.json(0, json)[field].as_u64().unwrap()
}

#[test]
fn a_good_store_is_verified_whole() {
    let sandbox = saved();
    let seen = sandbox.json(0, &["verify"]);
    assert_eq!(seen["clean"], true);
    assert_eq!(seen["findings"].as_array().unwrap().len(), 0);
    assert!(seen["frames"].as_u64().unwrap() > 0, "{seen}");
}

#[test]
fn every_flipped_bit_and_every_cut_of_a_pack_or_a_snapshot_file_is_found() {
    let sandbox = saved();
    for area in ["store/packs", "store/snapshots"] {
        let file = files(&sandbox.path(area)).remove(0);
        let good = fs::read(&file).unwrap();
        let step = (good.len() * 8 / 60).max(1);
        for bit in (0..good.len() * 8).step_by(step) {
            change(&file, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
            sandbox.code(1, &["verify"]);
            fs::write(&file, &good).unwrap();
        }
        for len in (0..good.len()).step_by((good.len() / 12).max(1)) {
            change(&file, |bytes| bytes.truncate(len));
            sandbox.code(1, &["verify"]);
            fs::write(&file, &good).unwrap();
        }
    }
    sandbox.ok(&["verify"]);
}

#[test]
fn a_lost_file_is_named_in_every_snapshot_and_stays_red_until_it_is_healed() {
    let sandbox = saved();
    fs::write(sandbox.venv().join("data.bin"), noise(1, 9000)).unwrap();
    sandbox.ok(&["save", "venv"]);
    sandbox.ok(&["save", "venv", "--label", "again"]);
    let before: Vec<String> = sandbox.ids();
    let packs = files(&sandbox.path("store/packs"));
    let pack = packs
        .iter()
        .max_by_key(|path| fs::metadata(path).unwrap().modified().unwrap())
        .unwrap();
    let kept = fs::read(pack).unwrap();
    fs::remove_file(pack).unwrap();
    fs::rename(sandbox.venv(), sandbox.path("away")).unwrap();
    for command in [vec!["verify"], vec!["verify", "--repair"]] {
        let seen = sandbox.json(1, &command);
        let hurt = seen["hurt"].as_array().unwrap();
        assert_eq!(hurt.len(), 2, "{seen}");
        assert!(before.len() == 3);
    }
    let away = sandbox.path("away");
    let seen = sandbox.json(0, &["verify", "--repair", "--from", away.to_str().unwrap()]);
    assert_eq!(seen["repaired"]["whole_again"].as_array().unwrap().len(), 2);
    sandbox.ok(&["verify"]);
    let good = Tree::of(&away);
    sandbox.ok(&["restore", "venv"]);
    good.assert_same(&Tree::of(&sandbox.venv()), "healed");
    assert!(!kept.is_empty());
}

#[test]
fn repair_heals_from_a_known_venv_without_being_told() {
    let sandbox = saved();
    for pack in files(&sandbox.path("store/packs")) {
        let len = fs::metadata(&pack).unwrap().len() as usize;
        change(&pack, |bytes| bytes[len / 3] ^= 16);
    }
    sandbox.code(1, &["verify"]);
    let seen = sandbox.json(0, &["verify", "--repair"]);
    assert!(seen["repaired"]["healed"].as_u64().unwrap() > 0, "{seen}");
    assert_eq!(files(&sandbox.path("store/quarantine")).len(), 1);
    sandbox.ok(&["verify"]);
}

#[test]
fn a_pack_that_lost_its_table_loses_nothing() {
    let sandbox = saved();
    let good = Tree::of(&sandbox.venv());
    let pack = files(&sandbox.path("store/packs")).remove(0);
    change(&pack, |bytes| bytes.truncate(bytes.len() - 30));
    fs::remove_dir_all(sandbox.venv()).unwrap();
    let seen = sandbox.json(0, &["verify", "--repair"]);
    assert_eq!(seen["repaired"]["healed"], 0);
    assert_eq!(seen["hurt"].as_array().unwrap().len(), 0, "{seen}");
    sandbox.ok(&["verify"]);
    sandbox.ok(&["restore", "venv"]);
    good.assert_same(&Tree::of(&sandbox.venv()), "salvaged");
}

#[test]
fn one_flipped_bit_of_a_snapshot_file_is_put_right() {
    let sandbox = saved();
    let file = files(&sandbox.path("store/snapshots")).remove(0);
    let good = fs::read(&file).unwrap();
    change(&file, |bytes| bytes[good.len() / 2] ^= 2);
    sandbox.code(3, &["list"]);
    sandbox.ok(&["verify", "--repair"]);
    assert_eq!(fs::read(&file).unwrap(), good);
    sandbox.ok(&["list"]);
}

#[test]
fn a_snapshot_file_beyond_repair_goes_to_quarantine() {
    let sandbox = saved();
    sandbox.ok(&["save", "venv", "--label", "second"]);
    let file = files(&sandbox.path("store/snapshots")).remove(0);
    change(&file, |bytes| bytes.truncate(40));
    sandbox.code(3, &["prune"]);
    sandbox.code(1, &["verify", "--repair"]);
    assert_eq!(files(&sandbox.path("store/quarantine")).len(), 1);
    assert_eq!(sandbox.ids().len(), 1);
}

#[test]
fn rows_of_the_index_that_lie_are_found_and_dropped() {
    let sandbox = saved();
    save_with(&sandbox, &noise(1, 5000));
    let script = "import sqlite3,sys\nc=sqlite3.connect(sys.argv[1])\nr=c.execute('select name,tail from \
        packs').fetchall()\nc.execute('update packs set tail=? where name=?',(r[1][1],r[0][0]))\nc.commit()";
    let done = std::process::Command::new("python3")
        .args(["-c", script])
        .arg(sandbox.path("store/index.db"))
        .status();
    assert!(done.unwrap().success());
    let seen = sandbox.json(1, &["verify"]);
    assert_eq!(seen["findings"][0]["file"], "index.db", "{seen}");
    sandbox.ok(&["verify", "--repair"]);
    sandbox.ok(&["verify"]);
}

#[test]
fn a_snapshot_with_a_hole_restores_only_with_partial_which_names_it() {
    let sandbox = saved();
    let good = save_with(&sandbox, &noise(2, 9000));
    lose(&sandbox, &noise(2, 64));
    fs::remove_dir_all(sandbox.venv()).unwrap();
    let refused = sandbox.code(3, &["restore", "venv"]);
    assert!(refused.stderr.contains("--partial"), "{refused}");
    assert!(!sandbox.venv().exists());
    let seen = sandbox.json(3, &["restore", "venv", "--partial"]);
    assert_eq!(seen["holes"][0]["path"], "data.bin", "{seen}");
    assert_eq!(seen["holes"].as_array().unwrap().len(), 1);
    fs::write(sandbox.venv().join("data.bin"), noise(2, 9000)).unwrap();
    let there = Tree::of(&sandbox.venv());
    assert_eq!(there.0.len(), good.0.len());
}

#[test]
fn a_partial_restore_takes_from_the_venv_what_only_that_still_has() {
    let sandbox = saved();
    save_with(&sandbox, &noise(3, 9000));
    let good = Tree::of(&sandbox.venv());
    lose(&sandbox, &noise(3, 64));
    let config = sandbox.venv().join("pyvenv.cfg");
    let time = fs::metadata(&config).unwrap().modified().unwrap();
    change(&config, |bytes| bytes.push(b'\n'));
    sandbox.ok(&["restore", "venv", "--partial"]);
    assert_eq!(fs::metadata(&config).unwrap().modified().unwrap(), time);
    good.assert_same(&Tree::of(&sandbox.venv()), "partial");
}

#[test]
fn a_partial_restore_gives_up_where_the_store_cannot_take_what_only_the_venv_has() {
    // It went on, and left good files of the venv out of the new tree.
    if !can_trace() {
        return;
    }
    let sandbox = saved();
    save_with(&sandbox, &noise(3, 9000));
    lose(&sandbox, &noise(3, 64));
    change(&sandbox.venv().join("pyvenv.cfg"), |bytes| {
        bytes.push(b'\n');
    });
    let there = Tree::of(&sandbox.venv());
    let failing = "fdatasync,fsync:error=EIO:when=1";
    let run = sandbox.snap_traced(&[failing], &["restore", "venv", "--partial"]);
    assert_eq!(run.code, 3, "{run}");
    assert!(run.stderr.contains("--keep-old"), "{run}");
    there.assert_same(&Tree::of(&sandbox.venv()), "refused");
    let run = sandbox.snap_traced(&[failing], &["restore", "venv", "--partial", "--keep-old"]);
    assert_eq!(run.code, 3, "{run}");
    assert!(!sandbox.venv().join("data.bin").exists(), "{run}");
    let beside = sandbox.root().read_dir().unwrap().flatten();
    let mut kept = beside.filter(|one| one.file_name().to_string_lossy().contains("snap-old"));
    there.assert_same(&Tree::of(&kept.next().unwrap().path()), "kept");
}

#[test]
fn a_sample_reads_a_part_and_never_claims_the_whole() {
    let sandbox = saved();
    for seed in 0..6 {
        save_with(&sandbox, &noise(100 + seed, 4000));
    }
    let all = count(&sandbox, &["verify"], "frames");
    let part = sandbox.json(0, &["verify", "--sample", "20%"]);
    let text = sandbox.ok(&["verify", "--sample", "20%"]).stdout;
    assert!(
        text.contains("in the part that was looked at") && !text.contains("whole"),
        "{text}"
    );
    assert!(part["frames"].as_u64().unwrap() < all, "{part}");
    assert_eq!(part["complete"], false);
    let none = sandbox.json(0, &["verify", "--since", "2100-01-01T00:00:00Z"]);
    assert_eq!(none["frames"], 0);
    assert_eq!(count(&sandbox, &["verify", "--since", "1d"], "frames"), all);
    sandbox.code(2, &["verify", "--sample", "0%"]);
    sandbox.code(2, &["verify", "--sample", "10%", "--repair"]);
}

#[test]
fn an_empty_policy_is_refused_and_a_policy_tells_why_each_snapshot_stays() {
    let sandbox = saved();
    for seed in 0..4 {
        save_with(&sandbox, &noise(seed, 500));
    }
    sandbox.code(2, &["forget"]);
    sandbox.code(2, &["forget", "--keep-last", "0"]);
    sandbox.code(
        2,
        &["forget", "latest", "--venv", "venv", "--keep-last", "1"],
    );
    let told = sandbox.json(0, &["forget", "--keep-last", "2", "--dry-run"]);
    assert_eq!(told["forgotten"].as_array().unwrap().len(), 3);
    assert_eq!(told["kept"][1]["reasons"][0], "newest baseline");
    assert_eq!(sandbox.ids().len(), 5);
    sandbox.ok(&["forget", "--keep-last", "2"]);
    assert_eq!(sandbox.ids().len(), 2);
}

#[test]
fn a_pinned_snapshot_is_never_forgotten() {
    let sandbox = saved();
    let first = sandbox.ids().remove(0);
    sandbox.ok(&["pin", &first]);
    save_with(&sandbox, b"two");
    let refused = sandbox.code(3, &["forget", &first]);
    assert!(refused.stderr.contains("pinned"), "{refused}");
    sandbox.ok(&["forget", "--keep-last", "1"]);
    assert!(sandbox.ids().contains(&first));
    sandbox.ok(&["unpin", &first]);
    sandbox.ok(&["forget", "--keep-last", "1"]);
    assert!(!sandbox.ids().contains(&first));
}

#[test]
fn what_was_forgotten_comes_back_until_it_is_pruned() {
    let sandbox = saved();
    let old = save_with(&sandbox, &noise(7, 200_000));
    let id = sandbox.ids().pop().unwrap();
    save_with(&sandbox, &noise(8, 200_000));
    sandbox.ok(&["forget", &id]);
    sandbox.ok(&["prune"]);
    sandbox.ok(&["undelete", &id]);
    sandbox.ok(&["restore", "venv", &id]);
    old.assert_same(&Tree::of(&sandbox.venv()), "undeleted");
    sandbox.ok(&["forget", &id]);
    sandbox.ok(&["prune", "--grace", "0"]);
    sandbox.code(10, &["undelete", &id]);
}

#[test]
fn prune_frees_what_nothing_needs_and_all_that_stays_restores() {
    let sandbox = saved();
    let mut trees = Vec::new();
    for seed in 0..6 {
        let stays = sandbox.venv().join(format!("stays-{seed}.bin"));
        fs::write(stays, noise(seed + 50, 100_000)).unwrap();
        let tree = save_with(&sandbox, &noise(seed, 300_000));
        trees.push((sandbox.ids().pop().unwrap(), tree));
    }
    // A file of each forgotten save is still needed, so their packs are written anew.
    sandbox.ok(&["forget", &trees[1].0, &trees[3].0]);
    let told = sandbox.json(0, &["prune", "--grace", "0", "--dry-run"]);
    let size = |sandbox: &Sandbox| -> u64 {
        let packs = files(&sandbox.path("store/packs"));
        packs
            .iter()
            .map(|path| fs::metadata(path).unwrap().len())
            .sum()
    };
    let before = size(&sandbox);
    assert_eq!(told["bytes_before"], before);
    let done = sandbox.json(0, &["prune", "--grace", "0"]);
    assert_eq!(done["rewritten"], 2, "{done}");
    assert!(before - size(&sandbox) > 550_000, "{done}");
    sandbox.ok(&["verify"]);
    for (id, tree) in [&trees[0], &trees[2], &trees[4], &trees[5]] {
        sandbox.ok(&["restore", "venv", id]);
        tree.assert_same(&Tree::of(&sandbox.venv()), id);
    }
    assert!(files(&sandbox.path("store/tmp")).is_empty());
}

#[test]
fn many_small_packs_become_few() {
    let sandbox = saved();
    for seed in 0..18 {
        save_with(&sandbox, &noise(seed, 100));
    }
    assert!(files(&sandbox.path("store/packs")).len() > 16);
    let good = Tree::of(&sandbox.venv());
    sandbox.ok(&["prune", "--grace", "0"]);
    assert!(files(&sandbox.path("store/packs")).len() < 4);
    sandbox.ok(&["verify"]);
    fs::remove_dir_all(sandbox.venv()).unwrap();
    sandbox.ok(&["restore", "venv"]);
    good.assert_same(&Tree::of(&sandbox.venv()), "joined");
}

#[test]
fn prune_and_repair_wait_for_others_and_say_when_they_gave_up() {
    let sandbox = saved();
    let lock = fs::File::open(sandbox.path("store/lock")).unwrap();
    lock.lock_shared().unwrap();
    sandbox.code(11, &["prune", "--lock-wait", "0"]);
    sandbox.code(11, &["verify", "--repair", "--lock-wait", "0"]);
    sandbox.ok(&["verify"]);
    drop(lock);
    sandbox.ok(&["prune"]);
}
