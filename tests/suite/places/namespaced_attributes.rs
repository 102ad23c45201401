//! Attributes of which a namespace of users shows less than there is: access lists that name others, and those of root.

use std::fs;
use std::path::Path;

use rustix::fs::XattrFlags;

use crate::support::faults::{needs_root, skipped};
use crate::support::{Sandbox, venv};

use super::left_out::LeftOut;
use super::namespaces::{answer, within};

const ACCESS: &str = "system.posix_acl_access";
const DEFAULT: &str = "system.posix_acl_default";

/// An access list that lets one user read and write, beside owner, group and others.
fn list(user: u32) -> Vec<u8> {
    let entry = |tag: u16, rights: u16, id: u32| {
        [
            &tag.to_le_bytes()[..],
            &rights.to_le_bytes(),
            &id.to_le_bytes(),
        ]
        .concat()
    };
    let nobody = u32::MAX;
    let entries = [
        entry(0x01, 6, nobody),
        entry(0x02, 6, user),
        entry(0x04, 4, nobody),
        entry(0x10, 6, nobody),
        entry(0x20, 4, nobody),
    ];
    [vec![2, 0, 0, 0], entries.concat()].concat()
}

/// What is set on which path, and whether a restore in place of what is hurt beside it keeps it.
struct Case {
    name: &'static str,
    value: Vec<u8>,
    path: &'static str,
    stays: bool,
}

fn cases() -> [Case; 5] {
    let case = |name, value, path, stays| Case {
        name,
        value,
        path,
        stays,
    };
    [
        case(ACCESS, list(1234), "click/core.py", true),
        case(ACCESS, list(0), "click/core.py", true),
        case(DEFAULT, list(0), "click", true),
        // A directory is always made anew.
        case(DEFAULT, list(1234), "click", false),
        case("trusted.kept", b"1".to_vec(), "click/core.py", true),
    ]
}

fn read(path: &Path, name: &str) -> Option<Vec<u8>> {
    let mut value = vec![0; 1024];
    let len = rustix::fs::getxattr(path, name, &mut value).ok()?;
    Some(value[..len].to_vec())
}

/// "Extended attributes", it said of files that stood as they were saved, and that a restore puts that right.
#[test]
fn what_a_namespace_of_users_does_not_show_of_attributes_is_no_damage() {
    if !needs_root() {
        return;
    }
    for Case {
        name,
        value,
        path,
        stays,
    } in cases()
    {
        let sandbox = Sandbox::new();
        venv::tiny(&sandbox.venv());
        let site = sandbox.venv().join(venv::SITE);
        let there = site.join(path);
        if rustix::fs::setxattr(&there, name, &value, XattrFlags::empty()).is_err() {
            skipped(1, "the temporary directory has no such attributes");
            continue;
        }
        venv::age(&sandbox.venv(), 1_700_000_000);
        sandbox.ok(&["save", "venv"]);
        let Some(first) = within(&sandbox, &["diff", "venv", "--json"]) else {
            return;
        };
        let what = format!("{name} {path}");
        let diff = answer(&first, 0, &what);
        assert_eq!(diff["identical"], true, "{what}: {diff}");
        let run = |args: &[&str]| within(&sandbox, args).unwrap();
        assert_eq!(run(&["check", "venv"]).code, 0, "{what}");
        let again = answer(&run(&["restore", "venv", "--json"]), 0, &what);
        assert_eq!(again["mode"], "identical", "{what}: {again}");
        // Beside it something is hurt.
        fs::remove_file(site.join("idna/core.py")).unwrap();
        let done = answer(&run(&["restore", "venv", "--json"]), 0, &what);
        let held = read(&there, name);
        assert_eq!(held == Some(value.clone()), stays, "{what}: {done}");
        let is_named = LeftOut::of(&done).names.contains(&"xattr".to_owned());
        assert!(stays || is_named, "{what}: {done}");
        let diff = answer(&run(&["diff", "venv", "--json"]), 0, &what);
        assert_eq!(diff["identical"], true, "{what}: {diff}");
        // It is hurt itself.
        let hurt = if there.is_dir() {
            there.join("core.py")
        } else {
            there.clone()
        };
        fs::write(hurt, b"").unwrap();
        let done = answer(&run(&["restore", "venv", "--json"]), 0, &what);
        let held = read(&there, name);
        let is_named = LeftOut::of(&done).names.contains(&"xattr".to_owned());
        assert!(held == Some(value) || is_named, "{what}: {done}");
        let diff = answer(&run(&["diff", "venv", "--json"]), 0, &what);
        assert_eq!(diff["identical"], true, "{what}: {diff}");
        let again = answer(&run(&["restore", "venv", "--json"]), 0, &what);
        assert_eq!(again["mode"], "identical", "{what}: {again}");
    }
}

/// Whom a list names was lost by a save without a word.
#[test]
fn a_save_in_a_namespace_of_users_tells_of_lists_that_name_others() {
    if !needs_root() {
        return;
    }
    for (user, told) in [(1234, true), (0, false)] {
        let sandbox = Sandbox::new();
        venv::tiny(&sandbox.venv());
        let core = sandbox.venv().join(venv::SITE).join("click/core.py");
        if rustix::fs::setxattr(&core, ACCESS, &list(user), XattrFlags::empty()).is_err() {
            skipped(1, "the temporary directory has no access lists");
            return;
        }
        let Some(run) = within(&sandbox, &["save", "venv"]) else {
            return;
        };
        assert_eq!(run.code, 0, "{run}");
        let warned = run
            .stderr
            .contains("the access list of 1 entry names somebody");
        assert_eq!(warned, told, "{user}: {run}");
        let diff = answer(
            &within(&sandbox, &["diff", "venv", "--json"]).unwrap(),
            0,
            "diff",
        );
        assert_eq!(diff["identical"], true, "{diff}");
    }
}
