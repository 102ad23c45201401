//! Damage in one venv that may be damage in others, whose files are the same inodes.

use super::super::{Found, Input, Order, Verdict};
use super::{Bench, damaged, healing, rules, verdict};

fn hurt(kind: &str) -> Found {
    let mut found = damaged();
    found.damage.kinds = [(kind.to_owned(), 1)].into();
    found
}

#[test]
fn what_is_damaged_in_place_concerns_other_venvs_once_and_what_is_gone_does_not() {
    for (kind, concerns) in [
        ("missing", false),
        ("emptied", true),
        ("truncated", true),
        ("zero-filled", true),
        ("altered", true),
        ("mode", true),
    ] {
        let mut bench = Bench::sound(rules(healing()));
        let found = hurt(kind);
        assert_eq!(bench.guard.concerns_others(&found), concerns, "{kind}");
        bench.tell(Input::Changed {
            by: None,
            noise: false,
        });
        bench.wait();
        bench.tell(Input::Found(found.clone()));
        assert!(!bench.guard.concerns_others(&found), "{kind}: it was told");
    }
    let sound = Bench::sound(rules(healing()));
    assert!(!sound.guard.concerns_others(&verdict(Verdict::Sound)));
}

#[test]
fn who_is_looked_at_for_another_is_looked_at_at_once_and_has_no_more_looked_at() {
    let mut bench = Bench::sound(rules(healing()));
    let orders = bench.tell(Input::Shared);
    assert!(matches!(orders[..], [Order::Look { .. }]), "{orders:?}");
    assert!(!bench.guard.concerns_others(&hurt("emptied")));
    let orders = bench.tell(Input::Found(hurt("emptied")));
    assert_eq!(orders.last(), Some(&Order::Heal));
}
