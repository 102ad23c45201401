//! The floors themselves, each a straight line.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{Error, Read, Result, Write};
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::{IntoParallelIterator, IntoParallelRefIterator, ParallelIterator};
use rustix::fs::{CWD, RenameFlags, Timestamps, renameat_with};

use crate::frames::{self, PIECE_LEN, compress, decode};
use crate::tree::{self, Leaf, Tree, locked, open_dir};

/// Files that the incident damages.
const DAMAGED: usize = 61;

/// A file, or a piece of a large one.
struct Unit {
    leaf: usize,
    offset: u64,
    len: usize,
}

/// A venv read into memory, and a place to work in.
pub(crate) struct Work {
    venv: PathBuf,
    dir: PathBuf,
    tree: Tree,
    units: Vec<Unit>,
    contents: Vec<Vec<u8>>,
    /// Which units share a frame.
    runs: Vec<Range<usize>>,
    frames: Vec<Vec<u8>>,
}

impl Work {
    /// Reads the venv, which also warms the cache.
    pub(crate) fn begin(venv: &Path, dir: &Path) -> Result<Self> {
        std::fs::create_dir_all(dir)?;
        let tree = Tree::list(venv)?;
        let mut units = Vec::new();
        for (leaf, file) in tree.leaves.iter().enumerate() {
            if file.target.is_some() {
                continue;
            }
            for number in 0..file.size.div_ceil(PIECE_LEN as u64).max(1) {
                let offset = number * PIECE_LEN as u64;
                let len = (file.size - offset).min(PIECE_LEN as u64) as usize;
                units.push(Unit { leaf, offset, len });
            }
        }
        let runs = frames::runs(units.iter().map(|unit| unit.len));
        let mut work = Self {
            venv: venv.to_owned(),
            dir: dir.to_owned(),
            tree,
            units,
            contents: Vec::new(),
            runs,
            frames: Vec::new(),
        };
        let root = open_dir(CWD, venv)?;
        work.contents = work
            .units
            .par_iter()
            .map(|unit| work.read_unit(&root, unit))
            .collect::<Result<_>>()?;
        work.frames = work
            .runs
            .par_iter()
            .map(|run| compress(&work.joined(run)))
            .collect::<Result<_>>()?;
        work.again()?;
        Ok(work)
    }

