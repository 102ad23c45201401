//! C: several processes at once, on one store and on one venv: nothing is lost, and nobody waits for the dead
//! (promises 1, 2, 9).

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::dice::Dice;
use crate::lab::{closed_interpreter, dice};
use crate::support::faults::can_trace;
use crate::support::{Sandbox, Tree, venv};
use crate::{points, told};

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
    // Whichever of them comes first makes the store.
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
    // The snapshot is named by its id, since the saves beside the restores may save the hurt venv.
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
    let mut waiting = None;
    let slow = "syncfs:delay_enter=3000000:when=1";
    let first = sandbox.held_up(slow, &["restore", "venv"], || {
        let run = sandbox.code(11, &["restore", "venv", "--lock-wait", "0.1"]);
        assert!(
            run.stderr.contains("another process is working on"),
            "{run}"
        );
        // Its journal is alive: nobody may take it for what a crash left.
        sandbox.code(1, &["diff", "venv"]);
        let mut second = sandbox.command(&["restore", "venv"]);
        second.stdout(Stdio::piped()).stderr(Stdio::piped());
        waiting = Some(second.spawn().unwrap());
    });
    assert_eq!(first.code, 0, "{first}");
    let second = waiting.unwrap().wait_with_output().unwrap();
    assert!(second.status.success(), "{second:?}");
    let told = String::from_utf8_lossy(&second.stdout);
    assert!(told.contains("nothing to do"), "{told}");
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

/// One venv that is worked on from all sides, and the two states that it is ever in.
struct Busy {
    name: &'static str,
    states: [Tree; 2],
}

impl Busy {
    fn new(sandbox: &Sandbox, name: &'static str) -> Self {
        let dir = sandbox.path(name);
        venv::tiny(&dir);
        closed_interpreter(&dir);
        venv::write(&dir, "own", name.repeat(3000).as_bytes());
        venv::age(&dir, 1_700_000_000);
        sandbox.ok(&["save", name, "--pin", "--label", "good"]);
        let good = Tree::of(&dir);
        venv::write(&dir, "own", b"the other state");
        fs::remove_file(dir.join("bin/tool")).unwrap();
        venv::age(&dir, 1_700_000_001);
        sandbox.ok(&["save", name, "--pin", "--label", "other", "--force"]);
        let states = [good, Tree::of(&dir)];
        Self { name, states }
    }

    fn is_one(&self, tree: &Tree) -> bool {
        self.states.contains(tree)
    }
}

/// What is done to a venv or to the store, by chance.
fn errand(dice: &mut Dice) -> Vec<&'static str> {
    let venv = dice.of(&["one", "two"]);
    let label = dice.of(&["@good", "@other"]);
    match dice.below(16) {
        0..2 => vec!["save", venv, "--force"],
        2..4 => vec!["save", venv, "--force", "--pin", "--json"],
        4..7 => vec!["restore", venv, label, "--force"],
        7 => vec!["undo", venv],
        8 => vec!["forget", "--keep-last", "3"],
        9 => vec!["undelete"],
        10 => vec!["prune", "--grace", "0"],
        11 => vec!["verify"],
        12 => vec!["verify", "--repair"],
        13 => vec!["diff", venv],
        14 => vec!["rebuild-index"],
        _ => vec!["list"],
    }
}

