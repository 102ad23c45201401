//! Which changes are told, and of which places.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use venv_snap::witness::{Blindness, Event, Loss, Options, What, Witness};

use super::{of, rest, start, until};
use crate::support::Sandbox;
use crate::support::faults::{is_root, skipped};
use crate::support::mounts::Mount;

/// As root with fanotify and as for an ordinary user with inotify.
fn both() -> [Options; 2] {
    let without_names = Options {
        without_names: true,
        ..Options::default()
    };
    [Options::default(), without_names]
}

fn of_all(root: PathBuf, options: Options) -> Witness {
    Witness::start_with(&[root], options).unwrap()
}

#[test]
fn each_kind_of_change_is_told_once_with_its_path() {
    for options in both() {
        let sandbox = Sandbox::new();
        let root = sandbox.venv();
        fs::create_dir_all(root.join("lib/a")).unwrap();
        fs::write(root.join("lib/a/old"), "x").unwrap();
        let mut witness = of_all(root.clone(), options);
        fs::write(root.join("lib/a/new"), "x").unwrap();
        of(&mut witness, "lib/a/new", What::Created);
        let mode = fs::Permissions::from_mode(0o600);
        fs::set_permissions(root.join("lib/a/old"), mode).unwrap();
        of(&mut witness, "lib/a/old", What::Attributes);
        fs::OpenOptions::new()
            .write(true)
            .truncate(true)
            .open(root.join("lib/a/old"))
            .unwrap();
        of(&mut witness, "lib/a/old", What::Written);
        fs::rename(root.join("lib/a/old"), root.join("lib/b")).unwrap();
        let all = until(&mut witness, |seen| seen.path == "lib/b");
        let moved: Vec<_> = all.iter().filter(|seen| seen.what == What::Moved).collect();
        assert_eq!(moved.len(), 2, "{all:#?}");
        fs::remove_file(root.join("lib/b")).unwrap();
        assert_eq!(of(&mut witness, "lib/b", What::Removed).root, root);
        assert!(rest(&mut witness).is_empty());
    }
}

#[test]
fn all_that_happened_before_somebody_asks_is_told_before_he_is_answered() {
    for options in both() {
        let sandbox = Sandbox::new();
        let root = sandbox.venv();
        fs::create_dir_all(root.join("lib")).unwrap();
        let mut witness = of_all(root.clone(), options);
        assert!(rest(&mut witness).is_empty());
        for number in 0..50 {
            let name = format!("lib/{number}");
            fs::write(root.join(&name), "").unwrap();
            let told = rest(&mut witness);
            let is_it = |event: &Event| match event {
                Event::Changed { path, what, .. } => {
                    path.as_bytes() == name.as_bytes() && *what == What::Created
                }
                _ => false,
            };
            assert!(told.iter().any(is_it), "{name}: {told:#?}");
        }
    }
}

#[test]
fn what_is_made_in_new_and_in_renamed_directories_is_told_and_what_left_is_not() {
    for options in both() {
        let sandbox = Sandbox::new();
        let root = sandbox.venv();
        fs::create_dir_all(root.join("lib/pkg/deep")).unwrap();
        let mut witness = of_all(root.clone(), options);
        fs::create_dir_all(root.join("new/deep/er")).unwrap();
        rest(&mut witness);
        fs::write(root.join("new/deep/er/x"), "").unwrap();
        of(&mut witness, "new/deep/er/x", What::Created);
        // As pip does before it removes.
        fs::rename(root.join("lib/pkg"), root.join("lib/~kg")).unwrap();
        of(&mut witness, "lib/~kg", What::Moved);
        fs::write(root.join("lib/~kg/deep/y"), "").unwrap();
        of(&mut witness, "lib/~kg/deep/y", What::Created);
        fs::rename(root.join("lib/~kg"), sandbox.path("elsewhere")).unwrap();
        of(&mut witness, "lib/~kg", What::Moved);
        rest(&mut witness);
        fs::write(sandbox.path("elsewhere/deep/z"), "").unwrap();
        assert!(rest(&mut witness).is_empty());
    }
}

