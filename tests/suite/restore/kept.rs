//! What a restore leaves alone or keeps, because nobody could bring it back (promise 4).

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, chown};
use std::os::unix::net::{UnixListener, UnixStream};

use rustix::fs::{CWD, FileType, Mode, XattrFlags, mknodat};

use crate::support::faults::needs_root;
use crate::support::mounts::Mount;
use crate::support::{Sandbox, Tree, venv};

#[test]
fn a_live_socket_and_set_id_bits_go_over_as_they_stand() {
    // A restore removed the socket of a running service and took the set-id bits of files that were fine.
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let socket = sandbox.venv().join("app.sock");
    let tool = sandbox.venv().join("bin/tool");
    drop(UnixListener::bind(&socket).unwrap());
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o4755)).unwrap();
    let saved = Tree::of(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    // The service has started anew since.
    fs::remove_file(&socket).unwrap();
    let service = UnixListener::bind(&socket).unwrap();
    fs::remove_file(sandbox.venv().join(venv::SITE).join("click/core.py")).unwrap();
    let run = sandbox.ok(&["restore", "venv"]);
    assert!(run.stdout.contains("mended: 1 missing\n"), "{run}");
    assert!(fs::metadata(&socket).unwrap().file_type().is_socket());
    assert_eq!(fs::metadata(&tool).unwrap().mode_bits(), 0o4755);
    let _client = UnixStream::connect(&socket).unwrap();
    service.accept().unwrap();
    sandbox.ok(&["diff", "venv"]);
    let run = sandbox.ok(&["restore", "venv"]);
    assert!(run.stdout.starts_with("nothing to do"), "{run}");
    assert_eq!(saved.0.len(), Tree::of(&sandbox.venv()).0.len());
    // With a copy they have no way over, and that is said.
    fs::remove_file(sandbox.venv().join("bin/activate")).ok();
    fs::write(sandbox.venv().join("pyvenv.cfg"), b"").unwrap();
    let run = sandbox.ok(&["restore", "venv", "--copy"]);
    assert!(
        run.stdout
            .contains("left out: 1 socket, since whoever listens there makes it ('app.sock')"),
        "{run}"
    );
    assert!(!run.stderr.contains("app.sock"), "told twice: {run}");
    assert!(!socket.exists());
    assert_eq!(fs::metadata(&tool).unwrap().mode_bits(), 0o755);
}

#[test]
fn devices_and_capabilities_stay_where_they_are_as_they_were_saved_and_only_there() {
    // Any device that stood in place of a saved FIFO or device was taken for it, and nothing was said.
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let Some(_mount) = Mount::tmpfs(&sandbox.path("mounted"), "size=16m") else {
        return;
    };
    for (name, how) in [
        ("venv", "exchanged in one step"),
        ("mounted", "replaced one by one"),
    ] {
        let root = sandbox.path(name);
        venv::tiny(&root);
        let device = |name: &str, minor: u32| {
            let (kind, mode) = (FileType::CharacterDevice, Mode::from_raw_mode(0o600));
            let number = rustix::fs::makedev(1, minor);
            mknodat(CWD, root.join(name), kind, mode, number).unwrap();
        };
        device("same", 3);
        device("other", 5);
        mknodat(
            CWD,
            root.join("fifo"),
            FileType::Fifo,
            Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        let capability = [
            1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ];
        let attribute = "security.capability";
        let tool = root.join("bin/tool");
        rustix::fs::setxattr(&tool, attribute, &capability, XattrFlags::empty()).unwrap();
        sandbox.ok(&["save", name]);
        fs::remove_file(root.join(venv::SITE).join("click/core.py")).unwrap();
        for name in ["other", "fifo"] {
            fs::remove_file(root.join(name)).unwrap();
            device(name, 7);
        }
        let run = sandbox.ok(&["restore", name]);
        assert!(run.stdout.contains(how), "{run}");
        assert!(
            fs::metadata(root.join("same"))
                .unwrap()
                .file_type()
                .is_char_device()
        );
        let mut kept = [0; 20];
        assert_eq!(
            rustix::fs::getxattr(&tool, attribute, &mut kept),
            Ok(20),
            "{name}"
        );
        for name in ["other", "fifo"] {
            let told = format!("since a restore makes it only when asked to ('{name}')");
            assert!(run.stdout.contains(&told), "{run}");
            assert!(
                fs::symlink_metadata(root.join(name)).is_err(),
                "{name}: {run}"
            );
        }
    }
}

trait ModeBits {
    fn mode_bits(&self) -> u32;
}

impl ModeBits for fs::Metadata {
    fn mode_bits(&self) -> u32 {
        self.permissions().mode() & 0o7777
    }
}

/// A user's venv with a local change that the user may not read any more, as after `sudo pip`.
fn unreadable() -> Sandbox {
    let sandbox = crate::support::users::users_sandbox();
    let run = crate::support::users::as_user(&sandbox, &["save", "venv"]);
    assert_eq!(run.code, 0, "{run}");
    let tool = sandbox.path("home/venv/bin/tool");
    fs::write(&tool, b"a hotfix that exists nowhere else\n").unwrap();
    chown(&tool, Some(0), Some(0)).unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o600)).unwrap();
    sandbox
}

