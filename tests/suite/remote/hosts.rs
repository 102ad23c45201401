//! What hosts that share a store have of each other: roles, labels, lists, and the last word of each.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;

use super::sharing::{Host, sharing};
use crate::support::bucket::Bucket;
use crate::support::{Sandbox, venv};

/// A venv whose `bin/python` is a link to a program outside of it, which answers as Python 3.11.7 would.
fn linked(venv: &std::path::Path, python: &std::path::Path) {
    venv::tiny(venv);
    let dir = python.parent().unwrap();
    fs::create_dir_all(dir).unwrap();
    fs::copy(venv.join("bin/python"), python).unwrap();
    fs::remove_file(venv.join("bin/python")).unwrap();
    symlink(python, venv.join("bin/python")).unwrap();
    let home = format!("home = {}\nversion = 3.11.7\n", dir.display());
    venv::write(venv, "pyvenv.cfg", home.as_bytes());
    let script = format!("#!{}/bin/python\nprint('app')\n", venv.display());
    venv::write(venv, "bin/app", script.as_bytes());
}

#[test]
fn a_role_is_restored_where_it_never_was_adapted_to_its_place() {
    sharing(|kind, [one, two, _]| {
        let python = one.sandbox.path("python/bin/python3");
        linked(&one.sandbox.venv(), &python);
        one.code(0, &["save", "venv", "--role", "web", "--label", "v1"]);
        let place = two.sandbox.path("other");
        let told = two.code(0, &["restore", place.to_str().unwrap(), "@web"]);
        assert!(told.stdout.contains(one.id), "{kind}: {told}");
        let app = fs::read_to_string(place.join("bin/app")).unwrap();
        assert!(
            app.starts_with(&format!("#!{}/bin/python", place.display())),
            "{kind}: {app}"
        );
        assert_eq!(
            fs::read_link(place.join("bin/python")).unwrap(),
            python,
            "{kind}"
        );
        // A name that was restored is still none that this host saved.
        two.code(0, &["diff", "other", "@web"]);
        let shown = two.json(0, &["show", "@web", "--venv", "other"]);
        let snapshot = &shown["snapshot"];
        assert_eq!(
            (&snapshot["role"], &snapshot["host"], &snapshot["host_name"]),
            (&"web".into(), &one.id.into(), &one.name.into()),
            "{kind}: {shown}"
        );
        // Something stands there by now, and is not replaced by another host's without a word.
        fs::remove_file(place.join("bin/tool")).unwrap();
        let refused = two.code(3, &["restore", "other", "@web"]);
        assert!(refused.stderr.contains("--from-other"), "{kind}: {refused}");
        two.code(0, &["restore", "other", "@web", "--from-other"]);
        assert!(place.join("bin/tool").exists(), "{kind}");
        // To change something, a role is no name.
        for verb in ["forget", "pin"] {
            two.code(10, &[verb, "@web", "--venv", "other"]);
        }
    });
}

#[test]
fn a_venv_of_another_host_is_refused_where_its_interpreter_is_not_there_or_another_one() {
    sharing(|kind, [one, two, _]| {
        let python = one.sandbox.path("python/bin/python3");
        let dir = python.parent().unwrap();
        linked(&one.sandbox.venv(), &python);
        one.code(0, &["save", "venv", "--role", "web"]);
        let place = two.sandbox.path("other");
        let other = two.sandbox.path("python3.12");
        fs::write(&other, "#!/bin/sh\necho version=3.12.1\n").unwrap();
        let broken = two.sandbox.path("broken");
        fs::write(&broken, "#!/bin/sh\nexit 3\n").unwrap();
        for file in [&other, &broken] {
            fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        }
        let (at, shown) = (python.display(), python.to_str().unwrap());
        for (before, said) in [
            (
                format!("mount -t tmpfs none {};", dir.display()),
                "is not on this host",
            ),
            (format!("mount --bind {} {at};", other.display()), "3.12.1"),
            (
                format!("mount --bind {} {at};", broken.display()),
                "does not run",
            ),
        ] {
            for more in [&[][..], &["-n"], &["--exact"]] {
                let args = [&["restore", "other", "@web"][..], more].concat();
                let run = two.after(&before, &args).unwrap();
                let told = run.stderr.contains(said) && run.stderr.contains(shown);
                assert!(run.code == 3 && told, "{kind}, {more:?}: {run}");
                assert!(run.stderr.contains("rebuild VENV --from"), "{kind}: {run}");
                assert!(!place.exists(), "{kind}");
            }
            let forced = two
                .after(&before, &["restore", "other", "@web", "--force"])
                .unwrap();
            assert_eq!(forced.code, 0, "{kind}: {forced}");
            fs::remove_dir_all(&place).unwrap();
        }
        // The host that saved it has what it had.
        let gone = format!("mount -t tmpfs none {};", dir.display());
        fs::remove_file(one.sandbox.venv().join("bin/tool")).unwrap();
        let run = one.after(&gone, &["restore", "venv"]).unwrap();
        assert_eq!(run.code, 0, "{kind}: {run}");
        two.code(0, &["restore", "other", "@web"]);
    });
}

