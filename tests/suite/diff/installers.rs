//! Causes that come with an installer: wheels that were bad, and a cache that shares its files.

use std::fs;
use std::process::Command;

use crate::support::answers::{named, rules};
use crate::support::wheel::{build, pip, venv_with_pip};
use crate::support::{Sandbox, uv, venv};

#[test]
fn a_wheel_that_was_bad_is_named_even_without_a_snapshot() {
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    let files = [
        ("wool/__init__.py", "x = 1\n"),
        ("wool/core.py", "y = 2\n"),
        ("wool/other.py", "z = 3\n"),
    ];
    let wheel = build(&sandbox.path("wheels"), "wool", "1.0", &files, &[]);
    // As a cache hands it out: one member empty, one dropped, RECORD untouched.
    let script = "import sys, zipfile\nsrc = zipfile.ZipFile(sys.argv[1]); items = [(i, src.read(i)) for i in \
        src.namelist()]; src.close()\n\
        out = zipfile.ZipFile(sys.argv[1], 'w')\n\
        for name, data in items:\n    \
            if name == 'wool/core.py': continue\n    \
            out.writestr(name, b'' if name == 'wool/other.py' else data)\nout.close()\n";
    let status = Command::new("python3")
        .args(["-c", script])
        .arg(&wheel)
        .status()
        .unwrap();
    assert!(status.success());
    pip(&sandbox.venv(), &["install", wheel.to_str().unwrap()]);
    let check = sandbox.json(1, &["check", "venv"]);
    assert_eq!(check["summary"]["damage"], 2, "{check}");
    assert_eq!(rules(&check), ["bad-wheel"], "{check}");
}

/// uv drops the rows of members that a wheel lacks, so RECORD knows nothing of what is gone.
#[test]
fn a_wheel_without_a_member_is_named_though_uv_forgets_the_member() {
    if !uv::is_there() {
        return;
    }
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    let files = [
        ("wool/__init__.py", "from . import other\n"),
        ("wool/other.py", "z = 3\n"),
    ];
    let wheel = build(&sandbox.path("wheels"), "wool", "1.0", &files, &[]);
    uv::install(&sandbox, &wheel, "copy");
    venv::age(&sandbox.venv(), 1_700_000_000);
    sandbox.ok(&["save", "venv"]);
    build(&sandbox.path("bad"), "wool", "1.0", &files[..1], &[]);
    uv::install(
        &sandbox,
        &sandbox.path("bad/wool-1.0-py3-none-any.whl"),
        "copy",
    );
    let check = sandbox.json(1, &["check", "venv"]);
    let site = venv::site_packages(&sandbox.venv());
    assert_eq!(
        check["findings"][0]["check"], "import-unresolved",
        "{check}"
    );
    assert_eq!(check["findings"].as_array().unwrap().len(), 1, "{check}");
    let diff = named(&sandbox, &["bad-wheel"], &[], "a dropped member");
    let gone = diff["entries"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["kind"] == "missing");
    assert_eq!(gone.unwrap()["path"], format!("{site}/wool/other.py"));
    assert_eq!(gone.unwrap()["class"], "damage");
}

/// Within two minutes of an install its times alone tell nothing, and the snapshot has seen the file good.
#[test]
fn an_edit_right_after_the_install_is_named_by_a_diff() {
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    let files = [("wool/__init__.py", "x = 1\n"), ("wool/core.py", "y = 2\n")];
    let wheel = build(&sandbox.path("wheels"), "wool", "1.0", &files, &[]);
    pip(&sandbox.venv(), &["install", wheel.to_str().unwrap()]);
    sandbox.ok(&["save", "venv"]);
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    fs::write(site.join("wool/core.py"), b"y = 3\nz = y\n").unwrap();
    named(&sandbox, &["local-patch"], &[], "an edit at once");
}

#[test]
fn an_edit_in_the_cache_of_uv_is_named_in_every_venv_that_shares_it() {
    if !uv::is_there() {
        return;
    }
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    venv::tiny(&sandbox.path("second"));
    let files = [
        ("wool/__init__.py", "x = 1\n"),
        ("wool/other.py", "z = 3\n"),
    ];
    let wheel = build(&sandbox.path("wheels"), "wool", "1.0", &files, &[]);
    uv::install(&sandbox, &wheel, "hardlink");
    // Within two minutes of an install nobody can tell an edit of the cache from a bad wheel.
    venv::age(&sandbox.venv(), 1_700_000_000);
    sandbox.ok(&["save", "venv"]);
    let file = sandbox
        .venv()
        .join(venv::site_packages(&sandbox.venv()))
        .join("wool/other.py");
    fs::write(&file, b"edited elsewhere (\n").unwrap();
    let diff = named(
        &sandbox,
        &["hard-link-aliasing"],
        &["hard-link-aliasing"],
        "a cache",
    );
    let detail = &diff["entries"][0]["detail"];
    assert_eq!(detail["links"], 2, "{diff}");
    assert!(
        detail["shared_with"]
            .as_str()
            .unwrap()
            .contains("/archive-v0/"),
        "{diff}"
    );
    let text = sandbox.code(1, &["diff", "venv"]);
    assert!(text.stdout.contains("one of them is '"), "{text}");
    // A venv that is known shares it too, also where the cache is gone.
    fs::remove_dir_all(sandbox.path(".cache/uv")).unwrap();
    let twin = sandbox.path("second").join(venv::SITE).join("twin.py");
    fs::hard_link(&file, &twin).unwrap();
    sandbox.ok(&["save", "second"]);
    for verb in ["diff", "check"] {
        let answer = sandbox.json(1, &[verb, "venv"]);
        let one = if verb == "diff" {
            &answer["entries"][0]["detail"]
        } else {
            &answer["findings"][0]
        };
        assert_eq!(
            one["shared_with"],
            twin.to_str().unwrap(),
            "{verb}: {answer}"
        );
    }
    sandbox.ok(&["restore", "venv"]);
    let report = sandbox.ok(&["report", "--venv", "venv"]);
    assert!(
        report.stdout.contains("twin.py`, which is hurt too"),
        "{report}"
    );
}
