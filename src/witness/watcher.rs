//! Watches directories and what is made below them, and passes on what the kernel tells.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{FileType, Mode, OFlags, RawDir, ResolveFlags};
use rustix::io::Errno;

use super::catch_up::CatchUp;
use super::event::{Blindness, Loss, What};
use super::marks::Marks;
use super::note::{By, Note, Notes};
use super::places::{Key, Places};
use super::processes::{Tracer, look, now};
use super::waiting::{Change, Waiting};
use super::watches::Watches;
use crate::disk::file_system::{FUSE, FileSystem};
use crate::disk::network::network;
use crate::disk::rooted::{Rooted, os};
use crate::disk::stat::Stat;

/// A process is looked at again after so many nanoseconds.
const LOOKED_FOR: u64 = 1_000_000_000;
/// So many processes are remembered to have been looked at.
const LOOKED_MAX: usize = 4096;
/// A question waits for so many reads of the queues at most: with a writer that never rests they are never empty.
const READS_MAX: usize = 1000;

/// The directories that are watched, and by what.
#[derive(Debug)]
pub(super) struct Watcher {
    pub(super) marks: Option<Marks>,
    pub(super) watches: Option<Watches>,
    pub(super) tracer: Option<Arc<Tracer>>,
    pub(super) waiting: Arc<Waiting>,
    places: Places,
    /// By number and inode of the pidfd: when a process was looked at.
    looked: HashMap<(u32, u64), u64>,
    /// Roots that were told to be blind.
    told_blind: HashSet<usize>,
}

impl Watcher {
    /// Watches nothing yet; the roots are free of links.
    pub(super) fn new(
        roots: &[PathBuf],
        tracer: Option<Arc<Tracer>>,
        waiting: Arc<Waiting>,
    ) -> Self {
        Self {
            marks: None,
            watches: None,
            tracer,
            waiting,
            places: Places::new(roots),
            looked: HashMap::new(),
            told_blind: HashSet::new(),
        }
    }

    /// Watches the roots and the ways to them.
    pub(super) fn watch_all(&mut self) {
        self.places = Places::new(self.places.roots());
        self.watch(Path::new("/"));
    }

    /// Passes on what the kernel tells until `stop` becomes readable.
    pub(super) fn run(mut self, stop: &OwnedFd, catch_up: &CatchUp) {
        loop {
            let sources = self.marks.iter().flat_map(Marks::sources);
            let sources = sources.chain(self.watches.iter().map(AsFd::as_fd));
            let sources = sources.chain([catch_up.source().as_fd(), stop.as_fd()]);
            let mut polled: Vec<_> = sources
                .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
                .collect();
            match poll(&mut polled, None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return,
            }
            if polled.last().is_some_and(|stop| !stop.revents().is_empty()) {
                return;
            }
            drop(polled);
            // Questions are taken before the reading: all that had happened by then is in the queues.
            let asked = catch_up.take();
            let mut reads = 1;
            while self.read() && !asked.is_empty() && reads < READS_MAX {
                reads += 1;
            }
            if !asked.is_empty() {
                self.waiting.caught_up(asked);
            }
        }
    }

    /// Passes on what waits in the queues, at most some of it. Returns whether there was anything.
    fn read(&mut self) -> bool {
        let by_marks = self.marks.as_mut().map(Marks::read);
        let by_watches = self.watches.as_mut().map(Watches::read);
        let mut was_any = false;
        for read in [by_marks, by_watches].into_iter().flatten() {
            was_any |= read.as_ref().is_ok_and(|notes| notes.read > 0);
            self.take(read);
        }
        was_any
    }

    fn take(&mut self, read: Result<Notes, Errno>) {
        let (at, when) = (now(), Instant::now());
        let notes = match read {
            Ok(notes) => notes,
            Err(error) => {
                self.waiting.lost(Loss::Unreadable(error.kind()));
                return self.watch_all();
            }
        };
        for note in notes.list {
            self.pass_on(note, at, when);
        }
        if notes.lost {
            self.waiting.lost(Loss::Queue);
            self.watch_all();
        }
    }

