//! Ordinary users drill their own venvs, and root those of others without running anything as root.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{made_by, result};
use crate::support::faults::needs_root;
use crate::support::users::{as_user, give, users_sandbox};

#[test]
fn a_user_drills_the_own_venv_and_root_runs_none_of_its_code() {
    if !needs_root() {
        return;
    }
    let sandbox = users_sandbox();
    let body = "import os\nif os.getuid() == 0: raise RuntimeError('as root')\n";
    fs::remove_dir_all(sandbox.path("home/venv")).unwrap();
    // One that everybody may run.
    made_by("/usr/bin/python3", &sandbox.path("home/venv"), body);
    fs::create_dir(sandbox.path("into")).unwrap();
    fs::set_permissions(sandbox.path("into"), fs::Permissions::from_mode(0o1777)).unwrap();
    give(&sandbox.path("home"));
    let into = sandbox.path("into");
    let into = into.to_str().unwrap();
    for args in [&["save", "venv"][..], &["drill", "--into", into]] {
        let run = as_user(&sandbox, args);
        assert_eq!(run.code, 0, "{args:?} {run}");
    }
    sandbox.ok(&["save", "home/venv"]);
    sandbox.ok(&["drill", "--into", into]);
    assert_eq!(fs::read_dir(into).unwrap().count(), 0);
    // Where the owner may not go, that is told, and not taken for damage.
    fs::create_dir(sandbox.path("closed")).unwrap();
    fs::set_permissions(sandbox.path("closed"), fs::Permissions::from_mode(0o700)).unwrap();
    let answer = sandbox.json(3, &["drill", "--into", "closed"]);
    assert_eq!(result(&answer), "incomplete", "{answer}");
}