/// A label was an error on a host that has no such venv, also where only one could be meant.
#[test]
fn a_label_of_another_host_is_taken_where_nothing_stands_and_only_one_can_be_meant() {
    sharing(|kind, [one, two, three]| {
        for host in [&one, &two] {
            venv::tiny(&host.sandbox.venv());
        }
        one.code(0, &["save", "venv", "--label", "good"]);
        three.code(0, &["restore", "new", "@good"]);
        assert!(three.sandbox.path("new/bin/tool").exists(), "{kind}");
        two.code(0, &["save", "venv", "--label", "good"]);
        let run = three.code(10, &["restore", "newer", "@good"]);
        for words in [one.id, two.id, "other venvs have one"] {
            assert!(run.stderr.contains(words), "{kind}, {words}: {run}");
        }
        // Of the same path one is meant rather than of another.
        let path = one.sandbox.venv().to_str().unwrap().to_owned();
        fs::remove_dir_all(one.sandbox.venv()).unwrap();
        let run = three.code(0, &["restore", &path, "@good"]);
        assert!(run.stdout.contains(one.id), "{kind}: {run}");
        // What stands there is not replaced by a label of others.
        venv::tiny(&three.sandbox.venv());
        three.code(10, &["restore", "venv", "@good"]);
    });
}

#[test]
fn the_own_label_comes_before_the_role_and_the_own_baseline_of_a_role_before_that_of_others() {
    sharing(|kind, [one, two, _]| {
        for host in [&one, &two] {
            venv::tiny(&host.sandbox.venv());
            venv::write(&host.sandbox.venv(), "who", host.name.as_bytes());
        }
        let id = |host: &Host, args: &[&str]| -> String {
            let saved = host.json(0, &[&["save", "venv"], args].concat());
            saved["snapshot"]["id"].as_str().unwrap().to_owned()
        };
        let meant = |host: &Host, name: &str| {
            let shown = host.json(0, &["show", name, "--venv", "venv"]);
            shown["snapshot"]["id"].as_str().unwrap().to_owned()
        };
        let theirs = id(&two, &["--role", "web"]);
        assert_eq!(meant(&one, "@web"), theirs, "{kind}: of others");
        let own = id(&one, &["--role", "web"]);
        let newer = id(&two, &["--role", "web", "--label", "other"]);
        assert_eq!(meant(&one, "@web"), own, "{kind}: the own one");
        let run = one.code(0, &["diff", "venv", "@web"]);
        assert!(
            run.stderr.contains("web-2") && run.stderr.contains(&newer[..8]),
            "{kind}: {run}"
        );
        let labelled = id(&one, &["--label", "web"]);
        assert_eq!(meant(&one, "@web"), labelled, "{kind}: the label");
        // What is no baseline stands for no role.
        venv::write(
            &two.sandbox.venv(),
            &format!("{}/click/core.py", venv::SITE),
            b"",
        );
        id(&two, &["--role", "web", "--force"]);
        venv::tiny(&two.sandbox.path("third"));
        let run = two.json(0, &["show", "@web", "--venv", "third"]);
        assert_eq!(run["snapshot"]["id"], newer, "{kind}");
    });
}

