//! A file that a process writes in through memory.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::support::{Sandbox, venv};

/// The file that is mapped.
pub(crate) const FILE: &str = "lib/state.bin";

/// A process that has a file mapped and writes letters into it when it is told.
pub(crate) struct Writer {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Writer {
    pub(crate) fn of(path: &Path) -> Self {
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

    pub(crate) fn write(&mut self, letter: char) {
        writeln!(self.input, "{letter}").unwrap();
        self.output.read_line(&mut String::new()).unwrap();
    }

    pub(crate) fn end(mut self) {
        drop(self.input);
        self.child.wait().unwrap();
    }
}

/// A venv with a file that a process has begun to write in, long enough ago that its times count.
pub(crate) fn mapped(sandbox: &Sandbox) -> Writer {
    venv::tiny(&sandbox.venv());
    venv::write(&sandbox.venv(), FILE, &[b'-'; 4096]);
    let mut writer = Writer::of(&sandbox.venv().join(FILE));
    writer.write('A');
    std::thread::sleep(Duration::from_millis(200));
    writer
}
