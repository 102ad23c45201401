//! Hears the kernel's notices of processes and keeps the table of them; asked, it tells who it was.

use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::clock::now;
use super::look::{Seen, all, glance, standing};
use super::naming;
use super::notices::{Heard, Notice, Notices};
use super::table::Table;
use super::taskstats::TaskStats;
use crate::model::{Certainty, Who};

/// The longest message of either kind is far shorter.
const BUFFER: usize = 16 << 10;

/// The processes of the host.
#[derive(Debug)]
pub(in crate::witness) struct Tracer {
    inner: Mutex<Inner>,
}

/// What was told in one go, and the names of users.
#[derive(Debug, Default)]
pub(in crate::witness) struct WhoTold {
    names: HashMap<u32, String>,
    known: HashMap<naming::Key, Arc<Who>>,
}

impl WhoTold {
    /// Nothing yet.
    pub(in crate::witness) fn new() -> Self {
        let users = std::fs::read("/etc/passwd").unwrap_or_default();
        Self {
            names: naming::users(&String::from_utf8_lossy(&users)),
            known: HashMap::new(),
        }
    }
}

#[derive(Debug)]
struct Inner {
    notices: Option<Notices>,
    stats: Option<TaskStats>,
    table: Table,
    buffer: Vec<u8>,
}

impl Tracer {
    /// Listens, where the kernel lets this process (it needs the capability to administer the network, and the host's
    /// own process numbers), and looks at all processes that there are.
    pub(in crate::witness) fn start() -> Self {
        let processors = std::fs::read_to_string("/sys/devices/system/cpu/possible");
        let stats = processors.ok().and_then(|all| TaskStats::listen(&all).ok());
        let mut inner = Inner {
            // In a container the kernel would not even answer.
            notices: is_on_host().then(Notices::listen).and_then(Result::ok),
            stats,
            table: Table::default(),
            buffer: vec![0; BUFFER],
        };
        inner.seed();
        Self {
            inner: Mutex::new(inner),
        }
    }

    /// What becomes readable when something has to be heard.
    pub(in crate::witness) fn sources(&self) -> Vec<OwnedFd> {
        let inner = self.lock();
        let notices = inner.notices.as_ref().map(AsFd::as_fd);
        let stats = inner.stats.as_ref().map(AsFd::as_fd);
        let all = notices.into_iter().chain(stats);
        all.filter_map(|fd| fd.try_clone_to_owned().ok()).collect()
    }

    /// Hears all that waits.
    pub(in crate::witness) fn hear(&self) {
        self.lock().hear();
    }

    /// Whether a process has to be looked at: it started a program since it was looked at last.
    pub(in crate::witness) fn is_stale(&self, pid: u32, looked: u64) -> bool {
        let since = self.lock().table.runs_since(pid);
        since.is_none_or(|since| since > looked)
    }

    /// Keeps a look at a process, and looks at those above it that are not known.
    pub(in crate::witness) fn saw(&self, seen: Seen) {
        let mut inner = self.lock();
        // Notices from before the look are heard before the look is kept.
        inner.hear();
        let mut above = seen.parent;
        inner.table.saw(seen);
        while above != 0 && inner.table.runs_since(above).is_none() {
            let Some((parent, _)) = glance(above, Certainty::Live) else {
                return;
            };
            above = parent.parent;
            inner.table.saw(parent);
        }
    }

    /// Who had a number when an event was read. What is told once is told again of the same program.
    pub(in crate::witness) fn who(&self, pid: u32, at: u64, told: &mut WhoTold) -> Arc<Who> {
        let mut inner = self.lock();
        let key = naming::key(&inner.table, pid, at);
        if let Some(who) = key.and_then(|key| told.known.get(&key)) {
            return Arc::clone(who);
        }
        let line = naming::lineage(&inner.table, pid, at);
        let unknown = line
            .iter()
            .filter(|one| one.standing.is_none() && one.ended.is_none());
        let unknown: Vec<u32> = unknown.map(|one| one.pid).collect();
        for pid in unknown {
            inner.table.stands(pid, standing(pid));
        }
        let who = Arc::new(naming::who(&inner.table, pid, at, &told.names));
        told.known.extend(key.map(|key| (key, Arc::clone(&who))));
        who
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether this process sees the host's own process numbers and users (`PROC_PID_INIT_INO`, `PROC_USER_INIT_INO` in
/// `linux/proc_ns.h`).
fn is_on_host() -> bool {
    let is = |name: &str, number: &str| {
        let link = std::fs::read_link(format!("/proc/self/ns/{name}"));
        link.is_ok_and(|link| link.to_string_lossy() == format!("{name}:[{number}]"))
    };
    is("pid", "4026531836") && is("user", "4026531837")
}

impl Inner {
    /// Looks at all processes. From then on, nothing is missed.
    fn seed(&mut self) {
        self.table.whole_since = None;
        for pid in all() {
            if let Some((mut seen, _)) = glance(pid, Certainty::Live) {
                seen.standing = standing(pid);
                self.table.saw(seen);
            }
        }
        self.table.whole_since = self.notices.is_some().then(now);
    }

    fn hear(&mut self) {
        // A process is made before it ends: what was counted until now belongs to processes that are known after all
        // notices were heard.
        let counted = self
            .stats
            .as_ref()
            .map(|stats| stats.read(&mut self.buffer));
        // Where notices were missed, all processes are looked at anew.
        if !self.hear_notices() {
            self.seed();
        }
        for one in counted.into_iter().flatten() {
            self.table.counted(one.pid, one.name, one.uid);
        }
    }

    /// Hears the notices that wait. Returns whether none was missed.
    fn hear_notices(&mut self) -> bool {
        let mut is_whole = true;
        while let Some(notices) = &self.notices {
            match notices.read(&mut self.buffer) {
                Some(Heard::Notices(all)) => {
                    for notice in all {
                        take(&mut self.table, notice);
                    }
                }
                Some(Heard::Missed) => is_whole = false,
                None => break,
            }
        }
        is_whole
    }
}

fn take(table: &mut Table, notice: Notice) {
    match notice {
        Notice::Forked { parent, child, at } => table.forked(parent, child, at),
        Notice::Executed { pid, at } => {
            table.executed(pid, at);
            if let Some((seen, _)) = glance(pid, Certainty::Exec) {
                table.saw(seen);
            }
        }
        Notice::Ended { pid, at } => table.ended(pid, at),
    }
}
