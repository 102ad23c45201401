//! What is told while somebody at a terminal waits.

use std::path::Path;
use std::process::Command;

use crate::support::faults::can_trace;
use crate::support::{Run, Sandbox, venv};

/// The program at a terminal of its own, while each read of a file takes so many seconds.
fn at_a_terminal(sandbox: &Sandbox, slow: &Path, seconds: u32, args: &[&str]) -> String {
    let mut command = Command::new("python3");
    sandbox.dress(&mut command);
    let spawn = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)";
    let delay = format!("inject=read,pread64:delay_enter={seconds}s:when=1");
    command
        .args([
            "-I",
            "-c",
            spawn,
            "strace",
            "-f",
            "-qqq",
            "-o",
            "/dev/null",
            "-P",
        ])
        .arg(slow)
        .args(["-e", "trace=read,pread64", "-e", &delay])
        .arg(env!("CARGO_BIN_EXE_snap"))
        .args(args)
        .env("TERM", "xterm")
        .env_remove("COLUMNS");
    let run = Run::of(command);
    assert_eq!(run.code, 0, "{args:?}: {run}");
    run.stdout
}

/// `verify` counted packs, of which there may be one, and `save` said nothing of how much there is.
#[test]
fn save_and_verify_tell_from_the_start_how_many_bytes_there_are() {
    if !can_trace() {
        return;
    }
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    venv::write(&sandbox.venv(), "share/large", &venv::noise(3_000_000));
    sandbox.ok(&["save", "venv"]);
    let packs = std::fs::read_dir(sandbox.path("store/packs")).unwrap();
    let pack = packs.flatten().next().unwrap().path();
    let file = sandbox.venv().join("share/large");
    for (phase, slow, args) in [
        ("reading", file, &["save", "venv", "--read-all"][..]),
        ("verifying", pack, &["verify"]),
    ] {
        // What is over within a moment is not drawn: where a read is slow enough, it is.
        let mut drawn = [2, 8, 30].into_iter().map(|seconds| {
            let all = at_a_terminal(&sandbox, &slow, seconds, args);
            let first = all.split(['\r', '\n']).find(|line| line.contains(phase));
            first.map(str::to_owned)
        });
        let first = drawn.find_map(|first| first).expect(phase);
        let (_, told) = first.split_once(phase).unwrap();
        assert!(told.contains("B/3.") && told.contains(" MB"), "{told}");
    }
}
