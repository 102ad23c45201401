//! No room: exit 3, the old venv whole, the store sound, nothing left behind.

use std::fs;

use crate::support::faults::needs_root;
use crate::support::mounts::{Mount, fill};
use crate::support::{Sandbox, Tree, venv};

#[test]
fn a_full_store_refuses_a_save_at_every_fill_level_and_stays_sound() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let Some(_mount) = Mount::tmpfs(&sandbox.path("disk"), "size=4m") else {
        return;
    };
    let store = sandbox.path("disk/store");
    let store = store.to_str().unwrap();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv", "--store", store]);
    let good = Tree::of(&sandbox.venv());
    venv::write(&sandbox.venv(), "big", &venv::noise(300_000));
    let (mut refused, mut done) = (0, 0);
    for free in (0..700).step_by(28) {
        let _ = fs::remove_file(sandbox.path("disk/filler"));
        fill(&sandbox.path("disk"), free);
        let run = sandbox.snap(&["save", "venv", "--store", store]);
        assert!(
            run.code == 0 || run.code == 3 && run.stderr.contains("hint: "),
            "{free} KiB: {run}"
        );
        if run.code == 0 {
            done += 1;
        } else {
            refused += 1;
        }
        assert_eq!(
            fs::read_dir(sandbox.path("disk/store/tmp"))
                .unwrap()
                .count(),
            0,
            "{free} KiB"
        );
        fs::remove_file(sandbox.path("disk/filler")).unwrap();
        sandbox.ok(&[
            "restore", "venv", "latest", "--to", "now", "--exact", "--store", store,
        ]);
        fs::remove_dir_all(sandbox.path("now")).unwrap();
        if done > 1 {
            break;
        }
    }
    assert!(refused > 3 && done > 0, "refused {refused}, done {done}");
    let list = sandbox.json(0, &["list", "--store", store]);
    let first = list["snapshots"][0]["id"].as_str().unwrap();
    sandbox.ok(&[
        "restore", "venv", first, "--to", "out", "--exact", "--store", store,
    ]);
    good.assert_same(&Tree::of(&sandbox.path("out")), "the first snapshot");
}

#[test]
fn a_full_disk_or_one_without_inodes_refuses_a_restore_and_keeps_the_venv() {
    if !needs_root() {
        return;
    }
    for options in ["size=2m", "size=8m,nr_inodes=60"] {
        let sandbox = Sandbox::new();
        let Some(_mount) = Mount::tmpfs(&sandbox.path("disk"), options) else {
            return;
        };
        venv::tiny(&sandbox.path("disk/venv"));
        venv::write(&sandbox.path("disk/venv"), "big", &venv::noise(400_000));
        sandbox.ok(&["save", "disk/venv"]);
        fs::write(sandbox.path("disk/venv/big"), b"").unwrap();
        for n in 0..18 {
            fs::remove_file(sandbox.path("disk/venv").join(format!("none{n}"))).unwrap_err();
        }
        if options.contains("inodes") {
            let mut n = 0;
            while fs::write(sandbox.path(&format!("disk/filler{n}")), b"").is_ok() {
                n += 1;
            }
        } else {
            fill(&sandbox.path("disk"), 100);
        }
        let hurt = Tree::of(&sandbox.path("disk/venv"));
        let ids = sandbox.ids();
        let run = sandbox.code(3, &["restore", "disk/venv"]);
        assert!(run.stderr.contains("hint: "), "{run}");
        hurt.assert_same(&Tree::of(&sandbox.path("disk/venv")), options);
        assert_eq!(
            sandbox.ids(),
            ids,
            "no snapshot of a restore that did not happen"
        );
        let names: Vec<_> = fs::read_dir(sandbox.path("disk"))
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .filter(|name| !name.to_string_lossy().starts_with("filler"))
            .collect();
        assert_eq!(names, ["venv"], "{options}");
    }
}

#[test]
fn a_store_that_cannot_take_the_replaced_state_refuses_unless_it_is_kept_beside() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let Some(_mount) = Mount::tmpfs(&sandbox.path("disk"), "size=3m") else {
        return;
    };
    let store = sandbox.path("disk/store");
    let store = store.to_str().unwrap();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv", "--store", store]);
    let good = Tree::of(&sandbox.venv());
    venv::write(&sandbox.venv(), "bin/tool", &venv::noise(200_000));
    let hurt = Tree::of(&sandbox.venv());
    fill(&sandbox.path("disk"), 60);
    let run = sandbox.code(3, &["restore", "venv", "--store", store]);
    assert!(
        run.stderr.contains("cannot be saved") && run.stderr.contains("--keep-old"),
        "{run}"
    );
    hurt.assert_same(&Tree::of(&sandbox.venv()), "refused");
    assert_eq!(sandbox.debris(), Vec::<String>::new());
    let run = sandbox.ok(&["restore", "venv", "--keep-old", "--store", store]);
    good.assert_same(&Tree::of(&sandbox.venv()), "restored");
    let kept = fs::read_dir(sandbox.root())
        .unwrap()
        .map(|e| e.unwrap().path())
        .find(|path| path.to_string_lossy().contains(".snap-old-"));
    hurt.assert_same(&Tree::of(&kept.unwrap_or_else(|| panic!("{run}"))), "kept");
}

