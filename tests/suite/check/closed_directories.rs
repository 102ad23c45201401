//! Directories that cannot be read: nothing is claimed of what lies in them.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support::faults::needs_root;
use crate::support::users::{as_user, users_sandbox};
use crate::support::{Sandbox, Tree, venv};

/// A user's saved venv of which one directory has no rights any more.
fn closed(path: &str) -> Option<Sandbox> {
    if !needs_root() {
        return None;
    }
    let sandbox = users_sandbox();
    assert_eq!(as_user(&sandbox, &["save", "venv"]).code, 0);
    let dir = sandbox.path("home/venv").join(path);
    fs::set_permissions(dir, fs::Permissions::from_mode(0o000)).unwrap();
    Some(sandbox)
}

fn json(run: &crate::support::Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}"))
}

#[test]
fn what_lies_in_a_directory_that_cannot_be_read_is_unreadable_and_not_missing() {
    // Each file below was told as missing, and a package as removed.
    for path in [format!("{}/click", venv::SITE), venv::SITE.to_owned()] {
        let Some(sandbox) = closed(&path) else {
            return;
        };
        let run = as_user(&sandbox, &["diff", "venv", "--json"]);
        assert_eq!(run.code, 3, "{run}");
        let diff = json(&run);
        let kinds = diff["summary"]["kinds"].as_object().unwrap();
        assert_eq!(kinds.keys().collect::<Vec<_>>(), ["unreadable"], "{diff}");
        let below: Vec<&Value> = diff["entries"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["path"].as_str().unwrap().ends_with("click/core.py"))
            .collect();
        assert_eq!(below.len(), 1, "{diff}");
        assert_eq!(below[0]["class"], "damage");
        assert!(
            below[0]["detail"]["reason"]
                .as_str()
                .unwrap()
                .contains("cannot be read")
        );
        for package in diff["packages"].as_array().unwrap() {
            assert_eq!(package["state"], "damaged", "{diff}");
        }
        let text = as_user(&sandbox, &["diff", "venv"]);
        assert!(text.stdout.starts_with("unreadable: "), "{text}");
        assert!(!text.stdout.contains("missing"), "{text}");
        assert!(text.stdout.contains("/ with all in it"), "{text}");
        let whole = as_user(&sandbox, &["diff", "venv", "-v"]);
        assert!(whole.stdout.contains("core.py"), "{whole}");
    }
}

#[test]
fn a_directory_that_cannot_be_read_is_replaced_and_kept_beside_the_venv() {
    let path = format!("{}/click", venv::SITE);
    let Some(sandbox) = closed(&path) else {
        return;
    };
    let run = as_user(&sandbox, &["restore", "venv", "--json"]);
    assert_eq!(run.code, 0, "{run}");
    let told = json(&run);
    let kinds = told["summary"]["kinds"].as_object().unwrap();
    assert_eq!(kinds.keys().collect::<Vec<_>>(), ["unreadable"], "{told}");
    assert!(
        run.stderr.contains(&format!("'{path}' cannot be read")),
        "{run}"
    );
    let kept = std::path::PathBuf::from(told["kept_old"].as_str().unwrap());
    fs::set_permissions(kept.join(&path), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(kept.join(&path).join("core.py").exists(), "{run}");
    Tree::of(&kept).assert_same(&Tree::of(&sandbox.path("home/venv")), "all but the mode");
}

#[test]
fn what_could_not_be_read_when_it_was_saved_stays_as_it_stands() {
    // A restore of such a snapshot removed what had become readable since.
    let core = format!("{}/click/core.py", venv::SITE);
    for path in ["bin/tool", &core, "lib", venv::SITE] {
        if !needs_root() {
            return;
        }
        let sandbox = users_sandbox();
        let venv = sandbox.path("home/venv");
        let rights = fs::metadata(venv.join(path)).unwrap().permissions();
        fs::set_permissions(venv.join(path), fs::Permissions::from_mode(0o000)).unwrap();
        let run = as_user(&sandbox, &["save", "venv", "--force", "--json"]);
        assert_eq!(run.code, 3, "{path}: {run}");
        let unread = json(&run)["audit"]["unread"].as_array().unwrap().clone();
        assert!(
            unread.iter().any(|one| one["path"] == *path),
            "{path}: {run}"
        );
        fs::set_permissions(venv.join(path), rights).unwrap();
        let before = Tree::of(&venv);
        let content = fs::read(venv.join("bin/python")).unwrap();
        for more in [&[][..], &["--copy"], &["--keep-old"], &["--only", "bin"]] {
            fs::write(venv.join("bin/python"), "damaged").unwrap();
            let run = as_user(&sandbox, &[&["restore", "venv", "latest"], more].concat());
            assert_eq!(run.code, 0, "{path} {more:?}: {run}");
            assert_eq!(
                fs::read(venv.join("bin/python")).unwrap(),
                content,
                "{path} {more:?}"
            );
            let mut after = Tree::of(&venv);
            // Its time is what was asked for.
            after
                .0
                .retain(|at, _| at != std::path::Path::new("bin/python"));
            let mut before = before.clone();
            before
                .0
                .retain(|at, _| at != std::path::Path::new("bin/python"));
            before.assert_same(&after, &format!("{path} {more:?}: {run}"));
        }
    }
}
