//! inotify: the same changes without who made them. It serves users other than root, and file systems where fanotify
//! has no events.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

use super::event::What;
use super::note::{Note, Notes};
use super::places::Key;

/// So many events are read before they are passed on.
const AT_ONCE: usize = 1000;

/// An instance of inotify.
#[derive(Debug)]
pub(super) struct Watches {
    instance: OwnedFd,
}

impl Watches {
    /// An instance without watches.
    pub(super) fn new() -> Result<Self, Errno> {
        let instance = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        Ok(Self { instance })
    }

    /// Watches an open directory.
    pub(super) fn add(&self, dir: BorrowedFd<'_>, is_within: bool) -> Result<Key, Errno> {
        let names = WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::MOVE;
        let mut flags = names | WatchFlags::ONLYDIR | WatchFlags::EXCL_UNLINK;
        if is_within {
            flags |= WatchFlags::MODIFY | WatchFlags::CLOSE_WRITE | WatchFlags::ATTRIB;
        }
        let path = format!("/proc/self/fd/{}", dir.as_raw_fd());
        inotify::add_watch(&self.instance, path, flags).map(Key::Watch)
    }

    /// Watches a directory no longer.
    pub(super) fn remove(&self, key: &Key) {
        if let Key::Watch(watch) = key {
            // The watch ended by itself where the directory is gone.
            let _ = inotify::remove_watch(&self.instance, *watch);
        }
    }

    /// Reads what waits; an empty answer says that nothing does.
    pub(super) fn read(&mut self) -> Result<Notes, Errno> {
        let mut buffer = [MaybeUninit::uninit(); 16 << 10];
        let mut reader = Reader::new(&self.instance, &mut buffer);
        let mut all = Notes::default();
        loop {
            match reader.next() {
                Ok(event) => {
                    all.read += 1;
                    all.lost |= event.events().contains(ReadFlags::QUEUE_OVERFLOW);
                    all.list.extend(note(&event));
                }
                Err(Errno::AGAIN) => return Ok(all),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            }
            if all.list.len() >= AT_ONCE && reader.is_buffer_empty() {
                return Ok(all);
            }
        }
    }
}

impl AsFd for Watches {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.instance.as_fd()
    }
}

fn note(event: &inotify::Event<'_>) -> Option<Note> {
    let has = |flags: ReadFlags| event.events().intersects(flags);
    let what = if has(ReadFlags::DELETE) {
        What::Removed
    } else if has(ReadFlags::MOVED_FROM | ReadFlags::MOVED_TO) {
        What::Moved
    } else if has(ReadFlags::CREATE) {
        What::Created
    } else if has(ReadFlags::MODIFY | ReadFlags::CLOSE_WRITE) {
        What::Written
    } else if has(ReadFlags::ATTRIB) {
        What::Attributes
    } else {
        return None;
    };
    let name = event.file_name().map_or(&b""[..], |name| name.to_bytes());
    Some(Note {
        key: Key::Watch(event.wd()),
        // The directory itself is told by the one that it stands in.
        name: name.to_vec(),
        what,
        is_dir: has(ReadFlags::ISDIR),
        by: None,
    })
}
