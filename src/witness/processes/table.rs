//! All processes of the host that live or ended lately, by what the kernel told of them. Pure: notices in, and what a
//! process was at a time out.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::look::{Look, Seen, Standing};

/// How long a process is remembered after its end, in nanoseconds.
const KEPT: u64 = 30_000_000_000;
/// So many ended processes are remembered at most.
const ENDED_MAX: usize = 50_000;
/// So many programs of one process are remembered.
const IMAGES_MAX: usize = 4;
/// The time of start in `/proc` may be off by so many nanoseconds.
const BORN_AROUND: u64 = 30_000_000;

/// A process, whatever its number is used for later.
pub(super) type Id = u64;

/// One process.
#[derive(Clone, Debug)]
pub(super) struct Process {
    pub(super) pid: u32,
    /// Who made it, as far as that was seen.
    pub(super) parent: Option<Id>,
    /// The number of the parent.
    pub(super) parent_pid: u32,
    /// How many processes that it made are remembered.
    pub(super) children: usize,
    /// When it was made.
    pub(super) born: u64,
    /// When it ended.
    pub(super) ended: Option<u64>,
    /// What it ran, one after another.
    pub(super) images: Vec<Ran>,
    /// User and group, where it was looked at.
    pub(super) standing: Option<Standing>,
    /// Its name at its end.
    pub(super) last_name: Option<String>,
    /// Its user at its end.
    pub(super) last_uid: Option<u32>,
}

/// What a process ran for a while.
#[derive(Clone, Debug)]
pub(super) struct Ran {
    /// From when on.
    pub(super) since: u64,
    /// Whether it was started in this process; else it is what the parent ran at the fork.
    pub(super) is_own: bool,
    /// What was seen of it in this process.
    pub(super) look: Option<Arc<Look>>,
}

impl Process {
    /// What it ran at a time, by the number in `images`.
    pub(super) fn at(&self, time: u64) -> usize {
        let later = self.images.iter().take_while(|ran| ran.since <= time);
        later.count().saturating_sub(1)
    }

    /// Keeps a look with the program that it belongs to; it is worth nothing where the program changed during it.
    fn saw(&mut self, look: Arc<Look>) {
        let at = self.at(look.from);
        if self.at(look.until) != at {
            return;
        }
        let Some(ran) = self.images.get_mut(at) else {
            return;
        };
        let before = ran.look.as_ref().map(|look| look.image.argv.is_some());
        // A look at an ended process sees less.
        if before != Some(true) || look.image.argv.is_some() {
            ran.look = Some(look);
        }
    }
}

/// The processes.
#[derive(Debug, Default)]
pub(super) struct Table {
    all: HashMap<Id, Process>,
    /// All of a number, oldest first.
    by_pid: HashMap<u32, Vec<Id>>,
    ended: VecDeque<(u64, Id)>,
    next: Id,
    /// Since when nothing was missed.
    pub(super) whole_since: Option<u64>,
}

impl Table {
    /// A process made another one.
    pub(super) fn forked(&mut self, parent: u32, pid: u32, time: u64) {
        let images = vec![Ran {
            since: time,
            is_own: false,
            look: None,
        }];
        self.add(Process {
            pid,
            parent: self.current(parent),
            parent_pid: parent,
            children: 0,
            born: time,
            ended: None,
            images,
            standing: None,
            last_name: None,
            last_uid: None,
        });
    }

    /// A process started a program.
    pub(super) fn executed(&mut self, pid: u32, time: u64) {
        let Some(process) = self.current(pid).and_then(|id| self.all.get_mut(&id)) else {
            return;
        };
        // A look that was made since saw the new program.
        let before = process.images.last_mut();
        let is_new = |look: &Arc<Look>| look.until > time;
        let newer = before.and_then(|ran| ran.look.take_if(|look| is_new(look)));
        let look = newer.filter(|look| look.from >= time);
        process.images.push(Ran {
            since: time,
            is_own: true,
            look,
        });
        if process.images.len() > IMAGES_MAX {
            process.images.remove(0);
        }
    }

    /// A process ended.
    pub(super) fn ended(&mut self, pid: u32, time: u64) {
        if let Some(id) = self.current(pid)
            && let Some(process) = self.all.get_mut(&id)
        {
            process.ended = Some(time);
            self.ended.push_back((time, id));
        }
        self.forget(time);
    }

