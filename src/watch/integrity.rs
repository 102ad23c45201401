//! The part of the policy that is of the files of a venv: what a look found, and what is done about it.

use std::time::Duration;

use super::found::{Damage, Found, Verdict, of_damage};
use super::guard::{Guard, Job};
use super::moment::{Moment, back_off};
use super::news::{State, Subject};
use super::order::{Healed, Order};
use super::patience::Patience;
use super::place::Place;
use super::rules::OnUpgrade;
use crate::model::Surety;

/// How long after a heal the venv is looked at.
const AFTER_HEAL: Duration = Duration::from_millis(300);
/// How often the venv is looked at while an installer does not come to its end.
const DESPITE: Duration = Duration::from_secs(30);
/// How often the venv is looked at where changes are not seen.
const BLIND: Duration = Duration::from_secs(30);
/// So many looks in a row may have been overtaken by changes before one counts all the same.
const STALE_MAX: u32 = 3;

impl Guard {
    pub(super) fn found(&mut self, now: Moment, found: &Found, orders: &mut Vec<Order>) {
        let (full, overtaken) = match self.job.take() {
            Some(Job::Look { full, overtaken }) => (full, overtaken),
            _ => (false, true),
        };
        self.is_asked = false;
        let is_damaged = found.verdict == Verdict::Damaged;
        if let Some(why) = self.elsewhere(found).filter(|_| is_damaged) {
            return self.not_found(now, why, orders);
        }
        let memory = &mut self.memory;
        memory.totals.looks += 1;
        memory.tree.failures = 0;
        memory.unseen = None;
        memory.looked = Some(now);
        if full {
            memory.full_due = now.after(self.rules.integrity_every);
        }
        memory.tree.due = if self.is_blind {
            now.after(BLIND)
        } else {
            memory.full_due
        };
        if memory
            .found
            .as_ref()
            .is_some_and(|known| known.changed != found.changed)
        {
            self.changed_at = now;
        }
        memory.found = Some(Found {
            damage: Damage {
                paths: Vec::new(),
                ..found.damage.clone()
            },
            ..found.clone()
        });
        if found.at_work.is_some() {
            memory.tree.due = now.after(DESPITE);
        } else {
            self.at_work_since = None;
        }
        self.waits = false;
        let heals_from = if is_damaged {
            match self.patience(now, found) {
                Patience::Looks(then) => {
                    self.waits = true;
                    self.join_later();
                    return self.memory.tree.due = then;
                }
                Patience::Heals(then) => then,
                Patience::Over => now,
            }
        } else {
            self.odd_since = None;
            now
        };
        if found.gone.is_none() {
            self.memory.place = found.place.clone();
            self.is_renamed = false;
        }
        if is_damaged {
            self.heals_from = heals_from;
            self.damaged(now, found, overtaken, orders);
        } else {
            self.undamaged(now, found, orders);
        }
    }

    /// Whether what a look found may be damage in other venvs as well: installers give venvs names of one file, and
    /// what is written through one is written in all. No event of the others tells of it.
    pub fn concerns_others(&self, found: &Found) -> bool {
        let is_in_place = found.damage.kinds.keys().any(|kind| kind != "missing");
        let known = self.memory.found.as_ref();
        let is_new = known.is_none_or(|known| known.damage.mark != found.damage.mark);
        is_in_place && is_new && !self.is_asked
    }

    /// The same, where what looks like an edit by hand was written through the name of another venv. The heal of that
    /// one gives it a file of its own, after which nothing here tells that there were two names.
    pub(super) fn seen_elsewhere(&self, mut found: Found) -> Found {
        let damage = &mut found.damage;
        let is_shared = |path: &String| self.memory.shared.contains(path);
        if damage.is_patch && !damage.paths.is_empty() && damage.paths.iter().all(is_shared) {
            (damage.is_patch, damage.can_heal) = (false, true);
            damage.causes = vec![format!(
                "{} hard-link-aliasing: it was written through another venv, whose files were the same ones",
                Surety::Seen.word()
            )];
        }
        found
    }

    /// Why damage proves nothing of the venv: its file system is not there, or it never was seen to stand here.
    fn elsewhere(&self, found: &Found) -> Option<String> {
        let known = &self.memory.place;
        if found.gone.is_some() && *known == Place::default() {
            return Some(
                "nothing tells that it ever stood there, so it is not put there".to_owned(),
            );
        }
        known.unlike(&found.place)
    }

    fn damaged(&mut self, now: Moment, found: &Found, overtaken: bool, orders: &mut Vec<Order>) {
        self.join_later();
        self.memory.named = of_damage(&self.memory.culprits, found);
        self.memory.mended = None;
        self.restart_wanted = false;
        (self.save_wanted, self.save_owed) = (false, false);
        self.stale = if overtaken { self.stale + 1 } else { 0 };
        let (policy, memory) = (&self.rules.policy, &self.memory);
        let may = policy.heals && found.damage.can_heal;
        let hopeless = memory.unhealable.as_ref() == Some(&found.damage.mark);
        let spent = memory.heals.len() >= policy.heals_max as usize;
        let state = match memory.tree.state {
            Some(State::Held) => State::Held,
            _ if may && !hopeless && spent => State::Held,
            Some(State::Stuck) => State::Stuck,
            _ => State::Damaged,
        };
        let why = self
            .memory
            .tree
            .why
            .take()
            .filter(|_| state == State::Stuck);
        self.announce(now, Subject::Integrity, state, why, orders);
        let is_proof = !overtaken || self.stale >= STALE_MAX;
        let heal_due = self.heal_due.max(self.heals_from);
        if now < heal_due {
            self.memory.tree.due = heal_due;
        } else if may && !hopeless && state != State::Held && found.at_work.is_none() && is_proof {
            self.stale = 0;
            self.memory.heals.push(now);
            self.begin(Job::Heal, Order::Heal, orders);
        }
    }

