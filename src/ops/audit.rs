//! Carries a live tree or a saved one into the audit.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::clues::from_audit;
use super::contents::{TEXT_MAX, bytes};
use crate::audit::{Behind, Bytecode, Seen, Subject, Whose, audit, behind_links, nested, stale};
use crate::disk::rooted::Rooted;
use crate::model::{Audit, Diagnosis, Entry, Finding, Manifest, Node, RelPath, Sighting};
use crate::python::Layout;
use crate::python::bytecode::Glimpse;
use crate::python::dist::{Algorithm, Dists};
use crate::python::hashes::Hashes;
use crate::python::interpreter::{Facts, inspect, stated};
use crate::python::layout::{environment_of, pythons};
use crate::python::pyvenv::config_path;
use crate::python::recompile::can_compare;
use crate::store::Store;
use crate::tree::hash::{hash_file, read_file, read_pieces};
use crate::tree::lead::{hash_led, led, read_led, target};
use crate::tree::scan::Scan;
use crate::tree::sharing::Inside;

/// A live venv that was scanned.
pub(super) struct Audited<'a> {
    pub(super) root: &'a Rooted,
    pub(super) scan: &'a Scan,
    pub(super) hashes: Option<&'a Hashes>,
}

impl Audited<'_> {
    /// What is installed.
    pub(super) fn dists(&self) -> Dists {
        let read = |path: &RelPath| self.read(path);
        Dists::read(self.scan.manifest(), bytes(self.root.path()), &read)
    }

    /// The interpreter.
    pub(super) fn interpreter(&self) -> Facts {
        inspect(self.root, self.scan.manifest())
    }

    /// Audits it.
    pub(super) fn audit(&self, dists: &Dists, interpreter: &Facts) -> Audit {
        let read = |path: &RelPath| self.read(path);
        let target = |path: &RelPath| target(self.scan.manifest(), self.root.path(), path);
        let hash = |path: &RelPath, algorithm| self.hash(path, algorithm);
        let glimpse = |path: &RelPath| self.glimpse(path);
        let mut found = audit(&Subject {
            manifest: self.scan.manifest(),
            dists,
            interpreter: Some(interpreter),
            read: &read,
            pieces: Some(&|path, take| read_pieces(self.root, path, take)),
            hash: &hash,
            place: Some(self.root.path()),
            behind: Some(Behind {
                target: &target,
                led: &led,
                hash: &|path, size, algorithm| hash_led(path, size, algorithm.hasher()),
            }),
            reaches: &|path| !is_gone(&self.root.shown(path)),
            gone: &is_gone,
            whose: &|path| whose(self.root, path),
            glimpse: &glimpse,
            imports: &|path| {
                let digest = self.scan.manifest().get(path)?.digest()?;
                self.hashes?.imports(&digest)
            },
            links: &self.links(),
        });
        for path in &self.scan.unstable {
            found.leave_unread(path, Node::RESTLESS);
        }
        found
    }

    /// The damage in files to which links lead. If there are links only among the scripts and in the root, as in most
    /// venvs, nothing is read.
    pub(super) fn behind_links(&self) -> Vec<Finding> {
        let layout = Layout::read(self.scan.manifest());
        let is_link = |entry: &Entry| {
            let is_own = layout.is_script(&entry.path)
                || entry.path.parent().is_none_or(|dir| dir.is_root());
            matches!(entry.node, Node::Symlink(_)) && !is_own
        };
        if !self.scan.manifest().entries().iter().any(is_link) {
            return Vec::new();
        }
        let dists = self.dists();
        let target = |path: &RelPath| target(self.scan.manifest(), self.root.path(), path);
        behind_links(&Subject {
            manifest: self.scan.manifest(),
            dists: &dists,
            interpreter: None,
            place: Some(self.root.path()),
            read: &|path| self.read(path),
            pieces: None,
            hash: &|_, _| None,
            behind: Some(Behind {
                target: &target,
                led: &led,
                hash: &|path, size, algorithm| hash_led(path, size, algorithm.hasher()),
            }),
            reaches: &|_| true,
            gone: &|_| false,
            whose: &|_| Whose::Nobodys,
            glimpse: &|_| None,
            imports: &|_| None,
            links: &HashMap::new(),
        })
    }

    /// The content of a file, or of the file to which a link leads; none above `TEXT_MAX`.
    fn read(&self, path: &RelPath) -> Option<Vec<u8>> {
        read_file(self.root, path, TEXT_MAX).or_else(|| {
            let to = target(self.scan.manifest(), self.root.path(), path)?;
            read_led(&to, TEXT_MAX)
        })
    }

    /// What probably did the damage that an audit found.
    pub(super) fn diagnose(
        &self,
        audit: &Audit,
        dists: &Dists,
        facts: &Facts,
        caches: &[PathBuf],
        sightings: &[Sighting],
    ) -> Vec<Diagnosis> {
        let live = self.scan.manifest();
        let root = Some(self.root);
        from_audit(root, live, dists, audit, facts, caches, sightings)
    }

    /// Compares bytecode with its source: all of it, or what is suspect. The findings are added to the audit. Returns
    /// the files that could not be compared, if all were asked for.
    pub(super) fn compare_bytecode(
        &self,
        audit: &mut Audit,
        dists: &Dists,
        facts: &Facts,
        which: Bytecode<'_>,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Vec<RelPath> {
        let glimpse = |path: &RelPath| self.glimpse(path);
        let seen = Seen {
            root: self.root,
            tree: &self.scan.tree,
            glimpse: &glimpse,
        };
        let compared = stale(&seen, dists, facts, which, stop);
        audit.counts.compared = compared.count;
        let others = nested::roots(self.scan.manifest(), dists);
        let own = |one: &Finding| {
            one.path
                .as_ref()
                .is_none_or(|path| !nested::is_in(&others, path))
        };
        audit
            .findings
            .extend(compared.findings.into_iter().filter(own));
        audit.sort();
        match which {
            Bytecode::Suspect | Bytecode::These(_) => Vec::new(),
            // Who asks for all of it has to know that nothing was compared.
            Bytecode::All if !can_compare(facts) => {
                vec![bin_python()]
            }
            Bytecode::All => compared.unknown,
        }
    }

    fn glimpse(&self, path: &RelPath) -> Option<Glimpse> {
        let digest = self.scan.manifest().get(path)?.digest()?;
        self.hashes?.glimpse(&digest)
    }

    fn hash(&self, path: &RelPath, algorithm: Algorithm) -> Option<Vec<u8>> {
        let known = (algorithm == Algorithm::Sha256)
            .then(|| self.hashes?.get(&self.scan.manifest().get(path)?.digest()?))
            .flatten();
        match known {
            Some(hash) => Some(hash.to_vec()),
            None => hash_file(self.root, path, algorithm.hasher()),
        }
    }

    /// Files whose inode has names outside of the venv, with the number of all its names.
    fn links(&self) -> HashMap<RelPath, u32> {
        let entries = self.scan.tree.iter();
        let inside = Inside::new(self.scan.manifest());
        entries
            .filter(|(entry, stat)| {
                entry.size().is_some() && inside.elsewhere(entry, stat.nlink) > 0
            })
            .map(|(entry, stat)| (entry.path.clone(), stat.nlink))
            .collect()
    }
}

