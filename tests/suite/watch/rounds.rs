//! One round at a time: what is healed, what is only told, and when it stops.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;

use super::scene::Scene;
use crate::support::{Sandbox, readme};

#[test]
fn a_round_heals_what_content_proves_starts_the_service_and_tells_each_change_once() {
    let scene = Scene::new("mode = \"heal\"");
    assert_eq!(scene.round(0)["venvs"][0]["integrity"], "sound");
    assert_eq!(scene.alerts().len(), 0, "what is sound is no news");
    scene.damage();
    assert_eq!(scene.round(0)["venvs"][0]["integrity"], "sound");
    assert!(scene.file().exists());
    assert_eq!(scene.restarts(), 1);
    let alerts = scene.alerts();
    let said: Vec<_> = alerts
        .iter()
        .map(|one| (&one["status"], &one["state"]))
        .collect();
    assert_eq!(
        said,
        [
            (&"firing".into(), &"damaged".into()),
            (&"resolved".into(), &"sound".into())
        ]
    );
    assert_eq!(alerts[0]["found"]["kinds"]["missing"], 1);
    assert_eq!(alerts[0]["key"], alerts[1]["key"]);
    // The ruin is kept: what the heal replaced can be had back.
    let incident = alerts[1]["heal"]["incident"].as_str().unwrap();
    scene.sandbox.ok(&["show", incident]);
    scene.round(0);
    assert_eq!(scene.alerts().len(), 2, "and then it is quiet");
}

#[test]
fn damage_that_comes_back_after_two_heals_stops_the_healing_until_it_is_sound_again() {
    let scene = Scene::new("mode = \"heal\"");
    for _ in 0..2 {
        scene.damage();
        scene.round(0);
    }
    scene.damage();
    for _ in 0..2 {
        assert_eq!(scene.round(1)["venvs"][0]["integrity"], "held");
    }
    assert!(!scene.file().exists());
    assert_eq!(scene.restarts(), 2);
    let alerts = scene.alerts();
    let last = alerts.last().unwrap();
    assert_eq!(
        (&last["state"], &last["attempts"]),
        (&"held".into(), &2.into())
    );
    assert!(
        last["text"]
            .as_str()
            .unwrap()
            .contains("damaged again after it was healed 2 times"),
        "{last}"
    );
    scene.sandbox.ok(&["restore", "venv"]);
    assert_eq!(scene.round(0)["venvs"][0]["integrity"], "sound");
    let alerts = scene.alerts();
    assert_eq!(alerts.len(), 6);
    assert_eq!(alerts[5]["status"], "resolved");
}

#[test]
fn what_only_drifted_is_told_and_never_healed() {
    let scene = Scene::new("mode = \"heal\"");
    let (patch, content) = (scene.sandbox.venv().join("bin/mine"), "#!/bin/sh\n");
    fs::write(&patch, content).unwrap();
    assert_eq!(scene.round(1)["venvs"][0]["integrity"], "drifted");
    assert_eq!(fs::read_to_string(&patch).unwrap(), content);
    assert_eq!((scene.restarts(), scene.alerts().len()), (0, 1));
    // Damage beside it is healed, and it stays.
    scene.damage();
    assert_eq!(scene.round(1)["venvs"][0]["integrity"], "drifted");
    assert!(scene.file().exists() && patch.exists());
}

#[test]
fn who_observes_and_who_tries_changes_nothing() {
    let scene = Scene::new("mode = \"observe\"");
    scene.damage();
    assert_eq!(scene.round(1)["venvs"][0]["integrity"], "damaged");
    assert!(!scene.file().exists());
    assert_eq!((scene.restarts(), scene.alerts().len()), (0, 1));
    let scene = Scene::new("mode = \"heal\"");
    scene.damage();
    let run = scene.sandbox.code(
        1,
        &["watch", "--config", "watch.toml", "--once", "--dry-run"],
    );
    assert!(run.stderr.contains("would heal"), "{run}");
    assert!(!scene.file().exists() && !scene.path("store/watch").exists());
    assert_eq!((scene.restarts(), scene.alerts().len()), (0, 0));
}

