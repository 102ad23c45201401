//! What a look costs: nothing of a venv is read in which no state changed, and what was read tells the truth after it.

use std::fs;

use venv_snap::Site;
use venv_snap::monitor::Silent;
use venv_snap::ops::{Context, Health, SaveOptions, StatusOptions, save, status};

use crate::support::{Sandbox, venv};

/// How the one venv stands, and how many files were read to tell.
fn look(sandbox: &Sandbox, full: bool) -> (Health, u64) {
    let monitor = Silent::default();
    let options = StatusOptions {
        full,
        ..StatusOptions::default()
    };
    let outcome = status(&context(sandbox, &monitor), &options).unwrap();
    assert_eq!(outcome.venvs.len(), 1);
    (outcome.venvs[0].health, monitor.files_read())
}

fn context<'m>(sandbox: &Sandbox, monitor: &'m Silent) -> Context<'m> {
    Context {
        store: venv_snap::Location::dir(&sandbox.path("store")),
        host: "here".to_owned(),
        host_name: "here".to_owned(),
        now: jiff::Timestamp::now(),
        lock_wait: std::time::Duration::from_secs(20),
        monitor,
    }
}

#[test]
fn nothing_is_read_of_what_did_not_change() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let monitor = Silent::default();
    let site = Site::resolve(&sandbox.venv()).unwrap();
    save(&context(&sandbox, &monitor), &site, &SaveOptions::default()).unwrap();
    let files = monitor.files_read();
    assert!(files > 0);
    // Where times are coarse, the first look after a save still has to read.
    look(&sandbox, false);
    assert_eq!(look(&sandbox, false), (Health::Sound, 0));
    assert_eq!(look(&sandbox, true), (Health::Sound, files));

    let core = sandbox.venv().join(venv::SITE).join("click/core.py");
    fs::write(&core, "other = 1\n").unwrap();
    let (health, read) = look(&sandbox, false);
    assert_eq!(health, Health::Damaged);
    assert!((1..files).contains(&read), "{read}");
    look(&sandbox, false);
    assert_eq!(
        look(&sandbox, false),
        (Health::Damaged, 0),
        "the verdict is remembered"
    );

    fs::remove_file(&core).unwrap();
    assert_eq!(look(&sandbox, false).0, Health::Damaged);
    save(
        &context(&sandbox, &monitor),
        &site,
        &SaveOptions {
            force: true,
            ..SaveOptions::default()
        },
    )
    .unwrap();
    assert_eq!(
        look(&sandbox, false).0,
        Health::Damaged,
        "a forced save is no baseline"
    );
}
