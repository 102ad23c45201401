//! Random mixtures of damage, drift and noise: every entry gets the class of what was done to it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::Value;

use crate::support::damage::Damage;
use crate::support::{Sandbox, venv};

/// What a generator did to one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Hurt(Damage),
    Upgrade,
    Remove,
    Add,
    Bytecode,
    Touch,
}

/// 40 mixtures here; `VENV_SNAP_TEST_CASES=1000 cargo test --test suite random_mixtures` for the long run.
#[test]
fn in_random_mixtures_each_entry_has_the_class_of_what_was_done_to_it() {
    let cases = std::env::var("VENV_SNAP_TEST_CASES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(40);
    let config = Config {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(5),
        max_shrink_iters: 30,
        ..Config::default()
    };
    let sandbox = Sandbox::new();
    let names = ["ant", "bee", "cat", "dog", "elk", "fox"];
    venv::tiny(&sandbox.venv());
    for name in names {
        venv::package(
            &sandbox.venv(),
            venv::SITE,
            name,
            &["core.py", "a.py", "b.py", "sub/c.py"],
        );
    }
    sandbox.ok(&["save", "venv"]);
    let backup = sandbox.path("backup");
    venv::copy(&sandbox.venv(), &backup);
    use proptest::prelude::{Strategy, any};
    let deed = (0..6_usize, any::<u8>(), any::<u8>())
        .prop_map(|(package, what, file)| (package, what, file));
    TestRunner::new(config)
        .run(&proptest::collection::vec(deed, 1..10), |deeds| {
            let expected = do_all(&sandbox.venv(), &names, &deeds);
            let run = sandbox.snap(&["diff", "venv", "--json"]);
            let diff: Value = serde_json::from_str(&run.stdout).unwrap();
            for entry in diff["entries"].as_array().unwrap() {
                let path = entry["path"].as_str().unwrap();
                if let Some(class) = expected.get(path) {
                    assert_eq!(entry["class"], *class, "{deeds:?} {entry}");
                } else {
                    assert_ne!(entry["class"], "damage", "{deeds:?} {entry}");
                }
            }
            for (path, class) in &expected {
                let named = diff["entries"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|entry| entry["path"] == path.as_str());
                assert!(named || *class == "noise", "{deeds:?}: {path} is not told");
            }
            venv::put_back(&backup, &sandbox.venv());
            Ok(())
        })
        .unwrap();
}

/// Does each deed to a package of its own, and returns the class that each hurt path must have.
fn do_all(
    root: &Path,
    names: &[&str],
    deeds: &[(usize, u8, u8)],
) -> BTreeMap<String, &'static str> {
    let mut expected = BTreeMap::new();
    let mut done = std::collections::HashSet::new();
    for (package, what, file) in deeds {
        if !done.insert(*package) {
            continue;
        }
        let name = names[*package];
        let file = ["core.py", "a.py", "b.py", "sub/c.py"][usize::from(*file) % 4];
        let path = format!("{}/{name}/{file}", venv::SITE);
        let whole = root.join(&path);
        let damages = [
            Damage::Delete,
            Damage::Empty,
            Damage::Truncate,
            Damage::ZeroTail,
            Damage::AlterKeepingTime,
            Damage::Append,
            Damage::Chmod,
            Damage::BecomeLink,
        ];
        let deed = match what % 16 {
            0..=7 => Deed::Hurt(damages[usize::from(*what % 8)]),
            8 | 9 => Deed::Upgrade,
            10 => Deed::Remove,
            11 => Deed::Add,
            12 | 13 => Deed::Bytecode,
            _ => Deed::Touch,
        };
        match deed {
            Deed::Hurt(damage) => {
                damage.apply(&whole);
                expected.insert(path, "damage");
            }
            Deed::Upgrade => {
                // A new version whose RECORD agrees: other content, and another info directory.
                let site = root.join(venv::SITE);
                fs::remove_dir_all(site.join(format!("{name}-1.0.dist-info"))).unwrap();
                fs::remove_dir_all(site.join(name)).unwrap();
                upgrade(root, name);
                expected.insert(path, "drift");
            }
            Deed::Remove => {
                let site = root.join(venv::SITE);
                fs::remove_dir_all(site.join(format!("{name}-1.0.dist-info"))).unwrap();
                fs::remove_dir_all(site.join(name)).unwrap();
                expected.insert(path, "drift");
            }
            Deed::Add => {
                let path = format!("{}/{name}/added.txt", venv::SITE);
                fs::write(root.join(&path), b"more\n").unwrap();
                expected.insert(path, "drift");
            }
            Deed::Bytecode => {
                let path = format!("{}/{name}/__pycache__/core.cpython-311.pyc", venv::SITE);
                venv::write(root, &path, b"written by itself");
                expected.insert(path, "noise");
            }
            Deed::Touch => {
                Damage::Touch.apply(&whole);
                expected.insert(path, "noise");
            }
        }
    }
    expected
}

/// Lays out version 2.0 of a package.
fn upgrade(root: &Path, name: &str) {
    use sha2::Digest;
    let info = format!("{name}-2.0.dist-info");
    let mut rows = String::new();
    let mut put = |path: String, content: String| {
        let hash = data_encoding::BASE64URL_NOPAD.encode(&sha2::Sha256::digest(&content));
        rows.push_str(&format!("{path},sha256={hash},{}\n", content.len()));
        venv::write(root, &format!("{}/{path}", venv::SITE), content.as_bytes());
    };
    put(
        format!("{name}/__init__.py"),
        "from . import core\n# two\n".to_owned(),
    );
    for file in ["core.py", "a.py", "b.py", "sub/c.py", "new.py"] {
        put(
            format!("{name}/{file}"),
            format!("two = '{file}'\n").repeat(30),
        );
    }
    put(
        format!("{info}/METADATA"),
        format!("Metadata-Version: 2.1\nName: {name}\nVersion: 2.0\n"),
    );
    rows.push_str(&format!("{info}/RECORD,,\n"));
    venv::write(
        root,
        &format!("{}/{info}/RECORD", venv::SITE),
        rows.as_bytes(),
    );
}
