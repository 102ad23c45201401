//! Tells that something changed below given directories, and who did it.
//!
//! As root it hears of changes from fanotify, which names the process. It hears of processes from the kernel's
//! connector, and from what the kernel counts of each that ends; and it looks at each while there is something to be
//! seen. Other users hear of changes from inotify, without who made them. What a witness tells says when to look and
//! whom to suspect, never what is true: some changes are not told (of memory that is mapped), and some cannot be
//! ([`Event::Blind`]).

mod catch_up;
mod event;
mod marks;
mod note;
mod places;
mod processes;
mod waiting;
mod watcher;
mod watches;

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::io::Errno;

use crate::disk::PathError;
use crate::disk::error::At;
use marks::Marks;
use processes::{Tracer, WhoTold};
use waiting::{Change, Waiting};
use watcher::Watcher;

pub use catch_up::CatchUp;
pub use event::{Blindness, Event, Loss, What};

/// So long after a change it is decided who made it: until then the kernel has told what it knows.
const RIPE: Duration = Duration::from_millis(50);

/// Watches until it is dropped.
#[derive(Debug)]
pub struct Witness {
    roots: Vec<PathBuf>,
    tracer: Option<Arc<Tracer>>,
    waiting: Arc<Waiting>,
    catch_up: CatchUp,
    nameless: Option<Nameless>,
    stop: Arc<OwnedFd>,
    threads: Vec<JoinHandle<()>>,
}

/// Why it is not told who changed something.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Nameless {
    /// Only root is told.
    #[error("only root is told who changes files")]
    NeedsRoot,
    /// The kernel has no fanotify that names files and processes; since Linux 5.15 it can have.
    #[error("this kernel does not tell who changes files")]
    Kernel,
}

/// What is wanted beside the usual.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// As if this were not root.
    pub without_names: bool,
    /// With the kernel's usual queue, which is short, in place of one without bounds.
    pub short_queue: bool,
}

impl Witness {
    /// Watches directories, whether they are there or not. When it returns, each change is told.
    ///
    /// It fails where nothing can be heard at all; what cannot be watched of single roots is told by [`Event::Blind`].
    pub fn start(roots: &[PathBuf]) -> Result<Self, PathError> {
        Self::start_with(roots, Options::default())
    }

    /// Watches directories, with options.
    pub fn start_with(roots: &[PathBuf], options: Options) -> Result<Self, PathError> {
        let top = Path::new("/");
        let marks = if options.without_names {
            Err(Errno::PERM)
        } else {
            Marks::new(options.short_queue)
        };
        let nameless = marks.as_ref().err().map(|error| match error {
            &Errno::PERM => Nameless::NeedsRoot,
            _ => Nameless::Kernel,
        });
        let tracer = marks.is_ok().then(|| Arc::new(Tracer::start()));
        let waiting = Arc::new(Waiting::default());
        let stop = eventfd(0, EventfdFlags::CLOEXEC).at("watch", top)?;
        let catch_up = CatchUp::new().at("watch", top)?;
        let mut witness = Self {
            roots: roots.to_vec(),
            tracer,
            waiting,
            catch_up: catch_up.clone(),
            nameless,
            stop: Arc::new(stop),
            threads: Vec::new(),
        };
        let resolved: Vec<PathBuf> = roots.iter().map(|root| resolved(root)).collect();
        let (tracer, waiting) = (witness.tracer.clone(), Arc::clone(&witness.waiting));
        let mut watcher = Watcher::new(&resolved, tracer, waiting);
        watcher.marks = marks.ok();
        if let Some(tracer) = witness.tracer.clone() {
            witness.spawn("tracer", move |stop| trace(&tracer, stop))?;
        }
        watcher.watch_all();
        witness.spawn("watcher", move |stop| watcher.run(stop, &catch_up))?;
        Ok(witness)
    }

    /// Waits at most for `timeout` until something happens, and tells it within 50 ms. Nothing is told twice, and
    /// repetitions are left out.
    pub fn next(&mut self, timeout: Duration) -> Vec<Event> {
        let taken = self.waiting.take(timeout, RIPE);
        let mut told = WhoTold::default();
        if let Some(tracer) = &self.tracer
            && taken.changes.iter().any(|one| one.pid.is_some())
        {
            tracer.hear();
            told = WhoTold::new();
        }
        let blind = taken.blind.into_iter().map(|(root, why)| Event::Blind {
            root: self.roots[root].clone(),
            why,
        });
        let lost = taken.lost.map(|why| Event::Lost { why });
        let mut all: Vec<Event> = blind.chain(lost).collect();
        let changes = taken.changes.into_iter();
        all.extend(changes.map(|change| self.event(change, &mut told)));
        let caught_up = taken.caught_up.into_iter();
        all.extend(caught_up.map(|asked| Event::CaughtUp {
            answer: asked.answer,
        }));
        all
    }

    /// What asks this witness how far it has come, from any thread.
    pub fn catch_up(&self) -> CatchUp {
        self.catch_up.clone()
    }

    /// Why it is not told who changed something; none where it is told.
    pub fn nameless(&self) -> Option<Nameless> {
        self.nameless
    }

    fn event(&self, change: Change, told: &mut WhoTold) -> Event {
        let tracer = self.tracer.as_ref();
        let who = tracer
            .zip(change.pid)
            .map(|(tracer, pid)| tracer.who(pid, change.at, told));
        Event::Changed {
            root: self.roots[change.root].clone(),
            path: change.path,
            is_dir: change.is_dir,
            what: change.what,
            when: change.when,
            who,
        }
    }

    fn spawn(
        &mut self,
        name: &str,
        run: impl FnOnce(&OwnedFd) + Send + 'static,
    ) -> Result<(), PathError> {
        let stop = Arc::clone(&self.stop);
        let thread = Builder::new()
            .name(name.to_owned())
            .spawn(move || run(&stop));
        self.threads.push(thread.at("watch", Path::new("/"))?);
        Ok(())
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        // A thread that does not end by this ends with the process.
        if rustix::io::write(&*self.stop, &1_u64.to_ne_bytes()).is_ok() {
            for thread in self.threads.drain(..) {
                let _ = thread.join();
            }
        }
    }
}

/// Hears of processes until `stop` becomes readable.
fn trace(tracer: &Tracer, stop: &OwnedFd) {
    let mut sources = tracer.sources();
    sources.extend(stop.try_clone());
    loop {
        let polled = sources.iter().map(|fd| PollFd::new(fd, PollFlags::IN));
        let mut polled: Vec<_> = polled.collect();
        match poll(&mut polled, None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return,
        }
        if polled.last().is_none_or(|stop| !stop.revents().is_empty()) {
            return;
        }
        tracer.hear();
    }
}

/// A path without links, as far as it leads somewhere.
fn resolved(path: &Path) -> PathBuf {
    if let Ok(real) = std::fs::canonicalize(path) {
        return real;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => resolved(parent).join(name),
        _ => path.to_owned(),
    }
}
