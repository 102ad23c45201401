//! Installs that did not come to their end. pip and uv write INSTALLER last, and the RECORD that lists it and the
//! scripts after that; until then there stands the RECORD of the wheel. uv links or copies that one first of all, pip
//! after the modules.
//!
//! That INSTALLER is not there proves nothing: Debian and hands that unpack wheels write none. Something else has to
//! be missing, or left in the middle of its way.

use super::super::layout::Layout;
use super::entry_points::commands;
use super::{Dist, Dists, Form, Leftover, Read};
use crate::model::{Entry, Manifest, Node, RelPath};
use crate::python::bytecode::is_bytecode;
use crate::python::relocate::interpreter_of;

/// What an installer wrote so many seconds after it began is of the same install.
const AT_ONCE: i64 = 120;

/// Who was at work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Installer {
    Pip,
    Uv,
}

/// What shows that an install was not finished.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Sign {
    /// Files of the wheel are not there: so many, and one of them.
    Files(usize, RelPath),
    /// Scripts that `entry_points.txt` names are not there, or no RECORD lists them yet; one of them.
    Script(RelPath),
    /// RECORD ends before its own row, or in the middle of one.
    Cut(RelPath),
    /// Nothing but names stands in its info directory, and no module that is nobody's beside it.
    Bare,
    /// REQUESTED is there, which is written at the end.
    Requested,
    /// A temporary file that an installer renames.
    Temporary(RelPath),
    /// The version before is still put aside.
    Aside(RelPath),
    /// All else in the venv was installed by uv, which always writes INSTALLER.
    Others,
}

/// An install that did not come to its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Unfinished {
    /// Whose it was, where that is certain.
    pub(crate) by: Option<Installer>,
    /// What shows it; never empty.
    pub(crate) signs: Vec<Sign>,
    /// Its scripts that stand there already, which no RECORD lists yet.
    pub(crate) scripts: Vec<RelPath>,
}

/// What is looked at.
pub(super) struct Place<'a> {
    pub(super) manifest: &'a Manifest,
    /// The absolute path of the tree.
    pub(super) root: &'a [u8],
    pub(super) read: Read<'a>,
    pub(super) layout: &'a Layout,
    /// Whether a distribution lists a path, or something below it.
    pub(super) is_listed: &'a dyn Fn(&RelPath) -> bool,
    pub(super) leftovers: &'a [Leftover],
    /// Whether uv made the venv, and installed all that tells its installer.
    pub(super) only_uv: bool,
}

impl Place<'_> {
    /// What shows that the install of a distribution was not finished; none where nothing does.
    pub(super) fn unfinished(&self, dist: &Dist) -> Option<Unfinished> {
        if dist.form != Form::DistInfo || dist.installer.is_some() || !dist.unread.is_empty() {
            return None;
        }
        let written = dist
            .record
            .as_ref()
            .filter(|(_, record)| !record.rows.is_empty());
        let Some((own, record)) = written else {
            return self.bare(dist);
        };
        let info = |name: &[u8]| dist.info.join(name).ok();
        let lists = |name: &[u8]| info(name).is_some_and(|path| record.row(&path).is_some());
        let is_cut = record.bad > 0 || record.row(own).is_none();
        let stands =
            |name: &[u8]| info(name).is_some_and(|path| self.manifest.get(&path).is_some());
        // Made of a wheel, and with the RECORD of that, as far as both came.
        let is_of_wheel = lists(b"WHEEL") || is_cut && (stands(b"WHEEL") || !stands(b"METADATA"));
        if !is_of_wheel || lists(b"INSTALLER") {
            return None;
        }
        let mut signs = Vec::new();
        if is_cut {
            signs.push(Sign::Cut(own.clone()));
        }
        let gone = |path: &RelPath| self.manifest.get(path).is_none() && !self.hidden(path);
        let rows = record.rows.iter().map(|row| &row.path);
        let lost = rows.filter(|path| *path != own && !is_bytecode(path) && gone(path));
        let mut lost = lost.filter(|path| self.was_never_written(dist, path));
        if let Some(first) = lost.next() {
            signs.push(Sign::Files(1 + lost.count(), first.clone()));
        }
        let names = info(b"entry_points.txt").and_then(|path| (self.read)(&path));
        let names = commands(&names.unwrap_or_default());
        let scripts = names.iter().filter_map(|name| self.script(name));
        let scripts: Vec<RelPath> = scripts
            .filter(|path| record.row(path).is_none())
            .filter(|path| gone(path) || self.is_own_script(path))
            .collect();
        signs.extend(scripts.first().cloned().map(Sign::Script));
        if info(b"REQUESTED").is_some_and(|path| self.manifest.get(&path).is_some()) {
            signs.push(Sign::Requested);
        }
        let entries = self.manifest.entries().iter().map(|entry| &entry.path);
        let mut temporary = entries.filter(|path| path.parent().as_ref() == Some(&dist.info));
        if let Some(path) = temporary.find(|path| maker(path.name()).is_some()) {
            signs.push(Sign::Temporary(path.clone()));
        }
        let of_it = |one: &&Leftover| one.was.iter().any(|was| was.name == dist.name);
        let aside = self.leftovers.iter().find(of_it);
        signs.extend(aside.map(|one| Sign::Aside(one.path.clone())));
        if self.only_uv {
            signs.push(Sign::Others);
        }
        let by = signs.iter().find_map(installer_of);
        let scripts = scripts.into_iter().filter(|path| !gone(path)).collect();
        (!signs.is_empty()).then_some(Unfinished { by, signs, scripts })
    }

    /// An install that came no further than the names of its first files: all that is in the info directory is empty,
    /// or a RECORD without a row. Where a module stands beside it that nobody lists, that may be its own, and it was
    /// whole once.
    fn bare(&self, dist: &Dist) -> Option<Unfinished> {
        let site = dist.info.parent()?;
        let entries = || self.manifest.entries().iter();
        let mut inside = entries().filter(|entry| entry.path.is_within(&dist.info));
        let tells_nothing = |entry: &Entry| {
            let is_record = entry.path.name() == b"RECORD";
            matches!(entry.node, Node::Dir) || entry.size() == Some(0) || is_record
        };
        let is_bare = inside.all(tells_nothing);
        let mut beside = entries().filter(|entry| entry.path.parent().as_ref() == Some(&site));
        let is_known = |path: &RelPath| {
            let is_info = path.name().ends_with(b".dist-info") || path.name() == b"__pycache__";
            is_info || (self.is_listed)(path)
        };
        let is_alone = beside.all(|entry| is_known(&entry.path));
        (is_bare && is_alone).then(|| Unfinished {
            by: None,
            signs: vec![Sign::Bare],
            scripts: Vec::new(),
        })
    }

    /// Whether nothing was taken from the directory of what is not there since the install began: that would have
    /// changed its time.
    fn was_never_written(&self, dist: &Dist, path: &RelPath) -> bool {
        let begun = self.manifest.get(&dist.info);
        let mut above = std::iter::successors(path.parent(), RelPath::parent);
        let dir = above.find_map(|dir| self.manifest.get(&dir));
        let secs = |entry: &Entry| entry.meta.mtime.secs;
        begun
            .zip(dir)
            .is_some_and(|(begun, dir)| secs(dir) <= secs(begun).saturating_add(AT_ONCE))
    }

    /// Where the script of a command stands.
    fn script(&self, name: &[u8]) -> Option<RelPath> {
        let config = RelPath::new(b"pyvenv.cfg").ok()?;
        self.manifest.get(&config)?;
        self.layout.script(name)
    }

    /// Whether a script runs with an interpreter of this tree.
    fn is_own_script(&self, path: &RelPath) -> bool {
        let python = (self.read)(path).and_then(|content| interpreter_of(&content));
        let below = python
            .as_deref()
            .and_then(|python| python.strip_prefix(self.root));
        below.is_some_and(|rest| rest.starts_with(&self.layout.script_infix()))
    }

    /// Whether nobody knows if a path is there: it lies behind a link, or where one cannot look.
    fn hidden(&self, path: &RelPath) -> bool {
        let mut above = std::iter::successors(path.parent(), RelPath::parent);
        let nearest = above.find_map(|dir| self.manifest.get(&dir));
        self.manifest.hides(path) || nearest.is_some_and(|entry| entry.node != Node::Dir)
    }
}

