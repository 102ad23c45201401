//! Several venvs in one command: each answered, none stopped by another, the worst code.

use std::fs;

use serde_json::Value;

use crate::support::session::Session;
use crate::support::{Sandbox, schema, venv};

/// A sound venv, a damaged one, and one that is gone, all saved.
fn three() -> Sandbox {
    let sandbox = Sandbox::new();
    for name in ["damaged", "gone", "sound"] {
        venv::tiny(&sandbox.path(name));
        sandbox.ok(&["save", name]);
    }
    fs::remove_file(
        sandbox
            .path("damaged")
            .join(venv::SITE)
            .join("click/core.py"),
    )
    .unwrap();
    fs::rename(sandbox.path("gone"), sandbox.path("away")).unwrap();
    sandbox
}

/// The exit codes of a list, and each answer as a line of its own, held against its schema.
fn codes(answer: &Value) -> Vec<u64> {
    assert_eq!(answer["command"], "several");
    let all = answer["answers"].as_array().unwrap();
    for one in all {
        schema::hold(&one["answer"].to_string());
        assert!(one["answer"]["format"] == 1, "{one}");
    }
    all.iter()
        .map(|one| one["exit_code"].as_u64().unwrap())
        .collect()
}

#[test]
fn each_of_several_venvs_is_answered_and_the_worst_code_counts() {
    let sandbox = three();
    for (verb, args, damaged, sound) in [
        ("check", &["check", "--all"][..], 1, 0),
        ("diff", &["diff", "--all"], 1, 0),
        ("save", &["save", "--all"], 1, 0),
        ("check", &["check", "damaged", "gone", "sound"], 1, 0),
        ("save", &["save", "damaged", "gone", "sound"], 1, 0),
        (
            "diff",
            &["diff", "--each", "damaged", "gone", "sound"],
            1,
            0,
        ),
    ] {
        // One that is gone is damage of all venvs, and a mistake of whoever names it.
        let gone = match (args.contains(&"--all"), verb) {
            (true, "save") => 0,
            (true, _) => 1,
            (false, _) => i32::from(sandbox.snap(&[verb, "gone"]).code as u8),
        };
        let worst = gone.max(1);
        let answer = sandbox.json(worst, args);
        assert_eq!(codes(&answer), [damaged, gone as u64, sound], "{args:?}");
        assert_eq!(answer["verb"], verb);
        assert_eq!(answer["exit_code"], worst);
        assert!(
            answer["answers"][1]["answer"]["error"]["message"].is_string(),
            "{answer}"
        );
        let text = sandbox.code(worst, args);
        assert!(text.stdout.contains("sound:\n"), "{text}");
        assert!(text.stderr.contains("gone"), "{text}");
    }
    assert_eq!(
        sandbox.ids().len(),
        7,
        "the sound one was saved again by each save, and no other"
    );
    let mut session = Session::new(&sandbox);
    session.run(1, &["diff", "--all"]);
    session.run(1, &["check", "damaged", "sound"]);
    insta::assert_snapshot!(session.told());
    let both = sandbox.json(1, &["check", "damaged", "sound"]);
    assert_eq!(codes(&both), [1, 0]);
}

#[test]
fn a_lone_venv_is_answered_as_ever() {
    let sandbox = three();
    for args in [
        &["check", "sound"][..],
        &["diff", "sound"],
        &["save", "sound"],
        &["diff", "--each", "sound"],
    ] {
        let answer = sandbox.json(0, args);
        assert_ne!(answer["command"], "several", "{args:?}");
    }
    let run = sandbox.code(2, &["diff", "sound", "damaged"]);
    assert!(run.stderr.contains("--each"), "{run}");
    sandbox.code(2, &["diff", "sound", "damaged", "gone"]);
    sandbox.code(2, &["diff", "--each", "sound", "latest"]);
    sandbox.code(2, &["check", "--all", "sound"]);
}
