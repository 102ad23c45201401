//! A venv made of numbers: sources that compress and parse like real ones, bytecode-like noise, and a RECORD for each
//! package. The same seed always gives the same bytes.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

const SITE: &str = "lib/python3.11/site-packages";
const MODULES_IN_A_PACKAGE: usize = 25;
/// Answers what an interpreter of that version would.
const INTERPRETER: &str = "#!/bin/sh\necho version=3.11.7\n";

/// A generated venv.
pub(crate) struct Venv {
    pub(crate) path: PathBuf,
    /// Of all contents together.
    pub(crate) bytes: u64,
}

impl Venv {
    /// Builds one in a directory, with so many modules.
    pub(crate) fn new(dir: &Path, modules: usize) -> Self {
        let path = dir.join("venv");
        let mut venv = Self { path, bytes: 0 };
        venv.write("pyvenv.cfg", b"home = /usr/bin\nversion = 3.11.7\n");
        venv.write("bin/python", INTERPRETER.as_bytes());
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(venv.path.join("bin/python"), mode).unwrap();
        for package in 0..modules.div_ceil(MODULES_IN_A_PACKAGE) {
            venv.package(package);
        }
        venv
    }

    fn package(&mut self, number: usize) {
        let name = format!("package{number}");
        let mut random = Random(number as u64 + 1);
        let mut files = vec![
            (
                format!("{name}/__init__.py"),
                b"from . import module0\n".to_vec(),
            ),
            (format!("{name}/py.typed"), Vec::new()),
        ];
        for module in 0..MODULES_IN_A_PACKAGE {
            let dir = if module % 3 == 2 { "inner/" } else { "" };
            let lines = 10 + random.below(120);
            let source = source(&mut random, lines).into_bytes();
            files.push((format!("{name}/{dir}module{module}.py"), source));
        }
        files.push((format!("{name}/inner/__init__.py"), Vec::new()));
        files.push((format!("{name}/_fast.so"), noise(number as u64, 20_000)));
        let info = format!("{name}-1.0.dist-info");
        let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n");
        files.push((format!("{info}/METADATA"), metadata.into_bytes()));
        let mut record = String::new();
        for (path, content) in &files {
            let hash = BASE64URL_NOPAD.encode(&Sha256::digest(content));
            let _ = writeln!(record, "{path},sha256={hash},{}", content.len());
        }
        let _ = writeln!(record, "{info}/RECORD,,");
        files.push((format!("{info}/RECORD"), record.into_bytes()));
        for (path, content) in files {
            self.write(&format!("{SITE}/{path}"), &content);
        }
    }

    fn write(&mut self, path: &str, content: &[u8]) {
        let path = self.path.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        self.bytes += content.len() as u64;
    }
}

/// Sources of together about so many bytes.
pub(crate) fn sources(seed: u64, bytes: usize) -> Vec<Vec<u8>> {
    let mut random = Random(seed);
    let mut made = 0;
    let mut sources = Vec::new();
    while made < bytes {
        let lines = 10 + random.below(400);
        let source = source(&mut random, lines).into_bytes();
        made += source.len();
        sources.push(source);
    }
    sources
}

/// Bytes that do not compress.
pub(crate) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut random = Random(seed.wrapping_add(77));
    let words = (0..len.div_ceil(8)).flat_map(|_| random.next().to_le_bytes());
    words.take(len).collect()
}

const NAMES: [&str; 24] = [
    "request", "response", "session", "value", "index", "buffer", "handler", "context", "token",
    "schema", "field", "config", "result", "callback", "stream", "header", "encoding", "timeout",
    "parent", "cursor", "query", "registry", "payload", "options",
];

/// Python that parses: functions with arguments, branches, calls and texts.
fn source(random: &mut Random, lines: u64) -> String {
    let mut text = String::from("\"\"\"Made for measuring.\"\"\"\n\n");
    let mut written = 0;
    while written < lines {
        let (name, one, two) = (random.name(), random.name(), random.name());
        let number = random.below(100_000);
        let _ = write!(
            text,
            "def {name}_{number}({one}, {two}=None):\n    \"\"\"Return the {one} of a {two}.\"\"\"\n    if {two} is \
             None:\n"
        );
        for _ in 0..=random.below(6) {
            let (left, right, of) = (random.name(), random.name(), random.name());
            let value = random.below(1 << 20);
            let _ = writeln!(
                text,
                "        {left} = {right}.{of}({value}, \"{of}-{value:x}\")"
            );
            written += 1;
        }
        let _ = write!(text, "        return {one}\n    return {two}\n\n\n");
        written += 6;
    }
    text
}

/// `SplitMix64` (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn name(&mut self) -> &'static str {
        NAMES[self.below(NAMES.len() as u64) as usize]
    }
}
