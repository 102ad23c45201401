//! Whatever stands where the venv should be: it comes back, or says why not with everything untouched.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::support::session::Session;
use crate::support::{Sandbox, Tree, venv};

/// A saved venv and its tree.
fn saved() -> (Sandbox, Tree) {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let good = Tree::of(&sandbox.venv());
    (sandbox, good)
}

#[test]
fn a_venv_that_is_gone_comes_back_and_there_is_nothing_to_undo() {
    let (sandbox, good) = saved();
    fs::remove_dir_all(sandbox.venv()).unwrap();
    sandbox.ok(&["restore", "venv"]);
    good.assert_same(&Tree::of(&sandbox.venv()), "gone");
    let run = sandbox.code(3, &["undo", "venv"]);
    assert!(run.stderr.contains("replaced nothing"), "{run}");
    good.assert_same(&Tree::of(&sandbox.venv()), "not undone");
}

#[test]
fn a_venv_that_is_empty_or_half_deleted_comes_back() {
    let (sandbox, good) = saved();
    fs::remove_dir_all(sandbox.venv()).unwrap();
    fs::create_dir(sandbox.venv()).unwrap();
    sandbox.ok(&["restore", "venv"]);
    good.assert_same(&Tree::of(&sandbox.venv()), "empty");
    fs::remove_dir_all(sandbox.venv().join("lib")).unwrap();
    fs::remove_file(sandbox.venv().join("pyvenv.cfg")).unwrap();
    sandbox.code(1, &["diff", "venv"]);
    sandbox.ok(&["restore", "venv"]);
    good.assert_same(&Tree::of(&sandbox.venv()), "half deleted");
}

#[test]
fn a_file_in_place_of_the_venv_is_kept_beside_it() {
    let (sandbox, good) = saved();
    fs::remove_dir_all(sandbox.venv()).unwrap();
    fs::write(sandbox.venv(), b"precious").unwrap();
    let run = sandbox.ok(&["restore", "venv"]);
    good.assert_same(&Tree::of(&sandbox.venv()), "a file");
    let kept = fs::read_dir(sandbox.root())
        .unwrap()
        .map(|e| e.unwrap().path())
        .find(|path| path.to_string_lossy().contains(".snap-old-"))
        .unwrap_or_else(|| panic!("{run}"));
    assert_eq!(fs::read(kept).unwrap(), b"precious");
}

#[test]
fn a_link_to_a_venv_is_followed_also_where_it_leads_nowhere() {
    let (sandbox, good) = saved();
    symlink("venv", sandbox.path("current")).unwrap();
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    let mut session = Session::new(&sandbox);
    session.run(0, &["restore", "current"]);
    good.assert_same(&Tree::of(&sandbox.venv()), "through a link");
    fs::remove_dir_all(sandbox.venv()).unwrap();
    session.run(0, &["restore", "current"]);
    assert!(
        fs::symlink_metadata(sandbox.path("current"))
            .unwrap()
            .is_symlink()
    );
    good.assert_same(&Tree::of(&sandbox.venv()), "through a dangling link");
    symlink("no/such/place", sandbox.path("lost")).unwrap();
    session.run(3, &["restore", "lost"]);
    insta::assert_snapshot!(session.told());
}

#[test]
fn to_builds_only_where_nothing_is() {
    let (sandbox, good) = saved();
    fs::create_dir(sandbox.path("full")).unwrap();
    fs::write(sandbox.path("full/file"), b"x").unwrap();
    sandbox.code(3, &["restore", "venv", "--to", "full"]);
    sandbox.code(3, &["restore", "venv", "--to", "full/file"]);
    assert_eq!(fs::read(sandbox.path("full/file")).unwrap(), b"x");
    fs::create_dir(sandbox.path("empty")).unwrap();
    sandbox.ok(&["restore", "venv", "--to", "empty", "--exact"]);
    good.assert_same(&Tree::of(&sandbox.path("empty")), "an empty directory");
    assert_eq!(
        sandbox.ids().len(),
        1,
        "nothing was replaced, so nothing was saved"
    );
}

