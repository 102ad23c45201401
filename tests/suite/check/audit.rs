//! What `check` finds in a venv without any snapshot, and what `save` admits.

use crate::support::answers::found;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::damage::Damage;
use crate::support::sandbox::site;
use crate::support::session::Session;
use crate::support::wheel::{pip, two_versions, venv_by_python};
use crate::support::{Sandbox, Tree, venv};

#[test]
fn a_venv_of_pip_is_sound_and_every_damage_of_it_is_found_without_a_snapshot() {
    let sandbox = Sandbox::new();
    venv_by_python(&sandbox.venv());
    let (wheel, _) = two_versions(&sandbox.path("wheels"));
    pip(&sandbox.venv(), &["install", wheel.to_str().unwrap()]);
    let clean = sandbox.json(0, &["check", "venv"]);
    assert_eq!(found(&clean), Vec::<String>::new());
    assert!(
        clean["summary"]["empty"].as_u64().unwrap() > 0,
        "files that are meant to be empty"
    );
    assert_eq!(clean["interpreter"]["alive"], true);
    let site = venv::site_packages(&sandbox.venv());
    let file = sandbox.venv().join(&site).join("wares/core.py");
    let good = fs::read(&file).unwrap();
    for (damage, check) in [
        (Damage::Delete, "file-missing"),
        (Damage::Empty, "file-emptied"),
        (Damage::Truncate, "file-altered"),
        (Damage::ZeroTail, "file-zero-filled"),
        (Damage::AlterKeepingTime, "file-altered"),
        (Damage::Append, "file-altered"),
    ] {
        damage.apply(&file);
        let hurt = sandbox.json(1, &["check", "venv"]);
        let named: Vec<String> = found(&hurt)
            .into_iter()
            .filter(|f| f.starts_with("file-"))
            .collect();
        assert_eq!(named, [format!("{check} wares/core.py")], "{damage:?}");
        fs::write(&file, &good).unwrap();
    }
    assert_eq!(
        found(&sandbox.json(0, &["check", "venv"])),
        Vec::<String>::new()
    );
}

#[test]
fn rows_that_are_odd_but_true_are_no_findings() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let record = site(&sandbox).join("click-1.0.dist-info/RECORD");
    let mut text = fs::read_to_string(&record).unwrap();
    let odd = [
        ("click/a, b.py", "\"click/a, b.py\""),
        ("../../../bin/script", "../../../bin/script"),
        ("click/sha512.py", "click/sha512.py"),
        ("click/unhashed.py", "click/unhashed.py"),
    ];
    use data_encoding::BASE64URL_NOPAD;
    use sha2::Digest;
    for (path, row) in odd {
        let content = format!("# {path}\n");
        let file = site(&sandbox).join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &content).unwrap();
        let hash = match path {
            "click/sha512.py" => format!(
                "sha512={}",
                BASE64URL_NOPAD.encode(&sha2::Sha512::digest(&content))
            ),
            "click/unhashed.py" => String::new(),
            _ => format!(
                "sha256={}",
                BASE64URL_NOPAD.encode(&sha2::Sha256::digest(&content))
            ),
        };
        text.push_str(&format!(
            "{row},{hash},{}\r\n",
            if hash.is_empty() {
                String::new()
            } else {
                content.len().to_string()
            }
        ));
    }
    let absolute = format!("{}/bin/tool,,\n", sandbox.venv().display());
    text.push_str(&absolute);
    text.push_str("click\\core.py,sha256=AA,1\nclick/dir/,,\n/usr/lib/elsewhere.py,,\n");
    text.push_str("click/core.py,,\nclick/__pycache__,,\n");
    fs::write(&record, text).unwrap();
    let answer = sandbox.json(0, &["check", "venv"]);
    assert_eq!(found(&answer), Vec::<String>::new(), "{answer}");
}

#[test]
fn what_is_unusual_is_told_and_is_no_damage() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let site = site(&sandbox);
    let meta = "Metadata-Version: 2.1\nName: click\nVersion: 1.0\nRequires-Dist: idna>=2; python_version >= '3.8'\n\
        Requires-Dist: nowhere[extra]>=1\nRequires-Dist: other; extra == 'more'\nRequires-Dist: third; sys_platform \
        == 'win32'\n\
        Requires-Python: >=3.99\n";
    rewrite(&site, "click", meta);
    // As Debian ships them.
    fs::remove_file(site.join("idna-1.0.dist-info/RECORD")).unwrap();
    fs::write(site.join("idna-1.0.dist-info/INSTALLER"), "debian\n").unwrap();
    fs::create_dir(site.join("~lick")).unwrap();
    venv::write(
        &sandbox.venv(),
        &format!("{}/click-0.9.dist-info/METADATA", venv::SITE),
        b"Name: click\nVersion: 0.9\n",
    );
    venv::write(
        &sandbox.venv(),
        &format!("{}/stray.py", venv::SITE),
        b"x = 1\n",
    );
    let answer = sandbox.json(0, &["check", "venv"]);
    let mut found = found(&answer);
    found.sort();
    assert_eq!(
        found,
        [
            "duplicate click-1.0.dist-info",
            "leftover ~lick",
            "record-absent click-0.9.dist-info",
            "record-absent idna-1.0.dist-info",
            "requirement-unmet click",
            "requirement-unmet click",
            "requires-python click",
        ],
        "{answer}"
    );
    assert_eq!(answer["summary"]["damage"], 0);
    assert_eq!(answer["clean"], true, "{answer}");
    let mut session = Session::new(&sandbox);
    session.run(0, &["check", "venv"]);
    // Unusual is no reason to refuse a save.
    session.run(0, &["save", "venv"]);
    session.run(0, &["list"]);
    insta::assert_snapshot!(session.told());
}