#[test]
fn a_venv_that_is_removed_moved_or_exchanged_is_told_and_watched_again_when_it_is_back() {
    for options in both() {
        let sandbox = Sandbox::new();
        let root = sandbox.path("srv/app/venv");
        fs::create_dir_all(root.join("lib")).unwrap();
        let mut witness = of_all(root.clone(), options);
        let back = |witness: &mut Witness| {
            rest(witness);
            fs::write(root.join("lib/x"), "").unwrap();
            of(witness, "lib/x", What::Created);
            fs::remove_file(root.join("lib/x")).unwrap();
            rest(witness);
        };
        fs::remove_dir_all(&root).unwrap();
        of(&mut witness, "", What::Removed);
        fs::create_dir_all(root.join("lib")).unwrap();
        of(&mut witness, "", What::Created);
        back(&mut witness);
        // As a restore does.
        let staging = sandbox.path("srv/app/staging");
        fs::create_dir_all(staging.join("lib")).unwrap();
        let flags = rustix::fs::RenameFlags::EXCHANGE;
        rustix::fs::renameat_with(rustix::fs::CWD, &staging, rustix::fs::CWD, &root, flags)
            .unwrap();
        of(&mut witness, "", What::Moved);
        fs::remove_dir_all(&staging).unwrap();
        back(&mut witness);
        // A directory above it.
        fs::rename(sandbox.path("srv"), sandbox.path("old")).unwrap();
        of(&mut witness, "", What::Moved);
        fs::create_dir_all(root.join("lib")).unwrap();
        of(&mut witness, "", What::Created);
        back(&mut witness);
    }
}

#[test]
fn a_venv_that_is_not_there_yet_is_watched_from_its_making_on() {
    for options in both() {
        let sandbox = Sandbox::new();
        let root = sandbox.path("a/b/venv");
        let mut witness = of_all(root.clone(), options);
        fs::create_dir_all(root.join("lib")).unwrap();
        of(&mut witness, "", What::Created);
        rest(&mut witness);
        fs::write(root.join("lib/x"), "").unwrap();
        of(&mut witness, "lib/x", What::Created);
    }
}

#[test]
fn several_roots_are_told_apart_also_one_within_another_and_through_a_link() {
    let sandbox = Sandbox::new();
    let outer = sandbox.path("app");
    let inner = outer.join(".venv");
    fs::create_dir_all(&inner).unwrap();
    fs::create_dir_all(sandbox.path("other")).unwrap();
    let link = sandbox.path("link");
    std::os::unix::fs::symlink(sandbox.path("other"), &link).unwrap();
    let roots = [outer.clone(), inner.clone(), link.clone()];
    let mut witness = Witness::start(&roots).unwrap();
    fs::write(inner.join("x"), "").unwrap();
    fs::write(sandbox.path("other/y"), "").unwrap();
    let all = until(&mut witness, |seen| seen.path == "y");
    let has =
        |root: &PathBuf, path: &str| all.iter().any(|one| &one.root == root && one.path == path);
    assert!(
        has(&outer, ".venv/x") && has(&inner, "x") && has(&link, "y"),
        "{all:#?}"
    );
    assert!(!has(&inner, "y") && !has(&outer, "y"), "{all:#?}");
}

#[test]
fn a_queue_that_overflows_is_told_and_watching_goes_on() {
    let sandbox = Sandbox::new();
    let place = sandbox.path("mounted");
    fs::create_dir_all(&place).unwrap();
    let Some(_mount) = Mount::tmpfs(&place, "size=64m,nr_inodes=200000") else {
        return;
    };
    for (number, options) in both().into_iter().enumerate() {
        let root = place.join(format!("venv{number}"));
        fs::create_dir_all(root.join("lib")).unwrap();
        let options = Options {
            short_queue: true,
            ..options
        };
        let mut witness = of_all(root.clone(), options);
        // Each new name of a directory is looked after, which takes longer than giving it one.
        let mut at = root.join("lib/first");
        fs::create_dir(&at).unwrap();
        for number in 0..100_000 {
            let next = root.join(format!("lib/d{number}"));
            fs::rename(&at, &next).unwrap();
            at = next;
        }
        let told = rest(&mut witness);
        let is_lost = |event: &Event| matches!(event, Event::Lost { why: Loss::Queue });
        assert!(told.iter().any(is_lost), "{} events", told.len());
        fs::create_dir_all(root.join("new/dir")).unwrap();
        rest(&mut witness);
        fs::write(root.join("new/dir/x"), "").unwrap();
        of(&mut witness, "new/dir/x", What::Created);
    }
}

