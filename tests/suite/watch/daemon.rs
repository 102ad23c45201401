//! The guard as a daemon: what it tells systemd, that there is one, and that it goes on after its end.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::scene::Scene;

/// A daemon, ended with the test.
pub(super) struct Daemon(Child);

impl Daemon {
    pub(super) fn start(scene: &Scene, socket: Option<&str>) -> Self {
        let mut command = scene.sandbox.command(&["watch", "--config", "watch.toml"]);
        if let Some(socket) = socket {
            command
                .env("NOTIFY_SOCKET", scene.path(socket))
                .env("WATCHDOG_USEC", "400000");
        }
        let out = fs::File::create(scene.path("told")).unwrap();
        command
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .stdin(Stdio::null());
        Self(command.spawn().unwrap())
    }

    /// Whether it hears by now of all that is changed in the venv: each directory of it is marked, and each above.
    pub(super) fn hears(&self, scene: &Scene) -> bool {
        let dir = format!("/proc/{}/fdinfo", self.0.id());
        let Ok(all) = fs::read_dir(dir) else {
            return false;
        };
        let marks = |one: fs::DirEntry| {
            let marks = fs::read_to_string(one.path()).unwrap_or_default();
            let lines = marks.lines().filter(|line| {
                line.starts_with("inotify wd:") || line.starts_with("fanotify ino:")
            });
            lines.count()
        };
        let marks: usize = all.flatten().map(marks).sum();
        let venv = scene.sandbox.venv();
        marks >= directories(&venv) + venv.ancestors().skip(1).count()
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(self.0.id() as i32).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }
}

/// How many directories there are from one on.
fn directories(dir: &Path) -> usize {
    let below = fs::read_dir(dir).unwrap().flatten();
    let dirs = below.filter(|one| one.file_type().unwrap().is_dir());
    1 + dirs.map(|one| directories(&one.path())).sum::<usize>()
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[track_caller]
pub(super) fn until(scene: &Scene, what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        if start.elapsed() > Duration::from_mins(1) {
            let told = fs::read_to_string(scene.path("told")).unwrap();
            panic!("{what}\n{told}\n{:#?}", scene.alerts());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn systemd_hears_that_it_is_ready_lives_and_ends_and_there_is_one_for_a_store() {
    let scene = Scene::new("mode = \"heal\"");
    let socket = UnixDatagram::bind(scene.path("notify")).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_mins(1)))
        .unwrap();
    let mut daemon = Daemon::start(&scene, Some("notify"));
    let hear = || {
        let mut text = [0; 256];
        let count = socket.recv(&mut text).unwrap();
        String::from_utf8_lossy(&text[..count]).trim().to_owned()
    };
    assert_eq!(hear(), "READY=1");
    let from = Instant::now();
    for _ in 0..4 {
        assert_eq!(hear(), "WATCHDOG=1");
    }
    assert!(
        from.elapsed() > Duration::from_millis(500),
        "it is told twice in each time of the watchdog"
    );
    let second = scene.sandbox.code(11, &["watch", "--config", "watch.toml"]);
    assert!(
        second.stderr.contains("another guard is at work"),
        "{second}"
    );
    daemon.signal(rustix::process::Signal::TERM);
    let mut said = hear();
    while said == "WATCHDOG=1" {
        said = hear();
    }
    assert_eq!(said, "STOPPING=1");
    assert_eq!(daemon.0.wait().unwrap().code(), Some(0));
    scene.round(0);
}

#[test]
fn what_it_did_counts_after_it_was_killed_and_a_store_that_went_away_is_waited_for() {
    let scene = Scene::new("mode = \"heal\"");
    for heals in 1..=2 {
        scene.damage();
        let daemon = Daemon::start(&scene, None);
        // An alert of which nobody remembers that it arrived comes twice, so they are not counted.
        until(&scene, "it is healed", || {
            let alerts = scene.alerts();
            scene.restarts() == heals && alerts.last().is_some_and(|last| last["state"] == "sound")
        });
        daemon.signal(rustix::process::Signal::KILL);
    }
    scene.damage();
    fs::rename(scene.path("store"), scene.path("away")).unwrap();
    let mut daemon = Daemon::start(&scene, None);
    let told = || fs::read_to_string(scene.path("told")).unwrap();
    until(&scene, "it says that the store is not there", || {
        told().contains("cannot be remembered")
    });
    fs::rename(scene.path("away"), scene.path("store")).unwrap();
    until(&scene, "it stops", || {
        scene.alerts().last().unwrap()["state"] == "held"
    });
    assert!(!scene.file().exists());
    assert_eq!(daemon.0.try_wait().unwrap(), None);
}
