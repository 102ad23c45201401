//! Files that processes have mapped to write in, shared. Such a write changes the times of a file only when the kernel
//! notices it: at the first write after the page was last written to the disk, which can be half a minute ago. On file
//! systems in memory it is never noticed again. So of such a file the times prove nothing.

use std::collections::HashSet;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use super::rooted::Rooted;
use crate::model::RelPath;

/// The mapped files of one tree. Those of processes of other users are seen only by root, those in other PID
/// namespaces only from without.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Mapped {
    /// By device and inode, also where they are mapped by a name outside of the tree.
    inodes: HashSet<(u64, u64)>,
    /// Those that are mapped by a name in the tree, sorted.
    pub(crate) paths: Vec<RelPath>,
}

/// The shared mappings of all processes through which files may be written, as lines of `/proc/PID/maps`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mappings(Vec<Vec<u8>>);

impl Mappings {
    /// Looks at all processes.
    pub(crate) fn now() -> Self {
        let mut lines = Vec::new();
        for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let is_number = process
                .file_name()
                .as_bytes()
                .iter()
                .all(u8::is_ascii_digit);
            let maps = is_number
                .then(|| fs::read(process.path().join("maps")).ok())
                .flatten();
            let maps = maps.unwrap_or_default();
            let shared = maps.split(|&b| b == b'\n');
            let shared = shared.filter(|line| Mapping::parse(line).is_some());
            lines.extend(shared.map(<[u8]>::to_vec));
        }
        Self(lines)
    }

    /// Those that concern one tree.
    pub(crate) fn within(&self, root: &Rooted) -> Mapped {
        let mut found = Mapped::default();
        self.0.iter().for_each(|line| found.add(root, line));
        found.paths.sort();
        found.paths.dedup();
        found
    }
}

impl Mapped {
    /// Looks at the mappings of all processes.
    pub(crate) fn within(root: &Rooted) -> Self {
        Mappings::now().within(root)
    }

    /// Whether an inode is mapped.
    pub(crate) fn has(&self, dev: u64, ino: u64) -> bool {
        self.inodes.contains(&(dev, ino))
    }

    /// Takes one line of `/proc/PID/maps` (`proc_pid_maps(5)`).
    fn add(&mut self, root: &Rooted, line: &[u8]) {
        let Some(mapping) = Mapping::parse(line) else {
            return;
        };
        self.inodes.insert((mapping.dev, mapping.ino));
        let inside = mapping
            .path
            .strip_prefix(root.path().as_os_str().as_bytes());
        let inside = inside.and_then(|rest| rest.strip_prefix(b"/"));
        let Some(path) = inside.and_then(|inside| RelPath::new(inside).ok()) else {
            return;
        };
        // Some file systems give maps another device than they give a stat.
        if let Ok(stat) = root.stat_below(&path, false) {
            self.inodes.insert((stat.dev, stat.ino));
            self.paths.push(path);
        }
    }
}

/// One shared mapping of a file that may be written.
#[derive(PartialEq, Eq, Debug)]
struct Mapping<'l> {
    dev: u64,
    ino: u64,
    path: &'l [u8],
}

impl<'l> Mapping<'l> {
    fn parse(line: &'l [u8]) -> Option<Self> {
        let mut fields = line.splitn(6, |&b| b == b' ');
        let (_range, rights, _offset) = (fields.next()?, fields.next()?, fields.next()?);
        if rights.get(1) != Some(&b'w') || rights.get(3) != Some(&b's') {
            return None;
        }
        let text = |field: &'l [u8]| std::str::from_utf8(field).ok();
        let (major, minor) = text(fields.next()?)?.split_once(':')?;
        let number = |hex: &str| u32::from_str_radix(hex, 16).ok();
        let dev = rustix::fs::makedev(number(major)?, number(minor)?);
        let ino = text(fields.next()?)?.parse().ok().filter(|ino| *ino != 0)?;
        let path = fields.next()?.trim_ascii_start();
        Some(Self { dev, ino, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_shared_and_may_be_written_counts() {
        let line = b"7f10-7f20 rw-s 00000000 fd:01 1234                       /srv/a b/x";
        let mapping = Mapping::parse(line).unwrap();
        let (dev, path) = (rustix::fs::makedev(0xfd, 1), &b"/srv/a b/x"[..]);
        assert_eq!(
            mapping,
            Mapping {
                dev,
                ino: 1234,
                path
            }
        );
        for other in [
            "7f10-7f20 rw-p 00000000 fd:01 1234                       /srv/a",
            "7f10-7f20 r--s 00000000 fd:01 1234                       /srv/a",
            "7f10-7f20 rw-s 00000000 00:00 0 ",
            "",
        ] {
            assert_eq!(Mapping::parse(other.as_bytes()), None, "{other}");
        }
    }
}