    /// What the kernel counted of a process that ended.
    pub(super) fn counted(&mut self, pid: u32, name: String, uid: u32) {
        if let Some(process) = self.current(pid).and_then(|id| self.all.get_mut(&id)) {
            process.last_name = Some(name);
            process.last_uid = Some(uid);
        }
    }

    /// A process was looked at. One that was not known, or of which the number was used for another one, is new.
    pub(super) fn saw(&mut self, seen: Seen) {
        let is_it = |process: &Process| process.born.abs_diff(seen.born) <= BORN_AROUND;
        let known = self.current(seen.pid);
        let known = known.filter(|id| self.all.get(id).is_some_and(is_it));
        let id = known.unwrap_or_else(|| self.add_seen(&seen));
        if let Some(process) = self.all.get_mut(&id) {
            process.saw(Arc::new(seen.look));
            if seen.standing != Standing::default() {
                process.standing = Some(seen.standing);
            }
        }
    }

    /// User and group of a process were looked at.
    pub(super) fn stands(&mut self, pid: u32, standing: Standing) {
        if let Some(process) = self.current(pid).and_then(|id| self.all.get_mut(&id))
            && standing != Standing::default()
        {
            process.standing = Some(standing);
        }
    }

    fn add_seen(&mut self, seen: &Seen) -> Id {
        self.add(Process {
            pid: seen.pid,
            parent: self.current(seen.parent),
            parent_pid: seen.parent,
            children: 0,
            born: seen.born,
            ended: None,
            images: vec![Ran {
                since: seen.born.min(seen.look.from),
                is_own: true,
                look: None,
            }],
            standing: None,
            last_name: None,
            last_uid: None,
        })
    }

    /// When a process that has this number started what it runs now.
    pub(super) fn runs_since(&self, pid: u32) -> Option<u64> {
        let process = self.all.get(&self.current(pid)?)?;
        process.images.last().map(|ran| ran.since)
    }

    /// The process that had a number at a time, within what an event may come late.
    pub(super) fn process_at(&self, pid: u32, time: u64, late: u64) -> Option<&Process> {
        let all = self.by_pid.get(&pid)?.iter().rev();
        let mut all = all.filter_map(|id| self.all.get(id));
        let found = all.find(|process| process.born <= time.saturating_add(BORN_AROUND))?;
        let is_past = found
            .ended
            .is_some_and(|ended| ended.saturating_add(late) < time);
        (!is_past).then_some(found)
    }

    /// The process that made another one; by its number where its making was not seen.
    pub(super) fn parent(&self, of: &Process) -> Option<&Process> {
        match of.parent {
            Some(id) => self.all.get(&id),
            None => self.all.get(&self.current(of.parent_pid)?),
        }
    }

    /// The newest of a number.
    fn current(&self, pid: u32) -> Option<Id> {
        self.by_pid.get(&pid)?.last().copied()
    }

    fn add(&mut self, process: Process) -> Id {
        let id = self.next;
        self.next += 1;
        // Whoever had the number must have ended, also where that was not told.
        let before = self.current(process.pid);
        if let Some(earlier) = before.and_then(|id| self.all.get_mut(&id))
            && earlier.ended.is_none()
        {
            earlier.ended = Some(process.born);
            self.ended.extend(before.map(|id| (process.born, id)));
        }
        if let Some(parent) = process.parent.and_then(|id| self.all.get_mut(&id)) {
            parent.children += 1;
        }
        self.by_pid.entry(process.pid).or_default().push(id);
        self.all.insert(id, process);
        id
    }

    fn forget(&mut self, now: u64) {
        while let Some(&(ended, id)) = self.ended.front() {
            if ended.saturating_add(KEPT) > now && self.ended.len() <= ENDED_MAX {
                return;
            }
            self.ended.pop_front();
            // A process that made others may still have to be told as their parent.
            let has_children = self
                .all
                .get(&id)
                .is_some_and(|process| process.children > 0);
            if has_children && self.ended.len() < ENDED_MAX {
                self.ended.push_back((now, id));
                continue;
            }
            let Some(process) = self.all.remove(&id) else {
                continue;
            };
            if let Some(parent) = process.parent.and_then(|id| self.all.get_mut(&id)) {
                parent.children -= 1;
            }
            if let Some(ids) = self.by_pid.get_mut(&process.pid) {
                ids.retain(|other| *other != id);
                if ids.is_empty() {
                    self.by_pid.remove(&process.pid);
                }
            }
        }
    }
}
