//! What a restore tells, keeps and makes durable is what `diff` told before.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::support::damage::Damage;
use crate::support::faults::can_trace;
use crate::support::session::Session;
use crate::support::{Sandbox, venv};

/// The kind of each entry that is damaged.
fn kinds(answer: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let entries = answer["entries"].as_array().unwrap().iter();
    let damage = entries.filter(|entry| entry["class"] == "damage");
    damage
        .map(|entry| (text(&entry["path"]), text(&entry["kind"])))
        .collect()
}

fn rules(answer: &Value) -> Vec<String> {
    let all = answer["diagnosis"].as_array().unwrap().iter();
    all.map(|one| one["rule"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn restore_its_incident_and_the_report_tell_the_kinds_and_the_cause_that_diff_told() {
    // Cut and zero-filled files became "altered", which no rule explains; `show` and `list` knew of no damage at all.
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let site = sandbox.venv().join(venv::SITE);
    let mixed = [
        ("click/core.py", Damage::Truncate),
        ("click/utils.py", Damage::ZeroTail),
        ("click/__init__.py", Damage::Append),
        ("idna/core.py", Damage::Empty),
        ("idna/__init__.py", Damage::Delete),
    ];
    let files = ["click/core.py", "click/utils.py", "idna/core.py"];
    let all_of = |damage| files.map(|path| (path, damage)).to_vec();
    let mut named = 0;
    for hurts in [
        mixed.to_vec(),
        all_of(Damage::Truncate),
        all_of(Damage::ZeroTail),
    ] {
        for (path, damage) in &hurts {
            damage.apply(&site.join(path));
            if *damage == Damage::ZeroTail {
                // As a power cut leaves it: the time is that of the install.
                venv::set_mtime(&site.join(path), 1_700_000_000, 123_456_789);
            }
        }
        let diff = sandbox.json(1, &["diff", "venv"]);
        let told = kinds(&diff);
        assert_eq!(told.len(), hurts.len(), "{diff}");
        for (path, damage) in &hurts {
            assert_eq!(told[&format!("{}/{path}", venv::SITE)], damage.kind());
        }
        named += rules(&diff).len();
        let dry = sandbox.json(0, &["restore", "venv", "--dry-run"]);
        assert_eq!((kinds(&dry), rules(&dry)), (told.clone(), rules(&diff)));
        let restored = sandbox.json(0, &["restore", "venv"]);
        let incident = restored["incident"].as_str().unwrap();
        let report = sandbox.json(0, &["report", "--venv", "venv"]);
        let shown = sandbox.json(0, &["show", incident]);
        for answer in [&restored, &report, &shown["incident"]] {
            assert_eq!(kinds(answer), told, "{answer}");
            assert_eq!(rules(answer), rules(&diff), "{answer}");
        }
        assert_eq!(shown["snapshot"]["damage"], hurts.len(), "{shown}");
        let list = sandbox.json(0, &["list"]);
        let last = list["snapshots"].as_array().unwrap().last().unwrap();
        assert_eq!(last["damage"], hurts.len(), "{list}");
        let text = sandbox.ok(&["show", incident]).stdout;
        for (path, kind) in &told {
            let row = text.lines().find(|line| line.ends_with(path.as_str()));
            assert!(row.is_some_and(|row| row.contains(kind.as_str())), "{text}");
        }
        assert!(
            sandbox
                .ok(&["list"])
                .stdout
                .contains(&format!("incident, {} findings", hurts.len())),
            "{text}"
        );
    }
    assert!(named > 0, "no rule spoke in any round");
}

#[test]
fn what_an_undo_replaces_counts_as_no_damage() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    Damage::Truncate.apply(&sandbox.venv().join("bin/tool"));
    sandbox.ok(&["restore", "venv"]);
    sandbox.ok(&["undo", "venv"]);
    let list = sandbox.json(0, &["list"]);
    let damage: Vec<&Value> = list["snapshots"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["damage"])
        .collect();
    assert_eq!(damage, [0, 1, 0], "{list}");
}

#[test]
fn what_was_done_already_is_made_durable_before_success_is_told() {
    // Nothing was to be done, and nothing was: but whoever copied the venv into place a second ago had it in memory
    // alone.
    if !can_trace() {
        return;
    }
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    for args in [
        &["restore", "venv"][..],
        &["restore", "venv", "--heal"],
        &["restore", "venv", "--only", "click"],
    ] {
        let run = sandbox.ok(args);
        assert!(run.stdout.starts_with("nothing to do"), "{run}");
        let run = sandbox.snap_traced(&["syncfs:error=EIO:when=1"], args);
        assert_eq!(run.code, 3, "a sync that fails is told: {args:?} {run}");
        assert!(run.stderr.contains("sync"), "{run}");
    }
    // Who only asks has nothing to wait for.
    let run = sandbox.snap_traced(&["syncfs:error=EIO:when=1"], &["restore", "venv", "-n"]);
    assert_eq!(run.code, 0, "{run}");
}

#[test]
fn advice_for_before_a_restore_is_not_given_after_it() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let site = sandbox.venv().join(venv::SITE);
    for name in ["click", "idna"] {
        fs::remove_file(site.join(name).join("core.py")).unwrap();
    }
    let mut session = Session::new(&sandbox);
    session.run(1, &["diff", "venv"]);
    let would = sandbox.ok(&["restore", "venv", "-n", "--json"]);
    assert!(would.stdout.contains("before you restore"), "{would}");
    session.run(0, &["restore", "venv"]);
    session.run(0, &["report", "--venv", "venv"]);
    insta::assert_snapshot!(session.told());
    let incident = sandbox.ids().pop().unwrap();
    for name in ["click", "idna"] {
        fs::remove_file(site.join(name).join("core.py")).unwrap();
    }
    let json = |args: &[&str]| sandbox.ok(&[args, &["--json"]].concat()).stdout;
    let programs = [
        json(&["restore", "venv"]),
        json(&["report", "--venv", "venv"]),
        json(&["show", &incident]),
    ];
    for after in programs {
        assert!(
            after.contains("cron and timers, or it may happen again"),
            "{after}"
        );
        assert!(!after.contains("before you restore"), "{after}");
    }
}

/// "A restore puts that right", said the restore that had done it.
#[test]
fn what_a_restore_has_done_is_not_advised_after_it() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let source = sandbox.venv().join(venv::SITE).join("idna/core.py");
    let close = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    let edit = |path: &Path| {
        let text = fs::read_to_string(path).unwrap();
        fs::write(path, format!("{text}\nedited = 1\n")).unwrap();
    };
    for (hurt, rule) in [
        (&close as &dyn Fn(&Path), "permissions"),
        (&edit, "local-patch"),
    ] {
        hurt(&source);
        let before = sandbox.code(1, &["diff", "venv"]).stdout;
        assert!(before.contains("A restore"), "{before}");
        let told = sandbox.ok(&["restore", "venv"]).stdout;
        let report = sandbox.ok(&["report", "--venv", "venv"]).stdout;
        for after in [told, report] {
            assert!(after.contains(rule), "{after}");
            assert!(!after.contains("A restore"), "{after}");
        }
    }
}

