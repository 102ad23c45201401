//! The policy of one venv: a state machine that knows no clock, no file and no process. What happened and when comes
//! in, what is to be done goes out.
//!
//! What it keeps: a heal only follows the look that proved the damage, with nothing changed in between; there are never
//! more heals within the window than the rules allow; each change of a state is announced once.

use std::time::Duration;

use super::found::{Culprit, add_culprit};
use super::memory::{Memory, Track};
use super::moment::Moment;
use super::news::{News, Occasion, State, Subject};
use super::order::{Input, Order};
use super::rules::Guarded;

/// How long it must be quiet before a change is looked at.
const QUIET: Duration = Duration::from_millis(150);
/// How long such a quiet is waited for at most.
const QUIET_MAX: Duration = Duration::from_millis(1500);
/// How long a change of bytecode waits for a look, since bytecode is rewritten all the time.
const QUIET_NOISE: Duration = Duration::from_secs(10);
/// A guard is not idle while something is due within this time.
const SOON: Duration = Duration::from_secs(5);
/// How long an installer is waited for between two looks.
const WHILE_AT_WORK: Duration = Duration::from_secs(1);
/// After this time the venv is looked at although an installer is at work.
const AT_WORK_MAX: Duration = Duration::from_mins(15);

/// What is being done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Job {
    Look { full: bool, overtaken: bool },
    Heal,
    Restart,
    Save,
}

/// One venv that is guarded.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Guard {
    pub(super) rules: Guarded,
    pub(super) memory: Memory,
    pub(super) job: Option<Job>,
    pub(super) asking: bool,
    pub(super) importing: bool,
    /// Until when a service that was just started may not answer yet.
    pub(super) grace: Moment,
    /// Whether a failing service is started again once the venv is proved sound.
    pub(super) restart_wanted: bool,
    pub(super) restart_failures: u32,
    pub(super) restart_due: Moment,
    /// Whether the upgrade is saved once the service answers.
    pub(super) save_wanted: bool,
    /// Whether the upgrade is saved as soon as no job is under way.
    pub(super) save_owed: bool,
    pub(super) save_failures: u32,
    /// The first change since a look began that is not of bytecode.
    first_change: Option<Moment>,
    /// When a look is due that waits until changes have ceased.
    pub(super) quiet_at: Option<Moment>,
    /// How many looks in a row found damage and were overtaken by changes.
    pub(super) stale: u32,
    pub(super) heal_failures: u32,
    /// Until when nothing is tried again that failed: a heal, a save.
    pub(super) heal_due: Moment,
    /// Until when damage is told and not healed yet.
    pub(super) heals_from: Moment,
    pub(super) save_due: Moment,
    /// Since when an installer is at work without an end.
    pub(super) at_work_since: Option<Moment>,
    /// Who was seen to change files since the look or the heal began that is under way.
    pub(super) later: Vec<Culprit>,
    /// Whether it is looked at since another venv is damaged.
    pub(super) is_asked: bool,
    /// Since when the venv is gone as a whole, or another directory is damaged in its place.
    pub(super) odd_since: Option<Moment>,
    /// Whether damage was found that is neither told nor healed yet.
    pub(super) waits: bool,
    /// When something changed last that is not bytecode.
    pub(super) changed_at: Moment,
    /// Whether its directory, or one above, was renamed since it was seen standing.
    pub(super) is_renamed: bool,
    /// Whether changes are not seen, so that the venv is looked at by time.
    pub(super) is_blind: bool,
}

impl Guard {
    /// Goes on with what is remembered. Whatever was being done then has ended with the guard, so the venv is looked
    /// at.
    pub fn new(rules: Guarded, mut memory: Memory, now: Moment) -> Self {
        memory.tree.due = now;
        for due in [&mut memory.service.due, &mut memory.imports.due] {
            *due = now.min(*due);
        }
        Self {
            rules,
            memory,
            job: None,
            asking: false,
            importing: false,
            grace: now,
            restart_wanted: false,
            restart_failures: 0,
            restart_due: now,
            save_wanted: false,
            save_owed: false,
            save_failures: 0,
            first_change: None,
            quiet_at: None,
            stale: 0,
            heal_failures: 0,
            heal_due: now,
            heals_from: now,
            save_due: now,
            at_work_since: None,
            later: Vec::new(),
            is_asked: false,
            odd_since: None,
            waits: false,
            changed_at: now,
            is_renamed: false,
            is_blind: false,
        }
    }

