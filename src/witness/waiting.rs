//! What was told and waits until it is asked for.

use std::collections::HashSet;
use std::sync::mpsc::Sender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::event::{Blindness, Loss, What};
use crate::model::RelPath;

/// So many changes wait at most.
const WAITING_MAX: usize = 200_000;

/// A change of which it is not yet decided who made it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Change {
    /// The number of the root.
    pub(super) root: usize,
    /// Where below it.
    pub(super) path: RelPath,
    pub(super) is_dir: bool,
    pub(super) what: What,
    /// When it was read.
    pub(super) when: Instant,
    /// The same by the clock of the processes.
    pub(super) at: u64,
    /// Which process did it.
    pub(super) pid: Option<u32>,
}

/// What waits, in the order in which it is told.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    inner: Mutex<Inner>,
    came: Condvar,
}

/// What was taken out.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) changes: Vec<Change>,
    pub(super) lost: Option<Loss>,
    pub(super) blind: Vec<(usize, Blindness)>,
    /// Questions to be answered: all that had happened before each is told with this, or was told before.
    pub(super) caught_up: Vec<Question>,
}

impl Taken {
    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty()
            && self.lost.is_none()
            && self.blind.is_empty()
            && self.caught_up.is_empty()
    }
}

/// Somebody wants to know when all has been told that happened before he asked.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) answer: Sender<()>,
    /// When all had been read that happened before.
    pub(super) read: Instant,
}

#[derive(Debug, Default)]
struct Inner {
    taken: Taken,
    /// What waits already, so that nothing is told twice.
    known: HashSet<(usize, RelPath, What, Option<u32>)>,
}

impl Waiting {
    /// Something changed. A repetition of what waits is not kept.
    pub(super) fn changed(&self, change: Change) {
        let mut inner = self.lock();
        if inner.taken.changes.len() >= WAITING_MAX {
            inner.taken.changes.clear();
            inner.known.clear();
            inner.taken.lost = Some(Loss::Unasked(WAITING_MAX));
        }
        let key = (change.root, change.path.clone(), change.what, change.pid);
        if inner.known.insert(key) {
            inner.taken.changes.push(change);
            self.came.notify_all();
        }
    }

    /// Something was missed.
    pub(super) fn lost(&self, why: Loss) {
        self.lock().taken.lost = Some(why);
        self.came.notify_all();
    }

    /// A root cannot be watched.
    pub(super) fn blind(&self, root: usize, why: Blindness) {
        self.lock().taken.blind.push((root, why));
        self.came.notify_all();
    }

    /// Everything has been read that had happened when these were asked.
    pub(super) fn caught_up(&self, asked: Vec<Sender<()>>) {
        let read = Instant::now();
        let questions = asked.into_iter().map(|answer| Question { answer, read });
        self.lock().taken.caught_up.extend(questions);
        self.came.notify_all();
    }

    /// Waits at most for `timeout` until something was told, then until the first of it is `ripe`, and takes what is
    /// ripe by then: enough time has passed to know who it was.
    pub(super) fn take(&self, timeout: Duration, ripe: Duration) -> Taken {
        let mut inner = self.lock();
        if inner.taken.is_empty() {
            inner = self.wait(inner, timeout);
        }
        while let Some(first) = inner.taken.changes.first()
            && let Some(rest) = ripe
                .checked_sub(first.when.elapsed())
                .filter(|rest| !rest.is_zero())
            && inner.taken.lost.is_none()
        {
            inner = self.wait(inner, rest);
        }
        let ready = inner
            .taken
            .changes
            .iter()
            .take_while(|one| one.when.elapsed() >= ripe);
        let ready = ready.count();
        let rest = inner.taken.changes.split_off(ready);
        let mut asked = std::mem::take(&mut inner.taken.caught_up);
        let is_told = |asked: &mut Question| rest.first().is_none_or(|one| one.when > asked.read);
        let answered = asked.extract_if(.., is_told).collect();
        inner.known.clear();
        for one in &rest {
            let key = (one.root, one.path.clone(), one.what, one.pid);
            inner.known.insert(key);
        }
        let mut taken = std::mem::take(&mut inner.taken);
        taken.caught_up = answered;
        (inner.taken.changes, inner.taken.caught_up) = (rest, asked);
        taken.changes.shrink_to_fit();
        inner.known.shrink_to(1024);
        taken
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, inner: MutexGuard<'a, Inner>, time: Duration) -> MutexGuard<'a, Inner> {
        let waited = self.came.wait_timeout(inner, time);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
