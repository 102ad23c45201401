//! What happens to a venv while it is replaced, where the exchange of two directories does not see to it (promise 4).

use crate::support::meanwhile::{hurt_venv, in_incident, mounted, restore_while, while_written};
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;

use crate::support::faults::{can_trace, needs_root};
use crate::support::mapped::{FILE, mapped};
use crate::support::mounts::Mount;
use crate::support::{Sandbox, Tree, venv};

#[test]
fn what_changes_before_it_is_replaced_in_place_is_in_the_incident_snapshot() {
    // It was removed with what was added to it since the scan.
    let Some((sandbox, _mount, good)) = mounted() else {
        return;
    };
    let before = Tree::of(&sandbox.venv());
    let fine = format!("{}/idna/core.py", venv::SITE);
    let mut hurt = Tree::default();
    let run = restore_while(&sandbox, "syncfs:delay_enter=2000000:when=1", || {
        venv::append(sandbox.venv().join("lib/mine"), "late\n");
        // One that was good, and so was not staged.
        venv::append(sandbox.venv().join(&fine), "# late\n");
        hurt = Tree::of(&sandbox.venv());
    });
    assert!(run.stdout.contains("replaced one by one"), "{run}");
    good.assert_same(&Tree::of(&sandbox.venv()), "in place");
    assert_eq!(in_incident(&sandbox, "lib/mine"), "mine\nlate\n", "{run}");
    sandbox.ok(&["undo", "venv"]);
    hurt.0
        .retain(|path, _| !path.starts_with(".snap-restore-staging"));
    hurt.0
        .retain(|path, _| !path.starts_with(".snap-restore-journal"));
    let root = std::path::Path::new("");
    let undone = Tree::of(&sandbox.venv());
    hurt.0.get_mut(root).unwrap().mtime = before.0[root].mtime;
    hurt.assert_same(&undone, "undone");
    assert_eq!(sandbox.debris(), Vec::<String>::new());
}

#[test]
fn what_never_holds_still_is_not_replaced_in_place() {
    let Some((sandbox, _mount, _)) = mounted() else {
        return;
    };
    let ids = sandbox.ids();
    let busy = sandbox.venv().join("lib/mine");
    let run = while_written(&busy, || {
        sandbox.snap_traced(&["openat2:delay_enter=3000"], &["restore", "venv"])
    });
    assert_eq!(run.code, 3, "{run}");
    assert!(run.stderr.contains("'lib/mine'"), "{run}");
    assert!(busy.exists() && !sandbox.venv().join("bin/tool").exists());
    assert_eq!(sandbox.debris(), Vec::<String>::new());
    assert_eq!(sandbox.ids(), ids, "no incident is left");
}

#[test]
fn a_restore_in_place_that_is_wrong_afterwards_is_not_called_done() {
    let Some((sandbox, _mount, _)) = mounted() else {
        return;
    };
    // The rename that places the file does nothing and says that it did.
    let fault = "renameat@tool:retval=0:when=1";
    let run = sandbox.snap_traced(&[fault], &["restore", "venv"]);
    assert_eq!(run.code, 3, "{run}");
    assert!(run.stderr.contains("'bin/tool' is missing again"), "{run}");
    fs::remove_file(sandbox.venv().join("bin/tool")).ok();
    let run = sandbox.snap_traced(&[fault], &["restore", "venv", "--json"]);
    assert_eq!(run.code, 3, "{run}");
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(json["wrong"][0]["path"], "bin/tool", "{json}");
    assert_eq!(json["wrong"][0]["kind"], "missing", "{json}");
    let json = sandbox.json(0, &["restore", "venv"]);
    assert_eq!(json["wrong"], serde_json::json!([]), "{json}");
}

#[test]
fn what_never_holds_still_stays_beside_the_venv() {
    // The last state of it was in no snapshot, and went with the replaced tree.
    if !can_trace() {
        return;
    }
    let (sandbox, good) = hurt_venv();
    let log = sandbox.venv().join("lib/log");
    fs::write(&log, b"first\n").unwrap();
    let run = while_written(&log, || {
        sandbox.snap_traced(&["openat2:delay_enter=3000"], &["restore", "venv"])
    });
    assert_eq!(run.code, 0, "{run}");
    good.assert_same(&Tree::of(&sandbox.venv()), "restored");
    let kept: Vec<PathBuf> = fs::read_dir(sandbox.root())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains("venv.snap-old-"))
        .collect();
    assert_eq!(kept.len(), 1, "{run}");
    assert!(
        fs::read(kept[0].join("lib/log"))
            .unwrap()
            .starts_with(b"first\nmore\n")
    );
    assert!(
        run.stderr.contains("'lib/log'") && run.stderr.contains("is kept as"),
        "{run}"
    );
    assert_eq!(sandbox.debris(), Vec::<String>::new());
}

