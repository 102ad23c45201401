//! What a report says of damage that was left, of a venv that was gone, and of packages that were uninstalled; and
//! where a page goes.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use crate::support::html::Html;
use crate::support::{Sandbox, venv};

/// A saved venv.
fn saved() -> Sandbox {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    sandbox
}

/// The text of the page of the last restore, and that of its report.
#[track_caller]
fn told(sandbox: &Sandbox) -> (String, String) {
    let page = sandbox.ok(&["report", "--venv", "venv", "--html", "-"]);
    let text = sandbox.ok(&["report", "--venv", "venv"]).stdout;
    (Html::read(&page.stdout).text, text)
}

#[track_caller]
fn says(text: &str, wanted: &[&str], unwanted: &[&str]) {
    for part in wanted {
        assert!(text.contains(part), "{part:?} is missing: {text}");
    }
    for part in unwanted {
        assert!(!text.contains(part), "{part:?}: {text}");
    }
}

const ALL_WELL: &str = "What was damaged was put right";

#[test]
fn a_report_says_which_damage_a_restore_left() {
    // A package that the snapshot does not have stays damaged.
    let sandbox = saved();
    let site = sandbox.venv().join(venv::SITE);
    venv::package(&sandbox.venv(), venv::SITE, "six", &["core.py"]);
    fs::write(site.join("six/core.py"), "").unwrap();
    fs::remove_file(site.join("click/core.py")).unwrap();
    sandbox.code(3, &["restore", "venv", "--heal"]);
    let (page, text) = told(&sandbox);
    let page_says = [
        "1 damaged entry was put right",
        "1 stays damaged: six (1 entry)",
        "mended in part",
    ];
    says(&page, &page_says, &[ALL_WELL]);
    says(&text, &["- **stays damaged:** six (1 entry)"], &[]);
    // A part that was asked for is mended, and the rest of the damage stays.
    let sandbox = saved();
    for name in ["core.py", "utils.py"] {
        fs::write(sandbox.venv().join(venv::SITE).join("click").join(name), "").unwrap();
    }
    sandbox.ok(&["restore", "venv", "--only", "**/click/core.py"]);
    let (page, text) = told(&sandbox);
    says(&page, &["1 stays damaged: click (1 entry)"], &[ALL_WELL]);
    says(&text, &["- **stays damaged:** click (1 entry)"], &[]);
    // Where nothing is left, nothing is said of it.
    sandbox.ok(&["restore", "venv"]);
    let (page, text) = told(&sandbox);
    says(&page, &[ALL_WELL], &["stays damaged", "in part"]);
    says(&text, &[], &["stays damaged"]);
}

#[test]
fn the_restore_of_a_venv_that_was_gone_is_told_once() {
    let sandbox = saved();
    fs::remove_dir_all(sandbox.venv()).unwrap();
    sandbox.ok(&["restore", "venv"]);
    let log = sandbox.json(0, &["log", "venv"]);
    let events = log["events"].as_array().unwrap();
    assert_eq!(events.len(), 2, "{log}");
    assert!(events[1]["incident"].is_string(), "{log}");
    let report = sandbox.json(0, &["report", "--venv", "venv"]);
    assert!(report["took_ms"].is_u64(), "{report}");
    assert_eq!(report["timeline"].as_array().unwrap().len(), 2, "{report}");
    let (page, text) = told(&sandbox);
    says(
        &page,
        &["the restore took", "All were gone"],
        &["0 entries", "None was affected"],
    );
    says(
        &text,
        &["the restore took", "All were gone"],
        &["None was affected"],
    );
}

#[test]
fn a_package_that_was_uninstalled_is_named_once() {
    let sandbox = saved();
    let site = sandbox.venv().join(venv::SITE);
    for name in ["click", "click-1.0.dist-info"] {
        fs::remove_dir_all(site.join(name)).unwrap();
    }
    sandbox.ok(&["restore", "venv"]);
    let page = sandbox.ok(&["report", "--venv", "venv", "--html", "-"]);
    for part in ["<h3>click", "<strong>click"] {
        assert_eq!(page.stdout.matches(part).count(), 1, "{part}: {page}");
    }
}