#[test]
fn a_service_that_restarts_all_the_time_and_writes_bytecode_does_not_stop_a_restore() {
    let sandbox = Sandbox::new();
    venv::real(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let good = Tree::of(&sandbox.venv()).without_bytecode();
    // Set when it goes out of scope, also by a panic: nobody would wait for the service for ever.
    struct Stop<'a>(&'a AtomicBool);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let stop = AtomicBool::new(false);
    // The comparison wants the tree to stand still; the restore does not.
    let turn = std::sync::Mutex::new(());
    std::thread::scope(|scope| {
        let _stop = Stop(&stop);
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let now = turn.lock();
                let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
                let _ = fs::remove_dir_all(site.join("attrs/__pycache__"));
                let _ = std::process::Command::new(sandbox.venv().join("bin/python"))
                    .args(["-c", "import attrs, click"])
                    .stdin(Stdio::null())
                    .stderr(Stdio::null())
                    .status();
                drop(now);
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        for round in 0..4 {
            let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
            fs::remove_file(site.join("idna/core.py")).unwrap();
            sandbox.ok(&["restore", "venv"]);
            let _still = turn.lock();
            good.assert_same(
                &Tree::of(&sandbox.venv()).without_bytecode(),
                &format!("round {round}"),
            );
        }
    });
    assert_eq!(sandbox.debris(), Vec::<String>::new());
}

#[test]
fn processes_that_still_use_the_replaced_tree_are_named() {
    let (sandbox, _) = saved();
    let mut sleeper = std::process::Command::new("sleep")
        .arg("20")
        .current_dir(sandbox.venv().join("bin"))
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(100));
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    let run = sandbox.ok(&["restore", "venv"]);
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
    assert!(
        run.stdout.contains(&format!("{} (sleep)", sleeper.id())),
        "{run}"
    );
}

#[test]
fn nothing_is_done_where_nothing_differs() {
    let (sandbox, good) = saved();
    let run = sandbox.ok(&["restore", "venv"]);
    assert!(run.stdout.contains("nothing to do"), "{run}");
    assert_eq!(sandbox.ids().len(), 1);
    use std::os::unix::fs::MetadataExt;
    let inode = fs::metadata(sandbox.venv()).unwrap().ino();
    sandbox.ok(&["restore", "venv", "--force"]);
    assert_ne!(fs::metadata(sandbox.venv()).unwrap().ino(), inode, "forced");
    good.assert_same(&Tree::of(&sandbox.venv()), "forced");
}

#[test]
fn no_inode_of_the_old_venv_is_shared_or_written() {
    let (sandbox, good) = saved();
    use std::os::unix::fs::MetadataExt;
    // A second name elsewhere, as uv's cache has.
    fs::hard_link(
        sandbox.venv().join(venv::SITE).join("click/utils.py"),
        sandbox.path("cache.py"),
    )
    .unwrap();
    let cached = fs::read(sandbox.path("cache.py")).unwrap();
    let inode = fs::metadata(sandbox.path("cache.py")).unwrap().ino();
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    sandbox.ok(&["restore", "venv"]);
    for (path, _) in good.0.iter().filter(|(_, record)| record.kind == "file") {
        let meta = fs::metadata(sandbox.venv().join(path)).unwrap();
        assert_eq!(meta.nlink(), 1, "{}", path.display());
    }
    assert_eq!(fs::read(sandbox.path("cache.py")).unwrap(), cached);
    assert_eq!(fs::metadata(sandbox.path("cache.py")).unwrap().ino(), inode);
    // Keeping the old tree shares nothing with it either.
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    sandbox.ok(&["restore", "venv", "--keep-old"]);
    for (path, _) in good.0.iter().filter(|(_, record)| record.kind == "file") {
        assert_eq!(
            fs::metadata(sandbox.venv().join(path)).unwrap().nlink(),
            1,
            "{}",
            path.display()
        );
    }
}

#[test]
fn a_store_may_be_named_without_a_directory_before_it() {
    // A bare name has an empty parent, which the first save could not open.
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["--store", "bare", "save", "venv"]);
    assert!(sandbox.path("bare/venv-snap.json").exists());
}
