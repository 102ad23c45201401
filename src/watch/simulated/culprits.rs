//! Who is named for damage, and when a heal is told: never anybody for what others did.

use std::time::Duration;

use super::super::{Culprit, Found, Healed, Input, Order, Verdict};
use super::{Bench, damaged, healing, mended, news, rules, verdict};

fn bench() -> Bench {
    let mut quiet = rules(healing());
    (quiet.health, quiet.imports, quiet.service) = (None, None, None);
    let mut bench = Bench::new(quiet);
    bench.tell(Input::Found(verdict(Verdict::Sound)));
    bench
}

fn changed(program: &str, path: &str) -> Input {
    let by = Culprit {
        program: program.to_owned(),
        files: 1,
        paths: [path.to_owned()].into(),
        ..Culprit::default()
    };
    Input::Changed {
        by: Some(by),
        noise: false,
    }
}

fn hurt(paths: &[&str]) -> Found {
    let mut found = damaged();
    found.damage.paths = paths.iter().map(|&path| path.to_owned()).collect();
    found
}

fn looks(bench: &mut Bench) {
    let orders = bench.wait();
    assert!(matches!(orders[..], [Order::Look { .. }]), "{orders:?}");
}

/// Whom the alert names that follows.
fn named(bench: &mut Bench, found: Found) -> Vec<String> {
    let told = news(bench.tell(Input::Found(found)));
    let all = told[0].culprits.iter();
    all.map(|one| one.program.clone()).collect()
}

/// What may lie between two damages.
#[derive(Clone, Copy, Debug)]
enum Between {
    Heal,
    HeldThenRestoredByHand,
    RestoredByHand,
    Upgrade,
}

#[test]
fn who_did_an_earlier_damage_is_not_named_for_a_later_one() {
    for between in [
        Between::Heal,
        Between::HeldThenRestoredByHand,
        Between::RestoredByHand,
        Between::Upgrade,
    ] {
        let mut bench = bench();
        // More than are ever told.
        for number in 0..7 {
            bench.tell(changed(&format!("early {number}"), "a"));
        }
        looks(&mut bench);
        let first = named(&mut bench, hurt(&["a"]));
        assert_eq!(first.len(), 5, "{between:?}");
        let after = match between {
            Between::Heal => Healed::Mended(mended(0)),
            _ => Healed::Failed("busy".to_owned()),
        };
        bench.tell(Input::Healed(after));
        if let Between::HeldThenRestoredByHand = between {
            bench.tell(changed("early", "a"));
            looks(&mut bench);
            bench.tell(Input::Found(hurt(&["a"])));
        }
        bench.tell(changed("admin", "a"));
        looks(&mut bench);
        let verdict = match between {
            Between::Upgrade => verdict(Verdict::Upgraded),
            _ => verdict(Verdict::Sound),
        };
        let resolved = news(bench.tell(Input::Found(verdict)));
        let is_ours = matches!(between, Between::Heal);
        assert_eq!(resolved[0].heal.is_some(), is_ours, "{between:?}");
        bench.tell(changed("late", "a"));
        looks(&mut bench);
        assert_eq!(named(&mut bench, hurt(&["a"])), ["late"], "{between:?}");
    }
}

#[test]
fn only_who_was_seen_at_a_damaged_path_or_above_it_is_named() {
    for (path, is_named) in [
        ("lib/click/core.py", true),
        ("lib/click", true),
        ("", true),
        ("lib/click/core.pyi", false),
        ("lib/clic", false),
        ("lib/click/core.py/x", false),
        ("lib/idna/core.py", false),
    ] {
        let mut bench = bench();
        bench.tell(changed("editor", path));
        looks(&mut bench);
        let all = named(&mut bench, hurt(&["lib/click/core.py", "lib/six.py"]));
        assert_eq!(all == ["editor"], is_named, "{path}: {all:?}");
    }
}

#[test]
fn what_is_done_while_it_is_looked_at_or_healed_is_of_the_damage_that_follows() {
    let mut bench = bench();
    bench.tell(changed("first", "a"));
    looks(&mut bench);
    bench.tell(changed("second", "b"));
    // The look came too early to see what the second one did.
    bench.tell(Input::Found(verdict(Verdict::Sound)));
    looks(&mut bench);
    assert_eq!(named(&mut bench, hurt(&["b"])), ["second"]);
    bench.tell(changed("third", "b"));
    bench.tell(Input::Healed(Healed::Mended(mended(0))));
    looks(&mut bench);
    bench.tell(Input::Found(hurt(&["b"])));
    assert_eq!(bench.guard.memory().named[0].program, "third");
    assert_eq!(bench.guard.memory().named.len(), 1);
}

#[test]
fn a_heal_is_told_where_it_made_the_venv_sound_and_nowhere_else() {
    let mut bench = bench();
    bench.tell(changed("x", "a"));
    looks(&mut bench);
    bench.tell(Input::Found(hurt(&["a"])));
    bench.tell(Input::Healed(Healed::Mended(mended(0))));
    looks(&mut bench);
    let healed = news(bench.tell(Input::Found(verdict(Verdict::Sound))));
    assert_eq!(healed[0].heal, Some(mended(0)));
    // All within the window of that heal.
    for other in [Verdict::Drifted, Verdict::Upgraded, Verdict::Unsaved] {
        for verdict in [verdict(other), verdict(Verdict::Sound)] {
            bench.tell(changed("x", "a"));
            looks(&mut bench);
            let told = news(bench.tell(Input::Found(verdict)));
            assert_eq!(told[0].heal, None, "{other:?}");
        }
    }
    let mut patch = hurt(&["a"]);
    patch.damage.can_heal = false;
    for found in [patch, verdict(Verdict::Sound)] {
        bench.tell(changed("x", "a"));
        looks(&mut bench);
        let told = news(bench.tell(Input::Found(found)));
        assert_eq!(told[0].heal, None, "restored by hand");
    }
    bench.pass(Duration::from_mins(1));
}