#[test]
fn a_read_only_store_still_restores() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let Some(mount) = Mount::tmpfs(&sandbox.path("disk"), "size=8m") else {
        return;
    };
    let store = sandbox.path("disk/store");
    let store = store.to_str().unwrap();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv", "--store", store]);
    let good = Tree::of(&sandbox.venv());
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    let hurt = Tree::of(&sandbox.venv());
    mount.read_only(true);
    sandbox.code(1, &["diff", "venv", "--store", store]);
    sandbox.ok(&["list", "--store", store]);
    let run = sandbox.code(3, &["restore", "venv", "--store", store]);
    assert!(run.stderr.contains("--keep-old"), "{run}");
    hurt.assert_same(&Tree::of(&sandbox.venv()), "refused");
    sandbox.ok(&["restore", "venv", "--keep-old", "--store", store]);
    good.assert_same(&Tree::of(&sandbox.venv()), "restored");
    // Where nothing is replaced, nothing needs to be saved.
    fs::remove_dir_all(sandbox.venv()).unwrap();
    sandbox.ok(&["restore", "venv", "--store", store]);
    good.assert_same(&Tree::of(&sandbox.venv()), "restored into an empty place");
    let run = sandbox.code(3, &["save", "venv", "--store", store]);
    assert!(run.stderr.contains("hint: "), "{run}");
}

#[test]
fn a_store_without_inodes_refuses_a_save_and_stays_sound() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let Some(_mount) = Mount::tmpfs(&sandbox.path("disk"), "size=8m,nr_inodes=40") else {
        return;
    };
    let store = sandbox.path("disk/store");
    let store = store.to_str().unwrap();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv", "--store", store]);
    let good = Tree::of(&sandbox.venv());
    let mut fillers = 0;
    while fs::write(sandbox.path(&format!("disk/filler{fillers}")), b"").is_ok() {
        fillers += 1;
    }
    venv::write(&sandbox.venv(), "new", b"new");
    let run = sandbox.code(3, &["save", "venv", "--store", store]);
    assert!(run.stderr.contains("hint: "), "{run}");
    assert_eq!(
        fs::read_dir(sandbox.path("disk/store/tmp"))
            .unwrap()
            .count(),
        0
    );
    sandbox.ok(&[
        "restore", "venv", "--to", "out", "--exact", "--store", store,
    ]);
    good.assert_same(&Tree::of(&sandbox.path("out")), "the first snapshot");
    for n in 0..fillers {
        fs::remove_file(sandbox.path(&format!("disk/filler{n}"))).unwrap();
    }
    sandbox.ok(&["save", "venv", "--store", store]);
}

#[test]
fn a_restore_in_place_needs_room_only_for_what_differs() {
    // Files with a second name, as uv's cache gives them, were counted though nothing of them is staged.
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let Some(_mount) = Mount::tmpfs(&sandbox.venv(), "size=2m") else {
        return;
    };
    venv::tiny(&sandbox.venv());
    venv::write(&sandbox.venv(), "big", &venv::noise(600_000));
    fs::hard_link(sandbox.venv().join("big"), sandbox.venv().join("twin")).unwrap();
    sandbox.ok(&["save", "venv"]);
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    fill(&sandbox.venv(), 300);
    let run = sandbox.ok(&["restore", "venv"]);
    assert!(run.stdout.contains("replaced one by one"), "{run}");
    assert!(sandbox.venv().join("bin/tool").exists(), "{run}");
}

#[test]
fn a_restore_that_can_share_nothing_needs_room_for_every_file_and_says_so_first() {
    // It ran into the full disk in the middle.
    if !needs_root() {
        return;
    }
    for option in ["--copy", "--keep-old"] {
        let sandbox = Sandbox::new();
        let Some(_mount) = Mount::tmpfs(&sandbox.path("disk"), "size=2m") else {
            return;
        };
        venv::tiny(&sandbox.path("disk/venv"));
        venv::write(&sandbox.path("disk/venv"), "big", &venv::noise(600_000));
        sandbox.ok(&["save", "disk/venv"]);
        fs::remove_file(sandbox.path("disk/venv/bin/tool")).unwrap();
        fill(&sandbox.path("disk"), 300);
        let hurt = Tree::of(&sandbox.path("disk/venv"));
        let run = sandbox.code(3, &["restore", "disk/venv", option]);
        assert!(run.stderr.contains("has too little room"), "{run}");
        hurt.assert_same(&Tree::of(&sandbox.path("disk/venv")), option);
        sandbox.ok(&["restore", "disk/venv"]);
    }
}

/// `SQLite` calls it an error of the disk where its shared memory has no room, and that was what people read.
#[test]
fn a_full_store_is_never_told_as_a_bad_disk() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let Some(_mount) = Mount::tmpfs(&sandbox.path("disk"), "size=4m") else {
        return;
    };
    let store = sandbox.path("disk/store");
    let store = store.to_str().unwrap();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv", "--store", store]);
    let mut told = 0;
    for free in (0..120).step_by(12) {
        fill(&sandbox.path("disk"), free);
        for args in [
            &["log"][..],
            &["status", "venv"],
            &["save", "venv", "--force"],
            &["rebuild-index"],
        ] {
            let run = sandbox.snap(&[args, &["--store", store]].concat());
            let what = format!("{free} KiB, {args:?}: {run}");
            assert!(!run.stderr.contains("I/O error"), "{what}");
            assert!(!run.stderr.contains("Error code"), "{what}");
            told += usize::from(run.stderr.contains("there is no space left for it"));
        }
        fs::remove_file(sandbox.path("disk/filler")).unwrap();
    }
    assert!(told > 0, "nothing lacked room");
    sandbox.ok(&["rebuild-index", "--store", store]);
}