    /// Clears the place for another run.
    pub(crate) fn again(&self) -> Result<()> {
        for name in ["made", "linked", "pack", "saved", "exported"] {
            let path = self.dir.join(name);
            let gone = if path.is_dir() {
                std::fs::remove_dir_all(&path)
            } else {
                std::fs::remove_file(&path)
            };
            match gone {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    pub(crate) fn files(&self) -> usize {
        self.tree.files().count()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.tree.files().map(|leaf| leaf.size).sum()
    }

    pub(crate) fn list(&self) -> Result<()> {
        Tree::list(&self.venv).map(drop)
    }

    pub(crate) fn read(&self) -> Result<()> {
        self.read_all(&self.venv, |_| {})
    }

    pub(crate) fn blake3(&self) -> Result<()> {
        self.read_all(&self.venv, |bytes| see_to(&blake3::hash(bytes)))
    }

    pub(crate) fn sha256(&self) -> Result<()> {
        use sha2::Digest;
        self.read_all(&self.venv, |bytes| see_to(&sha2::Sha256::digest(bytes)))
    }

    fn read_all(&self, root: &Path, see: impl Fn(&[u8]) + Sync) -> Result<()> {
        Tree::list(root)?;
        let root = open_dir(CWD, root)?;
        self.runs.par_iter().try_for_each(|run| {
            for unit in &self.units[run.clone()] {
                see(&self.read_unit(&root, unit)?);
            }
            Ok(())
        })
    }

    fn leaf(&self, unit: &Unit) -> &Leaf {
        &self.tree.leaves[unit.leaf]
    }

    fn read_unit(&self, root: &OwnedFd, unit: &Unit) -> Result<Vec<u8>> {
        let mut file = tree::open(root, self.leaf(unit))?;
        let mut bytes = vec![0; unit.len];
        if unit.offset == 0 {
            file.read_exact(&mut bytes)?;
        } else {
            file.read_exact_at(&mut bytes, unit.offset)?;
        }
        Ok(bytes)
    }

    fn joined(&self, run: &Range<usize>) -> Vec<u8> {
        self.contents[run.clone()].concat()
    }

    pub(crate) fn compress(&self) -> Result<()> {
        let one = |run| compress(&self.joined(run)).map(drop);
        self.runs.par_iter().try_for_each(one)
    }

    pub(crate) fn compress_and_decode(&self) -> Result<()> {
        let one = |run| decode(&compress(&self.joined(run))?).map(drop);
        self.runs.par_iter().try_for_each(one)
    }

    pub(crate) fn decode(&self) -> Result<()> {
        let one = |frame: &Vec<u8>| decode(frame).map(drop);
        self.frames.par_iter().try_for_each(one)
    }

    pub(crate) fn pack(&self) -> Result<()> {
        let mut pack = File::create(self.dir.join("pack"))?;
        self.frames
            .iter()
            .try_for_each(|frame| pack.write_all(frame))?;
        self.settle(&pack)
    }

    /// Makes a new file and its name durable.
    fn settle(&self, file: &File) -> Result<()> {
        file.sync_all()?;
        Ok(rustix::fs::fsync(open_dir(CWD, &self.dir)?)?)
    }

    pub(crate) fn save(&self) -> Result<()> {
        Tree::list(&self.venv)?;
        let root = open_dir(CWD, &self.venv)?;
        let known = Mutex::new(HashSet::new());
        let pack = Mutex::new(File::create(self.dir.join("saved"))?);
        self.runs.par_iter().try_for_each(|run| {
            let mut raw = Vec::new();
            for unit in &self.units[run.clone()] {
                let bytes = self.read_unit(&root, unit)?;
                let name = blake3::hash(&bytes);
                if locked(&known).insert(name) {
                    raw.extend_from_slice(&bytes);
                }
            }
            let frame = compress(&raw)?;
            if decode(&frame)? != raw {
                return Err(Error::other("it does not come back"));
            }
            locked(&pack).write_all(&frame)
        })?;
        let pack = pack.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.settle(&pack)
    }

    /// Reads each frame from the file, and hands its plain bytes on with the units that it holds.
    fn read_pack(&self, see: impl Fn(&Range<usize>, Vec<u8>) -> Result<()> + Sync) -> Result<()> {
        let pack = File::open(self.dir.join("pack"))?;
        let mut offset = 0;
        let places: Vec<(u64, usize)> = self
            .frames
            .iter()
            .map(|frame| {
                let at = offset;
                offset += frame.len() as u64;
                (at, frame.len())
            })
            .collect();
        (0..places.len()).into_par_iter().try_for_each(|number| {
            let (at, len) = places[number];
            let mut frame = vec![0; len];
            pack.read_exact_at(&mut frame, at)?;
            see(&self.runs[number], decode(&frame)?)
        })
    }

    /// Cuts plain bytes into those of each unit.
    fn cut<'b>(
        &'b self,
        run: &Range<usize>,
        raw: &'b [u8],
    ) -> impl Iterator<Item = (&'b Unit, &'b [u8])> {
        let mut rest = raw;
        self.units[run.clone()].iter().map(move |unit| {
            let (bytes, after) = rest.split_at(unit.len.min(rest.len()));
            rest = after;
            (unit, bytes)
        })
    }

    pub(crate) fn verify(&self) -> Result<()> {
        self.read_pack(|run, raw| {
            self.cut(run, &raw)
                .for_each(|(_, bytes)| see_to(&blake3::hash(bytes)));
            Ok(())
        })
    }

    pub(crate) fn export(&self) -> Result<()> {
        let out = Mutex::new(File::create(self.dir.join("exported"))?);
        self.read_pack(|_, raw| {
            let frame = compress(&raw)?;
            locked(&out).write_all(&frame)
        })?;
        let out = out.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.settle(&out)
    }

    pub(crate) fn create(&self) -> Result<()> {
        self.create_all(|create| {
            self.runs.par_iter().try_for_each(|run| {
                run.clone()
                    .try_for_each(|number| create(&self.units[number], &self.contents[number]))
            })
        })
    }

    pub(crate) fn restore(&self) -> Result<()> {
        self.create_all(|create| {
            self.read_pack(|run, raw| {
                self.cut(run, &raw)
                    .try_for_each(|(unit, bytes)| create(unit, bytes))
            })
        })
    }

    /// Makes the tree `made`; `fill` brings every unit.
    fn create_all(
        &self,
        fill: impl FnOnce(&(dyn Fn(&Unit, &[u8]) -> Result<()> + Sync)) -> Result<()>,
    ) -> Result<()> {
        let root = self.tree.make_dirs(&self.dir.join("made"))?;
        let large = |leaf: &Leaf| leaf.target.is_none() && leaf.size > PIECE_LEN as u64;
        let early = |leaf: &&Leaf| leaf.target.is_some() || large(leaf);
        for leaf in self.tree.leaves.iter().filter(early) {
            tree::create(&root, leaf, &[])?;
        }
        fill(&|unit, bytes| {
            let leaf = self.leaf(unit);
            if large(leaf) {
                let path = self.dir.join("made").join(&leaf.path);
                OpenOptions::new()
                    .write(true)
                    .open(path)?
                    .write_all_at(bytes, unit.offset)
            } else {
                tree::create(&root, leaf, bytes)
            }
        })?;
        for leaf in self.tree.leaves.iter().filter(|leaf| large(leaf)) {
            let times = Timestamps {
                last_access: leaf.mtime,
                last_modification: leaf.mtime,
            };
            rustix::fs::futimens(tree::open(&root, leaf)?, &times)?;
        }
        tree::sync(&self.dir)
    }

    pub(crate) fn link(&self) -> Result<()> {
        let from = open_dir(CWD, &self.dir.join("made"))?;
        let to = self.tree.make_dirs(&self.dir.join("linked"))?;
        tree::link(&from, &to, &self.tree.leaves)?;
        tree::sync(&self.dir)
    }

    pub(crate) fn remove(&self) -> Result<()> {
        self.tree.remove(&self.dir.join("linked"))
    }

    pub(crate) fn remove_created(&self) -> Result<()> {
        self.tree.remove(&self.dir.join("made"))
    }

    pub(crate) fn incident(&self) -> Result<()> {
        let (made, linked) = (self.dir.join("made"), self.dir.join("linked"));
        self.read_all(&made, |bytes| see_to(&blake3::hash(bytes)))?;
        let whole = |number: &usize| {
            let unit = &self.units[*number];
            unit.len > 0 && unit.len as u64 == self.leaf(unit).size
        };
        let whole: Vec<usize> = (0..self.units.len()).filter(whole).collect();
        let every = (whole.len() / DAMAGED).max(1);
        let damaged: Vec<usize> = whole.into_iter().step_by(every).take(DAMAGED).collect();
        let hurt: HashSet<usize> = damaged.iter().map(|&at| self.units[at].leaf).collect();
        let from = open_dir(CWD, &made)?;
        let to = self.tree.make_dirs(&linked)?;
        let good = self.tree.leaves.iter().enumerate();
        let good = good.filter(|(number, _)| !hurt.contains(number));
        tree::link(&from, &to, good.map(|(_, leaf)| leaf))?;
        for number in damaged {
            tree::create(&to, self.leaf(&self.units[number]), &self.contents[number])?;
        }
        tree::sync(&self.dir)?;
        renameat_with(CWD, &linked, CWD, &made, RenameFlags::EXCHANGE)?;
        rustix::fs::fsync(open_dir(CWD, &self.dir)?)?;
        self.tree.remove(&linked)
    }
}

/// Keeps the compiler from leaving out work whose result nobody uses.
fn see_to<T>(result: &T) {
    std::hint::black_box(result);
}
