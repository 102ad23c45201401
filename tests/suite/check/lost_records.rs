//! A record that went while the files that it lists stay: damage where the newest baseline had it, an uninstall where
//! the files went as well, and nothing that could be claimed where no baseline is known. `check`, `save` and `diff` say
//! the same.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use serde_json::Value;

use crate::support::answers::found;
use crate::support::conda;
use crate::support::sandbox::site;
use crate::support::upgrade;
use crate::support::wheel::pip;
use crate::support::{Sandbox, venv};

const INFO: &str = "click-1.0.dist-info";

type Deed = fn(&Path);

fn remove_all(root: &Path, paths: &[&str]) {
    for path in paths {
        let path = root.join(path);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }
}

/// Whether each of the three finds damage, and what `check` finds.
fn told(sandbox: &Sandbox) -> ([bool; 3], Vec<String>) {
    let check = sandbox.snap(&["check", "venv", "--json"]);
    let answer: Value = serde_json::from_str(&check.stdout).unwrap();
    let diff = sandbox.snap(&["diff", "venv", "--json"]);
    let changed: Value = serde_json::from_str(&diff.stdout).unwrap();
    let by_diff = changed["summary"]["damage"].as_u64() > Some(0);
    let save = sandbox.snap(&["save", "venv", "--json"]);
    assert!(save.code < 2, "{save}");
    ([check.code == 1, save.code == 1, by_diff], found(&answer))
}

/// `pip install click==2.0` with the same modules.
fn upgraded(site: &Path) {
    let info = site.join("click-2.0.dist-info");
    fs::rename(site.join(INFO), &info).unwrap();
    let metadata = fs::read_to_string(info.join("METADATA")).unwrap();
    let metadata = metadata.replace("Version: 1.0", "Version: 2.0");
    fs::write(info.join("METADATA"), &metadata).unwrap();
    let list = fs::read_to_string(info.join("RECORD")).unwrap();
    let list = list.replace("click-1.0", "click-2.0");
    let path = "click-2.0.dist-info/METADATA,";
    let rest: String = list
        .lines()
        .filter(|row| !row.starts_with(path))
        .map(|row| format!("{row}\n"))
        .collect();
    let row = format!("{path}{}\n", venv::recorded(metadata.as_bytes()));
    fs::write(info.join("RECORD"), rest + &row).unwrap();
}

/// A fork of another name, which has the same modules.
fn forked(site: &Path) {
    let list = fs::read_to_string(site.join(INFO).join("RECORD")).unwrap();
    remove_all(site, &[INFO]);
    let info = site.join("clack-1.0.dist-info");
    fs::create_dir(&info).unwrap();
    let metadata = "Metadata-Version: 2.1\nName: clack\nVersion: 1.0\n";
    fs::write(info.join("METADATA"), metadata).unwrap();
    fs::write(info.join("INSTALLER"), "pip\n").unwrap();
    let rows = list.lines().filter(|row| !row.starts_with(INFO));
    let mut rows: String = rows.map(|row| format!("{row}\n")).collect();
    for name in ["METADATA", "INSTALLER", "RECORD"] {
        rows.push_str(&format!("clack-1.0.dist-info/{name},,\n"));
    }
    fs::write(info.join("RECORD"), rows).unwrap();
}

const GONE: Option<&str> = Some("record-gone click-1.0.dist-info");

