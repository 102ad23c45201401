//! What an interrupted pip put aside: the only copy is damage, a second one is rubbish.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::answers::found;
use crate::support::sandbox::site;
use crate::support::session::Session;
use crate::support::wheel::{pip, two_versions, venv_with_pip};
use crate::support::{Sandbox, venv};

/// Puts things aside as pip does.
fn aside(site: &Path, names: &[(&str, &str)]) {
    for (name, left) in names {
        fs::rename(site.join(name), site.join(left)).unwrap();
    }
}

/// What was put aside and under which names, what is gone of it, and what has to be found.
type Lost = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
    &'static [&'static str],
);

/// The findings about what was put aside.
fn stranded(answer: &Value) -> Vec<&Value> {
    let findings = answer["findings"].as_array().unwrap().iter();
    findings
        .filter(|one| one["check"] == "interrupted")
        .collect()
}

/// pip was killed between putting the old version aside and writing the new one. Once `save` made a baseline of that,
/// and `check` advised to remove what was left: the only copy.
#[test]
fn the_only_copy_of_a_distribution_is_damage_and_nobody_is_told_to_remove_it() {
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    let (wheel, _) = two_versions(&sandbox.path("wheels"));
    pip(&sandbox.venv(), &["install", wheel.to_str().unwrap()]);
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    let names = [
        ("wares", "~ares"),
        ("wares-1.0.dist-info", "~ares-1.0.dist-info"),
    ];
    aside(&site, &names);
    let answer = sandbox.json(1, &["check", "venv"]);
    assert_eq!(
        found(&answer),
        ["interrupted ~ares", "interrupted ~ares-1.0.dist-info"]
    );
    assert_eq!(
        (&answer["clean"], &answer["summary"]["damage"]),
        (&false.into(), &2.into())
    );
    for one in stranded(&answer) {
        let text = one["text"].as_str().unwrap();
        assert!(
            text.contains("rename it back to 'lib/") && text.contains("restore"),
            "{text}"
        );
        assert_eq!(one["package"], "wares");
    }
    let text = sandbox.code(1, &["check", "venv"]).stdout;
    assert!(
        text.starts_with("damaged: 2 findings") && !text.contains("remove"),
        "{text}"
    );
    assert_eq!(answer["diagnosis"][0]["rule"], "interrupted-pip");
    assert!(sandbox.code(1, &["save", "venv"]).stdout.contains("~ares"));
    sandbox.ok(&["save", "venv", "--force"]);
    assert!(sandbox.ok(&["list"]).stdout.contains("damaged, 2 findings"));
    // What the finding says helps.
    for (one, (name, left)) in stranded(&answer).into_iter().zip(names) {
        let text = one["text"].as_str().unwrap();
        let old = text.rsplit('\'').nth(1).unwrap();
        assert_eq!(sandbox.venv().join(old), site.join(name));
        fs::rename(site.join(left), sandbox.venv().join(old)).unwrap();
    }
    let answer = sandbox.json(0, &["check", "venv"]);
    assert_eq!(
        (found(&answer), &answer["clean"]),
        (Vec::new(), &true.into())
    );
}

#[test]
fn a_leftover_beside_the_complete_distribution_is_a_notice_and_may_be_removed() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let site = site(&sandbox);
    for (name, left) in [
        ("click", "~lick"),
        ("click-1.0.dist-info", "~lick-1.0.dist-info"),
    ] {
        venv::copy(&site.join(name), &site.join(left));
    }
    let answer = sandbox.json(0, &["check", "venv"]);
    assert_eq!(
        found(&answer),
        ["leftover ~lick", "leftover ~lick-1.0.dist-info"]
    );
    assert_eq!(answer["clean"], true);
    let mut session = Session::new(&sandbox);
    session.run(0, &["check", "venv"]);
    session.run(0, &["save", "venv"]);
    insta::assert_snapshot!(session.told());
    // It takes no more than one lost file, and they may be worth something.
    fs::remove_file(site.join("click/utils.py")).unwrap();
    let answer = sandbox.json(1, &["check", "venv"]);
    assert_eq!(stranded(&answer).len(), 2, "{answer}");
}

