//! What the caches of installers have of a distribution, and whether it has the same damage: uv keeps wheels unpacked
//! in `archive-v*`, pip as they came in `http-v2` and `http`, and those that it built in `wheels`. No layout is
//! guessed: directories of other names are not looked into. Nothing is changed.

use std::fs::{self, File, Metadata};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use crate::disk::rooted::os;
use crate::model::{CacheEntry, Installer};

/// A cache may be huge; what is not among so many files is not found.
const FILES_MAX: usize = 200_000;
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
    pub(crate) damage: Vec<(Vec<u8>, Found)>,
}

/// What stands in the place of a damaged file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Found {
    /// Nothing.
    Nothing,
    /// A file.
    File {
        /// Its length in bytes.
        size: u64,
        /// Its CRC-32; none of a file that is larger than [`SUMMED_MAX`] or cannot be read.
        crc32: Option<u32>,
    },
}

impl Found {
    /// What a file holds. A directory or a link is none.
    pub(crate) fn of(content: &[u8]) -> Self {
        Self::File {
            size: content.len() as u64,
            crc32: Some(crc32(content)),
        }
    }

    fn agrees(self, other: Self) -> bool {
        match (self, other) {
            (Self::Nothing, Self::Nothing) => true,
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

/// Entries of some caches that have all the damage of a wanted distribution. What cannot be read is passed over.
pub(crate) fn find(caches: &[PathBuf], wanted: &[Wanted]) -> Vec<CacheEntry> {
    let mut found = Vec::new();
    for cache in caches.iter().filter(|_| !wanted.is_empty()) {
        for bucket in children(cache) {
            let name = bucket.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with("archive-v") {
                in_archives(cache, &bucket, wanted, &mut found);
            } else if matches!(&*name, "http" | "http-v2" | "wheels") {
                in_wheels(cache, &bucket, wanted, &mut found);
            }
        }
    }
    found
}

fn entry(installer: Installer, wanted: &Wanted, path: &Path, cache: &Path) -> CacheEntry {
    CacheEntry {
        installer,
        package: wanted.package.clone(),
        path: path.to_string_lossy().into_owned(),
        cache: cache.to_string_lossy().into_owned(),
    }
}

/// Unpacked wheels, each in a directory of its own.
fn in_archives(cache: &Path, bucket: &Path, wanted: &[Wanted], found: &mut Vec<CacheEntry>) {
    for archive in children(bucket).take(FILES_MAX) {
        let has_it = |path: &[u8], of: Found| of.agrees(unpacked(&archive.join(os(path)), of));
        for one in wanted {
            let is_it = kind(&archive.join(os(&one.info))).is_some_and(|meta| meta.is_dir());
            if is_it && one.damage.iter().all(|(path, of)| has_it(path, *of)) {
                found.push(entry(Installer::Uv, one, &archive, cache));
            }
        }
    }
}

/// What stands at a path, read as far as a comparison needs.
fn unpacked(path: &Path, like: Found) -> Found {
    match kind(path) {
        None => Found::Nothing,
        Some(meta) => {
            let size = meta.len();
            let is_like =
                matches!(like, Found::File { size: wanted, crc32: Some(_) } if wanted == size);
            let content = (is_like && meta.is_file()).then(|| fs::read(path).ok());
            let crc32 = content.flatten().map(|content| crc32(&content));
            Found::File { size, crc32 }
        }
    }
}

/// Wheels as they are, anywhere below a directory.
fn in_wheels(cache: &Path, bucket: &Path, wanted: &[Wanted], found: &mut Vec<CacheEntry>) {
    let mut todo = vec![bucket.to_owned()];
    let mut seen = 0;
    while let Some(dir) = todo.pop() {
        for path in children(&dir) {
            seen += 1;
            match kind(&path) {
                _ if seen > FILES_MAX => return,
                Some(meta) if meta.is_dir() => todo.push(path),
                Some(meta) if meta.is_file() => {
                    let entry = |one| entry(Installer::Pip, one, &path, cache);
                    found.extend(damaged(&path, wanted).into_iter().map(entry));
                }
                _ => {}
            }
        }
    }
}

/// Those of the distributions whose damage a file has that is a wheel.
fn damaged<'a>(path: &Path, wanted: &'a [Wanted]) -> Vec<&'a Wanted> {
    let opened = File::open(path).ok();
    let wheel = opened.and_then(|file| ZipArchive::new(BufReader::new(file)).ok());
    let Some(mut wheel) = wheel else {
        return Vec::new();
    };
    let mut member = |path: &[u8]| {
        let name = std::str::from_utf8(path).ok()?;
        let index = wheel.index_for_name(name)?;
        let member = wheel.by_index_raw(index).ok()?;
        let (size, crc32) = (member.size(), Some(member.crc32()));
        Some(Found::File { size, crc32 })
    };
    let mut has_all = |one: &Wanted| {
        let is_it = member(&[&one.info[..], b"/METADATA"].concat()).is_some();
        let mut damage = one.damage.iter();
        is_it && damage.all(|(path, of)| of.agrees(member(path).unwrap_or(Found::Nothing)))
    };
    wanted.iter().filter(|one| has_all(one)).collect()
}

/// What stands at a path itself; a link is not followed.
fn kind(path: &Path) -> Option<Metadata> {
    fs::symlink_metadata(path).ok()
}

fn children(dir: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn wanted(path: &str, found: Found) -> Vec<Wanted> {
        vec![Wanted {
            package: "wool".to_owned(),
            info: b"wool-1.0.dist-info".to_vec(),
            damage: vec![(path.as_bytes().to_vec(), found)],
        }]
    }

    /// A cache of each installer with the wheel of one package, of which `core.py` is gone and `other.py` empty.
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
    fn an_entry_is_named_where_it_has_all_the_damage_and_no_other() {
        let (_dir, caches) = caches();
        let there = |path: &str, found| {
            let entries = self::find(&caches, &wanted(path, found));
            entries.iter().map(|one| one.installer).collect::<Vec<_>>()
        };
        let both = [Installer::Uv, Installer::Pip];
        assert_eq!(there("wool/core.py", Found::Nothing), both);
        assert_eq!(there("wool/other.py", Found::of(b"")), both);
        assert_eq!(there("wool/whole.py", Found::of(b"x = 1\n")), both);
        assert!(there("wool/whole.py", Found::of(b"x = 2\n")).is_empty());
        assert!(there("wool/whole.py", Found::Nothing).is_empty());
        assert!(there("wool/core.py", Found::of(b"")).is_empty());
        let mut other = wanted("wool/core.py", Found::Nothing);
        other[0].info = b"wool-1.1.dist-info".to_vec();
        assert!(find(&caches, &other).is_empty());
        assert!(find(&caches, &[]).is_empty());
    }
}
