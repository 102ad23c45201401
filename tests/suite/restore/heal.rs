//! What `restore --heal` mends, and what it leaves alone because the snapshot has another version of it.

use std::fs;
use std::path::PathBuf;

use crate::support::answers::states;
use crate::support::upgrade::{add, saved};
use crate::support::wheel::{build, pip, venv_with_pip};
use crate::support::{Sandbox, Tree, venv};

#[test]
fn a_finished_upgrade_of_which_a_file_is_damaged_is_left_as_it_is_and_named() {
    // It was called half done, and taken back to the version of the snapshot.
    let (sandbox, _, new) = saved();
    pip(&sandbox.venv(), &["install", new.to_str().unwrap()]);
    add(&sandbox);
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    fs::write(site.join("wares/part3.py"), b"").unwrap();
    fs::write(site.join("addon/__init__.py"), b"").unwrap();
    let hurt = Tree::of(&sandbox.venv());
    let run = sandbox.code(3, &["restore", "venv", "--heal"]);
    for part in [
        "nothing was changed",
        "wares 2.0 stays damaged (1 entry): the snapshot has wares 1.0",
        "addon 3.1 stays damaged (1 entry): the snapshot has none",
    ] {
        assert!(run.stdout.contains(part), "{part}: {run}");
    }
    hurt.assert_same(&Tree::of(&sandbox.venv()), "nothing that mends it");
    let json = sandbox.json(3, &["restore", "venv", "--heal"]);
    assert_eq!(json["mode"], "left-alone", "{json}");
    assert_eq!(json["left"][1]["name"], "wares");
    assert_eq!(json["left"][1]["actual"], "2.0");
    // What both versions have in common comes back, and other packages do.
    fs::write(site.join("wares/same.py"), b"").unwrap();
    fs::write(site.join("pip/__init__.py"), b"").unwrap();
    let json = sandbox.json(3, &["restore", "venv", "--heal"]);
    let mended: Vec<&str> = json["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["class"] == "damage")
        .map(|entry| entry["path"].as_str().unwrap())
        .collect();
    assert_eq!(mended.len(), 2, "{json}");
    assert_eq!(fs::read(site.join("wares/same.py")).unwrap(), b"same = 1\n");
    assert_eq!(json["left"].as_array().unwrap().len(), 2, "{json}");
    let diff = sandbox.json(1, &["diff", "venv"]);
    assert_eq!(states(&diff), ["addon damaged", "wares damaged"], "{diff}");
}

#[test]
fn an_upgrade_without_its_record_is_half_done() {
    // Files of the old version came back one by one, between those of the new one.
    let (sandbox, _, new) = saved();
    let good = Tree::of(&sandbox.venv());
    pip(&sandbox.venv(), &["install", new.to_str().unwrap()]);
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    fs::write(site.join("wares-2.0.dist-info/RECORD"), b"").unwrap();
    let run = sandbox.ok(&["restore", "venv", "--heal"]);
    assert!(
        run.stderr.contains("from 1.0 to 2.0 was half done"),
        "{run}"
    );
    assert!(!site.join("wares-2.0.dist-info").exists(), "{run}");
    let now = Tree::of(&sandbox.venv());
    let wares = |tree: &Tree| -> Vec<PathBuf> {
        let paths = tree.0.keys();
        paths
            .filter(|path| path.to_string_lossy().contains("wares"))
            .cloned()
            .collect()
    };
    let strays: Vec<_> = wares(&now)
        .into_iter()
        .filter(|path| !good.0.contains_key(path))
        .collect();
    // Without RECORD nobody knows that they were of the new version: they are told as extra, and stay.
    assert!(
        strays
            .iter()
            .all(|path| path.to_string_lossy().contains("fresh")
                || path.to_string_lossy().contains("nest")),
        "{strays:?}"
    );
}

/// The outage that this project was born from, as an installer that writes RECORD to match leaves it: it was called
/// another build.
#[test]
fn the_same_build_installed_again_with_files_left_out_comes_back_whole() {
    let (sandbox, ..) = saved();
    let good = Tree::of(&sandbox.venv());
    let module = |n: usize| (format!("wares/part{n}.py"), format!("x = {n}\n").repeat(50));
    let modules: Vec<(String, String)> = (0..12).map(module).collect();
    let again = |init: &str, dir: &str, requires: &[&str]| {
        let mut files = vec![
            ("wares/__init__.py", init),
            ("wares/gone.py", "old = 1\n"),
            ("wares/same.py", "same = 1\n"),
        ];
        let modules = modules.iter();
        files.extend(modules.map(|(path, text)| (path.as_str(), text.as_str())));
        let wheel = build(&sandbox.path(dir), "wares", "1.0", &files, requires);
        let options = ["install", "--force-reinstall", "--no-deps"];
        let args = [&options[..], &[wheel.to_str().unwrap()]].concat();
        pip(&sandbox.venv(), &args);
    };
    let init = "from .core import main\n__version__ = '1.0'\n";
    again(init, "faulty", &[]);
    let run = sandbox.code(1, &["diff", "venv"]);
    assert!(run.stdout.contains("wares/core.py"), "{run}");
    let run = sandbox.ok(&["restore", "venv", "--heal"]);
    let said = "wares 1.0 was installed again with files left out; it comes back whole";
    assert!(run.stderr.contains(said), "{run}");
    let wares = |mut tree: Tree| -> Tree {
        let of_wares = |path: &PathBuf| path.to_string_lossy().contains("wares");
        tree.0.retain(|path, _| of_wares(path));
        tree.without_bytecode()
    };
    wares(good).assert_same(&wares(Tree::of(&sandbox.venv())), "healed");
    sandbox.ok(&["check", "venv"]);
    // Another build has other code or other METADATA; what the snapshot has may not fit to it.
    let left_alone = || {
        let before = Tree::of(&sandbox.venv());
        let run = sandbox.code(3, &["restore", "venv", "--heal"]);
        let said = "the snapshot has another build of it";
        assert!(run.stdout.contains(said), "{run}");
        before.assert_same(&Tree::of(&sandbox.venv()), "another build");
    };
    again("__version__ = '1.0'\n", "other", &[]);
    left_alone();
    again(init, "wants", &["six"]);
    left_alone();
    // Nor is an editable install a part of the build: it has no module of its own.
    again(init, "faulty", &[]);
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    let info = site.join("wares-1.0.dist-info");
    fs::rename(site.join("wares"), sandbox.path("checkout")).unwrap();
    std::os::unix::fs::symlink(sandbox.path("checkout"), site.join("wares")).unwrap();
    let record = fs::read_to_string(info.join("RECORD")).unwrap();
    let rows = record.lines().filter(|row| !row.starts_with("wares/"));
    let rows: String = rows.map(|row| format!("{row}\n")).collect();
    fs::write(info.join("RECORD"), rows + "wares,,\n").unwrap();
    let before = Tree::of(&sandbox.venv());
    sandbox.snap(&["restore", "venv", "--heal"]);
    before.assert_same(&Tree::of(&sandbox.venv()), "an editable install");
}

/// As a copy over an older state leaves it. The files of the new version were taken for damaged ones of the old, and
/// put back between them.
#[test]
fn an_upgrade_beside_which_the_old_info_directory_stands_is_one() {
    let (sandbox, _, new) = saved();
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    let info = site.join("wares-1.0.dist-info");
    venv::copy(&info, &sandbox.path("aside"));
    pip(&sandbox.venv(), &["install", new.to_str().unwrap()]);
    venv::copy(&sandbox.path("aside"), &info);
    // With what the new version dropped.
    fs::write(site.join("wares/gone.py"), b"old = 1\n").unwrap();
    let diff = sandbox.json(1, &["diff", "venv"]);
    assert_eq!(states(&diff), ["wares upgraded"], "{diff}");
    assert_eq!(diff["summary"]["damage"], 0, "{diff}");
    let before = Tree::of(&sandbox.venv());
    sandbox.ok(&["restore", "venv", "--heal"]);
    before.assert_same(&Tree::of(&sandbox.venv()), "drift");
    // Nothing of the old version goes between the files of the new one.
    fs::write(site.join("wares/part3.py"), b"").unwrap();
    let before = Tree::of(&sandbox.venv());
    let run = sandbox.code(3, &["restore", "venv", "--heal"]);
    let said = "wares 2.0 stays damaged (1 entry): the snapshot has wares 1.0";
    assert!(run.stdout.contains(said), "{run}");
    before.assert_same(&Tree::of(&sandbox.venv()), "another version");
}

/// Some copy left it long ago, on both sides. It was taken for the version of the snapshot.
#[test]
fn an_older_info_directory_that_stands_on_both_sides_changes_nothing() {
    let (sandbox, ..) = saved();
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    let (own, old) = (
        site.join("wares-1.0.dist-info"),
        site.join("wares-0.9.dist-info"),
    );
    venv::copy(&own, &old);
    fs::write(
        old.join("METADATA"),
        "Metadata-Version: 2.1\nName: wares\nVersion: 0.9\n",
    )
    .unwrap();
    let record = fs::read_to_string(own.join("RECORD")).unwrap();
    let rows = record.lines().filter(|row| row.starts_with("wares/part"));
    let rows: String = rows.map(|row| format!("{row}\n")).collect();
    let rows = rows.replace("/part", "/old") + "wares-0.9.dist-info/METADATA,,\n";
    fs::write(old.join("RECORD"), rows).unwrap();
    sandbox.ok(&["save", "venv", "--force"]);
    let id = sandbox.ids().pop().unwrap();
    fs::write(site.join("wares/part3.py"), b"").unwrap();
    let diff = sandbox.json(1, &["diff", "venv", &id]);
    assert_eq!(states(&diff), ["wares damaged"], "{diff}");
    assert_eq!(diff["packages"][0]["expected"], "1.0", "{diff}");
    assert_eq!(diff["summary"]["damage"], 1, "{diff}");
    sandbox.ok(&["restore", "venv", &id, "--heal"]);
    sandbox.ok(&["diff", "venv", &id]);
}

/// Their installation had come to its end when a sweep took files of them. They were called half done, and removed or
/// taken back to the version of the snapshot.
#[test]
fn packages_of_which_a_sweep_took_files_are_mended_or_left_and_never_taken_back() {
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    let wheel = |name: &str, version: &str, modules: &[&str]| {
        let text = format!("name = '{name} {version}'\ndef main(): pass\n");
        let files: Vec<(&str, &str)> = modules.iter().map(|one| (*one, &*text)).collect();
        let wheel = build(&sandbox.path("wheels"), name, version, &files, &[]);
        pip(&sandbox.venv(), &["install", wheel.to_str().unwrap()]);
    };
    let click = ["click/__init__.py", "click/core.py", "click/more.py"];
    wheel("click", "8.1", &click);
    wheel("packaging", "24.0", &["packaging/__init__.py"]);
    wheel("six", "1.16", &["six.py"]);
    sandbox.ok(&["save", "venv"]);
    wheel("click", "8.2", &click);
    wheel("packaging", "25.0", &["packaging/__init__.py"]);
    wheel(
        "httpcore",
        "1.0",
        &["httpcore/__init__.py", "httpcore/core.py"],
    );
    wheel("seven", "7.0", &["seven.py"]);
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    let whole = Tree::of(&site);
    // Bytecode aside, which Python writes again.
    let is_swept = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_core = name.starts_with("core.") && name.ends_with(".py");
        is_core || ["six.py", "seven.py"].contains(&&*name)
    };
    let swept: Vec<PathBuf> = whole
        .0
        .keys()
        .filter(|one| is_swept(one))
        .cloned()
        .collect();
    for path in &swept {
        fs::remove_file(site.join(path)).unwrap();
    }
    assert!(swept.len() > 5, "pip bundles some: {swept:?}");
    let left = |json: &serde_json::Value| -> Vec<String> {
        let left = json["left"].as_array().unwrap().iter();
        left.map(|one| one["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let json = sandbox.json(3, &["restore", "venv", "--heal"]);
    assert_eq!(left(&json), ["click", "httpcore", "seven"], "{json}");
    // All that the snapshot has is back, and nothing else changed.
    let now = Tree::of(&site);
    let gone: Vec<&PathBuf> = swept
        .iter()
        .filter(|one| !now.0.contains_key(*one))
        .collect();
    let lost = ["click/core.py", "httpcore/core.py", "seven.py"].map(PathBuf::from);
    assert_eq!(gone, lost.iter().collect::<Vec<_>>());
    for path in whole.0.keys().filter(|one| !lost.contains(one)) {
        assert!(now.0.contains_key(path), "{} was removed", path.display());
    }
    let text = |path: &str| fs::read_to_string(site.join(path)).unwrap();
    assert!(text("click/more.py").contains("click 8.2"));
    assert!(text("packaging/__init__.py").contains("packaging 25.0"));
    assert!(text("six.py").contains("six 1.16"));
    // The version of the snapshot is there for who asks for it.
    sandbox.ok(&["restore", "venv", "--only", "click"]);
    assert!(text("click/core.py").contains("click 8.1"));
}

#[test]
fn a_file_that_became_a_directory_with_something_in_it_is_mended() {
    // What lay in it stayed in the new tree, below a file.
    let file = format!("{}/idna/core.py", venv::SITE);
    for part in [&["--heal"][..], &["--only", "idna"], &["--only", &file]] {
        let sandbox = Sandbox::new();
        venv::tiny(&sandbox.venv());
        sandbox.ok(&["save", "venv"]);
        let path = sandbox.venv().join(&file);
        let good = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        venv::write(&path, "deep/inside", b"inside\n");
        venv::write(&sandbox.venv(), "lib/mine", b"mine\n");
        let hurt = Tree::of(&sandbox.venv());
        let run = sandbox.ok(&[&["restore", "venv"], part].concat());
        assert_eq!(fs::read(&path).unwrap(), good, "{part:?}: {run}");
        assert!(sandbox.venv().join("lib/mine").exists(), "{part:?}: {run}");
        sandbox.ok(&["undo", "venv"]);
        hurt.assert_same(&Tree::of(&sandbox.venv()), "undone");
    }
}

#[test]
fn packages_that_are_gone_as_a_whole_are_named_by_what_leaves_them_alone() {
    let (sandbox, ..) = saved();
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    pip(&sandbox.venv(), &["uninstall", "-y", "wares"]);
    fs::write(site.join("pip/__init__.py"), b"").unwrap();
    let run = sandbox.ok(&["restore", "venv", "--heal"]);
    let told = "left as they are, since all of them is gone: wares; --only NAME";
    assert!(run.stderr.contains(told), "{run}");
    // Also where there is nothing to mend.
    let run = sandbox.ok(&["restore", "venv", "--heal"]);
    assert!(run.stderr.contains(told), "{run}");
    sandbox.ok(&["restore", "venv", "--only", "wares"]);
    sandbox.ok(&["diff", "venv"]);
}
