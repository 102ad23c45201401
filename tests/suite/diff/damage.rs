//! Damage × place × verb: each is named by its kind, mended, and nothing else is touched.

use std::fs;

use crate::support::damage::Damage;
use crate::support::faults::is_root;
use crate::support::session::Session;
use crate::support::{Sandbox, Tree, venv};

/// One file of each sort: a module, a script, a dist-info file, the venv's own mark, a large binary.
const PLACES: [&str; 5] = [
    "site/click/core.py",
    "bin/tool",
    "site/click-1.0.dist-info/RECORD",
    "pyvenv.cfg",
    "site/numb/_core.so",
];

#[test]
fn every_damage_in_every_place_is_named_mended_and_nothing_else_touched() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    venv::write(
        &sandbox.venv(),
        &format!("{}/numb/_core.so", venv::SITE),
        &venv::noise(4_500_000),
    );
    sandbox.ok(&["save", "venv"]);
    let good = Tree::of(&sandbox.venv());
    for place in PLACES {
        let inside = place.replace("site", venv::SITE);
        for damage in Damage::ALL
            .into_iter()
            .filter(|damage| is_root() || *damage != Damage::Chown)
        {
            damage.apply(&sandbox.venv().join(&inside));
            let what = format!("{damage:?} of {place}");
            let hurt = Tree::of(&sandbox.venv());

            let noise = damage == Damage::Touch;
            let diff = sandbox.json(i32::from(!noise), &["diff", "venv"]);
            let entries = diff["entries"].as_array().unwrap();
            let named: Vec<_> = entries
                .iter()
                .filter(|entry| entry["path"] == inside.as_str())
                .collect();
            assert_eq!(named.len(), 1, "{what}: {diff}");
            assert_eq!(named[0]["kind"], damage.kind(), "{what}: {diff}");
            let class = if noise { "noise" } else { "damage" };
            assert_eq!(named[0]["class"], class, "{what}: {diff}");
            // The directory's time moves with what is in it, and what came with the damage lies below it.
            let others = entries.iter().filter(|entry| {
                entry["kind"] != "mtime" && !entry["path"].as_str().unwrap().starts_with(&inside)
            });
            assert_eq!(others.count(), 0, "{what}: {diff}");
            hurt.assert_same(&Tree::of(&sandbox.venv()), &format!("diff of {what}"));

            let dry = sandbox.ok(&["restore", "venv", "--dry-run"]);
            hurt.assert_same(
                &Tree::of(&sandbox.venv()),
                &format!("dry run of {what}\n{dry}"),
            );
            let force: &[&str] = if noise {
                &["restore", "venv", "--force"]
            } else {
                &["restore", "venv"]
            };
            sandbox.ok(force);
            good.assert_same(&Tree::of(&sandbox.venv()), &what);

            sandbox.ok(&["undo", "venv", "--force"]);
            hurt.assert_same(&Tree::of(&sandbox.venv()), &format!("undo of {what}"));
            sandbox.ok(&["undo", "venv", "--force"]);
            good.assert_same(
                &Tree::of(&sandbox.venv()),
                &format!("undo of the undo of {what}"),
            );
        }
    }
    assert_eq!(sandbox.debris(), Vec::<String>::new());
}

#[test]
fn the_details_say_where_the_damage_begins() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let site = sandbox.venv().join(venv::SITE);
    let size = fs::metadata(site.join("click/core.py")).unwrap().len();
    sandbox.ok(&["save", "venv"]);
    Damage::Truncate.apply(&site.join("click/core.py"));
    Damage::ZeroTail.apply(&site.join("click/utils.py"));
    Damage::AlterKeepingTime.apply(&site.join("idna/core.py"));
    let diff = sandbox.json(1, &["diff", "venv"]);
    let detail = |name: &str| {
        let entries = diff["entries"].as_array().unwrap();
        entries
            .iter()
            .find(|entry| entry["path"].as_str().unwrap().ends_with(name))
            .unwrap()["detail"]
            .clone()
    };
    assert_eq!(detail("click/core.py")["kept_bytes"], size / 2);
    let half = |name: &str| fs::metadata(site.join(name)).unwrap().len() / 2;
    assert_eq!(
        detail("click/utils.py")["from_byte"],
        half("click/utils.py")
    );
    assert_eq!(
        detail("idna/core.py")["first_difference"],
        half("idna/core.py")
    );
}

#[test]
fn three_thousand_extra_files_do_not_drown_three_missing_ones() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    for number in 0..3000 {
        venv::write(
            &sandbox.venv(),
            &format!("{}/aaa/file{number}.txt", venv::SITE),
            b"extra",
        );
    }
    for name in ["click/core.py", "click/utils.py", "idna/core.py"] {
        fs::remove_file(sandbox.venv().join(venv::SITE).join(name)).unwrap();
    }
    let mut session = Session::new(&sandbox);
    let run = session.run(1, &["diff", "venv"]);
    insta::assert_snapshot!(session.told());
    assert!(run.stdout.lines().count() < 25, "{run}");
    let all = sandbox.code(1, &["diff", "venv", "-v"]);
    assert!(all.stdout.lines().count() > 3000);
}

#[test]
fn bytecode_is_noise_until_python_would_believe_what_is_broken() {
    let sandbox = Sandbox::new();
    venv::real(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let cache = sandbox
        .venv()
        .join(venv::site_packages(&sandbox.venv()))
        .join("click/__pycache__");
    let mut files: Vec<_> = fs::read_dir(&cache)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    fs::remove_file(&files[0]).unwrap();
    fs::write(&files[1], b"").unwrap();
    fs::write(cache.join("extra.cpython-311.pyc"), b"x").unwrap();
    let diff = sandbox.json(0, &["diff", "venv"]);
    assert_eq!(diff["identical"], true, "{diff}");
    assert!(diff["summary"]["noise"].as_u64().unwrap() >= 3, "{diff}");
    // Cut behind its header, which still fits the source: Python would fail on it.
    let content = fs::read(&files[2]).unwrap();
    fs::write(&files[2], &content[..40]).unwrap();
    let diff = sandbox.json(1, &["diff", "venv"]);
    assert_eq!(diff["summary"]["kinds"]["truncated"], 1, "{diff}");
}

#[test]
fn only_what_matches_is_restored() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let good = Tree::of(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let site = sandbox.venv().join(venv::SITE);
    fs::remove_dir_all(site.join("click")).unwrap();
    fs::write(site.join("idna/core.py"), b"local patch").unwrap();
    fs::write(sandbox.venv().join("mine"), b"stays").unwrap();
    sandbox.code(
        2,
        &["restore", "venv", "--only", "lib/*/site-packages/clack"],
    );
    sandbox.ok(&["restore", "venv", "--only", "lib/*/site-packages/click"]);
    let now = Tree::of(&sandbox.venv());
    for (path, record) in good
        .0
        .iter()
        .filter(|(path, _)| path.starts_with(format!("{}/click", venv::SITE)))
    {
        assert_eq!(now.0.get(path), Some(record), "{}", path.display());
    }
    assert_eq!(fs::read(site.join("idna/core.py")).unwrap(), b"local patch");
    assert_eq!(fs::read(sandbox.venv().join("mine")).unwrap(), b"stays");
}
