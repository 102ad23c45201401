//! Caches to hurt: wheels that go into them, and what is done to an entry.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{Sandbox, tools, wheel};

/// A wheel whose `core.py` is no small part of it.
pub(crate) fn build(dir: &Path, name: &str) -> PathBuf {
    let core = (0..400)
        .map(|n| format!("value_{n} = {}\n", n * 7919))
        .collect::<String>();
    let (init, path) = (format!("{name}/__init__.py"), format!("{name}/core.py"));
    wheel::build(
        dir,
        name,
        "1.0",
        &[(&init, "from . import core\n"), (&path, &core)],
        &[],
    )
}

/// The same wheel with `core.py` emptied, well-formed, and of any length that is large enough.
pub(crate) fn emptied(wheel: &Path, len: Option<usize>) -> Vec<u8> {
    let script = "import sys, zipfile, io\nsrc = zipfile.ZipFile(sys.argv[1]); out = io.BytesIO(); to = \
        zipfile.ZipFile(out, 'w')\n\
        for name in src.namelist(): to.writestr(name, b'' if name.endswith('core.py') else src.read(name))\n\
        to.close(); short = len(out.getvalue()); want = int(sys.argv[2]) or short\n\
        to = zipfile.ZipFile(out, 'a'); to.comment = b'x' * (want - short); to._didModify = True; to.close()\n\
        sys.stdout.buffer.write(out.getvalue())";
    let mut command = Command::new("python3");
    command
        .args(["-c", script])
        .arg(wheel)
        .arg(len.unwrap_or(0).to_string());
    tools::done(&mut command).stdout
}

pub(crate) fn kinds(bad: &Value) -> Vec<&str> {
    let faults = bad["faults"].as_array().unwrap();
    faults
        .iter()
        .map(|fault| fault["kind"].as_str().unwrap())
        .collect()
}

/// The files below a directory.
pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn find(content: &[u8], part: &[u8]) -> Option<usize> {
    memchr::memmem::find(content, part)
}

/// Puts another body in the place of the one that a pip keeps, in a file of its own or in a map of `MessagePack`.
pub(crate) fn put_body(cache: &Path, old: &[u8], new: &[u8]) {
    for file in files(cache) {
        let content = fs::read(&file).unwrap();
        let Some(at) = find(&content, old) else {
            continue;
        };
        if at == 0 {
            return fs::write(&file, new).unwrap();
        }
        let len = u32::try_from(new.len()).unwrap().to_be_bytes();
        let (head, len) = match content[at - 5] {
            0xc6 => (at - 4, &len[..]),
            _ => (at - 2, &len[2..]),
        };
        assert!(
            [0xc5, 0xc6].contains(&content[head - 1]),
            "{}",
            file.display()
        );
        let parts = [&content[..head], len, new, &content[at + old.len()..]];
        return fs::write(&file, parts.concat()).unwrap();
    }
    panic!("no entry in {}", cache.display());
}

/// Cuts the headers of the entry that holds a body.
pub(crate) fn cut_headers(cache: &Path, body: &[u8]) {
    for file in files(cache) {
        let content = fs::read(&file).unwrap();
        match find(&content, body) {
            Some(0) => return fs::write(file.with_extension(""), b"cc=4,\x82\xa8resp").unwrap(),
            Some(_) => return fs::write(&file, &content[..content.len() - 30]).unwrap(),
            None => {}
        }
    }
    panic!("no entry in {}", cache.display());
}

/// A wheel that is whole by its own RECORD, with other content and a length that is asked for.
pub(crate) fn build_other(sandbox: &Sandbox, len: usize) -> Vec<u8> {
    let made = wheel::build(
        &sandbox.path("other"),
        "ant",
        "1.0",
        &[("ant/__init__.py", "evil = 1\n")],
        &[],
    );
    let script = "import sys, zipfile\nwant = int(sys.argv[2]) - len(open(sys.argv[1], 'rb').read())\n\
        to = zipfile.ZipFile(sys.argv[1], 'a'); to.comment = b'x' * want; to._didModify = True; to.close()\n\
        sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())";
    let mut command = Command::new("python3");
    command.args(["-c", script]).arg(made).arg(len.to_string());
    let bytes = tools::done(&mut command).stdout;
    assert_eq!(bytes.len(), len);
    bytes
}

/// A source archive that brings its own backend, so that nothing else is needed to build it.
pub(crate) fn source(dir: &Path, name: &str) {
    let made = build(dir, name);
    let wheel = made.file_name().unwrap().to_str().unwrap();
    let script = r#"
import sys, os, tarfile, io
name, wheel, to = sys.argv[1:]
backend = """import os, shutil
def build_wheel(to, settings=None, metadata=None):
    here = os.path.dirname(os.path.abspath(__file__))
    shutil.copy(os.path.join(here, %r), to)
    return %r
def build_sdist(to, settings=None): raise SystemExit
""" % (wheel, wheel)
project = """[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "%s"
version = "1.0"
""" % name
files = {"pyproject.toml": project,
    "backend.py": backend, "PKG-INFO": "Metadata-Version: 2.1\nName: %s\nVersion: 1.0\n" % name}
with tarfile.open(os.path.join(to, name + "-1.0.tar.gz"), "w:gz") as out:
    for path, text in files.items():
        data = text.encode(); info = tarfile.TarInfo(name + "-1.0/" + path); info.size = len(data)
        out.addfile(info, io.BytesIO(data))
    out.add(os.path.join(to, wheel), name + "-1.0/" + wheel)
os.remove(os.path.join(to, wheel))
"#;
    let mut command = Command::new("python3");
    command.args(["-c", script, name, wheel]).arg(dir);
    tools::done(&mut command);
}

/// Zeroes `core.py` in a wheel, which stays well-formed.
pub(crate) fn zero_members(wheel: &Path) {
    let script = "import sys, zipfile\nsrc = zipfile.ZipFile(sys.argv[1]); items = [(n, src.read(n)) for n in \
        src.namelist()]; src.close()\n\
        out = zipfile.ZipFile(sys.argv[1], 'w')\n\
        for name, data in items: out.writestr(name, bytes(len(data)) if name.endswith('core.py') else data)\n\
        out.close()";
    let mut command = Command::new("python3");
    tools::done(command.args(["-c", script]).arg(wheel));
}
