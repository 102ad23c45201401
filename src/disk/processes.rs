//! Which processes still run from a directory, so that people know what to restart.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A running process.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its name.
    pub name: String,
}

/// Processes that have their working directory, program or a mapped file inside the directory, or were started with a
/// path of it. Those of other users are seen only by root.
pub(crate) fn using(dir: &Path) -> Vec<Process> {
    let mut found = BTreeMap::new();
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let own = std::process::id();
    for entry in entries.flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<u32>().ok())
        else {
            continue;
        };
        if pid != own && uses(&entry.path(), dir) {
            let name = fs::read(entry.path().join("comm")).unwrap_or_default();
            found.insert(pid, String::from_utf8_lossy(&name).trim_end().to_owned());
        }
    }
    found
        .into_iter()
        .map(|(pid, name)| Process { pid, name })
        .collect()
}

fn uses(proc: &Path, dir: &Path) -> bool {
    let linked = ["cwd", "exe", "root"].iter().any(|link| {
        fs::read_link(proc.join(link)).is_ok_and(|to| within(to.as_os_str().as_bytes(), dir))
    });
    if linked {
        return true;
    }
    let started = fs::read(proc.join("cmdline")).unwrap_or_default();
    if started
        .split(|&b| b == 0)
        .take(2)
        .any(|part| within(part, dir))
    {
        return true;
    }
    let maps = fs::read(proc.join("maps")).unwrap_or_default();
    maps.split(|&b| b == b'\n').any(|line| {
        line.iter()
            .position(|&b| b == b'/')
            .is_some_and(|at| within(&line[at..], dir))
    })
}

fn within(path: &[u8], dir: &Path) -> bool {
    path.strip_prefix(dir.as_os_str().as_bytes())
        .is_some_and(|rest| rest.is_empty() || rest[0] == b'/' || rest == b" (deleted)")
}