/// One worker: errands until the time is up, some of them killed. Returns how many there were, and the ids of all
/// saves that nothing may take from the list, as they were printed.
fn work(sandbox: &Sandbox, number: usize, end: Instant) -> (usize, Vec<String>) {
    let mut dice = dice(&format!("worker {number}"));
    let (mut done, mut acknowledged) = (0, Vec::new());
    while Instant::now() < end {
        let args = errand(&mut dice);
        let mut command = sandbox.command(&args);
        command
            .env("VENV_SNAP_LOCK_WAIT", "60")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        done += 1;
        if dice.percent(20) {
            std::thread::sleep(Duration::from_millis(dice.below(60) as u64));
            child.kill().unwrap();
            child.wait().unwrap();
            continue;
        }
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // A save may meet the exchange three times in a row and say so; an undo may have nothing to bring back, or
        // nothing that is still there, since others forget and prune.
        let code = output.status.code().unwrap();
        // Every state of these venvs fits into the store, so nobody has a reason to keep a tree beside them.
        assert!(!said.contains("kept as"), "snap {args:?}: {code}\n{said}");
        assert!(
            matches!(code, 0 | 1 | 3 | 10),
            "snap {args:?}: {code}\n{said}"
        );
        let told = [
            "changed",
            "installation",
            "replaced nothing",
            "was forgotten",
            "in the store no more",
            "cannot",
            "there is no",
            "lost",
        ];
        assert!(
            code != 3 || told.iter().any(|word| said.contains(word)),
            "snap {args:?}\n{said}"
        );
        let care = matches!(
            args[0],
            "prune" | "forget" | "list" | "undelete" | "rebuild-index"
        );
        assert!(code == 0 || !care, "snap {args:?}: {code}\n{said}");
        assert!(
            code == 0 || args[0] != "verify",
            "snap {args:?}: {code}\n{said}"
        );
        if code == 0 && args.contains(&"--pin") {
            let saved: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            acknowledged.push(saved["snapshot"]["id"].as_str().unwrap().to_owned());
        }
    }
    (done, acknowledged)
}

#[test]
fn processes_that_do_everything_at_once_lose_nothing() {
    let sandbox = Sandbox::new();
    let venvs = [Busy::new(&sandbox, "one"), Busy::new(&sandbox, "two")];
    let end = Instant::now() + Duration::from_secs(points(8, 120) as u64);
    let work: Vec<(usize, Vec<String>)> = std::thread::scope(|scope| {
        let sandbox = &sandbox;
        let workers: Vec<_> = (0..5)
            .map(|number| scope.spawn(move || work(sandbox, number, end)))
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .collect()
    });
    let errands = work.iter().map(|(done, _)| done).sum();
    // Whoever was killed holds no lock.
    for venv in &venvs {
        let run = sandbox.snap(&["diff", venv.name, "--lock-wait", "0"]);
        // The newest baseline is the good state or none at all.
        assert!([0, 1].contains(&run.code), "{run}");
        let now = Tree::of(&sandbox.path(venv.name));
        assert!(
            venv.is_one(&now),
            "{} is neither of its two states",
            venv.name
        );
    }
    sandbox.ok(&["verify", "--lock-wait", "0"]);
    let list = sandbox.json(0, &["list"]);
    let ids = sandbox.ids();
    let acknowledged: Vec<&String> = work.iter().flat_map(|(_, ids)| ids).collect();
    for id in &acknowledged {
        assert!(
            ids.contains(id),
            "the store has lost {id}, which a save printed"
        );
    }
    let mut restored = 0;
    for snapshot in list["snapshots"].as_array().unwrap() {
        let id = snapshot["id"].as_str().unwrap();
        let path = snapshot["venv"].as_str().unwrap();
        let venv = venvs.iter().find(|venv| path.ends_with(venv.name)).unwrap();
        sandbox.ok(&["restore", venv.name, id, "--to", "out", "--exact"]);
        let tree = Tree::of(&sandbox.path("out"));
        // An incident snapshot may hold a state between two errands.
        let incident = snapshot["purpose"] == "incident";
        assert!(
            incident || venv.is_one(&tree),
            "{id} is neither of the states of its venv"
        );
        fs::remove_dir_all(sandbox.path("out")).unwrap();
        restored += 1;
    }
    assert!(restored >= 4, "{restored}");
    assert!(!acknowledged.is_empty());
    told("C errands", errands, errands);
    told("C snapshots", restored, restored);
}

#[test]
fn a_store_that_somebody_has_alone_is_waited_for_or_told() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let id = sandbox.ids()[0].clone();
    let lock = fs::File::open(sandbox.path("store/lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    for command in [
        &["list"][..],
        &["save", "venv"],
        &["prune"],
        &["verify", "--repair"],
        &["pin", &id],
    ] {
        let run = sandbox.code(11, &[command, &["--lock-wait", "0.1"]].concat());
        assert!(run.stderr.contains("another process"), "{run}");
    }
    // A reader keeps nobody out but who wants the store alone.
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockShared).unwrap();
    sandbox.ok(&["list"]);
    sandbox.ok(&["save", "venv"]);
    sandbox.code(11, &["prune", "--lock-wait", "0.1"]);
    drop(lock);
    sandbox.ok(&["prune", "--lock-wait", "0.1"]);
}
