//! Where in a cache the entries are, by installer. Names of other directories are told, never guessed.

use std::collections::HashMap;
use std::path::Path;

use super::buckets::{Holds, bucket, holds};
use super::entry::{Found, Unlisted};
use crate::disk::rooted::Rooted;
use crate::disk::stat::Stat;
use crate::disk::walk::{Found as Walked, walk};
use crate::model::{Installer, RelPath};
use crate::tree::sharing::Inode;

/// What an entry is, and how it is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// What pip keeps of a response: headers, and the body beside them or within.
    Response,
    /// A wheel, or another archive.
    Archive,
    /// An unpacked wheel. `is_wheel`: something says that it must be one.
    Unpacked { is_wheel: bool },
}

/// One entry.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) form: Form,
    /// What holds the content.
    pub(super) path: RelPath,
    /// All that makes the entry, with its inodes, in the order in which it is taken away.
    pub(super) parts: Vec<(RelPath, Inode)>,
    /// Bytes of content, where one file holds it.
    pub(super) size: u64,
}

/// A cache that is held open.
pub(super) struct Cache<'a> {
    pub(super) installer: Installer,
    pub(super) root: &'a Rooted,
}

/// Finds all entries of a cache. What cannot be listed goes to `found`, and so does what is of no known name.
pub(super) fn places(cache: &Cache<'_>, found: &mut Found) -> Vec<Place> {
    let mut survey = Survey {
        cache,
        found,
        places: Vec::new(),
        pointers: HashMap::new(),
        archives: Vec::new(),
    };
    let names = match cache.root.names() {
        Ok(names) => names,
        Err(error) => {
            survey.unread(cache.root.path(), &error.source.to_string());
            return Vec::new();
        }
    };
    for name in names {
        survey.look_into(&name);
    }
    survey.join();
    let mut places = survey.places;
    places.sort_by(|a, b| a.path.cmp(&b.path));
    places
}

struct Survey<'a, 'b> {
    cache: &'a Cache<'b>,
    found: &'a mut Found,
    places: Vec<Place>,
    /// What points to an unpacked wheel, by the name of that.
    pointers: HashMap<RelPath, Vec<(RelPath, Inode)>>,
    archives: Vec<(RelPath, Inode)>,
}

impl Survey<'_, '_> {
    fn unread(&mut self, path: &Path, reason: &str) {
        self.found.unread.push(Unlisted {
            path: path.to_owned(),
            reason: reason.to_owned(),
        });
    }

    fn look_into(&mut self, name: &[u8]) {
        let Ok(path) = RelPath::new(name) else { return };
        let shown = self.cache.root.shown(&path);
        let stat = match self.cache.root.stat_name(name) {
            Ok(Some(stat)) => stat,
            Ok(None) => return,
            Err(error) => return self.unread(&shown, &error.source.to_string()),
        };
        let holds = holds(self.cache.installer, name);
        if holds == Some(Holds::Other) {
            return;
        }
        if is_temporary(name) {
            self.found.leftovers += 1;
            return;
        }
        let Some(holds) = holds.filter(|_| stat.is_dir() && !stat.mount_root) else {
            // A single file holds no entries; a link or a mount may.
            if !stat.is_file() {
                self.found.unknown.push(shown);
            }
            return;
        };
        let dir = match self.cache.root.enter(name) {
            Ok(dir) => dir,
            Err(error) => return self.unread(&shown, &error.source.to_string()),
        };
        match holds {
            Holds::Unpacked | Holds::Packages => self.directories(&dir, &path, holds),
            _ => self.walked(&dir, &path, holds),
        }
    }

    /// A directory that holds one directory for each entry.
    fn directories(&mut self, dir: &Rooted, own: &RelPath, holds: Holds) {
        let names = match dir.names() {
            Ok(names) => names,
            Err(error) => return self.unread(dir.path(), &error.source.to_string()),
        };
        for name in names {
            let (Ok(Some(stat)), Ok(path)) = (dir.stat_name(&name), own.join(&name)) else {
                continue;
            };
            if is_temporary(&name) || !stat.is_dir() {
                self.found.leftovers += u64::from(is_temporary(&name));
            } else if holds == Holds::Unpacked {
                self.archives.push((path, inode(&stat)));
            } else if name.ends_with(b".cache") {
                self.unpacked(path, vec![], &stat, true);
            }
        }
    }

    fn unpacked(
        &mut self,
        path: RelPath,
        mut parts: Vec<(RelPath, Inode)>,
        stat: &Stat,
        is_wheel: bool,
    ) {
        parts.push((path.clone(), inode(stat)));
        self.places.push(Place {
            form: Form::Unpacked { is_wheel },
            path,
            parts,
            size: 0,
        });
    }

    /// A directory in which entries lie at some depth.
    fn walked(&mut self, dir: &Rooted, own: &RelPath, holds: Holds) {
        let all = match walk(dir) {
            Ok(all) => all,
            Err(error) => return self.unread(dir.path(), &error.source.to_string()),
        };
        for one in &all {
            let problem = one.rare.as_ref().and_then(|rare| rare.problem.as_ref());
            if let Some(problem) = problem {
                self.unread(&dir.shown(&one.path), problem);
            }
        }
        match holds {
            Holds::Responses => self.responses(&all, own),
            Holds::Pointers => self.pointers(&all, own),
            Holds::Images => self.images(&all, own),
            _ => self.archives(&all, own),
        }
    }