#[test]
fn whatever_is_left_of_what_was_put_aside_is_known_for_what_it_was() {
    let lost: [Lost; 7] = [
        (
            "only the info directory",
            &[("click-1.0.dist-info", "~lick-1.0.dist-info")],
            &["click"],
            &["interrupted ~lick-1.0.dist-info click"],
        ),
        (
            "nothing that says its name",
            &[("click", "~lick")],
            &["click-1.0.dist-info"],
            &["interrupted ~lick "],
        ),
        (
            "without RECORD",
            &[
                ("click", "~lick"),
                ("click-1.0.dist-info", "~lick-1.0.dist-info"),
            ],
            &["~lick-1.0.dist-info/RECORD"],
            &[
                "interrupted ~lick click",
                "interrupted ~lick-1.0.dist-info click",
            ],
        ),
        (
            "without METADATA",
            &[
                ("click", "~lick"),
                ("click-1.0.dist-info", "~lick-1.0.dist-info"),
            ],
            &["~lick-1.0.dist-info/METADATA"],
            &[
                "interrupted ~lick click",
                "interrupted ~lick-1.0.dist-info click",
            ],
        ),
        (
            "more letters replaced, since the first name was taken",
            &[
                ("click", "~-ick"),
                ("click-1.0.dist-info", "~~%ck-1.0.dist-info"),
            ],
            &[],
            &[
                "interrupted ~-ick click",
                "interrupted ~~%ck-1.0.dist-info click",
            ],
        ),
        (
            "names made longer",
            &[
                ("click", "~click"),
                ("click-1.0.dist-info", "~0click-1.0.dist-info"),
            ],
            &[],
            &[
                "interrupted ~0click-1.0.dist-info click",
                "interrupted ~click click",
            ],
        ),
        (
            "the package, with its info directory in place",
            &[("click", "~lick")],
            &[],
            &["interrupted ~lick click"],
        ),
    ];
    for (what, renamed, removed, expected) in lost {
        let sandbox = Sandbox::new();
        venv::tiny(&sandbox.venv());
        let site = site(&sandbox);
        aside(&site, renamed);
        for name in removed {
            let path = site.join(name);
            if path.is_dir() {
                fs::remove_dir_all(path).unwrap();
            } else {
                fs::remove_file(path).unwrap();
            }
        }
        let answer = sandbox.json(1, &["check", "venv"]);
        let mut seen: Vec<String> = stranded(&answer)
            .iter()
            .map(|one| {
                let path = one["path"].as_str().unwrap();
                let package = one["package"].as_str().unwrap_or("");
                format!("interrupted {} {package}", path.rsplit('/').next().unwrap())
            })
            .collect();
        seen.sort();
        assert_eq!(seen, expected, "{what}: {answer}");
        sandbox.code(1, &["save", "venv"]);
        let text = sandbox.code(1, &["check", "venv"]).stdout;
        assert!(
            !text.contains("remove it") && !text.contains("remove them"),
            "{what}: {text}"
        );
    }
}

#[test]
fn what_was_put_aside_below_a_shared_directory_or_beside_a_script_is_found_by_record() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let site = site(&sandbox);
    venv::package(&sandbox.venv(), venv::SITE, "wide", &["core.py"]);
    let record = site.join("wide-1.0.dist-info/RECORD");
    let mut text = fs::read_to_string(&record).unwrap();
    text.push_str("shared/wide/a.py,,\n../../../bin/wide,,\n");
    fs::write(&record, text).unwrap();
    for path in [&format!("{}/shared/wide/a.py", venv::SITE), "bin/wide"] {
        venv::write(&sandbox.venv(), path, b"x = 1\n");
    }
    // A name of this kind that no RECORD knows is somebody's own affair.
    venv::write(&sandbox.venv(), "bin/~mine", b"");
    venv::write(
        &sandbox.venv(),
        &format!("{}/shared/~own/a.py", venv::SITE),
        b"",
    );
    assert_eq!(
        found(&sandbox.json(0, &["check", "venv"])),
        Vec::<String>::new()
    );
    aside(&site.join("shared"), &[("wide", "~ide")]);
    aside(&sandbox.venv().join("bin"), &[("wide", "~ide")]);
    let answer = sandbox.json(1, &["check", "venv"]);
    let places: Vec<&str> = stranded(&answer)
        .iter()
        .map(|one| one["path"].as_str().unwrap())
        .collect();
    assert_eq!(places, ["bin/~ide", &format!("{}/shared/~ide", venv::SITE)]);
    let text = stranded(&answer)[0]["text"].as_str().unwrap();
    assert!(text.contains("rename it back to 'bin/wide'"), "{text}");
}

