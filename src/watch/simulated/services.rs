//! The branches that are of a service and of imports.

use std::time::Duration;

use super::super::{Input, Occasion, Order, State, Subject, Verdict};
use super::{Bench, healing, rules, says, verdict};

#[test]
fn a_service_that_fails_with_a_sound_venv_is_started_again_and_not_for_ever() {
    let mut bench = Bench::sound(rules(healing()));
    let mut all = Vec::new();
    for _ in 0..2 {
        for failure in 0..3 {
            let orders = bench.pass(Duration::from_mins(2));
            assert!(orders.contains(&Order::Ask), "{failure}: {orders:?}");
            bench.tell(Input::Imported(Ok(())));
            all.extend(bench.tell(Input::Asked(Err("refused".to_owned()))));
        }
        assert!(
            matches!(all.last(), Some(Order::Look { full: true, .. })),
            "{all:?}"
        );
        assert_eq!(
            bench.tell(Input::Found(verdict(Verdict::Sound))),
            [Order::Restart]
        );
        bench.tell(Input::Restarted(Ok(())));
        bench.pass(Duration::from_secs(1));
        // Within its grace a failure does not count.
        bench.tell(Input::Asked(Err("not yet".to_owned())));
    }
    assert_eq!(
        says(all),
        [(Occasion::Firing, Subject::Service, State::Failing)]
    );
    let mut orders = Vec::new();
    for _ in 0..4 {
        bench.pass(Duration::from_mins(2));
        bench.tell(Input::Imported(Ok(())));
        orders.extend(bench.tell(Input::Asked(Err("refused".to_owned()))));
    }
    assert_eq!(
        says(orders.clone()),
        [(Occasion::Firing, Subject::Service, State::Held)]
    );
    assert!(
        !orders.contains(&Order::Heal) && !orders.contains(&Order::Restart),
        "{orders:?}"
    );
    bench.pass(Duration::from_mins(2));
    let well = bench.tell(Input::Asked(Ok(())));
    assert_eq!(
        says(well),
        [(Occasion::Resolved, Subject::Service, State::Sound)]
    );
}

#[test]
fn imports_that_fail_have_every_byte_read_and_are_told_once() {
    let mut bench = Bench::sound(rules(healing()));
    let mut all = Vec::new();
    for _ in 0..5 {
        bench.pass(Duration::from_mins(5));
        bench.tell(Input::Asked(Ok(())));
        all.extend(bench.tell(Input::Imported(Err("No module named x".to_owned()))));
    }
    assert_eq!(
        all.iter()
            .filter(|order| matches!(order, Order::Look { full: true, .. }))
            .count(),
        1
    );
    assert_eq!(
        says(all),
        [(Occasion::Firing, Subject::Imports, State::Failing)]
    );
    assert_eq!(bench.tell(Input::Found(verdict(Verdict::Sound))), []);
}