    fn responses(&mut self, all: &[Walked], own: &RelPath) {
        let v2 = own.as_bytes() != b"http";
        let files = all.iter().filter(|one| one.stat.is_file());
        let files: HashMap<&[u8], &Walked> = files.map(|one| (one.path.as_bytes(), one)).collect();
        for (path, one) in &files {
            let name = one.path.name();
            if let Some(stem) = path.strip_suffix(b".body") {
                self.found.leftovers += u64::from(v2 && !files.contains_key(stem));
                continue;
            }
            let body = files.get(&*[*path, b".body"].concat()).copied();
            if key(name).is_none() || v2 && body.is_none() {
                self.found.leftovers += 1;
                continue;
            }
            let parts = std::iter::once(*one).chain(body.filter(|_| v2));
            let parts = parts.filter_map(|part| Some((below(own, &part.path)?, inode(&part.stat))));
            let holder = body.filter(|_| v2).unwrap_or(one);
            let Some(path) = below(own, &holder.path) else {
                continue;
            };
            self.places.push(Place {
                form: Form::Response,
                path,
                parts: parts.collect(),
                size: holder.stat.size,
            });
        }
    }

    /// Wheels and other archives, those that pip built with what it wrote beside them.
    fn archives(&mut self, all: &[Walked], own: &RelPath) {
        let mut origins: HashMap<&[u8], &Walked> = HashMap::new();
        for one in all.iter().filter(|one| one.path.name() == b"origin.json") {
            origins.insert(one.path.parent_bytes(), one);
        }
        for one in all.iter().filter(|one| one.stat.is_file()) {
            if is_temporary(one.path.name()) {
                self.found.leftovers += 1;
            } else if is_archive(one.path.name()) {
                self.archive(one, own, origins.get(one.path.parent_bytes()).copied());
            }
        }
    }

    fn archive(&mut self, one: &Walked, own: &RelPath, beside: Option<&Walked>) {
        let parts = std::iter::once(one).chain(beside);
        let parts = parts.filter_map(|part| Some((below(own, &part.path)?, inode(&part.stat))));
        if let Some(path) = below(own, &one.path) {
            self.places.push(Place {
                form: Form::Archive,
                path,
                parts: parts.collect(),
                size: one.stat.size,
            });
        }
    }

    /// Links of uv that lead to unpacked wheels, with what it wrote beside them under the same name; and wheels that it
    /// built.
    fn pointers(&mut self, all: &[Walked], own: &RelPath) {
        let is_source = |path: &RelPath| path.parts().any(|part| part == b"src");
        let all: Vec<&Walked> = all.iter().filter(|one| !is_source(&one.path)).collect();
        let known: HashMap<&[u8], &Walked> =
            all.iter().map(|one| (one.path.as_bytes(), *one)).collect();
        for one in &all {
            if one.stat.is_file() && one.path.name().ends_with(b".whl") {
                self.archive(one, own, None);
            }
            let target = one.rare.as_ref().and_then(|rare| rare.target.as_ref());
            let Some(archive) = target.and_then(|target| archive_of(target)) else {
                continue;
            };
            let named = |end: &[u8]| known.get(&*[one.path.as_bytes(), end].concat()).copied();
            let beside = [&b".http"[..], b".rev", b".msgpack"].map(named);
            let beside = beside.into_iter().flatten();
            let parts = beside.filter(|part| part.stat.is_file()).chain([*one]);
            let parts = parts.filter_map(|part| Some((below(own, &part.path)?, inode(&part.stat))));
            self.pointers.entry(archive).or_default().extend(parts);
        }
    }

    /// The images of virtualenv, `X.Y/image/N/CLASS/NAME`, and the wheels in its `house`.
    fn images(&mut self, all: &[Walked], own: &RelPath) {
        for one in all {
            let parts: Vec<&[u8]> = one.path.parts().collect();
            match parts[..] {
                [_, b"image", _, _, _] if one.stat.is_dir() => {
                    if let Some(path) = below(own, &one.path) {
                        self.unpacked(path, vec![], &one.stat, true);
                    }
                }
                [b"house", name] if one.stat.is_file() && is_archive(name) => {
                    self.archive(one, own, None);
                }
                [b"house", _, _] if one.stat.is_file() => self.found.leftovers += 1,
                _ => {}
            }
        }
    }

    /// Brings unpacked wheels of uv together with what points to them.
    fn join(&mut self) {
        for (path, inode) in std::mem::take(&mut self.archives) {
            let mut parts = self.pointers.remove(&path).unwrap_or_default();
            let is_wheel = !parts.is_empty();
            parts.push((path.clone(), inode));
            self.places.push(Place {
                form: Form::Unpacked { is_wheel },
                path,
                parts,
                size: 0,
            });
        }
    }
}

/// The name of an entry of pip, from its hexadecimal digits.
pub(super) fn key(name: &[u8]) -> Option<super::pages::Key> {
    data_encoding::HEXLOWER.decode(name).ok()?.try_into().ok()
}

fn below(own: &RelPath, path: &RelPath) -> Option<RelPath> {
    RelPath::new(&[own.as_bytes(), b"/", path.as_bytes()].concat()).ok()
}

fn inode(stat: &Stat) -> Inode {
    (stat.dev, stat.ino)
}

/// `archive-vN/ID` at the end of a link.
fn archive_of(target: &[u8]) -> Option<RelPath> {
    let mut parts = target.rsplit(|&byte| byte == b'/');
    let (id, dir) = (parts.next()?, parts.next()?);
    bucket(dir, b"archive-v").then_some(())?;
    RelPath::new(&[dir, b"/", id].concat()).ok()
}

fn is_archive(name: &[u8]) -> bool {
    let ends = [
        &b".whl"[..],
        b".tar.gz",
        b".tgz",
        b".zip",
        b".tar.bz2",
        b".tar.xz",
    ];
    ends.iter().any(|end| name.ends_with(end))
}

/// Whether an installer gave a name to something that it has not yet written.
fn is_temporary(name: &[u8]) -> bool {
    name.ends_with(b".tmp") || name.starts_with(b".tmp")
}
