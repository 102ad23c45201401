//! The part of the policy that is of a service and of imports: so many failures in a row before anything is done, and a
//! service that fails with a sound venv is started again, never "healed".

use std::time::Duration;

use super::guard::{Guard, Job};
use super::moment::{Moment, back_off};
use super::news::{State, Subject};
use super::order::Order;

/// How long a service that was just started may take to answer, and how often it is asked until then.
const GRACE: Duration = Duration::from_secs(30);
const GRACE_EVERY: Duration = Duration::from_millis(500);
/// How long after its start a service is asked first.
const AFTER_RESTART: Duration = Duration::from_millis(200);

impl Guard {
    pub(super) fn asked(
        &mut self,
        now: Moment,
        answer: Result<(), String>,
        orders: &mut Vec<Order>,
    ) {
        self.asking = false;
        let every = self
            .rules
            .health
            .as_ref()
            .map_or(GRACE, |health| health.every);
        // An answer that was asked for before the service was replaced says nothing.
        if matches!(self.job, Some(Job::Heal | Job::Restart)) {
            self.memory.service.due = now;
            return;
        }
        match answer {
            Ok(()) => {
                self.memory.service.failures = 0;
                self.memory.service.due = now.after(every);
                self.restart_wanted = false;
                self.announce(now, Subject::Service, State::Sound, None, orders);
                let may_save = self.memory.imports.state != Some(State::Failing);
                self.save_owed |= std::mem::take(&mut self.save_wanted) && may_save;
            }
            Err(_) if now < self.grace => self.memory.service.due = now.after(GRACE_EVERY),
            Err(why) => {
                let track = &mut self.memory.service;
                track.failures = track.failures.saturating_add(1);
                track.due = now.after(every);
                if track.failures >= self.rules.policy.failures {
                    self.service_fails(now, why, orders);
                }
            }
        }
    }

    fn service_fails(&mut self, now: Moment, why: String, orders: &mut Vec<Order>) {
        let policy = &self.rules.policy;
        let may = policy.heals && self.rules.service.is_some();
        let spent = self.memory.restarts.len() >= policy.heals_max as usize;
        let is_held = self.memory.service.state == Some(State::Held) || may && spent;
        let state = if is_held { State::Held } else { State::Failing };
        self.announce(now, Subject::Service, state, Some(why), orders);
        if may && !is_held && !self.restart_wanted {
            // Only a look tells whether the venv is the reason.
            self.restart_wanted = true;
            self.memory.full_due = now;
        }
    }

    pub(super) fn restarted(
        &mut self,
        now: Moment,
        answer: Result<(), String>,
        orders: &mut Vec<Order>,
    ) {
        self.job = None;
        match answer {
            Ok(()) => {
                self.memory.restart_owed = false;
                self.restart_failures = 0;
                self.memory.totals.restarts += 1;
                self.memory.service.failures = 0;
                self.grace = now.after(GRACE);
                self.memory.service.due = now.after(AFTER_RESTART);
                if self.rules.health.is_none() {
                    self.announce(now, Subject::Service, State::Sound, None, orders);
                }
            }
            Err(why) => {
                self.restart_failures = self.restart_failures.saturating_add(1);
                self.restart_due = now.after(back_off(self.restart_failures));
                self.memory.service.due = now;
                if self.restart_failures >= self.rules.policy.failures {
                    self.memory.restart_owed = false;
                    self.announce(now, Subject::Service, State::Failing, Some(why), orders);
                }
            }
        }
    }

    pub(super) fn imported(
        &mut self,
        now: Moment,
        answer: Result<(), String>,
        orders: &mut Vec<Order>,
    ) {
        self.importing = false;
        let every = self
            .rules
            .imports
            .as_ref()
            .map_or(GRACE, |imports| imports.every);
        let track = &mut self.memory.imports;
        track.due = now.after(every);
        match answer {
            Ok(()) => {
                track.failures = 0;
                self.announce(now, Subject::Imports, State::Sound, None, orders);
            }
            Err(why) => {
                track.failures = track.failures.saturating_add(1);
                if track.failures >= self.rules.policy.failures {
                    if track.state != Some(State::Failing) {
                        // Every byte is read: what a quick look trusts may be what is wrong.
                        self.memory.full_due = now;
                    }
                    self.announce(now, Subject::Imports, State::Failing, Some(why), orders);
                }
            }
        }
    }
}