#[test]
fn the_incident_of_a_restore_that_replaced_nothing_holds_nothing_and_is_no_damage() {
    // All but ls called it "the topmost tree is damaged".
    let sandbox = Sandbox::new();
    for there in [None, Some("a file")] {
        venv::tiny(&sandbox.venv());
        sandbox.ok(&["save", "venv"]);
        fs::remove_dir_all(sandbox.venv()).unwrap();
        if let Some(content) = there {
            fs::write(sandbox.venv(), content).unwrap();
        }
        sandbox.ok(&["restore", "venv"]);
        let all = sandbox.ids();
        let [.., good, nothing] = &all[..] else {
            panic!("{all:?}")
        };
        let full = sandbox.json(0, &["ls", good])["entries"]
            .as_array()
            .unwrap()
            .len();
        for (a, b, kind, code) in [(good, nothing, "missing", 1), (nothing, good, "extra", 1)] {
            let diff = sandbox.json(code, &["diff", a, b]);
            let entries = diff["entries"].as_array().unwrap();
            assert_eq!(entries.len(), full, "{diff}");
            assert!(entries.iter().all(|one| one["kind"] == kind), "{diff}");
        }
        let live = sandbox.json(1, &["diff", "venv", nothing]);
        assert_eq!(live["entries"].as_array().unwrap().len(), full, "{live}");
        sandbox.ok(&["diff", nothing, nothing]);
        assert_eq!(sandbox.ok(&["ls", nothing]).stdout, "");
        sandbox.code(2, &["cat", &format!("{nothing}:pyvenv.cfg")]);
        let before = crate::support::Tree::of(&sandbox.venv());
        for args in [
            &["export", nothing, "x.tar"][..],
            &["restore", "venv", nothing],
            &["restore", "venv", nothing, "-n"],
            &["restore", "venv", nothing, "--only", "bin"],
            &["restore", "venv", nothing, "--to", "other"],
        ] {
            let run = sandbox.code(3, args);
            assert!(run.stderr.contains("holds nothing"), "{run}");
            assert!(!run.stderr.contains("damaged"), "{run}");
        }
        before.assert_same(&crate::support::Tree::of(&sandbox.venv()), "nothing");
        assert!(!sandbox.path("other").exists() && !sandbox.path("x.tar").exists());
        sandbox.ok(&["verify"]);
        fs::remove_dir_all(sandbox.venv()).unwrap();
    }
}
