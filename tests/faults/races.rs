//! R: symlink races. The owner of a venv swaps directories for links that lead outside, all the time, while root
//! scans, restores, undoes and removes. What lies outside must stay as it is and its content must get neither into
//! the store nor into the venv (promises 8 and 11).

use std::fs;
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::support::faults::needs_root;
use crate::support::{Run, Sandbox, Tree, venv};
use crate::{points, told};

/// What stands in every file outside, and nowhere else.
const SECRET: &[u8] = b"what only root may read: 9f2c61";
const USER: u32 = 65534;

/// A user's home with a venv, and root's own things beside it.
struct Scene {
    sandbox: Sandbox,
    canary: Tree,
}

impl Scene {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        venv::tiny(&sandbox.path("home/proj/venv"));
        // Outside there is whatever a path of the venv could lead to, so that a link that is followed finds something.
        for place in ["outside", "outside/venv", "outside/proj/venv"] {
            for dir in ["bin", "lib", venv::SITE, &format!("{}/click", venv::SITE)] {
                fs::create_dir_all(sandbox.path(place).join(dir)).unwrap();
                for name in ["tool", "core.py", "__init__.py", "utils.py", "pyvenv.cfg"] {
                    fs::write(sandbox.path(place).join(dir).join(name), SECRET).unwrap();
                }
            }
            fs::write(sandbox.path(place).join("pyvenv.cfg"), SECRET).unwrap();
        }
        give(&sandbox.path("home"));
        sandbox.ok(&["save", "home/proj/venv"]);
        let canary = outside(&sandbox);
        Self { sandbox, canary }
    }

    fn venv(&self) -> PathBuf {
        self.sandbox.path("home/proj/venv")
    }

    /// Checks that nothing outside changed, and that nothing of it came in.
    fn assert_safe(&self, what: &str, run: &Run) {
        self.canary
            .assert_same(&outside(&self.sandbox), &format!("{what}: {run}"));
        for entry in Tree::of(&self.sandbox.path("home")).0 {
            assert!(
                !holds_secret(&entry.1.content),
                "{what}: the secret is in {}: {run}",
                entry.0.display()
            );
        }
        assert!([0, 1, 2, 3, 10, 11].contains(&run.code), "{what}: {run}");
    }

    /// Puts the user's home and the store back as they were.
    fn put_back(&self, backup: &Path) {
        fs::remove_dir_all(self.sandbox.path("home")).unwrap();
        venv::copy(backup, &self.sandbox.path("home"));
    }

    /// Checks that nothing of the secret was saved as the user's. A link that stood there when the command began is
    /// another matter: it was followed as people mean it, and what was saved is known as what it led to.
    fn assert_store_is_clean(&self, what: &str) {
        let home = fs::canonicalize(self.sandbox.path("home")).unwrap();
        let secret = blake3::hash(SECRET).to_hex().to_string();
        let list = self.sandbox.json(0, &["list"]);
        let mut seen = 0;
        for one in list["snapshots"].as_array().unwrap() {
            let path = one["venv"]
                .as_str()
                .or(one["venv"]["path"].as_str())
                .unwrap();
            if !Path::new(path).starts_with(&home) {
                continue;
            }
            let id = one["id"].as_str().unwrap();
            let ls = self.sandbox.ok(&["ls", id, "--json"]);
            // A restore that found a link in the place of the venv replaced nothing that could be saved.
            let nothing = one["purpose"] == "incident" && one["files"] == 0;
            assert!(nothing || ls.stdout.contains("pyvenv.cfg"), "{what}: {ls}");
            assert!(
                !ls.stdout.contains(&secret),
                "{what}: the secret is in snapshot {id}"
            );
            seen += 1;
        }
        assert!(
            seen > 0,
            "{what}: no snapshot of the user's venv was looked at"
        );
    }
}

fn holds_secret(content: &[u8]) -> bool {
    content.windows(SECRET.len()).any(|window| window == SECRET)
}