#[test]
fn where_the_limit_of_watches_is_reached_it_is_told_with_its_numbers() {
    const WITHIN: &str = "SNAP_TEST_LIMITED";
    if std::env::var_os(WITHIN).is_none() {
        // A namespace of users has limits of its own.
        let limited = "echo 16 > /proc/sys/user/max_inotify_watches && exec \"$0\" --exact \"$1\"";
        let name =
            "witness::places::where_the_limit_of_watches_is_reached_it_is_told_with_its_numbers";
        let own = std::env::current_exe().unwrap();
        let mut command = Command::new("unshare");
        command.args(["-r", "true"]);
        if !command.status().is_ok_and(|status| status.success()) {
            return skipped(1, "claims of limits: no namespaces of users");
        }
        let mut command = Command::new("unshare");
        command
            .args(["-r", "sh", "-c", limited])
            .arg(own)
            .arg(name)
            .env(WITHIN, "1");
        let done = command.output().unwrap();
        let told = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success() && told.contains("1 passed"), "{told}");
        return;
    }
    let sandbox = Sandbox::new();
    let root = sandbox.venv();
    for number in 0..40 {
        fs::create_dir_all(root.join(format!("d{number}"))).unwrap();
    }
    let mut witness = of_all(root.clone(), both()[1]);
    let told = witness.next(std::time::Duration::from_secs(1));
    let is_limit = |event: &Event| {
        let Event::Blind { root: of, why } = event else {
            return false;
        };
        let said = why.to_string();
        matches!(why, Blindness::Limit { limit: 16, .. })
            && of == &root
            && said.contains("user.max_inotify_watches")
            && said.contains("16")
    };
    assert!(told.iter().any(is_limit), "{told:#?}");
}

#[test]
fn changes_are_told_on_every_kind_of_mount_and_where_not_all_can_be_it_is_said() {
    let sandbox = Sandbox::new();
    for name in [
        "lower/lib",
        "merged",
        "real/lib",
        "fuse",
        "scratch",
        "bound",
    ] {
        fs::create_dir_all(sandbox.path(name)).unwrap();
    }
    let overlay = Mount::overlay(
        &sandbox.path("lower"),
        &sandbox.path("merged"),
        &sandbox.path("scratch"),
    );
    let bound = Mount::bind(&sandbox.path("real"), &sandbox.path("bound"));
    for (mount, name) in [(&overlay, "merged"), (&bound, "bound")] {
        if mount.is_none() {
            continue;
        }
        let mut witness = start(&sandbox.path(name));
        fs::write(sandbox.path(name).join("lib/x"), "").unwrap();
        let seen = of(&mut witness, "lib/x", What::Created);
        assert!(!is_root() || seen.who.is_some_and(|who| who.pid == std::process::id()));
    }
    let (real, fuse) = (sandbox.path("real"), sandbox.path("fuse"));
    let command = ["bindfs", real.to_str().unwrap()];
    let Some(_mount) = Mount::user(&command, &fuse) else {
        return;
    };
    let mut witness = start(&fuse);
    let told = witness.next(std::time::Duration::from_secs(1));
    let is_said = |event: &Event| {
        matches!(
            event,
            Event::Blind {
                why: Blindness::Fuse,
                ..
            }
        )
    };
    assert!(told.iter().any(is_said), "{told:#?}");
    fs::write(fuse.join("lib/y"), "").unwrap();
    let who = of(&mut witness, "lib/y", What::Created).who;
    assert!(
        !is_root()
            || who
                .as_ref()
                .is_some_and(|who| who.pid == std::process::id()),
        "{who:#?}"
    );
}