    fn pass_on(&mut self, note: Note, at: u64, when: Instant) {
        if note.name.is_empty() || note.name == b"." {
            return;
        }
        let places = self.places.told(&note.key, &note.name);
        if places.is_empty() {
            return;
        }
        let pid = note.by.map(|by| self.look_at(by));
        let is_other = matches!(note.what, What::Created | What::Removed | What::Moved);
        for told in places {
            // Of a directory on the way only what becomes of it counts.
            if !is_other && self.places.root_of(&told.path).is_none() {
                continue;
            }
            if note.is_dir && is_other {
                self.watch_anew(&told.path);
            }
            for (root, path) in told.within {
                self.waiting.changed(Change {
                    root,
                    path,
                    is_dir: note.is_dir,
                    what: note.what,
                    when,
                    at,
                    pid,
                });
            }
        }
    }

    /// Looks at a process that did something, unless it was looked at lately. Returns its number.
    fn look_at(&mut self, by: By) -> u32 {
        let (Some(tracer), Some(pidfd)) = (&self.tracer, by.pidfd) else {
            return by.pid;
        };
        let inode = Stat::of(&pidfd).map_or(0, |stat| stat.ino);
        let time = now();
        let before = self.looked.get(&(by.pid, inode));
        let is_fresh = before.is_some_and(|before| time.saturating_sub(*before) < LOOKED_FOR);
        if is_fresh && before.is_some_and(|before| !tracer.is_stale(by.pid, *before)) {
            return by.pid;
        }
        if let Some(seen) = look(by.pid)
            && is_still(&pidfd, by.pid)
        {
            tracer.saw(seen);
            if self.looked.len() >= LOOKED_MAX {
                self.looked.clear();
            }
            self.looked.insert((by.pid, inode), time);
        }
        by.pid
    }

    fn watch_anew(&mut self, path: &Path) {
        for key in self.places.forget(path) {
            if let Some(watches) = &self.watches {
                watches.remove(&key);
            }
        }
        self.watch(path);
    }

    /// Watches a directory and what concerns the roots below it, if it is there. Each is watched before it is read, so
    /// that nothing is made there unseen.
    fn watch(&mut self, path: &Path) {
        let mut todo = vec![path.to_owned()];
        while let Some(path) = todo.pop() {
            let root = self.places.root_of(&path);
            let dir = match open(&path) {
                Ok(dir) => dir,
                Err(error) => {
                    self.refused(&path, error);
                    continue;
                }
            };
            let is_root = root.is_some_and(|root| self.places.roots()[root] == path);
            // Nothing here crosses a mount point.
            if root.is_some() && !is_root && Stat::of(&dir).is_ok_and(|stat| stat.mount_root) {
                continue;
            }
            if let (Some(root), true) = (root, is_root) {
                self.tell_place(root, &dir, &path);
            }
            match self.add(&dir, root.is_some()) {
                Ok(key) => self.places.put(&path, key),
                Err(error) => self.refused(&path, error),
            }
            let below = if root.is_some() {
                directories(&dir)
            } else {
                self.places.next_names(&path)
            };
            todo.extend(below.iter().map(|name| path.join(os(name))));
        }
    }

    fn add(&mut self, dir: &OwnedFd, is_within: bool) -> Result<Key, Errno> {
        if let Some(marks) = &mut self.marks {
            match marks.add(dir.as_fd(), is_within) {
                // The file system has no names for fanotify.
                Err(Errno::NODEV | Errno::XDEV | Errno::OPNOTSUPP | Errno::OVERFLOW) => {}
                done => return done,
            }
        }
        if self.watches.is_none() {
            self.watches = Some(Watches::new()?);
        }
        let watches = self.watches.as_ref().ok_or(Errno::NODEV)?;
        watches.add(dir.as_fd(), is_within)
    }

