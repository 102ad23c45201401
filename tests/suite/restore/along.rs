//! What comes or changes in a venv outside of the part that is restored, while that is done: it stays as somebody made
//! it, by whichever way the part gets to its place.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use crate::support::faults::can_trace;
use crate::support::meanwhile::{hurt_venv, in_incident, mounted};
use crate::support::{Sandbox, venv};

const STAGED: &str = "syncfs:delay_enter=2000000:when=1";
const ONLY: [&str; 4] = ["restore", "venv", "--only", "bin/tool"];

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[track_caller]
fn no_debris(sandbox: &Sandbox, what: &dyn std::fmt::Display) {
    assert_eq!(sandbox.debris(), Vec::<String>::new(), "{what}");
}

#[test]
fn what_comes_during_a_restore_of_a_part_by_an_exchange_goes_along() {
    // It was gone from the venv, without a word.
    if !can_trace() {
        return;
    }
    for args in [&ONLY[..], &["restore", "venv", "--heal"]] {
        let (sandbox, _) = hurt_venv();
        let (root, site) = (sandbox.venv(), sandbox.venv().join(venv::SITE));
        fs::hard_link(site.join("click/core.py"), site.join("click/twin.py")).unwrap();
        let run = sandbox.held_up(STAGED, args, || {
            venv::write(&root, "lib/late", b"late\n");
            venv::write(&root, "share/deep/late", b"late\n");
            venv::append(site.join("idna/core.py"), "# late\n");
            venv::append(site.join("click/core.py"), "# late\n");
            fs::remove_dir_all(site.join("idna-1.0.dist-info")).unwrap();
            std::os::unix::fs::symlink("late", root.join("lib/link")).unwrap();
            set_mode(&root.join("bin"), 0o700);
        });
        assert_eq!(run.code, 0, "{run}");
        assert!(root.join("bin/tool").exists(), "{run}");
        assert_eq!(fs::read(root.join("lib/late")).unwrap(), b"late\n", "{run}");
        assert_eq!(fs::read(root.join("share/deep/late")).unwrap(), b"late\n");
        assert_eq!(fs::read(root.join("lib/link")).unwrap(), b"late\n");
        assert_eq!(mode(&root.join("bin")), 0o700, "{run}");
        assert!(!site.join("idna-1.0.dist-info").exists(), "{run}");
        for changed in ["idna/core.py", "click/core.py", "click/twin.py"] {
            let text = fs::read_to_string(site.join(changed)).unwrap();
            assert!(text.ends_with("# late\n"), "{changed}: {run}");
        }
        let twin = |name: &str| fs::metadata(site.join("click").join(name)).unwrap();
        assert_eq!(twin("core.py").ino(), twin("twin.py").ino(), "{run}");
        assert!(!run.stderr.contains("in the moment of"), "{run}");
        no_debris(&sandbox, &run);
        sandbox.ok(&["undo", "venv"]);
        assert!(!root.join("bin/tool").exists(), "{run}");
        assert_eq!(fs::read(root.join("lib/late")).unwrap(), b"late\n", "{run}");
    }
}

#[test]
fn what_goes_along_shares_no_inode_with_the_replaced_tree() {
    // Who comes after a crash knows of what both trees share only how it was at first, and would write it so.
    if !can_trace() {
        return;
    }
    let (sandbox, _) = hurt_venv();
    let late = sandbox.venv().join(venv::SITE).join("idna/core.py");
    let mut names = 0;
    let mut change = || venv::append(&late, "# late\n");
    let mut look = || names = fs::metadata(&late).unwrap().nlink();
    let staged = "syncfs@.venv.snap-restore-staging:delay_enter=2000000:when=1";
    let exchanged = "renameat2@venv:delay_exit=2000000";
    let mut calls: [(&str, &mut dyn FnMut()); 2] = [(staged, &mut change), (exchanged, &mut look)];
    let run = sandbox.held_up_at(&mut calls, &ONLY);
    assert_eq!((run.code, names), (0, 1), "{run}");
    let text = fs::read_to_string(&late).unwrap();
    assert!(text.ends_with("# late\n"), "{run}");
}

