//! Whether the caches of installers have the same damage of a distribution as a venv, so that the next install would
//! bring it back. Nothing is changed, and what cannot be read is passed over.

use std::fs::{self, File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::buckets::{Holds, holds, installer_of};
use super::wheel;
use super::window::Window;
use crate::disk::rooted::{Rooted, os};
use crate::disk::walk::walk;
use crate::model::{CacheEntry, Installer};

/// A cache may be huge; what is not among so many files is not found.
const FILES_MAX: usize = 200_000;
/// Unpacking a wheel takes no longer than so many seconds.
const SLACK: i64 = 120;
/// A damaged file above this size in bytes is told by its size alone.
pub(crate) const SUMMED_MAX: u64 = 64 << 20;

/// Damage of one distribution.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// Its normalized name.
    pub(crate) package: String,
    /// The name of its `.dist-info` directory.
    pub(crate) info: Vec<u8>,
    /// Its damaged files by their paths below site-packages, with what stands there.
    pub(crate) damage: Vec<(Vec<u8>, Standing)>,
}

/// What stands in the place of a damaged file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// Nothing.
    Nothing,
    /// A file, whatever is in it: what is looked for is who has it.
    Anything,
    /// A file.
    File {
        /// Its length in bytes.
        size: u64,
        /// Its CRC-32; none of a file that is larger than [`SUMMED_MAX`] or cannot be read.
        crc32: Option<u32>,
    },
}

impl Standing {
    /// What stands where a file has this content.
    pub(crate) fn of(content: &[u8]) -> Self {
        Self::File {
            size: content.len() as u64,
            crc32: Some(crc32(content)),
        }
    }

    fn agrees(self, other: Self) -> bool {
        match (self, other) {
            (Self::Nothing, Self::Nothing) | (Self::Anything, Self::File { .. }) => true,
            (Self::File { size, crc32 }, Self::File { size: s, crc32: c }) => {
                size == s && crc32.zip(c).is_none_or(|(one, other)| one == other)
            }
            _ => false,
        }
    }
}

/// The CRC-32 of zips and gzips.
fn crc32(content: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(content);
    crc.sum()
}

/// Entries of some caches that have all the damage of a wanted distribution.
pub(crate) fn find_damaged(caches: &[PathBuf], wanted: &[Wanted]) -> Vec<CacheEntry> {
    let mut found = Vec::new();
    for cache in caches.iter().filter(|_| !wanted.is_empty()) {
        let resolved = fs::canonicalize(cache);
        let Some(root) = resolved.ok().and_then(|path| Rooted::open(&path).ok()) else {
            continue;
        };
        let names = root.names().unwrap_or_default();
        let Some(installer) = installer_of(&names) else {
            continue;
        };
        let sought = Sought {
            cache,
            installer,
            wanted,
        };
        for name in names {
            let Ok(bucket) = root.enter(&name) else {
                continue;
            };
            match holds(installer, &name) {
                Some(Holds::Unpacked | Holds::Packages) => sought.in_unpacked(&bucket, &mut found),
                Some(Holds::Responses | Holds::Archives) => sought.in_wheels(&bucket, &mut found),
                _ => {}
            }
        }
    }
    found
}

/// What is looked for, and where.
struct Sought<'a> {
    cache: &'a Path,
    installer: Installer,
    wanted: &'a [Wanted],
}

impl Sought<'_> {
    fn entry(&self, wanted: &Wanted, path: &Path, changed: bool) -> CacheEntry {
        CacheEntry {
            changed,
            installer: self.installer,
            package: wanted.package.clone(),
            path: path.to_string_lossy().into_owned(),
            cache: self.cache.to_string_lossy().into_owned(),
        }
    }

    /// Unpacked wheels, each in a directory of its own.
    fn in_unpacked(&self, bucket: &Rooted, found: &mut Vec<CacheEntry>) {
        let names = bucket.names().unwrap_or_default();
        for archive in names
            .iter()
            .take(FILES_MAX)
            .map(|name| bucket.path().join(os(name)))
        {
            let has_it =
                |path: &[u8], of: Standing| of.agrees(unpacked(&archive.join(os(path)), of));
            for one in self.wanted {
                let is_it = kind(&archive.join(os(&one.info))).is_some_and(|meta| meta.is_dir());
                if is_it && one.damage.iter().all(|(path, of)| has_it(path, *of)) {
                    let changed = has_changed(&archive, one);
                    found.push(self.entry(one, &archive, changed));
                }
            }
        }
    }

    /// Wheels as they are, anywhere below a directory.
    fn in_wheels(&self, bucket: &Rooted, found: &mut Vec<CacheEntry>) {
        let all = walk(bucket).unwrap_or_default();
        for one in all.iter().filter(|one| one.stat.is_file()).take(FILES_MAX) {
            let Ok(fd) = bucket.open_below(&one.path, OFlags::RDONLY) else {
                continue;
            };
            let file = File::from(fd);
            let window = Window::new(&file, 0, one.stat.size);
            let path = bucket.shown(&one.path);
            let entry = |one| self.entry(one, &path, false);
            found.extend(damaged(&window, self.wanted).into_iter().map(entry));
        }
    }
}

/// Whether all damaged files of an unpacked wheel, or the directories from which they are gone, changed long after it
/// was unpacked. Its info directory tells when that was: no file has come into it since.
fn has_changed(archive: &Path, wanted: &Wanted) -> bool {
    let time = |path: &Path| kind(path).map(|meta| meta.mtime());
    let info = archive.join(os(&wanted.info));
    let Some(unpacked) = time(&info).max(time(&info.join("METADATA"))) else {
        return false;
    };
    wanted.damage.iter().all(|(path, _)| {
        let path = archive.join(os(path));
        let mut there = path
            .ancestors()
            .take_while(|path| path.starts_with(archive));
        let changed = there.find_map(time);
        changed.is_some_and(|changed| changed > unpacked.saturating_add(SLACK))
    })
}

