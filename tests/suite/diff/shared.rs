//! Damage that others share through hard links, and damage that only looks so.

use std::fs;

use crate::support::answers::{named, rules};
use crate::support::stocked::stocked;
use crate::support::{Sandbox, venv};

#[test]
fn links_that_are_all_inside_the_venv_are_nobody_elses_damage() {
    let sandbox = stocked();
    let site = sandbox.venv().join(venv::SITE);
    let (one, two) = (site.join("ant/a.py"), site.join("ant/twin.py"));
    fs::hard_link(&one, &two).unwrap();
    sandbox.ok(&["save", "venv"]);
    fs::write(&two, b"edited (\n").unwrap();
    let diff = named(&sandbox, &[], &[], "links inside");
    let links = |diff: &serde_json::Value| -> Vec<Option<u64>> {
        let entries = diff["entries"].as_array().unwrap().iter();
        let damage = entries.filter(|one| one["class"] == "damage");
        damage.map(|one| one["detail"]["links"].as_u64()).collect()
    };
    assert_eq!(links(&diff)[0], None, "{diff}");
    let check = sandbox.json(1, &["check", "venv"]);
    assert!(check["findings"][0]["links"].is_null(), "{check}");
    // A third name outside makes it everybody's.
    fs::hard_link(&one, sandbox.path("outside")).unwrap();
    let rule = &["hard-link-aliasing"];
    let diff = named(&sandbox, rule, rule, "a link outside");
    assert_eq!(links(&diff)[0], Some(3), "{diff}");
    let check = sandbox.json(1, &["check", "venv"]);
    assert_eq!(check["findings"][0]["links"], 3, "{check}");
}

#[test]
fn a_valid_edit_through_a_hard_link_is_told_as_shared() {
    let sandbox = stocked();
    sandbox.ok(&["save", "venv"]);
    let file = sandbox.venv().join(venv::SITE).join("bee/more.py");
    fs::hard_link(&file, sandbox.path("cache")).unwrap();
    let mut text = fs::read_to_string(&file).unwrap();
    text.push_str("\ndef patched():\n    return True\n");
    fs::write(file, text).unwrap();
    let rule = &["hard-link-aliasing"];
    named(&sandbox, rule, rule, "an edit that is shared");
}

/// Damage in the first two minutes after an install was once called a bad wheel, since it was nearly as old.
#[test]
fn damage_right_after_an_install_is_no_bad_wheel() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let click = sandbox.venv().join(venv::SITE).join("click");
    fs::hard_link(click.join("utils.py"), sandbox.path("cache")).unwrap();
    for (name, mtime, expected) in [
        ("utils.py", 1_700_000_050, vec!["hard-link-aliasing"]),
        ("core.py", 1_700_000_050, vec![]),
        // The time of the install that somebody put back: the inode is younger. What came so is in installers.rs.
        ("core.py", 1_700_000_000, vec![]),
    ] {
        let file = click.join(name);
        let good = fs::read(&file).unwrap();
        fs::write(&file, b"").unwrap();
        venv::set_mtime(&file, mtime, 0);
        let check = sandbox.json(1, &["check", "venv"]);
        assert_eq!(rules(&check), expected, "{name} {mtime}: {check}");
        fs::write(&file, good).unwrap();
    }
}

#[test]
fn a_directory_in_place_of_a_file_is_shared_with_nobody() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let core = sandbox.venv().join(venv::SITE).join("click/core.py");
    fs::remove_file(&core).unwrap();
    fs::create_dir(core).unwrap();
    for verb in ["check", "diff"] {
        let answer = sandbox.json(1, &[verb, "venv"]);
        assert!(
            rules(&answer)
                .iter()
                .all(|rule| rule != "hard-link-aliasing"),
            "{answer}"
        );
    }
}
