//! Damage in one venv that may be damage in others, whose files are the same inodes.

use super::super::{Found, Input, Order, Verdict};
use super::{Bench, damaged, healing, news, rules, verdict};

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
    let orders = bench.tell(Input::Shared([].into()));
    assert!(matches!(orders[..], [Order::Look { .. }]), "{orders:?}");
    assert!(!bench.guard.concerns_others(&hurt("emptied")));
    let orders = bench.tell(Input::Found(hurt("emptied")));
    assert_eq!(orders.last(), Some(&Order::Heal));
}

/// What looks like an edit by hand of this file.
fn edited(path: &str) -> Found {
    let mut found = hurt("altered");
    (found.damage.is_patch, found.damage.can_heal) = (true, false);
    found.damage.paths = vec![path.to_owned()];
    found.damage.causes = vec!["probably local-patch".to_owned()];
    found
}

#[test]
fn what_was_written_through_another_venv_is_no_edit_by_hand_and_anything_else_still_is() {
    for (path, heals) in [("a.py", true), ("b.py", false)] {
        let mut bench = Bench::sound(rules(healing()));
        bench.tell(Input::Shared(["a.py".to_owned()].into()));
        let orders = bench.tell(Input::Found(edited(path)));
        assert_eq!(orders.contains(&Order::Heal), heals, "{path}: {orders:?}");
        let told = news(orders);
        let found = told[0].found.clone().unwrap();
        assert_eq!(found.damage.is_patch, !heals, "{path}");
        let causes = found.damage.causes.concat();
        assert_eq!(causes.contains("local-patch"), !heals, "{path}: {causes}");
    }
}

#[test]
fn that_files_are_shared_is_known_until_a_look_that_began_after_it_finds_all_sound() {
    let mut bench = Bench::sound(rules(healing()));
    bench.tell(Input::Changed {
        by: None,
        noise: false,
    });
    assert!(matches!(bench.wait()[..], [Order::Look { .. }]));
    // The look that is under way began before.
    bench.tell(Input::Shared(["a.py".to_owned()].into()));
    let orders = bench.tell(Input::Found(verdict(Verdict::Sound)));
    assert!(matches!(orders[..], [Order::Look { .. }]), "{orders:?}");
    bench.tell(Input::Found(verdict(Verdict::Sound)));
    bench.tell(Input::Lost);
    let orders = bench.tell(Input::Found(edited("a.py")));
    assert!(!orders.contains(&Order::Heal), "{orders:?}");

    let mut bench = Bench::sound(rules(healing()));
    bench.tell(Input::Lost);
    bench.tell(Input::Shared(["a.py".to_owned()].into()));
    bench.tell(Input::Found(verdict(Verdict::Sound)));
    let orders = bench.tell(Input::Found(edited("a.py")));
    assert!(orders.contains(&Order::Heal), "{orders:?}");
}
