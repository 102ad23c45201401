//! The figures of a guard, and the alerts that are made of them.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use super::daemon::{Daemon, until};
use super::scene::Scene;

const PACKAGED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/prometheus");

/// A port that nobody has right now.
fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn asked(port: u16, request: &str) -> String {
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    answer
}

/// The names of the guard's metrics in a text.
fn names(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words
        .filter(|word| word.starts_with("snap_watch_"))
        .collect()
}

#[test]
fn figures_tell_how_a_venv_stands_in_a_file_and_on_a_port() {
    let scene = Scene::new("mode = \"observe\"");
    let port = free_port();
    let rules = fs::read_to_string(scene.path("watch.toml")).unwrap();
    let file = scene.path("snap.prom");
    let rules = format!(
        "{rules}[metrics]\ntextfile = \"{}\"\nlisten = \"127.0.0.1:{port}\"\n",
        file.display()
    );
    fs::write(scene.path("watch.toml"), rules).unwrap();
    let _daemon = Daemon::start(&scene, None);
    let text = || fs::read_to_string(&file).unwrap_or_default();
    let stands = |state: &str| {
        let venv = scene.sandbox.venv();
        let sample = format!(
            "snap_watch_state{{venv=\"{}\",subject=\"integrity\",state=\"{state}\"}} 1",
            venv.display()
        );
        text().lines().any(|line| line == sample)
    };
    until(&scene, "it is sound", || stands("sound"));
    scene.damage();
    until(&scene, "it is damaged", || stands("damaged"));
    let answer = asked(port, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert_eq!(names(body), names(&text()));
    assert!(asked(port, "GET /healthz HTTP/1.0\r\n\r\n").ends_with("\r\n\r\nok\n"));
    assert!(asked(port, "GET / HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 404 "));
    assert!(asked(port, "POST /metrics HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 405 "));
    let alerts = fs::read_to_string(Path::new(PACKAGED).join("rules.yml")).unwrap();
    let known = text();
    let unknown: Vec<&str> = names(&alerts).difference(&names(&known)).copied().collect();
    assert!(unknown.is_empty(), "the alerts ask for {unknown:?}");
    prometheus_reads(&known);
}

/// Prometheus' own tool finds nothing wrong with the figures, and the alerts do what their test says.
fn prometheus_reads(text: &str) {
    let promtool = |args: &[&str]| {
        let mut command = Command::new("promtool");
        command
            .args(args)
            .current_dir(PACKAGED)
            .stdin(Stdio::piped());
        command.spawn()
    };
    let Ok(mut reader) = promtool(&["check", "metrics"]) else {
        println!("skipped: 2 there is no promtool");
        return;
    };
    reader
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    assert!(reader.wait().unwrap().success());
    let tried = promtool(&["test", "rules", "rules_test.yml"]);
    assert!(tried.unwrap().wait().unwrap().success());
}
