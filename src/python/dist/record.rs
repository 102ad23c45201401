//! RECORD: which files a distribution installed, with hash and size (packaging.python.org, "Recording installed
//! projects").

use super::hash::{Hash, hash};
use crate::model::{Manifest, RelPath};
use crate::python::prefix::Style;

/// One row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Row {
    /// The file, in the venv.
    pub(crate) path: RelPath,
    /// Its hash.
    pub(crate) hash: Hash,
    /// Its size in bytes, if the row tells.
    pub(crate) size: Option<u64>,
    /// Whether it may be missing: `pip install --target` moves what lies beside the packages, and another install there
    /// leaves its own aside, or puts it in the place of what was there.
    pub(crate) movable: bool,
}

/// A RECORD.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Record {
    /// The rows of files in the venv, sorted by path; of two rows of one path the last counts, as for installers.
    pub(crate) rows: Vec<Row>,
    /// Rows of files outside of the venv.
    pub(crate) outside: usize,
    /// Rows that make no sense.
    pub(crate) bad: usize,
    /// Of a package of conda: files that hold the place of the environment.
    pub(crate) prefixed: Vec<(RelPath, Prefixed)>,
}

/// How a file of a package of conda holds the place of the environment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Prefixed {
    /// What stood for the place in the package.
    pub(crate) placeholder: Vec<u8>,
    /// How it was replaced.
    pub(crate) style: Style,
    /// The SHA-256 of the file in the package.
    pub(crate) packed: [u8; 32],
}

/// What begins the rows of scripts and data that `pip install --target` fills a directory with: it installs into
/// `lib/python` of another one, from which it moves both, and leaves RECORD as it is.
const MOVED: &[u8] = b"../../";
/// The most rows that are read: a hostile file shall not take all memory.
const ROWS_MAX: usize = 1_000_000;

impl Record {
    /// Parses a RECORD that lies at `path`. `root` is the absolute path of the venv, as absolute rows have it.
    pub(crate) fn parse(path: &RelPath, content: &[u8], root: &[u8]) -> Self {
        // Rows are relative to the directory that holds the dist-info directory.
        let base = path
            .parent()
            .and_then(|info| info.parent())
            .unwrap_or_default();
        let mut record = Self::default();
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(content);
        let mut fields = csv::ByteRecord::new();
        for _ in 0..ROWS_MAX {
            match reader.read_byte_record(&mut fields) {
                Ok(true) => record.add(&base, root, &fields),
                Ok(false) => break,
                Err(_) => record.bad += 1,
            }
        }
        record.close();
        record
    }

    /// Of a legacy egg-info: `installed-files.txt`, a plain list relative to its directory.
    pub(crate) fn parse_installed_files(path: &RelPath, content: &[u8]) -> Self {
        let base = path.parent().unwrap_or_default();
        let mut record = Self::default();
        let lines = content.split(|&b| b == b'\n').map(<[u8]>::trim_ascii);
        for line in lines.filter(|line| !line.is_empty()).take(ROWS_MAX) {
            match resolve(&base, line) {
                Some(path) => record.rows.push(Row {
                    path,
                    hash: Hash::None,
                    size: None,
                    movable: false,
                }),
                None => record.outside += 1,
            }
        }
        record.close();
        record
    }

    fn add(&mut self, base: &RelPath, root: &[u8], fields: &csv::ByteRecord) {
        let named = fields.get(0).unwrap_or_default();
        if named.is_empty() || fields.len() < 3 {
            self.bad += 1;
            return;
        }
        if named.ends_with(b"/") {
            // A directory: nothing to check.
            return;
        }
        let moved = named.strip_prefix(MOVED).filter(|_| base.is_root());
        let relative = || resolve(base, moved.unwrap_or(named));
        let Some(path) = inside(named, root).or_else(relative) else {
            self.outside += 1;
            return;
        };
        if is_of_wheel_alone(base, &path) {
            return;
        }
        let size = std::str::from_utf8(fields.get(2).unwrap_or_default())
            .ok()
            .and_then(|text| text.trim().parse().ok());
        self.rows.push(Row {
            path,
            hash: hash(fields.get(1).unwrap_or_default()),
            size,
            movable: moved.is_some(),
        });
    }

    pub(super) fn close(&mut self) {
        self.prefixed.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.rows.reverse();
        self.rows.sort_by(|a, b| a.path.cmp(&b.path));
        self.rows.dedup_by(|later, first| later.path == first.path);
        // A row without a hash, below which other rows lie, is of a directory.
        let next = self.rows.iter().skip(1).map(|row| Some(&row.path));
        let is_dir = |(row, next): (&Row, Option<&RelPath>)| {
            row.hash == Hash::None && next.is_some_and(|next| next.is_within(&row.path))
        };
        let dirs: Vec<bool> = self
            .rows
            .iter()
            .zip(next.chain([None]))
            .map(is_dir)
            .collect();
        let mut dirs = dirs.into_iter();
        self.rows.retain(|_| dirs.next() != Some(true));
    }

    /// The same, sharing with the manifest the memory of the paths that both have.
    pub(super) fn sharing_paths(mut self, manifest: &Manifest) -> Self {
        for row in &mut self.rows {
            if let Some(entry) = manifest.get(&row.path) {
                row.path = entry.path.clone();
            }
        }
        self
    }

    /// How a file holds the place of its environment; none where it does not.
    pub(crate) fn prefixed(&self, path: &RelPath) -> Option<&Prefixed> {
        let at = self
            .prefixed
            .binary_search_by(|(one, _)| one.cmp(path))
            .ok()?;
        self.prefixed.get(at).map(|(_, prefixed)| prefixed)
    }

