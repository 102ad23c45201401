//! fanotify: who changed what. The only file that knows the crate.
//!
//! One mark per directory, never one per file system: the same events, no cost elsewhere, and it works on overlays,
//! FUSE and subvolumes.

use std::os::fd::BorrowedFd;

use fanotify_fid::consts::{
    FAN_ATTRIB, FAN_CLASS_NOTIF, FAN_CLOEXEC, FAN_CLOSE_WRITE, FAN_CREATE, FAN_DELETE,
    FAN_EVENT_ON_CHILD, FAN_MARK_ADD, FAN_MARK_ONLYDIR, FAN_MODIFY, FAN_MOVED_FROM, FAN_MOVED_TO,
    FAN_NONBLOCK, FAN_ONDIR, FAN_REPORT_DIR_FID, FAN_REPORT_NAME, FAN_REPORT_PIDFD,
    FAN_UNLIMITED_MARKS, FAN_UNLIMITED_QUEUE,
};
use fanotify_fid::fid::FidEvent;
use fanotify_fid::handle::{fsid_of_fd, handle_from_fd};
use fanotify_fid::{Fanotify, FanotifyError};
use rustix::io::Errno;

use super::event::What;
use super::note::{By, Note, Notes};
use super::places::Key;
use crate::disk::stat::Stat;

/// What is asked of a directory on the way to a root.
const LEADING: u64 = FAN_CREATE | FAN_DELETE | FAN_MOVED_FROM | FAN_MOVED_TO | FAN_ONDIR;
/// What is asked of a directory within one.
const WITHIN: u64 = LEADING | FAN_MODIFY | FAN_CLOSE_WRITE | FAN_ATTRIB | FAN_EVENT_ON_CHILD;
/// Bytes that are read at once. Each event brings a descriptor, so they must not be many.
const AT_ONCE: usize = 16 << 10;

/// Groups of marks.
#[derive(Debug)]
pub(super) struct Marks {
    /// The first takes most file systems. One without an identity of its own, as FUSE is, gets a group for itself: by
    /// the number of its device.
    groups: Vec<(Fanotify, Option<u64>)>,
    flags: u32,
    buffer: Vec<u8>,
}

impl Marks {
    /// A group without marks; only root gets one that tells who did it. `is_bounded` keeps the kernel's queue short,
    /// as it is for others.
    pub(super) fn new(is_bounded: bool) -> Result<Self, Errno> {
        let flags = FAN_CLASS_NOTIF
            | FAN_CLOEXEC
            | FAN_NONBLOCK
            | FAN_REPORT_DIR_FID
            | FAN_REPORT_NAME
            | FAN_REPORT_PIDFD
            | FAN_UNLIMITED_MARKS;
        let queue = if is_bounded { 0 } else { FAN_UNLIMITED_QUEUE };
        let mut marks = Self {
            groups: Vec::new(),
            flags: flags | queue,
            buffer: Vec::with_capacity(AT_ONCE),
        };
        marks.open(None)?;
        Ok(marks)
    }

    /// Marks an open directory.
    pub(super) fn add(&mut self, dir: BorrowedFd<'_>, is_within: bool) -> Result<Key, Errno> {
        let mask = if is_within { WITHIN } else { LEADING };
        let system = |error: std::io::Error| {
            Errno::from_raw_os_error(error.raw_os_error().unwrap_or_default())
        };
        let handle = handle_from_fd(dir).map_err(system)?;
        let file_system = fsid_of_fd(dir).map_err(system)?;
        let flags = FAN_MARK_ADD | FAN_MARK_ONLYDIR;
        let mark = |group: &Fanotify| {
            let marked = group.mark_fd(dir, flags, mask);
            marked.map_err(|error| errno(&error))
        };
        let group = match mark(&self.groups[0].0) {
            Err(Errno::XDEV) => {
                let device = Stat::of(dir)?.dev;
                let known = self.groups.iter().position(|(_, of)| *of == Some(device));
                let number = known.map_or_else(|| self.open(Some(device)), Ok)?;
                mark(&self.groups[number].0)?;
                number
            }
            done => done.map(|()| 0)?,
        };
        Ok(Key::Handle {
            group,
            file_system,
            handle: handle.into(),
        })
    }

    /// Reads what waits, at most some hundred events of each group.
    pub(super) fn read(&mut self) -> Result<Notes, Errno> {
        let mut all = Notes::default();
        for (number, (group, _)) in self.groups.iter().enumerate() {
            match group.read_events(&mut self.buffer) {
                Ok(events) => {
                    all.read += events.len();
                    all.lost |= events.iter().any(FidEvent::is_overflow);
                    let events = events.into_iter();
                    all.list
                        .extend(events.filter_map(|event| note(number, event)));
                }
                Err(error) if error.is_would_block() => {}
                Err(error) => return Err(errno(&error)),
            }
        }
        Ok(all)
    }

    /// What becomes readable when something happened.
    pub(super) fn sources(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.groups.iter().map(|(group, _)| group.as_fd())
    }

    fn open(&mut self, device: Option<u64>) -> Result<usize, Errno> {
        let group = Fanotify::new(self.flags).map_err(|error| errno(&error))?;
        self.groups.push((group, device));
        Ok(self.groups.len() - 1)
    }
}

fn note(group: usize, mut event: FidEvent<'_>) -> Option<Note> {
    let pidfd = event.take_pidfd().into_fd();
    let key = Key::Handle {
        group,
        file_system: event.fsid()?,
        handle: event.dfid_name_handle()?.into(),
    };
    let pid = u32::try_from(event.pid()).ok().filter(|pid| *pid != 0);
    Some(Note {
        key,
        name: event.dfid_name_raw().to_vec(),
        what: what(event.mask())?,
        is_dir: event.mask() & FAN_ONDIR != 0,
        by: pid.map(|pid| By { pid, pidfd }),
    })
}

/// The kernel joins what one process did to one name; what matters most is told.
fn what(mask: u64) -> Option<What> {
    let has = |bits: u64| mask & bits != 0;
    Some(if has(FAN_DELETE) {
        What::Removed
    } else if has(FAN_MOVED_FROM | FAN_MOVED_TO) {
        What::Moved
    } else if has(FAN_CREATE) {
        What::Created
    } else if has(FAN_MODIFY | FAN_CLOSE_WRITE) {
        What::Written
    } else if has(FAN_ATTRIB) {
        What::Attributes
    } else {
        return None;
    })
}

fn errno(error: &FanotifyError) -> Errno {
    error.errno().map_or(Errno::IO, Errno::from_raw_os_error)
}
