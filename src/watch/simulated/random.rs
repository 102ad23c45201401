//! A long run of random events in a small world, and what must hold at every step of it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::{
    Found, Guard, Healed, Input, Memory, Moment, News, Occasion, Order, Policy, State, Subject,
    Verdict,
};
use super::chance::Random;
use super::{damaged, healing, mended, rules, saving, verdict};

/// How many events.
const EVENTS: u32 = 1_000_000;

/// How things really stand.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct World {
    is_damaged: bool,
    is_upgraded: bool,
    is_locked: bool,
    installs: bool,
    is_down: bool,
    imports_fail: bool,
}

/// What was seen of one guard.
struct Watcher {
    guard: Guard,
    now: Moment,
    policy: Policy,
    world: World,
    /// The job of the tree that is under way, and whether something changed since it began.
    job: Option<(Order, bool)>,
    asked: bool,
    imported: bool,
    overtaken: u32,
    states: BTreeMap<Subject, (State, Moment)>,
    /// When a heal that mended was ordered, and when a failing service was started again.
    heals: Vec<Moment>,
    restarts: Vec<Moment>,
    counts: BTreeMap<&'static str, u64>,
}

impl Watcher {
    fn new(policy: Policy) -> Self {
        let now = Moment(0);
        Self {
            guard: Guard::new(rules(policy.clone()), Memory::new(now), now),
            now,
            policy,
            world: World::default(),
            job: None,
            asked: false,
            imported: false,
            overtaken: 0,
            states: BTreeMap::new(),
            heals: Vec::new(),
            restarts: Vec::new(),
            counts: BTreeMap::new(),
        }
    }

    fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    #[expect(clippy::needless_pass_by_value, reason = "as a guard is told")]
    fn tell(&mut self, input: Input) {
        let orders = self.guard.tell(self.now, input.clone());
        let ends = matches!(
            input,
            Input::Found(_)
                | Input::NotFound(_)
                | Input::AtWork
                | Input::Healed(_)
                | Input::Restarted(_)
                | Input::Saved(_)
        );
        let ended = if ends { self.job.take() } else { None };
        for order in orders {
            match order {
                Order::Announce(news) => self.announced(&news),
                Order::Ask => assert!(
                    !std::mem::replace(&mut self.asked, true),
                    "asked twice at a time"
                ),
                Order::Import => assert!(
                    !std::mem::replace(&mut self.imported, true),
                    "imported twice at a time"
                ),
                job => {
                    assert!(self.job.is_none(), "{job:?} while {:?}", self.job);
                    self.may(&job, &input, ended.as_ref());
                    self.job = Some((job, false));
                }
            }
        }
        for (subject, track) in [
            (Subject::Integrity, &self.guard.memory().tree),
            (Subject::Service, &self.guard.memory().service),
            (Subject::Imports, &self.guard.memory().imports),
        ] {
            let told = self
                .states
                .get(&subject)
                .map_or(State::Sound, |told| told.0);
            assert_eq!(
                track.state.unwrap_or(State::Sound),
                told,
                "{subject:?} changed without a word"
            );
        }
    }

    /// What must be so before a job may begin.
    fn may(&mut self, job: &Order, input: &Input, ended: Option<&(Order, bool)>) {
        match job {
            Order::Heal => {
                self.count("heals ordered");
                assert!(self.policy.heals, "healed although it may only observe");
                let Input::Found(Found {
                    verdict: Verdict::Damaged,
                    at_work: None,
                    ..
                }) = input
                else {
                    panic!("a heal without proof, upon {input:?}");
                };
                let overtaken = ended.is_some_and(|ended| ended.1);
                assert!(
                    !overtaken || self.overtaken >= 3,
                    "a heal upon a look that was overtaken"
                );
                let spent = self.in_window(&self.heals);
                assert!(
                    spent < self.policy.heals_max as usize,
                    "{spent} heals in the window already"
                );
            }
            Order::Restart => {
                let after_heal = self.guard.memory().restart_owed;
                let sound =
                    matches!(input, Input::Found(found) if found.verdict != Verdict::Damaged);
                assert!(
                    after_heal || sound && self.policy.heals,
                    "a restart that nothing speaks for, upon {input:?}"
                );
                if !after_heal {
                    let spent = self.in_window(&self.restarts);
                    assert!(
                        spent < self.policy.heals_max as usize,
                        "{spent} restarts in the window already"
                    );
                    self.restarts.push(self.now);
                }
            }
            _ => {}
        }
    }

    fn in_window(&self, all: &[Moment]) -> usize {
        all.iter()
            .filter(|then| self.now.since(**then) < self.policy.window)
            .count()
    }

    fn announced(&mut self, news: &News) {
        let (state, told) = self
            .states
            .get(&news.subject)
            .copied()
            .unwrap_or((State::Sound, Moment(i64::MIN)));
        match news.occasion {
            Occasion::Reminder => {
                self.count("reminders");
                assert_eq!(news.state, state);
                assert_ne!(state, State::Sound);
                assert!(
                    self.now >= told.after(self.policy.reminder),
                    "a reminder before its time"
                );
            }
            occasion => {
                self.count(if occasion == Occasion::Firing {
                    "fired"
                } else {
                    "resolved"
                });
                assert_eq!(news.was, state, "it was told otherwise before");
                assert_ne!(news.state, state, "told twice");
                assert_eq!(occasion == Occasion::Resolved, news.state == State::Sound);
            }
        }
        if news.state == State::Held {
            self.count("held");
            if news.subject == Subject::Integrity && news.occasion == Occasion::Firing {
                assert_eq!(news.attempts, self.policy.heals_max);
            }
        }
        self.states.insert(news.subject, (news.state, self.now));
    }