/// Gives a package other METADATA, with a RECORD that agrees.
fn rewrite(site: &Path, name: &str, metadata: &str) {
    use sha2::Digest;
    let info = format!("{name}-1.0.dist-info");
    fs::write(site.join(&info).join("METADATA"), metadata).unwrap();
    let record = site.join(&info).join("RECORD");
    let hash = data_encoding::BASE64URL_NOPAD.encode(&sha2::Sha256::digest(metadata));
    let rows: Vec<String> = fs::read_to_string(&record)
        .unwrap()
        .lines()
        .map(|row| {
            if row.starts_with(&format!("{info}/METADATA")) {
                format!("{info}/METADATA,sha256={hash},{}", metadata.len())
            } else {
                row.to_owned()
            }
        })
        .collect();
    fs::write(record, rows.join("\n") + "\n").unwrap();
}

#[test]
fn a_module_that_record_was_rewritten_to_forget_is_still_missed() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let site = site(&sandbox);
    let record = site.join("click-1.0.dist-info/RECORD");
    let healed: String = fs::read_to_string(&record)
        .unwrap()
        .lines()
        .filter(|row| !row.starts_with("click/core.py"))
        .map(|row| format!("{row}\n"))
        .collect();
    fs::write(record, healed).unwrap();
    fs::remove_file(site.join("click/core.py")).unwrap();
    let answer = sandbox.json(1, &["check", "venv"]);
    assert_eq!(found(&answer), ["import-unresolved click/__init__.py"]);
    sandbox.code(1, &["save", "venv"]);
}

#[test]
fn a_damaged_venv_is_not_saved_unless_forced_and_then_is_no_baseline() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    Damage::Empty.apply(&site(&sandbox).join("click/core.py"));
    let before = Tree::of(&sandbox.venv());
    let mut session = Session::new(&sandbox);
    session.run(1, &["save", "venv"]);
    assert_eq!(sandbox.ids(), Vec::<String>::new());
    before.assert_same(&Tree::of(&sandbox.venv()), "refused");
    // Nothing of it says "baseline".
    session.run(0, &["save", "venv", "--force"]);
    session.run(0, &["list"]);
    session.run(10, &["restore", "venv"]);
    insta::assert_snapshot!(session.told());
}

#[test]
fn a_refused_save_tells_every_finding_in_json_as_well() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    Damage::Empty.apply(&site(&sandbox).join("click/core.py"));
    fs::remove_file(site(&sandbox).join("idna/core.py")).unwrap();
    let run = sandbox.code(1, &["save", "venv", "--json"]);
    let answer: Value = serde_json::from_str(&run.stderr).unwrap();
    let audit = &answer["error"]["audit"];
    assert_eq!(
        found(audit),
        [
            "file-missing idna/core.py",
            "file-emptied click/core.py",
            "import-unresolved idna/__init__.py"
        ],
        "{run}"
    );
    assert_eq!(audit["summary"]["damage"], 3, "{run}");
    // And the way on, as check has it.
    let check = sandbox.json(1, &["check", "venv"]);
    assert!(check["reinstall"].is_array(), "{check}");
    assert_eq!(answer["error"]["reinstall"], check["reinstall"], "{run}");
    // Other errors have none.
    let run = sandbox.code(10, &["diff", "venv", "--json"]);
    let answer: Value = serde_json::from_str(&run.stderr).unwrap();
    assert!(answer["error"].get("audit").is_none(), "{run}");
}

#[test]
fn save_show_and_a_refused_save_tell_all_that_check_tells() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let stray = format!("{}/stray.py", venv::SITE);
    venv::write(&sandbox.venv(), &stray, b"x = 1\n");
    let told = |code| {
        let mut answer = sandbox.json(code, &["check", "venv"]);
        let members = answer.as_object_mut().unwrap();
        for own in ["format", "command", "venv", "reinstall", "took_ms"] {
            assert!(members.remove(own).is_some(), "{own}");
        }
        answer
    };
    let sound = told(0);
    assert_eq!(sound["unowned"][0]["path"], stray);
    assert!(
        sound["summary"]["entries"].as_u64().unwrap() > 10,
        "{sound}"
    );
    assert_eq!(sandbox.json(0, &["save", "venv"])["audit"], sound);
    let show = || sandbox.json(0, &["show", "latest", "--venv", "venv"])["audit"].clone();
    assert_eq!(show(), sound);
    // An unchanged venv is not audited again, and tells the same.
    assert_eq!(sandbox.json(0, &["save", "venv"])["audit"], sound);
    fs::remove_file(site(&sandbox).join("click/core.py")).unwrap();
    let hurt = told(1);
    assert_eq!(hurt["diagnosis"][0]["rule"], "core-dump-cleaner", "{hurt}");
    assert_eq!(
        (&hurt["clean"], &sound["clean"]),
        (&false.into(), &true.into())
    );
    let refused = sandbox.code(1, &["save", "venv", "--json"]).stderr;
    let refused: Value = serde_json::from_str(&refused).unwrap();
    assert_eq!(refused["error"]["audit"], hurt);
    sandbox.ok(&["save", "venv", "--force"]);
    assert_eq!(show(), hurt);
}