/// The outside with the change times of its files, which nobody can set.
fn outside(sandbox: &Sandbox) -> Tree {
    let mut tree = Tree::of(&sandbox.path("outside"));
    for (path, record) in &mut tree.0 {
        let meta = fs::symlink_metadata(sandbox.path("outside").join(path)).unwrap();
        record.xattrs.push((
            format!("{}.{}", meta.ctime(), meta.ctime_nsec()).into(),
            Vec::new(),
        ));
    }
    tree
}

fn give(path: &Path) {
    let status = Command::new("chown")
        .args(["-hR", "65534:65534"])
        .arg(path)
        .status();
    assert!(status.unwrap().success());
}

/// Swaps a name with a link to the outside, for as long as it lives: there and back, over and over.
struct Attack<'a> {
    on: &'a AtomicBool,
    swaps: &'a AtomicUsize,
}

impl Attack<'_> {
    /// Attacks one name, whenever something stands there.
    fn on_name(&self, victim: &Path, target: &Path) {
        let link = victim
            .parent()
            .unwrap()
            .parent()
            .unwrap()
            .join(format!(".evil-{}", std::ptr::from_ref(self.swaps).addr()));
        let _ = fs::remove_file(&link);
        if symlink(target, &link).is_err() {
            return;
        }
        let _ = std::os::unix::fs::lchown(&link, Some(USER), Some(USER));
        while self.on.load(Ordering::Relaxed) {
            if renameat_with(CWD, &link, CWD, victim, RenameFlags::EXCHANGE).is_ok() {
                self.swaps.fetch_add(1, Ordering::Relaxed);
                std::thread::yield_now();
                while self.on.load(Ordering::Relaxed)
                    && renameat_with(CWD, &link, CWD, victim, RenameFlags::EXCHANGE).is_err()
                {
                }
            }
        }
        // Where the link stands at the name in the end, the two are swapped back.
        if fs::symlink_metadata(victim).is_ok_and(|meta| meta.is_symlink()) {
            let _ = renameat_with(CWD, &link, CWD, victim, RenameFlags::EXCHANGE);
        }
        let _ = fs::remove_file(&link);
    }
}

/// What is attacked: the name below the home, and where its link leads.
const VICTIMS: [(&str, &str); 7] = [
    ("proj/venv/bin", "outside/bin"),
    (
        "proj/venv/lib/python3.11/site-packages/click",
        "outside/lib/python3.11/site-packages/click",
    ),
    ("proj/venv", "outside/venv"),
    ("proj", "outside/proj"),
    ("proj/.venv.snap-restore-staging", "outside/venv"),
    ("proj/.venv.snap-restore-staging/bin", "outside/bin"),
    // With directories below, whose attributes are set last: no fence of the kernel stands before those.
    ("proj/.venv.snap-restore-staging/lib", "outside/lib"),
];

/// Runs commands of root while something is attacked, so many rounds.
fn attacked(
    what: &str,
    victims: &[(&str, &str)],
    rounds: usize,
    command: &dyn Fn(&Scene, usize) -> Run,
    damage: &dyn Fn(&Scene),
) {
    let scene = Scene::new();
    let backup = scene.sandbox.path("backup");
    venv::copy(&scene.sandbox.path("home"), &backup);
    let mut done = 0;
    // Of each victim by itself: thousands of swaps of one say nothing of another.
    let swaps: Vec<AtomicUsize> = victims.iter().map(|_| AtomicUsize::new(0)).collect();
    for round in 0..rounds {
        let (name, target) = victims[round % victims.len()];
        let swaps = &swaps[round % victims.len()];
        scene.put_back(&backup);
        damage(&scene);
        let on = AtomicBool::new(true);
        let (victim, target) = (
            scene.sandbox.path("home").join(name),
            scene.sandbox.path(target),
        );
        let run = std::thread::scope(|scope| {
            let attack = Attack { on: &on, swaps };
            scope.spawn(move || attack.on_name(&victim, &target));
            let run = command(&scene, round);
            on.store(false, Ordering::Relaxed);
            run
        });
        scene.assert_safe(&format!("{what}, {name}, round {round}"), &run);
        done += 1;
    }
    let swaps: Vec<usize> = swaps.into_iter().map(AtomicUsize::into_inner).collect();
    println!("R {what}: swaps of each victim: {swaps:?}");
    for ((name, _), swaps) in victims.iter().zip(swaps) {
        assert!(swaps > 0, "{what}: {name} was never attacked");
    }
    scene.put_back(&backup);
    scene.assert_store_is_clean(what);
    told(&format!("R {what}"), rounds, done);
}