    /// Something is changed in the venv.
    fn change(&mut self) {
        if let Some((_, overtaken)) = &mut self.job {
            *overtaken = true;
        }
        self.tell(Input::Changed {
            by: None,
            noise: false,
        });
    }

    /// The job of the tree comes to its end.
    fn end(&mut self, random: &mut Random) {
        let Some((order, overtaken)) = self.job.clone() else {
            return;
        };
        let fails = self.world.is_locked || random.one_in(50);
        let input = match order {
            Order::Look { despite, .. } => {
                if self.world.installs && !despite {
                    Input::AtWork
                } else if fails {
                    Input::NotFound("locked".to_owned())
                } else {
                    Input::Found(self.found(random, overtaken))
                }
            }
            Order::Heal if fails => Input::Healed(Healed::Failed("locked".to_owned())),
            Order::Heal if random.one_in(30) => Input::Healed(Healed::Nothing),
            Order::Heal => {
                self.count("heals");
                self.world.is_damaged = false;
                self.heals.push(self.now);
                Input::Healed(Healed::Mended(mended(u32::from(random.one_in(30)))))
            }
            Order::Restart if fails => Input::Restarted(Err("no such unit".to_owned())),
            Order::Restart => {
                self.world.is_down = random.one_in(4);
                Input::Restarted(Ok(()))
            }
            _ if fails => Input::Saved(Err("full".to_owned())),
            _ => {
                self.count("saves");
                self.world.is_upgraded = false;
                Input::Saved(Ok(()))
            }
        };
        self.tell(input);
    }

    fn found(&mut self, random: &mut Random, overtaken: bool) -> Found {
        let mut found = match (self.world.is_damaged, self.world.is_upgraded) {
            (true, _) => damaged(),
            (_, true) => verdict(Verdict::Upgraded),
            _ if random.one_in(100) => verdict(Verdict::Drifted),
            _ => verdict(Verdict::Sound),
        };
        found.damage.mark = random.below(3).to_string();
        found.at_work = self.world.installs.then(|| "pip".to_owned());
        self.overtaken = match (overtaken, found.verdict) {
            (true, Verdict::Damaged) => self.overtaken + 1,
            _ => 0,
        };
        found
    }

    fn step(&mut self, random: &mut Random) {
        match random.below(40) {
            0..=1 => {
                self.world.is_damaged = true;
                self.change();
            }
            2 => {
                self.world.is_damaged = false;
                self.change();
            }
            3 => {
                self.world.installs = !self.world.installs;
                self.world.is_upgraded |= !self.world.installs;
                self.change();
            }
            4 => self.world.is_locked = !self.world.is_locked && random.one_in(3),
            5 => self.world.is_down = !self.world.is_down,
            6 => self.world.imports_fail = !self.world.imports_fail,
            7 if random.one_in(20) => self.tell(Input::Lost),
            8..=20 => self.end(random),
            21..=25 if self.asked => {
                self.asked = false;
                let answer = if self.world.is_down {
                    Err("refused".to_owned())
                } else {
                    Ok(())
                };
                self.tell(Input::Asked(answer));
            }
            26..=28 if self.imported => {
                self.imported = false;
                let answer = if self.world.imports_fail {
                    Err("no module".to_owned())
                } else {
                    Ok(())
                };
                self.tell(Input::Imported(answer));
            }
            29 => self.pass(Duration::from_millis(random.below(3_600_000))),
            30..=33 => self.pass(Duration::from_millis(random.below(60_000))),
            _ => {
                // As the clock of a real guard does: to the moment it asked for, or a little later.
                let due = self.guard.due();
                // Where everything is under way it wants nothing but the ends of that.
                if due < Moment(i64::MAX) {
                    let late = Duration::from_millis(random.below(20));
                    self.now = self.now.max(due).after(late);
                }
                self.tell(Input::Tick);
            }
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now.after(time);
        self.tell(Input::Tick);
    }

    /// Left alone in a sound world, everything comes to be sound, and then nothing is said any more.
    fn comes_to_rest(&mut self, random: &mut Random) {
        self.world = World::default();
        for _ in 0..400 {
            self.world = World::default();
            self.end(random);
            for (is_under_way, input) in [
                (std::mem::take(&mut self.asked), Input::Asked(Ok(()))),
                (std::mem::take(&mut self.imported), Input::Imported(Ok(()))),
            ] {
                if is_under_way {
                    self.tell(input);
                }
            }
            let due = self.guard.due();
            if due < Moment(i64::MAX) {
                self.now = self.now.max(due);
            }
            self.tell(Input::Tick);
        }
        let memory = self.guard.memory();
        assert_eq!(memory.service.state, Some(State::Sound));
        assert_eq!(memory.imports.state, Some(State::Sound));
        // A look still finds now and then what drifted, or fails.
        assert!(!matches!(
            memory.tree.state,
            Some(State::Held | State::Damaged | State::Stuck)
        ));
    }
}

#[test]
fn whatever_happens_heals_are_few_and_proved_and_every_change_is_told_once() {
    let policies = [
        healing(),
        saving(),
        Policy::default(),
        Policy {
            heals_max: 5,
            failures: 1,
            ..saving()
        },
    ];
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for policy in &policies {
        let mut watcher = Watcher::new(policy.clone());
        watcher.tell(Input::Tick);
        for _ in 0..EVENTS / policies.len() as u32 {
            watcher.step(&mut random);
        }
        watcher.comes_to_rest(&mut random);
        for (what, count) in watcher.counts {
            *counts.entry(what).or_default() += count;
        }
    }
    // A run in which nothing happened would prove nothing.
    for what in ["heals", "held", "fired", "resolved", "reminders", "saves"] {
        assert!(
            counts.get(what).is_some_and(|count| *count > 100),
            "{what}: {counts:?}"
        );
    }
}
