//! A venv that is gone as a whole, and one that is built anew: what is waited for, what is healed, what is only told.

use std::time::Duration;

use super::super::{Found, Gone, Healed, Input, Occasion, Order, Place, State, Subject, Verdict};
use super::{Bench, damaged, healing, mended, rules, says, verdict};

fn place(inode: u64) -> Place {
    Place {
        device: Some(1),
        mount: Some("/srv".to_owned()),
        inode: Some(inode),
        ..Place::default()
    }
}

fn gone(what: Gone) -> Found {
    Found {
        place: Place {
            inode: None,
            ..place(0)
        },
        gone: Some(what),
        ..damaged()
    }
}

/// A guard that saw the venv standing.
fn standing() -> Bench {
    let mut quiet = rules(healing());
    (quiet.health, quiet.imports, quiet.service) = (None, None, None);
    let mut bench = Bench::new(quiet);
    let found = Found {
        place: place(7),
        ..verdict(Verdict::Sound)
    };
    assert!(bench.news(Input::Found(found)).is_empty());
    bench
}

/// How long after a change it is told that the venv is damaged, and how long after that it is healed. Each look finds
/// the same.
fn healed_after(bench: &mut Bench, found: &Found) -> (u64, u64) {
    let by = None;
    bench.tell(Input::Changed { by, noise: false });
    let from = bench.now;
    let mut told = None;
    for _ in 0..100 {
        let orders = bench.wait();
        if !matches!(orders[..], [Order::Look { .. }]) {
            continue;
        }
        let orders = bench.tell(Input::Found(found.clone()));
        let seconds = bench.now.since(from).as_secs();
        if says(orders.clone()) == [(Occasion::Firing, Subject::Integrity, State::Damaged)] {
            told = Some(seconds);
        }
        if orders.contains(&Order::Heal) {
            return (told.unwrap(), seconds);
        }
    }
    panic!("it is never healed: {:?}", bench.guard.memory());
}

#[test]
fn what_was_removed_is_told_at_once_and_put_back_soon_and_what_was_renamed_or_made_anew_after_its_time()
 {
    let beside = |found: Found| Found {
        is_beside: true,
        ..found
    };
    let anew = Found {
        place: place(8),
        ..damaged()
    };
    let same = Found {
        place: place(7),
        ..damaged()
    };
    let cases = [
        ("removed", gone(Gone::Nothing), (0, 3)),
        ("a file instead", gone(Gone::File), (0, 3)),
        ("renamed", beside(gone(Gone::Nothing)), (60, 60)),
        ("its parent", gone(Gone::Parent), (60, 60)),
        ("made anew", anew, (60, 60)),
        ("hurt in place", same, (0, 0)),
    ];
    for (what, found, times) in cases {
        assert_eq!(healed_after(&mut standing(), &found), times, "{what}");
    }
    // Whoever renamed it elsewhere was heard.
    let mut bench = standing();
    bench.tell(Input::Renamed);
    assert_eq!(healed_after(&mut bench, &gone(Gone::Nothing)), (60, 60));
}

#[test]
fn a_deploy_that_moves_the_venv_away_and_builds_a_new_one_is_not_disturbed_and_not_announced() {
    let mut bench = standing();
    let half = Found {
        place: place(8),
        ..damaged()
    };
    let mut orders = Vec::new();
    for step in 0..20 {
        bench.tell(Input::Changed {
            by: None,
            noise: false,
        });
        let look = bench.wait();
        assert!(matches!(look[..], [Order::Look { .. }]), "{look:?}");
        let found = match step {
            0 => Input::Found(Found {
                is_beside: true,
                ..gone(Gone::Nothing)
            }),
            // Its installers come one after the other.
            3 | 4 | 9 => Input::AtWork,
            _ => Input::Found(half.clone()),
        };
        orders.extend(bench.tell(found));
        orders.extend(bench.pass(Duration::from_secs(40)));
        if matches!(orders.last(), Some(Order::Look { .. })) {
            orders.extend(bench.tell(Input::Found(half.clone())));
        }
    }
    let is_done = |order: &&Order| !matches!(order, Order::Look { .. });
    assert_eq!(orders.iter().find(is_done), None);
    bench.tell(Input::Changed {
        by: None,
        noise: false,
    });
    bench.wait();
    let whole = Found {
        place: place(8),
        ..verdict(Verdict::Upgraded)
    };
    let told = says(bench.tell(Input::Found(whole)));
    assert_eq!(
        told,
        [(Occasion::Firing, Subject::Integrity, State::Upgraded)]
    );
}

#[test]
fn where_its_file_system_is_not_there_a_venv_is_told_as_unknown_and_nothing_is_put_there() {
    let elsewhere = |mount: &str, device| Place {
        mount: Some(mount.to_owned()),
        device: Some(device),
        ..Place::default()
    };
    let whole = gone(Gone::Nothing);
    // Also a directory that is empty, or holds another tree, proves nothing there.
    for (place, found) in [
        (elsewhere("/", 1), whole.clone()),
        (elsewhere("/", 2), whole.clone()),
        (elsewhere("/srv", 2), whole.clone()),
        (elsewhere("/srv", 2), damaged()),
    ] {
        let mut bench = standing();
        bench.tell(Input::Changed {
            by: None,
            noise: false,
        });
        let mut orders = Vec::new();
        for _ in 0..20 {
            bench.wait();
            let found = Found {
                place: place.clone(),
                ..found.clone()
            };
            orders.extend(bench.tell(Input::Found(found)));
        }
        assert!(!orders.contains(&Order::Heal), "{place:?}");
        let told = says(orders);
        assert_eq!(
            told,
            [(Occasion::Firing, Subject::Integrity, State::Unknown)],
            "{place:?}"
        );
        let why = bench.guard.memory().unseen.clone().unwrap();
        assert!(why.contains("it stood on"), "{why}");
    }
    // In another start of the machine devices may have other numbers.
    let memory = standing().guard.memory().clone().after_boot();
    assert_eq!(memory.place.unlike(&elsewhere("/srv", 2)), None);
}

#[test]
fn a_venv_that_nobody_ever_saw_there_is_not_put_there() {
    let mut bench = Bench::new(rules(healing()));
    let orders = bench.tell(Input::Found(gone(Gone::Nothing)));
    assert_eq!(orders, []);
    let why = bench.guard.memory().unseen.clone().unwrap();
    assert!(
        why.contains("nothing tells that it ever stood there"),
        "{why}"
    );
}

#[test]
fn after_a_heal_the_new_directory_is_the_one_that_is_known_and_damage_in_it_counts_at_once() {
    let mut bench = standing();
    healed_after(&mut bench, &gone(Gone::Nothing));
    bench.tell(Input::Healed(Healed::Mended(mended(0))));
    bench.wait();
    let found = Found {
        place: place(9),
        ..damaged()
    };
    assert_eq!(bench.tell(Input::Found(found)).last(), Some(&Order::Heal));
    bench.tell(Input::Healed(Healed::Mended(mended(0))));
    bench.wait();
    // The window counts these heals like any other.
    let held = says(bench.tell(Input::Found(gone(Gone::Nothing))));
    assert_eq!(held, [(Occasion::Firing, Subject::Integrity, State::Held)]);
}
