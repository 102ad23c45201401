//! The policy against a simulated clock: every branch by name, and a long run of random events.

mod branches;
mod chance;
mod culprits;
mod gone;
mod random;
mod saves;
mod services;
mod shared;

use std::path::PathBuf;
use std::time::Duration;

use super::{
    Ask, Culprit, Damage, Found, Guard, Guarded, Health, Imports, Input, Memory, Mended, Moment,
    News, Occasion, OnUpgrade, Order, Policy, Service, State, Subject, Verdict,
};

/// Rules with everything in them.
fn rules(policy: Policy) -> Guarded {
    Guarded {
        path: PathBuf::from("/venv"),
        service: Some(Service::Unit("app.service".to_owned())),
        health: Some(Health {
            ask: Ask::Url("http://127.0.0.1/".to_owned()),
            every: Duration::from_mins(1),
            timeout: Duration::from_secs(10),
        }),
        imports: Some(Imports {
            every: Duration::from_mins(5),
            timeout: Duration::from_mins(2),
        }),
        integrity_every: Duration::from_hours(24),
        policy,
    }
}

fn healing() -> Policy {
    Policy {
        heals: true,
        ..Policy::default()
    }
}

fn verdict(verdict: Verdict) -> Found {
    Found {
        verdict,
        ..Found::default()
    }
}

fn damaged() -> Found {
    let damage = Damage {
        files: 3,
        mark: "mark".to_owned(),
        can_heal: true,
        ..Damage::default()
    };
    Found {
        verdict: Verdict::Damaged,
        damage,
        ..Found::default()
    }
}

fn mended(left: u32) -> Mended {
    Mended {
        incident: Some("ab".to_owned()),
        took: Duration::from_millis(500),
        left,
    }
}

/// A guard and its clock.
struct Bench {
    guard: Guard,
    now: Moment,
}

impl Bench {
    /// A guard that was just begun, with its first look, question and trial under way.
    fn new(rules: Guarded) -> Self {
        let now = Moment(1_000_000);
        let mut bench = Self {
            guard: Guard::new(rules, Memory::new(now), now),
            now,
        };
        let orders = bench.tell(Input::Tick);
        assert!(
            matches!(
                orders[0],
                Order::Look {
                    full: true,
                    despite: false
                }
            ),
            "{orders:?}"
        );
        bench
    }

    /// One that found everything sound.
    fn sound(rules: Guarded) -> Self {
        let mut bench = Self::new(rules);
        assert!(bench.news(Input::Found(verdict(Verdict::Sound))).is_empty());
        assert!(bench.news(Input::Asked(Ok(()))).is_empty());
        assert!(bench.news(Input::Imported(Ok(()))).is_empty());
        bench
    }

    fn tell(&mut self, input: Input) -> Vec<Order> {
        self.guard.tell(self.now, input)
    }

    /// What is announced.
    fn news(&mut self, input: Input) -> Vec<News> {
        news(self.tell(input))
    }

    /// Lets time go by to the next moment that the guard wants, and tells what it orders then.
    fn wait(&mut self) -> Vec<Order> {
        self.now = self.now.max(self.guard.due());
        self.tell(Input::Tick)
    }

    fn pass(&mut self, time: Duration) -> Vec<Order> {
        self.now = self.now.after(time);
        self.tell(Input::Tick)
    }

    /// A sweeper removes something, and the guard looks. What it orders after that is told.
    fn sweep(&mut self) -> Vec<Order> {
        let by = Some(Culprit {
            program: "find".to_owned(),
            files: 1,
            ..Culprit::default()
        });
        assert!(self.tell(Input::Changed { by, noise: false }).is_empty());
        let orders = self.wait();
        assert!(matches!(orders[..], [Order::Look { .. }]), "{orders:?}");
        self.tell(Input::Found(damaged()))
    }
}

fn news(orders: Vec<Order>) -> Vec<News> {
    let only = |order| match order {
        Order::Announce(news) => Some(*news),
        _ => None,
    };
    orders.into_iter().filter_map(only).collect()
}

/// What is announced, in short.
fn says(orders: Vec<Order>) -> Vec<(Occasion, Subject, State)> {
    news(orders)
        .into_iter()
        .map(|one| (one.occasion, one.subject, one.state))
        .collect()
}

/// Rules that save an upgrade.
fn saving() -> Policy {
    Policy {
        on_upgrade: OnUpgrade::Save,
        ..healing()
    }
}
