//! The whole story with real parts: a service in a real venv, a guard beside it, and a sweeper that comes again and
//! again.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use super::daemon::{Daemon, until};
use super::scene::Scene;
use crate::support::venv;

/// Answers with what a package of the venv says, read anew for each question, as a worker does that was just started.
/// The one before may hold the port for a moment more.
const APP: &str = "import http.server, importlib, sys, time
class App(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        for name in [name for name in sys.modules if name.split('.')[0] == 'click']:
            del sys.modules[name]
        importlib.invalidate_caches()
        try:
            body = importlib.import_module('click.core').__name__.encode()
            self.send_response(200)
        except ImportError as error:
            body = str(error).encode()
            self.send_response(500)
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass
while True:
    try:
        server = http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), App)
        break
    except OSError:
        time.sleep(0.02)
server.serve_forever()
";

/// As cron starts it: a shell that starts a program. It is there until somebody was told of what it did: a process that
/// is gone at once may be known by no more than its name.
const SWEEPER: &str = "find venv/lib -name 'core.*' -not -name '*.pyc' -delete \
    -o -name site-packages -exec ./is-told ';'
true";

/// Ends when there is an alert more than before.
const IS_TOLD: &str = "for i in $(seq 3000)
do
    [ $(wc -l < alerts) -gt $(cat before) ] && exit
    sleep 0.02
done";

/// A service under a small supervisor: a script that ends it and starts it.
struct Service {
    scene: Scene,
    port: u16,
}

impl Service {
    fn new() -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let scene = Scene::of(
            venv::real,
            "mode = \"heal\"",
            &format!("health = {{ url = \"http://127.0.0.1:{port}/\" }}\n"),
        );
        fs::write(scene.path("app.py"), APP).unwrap();
        scene.script(
            "restart",
            &format!(
                "echo started >> restarts\n[ -f pid ] && kill $(cat pid)\n\
                 setsid venv/bin/python -B app.py {port} > /dev/null 2>&1 < /dev/null &\necho $! > pid"
            ),
        );
        scene.script("cron-job", SWEEPER);
        scene.script("is-told", IS_TOLD);
        Self { scene, port }
    }

    fn answers(&self) -> bool {
        let ask = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.set_read_timeout(Some(Duration::from_secs(5)))?;
            stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
            let mut text = String::new();
            stream.read_to_string(&mut text)?;
            Ok(text)
        };
        ask().is_ok_and(|text| text.starts_with("HTTP/1.0 200"))
    }

    fn sweep(&self) {
        let scene = &self.scene;
        fs::write(scene.path("before"), scene.alerts().len().to_string()).unwrap();
        let alerts = fs::File::options()
            .append(true)
            .create(true)
            .open(scene.path("alerts"));
        alerts.unwrap();
        let swept = Command::new(self.scene.path("cron-job"))
            .current_dir("/")
            .status()
            .unwrap();
        assert!(swept.success());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let pid = fs::read_to_string(self.scene.path("pid")).unwrap_or_default();
        let _ = Command::new("kill").arg(pid.trim()).status();
    }
}

#[test]
fn a_sweeper_that_comes_again_is_named_and_the_service_answers_again_until_healing_stops() {
    let service = Service::new();
    let scene = &service.scene;
    assert!(
        Command::new(scene.path("restart"))
            .status()
            .unwrap()
            .success()
    );
    until(scene, "the service answers", || service.answers());
    let daemon = Daemon::start(scene, None);
    until(scene, "the guard hears", || daemon.hears(scene));
    let is_root = rustix::process::geteuid().is_root();
    for heals in 1..=2 {
        let start = Instant::now();
        service.sweep();
        until(scene, "the service answers again", || service.answers());
        let took = start.elapsed();
        println!("from the sweeper to the answer: {took:?}");
        until(scene, "that is told", || scene.alerts().len() == 2 * heals);
        assert_eq!(scene.restarts(), 1 + heals);
        let fired = &scene.alerts()[2 * heals - 2];
        assert_eq!(
            (&fired["state"], &fired["found"]["kinds"]["missing"]),
            (&"damaged".into(), &4.into())
        );
        names_the_sweeper(fired, is_root);
    }
    service.sweep();
    until(scene, "it stops", || scene.alerts().len() == 5);
    let last = &scene.alerts()[4];
    assert_eq!(
        (&last["state"], &last["attempts"]),
        (&"held".into(), &2.into())
    );
    names_the_sweeper(last, is_root);
    std::thread::sleep(Duration::from_secs(2));
    assert!(!service.answers() && scene.restarts() == 3 && scene.alerts().len() == 5);
    if is_root {
        let found = scene.sandbox.json(1, &["check", "venv"]);
        let first = &found["diagnosis"][0];
        assert_eq!(first["rule"], "caught-in-the-act", "{found:#}");
        assert!(
            first["text"].as_str().unwrap().contains("find"),
            "{first:#}"
        );
    }
}

/// Only root is told who did it.
fn names_the_sweeper(alert: &serde_json::Value, is_root: bool) {
    if !is_root {
        println!("skipped: 1 only root is told who changes files");
        return;
    }
    let culprits = alert["culprits"].as_array().unwrap();
    let find = culprits.iter().find(|one| one["program"] == "find");
    let find = find.unwrap_or_else(|| panic!("{alert:#}"));
    assert!(
        find["command_line"].as_str().unwrap().contains("-delete"),
        "{find:#}"
    );
    assert!(
        find["parents"][0].as_str().unwrap().contains("cron-job"),
        "{find:#}"
    );
    assert!(
        alert["text"]
            .as_str()
            .unwrap()
            .contains("find venv/lib -name"),
        "{alert:#}"
    );
}
