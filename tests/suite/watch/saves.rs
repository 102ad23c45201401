//! An upgrade becomes the next baseline by itself, where it leaves nothing unmet.

use std::fs;
use std::path::Path;

use super::scene::Scene;
use crate::support::venv;

/// A venv in which `app` needs `part`, and nobody needs `leaf`.
fn needing(venv: &Path) {
    venv::real(venv);
    let site = venv::site_packages(venv);
    for name in ["part", "leaf"] {
        venv::package(venv, &site, name, &["core.py"]);
    }
    let info = "app-1.0.dist-info";
    let about = "Metadata-Version: 2.1\nName: app\nVersion: 1.0\nRequires-Dist: part\n";
    let rows = format!("{info}/METADATA,,\n{info}/RECORD,,\n");
    for (file, text) in [("METADATA", about), ("RECORD", &rows)] {
        venv::write(venv, &format!("{site}/{info}/{file}"), text.as_bytes());
    }
}

#[test]
fn a_removal_that_leaves_a_requirement_unmet_is_told_and_another_becomes_the_baseline() {
    let scene = Scene::of(needing, "on_upgrade = \"save\", settle = \"1s\"", "");
    let site = scene
        .sandbox
        .venv()
        .join(venv::site_packages(&scene.sandbox.venv()));
    let moves = |name: &str, away: bool| {
        for part in [name.to_owned(), format!("{name}-1.0.dist-info")] {
            let (here, there) = (site.join(&part), scene.path(&part));
            let (from, to) = if away { (here, there) } else { (there, here) };
            fs::rename(from, to).unwrap();
        }
    };
    moves("part", true);
    assert_eq!(scene.round(1)["venvs"][0]["integrity"], "upgraded");
    let alerts = scene.alerts();
    assert_eq!(
        alerts[0]["found"]["unmet"],
        serde_json::json!(["app needs 'part', which is not installed"])
    );
    assert_eq!(scene.sandbox.ids().len(), 1, "it is no baseline");
    moves("part", false);
    scene.round(0);
    moves("leaf", true);
    assert_eq!(scene.round(0)["venvs"][0]["integrity"], "sound");
    assert_eq!(scene.sandbox.ids().len(), 2, "it is the baseline");
}
