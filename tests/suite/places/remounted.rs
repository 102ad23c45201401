//! What a place does not hold is known of the file system that was there, and of no other.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};

use super::left_out::LeftOut;
use crate::support::faults::needs_root;
use crate::support::mounts::Mount;
use crate::support::{Sandbox, venv};

/// Owners that one file system did not hold were no difference on the next one either, until somebody said `--force`.
#[test]
fn what_one_file_system_did_not_hold_is_asked_of_the_next_one_again() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let (root, file) = (sandbox.path("srv/venv"), "bin/tool");
    venv::tiny(&root);
    chown(root.join(file), Some(1234), Some(1234)).unwrap();
    sandbox.ok(&["save", "srv/venv"]);
    let srv = sandbox.path("srv");
    let view = ["bindfs", "--chown-ignore", "-o", "nonempty"];
    let view = [&view[..], &[srv.to_str().unwrap()]].concat();
    let Some(mount) = Mount::user(&view, &srv) else {
        return;
    };
    fs::remove_file(root.join(file)).unwrap();
    let restored = sandbox.json(0, &["restore", "srv/venv"]);
    assert!(LeftOut::of(&restored).has("owner"), "{restored}");
    let diff = sandbox.json(0, &["diff", "srv/venv"]);
    assert!(LeftOut::of(&diff).has("owner"), "{diff}");
    drop(mount);
    assert_eq!(fs::metadata(root.join(file)).unwrap().uid(), 0);
    let diff = sandbox.json(1, &["diff", "srv/venv"]);
    assert!(LeftOut::of(&diff).names.is_empty(), "{diff}");
    assert_eq!(diff["entries"][0]["path"], file, "{diff}");
    sandbox.json(0, &["restore", "srv/venv"]);
    assert_eq!(fs::metadata(root.join(file)).unwrap().uid(), 1234);
    sandbox.json(0, &["diff", "srv/venv"]);
}