fn rounds(share: usize) -> usize {
    points(200, 2000) * share / 10
}

#[test]
fn links_that_come_and_go_lead_no_scan_outside() {
    if !needs_root() {
        return;
    }
    attacked(
        "scan",
        // A scan stages nothing, so the names of staging are left out.
        &VICTIMS[..4],
        rounds(2),
        &|scene, round| {
            let verb = if round % 2 == 0 {
                &["save", "home/proj/venv", "--force"][..]
            } else {
                &["diff", "home/proj/venv"]
            };
            scene.sandbox.snap(verb)
        },
        &|_| {},
    );
}

#[test]
fn links_that_come_and_go_lead_no_restore_outside() {
    if !needs_root() {
        return;
    }
    attacked(
        "restore and removal of the old tree",
        &VICTIMS,
        rounds(3),
        &|scene, round| {
            let how = ["--force", "--copy"][round / VICTIMS.len() % 2];
            scene.sandbox.snap(&["restore", "home/proj/venv", how])
        },
        &|scene| {
            fs::remove_file(scene.venv().join("bin/tool")).unwrap();
            // Bytes for the removal to be busy with.
            for n in 0..50 {
                venv::write(&scene.venv(), &format!("lib/more/{n}/file"), b"more");
            }
            give(&scene.venv());
        },
    );
}

#[test]
fn links_that_come_and_go_lead_no_undo_outside() {
    if !needs_root() {
        return;
    }
    attacked(
        "undo",
        &VICTIMS,
        rounds(2),
        &|scene, _| scene.sandbox.snap(&["undo", "home/proj/venv"]),
        &|scene| {
            fs::write(scene.venv().join("bin/tool"), b"changed").unwrap();
            chown(scene.venv().join("bin/tool"), Some(USER), Some(USER)).unwrap();
            scene.sandbox.ok(&["restore", "home/proj/venv"]);
        },
    );
}

#[test]
fn links_that_come_and_go_lead_no_restore_in_place_outside() {
    if !needs_root() || !crate::support::faults::can_trace() {
        return;
    }
    let placed = AtomicUsize::new(0);
    attacked(
        "restore in place",
        &VICTIMS,
        rounds(3),
        &|scene, _| {
            // The exchange fails as at a mount point, or on a lower layer of an overlay.
            let run = scene.sandbox.snap_traced(
                &["renameat2@.venv.snap-restore-staging:error=EBUSY"],
                &["restore", "home/proj/venv"],
            );
            placed.fetch_add(
                usize::from(run.stderr.contains("one by one")),
                Ordering::Relaxed,
            );
            run
        },
        &|scene| {
            fs::remove_file(scene.venv().join("bin/tool")).unwrap();
            fs::write(scene.venv().join(venv::SITE).join("click/core.py"), b"").unwrap();
            give(&scene.venv());
        },
    );
    let placed = placed.into_inner();
    assert!(placed > 3, "only {placed} restores came to their files");
}

#[test]
fn links_that_come_and_go_lead_no_attributes_outside() {
    // No fence of the kernel stands before owner, mode and times, so this moment is not left to chance: all is
    // staged, and the directories get their attributes next.
    if !needs_root() || !crate::support::faults::can_trace() {
        return;
    }
    let scene = Scene::new();
    fs::remove_file(scene.venv().join("bin/tool")).unwrap();
    let lib = scene
        .sandbox
        .path("home/proj/.venv.snap-restore-staging/lib");
    let run = scene.sandbox.held_up(
        "utimensat:delay_enter=2000000:when=1",
        &["restore", "home/proj/venv"],
        || {
            fs::rename(&lib, scene.sandbox.path("home/lib")).unwrap();
            symlink(scene.sandbox.path("outside/lib"), &lib).unwrap();
        },
    );
    scene.assert_safe("attributes", &run);
    assert_eq!(run.code, 3, "{run}");
}
