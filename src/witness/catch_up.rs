//! A question to a witness: have I been told all that has happened until now?
//!
//! A witness tells a change a while after it happened. Whoever looked at a directory learns by such a question what was
//! done to it before the look ended.

use std::os::fd::OwnedFd;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;

/// Asks a witness, also from another thread than the one that hears it.
#[derive(Clone, Debug)]
pub struct CatchUp {
    asked: Arc<Mutex<Vec<Sender<()>>>>,
    /// Readable while a question waits.
    wakes: Arc<OwnedFd>,
}

impl CatchUp {
    pub(super) fn new() -> Result<Self, Errno> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        Ok(Self {
            asked: Arc::default(),
            wakes: Arc::new(eventfd(0, flags)?),
        })
    }

    /// Waits until whoever hears the witness has been told all that has happened by now ([`super::Event::CaughtUp`]),
    /// at most for `patience`. Returns whether that came in time.
    pub fn wait(&self, patience: Duration) -> bool {
        let (answer, answered) = channel();
        self.ask(answer);
        answered.recv_timeout(patience).is_ok()
    }

    /// Asks without waiting: the event that answers brings what is given here.
    pub fn ask(&self, answer: Sender<()>) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.push(answer);
        // The write fails only where the descriptor is readable already.
        let _ = rustix::io::write(&*self.wakes, &1_u64.to_ne_bytes());
    }

    /// What becomes readable when somebody asks.
    pub(super) fn source(&self) -> &OwnedFd {
        &self.wakes
    }

    /// Who has asked since the last time.
    pub(super) fn take(&self) -> Vec<Sender<()>> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        // The read fails where nobody has asked.
        let _ = rustix::io::read(&*self.wakes, &mut [0; 8]);
        std::mem::take(&mut *asked)
    }
}