#[test]
fn lists_are_narrowed_to_a_host_and_a_role_by_what_people_call_them() {
    sharing(|kind, [one, two, three]| {
        let mut ids = Vec::new();
        for host in [&one, &two] {
            venv::tiny(&host.sandbox.venv());
            let saved = host.json(
                0,
                &[
                    "save",
                    "venv",
                    "--role",
                    host.name.split('-').next().unwrap(),
                ],
            );
            ids.push(saved["snapshot"]["id"].clone());
        }
        venv::tiny(&three.sandbox.venv());
        let saved = three.json(0, &["save", "venv", "--role", "db"]);
        ids.push(saved["snapshot"]["id"].clone());
        let path = two.sandbox.venv().to_str().unwrap().to_owned();
        for (args, found) in [
            (&["--host", "web-1.example"][..], &ids[..1]),
            (&["--host", "WEB-1"], &ids[..1]),
            (&["--host", "bbbb"], &ids[1..2]),
            (&["--host", two.id], &ids[1..2]),
            (&["--role", "web"], &ids[..2]),
            (&["--role", "web", "--host", "web-2"], &ids[1..2]),
            (&["--role", "db", "--host", "web-2"], &[]),
            (&[&path, "--host", "web-2"], &ids[1..2]),
            (&[&path, "--host", "db-1"], &[]),
        ] {
            let listed = three.json(0, &[&["list"], args].concat());
            let listed = listed["snapshots"].as_array().unwrap().iter();
            let listed: Vec<Value> = listed.map(|one| one["id"].clone()).collect();
            assert_eq!(listed, found, "{kind}: {args:?}");
        }
        let text = three.code(0, &["list"]).stdout;
        for words in ["role", "host", "web-1.example", "db-1", two.id] {
            assert!(text.contains(words), "{kind}, {words}: {text}");
        }
        assert_eq!(three.json(0, &["stats"])["hosts"], 3, "{kind}");
        for (args, known) in [
            (["--host", "web-9"], "'web-2'"),
            (["--role", "cache"], "'db', 'web'"),
        ] {
            let run = three.code(10, &[&["list"][..], &args].concat());
            assert!(run.stderr.contains(known), "{kind}: {run}");
        }
    });
}

#[test]
fn every_host_sees_the_last_word_of_each_other_one() {
    sharing(|kind, [one, two, three]| {
        for host in [&one, &two] {
            venv::tiny(&host.sandbox.venv());
            host.code(0, &["save", "venv"]);
        }
        let words = |of: &Host| -> Vec<(String, String, String)> {
            let told = of.json(0, &["status"]);
            let others = told["others"].as_array().unwrap().iter();
            let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
            others
                .map(|one| {
                    (
                        text(one, "host_name"),
                        text(one, "state"),
                        text(one, "told_by"),
                    )
                })
                .collect()
        };
        let word = |host: &Host, state: &str, by: &str| {
            (host.name.to_owned(), state.to_owned(), by.to_owned())
        };
        let saved = |host| word(host, "sound", "save");
        // Who has no venv looks at the others all the same.
        assert_eq!(words(&three), [saved(&one), saved(&two)], "{kind}");
        fs::write(
            one.sandbox.venv().join(venv::SITE).join("click/core.py"),
            b"",
        )
        .unwrap();
        one.code(1, &["status"]);
        assert_eq!(
            words(&three),
            [word(&one, "damaged", "look"), saved(&two)],
            "{kind}"
        );
        let looked = three.json(0, &["status"])["others"][0].clone();
        assert_eq!(
            (&looked["damaged"], &looked["baseline"]["host"]),
            (&1.into(), &one.id.into())
        );
        let text = three.code(0, &["status"]).stdout;
        for words in ["other hosts", one.name, "damaged", "just now"] {
            assert!(text.contains(words), "{kind}, {words}: {text}");
        }
        // A look at one venv leaves what was told of another.
        venv::tiny(&one.sandbox.path("second"));
        one.code(0, &["save", "second"]);
        one.code(0, &["status", "second"]);
        let [first, second, _] = &words(&three)[..] else {
            panic!("{kind}")
        };
        assert_eq!(
            (&*first.1, &*second.1, &*second.2),
            ("damaged", "sound", "look"),
            "{kind}"
        );
        one.code(0, &["restore", "venv"]);
        let told = words(&three);
        assert!(
            told.contains(&word(&one, "sound", "restore")),
            "{kind}: {told:?}"
        );
        // Of its own venvs a host tells what it sees.
        assert_eq!(words(&one), [saved(&two)], "{kind}");
        // Another host's snapshot is no baseline of where it was restored.
        let id = one.json(0, &["list"])["snapshots"][0]["id"].clone();
        three.code(0, &["restore", "new", id.as_str().unwrap()]);
        let told = words(&two);
        assert!(
            told.contains(&word(&three, "unsaved", "restore")),
            "{kind}: {told:?}"
        );
    });
}

