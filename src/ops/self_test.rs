//! `self-test`: whether a host and one of its places give what a restore needs, proved by doing it in a directory that
//! goes again.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::context::Context;
use super::error::Error;
use crate::disk::PathError;
use crate::disk::limits::is_shortage_io;
use crate::disk::rooted::Rooted;
use crate::disk::self_test::{
    Attribute, Exchange, Fence, Links, Sync, attributes, exchange, fence, links, sync,
};
use crate::disk::workroom::Workroom;

/// The name beside which the directory is made.
const NAME: &str = "self-test";
/// So many can be at work in one place.
const AT_ONCE: u32 = 64;

/// What was tried, with what came of it.
#[derive(Debug)]
pub enum Trial {
    /// Two directories changed places.
    Exchange(Result<Exchange, PathError>),
    /// What was written and synced was read back.
    Sync(Result<Sync, PathError>),
    /// Links were made.
    Links(Result<Links, PathError>),
    /// Attributes were set: those that did not come out.
    Attributes(Result<Vec<Attribute>, PathError>),
    /// The fence around a restore was put up, in a thread of its own.
    Fence(Result<Fence, PathError>),
}

/// What a trial means for a restore.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Grade {
    /// It has all that it needs.
    Good,
    /// It works, with less than it could have.
    Less,
    /// It does not work as it promises.
    Bad,
}

impl Grade {
    /// The name in text and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Less => "less",
            Self::Bad => "bad",
        }
    }
}

impl Trial {
    /// What was tried, as text and JSON name it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Exchange(_) => "exchange",
            Self::Sync(_) => "sync",
            Self::Links(_) => "links",
            Self::Attributes(_) => "attributes",
            Self::Fence(_) => "fence",
        }
    }

    /// What it means.
    pub fn grade(&self) -> Grade {
        let less = |is_less: bool| {
            if is_less { Grade::Less } else { Grade::Good }
        };
        match self {
            Self::Exchange(Ok(way)) => less(*way == Exchange::TwoRenames),
            Self::Links(Ok(links)) => less(!links.hard && !links.reflinks),
            Self::Attributes(Ok(lacking)) => less(!lacking.is_empty()),
            Self::Sync(Ok(Sync::Kept)) | Self::Fence(Ok(Fence::Holds)) => Grade::Good,
            Self::Sync(Ok(Sync::NoDisk)) | Self::Fence(Ok(Fence::Absent | Fence::Untried)) => {
                Grade::Less
            }
            Self::Fence(Ok(Fence::Leaks) | Err(_))
            | Self::Sync(Ok(Sync::Changed) | Err(_))
            | Self::Exchange(Err(_))
            | Self::Links(Err(_))
            | Self::Attributes(Err(_)) => Grade::Bad,
        }
    }
}

/// What a self-test found.
#[derive(Debug)]
pub struct SelfTestOutcome {
    /// Where it was done.
    pub place: PathBuf,
    /// Each trial.
    pub trials: Vec<Trial>,
    /// How long it took.
    pub took: Duration,
}

impl SelfTestOutcome {
    /// What all of them mean together.
    pub fn grade(&self) -> Grade {
        let all = self.trials.iter().map(Trial::grade);
        all.max().unwrap_or(Grade::Good)
    }
}

/// Tries what a restore needs in a directory of its own within `place`, which is removed afterwards.
pub fn self_test(context: &Context<'_>, place: &Path) -> Result<SelfTestOutcome, Error> {
    let start = Instant::now();
    let place = Rooted::open_resolved(place)?.path().to_owned();
    let room = room(context, &place)?;
    let trials = trials(room.root());
    room.remove()?;
    Ok(SelfTestOutcome {
        place,
        trials: trials?,
        took: start.elapsed(),
    })
}

/// A room of its own. Others may be at work in theirs.
fn room(context: &Context<'_>, place: &Path) -> Result<Workroom, Error> {
    let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
    let owner = (uid.as_raw(), gid.as_raw());
    for number in 0..AT_ONCE {
        let name = match number {
            0 => NAME.to_owned(),
            more => format!("{NAME}-{more}"),
        };
        let parent = Rooted::open_resolved(place)?;
        let room = Workroom::create(parent, name.as_bytes(), owner, context.monitor)?;
        if let Some(room) = room {
            return Ok(room);
        }
    }
    Err(crate::store::Error::Locked(place.to_owned()).into())
}

fn trials(dir: &Rooted) -> Result<Vec<Trial>, PathError> {
    Ok(vec![
        Trial::Exchange(tried(exchange(dir))?),
        Trial::Sync(tried(sync(dir))?),
        Trial::Links(tried(links(dir))?),
        Trial::Attributes(tried(attributes(dir))?),
        Trial::Fence(tried(fence(dir))?),
    ])
}

/// What came of a trial. That this process gets no more descriptors or threads says nothing of the host, and ends the
/// self-test.
fn tried<T>(result: Result<T, PathError>) -> Result<Result<T, PathError>, PathError> {
    match result {
        Err(error) if is_shortage_io(&error.source) => Err(error),
        result => Ok(result),
    }
}
