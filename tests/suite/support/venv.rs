//! Venvs to hurt: a tiny one made by hand for tests that run hundreds of times, and a real one made by Python.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

pub(crate) const SITE: &str = "lib/python3.11/site-packages";

/// A venv of a dozen files, laid out as pip would, with old times.
pub(crate) fn tiny(venv: &Path) {
    write(venv, "pyvenv.cfg", b"home = /usr/bin\nversion = 3.11.7\n");
    write(venv, "bin/tool", b"#!/usr/bin/python3\nprint('tool')\n");
    fs::set_permissions(venv.join("bin/tool"), fs::Permissions::from_mode(0o755)).unwrap();
    // It answers what an interpreter of that version would, so that no test depends on the one of the machine.
    write(venv, "bin/python", b"#!/bin/sh\necho version=3.11.7\n");
    fs::set_permissions(venv.join("bin/python"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("lib", venv.join("lib64")).unwrap();
    package(venv, SITE, "click", &["core.py", "utils.py"]);
    package(venv, SITE, "idna", &["core.py"]);
    age(venv, 1_700_000_000);
}

/// A real venv with some packages, a compiled one among them, and bytecode.
pub(crate) fn real(venv: &Path) {
    let made = Command::new("python3")
        .args(["-m", "venv", "--without-pip"])
        .arg(venv)
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success(), "python3 -m venv");
    let site = site_packages(venv);
    for name in ["click", "idna", "certifi", "attrs"] {
        package(
            venv,
            &site,
            name,
            &["core.py", "utils.py", "vendor/deep/inner.py"],
        );
    }
    // Larger than a segment, and not compressible.
    write(venv, &format!("{site}/numb/_core.so"), &noise(9_000_001));
    write(venv, &format!("{site}/numb/__init__.py"), b"");
    let compiled = Command::new(venv.join("bin/python"))
        .args(["-m", "compileall", "-q"])
        .arg(venv.join(&site))
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(compiled.success(), "compileall");
}

/// The site-packages of a venv, relative to it.
pub(crate) fn site_packages(venv: &Path) -> String {
    let mut lib: Vec<PathBuf> = fs::read_dir(venv.join("lib"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    lib.sort();
    let dir = lib
        .into_iter()
        .map(|dir| dir.join("site-packages"))
        .find(|dir| dir.is_dir())
        .unwrap();
    dir.strip_prefix(venv).unwrap().to_str().unwrap().to_owned()
}

/// Lays out one package with its RECORD.
pub(crate) fn package(venv: &Path, site: &str, name: &str, modules: &[&str]) {
    let info = format!("{name}-1.0.dist-info");
    let mut files = vec![
        (
            format!("{name}/__init__.py"),
            b"from . import core\n".to_vec(),
        ),
        (format!("{name}/py.typed"), Vec::new()),
    ];
    for module in modules {
        let body: String = (0..40)
            .map(|n| {
                format!(
                    "{}_{n} = '{name} {module} {n}'\n",
                    module.replace(['/', '.'], "_")
                )
            })
            .collect();
        files.push((format!("{name}/{module}"), body.into_bytes()));
    }
    files.push((
        format!("{info}/METADATA"),
        format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n").into_bytes(),
    ));
    files.push((format!("{info}/INSTALLER"), b"pip\n".to_vec()));
    let mut record: String = files
        .iter()
        .map(|(path, content)| format!("{path},{}\n", recorded(content)))
        .collect();
    record.push_str(&format!("{info}/RECORD,,\n"));
    files.push((format!("{info}/RECORD"), record.into_bytes()));
    for (path, content) in files {
        write(venv, &format!("{site}/{path}"), &content);
    }
}

/// What RECORD says of some content: hash and size.
pub(crate) fn recorded(content: &[u8]) -> String {
    let hash = BASE64URL_NOPAD.encode(&Sha256::digest(content));
    format!("sha256={hash},{}", content.len())
}

pub(crate) fn write(venv: &Path, path: &str, content: &[u8]) {
    let path = venv.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// Adds to the end of a file, which is there.
pub(crate) fn append(path: impl AsRef<Path>, text: &str) {
    let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Makes a named pipe.
pub(crate) fn pipe(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status();
    assert!(made.unwrap().success(), "mkfifo");
}

/// Gives everything a modification time of long ago.
pub(crate) fn age(root: &Path, secs: i64) {
    let meta = fs::symlink_metadata(root).unwrap();
    if meta.is_dir() {
        for entry in fs::read_dir(root).unwrap() {
            age(&entry.unwrap().path(), secs);
        }
    }
    set_mtime(root, secs, 123_456_789);
}

pub(crate) fn set_mtime(path: &Path, secs: i64, nanos: i64) {
    use rustix::fs::{AtFlags, CWD, Timespec, Timestamps};
    let time = Timespec {
        tv_sec: secs,
        tv_nsec: nanos,
    };
    rustix::fs::utimensat(
        CWD,
        path,
        &Timestamps {
            last_access: time,
            last_modification: time,
        },
        AtFlags::SYMLINK_NOFOLLOW,
    )
    .unwrap();
}

/// Bytes that do not compress, the same every time.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .collect()
}

/// A copy with everything kept, by `cp -a`.
pub(crate) fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp")
        .arg("-a")
        .arg(from)
        .arg(to)
        .status()
        .unwrap();
    assert!(status.success(), "cp -a");
}

/// Puts a copy back in the place of what was changed.
pub(crate) fn put_back(backup: &Path, venv: &Path) {
    fs::remove_dir_all(venv).unwrap();
    copy(backup, venv);
}