    /// The row of a path.
    pub(crate) fn row(&self, path: &RelPath) -> Option<&Row> {
        let at = self.rows.binary_search_by(|row| row.path.cmp(path)).ok()?;
        self.rows.get(at)
    }
}

/// The path in the venv that an absolute row means.
fn inside(named: &[u8], root: &[u8]) -> Option<RelPath> {
    let rest = named.strip_prefix(root)?.strip_prefix(b"/")?;
    RelPath::new(rest).ok()
}

/// Whether a path below `base` is one in a wheel that no installer makes: it lays `NAME-VERSION.data/SCHEME/…`
/// elsewhere (packaging.python.org, "Binary distribution format", the `.data` directory).
fn is_of_wheel_alone(base: &RelPath, path: &RelPath) -> bool {
    let mut parts = path.parts().skip(base.parts().count());
    let (data, scheme) = (parts.next(), parts.next());
    let schemes = [&b"purelib"[..], b"platlib", b"headers", b"scripts", b"data"];
    path.is_within(base)
        && data.is_some_and(|name| name.ends_with(b".data") && name.contains(&b'-'))
        && scheme.is_some_and(|name| schemes.contains(&name))
}

/// The path in the venv that a relative row means; none where it leads out of it.
pub(crate) fn resolve(base: &RelPath, named: &[u8]) -> Option<RelPath> {
    let mut parts: Vec<&[u8]> = base.parts().collect();
    for part in named.split(|&b| b == b'/') {
        match part {
            b".." => drop(parts.pop()?),
            b"." | b"" => {}
            _ => parts.push(part),
        }
    }
    RelPath::new(&parts.join(&b'/'))
        .ok()
        // What ends in `..` can only be a directory.
        .filter(|path| !named.starts_with(b"/") && !named.ends_with(b"..") && !path.is_root())
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64URL_NOPAD;

    use super::super::hash::{Algorithm, Sum};
    use super::*;

    fn path(text: &str) -> RelPath {
        RelPath::new(text.as_bytes()).unwrap()
    }

    fn parse(text: &str) -> Record {
        Record::parse(
            &path("lib/p/site-packages/x-1.dist-info/RECORD"),
            text.as_bytes(),
            b"/srv/v",
        )
    }

    #[test]
    fn of_what_target_filled_scripts_lie_beside_the_packages() {
        let text = b"../../bin/x,,\n../../share/a/b,,\n../../../c,,\nx.py,,\n";
        let record = Record::parse(&path("x-1.dist-info/RECORD"), text, b"/srv/t");
        let rows: Vec<_> = record
            .rows
            .iter()
            .map(|row| (row.path.to_string(), row.movable))
            .collect();
        let all = [("bin/x", true), ("share/a/b", true), ("x.py", false)];
        assert_eq!(rows, all.map(|(path, movable)| (path.to_owned(), movable)));
        assert_eq!(record.outside, 1);
    }

    #[test]
    fn reads_rows_as_installers_write_them() {
        let empty = "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
        let long = BASE64URL_NOPAD.encode(&[7; 64]);
        let text = format!(
            "\"x/with, comma.py\",{empty},0\r\n../../../bin/x,{empty},12\r\n/srv/v/etc/a,,\n/usr/lib/b,,\nx/dir/,,\n\
             x/a.py,{empty},0,more,columns\nx/a.py,sha512={long},1\nx/old.py,md5=abc,5\n"
        );
        let record = parse(&text);
        let shown: Vec<_> = record.rows.iter().map(|r| r.path.to_string()).collect();
        assert_eq!(
            shown,
            [
                "bin/x",
                "etc/a",
                "lib/p/site-packages/x/a.py",
                "lib/p/site-packages/x/old.py",
                "lib/p/site-packages/x/with, comma.py"
            ]
        );
        assert_eq!((record.outside, record.bad), (1, 0));
        let of = |name: &str| record.row(&path(name)).unwrap().clone();
        assert_eq!(of("bin/x").size, Some(12));
        assert_eq!(of("etc/a").hash, Hash::None);
        assert_eq!(
            of("lib/p/site-packages/x/a.py").hash,
            Hash::Known(Sum::Other(Algorithm::Sha512, [7; 64].into())),
            "the last of two rows counts"
        );
        assert_eq!(of("lib/p/site-packages/x/old.py").hash, Hash::Unknown);
        assert_eq!(
            of("lib/p/site-packages/x/with, comma.py").hash,
            Hash::Known(Sum::new(Algorithm::Sha256, Algorithm::Sha256.hash(b"")))
        );
    }

    #[test]
    fn rows_of_what_was_never_a_file_are_none() {
        let record = parse(
            "x-1.data/scripts/tool,sha256=AA,5\nx,,\nx/a.py,,\nx/sub,,\nx/sub/deep/b.py,,\n\
             x.data/scripts,,\nx/my-1.data/data/c,,\n",
        );
        let shown: Vec<_> = record.rows.iter().map(|r| r.path.to_string()).collect();
        let names = [
            "x.data/scripts",
            "x/a.py",
            "x/my-1.data/data/c",
            "x/sub/deep/b.py",
        ];
        let mut names = names.map(|name| format!("lib/p/site-packages/{name}"));
        names.sort();
        let mut shown = shown;
        shown.sort();
        assert_eq!(shown, names);
    }

    #[test]
    fn hostile_rows_lead_nowhere() {
        let record = parse("../../../../../etc/passwd,,\n..,,\n,,\n\0,,\n\"never closed,,\n");
        assert!(record.rows.iter().all(|row| row.path != path("etc/passwd")));
        assert_eq!((record.rows.len(), record.outside, record.bad), (0, 3, 2));
    }
}
