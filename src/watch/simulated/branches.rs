//! Each branch of the policy by itself.

use std::time::Duration;

use super::super::{
    Healed, Input, Memory, Moment, Occasion, Order, Policy, State, Subject, Verdict,
};
use super::{Bench, damaged, healing, mended, news, rules, says, verdict};

const INTEGRITY: Subject = Subject::Integrity;

#[test]
fn damage_that_comes_back_stops_the_healing_and_names_who_brings_it() {
    let mut bench = Bench::sound(rules(healing()));
    for _ in 0..2 {
        let orders = bench.sweep();
        assert_eq!(orders.last(), Some(&Order::Heal));
        assert_eq!(
            says(orders),
            [(Occasion::Firing, INTEGRITY, State::Damaged)]
        );
        assert_eq!(
            bench.tell(Input::Healed(Healed::Mended(mended(0)))),
            [Order::Restart]
        );
        assert_eq!(bench.tell(Input::Restarted(Ok(()))), []);
        assert_eq!(bench.wait(), [Order::Ask]);
        assert_eq!(bench.tell(Input::Asked(Ok(()))), []);
        assert!(matches!(bench.wait()[..], [Order::Look { .. }]));
        let told = bench.news(Input::Found(verdict(Verdict::Sound)));
        assert_eq!(told[0].occasion, Occasion::Resolved);
        assert_eq!(told[0].heal, Some(mended(0)));
    }
    let told = news(bench.sweep());
    assert_eq!((told[0].state, told[0].attempts), (State::Held, 2));
    assert_eq!(
        (
            told[0].culprits[0].program.as_str(),
            told[0].culprits[0].files
        ),
        ("find", 1)
    );
    // However long ago the heals are by then, a person has to make it sound first.
    bench.pass(Duration::from_hours(3));
    assert_eq!(bench.sweep(), []);
    let orders = bench.tell(Input::Lost);
    assert!(matches!(orders[..], [Order::Look { .. }]), "{orders:?}");
    let sound = bench.tell(Input::Found(verdict(Verdict::Sound)));
    assert_eq!(says(sound), [(Occasion::Resolved, INTEGRITY, State::Sound)]);
    assert_eq!(bench.sweep().last(), Some(&Order::Heal));
}

#[test]
fn who_only_observes_tells_and_does_nothing() {
    let mut bench = Bench::sound(rules(Policy::default()));
    let orders = bench.sweep();
    assert_eq!(orders.len(), 1);
    assert_eq!(
        says(orders),
        [(Occasion::Firing, INTEGRITY, State::Damaged)]
    );
}

#[test]
fn what_still_is_wrong_is_told_again_after_its_time_and_not_before() {
    let mut bench = Bench::sound(rules(Policy {
        failures: 1000,
        ..Policy::default()
    }));
    bench.sweep();
    let almost = Duration::from_hours(4) - Duration::from_millis(1);
    assert_eq!(says(bench.pass(almost)), []);
    assert_eq!(
        says(bench.pass(Duration::from_millis(1))),
        [(Occasion::Reminder, INTEGRITY, State::Damaged)]
    );
    assert_eq!(says(bench.pass(almost)), []);
}

#[test]
fn an_installer_at_work_is_waited_for_and_its_upgrade_is_told_as_one() {
    let mut bench = Bench::sound(rules(healing()));
    for _ in 0..100 {
        bench.tell(Input::Changed {
            by: None,
            noise: false,
        });
        assert!(matches!(
            bench.wait()[..],
            [Order::Look { despite: false, .. }, ..]
        ));
        assert_eq!(says(bench.tell(Input::AtWork)), []);
    }
    bench.wait();
    let orders = bench.tell(Input::Found(verdict(Verdict::Upgraded)));
    assert_eq!(
        says(orders),
        [(Occasion::Firing, INTEGRITY, State::Upgraded)]
    );
}

#[test]
fn damage_is_told_but_not_healed_while_an_installer_does_not_come_to_its_end() {
    let mut bench = Bench::sound(rules(healing()));
    bench.tell(Input::Changed {
        by: None,
        noise: false,
    });
    bench.wait();
    bench.tell(Input::AtWork);
    let orders = bench.pass(Duration::from_mins(15));
    assert!(
        matches!(orders[0], Order::Look { despite: true, .. }),
        "{orders:?}"
    );
    let mut found = damaged();
    found.at_work = Some("pip".to_owned());
    assert_eq!(
        says(bench.tell(Input::Found(found))),
        [(Occasion::Firing, INTEGRITY, State::Damaged)]
    );
    assert!(matches!(
        bench.pass(Duration::from_secs(30))[0],
        Order::Look { .. }
    ));
    assert_eq!(bench.tell(Input::Found(damaged())), [Order::Heal]);
}

