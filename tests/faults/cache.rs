//! B: a stat cache that lies, by flipped bits and by digests that are well formed and of other files; rows of packs
//! that are not as they were. What a save keeps is right all the same (promises 6, 7).

use std::fs;

use crate::lab::World;
use crate::points;
use crate::support::Tree;
use crate::wreck::put;

#[test]
fn a_stat_cache_that_lies_cannot_spoil_a_save() {
    let world = World::new();
    let tree = &world.trees[&world.saved[2]];
    let index = world.sandbox.path("store/index.db");
    let clean = fs::read(&index).unwrap();
    for bit in (0..clean.len() * 8).step_by(clean.len() * 8 / points(30, 400)) {
        let mut bytes = clean.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        put(&index, &bytes);
        world.sandbox.ok(&["save", "venv"]);
        tree.assert_same(&world.sandbox.restored_latest(), &format!("bit {bit}"));
    }
    // Not only noise: the digest of each file in the place of another's, as a cache that is well formed has it.
    for turn in 1..=points(3, 12) {
        put(&index, &clean);
        let script = "import sqlite3,sys
c=sqlite3.connect(sys.argv[1])
for venv,body in c.execute('select venv,body from stat_cache where substr(venv,1,6)!=\"status\"').fetchall():
    end=8+32*int.from_bytes(body[:8],'little')
    at=8+32*int(sys.argv[2])
    c.execute('update stat_cache set body=? where venv=?',(body[:8]+body[at:end]+body[8:at]+body[end:],venv))
    print(end-at)
c.commit()";
        let swapped = std::process::Command::new("python3")
            .args(["-c", script])
            .arg(&index)
            .arg(turn.to_string())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&swapped.stdout).into_owned();
        assert!(
            swapped.status.success() && text.trim().parse::<i64>().unwrap() > 0,
            "{text}"
        );
        world.sandbox.ok(&["save", "venv"]);
        tree.assert_same(&world.sandbox.restored_latest(), &format!("turn {turn}"));
    }
}

#[test]
fn a_pack_of_another_length_or_end_than_its_row_is_looked_at_anew() {
    let world = World::new();
    let packs = crate::lab::files(&world.sandbox.path("store/packs"));
    for path in &packs {
        let whole = fs::read(path).unwrap();
        let footer = &whole[whole.len() - 64..];
        let longer = [&whole[..], footer].concat();
        let by_one = [&whole[..], b"x"].concat();
        let mut other = whole.clone();
        other[whole.len() - 40] ^= 1;
        for changed in [&longer, &by_one, &whole[..whole.len() - 1], &other] {
            put(path, changed);
            let run = world.restore_beside(&world.saved[2]);
            assert!(run.stderr.contains("is damaged"), "{run}");
            // Its frames are found without its table.
            assert_eq!(run.code, 0, "{run}");
            let out = world.sandbox.path(crate::lab::BESIDE);
            world.trees[&world.saved[2]].assert_same(&Tree::of(&out), "read without the row");
            fs::remove_dir_all(out).unwrap();
        }
        put(path, &whole);
        let run = world.restore_beside(&world.saved[2]);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
        fs::remove_dir_all(world.sandbox.path(crate::lab::BESIDE)).unwrap();
    }
}