#[test]
fn the_interpreter_is_looked_at() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    // Whether there is such an interpreter is told as well.
    let home = sandbox.path("usr/bin");
    fs::create_dir_all(&home).unwrap();
    fs::write(home.join("python3.11"), "").unwrap();
    let config = format!("home = {}\nversion = 3.11.7\n", home.display());
    fs::write(sandbox.venv().join("pyvenv.cfg"), config).unwrap();
    let python = sandbox.venv().join("bin/python");
    let mut session = Session::new(&sandbox);
    fs::write(&python, "#!/bin/sh\necho version=3.13.1\n").unwrap();
    let answer = sandbox.json(1, &["check", "venv"]);
    assert_eq!(answer["findings"][0]["check"], "interpreter");
    assert_eq!(answer["diagnosis"][0]["rule"], "interpreter-changed");
    session.run(1, &["check", "venv"]);
    fs::write(&python, "#!/bin/sh\nexit 127\n").unwrap();
    session.run(1, &["check", "venv"]);
    fs::remove_file(&python).unwrap();
    std::os::unix::fs::symlink("python3", &python).unwrap();
    let link = sandbox.venv().join("bin/python3");
    std::os::unix::fs::symlink("/nowhere/python3.11", &link).unwrap();
    session.run(1, &["check", "venv"]);
    fs::remove_file(link).unwrap();
    fs::remove_file(&python).unwrap();
    session.run(1, &["check", "venv"]);
    insta::assert_snapshot!(session.told());
}

#[test]
fn accepted_findings_are_shown_with_their_reason_and_stop_nothing() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    Damage::Append.apply(&site(&sandbox).join("click/core.py"));
    sandbox.code(1, &["check", "venv"]);
    let rules = sandbox.path("snap.toml");
    fs::write(
        &rules,
        "[[accept]]\npackage = 'Click'\ncheck = 'file-altered'\nreason = 'upstream ships it so'\n",
    )
    .unwrap();
    let answer = sandbox.json(0, &["check", "venv"]);
    assert_eq!(answer["findings"][0]["accepted"], "upstream ships it so");
    let mut session = Session::new(&sandbox);
    session.run(0, &["check", "venv"]);
    session.run(0, &["save", "venv"]);
    for bad in [
        "[[accept]]\nreason = 'all'\n",
        "[[accept]]\ncheck = 'file-altered'\nreason = ' '\n",
        "[[accept]]\nchek = 'x'\n",
        "=",
    ] {
        fs::write(&rules, bad).unwrap();
        session.run(2, &["check", "venv"]);
    }
    insta::assert_snapshot!(session.told());
    fs::remove_file(rules).unwrap();
    let project = "[project]\nname = 'x'\n[[tool.venv-snap.accept]]\npath = 'lib/*/site-packages/click/*.py'\nreason \
        = 'ours'\n";
    fs::write(sandbox.path("pyproject.toml"), project).unwrap();
    sandbox.code(0, &["check", "venv"]);
    // A rule that is gone accepts nothing, also of a tree that did not change since it was saved.
    fs::remove_file(sandbox.path("pyproject.toml")).unwrap();
    sandbox.code(1, &["save", "venv"]);
}

#[test]
fn a_token_in_the_url_of_a_package_is_neither_printed_nor_kept_apart() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    venv::package(&sandbox.venv(), venv::SITE, "wide", &["core.py"]);
    let info = format!("{}/wide-1.0.dist-info", venv::SITE);
    let url = r#"{"url":"https://user:s3cret@host/x.whl?token=s3cret","archive_info":{}}"#;
    venv::write(
        &sandbox.venv(),
        &format!("{info}/direct_url.json"),
        url.as_bytes(),
    );
    let mut shown = sandbox.ok(&["save", "venv", "--json"]).stdout;
    for args in [
        &["show", "latest", "--freeze"][..],
        &["show", "latest", "--json"],
    ] {
        shown += &sandbox.ok(&[args, &["--venv", "venv"]].concat()).stdout;
    }
    shown += &sandbox.ok(&["check", "venv", "--json"]).stdout;
    assert!(shown.contains("https://host/x.whl"), "{shown}");
    assert!(!shown.contains("s3cret"), "{shown}");
}