#[test]
fn an_accepted_leftover_is_shown_and_stops_nothing() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    fs::create_dir(site(&sandbox).join("~ackup")).unwrap();
    let answer = sandbox.json(1, &["check", "venv"]);
    let text = answer["findings"][0]["text"].as_str().unwrap();
    assert!(
        text.contains("it holds no file") && !text.contains("remove"),
        "{text}"
    );
    let rule =
        "[[accept]]\ncheck = 'interrupted'\npath = 'lib/*/site-packages/~ackup'\nreason = 'ours'\n";
    fs::write(sandbox.path("snap.toml"), rule).unwrap();
    let answer = sandbox.json(0, &["check", "venv"]);
    assert_eq!(
        (&answer["findings"][0]["accepted"], &answer["clean"]),
        (&"ours".into(), &true.into())
    );
    sandbox.ok(&["save", "venv"]);
}

/// A package without a distribution, as it stands in site-packages, and whether it is told.
type Stray = (&'static str, &'static [(&'static str, &'static str)], bool);

/// pip writes the modules of a wheel first: a pip that was stopped there left what nobody owns and nobody told of.
#[test]
fn a_package_of_an_install_that_was_stopped_before_its_info_directory_is_a_notice() {
    const INIT: (&str, &str) = ("wool/__init__.py", "__version__ = '1.0'\n");
    let rows: [Stray; 6] = [
        ("a package with a version", &[INIT], true),
        (
            "a package with types, cut in its middle",
            &[("wool/__init__.py", ""), ("wool/py.typed", "")],
            true,
        ),
        (
            "one that was imported, so that it is in use",
            &[INIT, ("wool/__pycache__/x.cpython-311.pyc", "")],
            false,
        ),
        (
            "modules of one's own, which show no version",
            &[("wool/__init__.py", "x = 1\n"), ("yarn.py", "y = 1\n")],
            false,
        ),
        (
            "one that a distribution says that it brings",
            &[INIT, ("click-1.0.dist-info/top_level.txt", "click\nwool\n")],
            false,
        ),
        (
            "one that a path file starts",
            &[INIT, ("wool.pth", "import wool\n")],
            false,
        ),
    ];
    for (what, files, is_told) in rows {
        let sandbox = Sandbox::new();
        venv::tiny(&sandbox.venv());
        for (path, content) in files {
            let path = format!("{}/{path}", venv::site_packages(&sandbox.venv()));
            venv::write(&sandbox.venv(), &path, content.as_bytes());
        }
        let answer = sandbox.json(0, &["check", "venv"]);
        let told = found(&answer).contains(&"leftover wool".to_owned());
        assert_eq!(told, is_told, "{what}: {answer}");
        assert_eq!(answer["clean"], true, "{what}");
    }
}

#[test]
fn a_package_of_which_files_are_older_than_others_was_written_by_hand() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let site = venv::site_packages(&sandbox.venv());
    for (path, content) in [
        ("wool/__init__.py", "__version__ = '1'\n"),
        ("wool/b.py", ""),
    ] {
        venv::write(
            &sandbox.venv(),
            &format!("{site}/{path}"),
            content.as_bytes(),
        );
    }
    let old = sandbox.venv().join(site).join("wool/b.py");
    venv::set_mtime(&old, 1_600_000_000, 0);
    let answer = sandbox.json(0, &["check", "venv"]);
    assert!(
        !found(&answer).contains(&"leftover wool".to_owned()),
        "{answer}"
    );
}