    /// What it remembers.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// The rules it goes by.
    pub fn rules(&self) -> &Guarded {
        &self.rules
    }

    /// Takes what happened, and says what is to be done.
    pub fn tell(&mut self, now: Moment, input: Input) -> Vec<Order> {
        let mut orders = Vec::new();
        let window = self.rules.policy.window;
        let recent = |then: &Moment| now.since(*then) < window;
        self.memory.heals.retain(recent);
        self.memory.restarts.retain(recent);
        self.take(now, input, &mut orders);
        self.remind(now, &mut orders);
        self.proceed(now, &mut orders);
        orders
    }

    /// Whether nothing is under way, and nothing is to be done soon but what failed and is tried again.
    pub fn is_idle(&self, now: Moment) -> bool {
        let tree = &self.memory.tree;
        let is_owed = self.memory.restart_owed && self.restart_failures == 0
            || self.save_owed
            || self.restart_wanted
            || self.waits;
        let is_coming = self.quiet_at.is_some()
            || tree.due <= now.after(SOON) && tree.failures == 0 && self.heal_due <= now;
        let is_under_way = self.job.is_some() || self.asking || self.importing;
        !is_under_way && !is_owed && !is_coming
    }

    /// When it wants to be told that time went by.
    pub fn due(&self) -> Moment {
        let mut due = Moment(i64::MAX);
        let mut also = |wanted: bool, moment: Moment| {
            if wanted {
                due = due.min(moment);
            }
        };
        let memory = &self.memory;
        if self.job.is_none() {
            also(true, memory.tree.due.min(memory.full_due));
            also(self.quiet_at.is_some(), self.quiet_at.unwrap_or_default());
            also(memory.restart_owed, self.restart_due);
        }
        also(
            self.rules.health.is_some() && !self.asking,
            memory.service.due,
        );
        also(
            self.rules.imports.is_some() && !self.importing,
            memory.imports.due,
        );
        for track in [&memory.tree, &memory.service, &memory.imports] {
            let told = track.state.is_some_and(|state| state != State::Sound);
            also(told, track.told.after(self.rules.policy.reminder));
        }
        due
    }

    fn take(&mut self, now: Moment, input: Input, orders: &mut Vec<Order>) {
        match input {
            Input::Changed { by, noise } => self.changed(now, by, noise),
            Input::Renamed => self.is_renamed = true,
            Input::Lost => self.quiet_at = Some(now),
            Input::Shared(files) => {
                (self.quiet_at, self.is_asked) = (Some(now), true);
                self.memory.shared.extend(files);
            }
            Input::Blind => {
                self.is_blind = true;
                self.memory.tree.due = now;
            }
            Input::AtWork => {
                self.job = None;
                self.join_later();
                self.at_work_since.get_or_insert(now);
                // What is built is waited for from its end on.
                (self.odd_since, self.changed_at) = (None, now);
                self.memory.tree.due = now.after(WHILE_AT_WORK);
            }
            Input::Found(found) => self.found(now, &self.seen_elsewhere(found), orders),
            Input::NotFound(why) => self.not_found(now, why, orders),
            Input::Asked(answer) => self.asked(now, answer, orders),
            Input::Imported(answer) => self.imported(now, answer, orders),
            Input::Healed(healed) => self.healed(now, healed, orders),
            Input::Restarted(answer) => self.restarted(now, answer, orders),
            Input::Saved(answer) => self.saved(now, &answer),
            Input::Tick => {}
        }
    }

    /// What was done meanwhile may be of the damage that is not settled yet.
    pub(super) fn join_later(&mut self) {
        for one in std::mem::take(&mut self.later) {
            add_culprit(&mut self.memory.culprits, one);
        }
    }

    fn changed(&mut self, now: Moment, by: Option<Culprit>, noise: bool) {
        if let Some(by) = by {
            // What is done since a look or a heal began may be of the next damage.
            let is_later = matches!(self.job, Some(Job::Look { .. } | Job::Heal));
            let known = if is_later {
                &mut self.later
            } else {
                &mut self.memory.culprits
            };
            add_culprit(known, by);
        }
        if !noise {
            self.changed_at = now;
            // What was found to be worth saving is not what is there now.
            (self.save_wanted, self.save_owed) = (false, false);
        }
        match &mut self.job {
            // The look after the heal sees such changes.
            Some(Job::Heal) => return,
            Some(Job::Look { overtaken, .. }) => *overtaken |= !noise,
            _ => {}
        }
        if noise {
            let due = now.after(QUIET_NOISE);
            self.quiet_at = Some(self.quiet_at.map_or(due, |quiet_at| quiet_at.min(due)));
        } else {
            let first = *self.first_change.get_or_insert(now);
            self.quiet_at = Some(now.after(QUIET).min(first.after(QUIET_MAX)));
        }
    }

