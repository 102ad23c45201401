//! Files that a process writes through a shared mapping: their times may say nothing of it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::support::{Sandbox, venv};

const FILE: &str = "lib/state.bin";

/// A process that has a file mapped and writes letters into it when it is told.
struct Writer {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Writer {
    fn of(path: &Path) -> Self {
        let script = "import mmap, sys\nfile = open(sys.argv[1], 'r+b')\nmemory = mmap.mmap(file.fileno(), 0)\n\
            for line in sys.stdin:\n    memory[0:1] = line[0].encode()\n    print(flush=True)\n";
        let mut child = Command::new("python3")
            .args(["-c", script])
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    fn write(&mut self, letter: char) {
        writeln!(self.input, "{letter}").unwrap();
        self.output.read_line(&mut String::new()).unwrap();
    }

    fn end(mut self) {
        drop(self.input);
        self.child.wait().unwrap();
    }
}

/// A venv with a file that a process has begun to write in, long enough ago that its times count.
fn mapped(sandbox: &Sandbox) -> Writer {
    venv::tiny(&sandbox.venv());
    venv::write(&sandbox.venv(), FILE, &[b'-'; 4096]);
    let mut writer = Writer::of(&sandbox.venv().join(FILE));
    writer.write('A');
    std::thread::sleep(Duration::from_millis(200));
    writer
}

fn saved(sandbox: &Sandbox) -> u8 {
    sandbox.ok(&["save", "venv"]);
    let mut cat = sandbox.command(&["cat", &format!("latest:{FILE}"), "--venv", "venv"]);
    cat.output().unwrap().stdout[0]
}

#[test]
fn what_is_written_through_memory_is_in_the_next_save() {
    // The next save said that nothing was new and had the old bytes, and diff --quick that nothing differs.
    let sandbox = Sandbox::new();
    let mut writer = mapped(&sandbox);
    assert_eq!(saved(&sandbox), b'A');
    writer.write('B');
    let run = sandbox.code(1, &["diff", "venv", "--quick"]);
    assert!(run.stderr.contains(FILE), "{run}");
    assert_eq!(saved(&sandbox), b'B');
    writer.write('C');
    // Nobody has it mapped any more: what was known of it was not to be relied on from the start.
    writer.end();
    sandbox.code(1, &["diff", "venv", "--quick"]);
    assert_eq!(saved(&sandbox), b'C');
}

#[test]
fn a_restore_does_not_rely_on_the_times_of_what_is_mapped_either() {
    let sandbox = Sandbox::new();
    let mut writer = mapped(&sandbox);
    assert_eq!(saved(&sandbox), b'A');
    fs::remove_file(sandbox.path("venv/bin/tool")).unwrap();
    // The file goes over into the new tree as it stands, with the process that writes in it.
    sandbox.ok(&["restore", "venv"]);
    writer.write('D');
    writer.end();
    let now = fs::read(sandbox.venv().join(FILE)).unwrap()[0];
    assert_eq!(saved(&sandbox), now);
}

#[test]
fn all_is_read_where_that_is_asked_for() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let store = sandbox.path("reads");
    let reads = |more: &[&str]| {
        let mut traced = Command::new("strace");
        sandbox.dress(&mut traced);
        traced.args(["-f", "-e", "trace=openat2", "-o"]).arg(&store);
        traced
            .arg(env!("CARGO_BIN_EXE_snap"))
            .args(["save", "venv"])
            .args(more);
        if traced.status().is_err() {
            crate::support::faults::skipped(1, "strace is not installed");
            return None;
        }
        Some(fs::read_to_string(&store).unwrap().contains("utils.py"))
    };
    std::thread::sleep(Duration::from_millis(50));
    sandbox.ok(&["save", "venv"]);
    assert_ne!(reads(&[]), Some(true));
    assert_ne!(reads(&["--read-all"]), Some(false));
}