/// What is done to site-packages, and the first finding.
const DEEDS: [(&str, Deed, Option<&str>); 10] = [
    ("nothing", |_| (), None),
    ("the info directory", |site| remove_all(site, &[INFO]), GONE),
    (
        "all but one file",
        |site| {
            let more = ["click/core.py", "click/utils.py", "click/py.typed"];
            remove_all(site, &[&[INFO], &more[..]].concat());
        },
        GONE,
    ),
    (
        "renamed",
        |site| fs::rename(site.join(INFO), site.join("click.bak")).unwrap(),
        GONE,
    ),
    (
        "uninstalled",
        |site| remove_all(site, &[INFO, "click"]),
        None,
    ),
    (
        "uninstalled, and what Python wrote left",
        |site| {
            remove_all(site, &[INFO, "click"]);
            let cache = site.join("click/__pycache__");
            fs::create_dir_all(&cache).unwrap();
            fs::write(cache.join("core.cpython-311.pyc"), b"").unwrap();
        },
        None,
    ),
    ("another version", upgraded, None),
    ("another distribution has the files", forked, None),
    // These are told by other checks, each once.
    (
        "put aside by pip",
        |site| fs::rename(site.join(INFO), site.join("~lick-1.0.dist-info")).unwrap(),
        Some("interrupted ~lick-1.0.dist-info"),
    ),
    (
        "all packages",
        |site| remove_all(site, &[INFO, "idna-1.0.dist-info"]),
        Some("packages-gone "),
    ),
];

/// What `save` made a baseline of was what `diff` had called damaged.
#[test]
fn files_whose_record_went_are_damage_and_those_that_went_with_it_are_none() {
    for (what, deed, finding) in DEEDS {
        let sandbox = Sandbox::new();
        venv::tiny(&sandbox.venv());
        sandbox.ok(&["save", "venv"]);
        deed(&site(&sandbox));
        let (said, found) = told(&sandbox);
        // What is gone as well may be told of by itself.
        let first = found.first().map(String::as_str);
        assert_eq!(first, finding, "{what}: {found:?}");
        let is_again = |one: &String| one.starts_with("leftover");
        assert!(!found.iter().any(is_again), "{what}: {found:?}");
        assert_eq!(said, [finding.is_some(); 3], "{what}");
    }
}

#[test]
fn a_store_that_cannot_be_asked_is_told_and_not_waited_for() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    remove_all(&site(&sandbox), &[INFO]);
    let lock = fs::File::open(sandbox.path("store/lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let start = Instant::now();
    let run = sandbox.snap(&["check", "venv"]);
    assert!(
        run.stderr.contains("it is not known whether packages went"),
        "{run}"
    );
    assert!(start.elapsed() < Duration::from_secs(20), "{run}");
    drop(lock);
    let run = sandbox.code(1, &["check", "venv"]);
    assert!(!run.stderr.contains("not known"), "{run}");
    fs::rename(sandbox.path("store"), sandbox.path("elsewhere")).unwrap();
    let run = sandbox.ok(&["check", "venv"]);
    assert_eq!(run.stderr, "", "{run}");
}

#[test]
fn what_pip_removes_and_replaces_lost_no_record() {
    let (sandbox, old, new) = upgrade::saved();
    let venv = sandbox.venv();
    let steps: [&[&str]; 4] = [
        &["install", new.to_str().unwrap()],
        &["install", "--force-reinstall", new.to_str().unwrap()],
        &["install", old.to_str().unwrap()],
        &["uninstall", "-y", "wares"],
    ];
    for step in steps {
        pip(&venv, step);
        assert_eq!(told(&sandbox), ([false; 3], Vec::new()), "{step:?}");
    }
    pip(&venv, &["install", old.to_str().unwrap()]);
    sandbox.ok(&["save", "venv"]);
    let info = venv
        .join(venv::site_packages(&venv))
        .join("wares-1.0.dist-info");
    fs::remove_dir_all(info).unwrap();
    let (said, found) = told(&sandbox);
    assert_eq!((said, found.len()), ([true; 3], 1), "{found:?}");
}

#[test]
fn who_means_it_accepts_it_and_what_was_lost_comes_back_by_a_heal() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let lose = || fs::remove_dir_all(site(&sandbox).join(INFO)).unwrap();
    // Without a baseline nobody knows what became of them: that no distribution lists them is a note.
    lose();
    let answer = sandbox.json(0, &["check", "venv"]);
    assert_eq!(
        (found(&answer), &answer["summary"]["unowned"]),
        (vec!["leftover click".to_owned()], &4.into())
    );
    fs::remove_dir_all(sandbox.venv()).unwrap();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    lose();
    let text = sandbox.code(1, &["check", "venv"]);
    let says = "site-packages/click-1.0.dist-info: it is gone, and 4 files of it are still there";
    assert!(text.stdout.replace("\n   ", "").contains(says), "{text}");
    for _ in 0..2 {
        let saved = sandbox.json(0, &["save", "venv", "--force"]);
        assert_eq!(saved["snapshot"]["baseline"], false, "{saved}");
    }
    sandbox.ok(&["restore", "venv", "--heal"]);
    sandbox.ok(&["check", "venv"]);
    sandbox.ok(&["diff", "venv"]);
    lose();
    let rule = "[[accept]]\ncheck = 'record-gone'\npackage = 'click'\nreason = 'by hand'\n";
    fs::write(sandbox.path("snap.toml"), rule).unwrap();
    let saved = sandbox.json(0, &["save", "venv"]);
    assert_eq!(saved["snapshot"]["baseline"], true, "{saved}");
    fs::remove_file(sandbox.path("snap.toml")).unwrap();
    sandbox.ok(&["save", "venv"]);
    sandbox.ok(&["check", "venv"]);
}