    /// Begins what is due.
    fn proceed(&mut self, now: Moment, orders: &mut Vec<Order>) {
        let memory = &mut self.memory;
        if self.job.is_none() {
            let full = now >= memory.full_due;
            let is_quiet = self.quiet_at.is_some_and(|quiet_at| now >= quiet_at);
            if memory.restart_owed && now >= self.restart_due {
                self.begin(Job::Restart, Order::Restart, orders);
            } else if is_quiet || full || now >= memory.tree.due {
                self.quiet_at = None;
                self.first_change = None;
                let waited = self
                    .at_work_since
                    .map_or(Duration::ZERO, |since| now.since(since));
                let despite = waited >= AT_WORK_MAX;
                let look = Job::Look {
                    full,
                    overtaken: false,
                };
                self.begin(look, Order::Look { full, despite }, orders);
            } else if self.save_owed {
                self.save_owed = false;
                self.begin(Job::Save, Order::Save, orders);
            }
        }
        // A service is not asked while it is being replaced.
        let is_away = matches!(self.job, Some(Job::Heal | Job::Restart));
        if self.rules.health.is_some() && !self.asking && !is_away && now >= self.memory.service.due
        {
            self.asking = true;
            orders.push(Order::Ask);
        }
        if self.rules.imports.is_some()
            && !self.importing
            && !is_away
            && now >= self.memory.imports.due
        {
            self.importing = true;
            orders.push(Order::Import);
        }
    }

    pub(super) fn begin(&mut self, job: Job, order: Order, orders: &mut Vec<Order>) {
        self.job = Some(job);
        orders.push(order);
    }

    /// Announces how something stands, where it stood otherwise until now. That it was sound from the beginning is no
    /// news.
    pub(super) fn announce(
        &mut self,
        now: Moment,
        subject: Subject,
        state: State,
        why: Option<String>,
        orders: &mut Vec<Order>,
    ) {
        let track = self.track(subject);
        let was = track.state.unwrap_or(State::Sound);
        if why.is_some() {
            track.why.clone_from(&why);
        }
        if track.state == Some(state) {
            return;
        }
        (track.state, track.why, track.since, track.told) = (Some(state), why, now, now);
        if was == state {
            return;
        }
        let occasion = if state == State::Sound {
            Occasion::Resolved
        } else {
            Occasion::Firing
        };
        let news = self.news(now, occasion, subject, was);
        orders.push(Order::Announce(Box::new(news)));
    }

    fn remind(&mut self, now: Moment, orders: &mut Vec<Order>) {
        for subject in [Subject::Integrity, Subject::Service, Subject::Imports] {
            let reminder = self.rules.policy.reminder;
            let track = self.track(subject);
            let Some(state) = track.state.filter(|state| *state != State::Sound) else {
                continue;
            };
            if now >= track.told.after(reminder) {
                track.told = now;
                let news = self.news(now, Occasion::Reminder, subject, state);
                orders.push(Order::Announce(Box::new(news)));
            }
        }
    }

    fn track(&mut self, subject: Subject) -> &mut Track {
        match subject {
            Subject::Integrity => &mut self.memory.tree,
            Subject::Service => &mut self.memory.service,
            Subject::Imports => &mut self.memory.imports,
        }
    }

    fn news(&mut self, now: Moment, occasion: Occasion, subject: Subject, was: State) -> News {
        self.memory.totals.news += 1;
        let track = self.track(subject).clone();
        let memory = &self.memory;
        let is_tree = subject == Subject::Integrity;
        let attempts = if is_tree {
            memory.heals.len()
        } else {
            memory.restarts.len()
        };
        let state = track.state.unwrap_or(State::Sound);
        News {
            occasion,
            subject,
            state,
            was,
            lasts: now.since(track.since),
            why: track.why,
            found: memory.found.clone().filter(|_| is_tree),
            culprits: if is_tree {
                memory.named.clone()
            } else {
                Vec::new()
            },
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            // Whatever is wrong after a heal, that healed nothing of it.
            heal: memory
                .mended
                .clone()
                .filter(|_| is_tree && !state.is_critical()),
        }
    }
}