    /// Tells what the place of a root keeps from being seen.
    fn tell_place(&mut self, root: usize, dir: &OwnedFd, path: &Path) {
        let rooted = dir
            .try_clone()
            .map(|dir| Rooted::from_fd(dir, path.to_owned()));
        let rooted = rooted.ok();
        let network = rooted.as_ref().and_then(|dir| network(dir).ok().flatten());
        let is_fuse =
            rooted.is_some_and(|dir| FileSystem::of(&dir).is_ok_and(|there| there.kind == FUSE));
        let why = network.map(Blindness::Network);
        if let Some(why) = why.or_else(|| is_fuse.then_some(Blindness::Fuse)) {
            self.blind(root, why);
        }
    }

    /// Tells that a directory cannot be watched, if that keeps something of a root from being seen.
    fn refused(&mut self, path: &Path, error: Errno) {
        // What is gone is told by the directory it stood in; what is no directory is none of ours.
        if matches!(error, Errno::NOENT | Errno::NOTDIR | Errno::LOOP) {
            return;
        }
        let is_parent = |root: &PathBuf| root.parent() == Some(path);
        let of = self.places.root_of(path);
        let of = of.or_else(|| self.places.roots().iter().position(is_parent));
        let Some(root) = of else {
            return;
        };
        let settings: &[&'static str] = match (error, self.watches.is_some()) {
            (Errno::NOSPC, false) => &["fs.fanotify.max_user_marks", "user.max_fanotify_marks"],
            (Errno::NOSPC, true) => &["fs.inotify.max_user_watches", "user.max_inotify_watches"],
            (Errno::MFILE, false) => &[
                "fs.inotify.max_user_instances",
                "user.max_inotify_instances",
            ],
            _ => &[],
        };
        let limits = settings.iter().map(|setting| (number(setting), *setting));
        let path = path.to_owned();
        let why = match limits.min() {
            Some((limit, setting)) => Blindness::Limit {
                path,
                limit,
                setting,
            },
            None => Blindness::Refused {
                path,
                why: std::io::Error::from(error).to_string(),
            },
        };
        self.blind(root, why);
    }

    fn blind(&mut self, root: usize, why: Blindness) {
        if self.told_blind.insert(root) {
            self.waiting.blind(root, why);
        }
    }
}

/// The value of one of the kernel's settings; the highest number where it cannot be read.
fn number(setting: &str) -> u64 {
    let path = format!("/proc/sys/{}", setting.replace('.', "/"));
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.trim().parse().unwrap_or(u64::MAX)
}

fn open(path: &Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let cwd = rustix::fs::CWD;
    match rustix::fs::openat2(cwd, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
        Err(Errno::NOSYS) => rustix::fs::openat(cwd, path, flags, Mode::empty()),
        done => done,
    }
}

/// The names of the directories in a directory.
fn directories(dir: &OwnedFd) -> Vec<Vec<u8>> {
    let mut names = Vec::new();
    let mut buffer = [MaybeUninit::uninit(); 16 << 10];
    let mut listing = RawDir::new(dir, &mut buffer);
    while let Some(Ok(entry)) = listing.next() {
        let name = entry.file_name().to_bytes();
        let is_dir = match entry.file_type() {
            FileType::Directory => name != b"." && name != b"..",
            FileType::Unknown => Stat::at(dir, name).is_ok_and(|stat| stat.is_dir()),
            _ => false,
        };
        if is_dir {
            names.push(name.to_vec());
        }
    }
    names
}

/// Whether the process of a pidfd still has its number, also if it has ended and nobody has asked for its end
/// (`/proc/PID/fdinfo`, `pidfd_open`).
fn is_still(pidfd: &OwnedFd, pid: u32) -> bool {
    let path = format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd());
    let text = std::fs::read_to_string(OsStr::new(&path)).unwrap_or_default();
    let mut numbers = text.lines().filter_map(|line| line.strip_prefix("Pid:"));
    numbers
        .next()
        .is_some_and(|number| number.trim().parse() == Ok(pid))
}
