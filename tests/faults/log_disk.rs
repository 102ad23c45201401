//! A disk that remembers what was written to it and when it was told to flush: one file in a FUSE file system of our
//! own, under a loop device. From what it remembers come the disks that a power cut could have left.
//!
//! The loop driver turns a flush of the block layer into an fsync of the file, so the flushes here are the true
//! barriers.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use fuser::{
    BackgroundSession, BsdFileFlags, Config, Errno, FileAttr, FileHandle, FileType, Filesystem,
    FopenFlags, Generation, INodeNo, LockOwner, OpenFlags, ReplyAttr, ReplyData, ReplyEmpty,
    ReplyEntry, ReplyOpen, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

/// What a disk writes as a whole or not at all. Smaller units tear superblocks, which no real disk does.
pub(crate) const BLOCK: usize = 4096;
const NAME: &str = "disk";
const FILE: INodeNo = INodeNo(2);
const FOR_EVER: Duration = Duration::from_hours(1);

/// Something that happened to the disk.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Write { offset: u64, bytes: Vec<u8> },
    Flush,
}

/// The bytes of a disk: a file that never changes, and the blocks that differ from it.
#[derive(Clone)]
pub(crate) struct Content {
    base: Arc<File>,
    len: u64,
    blocks: HashMap<u64, Arc<[u8; BLOCK]>>,
}

impl Content {
    pub(crate) fn of(base: &Path) -> Self {
        let base = File::open(base).unwrap();
        let len = base.metadata().unwrap().len();
        Self {
            base: Arc::new(base),
            len,
            blocks: HashMap::new(),
        }
    }

    fn block(&self, number: u64) -> Arc<[u8; BLOCK]> {
        self.blocks.get(&number).map_or_else(
            || {
                let mut block = [0; BLOCK];
                self.base
                    .read_exact_at(&mut block, number * BLOCK as u64)
                    .unwrap();
                Arc::new(block)
            },
            Arc::clone,
        )
    }

    fn read(&self, offset: u64, len: usize) -> Vec<u8> {
        let end = (offset + len as u64).min(self.len);
        let mut bytes = Vec::with_capacity(len);
        let mut at = offset;
        while at < end {
            let within = (at % BLOCK as u64) as usize;
            let count = (BLOCK - within).min((end - at) as usize);
            let block = self.block(at / BLOCK as u64);
            bytes.extend_from_slice(&block[within..within + count]);
            at += count as u64;
        }
        bytes
    }

    /// Writes bytes as far as `keep` says so of the block that they fall into.
    pub(crate) fn write(&mut self, offset: u64, bytes: &[u8], keep: &mut dyn FnMut() -> bool) {
        let mut done = 0;
        while done < bytes.len() {
            let at = offset + done as u64;
            let within = (at % BLOCK as u64) as usize;
            let count = (BLOCK - within).min(bytes.len() - done);
            if keep() {
                let number = at / BLOCK as u64;
                let mut block = *self.block(number);
                block[within..within + count].copy_from_slice(&bytes[done..done + count]);
                self.blocks.insert(number, Arc::new(block));
            }
            done += count;
        }
    }
}

/// What the disk holds, and how it came to that.
struct State {
    content: Content,
    log: Vec<Event>,
}

/// A disk that is being served; gone when dropped.
pub(crate) struct LogDisk {
    at: PathBuf,
    session: Option<BackgroundSession>,
    state: Arc<Mutex<State>>,
}

impl LogDisk {
    /// Serves a disk in a directory. None where FUSE is not to be had.
    pub(crate) fn serve(dir: &Path, content: Content) -> Option<Self> {
        std::fs::create_dir_all(dir).unwrap();
        let state = Arc::new(Mutex::new(State {
            content,
            log: Vec::new(),
        }));
        let served = Served(Arc::clone(&state));
        let session = fuser::spawn_mount(served, dir, &Config::default()).ok()?;
        Some(Self {
            at: dir.to_owned(),
            session: Some(session),
            state,
        })
    }

    /// The file that is the disk.
    pub(crate) fn file(&self) -> PathBuf {
        self.at.join(NAME)
    }

    /// How many events there were so far.
    pub(crate) fn position(&self) -> usize {
        locked(&self.state).log.len()
    }

    /// All that happened.
    pub(crate) fn take_log(&self) -> Vec<Event> {
        std::mem::take(&mut locked(&self.state).log)
    }
}

impl Drop for LogDisk {
    fn drop(&mut self) {
        // The loop device lets the file go a moment after its unmount.
        for _ in 0..200 {
            let done = Command::new("umount").arg(&self.at).output();
            if done.is_ok_and(|done| done.status.success()) {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        if let Some(session) = self.session.take() {
            let _ = session.umount_and_join();
        }
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What answers the kernel.
struct Served(Arc<Mutex<State>>);

impl Served {
    fn attributes(&self, inode: INodeNo) -> FileAttr {
        let file = inode == FILE;
        let size = if file { locked(&self.0).content.len } else { 0 };
        FileAttr {
            ino: inode,
            size,
            blocks: size / 512,
            atime: UNIX_EPOCH,
            mtime: UNIX_EPOCH,
            ctime: UNIX_EPOCH,
            crtime: UNIX_EPOCH,
            kind: if file {
                FileType::RegularFile
            } else {
                FileType::Directory
            },
            perm: if file { 0o600 } else { 0o700 },
            nlink: 1,
            uid: 0,
            gid: 0,
            rdev: 0,
            flags: 0,
            blksize: BLOCK as u32,
        }
    }
}

impl Filesystem for Served {
    fn lookup(&self, _: &Request, _: INodeNo, name: &OsStr, reply: ReplyEntry) {
        if name == NAME {
            reply.entry(&FOR_EVER, &self.attributes(FILE), Generation(0));
        } else {
            reply.error(Errno::ENOENT);
        }
    }

    fn getattr(&self, _: &Request, inode: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        reply.attr(&FOR_EVER, &self.attributes(inode));
    }

    fn setattr(
        &self,
        _: &Request,
        inode: INodeNo,
        _: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        _: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<std::time::SystemTime>,
        _: Option<FileHandle>,
        _: Option<std::time::SystemTime>,
        _: Option<std::time::SystemTime>,
        _: Option<std::time::SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        reply.attr(&FOR_EVER, &self.attributes(inode));
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        reply.opened(FileHandle(0), FopenFlags::empty());
    }

    fn read(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        reply.data(&locked(&self.0).content.read(offset, size as usize));
    }

    fn write(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        offset: u64,
        bytes: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let mut state = locked(&self.0);
        state.content.write(offset, bytes, &mut || true);
        state.log.push(Event::Write {
            offset,
            bytes: bytes.to_vec(),
        });
        reply.written(bytes.len() as u32);
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsync(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        locked(&self.0).log.push(Event::Flush);
        reply.ok();
    }
}
