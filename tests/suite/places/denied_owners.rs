//! A server that gives files to nobody but its own user, and says "access denied" instead of "not permitted": sshfs as
//! it is mounted mostly.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};

use super::file_systems::sshfs_by;
use super::left_out::LeftOut;
use crate::support::faults::needs_root;
use crate::support::{Sandbox, Tree, venv};

/// Every restore by root ended with "cannot try the attributes of a file", and no option helped.
#[test]
fn owners_that_a_server_denies_are_left_out_and_told() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    fs::set_permissions(sandbox.root(), fs::Permissions::from_mode(0o755)).unwrap();
    let below = sandbox.path("below");
    fs::create_dir(&below).unwrap();
    // The server wants a user that the host knows.
    chown(&below, Some(65_534), Some(65_534)).unwrap();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let server = "setpriv --reuid=65534 --regid=65534 --clear-groups";
    let Some(_mount) = sshfs_by(server, &sandbox, &sandbox.path("place")) else {
        return;
    };
    let answer = sandbox.json(0, &["restore", "venv", "--to", "place/new"]);
    assert!(LeftOut::of(&answer).has("owner"), "{answer}");
    sandbox.ok(&["diff", "place/new", &sandbox.ids()[0]]);
    for hurt in ["bin/tool", "lib/python3.11/site-packages/click/core.py"] {
        fs::remove_file(sandbox.path("place/new").join(hurt)).unwrap();
    }
    let back = ["restore", "place/new", &sandbox.ids()[0], "--from-other"];
    sandbox.json(0, &[&back[..], &["--yes"]].concat());
    sandbox.ok(&["diff", "place/new", &sandbox.ids()[0]]);
    let (wanted, there) = (
        Tree::of(&sandbox.venv()),
        Tree::of(&sandbox.path("place/new")),
    );
    assert!(wanted.0.keys().eq(there.0.keys()));
}
