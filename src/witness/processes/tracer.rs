//! Hears the kernel's notices of processes and keeps the table of them; asked, it tells who it was.

use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use proc_connector::{
    Error as ConnectorError, EventMask, NetlinkMessageIter, ProcConnector, ProcEvent,
};
use rustix::net::sockopt::set_socket_recv_buffer_size_force;

use super::clock::now;
use super::look::{Seen, all, glance, standing};
use super::naming;
use super::table::Table;
use super::taskstats::TaskStats;
use crate::model::{Certainty, Who};

/// Bytes that may wait to be read.
const WAITING: usize = 8 << 20;
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
    connector: Option<ProcConnector>,
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
            connector: connect().ok(),
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
        let connector = inner.connector.as_ref().map(AsFd::as_fd);
        let stats = inner.stats.as_ref().map(AsFd::as_fd);
        let all = connector.into_iter().chain(stats);
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
/// `linux/proc_ns.h`). In a container the kernel would not even answer.
fn is_on_host() -> bool {
    let is = |name: &str, number: &str| {
        let link = std::fs::read_link(format!("/proc/self/ns/{name}"));
        link.is_ok_and(|link| link.to_string_lossy() == format!("{name}:[{number}]"))
    };
    is("pid", "4026531836") && is("user", "4026531837")
}

fn connect() -> Result<ProcConnector, ConnectorError> {
    if !is_on_host() {
        return Err(ConnectorError::UnexpectedConnector);
    }
    let connector = ProcConnector::new()?;
    // Without the right to force this size, the system's limit stands.
    if set_socket_recv_buffer_size_force(&connector, WAITING).is_err() {
        connector.set_recv_buf_size(WAITING)?;
    }
    // The kernel answers at once or, where only some kinds of events are wanted, not at all: whoever waited would wait
    // for the next process of this host.
    connector.set_nonblocking()?;
    match connector.subscribe_filtered(EventMask::FORK | EventMask::EXEC | EventMask::EXIT) {
        Ok(()) | Err(ConnectorError::WouldBlock) => Ok(connector),
        Err(error) => Err(error),
    }
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
        self.table.whole_since = self.connector.is_some().then(now);
    }

    fn hear(&mut self) {
        // A process is made before it ends: what was counted until now belongs to processes that are known after all
        // notices were heard.
        let counted = self
            .stats
            .as_ref()
            .map(|stats| stats.read(&mut self.buffer));
        // Where notices were missed, all processes are looked at anew.
        if !self.hear_connector() {
            self.seed();
        }
        for one in counted.into_iter().flatten() {
            self.table.counted(one.pid, one.name, one.uid);
        }
    }

    /// Hears the notices that wait. Returns whether none was missed.
    fn hear_connector(&mut self) -> bool {
        let mut is_whole = true;
        while let Some(connector) = &self.connector {
            let len = match connector.recv_raw(&mut self.buffer) {
                Ok(len) => len,
                Err(ConnectorError::Interrupted) => continue,
                Err(ConnectorError::Overrun) => {
                    is_whole = false;
                    continue;
                }
                Err(_) => break,
            };
            let events = NetlinkMessageIter::new(&self.buffer, len)
                .flatten()
                .flatten();
            for event in events {
                take(&mut self.table, &event);
            }
        }
        is_whole
    }
}

fn take(table: &mut Table, event: &ProcEvent) {
    match *event {
        // A thread is no process.
        ProcEvent::Fork {
            parent_tgid,
            child_pid,
            child_tgid,
            timestamp_ns,
            ..
        } if child_pid == child_tgid => table.forked(parent_tgid, child_pid, timestamp_ns),
        ProcEvent::Exec {
            tgid, timestamp_ns, ..
        } => {
            table.executed(tgid, timestamp_ns);
            if let Some((seen, _)) = glance(tgid, Certainty::Exec) {
                table.saw(seen);
            }
        }
        ProcEvent::Exit {
            pid,
            tgid,
            timestamp_ns,
            ..
        } if pid == tgid => table.ended(pid, timestamp_ns),
        _ => {}
    }
}