/// A tree in the store that stands nowhere.
pub(super) struct Stored<'a> {
    pub(super) store: &'a Store,
    pub(super) manifest: &'a Manifest,
    pub(super) hashes: &'a Hashes,
    /// Where the venv stood, or should stand.
    pub(super) place: &'a Path,
}

impl Stored<'_> {
    /// Audits it. Its interpreter is not asked: nobody knows yet what would run.
    pub(super) fn audit(&self) -> Audit {
        let read = |path: &RelPath| self.read(path);
        let config = read(&config_path()).unwrap_or_default();
        let facts = stated(self.manifest, &config);
        let dists = Dists::read(self.manifest, bytes(self.place), &read);
        let mut found = audit(&Subject {
            manifest: self.manifest,
            dists: &dists,
            interpreter: Some(&facts),
            read: &read,
            pieces: None,
            hash: &|path, algorithm| self.hash(path, algorithm),
            place: None,
            behind: None,
            reaches: &|_| true,
            gone: &|_| false,
            whose: &|_| Whose::Nobodys,
            glimpse: &|path| self.hashes.glimpse(&self.manifest.get(path)?.digest()?),
            imports: &|path| self.hashes.imports(&self.manifest.get(path)?.digest()?),
            links: &HashMap::new(),
        });
        found.diagnosis = from_audit(None, self.manifest, &dists, &found, &facts, &[], &[]);
        found
    }

    fn read(&self, path: &RelPath) -> Option<Vec<u8>> {
        let entry = self.manifest.get(path)?;
        let digest = entry.digest().filter(|_| entry.size() <= Some(TEXT_MAX))?;
        self.store.objects.read(&digest).ok()
    }

    /// The hash of a file; of a large one, piece by piece.
    fn hash(&self, path: &RelPath, algorithm: Algorithm) -> Option<Vec<u8>> {
        let entry = self.manifest.get(path)?;
        let digest = entry.digest()?;
        if let Some(known) = self
            .hashes
            .get(&digest)
            .filter(|_| algorithm == Algorithm::Sha256)
        {
            return Some(known.to_vec());
        }
        let mut hasher = algorithm.hasher();
        for number in 0..entry.size()?.div_ceil(Store::PIECE_LEN) {
            hasher.update(&self.store.objects.read_piece(&digest, number).ok()?);
        }
        Some(hasher.finalize().to_vec())
    }
}

/// Whether a path leads to nothing, as Python sees it. A path that cannot be looked at may well be there.
pub(super) fn is_gone(path: &Path) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    let found = std::fs::metadata(path);
    found.is_err_and(|error| matches!(error.kind(), NotFound | NotADirectory))
}

/// To which venv the interpreter at a path belongs: the one whose `bin` holds it, by whatever path that is reached.
fn whose(root: &Rooted, path: &Path) -> Whose {
    let Some((venv, name)) = environment_of(path) else {
        return Whose::Nobodys;
    };
    let real = std::fs::canonicalize(venv);
    let is_own = venv == root.path()
        || real
            .as_ref()
            .is_ok_and(|real| std::fs::canonicalize(root.path()).is_ok_and(|own| own == *real));
    if is_own {
        return Whose::Own(name);
    }
    if venv.join("pyvenv.cfg").is_file() {
        Whose::Other(venv.to_owned())
    } else {
        Whose::Nobodys
    }
}

/// The path of the interpreter by its usual name, `bin/python`.
pub(super) fn bin_python() -> RelPath {
    pythons().next().unwrap_or_default()
}
