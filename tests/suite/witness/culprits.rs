//! Who did it. Real culprits, of which some are gone within a millisecond: each change has to be told, and never may
//! another process be named. How often the name is known depends on how busy the machine is; `SNAP_TRIALS=200` measures
//! that (docs/reliability.md).

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use venv_snap::model::{Certainty, Who};
use venv_snap::witness::What;

use super::scene::{Culprit, Scene, culprits};
use super::{can_name, of, rest, start};
use crate::support::{Sandbox, tools, venv};

/// What came of the trials of one culprit.
#[derive(Default, Debug)]
struct Tally {
    trials: usize,
    program: usize,
    parents: usize,
    user: usize,
    argv: usize,
    cron: usize,
    grades: BTreeMap<&'static str, usize>,
}

/// Holds what was told against what is so. Nothing wrong may be told; what is unknown is counted.
fn judge(culprit: &Culprit, scene: &Scene, who: &Who, above: u32, tally: &mut Tally) {
    let context = || format!("{}: {who:#?}", culprit.name);
    tally.trials += 1;
    *tally.grades.entry(who.certainty.as_str()).or_default() += 1;
    let known = |image: &venv_snap::model::Image| image.program.clone();
    if let Some(program) = &who.image.program {
        let is_it = program == culprit.program
            || program.starts_with("python3") && culprit.program == "python3";
        assert!(is_it, "{}", context());
        tally.program += 1;
    } else {
        assert_eq!(who.certainty, Certainty::Unknown, "{}", context());
    }
    if let Some(argv) = &who.image.argv {
        let argv: Vec<_> = argv
            .0
            .iter()
            .map(|one| String::from_utf8_lossy(one))
            .collect();
        assert_eq!(argv, (culprit.argv)(scene), "{}", context());
        tally.argv += 1;
    }
    if let Some(user) = &who.user {
        assert_eq!(user.uid, culprit.uid, "{}", context());
        tally.user += 1;
    }
    assert!(
        who.parents.is_empty() || who.is_below(above),
        "{}",
        context()
    );
    let is_named = |name: &str| {
        who.parents
            .iter()
            .any(|one| known(&one.image).as_deref() == Some(name))
    };
    let is_whole = who
        .parents
        .last()
        .is_some_and(|first| first.pid <= 2 || who.parents.len() >= 16);
    if is_whole
        && who.is_below(std::process::id())
        && (culprit.parent.is_empty() || is_named(culprit.parent))
    {
        tally.parents += 1;
    }
    if let Some(cron) = &who.cron {
        let expected = culprit.cron.map(|of| of(scene));
        assert_eq!(Some(cron), expected.as_ref(), "{}", context());
        tally.cron += 1;
    }
}

fn trials() -> usize {
    let asked = std::env::var("SNAP_TRIALS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(2)
}

/// The number of the process that was started here is the culprit's or that of one above it.
fn run(command: &[String]) -> u32 {
    let mut child = Command::new(&command[0]);
    let mut child = child
        .args(&command[1..])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let pid = child.id();
    assert!(child.wait().unwrap().success(), "{command:?}");
    pid
}

#[test]
fn whoever_did_it_is_named_and_never_another_one() {
    let scene = Scene::new();
    let mut witness = start(&scene.sandbox.venv());
    if !can_name(&witness, culprits().len()) {
        return;
    }
    let mut all = Vec::new();
    for culprit in culprits() {
        let command = (culprit.command)(&scene);
        // Programs that not every machine has.
        let needed = ["rsync", "unshare", "setpriv"]
            .into_iter()
            .find(|name| culprit.needs(name));
        if needed.is_some_and(|name| tools::find(name).is_none()) {
            continue;
        }
        let mut tally = Tally::default();
        for _ in 0..trials() {
            (culprit.prepare)(&scene);
            rest(&mut witness);
            let pid = run(&command);
            let seen = of(&mut witness, culprit.hurt.0, culprit.hurt.1);
            let who = seen
                .who
                .unwrap_or_else(|| panic!("{}: nobody is named", culprit.name));
            judge(&culprit, &scene, &who, pid, &mut tally);
        }
        println!("{}: {tally:?}", culprit.name);
        all.push((culprit, tally));
    }
    // What the kernel tells of each process that ended does not depend on luck.
    for (culprit, tally) in all {
        let most = tally.trials * 99 / 100;
        for (of, count) in [
            ("program", tally.program),
            ("parents", tally.parents),
            ("user", tally.user),
        ] {
            assert!(
                count >= most,
                "{}: {of} in {count} of {}",
                culprit.name,
                tally.trials
            );
        }
        if culprit.name.contains("20 ms") {
            assert!(tally.argv >= most, "{}: {tally:?}", culprit.name);
        }
    }
}

#[test]
fn a_second_pip_is_named_with_its_whole_command() {
    let sandbox = Sandbox::new();
    venv::real(&sandbox.venv());
    let site = venv::site_packages(&sandbox.venv());
    let Some(pip) = tools::find("pip") else {
        return;
    };
    let mut witness = start(&sandbox.venv());
    if !can_name(&witness, 1) {
        return;
    }
    let into = sandbox.venv().join("bin/python");
    for _ in 0..trials().min(20) {
        venv::package(&sandbox.venv(), &site, "tinyp", &["core"]);
        rest(&mut witness);
        let mut command = tools::command(&sandbox, &pip);
        let args = [
            "--python".as_ref(),
            into.as_os_str(),
            "uninstall".as_ref(),
            "-qy".as_ref(),
            "tinyp".as_ref(),
        ];
        tools::done(command.args(args));
        let seen = of(&mut witness, &format!("{site}/tinyp"), What::Moved);
        let who = seen.who.unwrap();
        assert!(
            matches!(who.certainty, Certainty::Live | Certainty::Exec),
            "{who:#?}"
        );
        let argv = who.image.argv.clone().unwrap().0;
        let last = ["uninstall", "-qy", "tinyp"].map(|one| one.as_bytes().to_vec());
        assert!(argv.ends_with(&last), "{who:#?}");
        assert!(who.is_below(std::process::id()), "{who:#?}");
    }
}
