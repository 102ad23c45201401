//! `save --follow`: of a venv that stands on a cache by links, what they lead to is saved, and a restore stands alone.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::answers::rules;
use crate::support::wheel::{build, pip, venv_with_pip};
use crate::support::{Sandbox, Tree, tools, uv, venv};

const FILES: [(&str, &str); 3] = [
    ("wool/__init__.py", "def main(): pass\n"),
    ("wool/core.py", "y = 2\n"),
    ("wool/none.py", ""),
];

/// A venv in which one distribution is links, and the directory in which what they lead to lies.
type Scene = fn() -> Option<(Sandbox, PathBuf)>;

/// Every file is a link into the cache of uv.
fn of_files() -> Option<(Sandbox, PathBuf)> {
    if !uv::is_there() {
        return None;
    }
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    let wheel = build(&sandbox.path("wheels"), "wool", "1.0", &FILES, &[]);
    uv::install(&sandbox, &wheel, "symlink");
    let link = site(&sandbox).join("wool/core.py");
    let cache = fs::read_link(link).unwrap();
    let archive = cache.parent().unwrap().parent().unwrap().to_owned();
    Some((sandbox, archive))
}

/// Whole directories are links, as those of `virtualenv --symlink-app-data`.
fn of_directories() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    let wheel = build(&sandbox.path("wheels"), "wool", "1.0", &FILES, &[]);
    pip(&sandbox.venv(), &["install", wheel.to_str().unwrap()]);
    let site = site(&sandbox);
    let image = sandbox.path("app-data/wheel/3.11/image/1/SymlinkPipInstall/wool-1.0-py3-none-any");
    fs::create_dir_all(&image).unwrap();
    for name in ["wool", "wool-1.0.dist-info"] {
        fs::rename(site.join(name), image.join(name)).unwrap();
        symlink(image.join(name), site.join(name)).unwrap();
    }
    (sandbox, image)
}

const SCENES: [Scene; 2] = [of_files, || Some(of_directories())];

fn site(sandbox: &Sandbox) -> PathBuf {
    sandbox.venv().join(venv::site_packages(&sandbox.venv()))
}

/// What Python imports in a venv.
fn imported(venv: &Path) -> String {
    let mut command = Command::new(venv.join("bin/python"));
    let told = tools::done(command.args(["-B", "-c", "import wool.core as c; print(c.y)"]));
    String::from_utf8(told.stdout).unwrap()
}

/// The links below site-packages.
fn links(sandbox: &Sandbox, venv: &str) -> usize {
    let mut find = Command::new("find");
    find.arg(sandbox.path(venv).join("lib"))
        .args(["-type", "l"]);
    let told = tools::done(&mut find).stdout;
    String::from_utf8(told).unwrap().lines().count()
}

fn kinds(answer: &Value) -> Vec<&str> {
    let entries = answer["entries"].as_array().unwrap().iter();
    let counting = entries.filter(|one| one["class"] != "noise");
    counting.map(|one| one["kind"].as_str().unwrap()).collect()
}

#[test]
fn what_links_lead_to_is_saved_and_a_restore_stands_alone() {
    for scene in SCENES {
        let Some((sandbox, cache)) = scene() else {
            continue;
        };
        let plain = sandbox.json(0, &["save", "venv"]);
        assert_eq!(plain["followed"], Value::Null, "{plain}");
        let saved = sandbox.json(0, &["save", "venv", "--follow"]);
        assert_eq!(saved["snapshot"]["baseline"], true, "{saved}");
        assert!(saved["followed"]["files"].as_u64().unwrap() >= 6, "{saved}");
        let show = sandbox.json(0, &["show", "latest", "--venv", "venv"]);
        assert_eq!(show["followed"], saved["followed"], "{show}");
        // The same again costs nothing.
        let again = sandbox.json(0, &["save", "venv", "--follow"]);
        assert_eq!(again["added"]["objects"], 0, "{again}");
        assert_eq!(again["followed"], saved["followed"], "{again}");
        fs::remove_dir_all(&cache).unwrap();
        sandbox.ok(&["restore", "venv", "--to", "alone"]);
        assert_eq!(imported(&sandbox.path("alone")), "2\n");
        assert_eq!(links(&sandbox, "alone"), 0);
        sandbox.json(0, &["check", "alone"]);
        // Where it stood as well; what was replaced comes back as it was, links and all.
        let before = Tree::of(&sandbox.venv());
        sandbox.ok(&["restore", "venv"]);
        assert_eq!(
            (imported(&sandbox.venv()), links(&sandbox, "venv")),
            ("2\n".to_owned(), 0)
        );
        sandbox.json(0, &["check", "venv"]);
        sandbox.ok(&["undo", "venv"]);
        assert_eq!(Tree::of(&sandbox.venv()), before);
    }
}

#[test]
fn links_that_lead_to_what_was_saved_are_no_difference_and_stay() {
    for scene in SCENES {
        let Some((sandbox, _)) = scene() else {
            continue;
        };
        sandbox.ok(&["save", "venv", "--follow"]);
        let before = Tree::of(&sandbox.venv());
        for snap in [
            &["diff", "venv"][..],
            &["restore", "venv"],
            &["restore", "venv", "--heal"],
        ] {
            assert_eq!(kinds(&sandbox.json(0, snap)), [""; 0], "{snap:?}");
        }
        assert_eq!(Tree::of(&sandbox.venv()), before);
        // What else is damaged is mended, and the links stay.
        fs::write(sandbox.venv().join("bin/pip"), b"").unwrap();
        let diff = sandbox.json(1, &["diff", "venv"]);
        assert_eq!(kinds(&diff), ["emptied"], "{diff}");
        sandbox.ok(&["restore", "venv", "--heal"]);
        assert_eq!(Tree::of(&sandbox.venv()), before);
        // But for who wants them gone.
        sandbox.ok(&["restore", "venv", "--force"]);
        assert_eq!(
            (imported(&sandbox.venv()), links(&sandbox, "venv")),
            ("2\n".to_owned(), 0)
        );
        assert_eq!(sandbox.json(0, &["diff", "venv"])["identical"], true);
    }
}

