//! Why the index of a store is of no use: it is damaged, or `SQLite` failed, which has few words for what it lacked.

use rusqlite::ErrorCode;

use crate::disk::atomic::Temp;
use crate::disk::limits::file_size_met;
use crate::disk::rooted::Rooted;

/// Why an index cannot be used.
#[derive(Debug)]
pub(crate) enum Unusable {
    /// There is none yet.
    Absent,
    /// Its content is wrong; it must be made anew.
    Damaged(IndexFlaw),
    /// It cannot be written here.
    ReadOnly,
    /// Something else.
    Failed(IndexFailure),
}

/// Why an index failed that is not damaged.
#[derive(Debug, thiserror::Error)]
pub enum IndexFailure {
    /// One of its files would be longer than this process may write.
    #[error("this process may write no file of more than {limit} bytes")]
    FileSize {
        /// The limit, in bytes.
        limit: u64,
    },
    /// Its file system, or the quota of its user, has no room.
    #[error("there is no space left for it")]
    NoSpace,
    /// Whatever else `SQLite` says.
    #[error(transparent)]
    Sqlite(rusqlite::Error),
}

/// What is wrong with the content of an index.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IndexFlaw {
    #[error(transparent)]
    Sqlite(rusqlite::Error),
    #[error("it is no regular file")]
    NoFile,
    #[error("a directory is in its place")]
    Directory,
    #[error("a journal lies beside it")]
    Journal,
    #[error("it is of version {0}")]
    Version(i64),
    #[error("it has another schema")]
    Schema,
    #[error("its rows come again")]
    Rows,
}

impl From<rusqlite::Error> for Unusable {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::Damaged(IndexFlaw::Sqlite(error))
            }
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                Self::ReadOnly
            }
            // "no such table" and the like: the file is a database, but not ours.
            Some(ErrorCode::Unknown) => Self::Damaged(IndexFlaw::Sqlite(error)),
            Some(ErrorCode::SystemIoFailure) => match file_size_met() {
                Some(limit) => Self::Failed(IndexFailure::FileSize { limit }),
                None => Self::Failed(IndexFailure::Sqlite(error)),
            },
            Some(ErrorCode::DiskFull) => Self::Failed(IndexFailure::NoSpace),
            _ => Self::Failed(IndexFailure::Sqlite(error)),
        }
    }
}

/// More than any write of `SQLite` takes that is told as an error of the disk: shared memory grows by 32 KiB.
const TRIED_LEN: usize = 128 << 10;

impl IndexFailure {
    /// The same, told as want of room where `dir`, in which the index lies, takes no more bytes. `SQLite` calls it an
    /// error of the disk where shared memory, a journal or a quota have no room.
    pub(super) fn explained(self, dir: &Rooted) -> Self {
        let is_of_disk = matches!(
            &self,
            Self::Sqlite(error) if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure)
        );
        let is_full = || {
            let mut temp = Temp::create(dir)?;
            temp.write(&vec![1; TRIED_LEN])
        };
        let is_full = is_of_disk && is_full().is_err_and(|error| error.is_full());
        if is_full { Self::NoSpace } else { self }
    }
}
