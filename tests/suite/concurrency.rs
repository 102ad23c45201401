//! Several processes at once, on one store and on one venv.

use std::fs;
use std::process::Stdio;

use crate::support::faults::can_trace;
use crate::support::{Sandbox, Tree, venv};

#[test]
fn saves_side_by_side_all_restore() {
    let sandbox = Sandbox::new();
    let names: Vec<String> = (0..6).map(|n| format!("venv{n}")).collect();
    for (n, name) in names.iter().enumerate() {
        venv::tiny(&sandbox.path(name));
        venv::write(
            &sandbox.path(name),
            "own",
            format!("{n}").repeat(5000).as_bytes(),
        );
    }
    // All of them make the store as well.
    let children: Vec<_> = names
        .iter()
        .map(|name| {
            sandbox
                .command(&["save", name])
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    for name in &names {
        let before = Tree::of(&sandbox.path(name));
        fs::remove_dir_all(sandbox.path(name)).unwrap();
        sandbox.ok(&["restore", name]);
        before.assert_same(&Tree::of(&sandbox.path(name)), name);
    }
    assert_eq!(sandbox.debris(), Vec::<String>::new());
}

#[test]
fn restores_of_one_venv_come_one_after_the_other() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let good = Tree::of(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    // By its id, since the saves beside it may save the hurt venv.
    let id = sandbox.ids()[0].clone();
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    let mut children: Vec<_> = (0..4)
        .map(|_| {
            sandbox
                .command(&["restore", "venv", &id])
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    children.extend((0..4).map(|_| {
        sandbox
            .command(&["save", "venv", "--force"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }));
    for (n, mut child) in children.into_iter().enumerate() {
        let code = child.wait().unwrap().code().unwrap();
        // A save may meet the exchange three times in a row and say so; a restore only waits.
        assert!(code == 0 || n >= 4 && code == 3, "{n}: {code}");
    }
    good.assert_same(&Tree::of(&sandbox.venv()), "after all of them");
    assert_eq!(sandbox.debris(), Vec::<String>::new());
    for id in sandbox.ids() {
        sandbox.ok(&["restore", "venv", &id, "--to", &format!("out-{id}")]);
    }
}

#[test]
fn a_restore_that_is_at_work_is_waited_for_or_told() {
    if !can_trace() {
        return;
    }
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    let mut slow = sandbox
        .traced(&["syncfs:delay_enter=3000000:when=1"], &["restore", "venv"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_secs(1));
    let run = sandbox.code(11, &["restore", "venv", "--lock-wait", "0.1"]);
    assert!(
        run.stderr.contains("another process is working on"),
        "{run}"
    );
    // Its journal is alive: nobody may take it for what a crash left.
    sandbox.code(1, &["diff", "venv"]);
    let run = sandbox.ok(&["restore", "venv"]);
    assert!(run.stdout.contains("nothing to do"), "{run}");
    assert!(slow.wait().unwrap().success());
}

#[test]
fn an_installer_that_holds_its_lock_is_waited_for() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    fs::write(sandbox.venv().join(".lock"), b"").unwrap();
    sandbox.ok(&["save", "venv"]);
    let lock = fs::File::open(sandbox.venv().join(".lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    sandbox.code(11, &["save", "venv", "--lock-wait", "0.1"]);
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    sandbox.code(11, &["restore", "venv", "--lock-wait", "0.1"]);
    drop(lock);
    sandbox.ok(&["restore", "venv"]);
}
