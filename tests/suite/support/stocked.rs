//! A venv of several packages, with what the rules of a diagnosis look at.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{Sandbox, venv};

/// A venv of eight packages with what the rules look at: `core.py`, libraries, `tests/`, `build/`, empty files.
pub(crate) fn stocked() -> Sandbox {
    let sandbox = Sandbox::new();
    fill(&sandbox.venv());
    sandbox
}

/// Makes it in a directory.
pub(crate) fn fill(root: &Path) {
    venv::tiny(root);
    for name in ["ant", "bee", "cat", "dog", "elk"] {
        let modules = [
            "a.py",
            "core/deep.py",
            "tests/t.py",
            "build/b.py",
            "more.py",
        ];
        let extra = [
            format!("{name}/_fast.cpython-311-x86_64-linux-gnu.so"),
            format!("{name}/large.py"),
        ];
        venv::package(root, venv::SITE, name, &modules);
        list(root, name, &extra);
    }
    venv::age(root, 1_700_000_000);
}

/// Adds files of 20,000 bytes to a package and its RECORD.
fn list(root: &Path, name: &str, paths: &[String]) {
    use sha2::Digest;
    let record = root
        .join(venv::SITE)
        .join(format!("{name}-1.0.dist-info/RECORD"));
    let mut text = fs::read_to_string(&record).unwrap();
    for path in paths {
        let content = format!("# {path}\n").repeat(20_000 / (path.len() + 3));
        let hash = data_encoding::BASE64URL_NOPAD.encode(&sha2::Sha256::digest(&content));
        text.push_str(&format!("{path},sha256={hash},{}\n", content.len()));
        venv::write(root, &format!("{}/{path}", venv::SITE), content.as_bytes());
    }
    fs::write(record, text).unwrap();
}

/// Runs a line of shell in a directory.
pub(crate) fn sh(dir: &Path, script: &str) {
    let status = Command::new("sh")
        .args(["-c", script])
        .current_dir(dir)
        .status()
        .unwrap();
    assert!(status.success(), "{script}");
}
