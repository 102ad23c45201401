//! A snapshot at another place: asked for, named, and restored in part as well as whole.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};

use crate::support::{Sandbox, venv};

/// A venv whose package has a script in `bin` that names the place, with its row in RECORD.
fn with_script(root: &Path) {
    venv::tiny(root);
    let script = format!("#!{}/bin/python\nprint('idna')\n", root.display());
    venv::write(root, "bin/idna", script.as_bytes());
    fs::set_permissions(root.join("bin/idna"), fs::Permissions::from_mode(0o755)).unwrap();
    let record = root.join(venv::SITE).join("idna-1.0.dist-info/RECORD");
    let hash = BASE64URL_NOPAD.encode(&Sha256::digest(&script));
    venv::append(
        &record,
        &format!("../../../bin/idna,sha256={hash},{}\n", script.len()),
    );
    venv::age(root, 1_700_000_000);
}

/// A saved venv that was moved since, and the id of its snapshot.
fn moved() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    with_script(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let id = sandbox.ids().remove(0);
    fs::rename(sandbox.venv(), sandbox.path("moved")).unwrap();
    (sandbox, id)
}

#[test]
fn a_part_at_another_place_is_mended_at_the_first_time() {
    // A restore of a package with scripts said that it was verified, and the file that was asked for was still missing:
    // what belongs to the package was read from a list that no store has, since it was adapted.
    let lost = [
        "lib/python3.11/site-packages/idna/core.py",
        "lib/python3.11/site-packages/idna-1.0.dist-info/RECORD",
        "lib/python3.11/site-packages/idna-1.0.dist-info",
        "lib/python3.11/site-packages/idna",
        "bin/idna",
    ];
    let parts: [&[&str]; 4] = [
        &["--only", "idna"],
        &["--only", "lib", "--only", "bin"],
        &["--heal"],
        &[],
    ];
    for gone in lost {
        for part in parts {
            let (sandbox, id) = moved();
            let path = sandbox.path("moved").join(gone);
            if path.is_dir() {
                fs::remove_dir_all(&path).unwrap();
            } else {
                fs::remove_file(&path).unwrap();
            }
            let args = [&["restore", "moved", id.as_str(), "--from-other"], part].concat();
            let run = sandbox.ok(&args);
            assert!(path.exists(), "{gone} {part:?}: {run}");
            let again = sandbox.ok(&args);
            assert!(
                again.stdout.starts_with("nothing to do"),
                "{gone} {part:?}: {again}"
            );
        }
    }
}

/// All that the whole venv has of the old place was counted, though only a part was touched.
#[test]
fn only_what_belongs_to_the_part_counts_as_adapted() {
    let (sandbox, id) = moved();
    let core = sandbox.path("moved").join(venv::SITE).join("click/core.py");
    fs::write(&core, b"").unwrap();
    let part = ["restore", "moved", id.as_str(), "--from-other", "--only"];
    let one = sandbox.json(0, &[&part[..], &["click"]].concat());
    assert_eq!(one["relocated"], 0, "{one}");
    let two = sandbox.json(0, &[&part[..], &["idna"]].concat());
    assert!(
        two["relocated"].as_u64().unwrap() >= 2,
        "its script and its RECORD: {two}"
    );
}

#[test]
fn a_snapshot_of_another_venv_goes_in_place_only_when_that_is_said() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.path("one"));
    venv::tiny(&sandbox.path("two"));
    venv::write(&sandbox.path("two"), "who", b"two");
    sandbox.ok(&["save", "one"]);
    let one = sandbox.ids().remove(0);
    for more in [
        &[][..],
        &["--force"],
        &["--only", "who"],
        &["--heal"],
        &["--exact"],
    ] {
        let run = sandbox.code(3, &[&["restore", "two", &one], more].concat());
        let names = |text: &str| text.contains("/one'") && text.contains("/two'");
        assert!(
            names(&run.stderr) && run.stderr.contains("--from-other"),
            "{run}"
        );
        assert_eq!(fs::read(sandbox.path("two/who")).unwrap(), b"two");
    }
    for flag in ["-n", "--from-other"] {
        let run = sandbox.ok(&["restore", "two", &one, flag, "--force"]);
        assert!(
            run.stdout.contains("/one") && run.stdout.contains("/two"),
            "{flag}: {run}"
        );
    }
    assert!(!sandbox.path("two/who").exists());
    let json = sandbox.json(0, &["restore", "two", &one, "-n"]);
    let ends = |value: &serde_json::Value, end| value.as_str().unwrap().ends_with(end);
    assert!(
        ends(&json["venv"], "/two") && ends(&json["other_venv"], "/one"),
        "{json}"
    );
    // Its own snapshots, and a place where nothing is replaced, need no such word.
    sandbox.ok(&["undo", "two"]);
    let json = sandbox.json(0, &["restore", "one", &one]);
    assert!(json["other_venv"].is_null(), "{json}");
    sandbox.ok(&["restore", "one", "--to", "three"]);
    sandbox.ok(&["restore", "four", &one]);
}

