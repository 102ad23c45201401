//! An import, killed or failing at every changing system call, and its memory: no half snapshot, and a plain retry
//! completes it (promises 1, 8, 9).

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::faults::{CHANGING, can_trace, errors};
use crate::support::tar::{Tar, block};
use crate::support::transport::{exported, root_of, works};
use crate::support::{Sandbox, Tree, venv};

/// Puts back what the last run changed, so that each kill meets the same state.
fn reset(sandbox: &Sandbox, backup: &std::path::Path) {
    for name in ["venv", "store"] {
        let _ = fs::remove_dir_all(sandbox.path(name));
        venv::copy(&backup.join(name), &sandbox.path(name));
    }
    for name in sandbox.debris() {
        let _ = fs::remove_dir_all(sandbox.path(&name))
            .or_else(|_| fs::remove_file(sandbox.path(&name)));
    }
}

/// Kills a command at its n-th call of each changing kind, for all n, and checks after each. Returns how often it died.
fn kill_everywhere(sandbox: &Sandbox, more: &[&str], args: &[&str], check: &dyn Fn(&str)) -> usize {
    let backup = tempfile::tempdir().unwrap();
    for name in ["venv", "store"] {
        if sandbox.path(name).exists() {
            venv::copy(&sandbox.path(name), &backup.path().join(name));
        }
    }
    let mut killed = 0;
    for call in CHANGING {
        for n in 1.. {
            let kill = format!("{call}:signal=KILL:when={n}");
            let run = sandbox.snap_traced(&[&[kill.as_str()], more].concat(), args);
            if run.code != 137 {
                assert!(run.code <= 1, "{call} {n}: {run}");
                reset(sandbox, backup.path());
                break;
            }
            killed += 1;
            check(&format!("killed at {call} {n}"));
            reset(sandbox, backup.path());
        }
    }
    println!("{args:?}: killed at {killed} points, lost 0");
    assert!(killed > 20, "the kills did not reach {args:?}: {killed}");
    killed
}

#[test]
fn memory_does_not_grow_with_a_member() {
    if !works("/usr/bin/time") {
        return;
    }
    let sandbox = Sandbox::new();
    // A gigabyte of zeros, made on the way.
    let header = block(b"./big", b'0', 1 << 30, b"", &|_| {});
    let mut command = Command::new("/usr/bin/time");
    sandbox.dress(&mut command);
    let mut child = command
        .args([
            "-f",
            "%M",
            env!("CARGO_BIN_EXE_snap"),
            "import",
            "-",
            "--venv",
            "venv",
            "-q",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(&Tar::venv().raw(&header).0).unwrap();
    let piece = vec![0_u8; 1 << 20];
    for _ in 0..1 << 10 {
        pipe.write_all(&piece).unwrap();
    }
    pipe.write_all(&[0; 1024]).unwrap();
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    let kib: u64 = said.lines().last().unwrap().trim().parse().unwrap();
    println!(
        "peak memory of an import of 1 GiB: {} MB",
        kib * 1024 / 1_000_000
    );
    assert!(kib < 200_000, "{said}");
}

#[test]
fn an_import_killed_anywhere_leaves_no_half_snapshot_and_can_be_done_again() {
    if !can_trace() {
        return;
    }
    let sandbox = exported(venv::tiny, "v.tar");
    fs::write(sandbox.venv().join("new"), venv::noise(30_000)).unwrap();
    sandbox.ok(&["save", "venv"]);
    sandbox.ok(&["export", "latest", "w.tar", "--venv", "venv"]);
    let good = Tree::of(&sandbox.venv());
    let first = sandbox.ids()[0].clone();
    // Back to the first snapshot alone, so that something of the second one is new.
    sandbox.ok(&["forget", &sandbox.ids()[1]]);
    sandbox.ok(&["prune", "--grace", "0"]);
    let args = ["import", "w.tar", "--venv", "venv", "--label", "back"];
    kill_everywhere(&sandbox, &[], &args, &|what| {
        let ids = sandbox.ids();
        assert!(ids[0] == first && ids.len() <= 2, "{what}");
        sandbox.ok(&["verify"]);
        sandbox.ok(&args);
        sandbox.ok(&["restore", "venv", "@back", "--to", "out", "--exact"]);
        good.assert_same(&Tree::of(&sandbox.path("out")), what);
        fs::remove_dir_all(sandbox.path("out")).unwrap();
        assert_eq!(sandbox.debris(), Vec::<String>::new(), "{what}");
    });
}

#[test]
fn an_import_that_meets_an_error_anywhere_says_so_or_is_whole() {
    if !can_trace() {
        return;
    }
    let sandbox = exported(venv::tiny, "v.tar");
    let args = ["import", "v.tar", "--store", "other"];
    let mut met = 0;
    for (call, errors) in errors() {
        for n in 1..40 {
            let error = errors[n % errors.len()];
            let _ = fs::remove_dir_all(sandbox.path("other"));
            let fault = format!("{call}:error={error}:when={n}");
            let run = sandbox.snap_traced(&[&fault], &args);
            // The program did not even begin, for want of a library.
            let unborn = run.code == 127 && call == "openat";
            assert!(unborn || matches!(run.code, 0 | 3), "{fault}: {run}");
            sandbox.ok(&args);
            sandbox.ok(&["verify", "--store", "other"]);
            assert_eq!(
                root_of(&sandbox, "store"),
                root_of(&sandbox, "other"),
                "{fault}"
            );
            met += usize::from(run.code == 3);
            if run.code == 0 && n > 12 {
                break;
            }
        }
    }
    println!("import: {met} errors met, lost 0");
    assert!(met > 10, "{met}");
}