/// A snapshot of links cannot do that: `linked.rs`.
#[test]
fn damage_behind_links_is_told_with_the_cache_and_healed_from_what_was_saved() {
    type Hurt = fn(&Path);
    let hurts: [(&str, Hurt); 3] = [
        ("missing", |file| fs::remove_file(file).unwrap()),
        ("emptied", |file| fs::write(file, b"").unwrap()),
        ("altered", |file| fs::write(file, b"y = 3\n").unwrap()),
    ];
    for scene in SCENES {
        for (kind, hurt) in hurts {
            let Some((sandbox, cache)) = scene() else {
                continue;
            };
            sandbox.ok(&["save", "venv", "--follow"]);
            hurt(&cache.join("wool/core.py"));
            let diff = sandbox.json(1, &["diff", "venv"]);
            assert_eq!(rules(&diff), ["damaged-cache"], "{kind}: {diff}");
            let entries = diff["entries"].as_array().unwrap().iter();
            let core = entries.filter(|one| one["path"].as_str().unwrap().ends_with("core.py"));
            let core: Vec<&Value> = core.collect();
            assert_eq!(core.len(), 1, "{kind}: {diff}");
            assert_eq!(core[0]["class"], "damage", "{kind}: {diff}");
            sandbox.code(1, &["save", "venv", "--follow"]);
            sandbox.ok(&["restore", "venv", "--heal"]);
            assert_eq!(imported(&sandbox.venv()), "2\n", "{kind}");
            sandbox.json(0, &["check", "venv"]);
            assert_eq!(sandbox.json(0, &["diff", "venv"])["identical"], true);
        }
    }
}

#[test]
fn an_upgrade_by_links_is_an_upgrade_also_beside_what_was_followed() {
    let Some((sandbox, _)) = of_files() else {
        return;
    };
    sandbox.ok(&["save", "venv", "--follow"]);
    let files = [
        ("wool/__init__.py", "def main(): pass\n"),
        ("wool/core.py", "y = 22\n"),
        ("wool/more.py", "z = 1\n"),
    ];
    let wheel = build(&sandbox.path("wheels"), "wool", "2.0", &files, &[]);
    uv::install(&sandbox, &wheel, "symlink");
    let diff = sandbox.json(1, &["diff", "venv"]);
    assert_eq!(diff["summary"]["damage"], 0, "{diff}");
    assert_eq!(diff["packages"][0]["state"], "upgraded", "{diff}");
    let before = Tree::of(&sandbox.venv());
    sandbox.ok(&["restore", "venv", "--heal"]);
    assert_eq!(Tree::of(&sandbox.venv()), before);
    sandbox.ok(&["restore", "venv"]);
    assert_eq!(imported(&sandbox.venv()), "2\n");
    sandbox.json(0, &["check", "venv"]);
}

/// Those to the interpreter belong to the host, those within the venv to it, and of the others some cannot be followed.
#[test]
fn links_that_are_no_content_stay_links() {
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    let site = site(&sandbox);
    fs::write(site.join("own.py"), b"x = 1\n").unwrap();
    symlink("own.py", site.join("inner.py")).unwrap();
    symlink("/nowhere/at/all", site.join("dangling.py")).unwrap();
    symlink(sandbox.path(""), site.join("around")).unwrap();
    tools::done(Command::new("mkfifo").arg(sandbox.path("pipe")));
    symlink(sandbox.path("pipe"), site.join("pipe")).unwrap();
    fs::create_dir_all(sandbox.path("out/deep")).unwrap();
    fs::write(sandbox.path("out/deep/far.py"), b"far = 1\n").unwrap();
    symlink(sandbox.path("out"), sandbox.path("out/deep/circle")).unwrap();
    fs::create_dir(sandbox.path("beyond")).unwrap();
    fs::write(sandbox.path("beyond/last.py"), b"last = 1\n").unwrap();
    symlink(sandbox.path("beyond"), sandbox.path("out/beyond")).unwrap();
    symlink(sandbox.path("out"), site.join("shared")).unwrap();
    let saved = sandbox.json(0, &["save", "venv", "--follow"]);
    assert_eq!(saved["followed"]["files"], 2, "{saved}");
    sandbox.ok(&["restore", "venv", "--to", "alone"]);
    let there = sandbox
        .path("alone")
        .join(venv::site_packages(&sandbox.venv()));
    for name in [
        "inner.py",
        "dangling.py",
        "around",
        "pipe",
        "shared/deep/circle",
    ] {
        assert!(there.join(name).is_symlink(), "{name}");
    }
    for (name, content) in [
        ("shared/deep/far.py", "far = 1\n"),
        ("shared/beyond/last.py", "last = 1\n"),
    ] {
        assert_eq!(fs::read_to_string(there.join(name)).unwrap(), content);
        assert!(!there.join(name).is_symlink(), "{name}");
    }
    for name in ["shared", "shared/deep", "shared/beyond"] {
        assert!(
            there.join(name).is_dir() && !there.join(name).is_symlink(),
            "{name}"
        );
    }
    let python = sandbox.path("alone/bin/python");
    assert!(python.is_symlink(), "the interpreter is of the host");
    assert_eq!(sandbox.json(0, &["diff", "venv"])["identical"], true);
}
