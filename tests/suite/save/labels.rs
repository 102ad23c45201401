//! Attributes that the kernel may refuse: the labels of security modules, and file capabilities.

use std::fs;

use rustix::fs::{XattrFlags, setxattr};

use crate::support::Tree;
use crate::support::faults::{can_trace, needs_root};
use crate::support::users::{as_user, users_sandbox};

const LABEL: &[u8] = b"system_u:object_r:usr_t:s0\0";

#[test]
fn a_label_that_the_kernel_refuses_stops_no_restore_and_is_no_difference() {
    if !needs_root() || !can_trace() {
        return;
    }
    let sandbox = crate::support::packs::saved();
    let root = sandbox.venv();
    for path in [root.clone(), root.join("bin"), root.join("bin/tool")] {
        setxattr(&path, "security.selinux", LABEL, XattrFlags::empty()).unwrap();
    }
    sandbox.ok(&["save", "venv"]);
    let without_labels = || {
        let mut tree = Tree::of(&root);
        let records = tree.0.values_mut();
        records.for_each(|record| record.xattrs.retain(|(name, _)| name != "security.selinux"));
        tree
    };
    let good = without_labels();
    for error in ["EPERM", "EACCES", "EOPNOTSUPP", "EINVAL"] {
        fs::remove_file(root.join("bin/tool")).unwrap();
        let fault = format!("fsetxattr:error={error}");
        let run = sandbox.snap_traced(&[&fault], &["restore", "venv"]);
        assert_eq!(run.code, 0, "{error}: {run}");
        good.assert_same(&without_labels(), error);
        sandbox.ok(&["diff", "venv"]);
    }
}

#[test]
fn a_label_comes_back_where_the_kernel_takes_it() {
    if !needs_root() {
        return;
    }
    let sandbox = crate::support::packs::saved();
    let tool = sandbox.venv().join("bin/tool");
    setxattr(&tool, "security.selinux", LABEL, XattrFlags::empty()).unwrap();
    sandbox.ok(&["save", "venv"]);
    let good = Tree::of(&sandbox.venv());
    fs::remove_file(&tool).unwrap();
    sandbox.ok(&["restore", "venv"]);
    good.assert_same(&Tree::of(&sandbox.venv()), "restored by root");
}

#[test]
fn a_file_capability_that_cannot_be_restored_is_told() {
    if !needs_root() {
        return;
    }
    let sandbox = users_sandbox();
    let root = sandbox.path("home/venv");
    let rights = [&[1, 0, 0, 2][..], &(1_u32 << 13).to_le_bytes(), &[0; 12]].concat();
    let (tool, name) = (root.join("bin/tool"), "security.capability");
    setxattr(&tool, name, &rights, XattrFlags::empty()).unwrap();
    let run = as_user(&sandbox, &["save", "venv"]);
    assert_eq!(run.code, 0, "{run}");
    fs::remove_file(&tool).unwrap();
    let run = as_user(&sandbox, &["restore", "venv", "--preserve-special"]);
    assert!(run.code == 3 && run.stderr.contains(name), "{run}");
    let run = as_user(&sandbox, &["restore", "venv"]);
    let told = "file capabilities of 1 entry, since";
    assert!(run.code == 0 && run.stdout.contains(told), "{run}");
    assert!(run.stderr.contains("--preserve-special"), "{run}");
}