#[test]
fn what_a_host_tells_of_others_is_not_believed() {
    let bucket = Bucket::serve();
    let host = super::Host::new(&bucket);
    venv::tiny(&host.sandbox.venv());
    host.ok(&["save", "venv"]);
    let own = host.json(0, &["list"])["snapshots"][0]["host"]
        .as_str()
        .unwrap()
        .to_owned();
    let name = |host: &str| format!("hosts/hosts/{}", blake3::hash(host.as_bytes()).to_hex());
    let line = |host: &str, path: &str| {
        format!(
            "{{\"venv\":{{\"host\":\"{host}\",\"path\":\"{path}\"}},\"state\":\"damaged\",\"since\":\
             \"2026-01-01T00:00:00Z\",\"looked\":\"2099-01-01T00:00:00Z\",\"damaged\":1,\"drifted\":0}}"
        )
    };
    let file = |venvs: &str| {
        format!("{{\"format\":1,\"host\":\"liar\",\"host_name\":\"l\",\"venvs\":[{venvs}]}}")
    };
    let lies = [
        line(&own, "/srv/x"),
        line("third", "/srv/y"),
        line("liar", "/srv/z\\u001b[2J"),
    ];
    bucket.change(|objects| {
        objects.insert(name("liar"), file(&lies.join(",")).into_bytes());
        objects.insert(name("broken"), b"{".to_vec());
    });
    let told = host.json(0, &["status"]);
    let others = told["others"].as_array().unwrap();
    assert_eq!(others.len(), 1, "{told}");
    assert_eq!(others[0]["host"], "liar", "{told}");
    let text = host.ok(&["status"]).stdout;
    assert!(!text.contains('\u{1b}'), "{text:?}");
}

#[test]
fn hosts_that_save_one_venv_at_once_with_one_label_keep_a_snapshot_each() {
    sharing(|kind, [one, two, three]| {
        // The same path on all of them, as of a service that runs on many hosts.
        let shared = Sandbox::new();
        let path = shared.venv().to_str().unwrap().to_owned();
        venv::tiny(&shared.venv());
        let save = ["save", &path, "--label", "deploy", "--role", "web"];
        std::thread::scope(|scope| {
            for host in [&one, &two, &three, &one, &two] {
                scope.spawn(move || host.code(0, &save));
            }
        });
        let listed = three.json(0, &["list"]);
        let snapshots = listed["snapshots"].as_array().unwrap();
        let of = |host: &Host| {
            let own = snapshots.iter().filter(|one| one["host"] == host.id);
            assert!(
                own.clone()
                    .all(|one| one["label"] == "deploy" && one["role"] == "web")
            );
            own.count()
        };
        assert_eq!(
            [of(&one), of(&two), of(&three)],
            [2, 2, 1],
            "{kind}: {listed}"
        );
        three.code(0, &["verify"]);
        for host in [&one, &three] {
            let run = host.code(0, &["diff", &path, "@deploy"]);
            assert!(!run.stdout.contains("another"), "{kind}: {run}");
        }
    });
}