/// What stands at a path, read as far as a comparison needs.
fn unpacked(path: &Path, like: Standing) -> Standing {
    match kind(path) {
        None => Standing::Nothing,
        Some(meta) => {
            let size = meta.len();
            let is_like =
                matches!(like, Standing::File { size: wanted, crc32: Some(_) } if wanted == size);
            let content = (is_like && meta.is_file()).then(|| fs::read(path).ok());
            let crc32 = content.flatten().map(|content| crc32(&content));
            Standing::File { size, crc32 }
        }
    }
}

/// Those of the distributions whose damage a wheel has. It may stand behind the headers of a response.
fn damaged<'a>(window: &Window<'_>, wanted: &'a [Wanted]) -> Vec<&'a Wanted> {
    let Ok(Some(mut archive)) = wheel::open(window) else {
        return Vec::new();
    };
    let mut member = |path: &[u8]| {
        let index = archive.index_for_name_raw(path)?;
        let member = archive.by_index_raw(index).ok()?;
        let (size, crc32) = (member.size(), Some(member.crc32()));
        Some(Standing::File { size, crc32 })
    };
    let mut has_all = |one: &Wanted| {
        let is_it = member(&[&one.info[..], b"/METADATA"].concat()).is_some();
        let mut damage = one.damage.iter();
        is_it && damage.all(|(path, of)| of.agrees(member(path).unwrap_or(Standing::Nothing)))
    };
    wanted.iter().filter(|one| has_all(one)).collect()
}

/// What stands at a path itself; a link is not followed.
fn kind(path: &Path) -> Option<Metadata> {
    fs::symlink_metadata(path).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn wanted(path: &str, found: Standing) -> Vec<Wanted> {
        vec![Wanted {
            package: "wool".to_owned(),
            info: b"wool-1.0.dist-info".to_vec(),
            damage: vec![(path.as_bytes().to_vec(), found)],
        }]
    }

    /// A cache of uv and one of pip, both with the wheel of a package of which `core.py` is gone and `other.py` empty.
    fn caches() -> (tempfile::TempDir, Vec<PathBuf>) {
        let dir = tempfile::tempdir().unwrap();
        let (uv, pip) = (dir.path().join("uv"), dir.path().join("pip"));
        let files = [
            ("wool/other.py", ""),
            ("wool/whole.py", "x = 1\n"),
            ("wool-1.0.dist-info/METADATA", "Name: wool\n"),
        ];
        let bodies = pip.join("http-v2/a/b");
        fs::create_dir_all(&bodies).unwrap();
        let mut wheel = zip::ZipWriter::new(File::create(bodies.join("ab12.body")).unwrap());
        let stored = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored);
        for (path, text) in files {
            let unpacked = uv.join("archive-v0/x1").join(path);
            fs::create_dir_all(unpacked.parent().unwrap()).unwrap();
            fs::write(unpacked, text).unwrap();
            wheel.start_file(path, stored).unwrap();
            wheel.write_all(text.as_bytes()).unwrap();
        }
        wheel.finish().unwrap();
        fs::write(bodies.join("ab12"), b"cc=4,").unwrap();
        (dir, vec![uv, pip])
    }

    #[test]
    fn what_changed_in_a_cache_after_the_wheel_was_unpacked_is_told() {
        let (dir, caches) = caches();
        let archive = dir.path().join("uv/archive-v0/x1");
        let age = |path: &str, seconds: u64| {
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
            File::open(archive.join(path))
                .unwrap()
                .set_modified(time)
                .unwrap();
        };
        let changed = |path: &str, found| {
            let entries = find_damaged(&caches, &wanted(path, found));
            entries.iter().map(|one| one.changed).collect::<Vec<_>>()
        };
        for path in [
            "wool/other.py",
            "wool",
            "wool-1.0.dist-info/METADATA",
            "wool-1.0.dist-info",
        ] {
            age(path, 1_700_000_000);
        }
        // pip keeps wheels whole.
        let gone = || changed("wool/core.py", Standing::Nothing);
        let empty = || changed("wool/other.py", Standing::of(b""));
        assert_eq!((gone(), empty()), (vec![false, false], vec![false, false]));
        age("wool", 1_700_000_060);
        assert_eq!(gone(), [false, false]);
        age("wool", 1_700_009_000);
        assert_eq!((gone(), empty()), (vec![true, false], vec![false, false]));
        age("wool/other.py", 1_700_009_000);
        assert_eq!(empty(), [true, false]);
    }

    #[test]
    fn an_entry_is_named_where_it_has_all_the_damage_and_no_other() {
        let (_dir, caches) = caches();
        let there = |path: &str, found| {
            let entries = self::find_damaged(&caches, &wanted(path, found));
            entries.iter().map(|one| one.installer).collect::<Vec<_>>()
        };
        let both = [Installer::Uv, Installer::Pip];
        assert_eq!(there("wool/core.py", Standing::Nothing), both);
        assert_eq!(there("wool/other.py", Standing::of(b"")), both);
        assert_eq!(there("wool/whole.py", Standing::of(b"x = 1\n")), both);
        assert!(there("wool/whole.py", Standing::of(b"x = 2\n")).is_empty());
        assert!(there("wool/whole.py", Standing::Nothing).is_empty());
        assert!(there("wool/core.py", Standing::of(b"")).is_empty());
        let mut other = wanted("wool/core.py", Standing::Nothing);
        other[0].info = b"wool-1.1.dist-info".to_vec();
        assert!(find_damaged(&caches, &other).is_empty());
        assert!(find_damaged(&caches, &[]).is_empty());
    }
}