#[test]
fn a_venv_without_a_baseline_and_a_store_that_is_gone_are_told_apart() {
    let scene = Scene::new("mode = \"heal\"");
    fs::rename(scene.path("store"), scene.path("away")).unwrap();
    let run = scene
        .sandbox
        .code(3, &["watch", "--config", "watch.toml", "--once"]);
    assert!(run.stderr.contains("cannot be remembered"), "{run}");
    fs::rename(scene.path("away"), scene.path("store")).unwrap();
    let id = scene.sandbox.ids().remove(0);
    scene.sandbox.ok(&["forget", &id]);
    assert_eq!(scene.round(1)["venvs"][0]["integrity"], "unsaved");
    scene.damage();
    assert_eq!(scene.round(1)["venvs"][0]["integrity"], "damaged");
    assert_eq!(scene.alerts().last().unwrap()["found"]["can_heal"], false);
}

#[test]
fn the_rules_that_the_readme_shows_are_taken_as_they_stand_there() {
    let sandbox = Sandbox::new();
    let told = readme::sessions();
    let rules = told
        .iter()
        .find(|(command, _)| command.starts_with("cat /etc/venv-snap/watch.toml"));
    fs::write(sandbox.path("watch.toml"), rules.unwrap().1.join("\n")).unwrap();
    let run = sandbox.ok(&["watch", "--config", "watch.toml", "--check-config"]);
    assert!(run.stdout.contains("/srv/app/venv"), "{run}");
}

#[test]
fn a_mistake_in_the_rules_is_told_with_its_place() {
    let scene = Scene::new("mod = \"heal\"");
    let run = scene
        .sandbox
        .code(2, &["watch", "--config", "watch.toml", "--check-config"]);
    assert!(
        run.stderr.contains("watch.toml:4:12: unknown key `mod`"),
        "{run}"
    );
    assert!(run.stderr.contains("did you mean `mode`?"), "{run}");
    fs::write(scene.path("watch.toml"), b"[[venv]]\n# \xc3\xa4 \xff\n").unwrap();
    let run = scene
        .sandbox
        .code(2, &["watch", "--config", "watch.toml", "--check-config"]);
    assert!(
        run.stderr.contains("watch.toml:2:5: this is no UTF-8"),
        "{run}"
    );
    let scene = Scene::new("mode = \"heal\"");
    scene
        .sandbox
        .json(0, &["watch", "--config", "watch.toml", "--check-config"]);
    scene
        .sandbox
        .code(3, &["watch", "--config", "nowhere.toml"]);
}

#[test]
fn a_webhook_that_fails_gets_the_alert_in_the_next_round_and_its_secrets_are_printed_nowhere() {
    let scene = Scene::new("mode = \"observe\"");
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/S3CRET", server.local_addr().unwrap());
    fs::write(scene.path("token"), "T0KEN\n").unwrap();
    let rules = fs::read_to_string(scene.path("watch.toml")).unwrap();
    let rules = rules.split("[[alert]]").next().unwrap();
    let token = scene.path("token");
    let rules = format!("{rules}[[alert]]\nwebhook = {url:?}\nbearer_file = {token:?}\n");
    fs::write(scene.path("watch.toml"), rules).unwrap();
    let served =
        std::thread::spawn(move || ["500 No", "200 OK"].map(|status| answer(&server, status)));
    scene.damage();
    let said = [0, 1].map(|_| {
        scene
            .sandbox
            .code(1, &["watch", "--config", "watch.toml", "--once"])
    });
    let asked = served.join().unwrap();
    for question in &asked {
        assert!(question.starts_with("POST /S3CRET "), "{question}");
        assert!(
            question
                .to_lowercase()
                .contains("authorization: bearer t0ken"),
            "{question}"
        );
        assert!(question.contains("\"state\":\"damaged\""), "{question}");
    }
    assert!(
        said[0].stderr.contains("an alert did not arrive"),
        "{}",
        said[0]
    );
    for run in said {
        assert!(
            !run.stderr.contains("S3CRET") && !run.stderr.contains("T0KEN"),
            "{run}"
        );
    }
}

/// Answers one question, and gives it.
fn answer(server: &TcpListener, status: &str) -> String {
    let (mut stream, _) = server.accept().unwrap();
    let mut question = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let count = stream.read(&mut piece).unwrap();
        question.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&question).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_lowercase();
            let length = head
                .split("content-length: ")
                .nth(1)
                .and_then(|rest| rest.lines().next());
            let length: usize = length.map_or(0, |text| text.parse().unwrap());
            if body.len() >= length {
                write!(
                    stream,
                    "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                )
                .unwrap();
                return text;
            }
        }
    }
}