const COOL: &str = "conda-meta/cool-3.3.0-h4ab18f5_0.json";
const WOOL: &str = "conda-meta/wool-1.0-pyhd8ed1ab_0.json";
const ALIAS: &str = "conda-meta/_alias-4.5-2_gnu.json";

/// `conda update cool` to another build of the same version.
fn rebuilt(root: &Path) {
    let text = fs::read_to_string(root.join(COOL)).unwrap();
    fs::remove_file(root.join(COOL)).unwrap();
    let list = root.join(COOL.replace("h4ab18f5_0", "h4ab18f5_1"));
    fs::write(list, text.replace("h4ab18f5_0", "h4ab18f5_1")).unwrap();
}

/// `conda remove cool`.
fn removed(root: &Path) {
    let files = [
        "bin/cool",
        "share/cool/empty",
        "lib/libcool.so",
        "lib/nowhere.so",
    ];
    remove_all(root, &[&[COOL, conda::LIBRARY], &files[..]].concat());
}

/// What is done to an environment, the findings about records, and whether they need a baseline.
const OF_CONDA: [(&str, Deed, &[&str], bool); 5] = [
    (
        "the list of a library",
        |root| remove_all(root, &[COOL]),
        &["record-gone conda-meta/cool-3.3.0-h4ab18f5_0.json"],
        true,
    ),
    (
        "the list of a distribution",
        |root| remove_all(root, &[WOOL]),
        &["record-unreadable wool-1.0.dist-info"],
        false,
    ),
    (
        "all lists",
        |root| remove_all(root, &[COOL, WOOL, ALIAS]),
        &[
            "record-gone conda-meta/cool-3.3.0-h4ab18f5_0.json",
            "record-gone conda-meta/wool-1.0-pyhd8ed1ab_0.json",
        ],
        true,
    ),
    ("removed", removed, &[], false),
    ("another build", rebuilt, &[], false),
];

#[test]
fn a_package_that_conda_knows_no_more_is_damage_where_its_files_stay() {
    for (what, deed, findings, needs_baseline) in OF_CONDA {
        for is_saved in [true, false] {
            let sandbox = Sandbox::new();
            conda::environment(&sandbox.venv());
            if is_saved {
                sandbox.ok(&["save", "venv", "--any"]);
            }
            deed(&sandbox.venv());
            let answer = sandbox.snap(&["check", "venv", "--json"]);
            let answer: Value = serde_json::from_str(&answer.stdout).unwrap();
            let mut found = found(&answer);
            // By the RECORD of its wheel, which counts then, the script that conda made is another one.
            found.retain(|one| one != "file-altered bin/wool");
            let is_told = is_saved || !needs_baseline;
            let expected = if is_told { findings } else { &[] };
            assert_eq!(found, expected, "{what}, saved: {is_saved}: {answer}");
            if is_saved {
                assert_eq!(told(&sandbox).0, [!findings.is_empty(); 3], "{what}");
            }
        }
    }
}
