//! The names it is called by, and what it tells of itself: completions and manual pages.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use crate::support::{Run, Sandbox, venv};

#[test]
fn completions_and_man_page_are_made_for_the_name_it_was_called_by() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            sandbox
                .ok(&["completions", shell])
                .stdout
                .contains("restore"),
            "{shell}"
        );
    }
    let man = sandbox.ok(&["man"]);
    assert!(
        man.stdout.contains(".TH") && man.stdout.contains("keep\\-old"),
        "{man}"
    );
    symlink(env!("CARGO_BIN_EXE_snap"), sandbox.path("venv-snap")).unwrap();
    let mut command = Command::new(sandbox.path("venv-snap"));
    sandbox.dress(&mut command);
    let run = Run::of({
        command.args(["--help"]);
        command
    });
    assert!(run.stdout.contains("Usage: venv-snap"), "{run}");
}

#[test]
fn each_command_has_a_manual_page_of_its_own() {
    let sandbox = Sandbox::new();
    let pages: [(&[&str], &str, &str); 4] = [
        (&["restore"], "restore", "keep\\-old"),
        (&["cache"], "cache", "index\\-url"),
        (&["cache check"], "cache-check", "index\\-url"),
        (&["cache", "release"], "cache-release", "in exchange"),
    ];
    for (words, name, says) in pages {
        let page = sandbox.ok(&[&["man"], words].concat()).stdout;
        assert!(
            page.contains(&format!(".TH snap-{name} ")) && page.contains(says),
            "{page}"
        );
        assert!(!page.contains("keep\\-monthly"), "{page}");
    }
    for (words, told, help) in [
        (&["restor"][..], "restor", "'snap --help'"),
        (&["cache chek"], "cache chek", "'snap cache --help'"),
        (
            &["restore", "cache"],
            "restore cache",
            "'snap restore --help'",
        ),
    ] {
        let none = sandbox.code(2, &[&["man"], words].concat());
        let says = format!("there is no command '{told}'");
        assert!(
            none.stderr.contains(&says) && none.stderr.contains(help),
            "{none}"
        );
    }
}

#[test]
fn venv_snap_is_the_snap_beside_it_by_its_own_name() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let run = |program: &Path, args: &[&str]| {
        let mut command = Command::new(program);
        sandbox.dress(&mut command);
        Run::of({
            command.args(args);
            command
        })
    };
    // As pipx and uv link it into a folder of the user, where another 'snap' stands.
    let other = sandbox.path("snap");
    fs::write(&other, "#!/bin/sh\necho another\n").unwrap();
    fs::set_permissions(&other, fs::Permissions::from_mode(0o755)).unwrap();
    let link = sandbox.path("venv-snap");
    symlink(env!("CARGO_BIN_EXE_venv-snap"), &link).unwrap();
    let help = run(&link, &["restore", "--help"]);
    assert!(help.stdout.contains("Usage: venv-snap restore"), "{help}");
    assert_eq!(run(&link, &["save", "venv"]).code, 0);
    // Exit codes are those of the program.
    assert_eq!(run(&link, &["no-such-command"]).code, 2);
    // Without one it tells so.
    fs::remove_file(&link).unwrap();
    fs::remove_file(&other).unwrap();
    // Copied by another process: a file that this one has open to write cannot be started.
    let mut copy = Command::new("cp");
    copy.arg(env!("CARGO_BIN_EXE_venv-snap")).arg(&link);
    assert!(copy.status().unwrap().success());
    let alone = run(&link, &["--help"]);
    assert!(
        alone.code == 3 && alone.stderr.contains("error: cannot start"),
        "{alone}"
    );
}