#[test]
fn what_comes_into_the_empty_directory_of_a_restore_to_it_stays() {
    if !can_trace() {
        return;
    }
    let (sandbox, good) = hurt_venv();
    let to = sandbox.path("new");
    let args = ["restore", "venv", "--to", "new", "--exact"];
    for slow in [
        "syncfs:delay_enter=2000000:when=1",
        "renameat2@new:delay_enter=2000000",
        "unlinkat:delay_enter=2000000:when=1",
    ] {
        fs::create_dir(&to).unwrap();
        let dir = fs::File::open(&to).unwrap();
        let mut came = false;
        let run = sandbox.held_up(slow, &args, || {
            // As a process does that stands in it.
            let flags = rustix::fs::OFlags::CREATE | rustix::fs::OFlags::WRONLY;
            let mode = rustix::fs::Mode::from_raw_mode(0o644);
            came = rustix::fs::openat(&dir, "precious", flags, mode).is_ok();
        });
        assert!(came || !slow.starts_with("syncfs"), "it is gone early");
        if came {
            assert_eq!(run.code, 3, "{slow}: {run}");
            assert!(run.stderr.contains("not empty"), "{slow}: {run}");
            assert!(to.join("precious").exists(), "{slow}: {run}");
        } else {
            assert_eq!(run.code, 0, "{slow}: {run}");
            good.assert_same(&Tree::of(&to), slow);
        }
        assert_eq!(sandbox.debris(), Vec::<String>::new(), "{slow}");
        fs::remove_dir_all(&to).unwrap();
    }
    fs::create_dir(&to).unwrap();
    sandbox.ok(&args);
    good.assert_same(&Tree::of(&to), "where nothing comes");
}

#[test]
fn what_comes_into_an_empty_mount_point_of_a_restore_to_it_stays() {
    if !can_trace() || !needs_root() {
        return;
    }
    let (sandbox, good) = hurt_venv();
    let to = sandbox.path("new");
    let Some(_mount) = Mount::tmpfs(&to, "size=16m") else {
        return;
    };
    let args = ["restore", "venv", "--to", "new", "--exact"];
    let run = sandbox.held_up("syncfs:delay_enter=2000000:when=1", &args, || {
        venv::write(&to, "bin/tool", b"precious\n");
    });
    assert_eq!(run.code, 3, "{run}");
    assert!(run.stderr.contains("not empty"), "{run}");
    assert_eq!(fs::read(to.join("bin/tool")).unwrap(), b"precious\n");
    assert_eq!(fs::read_dir(&to).unwrap().count(), 1, "{run}");
    fs::remove_dir_all(to.join("bin")).unwrap();
    sandbox.ok(&args);
    good.assert_same(&Tree::of(&to), "where nothing comes");
}

#[test]
fn a_socket_that_is_made_anew_during_a_restore_stays_the_one_in_use() {
    // One that nobody listens at was made in its place.
    if !can_trace() {
        return;
    }
    let (sandbox, _) = hurt_venv();
    let socket = sandbox.venv().join("app.sock");
    drop(UnixListener::bind(&socket).unwrap());
    sandbox.ok(&["save", "venv", "--force"]);
    venv::write(&sandbox.venv(), "lib/mine", b"mine\n");
    let mut service = None;
    restore_while(&sandbox, "syncfs:delay_enter=2000000:when=1", || {
        fs::remove_file(&socket).unwrap();
        service = Some(UnixListener::bind(&socket).unwrap());
    });
    let _client = UnixStream::connect(&socket).unwrap();
    service.unwrap().accept().unwrap();
    assert_eq!(sandbox.debris(), Vec::<String>::new());
}

#[test]
fn a_file_that_changes_during_a_restore_gets_no_set_id_bits_unasked() {
    if !can_trace() {
        return;
    }
    for (slow, asked) in [
        ("syncfs:delay_enter=2000000:when=1", false),
        ("renameat2@venv:delay_exit=2000000", false),
        ("syncfs:delay_enter=2000000:when=1", true),
    ] {
        let sandbox = Sandbox::new();
        venv::tiny(&sandbox.venv());
        let tool = sandbox.venv().join("bin/tool");
        let set_id = || fs::set_permissions(&tool, fs::Permissions::from_mode(0o4755)).unwrap();
        set_id();
        sandbox.ok(&["save", "venv"]);
        fs::remove_file(sandbox.venv().join(venv::SITE).join("click/core.py")).unwrap();
        let mut open = fs::OpenOptions::new().append(true).open(&tool).unwrap();
        let args = ["restore", "venv", "--preserve-special"];
        let run = sandbox.held_up(slow, &args[..2 + usize::from(asked)], || {
            open.write_all(b"# late\n").unwrap();
        });
        assert_eq!(run.code, 0, "{run}");
        let mode = fs::metadata(&tool).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, if asked { 0o4755 } else { 0o755 }, "{slow}: {run}");
        assert!(
            !fs::read_to_string(&tool).unwrap().contains("late"),
            "{slow}"
        );
        assert_eq!(run.stderr.contains("not restored"), !asked, "{slow}: {run}");
    }
}