/// Whose work a sign tells. uv writes RECORD before the modules and REQUESTED before INSTALLER; only pip puts
/// versions aside.
fn installer_of(sign: &Sign) -> Option<Installer> {
    match sign {
        Sign::Temporary(path) => maker(path.name()),
        Sign::Aside(_) => Some(Installer::Pip),
        Sign::Files(..) | Sign::Requested | Sign::Others => Some(Installer::Uv),
        Sign::Script(_) | Sign::Cut(_) | Sign::Bare => None,
    }
}

/// Who makes temporary files of such a name: uv `.tmpAbC123`, pip `INSTALLERabcd_123.tmp`.
pub(crate) fn maker(name: &[u8]) -> Option<Installer> {
    let random = |part: &[u8], len: usize| {
        let is_random = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        part.len() == len && part.iter().all(is_random)
    };
    if name
        .strip_prefix(b".tmp")
        .is_some_and(|rest| random(rest, 6))
    {
        return Some(Installer::Uv);
    }
    let stem = name.strip_suffix(b".tmp")?;
    let of_pip = [&b"INSTALLER"[..], b"RECORD", b"direct_url.json"];
    let mut rests = of_pip.iter().filter_map(|file| stem.strip_prefix(*file));
    rests.any(|rest| random(rest, 8)).then_some(Installer::Pip)
}

impl Dists {
    /// Finds the installs that were not finished.
    pub(super) fn find_unfinished(&mut self, manifest: &Manifest, root: &[u8], read: Read<'_>) {
        let config = RelPath::new(b"pyvenv.cfg")
            .ok()
            .and_then(|path| read(&path));
        let config = config.unwrap_or_default();
        let mut lines = config.split(|&byte| byte == b'\n');
        let by_uv = lines.any(|line| {
            let key = line.split(|&byte| byte == b'=').next();
            line.contains(&b'=') && key.is_some_and(|key| key.trim_ascii() == b"uv")
        });
        let mut installers = self.all.iter().filter_map(|dist| dist.installer.as_deref());
        let place = Place {
            manifest,
            root,
            read,
            layout: &self.layout,
            is_listed: &|path| self.lists(path),
            leftovers: &self.leftovers,
            only_uv: by_uv && installers.all(|name| name == "uv"),
        };
        let found: Vec<_> = self.all.iter().map(|dist| place.unfinished(dist)).collect();
        for (dist, unfinished) in self.all.iter_mut().zip(found) {
            dist.unfinished = unfinished;
        }
    }
}