    fn undamaged(&mut self, now: Moment, found: &Found, orders: &mut Vec<Order>) {
        self.stale = 0;
        self.heal_failures = 0;
        self.memory.unhealable = None;
        let state = match found.verdict {
            Verdict::Unsaved => State::Unsaved,
            Verdict::Upgraded => State::Upgraded,
            Verdict::Drifted => State::Drifted,
            _ => State::Sound,
        };
        self.announce(now, Subject::Integrity, state, None, orders);
        // What was done before this look did no damage, or that is healed: later damage is of others.
        self.memory.culprits = std::mem::take(&mut self.later);
        self.memory.named.clear();
        self.memory.mended = None;
        // A look that began before another venv was found damaged knows nothing of that.
        if self.quiet_at.is_none() {
            self.memory.shared.clear();
        }
        if found.at_work.is_some() {
            return;
        }
        if std::mem::take(&mut self.restart_wanted) {
            self.memory.restarts.push(now);
            self.begin(Job::Restart, Order::Restart, orders);
        }
        let saves = self.rules.policy.on_upgrade == OnUpgrade::Save && found.unmet.is_empty();
        let settled = self.changed_at.after(self.rules.policy.settle);
        if state == State::Upgraded && saves && now < settled {
            // Its installers may be commands that come one after the other.
            self.waits = true;
            self.memory.tree.due = settled;
        } else if state == State::Upgraded && saves && now >= self.save_due {
            // Only an answer that comes after the upgrade tells that the service is well with it.
            self.save_wanted = self.rules.health.is_some();
            self.save_owed = !self.save_wanted && self.memory.imports.state != Some(State::Failing);
            self.memory.service.due = now;
        }
    }

    pub(super) fn not_found(&mut self, now: Moment, why: String, orders: &mut Vec<Order>) {
        self.job = None;
        self.waits = false;
        self.join_later();
        let track = &mut self.memory.tree;
        track.failures = track.failures.saturating_add(1);
        self.memory.totals.looks_failed += 1;
        self.memory.unseen = Some(why.clone());
        let track = &mut self.memory.tree;
        track.due = now.after(back_off(track.failures));
        let (failures, due) = (track.failures, track.due);
        // The reading of every byte waits as long as any other look.
        self.memory.full_due = self.memory.full_due.max(due);
        if failures >= self.rules.policy.failures {
            // Damage that was proved is not less true because it cannot be looked at now.
            let is_worse = self.memory.tree.state.is_some_and(State::is_critical);
            if !is_worse {
                self.announce(now, Subject::Integrity, State::Unknown, Some(why), orders);
            }
        }
    }

    pub(super) fn healed(&mut self, now: Moment, healed: Healed, orders: &mut Vec<Order>) {
        self.job = None;
        let mark = self
            .memory
            .found
            .as_ref()
            .map(|found| found.damage.mark.clone());
        self.memory.tree.due = now.after(AFTER_HEAL);
        if !matches!(healed, Healed::Mended(_)) {
            self.join_later();
        }
        match healed {
            Healed::Mended(mended) => {
                self.heal_failures = 0;
                // A heal puts another directory there.
                self.memory.place.forget_directory();
                self.memory.totals.heals += 1;
                // A heal counts from its end: however long it took, the window after it has its whole length.
                self.memory.heals.pop();
                self.memory.heals.push(now);
                self.memory.unhealable = mark.filter(|_| mended.left > 0);
                self.memory.mended = Some(mended);
                self.memory.culprits = std::mem::take(&mut self.later);
                self.memory.restart_owed = self.rules.service.is_some();
                (self.restart_due, self.restart_failures) = (now, 0);
            }
            Healed::Nothing => {
                self.memory.heals.pop();
                self.memory.unhealable = mark;
            }
            Healed::Failed(why) => {
                self.memory.heals.pop();
                self.memory.totals.heals_failed += 1;
                self.heal_failures = self.heal_failures.saturating_add(1);
                self.heal_due = now.after(back_off(self.heal_failures));
                self.memory.tree.due = self.heal_due;
                if self.heal_failures >= self.rules.policy.failures {
                    self.announce(now, Subject::Integrity, State::Stuck, Some(why), orders);
                }
            }
        }
    }

    pub(super) fn saved(&mut self, now: Moment, answer: &Result<(), String>) {
        self.job = None;
        if answer.is_ok() {
            self.save_failures = 0;
            self.memory.totals.saves += 1;
            self.memory.tree.due = now;
        } else {
            self.save_failures = self.save_failures.saturating_add(1);
            self.save_due = now.after(back_off(self.save_failures));
            self.memory.tree.due = self.save_due;
        }
    }
}