#[test]
fn what_cannot_be_looked_at_is_told_after_some_failures_and_tried_later_and_later() {
    let mut quiet = rules(healing());
    quiet.health = None;
    quiet.imports = None;
    let mut bench = Bench::new(quiet);
    let (mut waited, mut all) = (Vec::new(), Vec::new());
    for _ in 0..10 {
        all.extend(bench.tell(Input::NotFound("locked".to_owned())));
        let from = bench.now;
        assert!(matches!(bench.wait()[..], [Order::Look { full: true, .. }]));
        waited.push(bench.now.since(from).as_secs());
    }
    assert_eq!(waited, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    let told = news(all);
    assert_eq!(
        (told.len(), told[0].state, told[0].why.as_deref()),
        (1, State::Unknown, Some("locked"))
    );
    let sound = bench.tell(Input::Found(verdict(Verdict::Sound)));
    assert_eq!(says(sound), [(Occasion::Resolved, INTEGRITY, State::Sound)]);
}

#[test]
fn a_heal_that_fails_is_tried_again_does_not_count_and_is_told() {
    let mut bench = Bench::sound(rules(healing()));
    bench.sweep();
    let mut all = Vec::new();
    for _ in 0..6 {
        all.extend(bench.tell(Input::Healed(Healed::Failed("no space".to_owned()))));
        // A change meanwhile is looked at, and the heal still waits for its time.
        bench.tell(Input::Changed {
            by: None,
            noise: false,
        });
        bench.pass(Duration::from_secs(1));
        assert!(!bench.tell(Input::Found(damaged())).contains(&Order::Heal));
        bench.pass(Duration::from_mins(6));
        bench.tell(Input::Asked(Ok(())));
        bench.tell(Input::Imported(Ok(())));
        assert_eq!(
            bench.tell(Input::Found(damaged())).last(),
            Some(&Order::Heal)
        );
    }
    assert_eq!(says(all), [(Occasion::Firing, INTEGRITY, State::Stuck)]);
    assert_eq!(bench.guard.memory().heals.len(), 1);
    bench.tell(Input::Healed(Healed::Mended(mended(0))));
    bench.tell(Input::Restarted(Ok(())));
    bench.wait();
    bench.tell(Input::Asked(Ok(())));
    bench.wait();
    let sound = bench.tell(Input::Found(verdict(Verdict::Sound)));
    assert_eq!(says(sound), [(Occasion::Resolved, INTEGRITY, State::Sound)]);
}

#[test]
fn what_a_heal_cannot_mend_is_not_tried_again_until_it_is_other_damage() {
    for outcome in [Healed::Nothing, Healed::Mended(mended(1))] {
        let mut bench = Bench::sound(rules(healing()));
        bench.sweep();
        if bench.tell(Input::Healed(outcome)) == [Order::Restart] {
            bench.tell(Input::Restarted(Ok(())));
        }
        assert_eq!(bench.sweep(), []);
        bench.tell(Input::Changed {
            by: None,
            noise: false,
        });
        bench.pass(Duration::from_secs(1));
        let mut other = damaged();
        other.damage.mark = "other".to_owned();
        assert_eq!(bench.tell(Input::Found(other)), [Order::Heal]);
    }
}

#[test]
fn damage_without_a_baseline_is_told_and_nothing_else() {
    let mut bench = Bench::sound(rules(healing()));
    bench.tell(Input::Changed {
        by: None,
        noise: false,
    });
    bench.wait();
    let mut found = damaged();
    found.damage.can_heal = false;
    assert_eq!(
        says(bench.tell(Input::Found(found))),
        [(Occasion::Firing, INTEGRITY, State::Damaged)]
    );
}

#[test]
fn changes_during_a_look_have_it_repeated_but_not_for_ever() {
    let mut bench = Bench::sound(rules(healing()));
    bench.tell(Input::Changed {
        by: None,
        noise: false,
    });
    for round in 1..=3 {
        assert!(matches!(bench.wait()[..], [Order::Look { .. }]));
        bench.tell(Input::Changed {
            by: None,
            noise: false,
        });
        assert_eq!(
            bench.tell(Input::Found(damaged())).contains(&Order::Heal),
            round == 3
        );
    }
}

#[test]
fn many_changes_are_one_look_and_bytecode_can_wait() {
    let mut bench = Bench::sound(rules(healing()));
    for _ in 0..1000 {
        bench.tell(Input::Changed {
            by: None,
            noise: true,
        });
    }
    let from = bench.now;
    bench.wait();
    assert_eq!(bench.now.since(from), Duration::from_secs(10));
    bench.tell(Input::Found(verdict(Verdict::Sound)));
    let from = bench.now;
    let mut looks = 0;
    while bench.now.since(from) < Duration::from_secs(3) {
        looks += usize::from(
            bench
                .tell(Input::Changed {
                    by: None,
                    noise: false,
                })
                .len()
                == 1,
        );
        bench.now = bench.now.after(Duration::from_millis(10));
    }
    assert_eq!(
        looks, 1,
        "it never is quiet, so it is looked at once after the longest wait"
    );
}

#[test]
fn where_changes_are_not_seen_it_is_looked_at_by_time() {
    let mut bench = Bench::sound(rules(healing()));
    bench.tell(Input::Blind);
    for _ in 0..3 {
        bench.tell(Input::Found(verdict(Verdict::Sound)));
        let orders = bench.pass(Duration::from_secs(30));
        assert!(
            matches!(orders[0], Order::Look { full: false, .. }),
            "{orders:?}"
        );
    }
}

#[test]
fn what_was_done_before_an_end_counts_after_it_also_from_another_start_of_the_clock() {
    let mut bench = Bench::sound(rules(healing()));
    bench.sweep();
    bench.tell(Input::Healed(Healed::Mended(mended(0))));
    let text = serde_json::to_string(bench.guard.memory()).unwrap();
    let memory: Memory = serde_json::from_str(&text).unwrap();
    // The machine was started again, and ten minutes went by.
    let now = Moment(5_000);
    let by = now.0 - bench.now.0 - 600_000;
    let guard = super::super::Guard::new(rules(healing()), memory.moved(by), now);
    let mut bench = Bench { guard, now };
    assert_eq!(
        bench.tell(Input::Tick),
        [Order::Restart, Order::Ask, Order::Import].map(|order| order)[..1]
    );
    let orders = bench.tell(Input::Restarted(Ok(())));
    assert!(matches!(orders[0], Order::Look { .. }), "{orders:?}");
    let orders = bench.tell(Input::Found(damaged()));
    assert_eq!(orders, [Order::Heal], "that it is damaged was told before");
    assert_eq!(bench.guard.memory().heals.len(), 2);
}
