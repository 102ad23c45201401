//! When an upgrade becomes the next baseline.

use std::time::Duration;

use super::super::{Found, Input, Occasion, Order, State, Subject, Verdict};
use super::{Bench, rules, saving, says, verdict};

const INTEGRITY: Subject = Subject::Integrity;

fn upgraded() -> Input {
    Input::Found(verdict(Verdict::Upgraded))
}

fn change(bench: &mut Bench) -> Vec<Order> {
    bench.tell(Input::Changed {
        by: None,
        noise: false,
    });
    bench.wait()
}

/// A guard that saves upgrades and asks nobody.
fn quiet() -> Bench {
    let mut quiet = rules(saving());
    (quiet.health, quiet.imports) = (None, None);
    let mut bench = Bench::new(quiet);
    bench.tell(Input::Found(verdict(Verdict::Sound)));
    bench
}

#[test]
fn an_upgrade_becomes_the_baseline_once_it_is_settled_and_the_service_is_well_with_it() {
    let mut bench = Bench::sound(rules(saving()));
    change(&mut bench);
    let orders = bench.tell(upgraded());
    assert_eq!(
        says(orders),
        [(Occasion::Firing, INTEGRITY, State::Upgraded)]
    );
    bench.now = bench.now.after(Duration::from_mins(1));
    let orders = bench.tell(Input::Tick);
    assert!(matches!(orders[0], Order::Look { .. }), "{orders:?}");
    bench.tell(Input::Asked(Ok(())));
    assert_eq!(bench.tell(upgraded()).last(), Some(&Order::Ask));
    assert_eq!(bench.tell(Input::Asked(Err("502".to_owned()))), []);
    bench.pass(Duration::from_mins(1));
    assert_eq!(bench.tell(Input::Asked(Ok(()))), [Order::Save]);
    let orders = bench.tell(Input::Saved(Ok(())));
    assert!(matches!(orders[..], [Order::Look { .. }]));
    let orders = bench.tell(Input::Found(verdict(Verdict::Sound)));
    assert_eq!(
        says(orders),
        [(Occasion::Resolved, INTEGRITY, State::Sound)]
    );
    assert_eq!(bench.guard.memory().totals.saves, 1);
}

#[test]
fn the_midst_of_a_deploy_becomes_no_baseline_however_its_commands_come() {
    // Each step lies 50 s after the one before; none of them is quiet for a minute.
    type Step = fn(&mut Bench) -> Vec<Order>;
    let found: Step = |bench| {
        let mut orders = change(bench);
        orders.extend(bench.tell(upgraded()));
        orders
    };
    let at_work: Step = |bench| {
        let mut orders = change(bench);
        orders.extend(bench.tell(Input::AtWork));
        orders
    };
    // A look by time, with an installer that changes nothing yet.
    let resolves: Step = |bench| {
        let mut orders = bench.tell(Input::Lost);
        orders.extend(bench.tell(Input::AtWork));
        orders
    };
    for steps in [
        vec![found; 10],
        vec![at_work; 10],
        vec![found, at_work, found, at_work, found],
        vec![found, resolves, resolves, resolves, found],
    ] {
        let mut bench = quiet();
        let mut orders = Vec::new();
        for step in steps {
            orders.extend(step(&mut bench));
            orders.extend(bench.pass(Duration::from_secs(50)));
            if bench.guard.job.is_some() {
                orders.extend(bench.tell(upgraded()));
            }
        }
        assert!(!orders.contains(&Order::Save), "{orders:?}");
        bench.wait();
        assert_eq!(bench.tell(upgraded()).last(), Some(&Order::Save));
    }
}

#[test]
fn what_changes_after_the_look_that_found_it_settled_is_not_saved() {
    let mut bench = Bench::sound(rules(saving()));
    change(&mut bench);
    bench.tell(upgraded());
    bench.now = bench.now.after(Duration::from_mins(1));
    bench.tell(Input::Tick);
    bench.tell(Input::Asked(Ok(())));
    assert_eq!(bench.tell(upgraded()).last(), Some(&Order::Ask));
    bench.tell(Input::Changed {
        by: None,
        noise: false,
    });
    assert_eq!(bench.tell(Input::Asked(Ok(()))), []);
}

#[test]
fn what_leaves_a_requirement_unmet_is_told_and_never_saved() {
    let mut bench = quiet();
    let mut lacks = verdict(Verdict::Upgraded);
    lacks.unmet = vec!["aaa needs 'bbb', which is not installed".to_owned()];
    for _ in 0..5 {
        change(&mut bench);
        bench.pass(Duration::from_mins(5));
        let orders = bench.tell(Input::Found(Found { ..lacks.clone() }));
        assert!(!orders.contains(&Order::Save), "{orders:?}");
    }
    assert_eq!(bench.guard.memory().tree.state, Some(State::Upgraded));
}

#[test]
fn a_save_that_fails_is_tried_again_later_and_later() {
    let mut bench = quiet();
    change(&mut bench);
    bench.tell(upgraded());
    bench.wait();
    let mut waited = Vec::new();
    for _ in 0..4 {
        assert_eq!(bench.tell(upgraded()).last(), Some(&Order::Save));
        bench.tell(Input::Saved(Err("full".to_owned())));
        let from = bench.now;
        bench.wait();
        waited.push(bench.now.since(from).as_secs());
    }
    assert_eq!(waited, [2, 4, 8, 16]);
}