#[test]
fn sockets_and_set_id_bits_stay_where_nothing_is_copied() {
    // In place nothing of them needs to be touched, also with --copy: both went.
    let Some((sandbox, _mount, _)) = mounted() else {
        return;
    };
    let socket = sandbox.venv().join("app.sock");
    let tool = sandbox.venv().join("bin/python");
    let service = UnixListener::bind(&socket).unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o4755)).unwrap();
    venv::write(&sandbox.venv(), "bin/tool", b"#!/usr/bin/python3\n");
    sandbox.ok(&["save", "venv", "--force"]);
    let id = sandbox.ids().pop().unwrap();
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    let run = sandbox.ok(&["restore", "venv", &id, "--copy"]);
    assert!(run.stdout.contains("replaced one by one"), "{run}");
    assert!(!run.stderr.contains("not restored"), "{run}");
    let _client = UnixStream::connect(&socket).unwrap();
    service.accept().unwrap();
    let mode = fs::metadata(&tool).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode, 0o4755, "{run}");
}

#[test]
fn a_restore_in_place_that_was_killed_anywhere_is_completed_also_where_files_and_directories_change_places()
 {
    // The removal of what stood in the way of a directory was done once more, and took the files that had been placed
    // in it.
    if !can_trace() || !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let Some(_mount) = Mount::tmpfs(&sandbox.venv(), "size=16m") else {
        return;
    };
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let good = Tree::of(&sandbox.venv());
    let site = sandbox.venv().join(venv::SITE);
    let mut killed = 0;
    for (call, first) in [("renameat", 3), ("unlinkat", 1), ("mkdirat", 1)] {
        for n in first..40 {
            let info = site.join("idna-1.0.dist-info");
            fs::remove_dir_all(&info).unwrap();
            fs::write(&info, b"a file in place of a directory").unwrap();
            fs::remove_file(site.join("idna/core.py")).unwrap();
            venv::write(&site, "idna/core.py/deep/file", b"and the reverse");
            let hurt = Tree::of(&sandbox.venv());
            let kill = format!("{call}:signal=KILL:when={n}");
            let run = sandbox.snap_traced(&[&kill], &["restore", "venv"]);
            killed += usize::from(run.code == 137);
            // Before the journal says what is to be done, nothing was.
            let done = sandbox.snap(&["diff", "venv"]);
            if run.code == 137 && !done.stderr.contains("it is completed now") {
                sandbox.ok(&["restore", "venv"]);
            }
            good.assert_same(&Tree::of(&sandbox.venv()), &format!("{kill}: {done}"));
            sandbox.ok(&["undo", "venv"]);
            // The journal in the root gives that another time, before anything is saved.
            let mut undone = Tree::of(&sandbox.venv());
            let root = std::path::Path::new("");
            undone.0.get_mut(root).unwrap().mtime = hurt.0[root].mtime;
            hurt.assert_same(&undone, &format!("{kill}, undone: {done}"));
            sandbox.ok(&["restore", "venv"]);
            if run.code == 0 {
                break;
            }
        }
    }
    assert!(killed > 10, "only {killed} kills");
}

#[test]
fn what_is_written_between_a_kill_in_place_and_the_next_command_is_saved() {
    let Some((sandbox, _mount, good)) = mounted() else {
        return;
    };
    // After the first step, which removes what is too many; the second places what is missing.
    let mut seen = 0;
    for n in 3..6 {
        fs::remove_file(sandbox.venv().join("bin/tool")).ok();
        fs::write(sandbox.venv().join("lib/mine"), b"mine\n").unwrap();
        let kill = format!("renameat:signal=KILL:when={n}");
        let run = sandbox.snap_traced(&[&kill], &["restore", "venv"]);
        if run.code != 137 || sandbox.venv().join("lib/mine").exists() {
            continue;
        }
        seen += 1;
        fs::write(sandbox.venv().join("lib/mine"), b"written since\n").unwrap();
        let run = sandbox.ok(&["diff", "venv"]);
        good.assert_same(&Tree::of(&sandbox.venv()), "completed");
        assert_eq!(
            in_incident(&sandbox, "lib/mine"),
            "written since\n",
            "{run}"
        );
        assert_eq!(sandbox.debris(), Vec::<String>::new());
        sandbox.ok(&["undo", "venv"]);
        assert!(!sandbox.venv().join("bin/tool").exists(), "of the old tree");
        sandbox.ok(&["restore", "venv"]);
    }
    assert!(seen > 0, "no kill came between the steps");
}

#[test]
fn what_is_written_through_memory_is_not_taken_over_by_its_times() {
    // The restore said that all was verified, and the venv held other bytes.
    if !can_trace() || !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    // In memory there is no writing back, which would give the file a new time.
    let Some(_mount) = Mount::tmpfs(sandbox.root(), "size=64m") else {
        return;
    };
    let mut writer = mapped(&sandbox);
    sandbox.ok(&["save", "venv"]);
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    let run = restore_while(&sandbox, "syncfs:delay_enter=2000000:when=1", || {
        writer.write('B');
    });
    let there = fs::read(sandbox.venv().join(FILE)).unwrap();
    assert!(there.starts_with(b"A-"), "{run}");
    assert!(in_incident(&sandbox, FILE).starts_with("B-"), "{run}");
    assert_eq!(sandbox.debris(), Vec::<String>::new());
    writer.end();
}