#[test]
fn a_tree_that_cannot_be_read_whole_stays_beside_the_venv() {
    if !needs_root() {
        return;
    }
    let sandbox = unreadable();
    let run = crate::support::users::as_user(&sandbox, &["restore", "venv"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stderr.contains("'bin/tool' cannot be read"), "{run}");
    let kept: Vec<_> = fs::read_dir(sandbox.path("home"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains("venv.snap-old-"))
        .collect();
    assert_eq!(kept.len(), 1, "{run}");
    let hotfix = fs::read(kept[0].join("bin/tool")).unwrap();
    assert_eq!(hotfix, b"a hotfix that exists nowhere else\n");
    assert!(run.stdout.contains("is kept as"), "{run}");
    // The incident snapshot lacks it, so undo does not pretend.
    let run = crate::support::users::as_user(&sandbox, &["undo", "venv"]);
    assert_eq!(run.code, 3, "{run}");
    assert!(run.stderr.contains("venv.snap-old-"), "{run}");
}

#[test]
fn a_live_socket_beside_a_file_that_cannot_be_read_stops_no_restore() {
    // Neither the socket nor that file can be copied, so both stay where they are.
    if !needs_root() {
        return;
    }
    let sandbox = unreadable();
    let socket = sandbox.path("home/venv/app.sock");
    let service = UnixListener::bind(&socket).unwrap();
    chown(&socket, Some(65534), Some(65534)).unwrap();
    let run = crate::support::users::as_user(&sandbox, &["save", "venv", "--force"]);
    assert_eq!(run.code, 3, "{run}");
    fs::remove_file(sandbox.path("home/venv/bin/python")).unwrap();
    let run = crate::support::users::as_user(&sandbox, &["restore", "venv", "latest"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(run.stdout.contains("replaced one by one"), "{run}");
    let hotfix = fs::read(sandbox.path("home/venv/bin/tool")).unwrap();
    assert_eq!(hotfix, b"a hotfix that exists nowhere else\n");
    assert!(sandbox.path("home/venv/bin/python").exists(), "{run}");
    let _client = UnixStream::connect(&socket).unwrap();
    service.accept().unwrap();
}

#[test]
fn where_nothing_can_stay_beside_the_venv_what_cannot_be_read_is_not_replaced() {
    if !needs_root() {
        return;
    }
    let sandbox = unreadable();
    // The directory around the venv may not be written: files would be replaced one by one.
    chown(sandbox.path("home"), Some(0), Some(0)).unwrap();
    let before = Tree::of(&sandbox.path("home/venv"));
    let run = crate::support::users::as_user(&sandbox, &["restore", "venv"]);
    assert_eq!(run.code, 3, "{run}");
    assert!(run.stderr.contains("would be lost"), "{run}");
    before.assert_same(&Tree::of(&sandbox.path("home/venv")), "refused");
}

#[test]
fn undo_does_not_pass_over_a_tree_that_only_stands_beside_the_venv() {
    // With a store that could not be written, `restore --keep-old` kept B; `undo` later brought back the older state A.
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let Some(mount) = Mount::tmpfs(&sandbox.path("store"), "size=8m,mode=700") else {
        return;
    };
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let tool = sandbox.venv().join("bin/tool");
    fs::write(&tool, b"A\n").unwrap();
    sandbox.ok(&["restore", "venv"]);
    fs::write(&tool, b"B\n").unwrap();
    mount.read_only(true);
    sandbox.ok(&["restore", "venv", "--keep-old"]);
    mount.read_only(false);
    let run = sandbox.code(3, &["undo", "venv"]);
    assert!(run.stderr.contains("venv.snap-old-"), "{run}");
    // One that is in a snapshot too stands in nobody's way.
    for entry in fs::read_dir(sandbox.root()).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().contains(".snap-old-") {
            fs::remove_dir_all(path).unwrap();
        }
    }
    fs::write(&tool, b"C\n").unwrap();
    sandbox.ok(&["restore", "venv", "--keep-old"]);
    sandbox.ok(&["undo", "venv"]);
    assert_eq!(fs::read(&tool).unwrap(), b"C\n");
}

#[test]
fn a_file_in_place_of_a_venv_is_kept_and_undo_says_where() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    fs::remove_dir_all(sandbox.venv()).unwrap();
    fs::write(sandbox.venv(), b"what is this").unwrap();
    sandbox.ok(&["restore", "venv"]);
    let run = sandbox.code(3, &["undo", "venv"]);
    assert!(run.stderr.contains("venv.snap-old-"), "{run}");
}

#[test]
fn an_incident_in_which_nothing_was_replaced_lists_as_nothing() {
    // `ls` took its empty tree for damage.
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    fs::remove_dir_all(sandbox.venv()).unwrap();
    sandbox.ok(&["restore", "venv"]);
    let list = sandbox.json(0, &["list"]);
    let all = list["snapshots"].as_array().unwrap();
    let incident = all.iter().find(|one| one["purpose"] == "incident").unwrap();
    let run = sandbox.ok(&["ls", incident["id"].as_str().unwrap()]);
    assert!(run.stdout.trim().is_empty(), "{run}");
}
