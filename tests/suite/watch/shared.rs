//! Venvs whose files are the same inodes: what is written through one is damage in all.

use std::fs;

use super::daemon::{Daemon, until};
use super::scene::Scene;
use crate::support::venv;

#[test]
fn damage_that_is_written_through_one_venv_is_healed_in_all_that_share_the_file() {
    let scene = Scene::new("mode = \"heal\"");
    let other = scene.path("other");
    venv::tiny(&other);
    let file = other.join(venv::SITE).join("click/core.py");
    fs::remove_file(&file).unwrap();
    fs::hard_link(scene.file(), &file).unwrap();
    for venv in ["venv", "other"] {
        scene.sandbox.ok(&["save", venv]);
    }
    let rules = fs::read_to_string(scene.path("watch.toml")).unwrap();
    let other = format!(
        "[[venv]]\npath = \"{}\"\npolicy = {{ mode = \"heal\" }}\n",
        other.display()
    );
    fs::write(scene.path("watch.toml"), other + &rules).unwrap();
    let whole = fs::read(&file).unwrap();
    let daemon = Daemon::start(&scene, None);
    until(&scene, "both are sound, and it hears", || {
        let kept = fs::read_dir(scene.path("store/watch"))
            .into_iter()
            .flatten()
            .flatten();
        let mut kept = kept.filter(|one| one.path().extension().is_some_and(|it| it == "json"));
        let text = kept
            .next()
            .map(|one| fs::read_to_string(one.path()).unwrap_or_default());
        let sound = text
            .unwrap_or_default()
            .matches("\"tree\":{\"state\":\"sound\"")
            .count();
        sound == 2 && daemon.hears(&scene)
    });
    fs::write(scene.file(), "x").unwrap();
    until(&scene, "both are healed", || {
        let alerts = scene.alerts();
        let healed = alerts.iter().filter(|one| one["status"] == "resolved");
        healed.count() == 2
    });
    for file in [scene.file(), file] {
        assert_eq!(fs::read(file).unwrap(), whole);
    }
}
