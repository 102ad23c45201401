//! What the store lets others read, and what a restore gives people rights to: nothing, whatever the umask and the
//! snapshot say (promise 10).

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::faults::{can_trace, needs_root};
use crate::support::{Run, Sandbox, Tree, venv};

/// Runs the program, or what runs it, with a umask.
fn with_umask(sandbox: &Sandbox, umask: &str, command: &Command) -> Run {
    let mut shell = Command::new("sh");
    sandbox.dress(&mut shell);
    shell.args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")]);
    shell.arg(command.get_program()).args(command.get_args());
    for (key, value) in command.get_envs() {
        if let Some(value) = value {
            shell.env(key, value);
        }
    }
    Run::of(shell)
}

#[track_caller]
fn assert_private(sandbox: &Sandbox, what: &str) {
    for (path, record) in Tree::of(&sandbox.path("store")).0 {
        let want = if record.kind == "directory" {
            0o700
        } else {
            0o600
        };
        assert_eq!(record.mode, want, "{what}: {}", path.display());
    }
}

#[test]
fn every_file_of_the_store_is_private_whatever_the_umask_also_after_a_crash() {
    if !needs_root() || !can_trace() {
        return;
    }
    for umask in ["000", "022", "777"] {
        let sandbox = Sandbox::new();
        venv::tiny(&sandbox.venv());
        let run = |args: &[&str]| {
            let run = with_umask(&sandbox, umask, &sandbox.command(args));
            assert!([0, 1].contains(&run.code), "{umask}: {run}");
            assert_private(&sandbox, &format!("{umask}: {args:?}"));
        };
        run(&["save", "venv", "--pin"]);
        fs::write(sandbox.venv().join("bin/more"), b"more").unwrap();
        run(&["save", "venv"]);
        fs::remove_file(sandbox.venv().join("bin/more")).unwrap();
        run(&["restore", "venv"]);
        let ids = sandbox.ids();
        run(&["forget", &ids[1]]);
        // A file beyond repair goes to quarantine.
        fs::write(sandbox.path("store/packs").join("0".repeat(64)), b"damaged").unwrap();
        fs::set_permissions(
            sandbox.path("store/packs").join("0".repeat(64)),
            std::os::unix::fs::PermissionsExt::from_mode(0o600),
        )
        .unwrap();
        run(&["verify", "--repair"]);
        assert!(
            sandbox.path("store/quarantine").is_dir() && sandbox.path("store/forgotten").is_dir()
        );
        run(&["rebuild-index"]);
        // Saves are killed in the middle, with the index open and a file without a name.
        let mut seen = Vec::new();
        for (call, number) in [
            ("fdatasync", 1),
            ("fdatasync", 2),
            ("fdatasync", 4),
            ("renameat2", 1),
        ] {
            fs::write(sandbox.venv().join("bin/other"), format!("{call}{number}")).unwrap();
            let kill = format!("{call}:signal=KILL:when={number}");
            with_umask(
                &sandbox,
                umask,
                &sandbox.traced(&[&kill], &["save", "venv"]),
            );
            assert_private(&sandbox, &format!("{umask}: killed at {call} {number}"));
            seen.extend(Tree::of(&sandbox.path("store")).0.into_keys());
        }
        for part in ["index.db-wal", "index.db-shm"] {
            assert!(
                seen.iter().any(|path| path == Path::new(part)),
                "{part} was never seen"
            );
        }
        assert!(
            seen.iter()
                .any(|path| path.starts_with("tmp") && path.iter().count() == 2)
        );
    }
}

#[test]
fn devices_and_file_capabilities_come_back_only_when_asked_for() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let tool = sandbox.venv().join("bin/tool");
    // cap_net_raw+ep, as the kernel keeps it.
    let rights = [&[1, 0, 0, 2][..], &(1_u32 << 13).to_le_bytes(), &[0; 12]].concat();
    let name = "security.capability";
    rustix::fs::setxattr(&tool, name, &rights, rustix::fs::XattrFlags::empty()).unwrap();
    let made = Command::new("mknod")
        .arg(sandbox.venv().join("null"))
        .args(["c", "1", "3"])
        .status();
    assert!(made.unwrap().success());
    sandbox.ok(&["save", "venv"]);
    let has = |place: &str| {
        let tree = Tree::of(&sandbox.path(place)).0;
        let capable = tree[Path::new("bin/tool")]
            .xattrs
            .iter()
            .any(|(key, value)| key == name && *value == rights);
        (
            capable,
            tree.get(Path::new("null")).map(|record| record.kind),
        )
    };
    let run = sandbox.ok(&["restore", "venv", "--to", "plain"]);
    for left in ["character device, since", "file capabilities of 1 entry"] {
        assert!(run.stdout.contains(left), "{run}");
    }
    assert!(run.stderr.contains("--preserve-special"), "{run}");
    assert_eq!(has("plain"), (false, None));
    sandbox.ok(&["restore", "venv", "--to", "special", "--preserve-special"]);
    assert_eq!(has("special"), (true, Some("device")));
    // In place of a venv as well; what stands there already and was saved so stays.
    fs::write(sandbox.venv().join("bin/python"), b"").unwrap();
    sandbox.ok(&["restore", "venv", "--preserve-special"]);
    assert_eq!(has("venv"), (true, Some("device")));
}