#[test]
fn one_is_not_many_and_none_is_not_told() {
    let sandbox = saved();
    fs::write(sandbox.venv().join("bin/tool"), "").unwrap();
    let run = sandbox.ok(&["restore", "venv"]);
    let (page, _) = told(&sandbox);
    says(&page, &["1 entry changed"], &["1 entries", "in 0 packages"]);
    says(&run.stdout, &["good files taken over as they were"], &[]);
    let page = sandbox.ok(&["status", "venv", "--html", "-"]).stdout;
    says(&Html::read(&page).text, &[], &["of other hosts", "0 venvs"]);
    // One package is one.
    let small = sandbox.path("small");
    venv::write(&small, "pyvenv.cfg", b"home = /usr/bin\nversion = 3.11.7\n");
    venv::write(&small, "bin/python", b"#!/bin/sh\necho version=3.11.7\n");
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(small.join("bin/python"), mode).unwrap();
    venv::package(&small, venv::SITE, "click", &["core.py"]);
    sandbox.ok(&["save", "small"]);
    for name in ["click", "click-1.0.dist-info"] {
        fs::remove_dir_all(small.join(venv::SITE).join(name)).unwrap();
    }
    let run = sandbox.code(1, &["save", "small"]);
    let gone = "has 1 distribution, and it is gone";
    let whole = format!("{}{}", run.stdout, run.stderr).replace('\n', " ");
    says(&whole, &[gone], &["1 distributions"]);
}

#[test]
fn what_is_written_for_others_goes_where_a_link_leads_and_into_devices() {
    let sandbox = saved();
    fs::write(sandbox.venv().join("bin/tool"), "").unwrap();
    sandbox.ok(&["restore", "venv"]);
    fs::create_dir(sandbox.path("pages")).unwrap();
    fs::write(sandbox.path("pages/old"), "old").unwrap();
    symlink("pages/old", sandbox.path("latest")).unwrap();
    symlink("pages/new", sandbox.path("dangling")).unwrap();
    symlink("loop", sandbox.path("loop")).unwrap();
    let page = ["report", "--venv", "venv", "--html"];
    let metrics = ["status", "venv", "--prometheus"];
    for (args, start) in [(&page[..], "<!DOCTYPE"), (&metrics[..], "# HELP")] {
        let to = |file: &str, code: i32| sandbox.code(code, &[args, &[file]].concat());
        for (link, file) in [("latest", "pages/old"), ("dangling", "pages/new")] {
            to(link, 0);
            let link = fs::symlink_metadata(sandbox.path(link)).unwrap();
            assert!(link.is_symlink(), "{file}");
            let text = fs::read_to_string(sandbox.path(file)).unwrap();
            assert!(text.starts_with(start), "{file}: {text}");
        }
        to("/dev/null", 0);
        let run = to("/dev/stdout", 0);
        assert!(run.stdout.starts_with(start), "{run}");
        // A file that is open already would get it over what else is written there.
        let file = fs::File::create(sandbox.path("output")).unwrap();
        let mut command = sandbox.command(&[args, &["/dev/stdout"]].concat());
        assert_eq!(command.stdout(file).status().unwrap().code(), Some(3));
        assert!(to("loop", 3).stderr.contains("symbolic links"));
        // A reader of the pipe gets all of it.
        let pipe = sandbox.path("pipe");
        let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read_to_string(pipe).unwrap()
        });
        to("pipe", 0);
        assert!(reader.join().unwrap().starts_with(start));
        fs::remove_file(pipe).unwrap();
    }
    let names = fs::read_dir(sandbox.path("pages")).unwrap().count();
    assert_eq!(names, 2, "nothing is left beside them");
}