#[test]
fn what_a_restore_adapted_is_no_damage() {
    for how in [&["--to", "there"][..], &["--to", "there", "--exact"]] {
        let sandbox = Sandbox::new();
        with_script(&sandbox.venv());
        sandbox.ok(&["save", "venv"]);
        let id = sandbox.ids().remove(0);
        sandbox.ok(&[&["restore", "venv"], how].concat());
        let diff = sandbox.json(0, &["diff", "there", &id]);
        assert_eq!(diff["summary"]["damage"], 0, "{how:?}: {diff}");
        assert_eq!(
            diff["entries"].as_array().unwrap().len(),
            0,
            "{how:?}: {diff}"
        );
        if how.len() == 2 {
            sandbox.ok(&["check", "there"]);
        }
        let heal = ["restore", "there", &id, "--heal", "--from-other"];
        assert!(
            sandbox.ok(&heal).stdout.starts_with("nothing to do"),
            "{how:?}"
        );
        // What is damaged there is told, and nothing else.
        let script = fs::read(sandbox.path("there/bin/idna")).unwrap();
        fs::write(sandbox.path("there/bin/idna"), &script[..9]).unwrap();
        fs::remove_file(sandbox.path("there").join(venv::SITE).join("idna/core.py")).unwrap();
        let diff = sandbox.json(1, &["diff", "there", &id]);
        assert_eq!(diff["summary"]["damage"], 2, "{how:?}: {diff}");
        sandbox.ok(&heal);
        sandbox.ok(&["diff", "there", &id]);
    }
}

#[test]
fn what_was_moved_with_its_venv_is_adapted_and_is_no_damage() {
    // "identical", said diff, and restore of the same "mended: 2 altered".
    let empty = |value: &serde_json::Value| value.as_array().unwrap().is_empty();
    let place = ["restore", "moved"];
    for part in [&[][..], &["--only", "idna"]] {
        let (sandbox, id) = moved();
        let record = format!("{}/idna-1.0.dist-info/RECORD", venv::SITE);
        let diff = sandbox.json(0, &["diff", "moved", &id]);
        assert!(empty(&diff["entries"]), "{diff}");
        let named = diff["unadapted"].as_array().unwrap().iter();
        let named: Vec<_> = named.map(|one| one["path"].as_str().unwrap()).collect();
        assert_eq!(named, ["bin/idna", &record], "{diff}");
        let text = sandbox.ok(&["diff", "moved", &id]);
        assert!(
            text.stdout
                .contains("2 entries stand there as they were saved"),
            "{text}"
        );
        let args = [&place[..], &[&id, "--from-other"], part].concat();
        let dry = sandbox.json(0, &[&args[..], &["-n"]].concat());
        assert_eq!(
            (&dry["mode"], &dry["adapting"]),
            (&"dry-run".into(), &2.into())
        );
        assert!(empty(&dry["entries"]), "{dry}");
        let text = sandbox.ok(&[&args[..], &["-n"]].concat());
        assert!(text.stdout.contains("2 entries to be adapted"), "{text}");
        // What is hurt beside it is told alone.
        fs::write(
            sandbox.path("moved").join(venv::SITE).join("idna/core.py"),
            "",
        )
        .unwrap();
        let done = sandbox.json(0, &args);
        assert_eq!(done["adapting"], 2, "{done}");
        assert_eq!(done["entries"].as_array().unwrap().len(), 1, "{done}");
        let script = fs::read_to_string(sandbox.path("moved/bin/idna")).unwrap();
        assert!(script.contains("/moved/bin/python"), "{script}");
        let diff = sandbox.json(0, &["diff", "moved", &id]);
        assert!(
            empty(&diff["entries"]) && empty(&diff["unadapted"]),
            "{diff}"
        );
        let again = sandbox.json(0, &args);
        assert_eq!(again["adapting"], 0, "{again}");
        assert!(again["incident"].is_null(), "{again}");
    }
}
