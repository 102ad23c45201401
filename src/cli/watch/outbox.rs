//! Alerts on their way: each goes to each receiver, in order, until it arrived.

use std::time::Duration;

use venv_snap::watch::{Letter, Moment};

/// So often a letter is tried, which takes about five hours. After that nobody waits for it.
const AGE_MAX: u32 = 40;
/// The longest time between two trials.
const PAUSE_MAX: Duration = Duration::from_mins(10);
/// So many letters wait at most; then the oldest go.
const LETTERS_MAX: usize = 1000;

/// Letters that did not arrive yet.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// The number of each letter, whether it is on its way now, and the letter itself; the oldest first.
    waiting: Vec<(u64, bool, Letter)>,
    last: u64,
}

impl Outbox {
    /// Adds a letter. Returns whether the oldest one had to go for it.
    pub(super) fn add(&mut self, letter: Letter) -> bool {
        self.last += 1;
        self.waiting.push((self.last, false, letter));
        let full = self.waiting.len() > LETTERS_MAX;
        if full {
            self.waiting.remove(0);
        }
        full
    }

    /// Letters to be sent now: of each receiver the oldest. They count as sent until [`Outbox::ended`] says how that
    /// went.
    pub(super) fn take_due(&mut self, now: Moment) -> Vec<(u64, Letter)> {
        let mut seen = Vec::new();
        let mut due = Vec::new();
        for (id, flies, letter) in &mut self.waiting {
            if seen.contains(&letter.receiver) {
                continue;
            }
            seen.push(letter.receiver);
            if !*flies && letter.due <= now {
                *flies = true;
                due.push((*id, letter.clone()));
            }
        }
        due
    }

    /// Takes how a sending went. Returns whether the letter is given up.
    pub(super) fn ended(&mut self, id: u64, arrived: bool, now: Moment) -> bool {
        let Some(at) = self.waiting.iter().position(|(other, ..)| *other == id) else {
            return false;
        };
        let (_, flies, letter) = &mut self.waiting[at];
        *flies = false;
        letter.failures += 1;
        let pause = Duration::from_secs(1 << letter.failures.min(10)).min(PAUSE_MAX);
        letter.due = now.after(pause);
        let given_up = !arrived && letter.failures >= AGE_MAX;
        if arrived || given_up {
            self.waiting.remove(at);
        }
        given_up
    }

    /// When something is to be sent next.
    pub(super) fn due(&self) -> Option<Moment> {
        let mut seen = Vec::new();
        let mut due = None;
        for (_, flies, letter) in &self.waiting {
            if !seen.contains(&letter.receiver) {
                seen.push(letter.receiver);
                if !flies {
                    due = Some(due.map_or(letter.due, |due: Moment| due.min(letter.due)));
                }
            }
        }
        due
    }

    /// Whether each letter that is left was tried and failed.
    pub(super) fn is_done(&self) -> bool {
        self.waiting
            .iter()
            .all(|(_, flies, letter)| !flies && letter.failures > 0)
    }

    pub(super) fn letters(&self) -> Vec<Letter> {
        self.waiting
            .iter()
            .map(|(_, _, letter)| letter.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(receiver: usize, body: &str) -> Letter {
        Letter {
            receiver,
            body: body.to_owned(),
            failures: 0,
            due: Moment(0),
        }
    }

    #[test]
    fn letters_of_a_receiver_go_in_order_and_one_that_is_down_holds_up_no_other() {
        let mut outbox = Outbox::default();
        for (receiver, body) in [(0, "a"), (1, "a"), (0, "b"), (1, "b")] {
            outbox.add(letter(receiver, body));
        }
        let (mut now, mut arrived) = (Moment(0), Vec::new());
        for _ in 0..1000 {
            for (id, letter) in outbox.take_due(now) {
                let arrives = letter.receiver == 0;
                if arrives {
                    arrived.push(letter.body.clone());
                }
                outbox.ended(id, arrives, now);
            }
            let Some(due) = outbox.due() else { break };
            // What waited behind another one is due at once.
            now = now.max(due);
        }
        assert_eq!(arrived, ["a", "b"]);
        assert_eq!(
            outbox.letters().len(),
            0,
            "what never arrives is given up in the end"
        );
        assert!(
            now.since(Moment(0)) > Duration::from_hours(10),
            "but not soon"
        );
    }
}