#[test]
fn what_changes_outside_of_a_part_in_the_moment_of_the_exchange_is_named_and_saved() {
    if !can_trace() {
        return;
    }
    let (sandbox, _) = hurt_venv();
    let run = sandbox.held_up("renameat2@venv:delay_enter=2000000", &ONLY, || {
        venv::write(&sandbox.venv(), "lib/late", b"late\n");
    });
    assert_eq!(run.code, 0, "{run}");
    assert!(!sandbox.venv().join("lib/late").exists(), "{run}");
    assert!(run.stderr.contains("'lib/late'"), "{run}");
    assert_eq!(in_incident(&sandbox, "lib/late"), "late\n", "{run}");
    no_debris(&sandbox, &run);
}

#[test]
fn directories_that_are_no_part_keep_the_mode_that_they_get_during_a_restore_in_place() {
    // All got the mode that they had before, which can be a wider one.
    let Some((sandbox, _mount, _)) = mounted() else {
        return;
    };
    let (bin, lib) = (sandbox.venv().join("bin"), sandbox.venv().join("lib"));
    let time = fs::metadata(&bin).unwrap().mtime();
    let run = sandbox.held_up(STAGED, &ONLY, || {
        set_mode(&bin, 0o700);
        set_mode(&lib, 0o711);
    });
    assert_eq!(run.code, 0, "{run}");
    assert!(bin.join("tool").exists(), "{run}");
    assert_eq!((mode(&bin), mode(&lib)), (0o700, 0o711), "{run}");
    assert_eq!(fs::metadata(&bin).unwrap().mtime(), time, "{run}");
    no_debris(&sandbox, &run);
}

#[test]
fn directories_that_are_no_part_keep_the_mode_that_they_got_since_a_kill_in_place() {
    let Some((sandbox, _mount, _)) = mounted() else {
        return;
    };
    let (bin, lib) = (sandbox.venv().join("bin"), sandbox.venv().join("lib"));
    let time = fs::metadata(&bin).unwrap().mtime();
    let run = sandbox.snap_traced(&["renameat@tool:signal=KILL"], &ONLY);
    assert_eq!(run.code, 137, "{run}");
    set_mode(&bin, 0o700);
    set_mode(&lib, 0o711);
    let run = sandbox.snap(&["diff", "venv"]);
    assert!(run.stderr.contains("it is completed now"), "{run}");
    assert!(bin.join("tool").exists(), "{run}");
    assert_eq!((mode(&bin), mode(&lib)), (0o700, 0o711), "{run}");
    assert_eq!(fs::metadata(&bin).unwrap().mtime(), time, "{run}");
    no_debris(&sandbox, &run);
}

#[test]
fn a_file_of_several_names_that_is_written_while_a_part_is_staged_stops_nothing() {
    // "File exists": its staged name was still there when it was written afresh.
    if !can_trace() {
        return;
    }
    let (sandbox, _) = hurt_venv();
    let lib = sandbox.venv().join("lib");
    venv::write(&lib, "a", b"twice\n");
    fs::hard_link(lib.join("a"), lib.join("b")).unwrap();
    venv::write(&lib, "zz/last", b"last\n");
    fs::hard_link(lib.join("zz/last"), lib.join("zz/lasting")).unwrap();
    let run = sandbox.held_up("linkat@lasting:delay_enter=2000000", &ONLY, || {
        venv::append(lib.join("a"), "late\n");
    });
    assert_eq!(run.code, 0, "{run}");
    assert!(sandbox.venv().join("bin/tool").exists(), "{run}");
    for name in ["a", "b"] {
        assert_eq!(fs::read(lib.join(name)).unwrap(), b"twice\nlate\n", "{run}");
    }
    no_debris(&sandbox, &run);
}

#[test]
fn only_the_very_names_of_a_restore_are_left_out_of_what_it_saves() {
    // Whatever began so was no part of the venv: a restore removed it, and no snapshot had it.
    for name in [
        ".snap-restore-notes",
        ".snap-restore",
        ".snap-restored/notes",
    ] {
        let sandbox = Sandbox::new();
        venv::tiny(&sandbox.venv());
        sandbox.ok(&["save", "venv"]);
        fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
        venv::write(&sandbox.venv(), name, b"mine\n");
        let run = sandbox.ok(&["restore", "venv"]);
        assert!(!sandbox.venv().join(name).exists(), "{run}");
        assert_eq!(in_incident(&sandbox, name), "mine\n", "{run}");
        sandbox.ok(&["undo", "venv"]);
        assert_eq!(fs::read(sandbox.venv().join(name)).unwrap(), b"mine\n");
        sandbox.ok(&["restore", "venv", "--only", "bin/tool"]);
        assert_eq!(fs::read(sandbox.venv().join(name)).unwrap(), b"mine\n");
    }
}
