//! The contract with people and scripts: codes, JSON, streams, names.

use std::fs;
use std::process::Stdio;

use crate::support::session::Session;
use crate::support::{Run, Sandbox, venv};

#[test]
fn a_diff_in_json_has_the_documented_fields() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv", "--label", "good", "--note", "before"]);
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    fs::write(sandbox.venv().join(std::ffi::OsStr::new("odd")), b"x").unwrap();
    let diff = sandbox.json(1, &["diff", "venv"]);
    assert_eq!(diff["format"], 1);
    assert_eq!(diff["command"], "diff");
    assert_eq!(diff["snapshot"]["label"], "good");
    assert_eq!(diff["snapshot"]["baseline"], true);
    assert_eq!(diff["identical"], false);
    assert_eq!(diff["summary"]["damage"], 1);
    assert_eq!(diff["summary"]["drift"], 1);
    assert_eq!(diff["summary"]["kinds"]["missing"], 1);
    let entry = diff["entries"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["path"] == "bin/tool")
        .unwrap();
    assert_eq!(
        (&entry["class"], &entry["kind"]),
        (&"damage".into(), &"missing".into())
    );
    assert_eq!(entry["expected"]["mode"], "0755");
    assert_eq!(entry["expected"]["blake3"].as_str().unwrap().len(), 64);
    assert!(entry["actual"].is_null());
    assert!(diff["packages"].is_array() && diff["diagnosis"].is_array());
}

#[test]
fn a_name_that_is_not_utf8_keeps_its_bytes_in_json() {
    use std::os::unix::ffi::OsStrExt;
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    fs::write(
        sandbox
            .venv()
            .join(std::ffi::OsStr::from_bytes(b"\xff\x1b[31m")),
        b"x",
    )
    .unwrap();
    let diff = sandbox.json(1, &["diff", "venv"]);
    let entry = diff["entries"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["kind"] == "extra")
        .unwrap();
    assert_eq!(
        entry["path_b64"],
        data_encoding::BASE64.encode(b"\xff\x1b[31m")
    );
    let text = sandbox.code(1, &["diff", "venv"]);
    assert!(
        !text.stdout.contains('\x1b') && text.stdout.contains("\\xff\\u{1b}[31m"),
        "{text}"
    );
}

#[test]
fn every_reading_command_answers_in_json_on_standard_output_alone() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    for args in [
        &["list"][..],
        &["show", "latest", "--venv", "venv"],
        &["ls", "latest", "bin", "--venv", "venv"],
        &["log", "venv"],
        &["stats"],
        &["diff", "venv"],
        &["restore", "venv", "-n"],
        &["rebuild-index"],
        &["version"],
    ] {
        let json = sandbox.json(0, args);
        assert_eq!(json["format"], 1, "{args:?}");
        assert_eq!(json["command"].as_str().unwrap(), args[0], "{args:?}");
    }
    let run = sandbox.code(10, &["show", "ffffffff", "--json"]);
    let error: serde_json::Value = serde_json::from_str(run.stderr.trim()).unwrap();
    assert_eq!(error["error"]["exit_code"], 10);
}

#[test]
fn cat_gives_the_bytes_and_show_and_log_tell_the_story() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv", "-l", "prod"]);
    let cat = sandbox.ok(&["cat", "latest:bin/tool", "--venv", "venv"]);
    assert_eq!(cat.stdout, "#!/usr/bin/python3\nprint('tool')\n");
    let cat = sandbox.ok(&["cat", "@prod:./pyvenv.cfg", "--venv", "venv"]);
    assert!(cat.stdout.starts_with("home = "), "{cat}");
    sandbox.code(10, &["cat", "ffff:x"]);
    sandbox.code(3, &["cat", "latest:bin", "--venv", "venv"]);
    sandbox.code(2, &["cat", "latest:../x", "--venv", "venv"]);
    sandbox.code(2, &["cat", "no-colon"]);
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    sandbox.ok(&["restore", "venv"]);
    let log = sandbox.json(0, &["log", "venv"]);
    let verbs: Vec<_> = log["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["verb"].as_str().unwrap())
        .collect();
    assert_eq!(verbs, ["save", "restore"]);
    // Without an index the snapshots still tell it.
    fs::remove_file(sandbox.path("store/index.db")).unwrap();
    let log = sandbox.json(0, &["log", "venv"]);
    assert_eq!(log["events"].as_array().unwrap().len(), 2);
}

/// `rebuild-index` threw the log away and did not say so.
#[test]
fn a_new_index_keeps_the_log_or_says_that_it_is_lost() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    sandbox.ok(&["restore", "venv"]);
    let log = || sandbox.json(0, &["log", "venv"])["events"].clone();
    let told = log();
    assert!(told[1]["took_ms"].is_u64(), "{told}");

    let rebuilt = sandbox.json(0, &["rebuild-index"]);
    assert_eq!(rebuilt["log"]["whole"], true, "{rebuilt}");
    assert_eq!(log(), told);
    let text = sandbox.ok(&["rebuild-index"]).stdout;
    assert!(!text.contains("log"), "{text}");

    fs::remove_file(sandbox.path("store/index.db")).unwrap();
    let text = sandbox.ok(&["rebuild-index"]).stdout;
    assert!(text.contains("log"), "{text}");
    assert!(log()[1]["took_ms"].is_null(), "snapshots do not know it");
    assert_eq!(sandbox.json(0, &["rebuild-index"])["log"]["whole"], true);
}

/// A URL as the store made a directory of that name, and the snapshots were nowhere else.
#[test]
fn a_store_at_a_url_is_refused_and_makes_no_directory() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let urls = [
        "gs://bucket/x",
        "file:///srv/store",
        "sftp://host/x",
        "FTP://b",
        "rest:https://user:secret@host/x",
        "s3:bucket/x",
        "s3:/bucket",
        "user@host:/srv/store",
        "rclone:remote:path",
    ];
    let mut session = Session::new(&sandbox);
    for url in urls {
        // What is told of the one with a password does not have it.
        let run = sandbox.code(2, &["save", "venv", "--store", url]);
        session.keep("snap save venv --store URL", &run);
        let mut command = sandbox.command(&["list"]);
        command.env("VENV_SNAP_STORE", url);
        assert_eq!(Run::of(command).code, 2, "{url}");
    }
    sandbox.ok(&["save", "venv"]);
    session.run(2, &["copy", "--all", "--to", "gs://bucket/x"]);
    let config = sandbox.path(".config/venv-snap");
    fs::create_dir_all(&config).unwrap();
    fs::write(config.join("config.toml"), "store = \"gs://bucket/x\"").unwrap();
    let mut command = sandbox.command(&["list"]);
    command.env_remove("VENV_SNAP_STORE");
    session.keep("snap list", &Run::of(command));
    insta::assert_snapshot!(session.told());
    let made = fs::read_dir(sandbox.root()).unwrap().flatten();
    let mut made = made.map(|entry| entry.file_name().to_string_lossy().into_owned());
    assert!(
        !made.any(|name| name.contains(':')),
        "a directory of such a name"
    );
    // With './' it is a path.
    sandbox.ok(&["save", "venv", "--store", "./s3://bucket/x"]);
    assert!(sandbox.path("s3:/bucket/x/snapshots").exists());
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    for n in 0..3000 {
        venv::write(&sandbox.venv(), &format!("many/file{n}"), b"x");
    }
    sandbox.ok(&["save", "venv"]);
    let mut child = sandbox
        .command(&["ls", "latest", "--venv", "venv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// `snap --help` ended with 0 where its text was lost.
#[test]
fn an_answer_that_cannot_be_written_is_not_done() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    for args in [
        &["--help"][..],
        &["help", "save"],
        &["--version"],
        &["version"],
        &["man"],
        &["completions", "bash"],
        &["list"],
        &["diff", "venv"],
        &["check", "venv", "--json"],
    ] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full");
        let mut command = sandbox.command(args);
        command.stdout(full.unwrap());
        let run = Run::from(command.output().unwrap());
        assert_eq!(run.code, 3, "{args:?}: {run}");
        assert!(
            run.stderr.contains("cannot write the answer"),
            "{args:?}: {run}"
        );
    }
}

#[test]
fn the_venv_around_is_found_and_told_but_never_changed_unasked() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.path("project/.venv"));
    fs::create_dir_all(sandbox.path("project/src/deep")).unwrap();
    let from = |dir: &str, args: &[&str]| {
        let mut command = sandbox.command(args);
        command.current_dir(sandbox.path(dir));
        Run::of(command)
    };
    let run = from("project/src/deep", &["save"]);
    assert_eq!(run.code, 0, "{run}");
    assert!(
        run.stderr.contains("venv: ") && run.stderr.contains("project/.venv"),
        "{run}"
    );
    let run = from("project/src", &["restore"]);
    assert_eq!(run.code, 2, "{run}");
    let run = from("project/src", &["undo"]);
    assert_eq!(run.code, 2, "{run}");
    let mut active = sandbox.command(&["diff"]);
    active.env("VIRTUAL_ENV", sandbox.path("project/.venv"));
    assert_eq!(Run::of(active).code, 0);
    assert_eq!(sandbox.code(2, &["diff"]).stdout, "");
}

#[test]
fn quiet_says_nothing_but_the_answer() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    std::os::unix::fs::symlink("venv", sandbox.path("link")).unwrap();
    let id = |sandbox: &Sandbox| sandbox.ids().pop().unwrap();
    for args in [
        &["save", "link"][..],
        &["check", "link"],
        &["diff", "link"],
        &["restore", "link"],
        &["restore", "link", "--force"],
        &["undo", "link"],
        &["list", "link"],
        &["log", "link"],
        &["report", "--venv", "link"],
        &["stats"],
        &["verify"],
        &["rebuild-index"],
        &["forget", "--keep-last", "9", "--venv", "link"],
        &["undelete"],
        &["prune"],
    ] {
        let run = sandbox.ok(&[args, &["-q"]].concat());
        assert_eq!(run.stderr, "", "{args:?}");
        assert_ne!(run.stdout, "", "{args:?}: the answer is still given");
    }
    for args in [&["show"][..], &["ls"], &["pin"], &["unpin"]] {
        let run = sandbox.ok(&[args, &[&id(&sandbox), "-q"]].concat());
        assert_eq!(run.stderr, "", "{args:?}");
    }
    sandbox.code(2, &["save", "venv", "-q", "-v"]);
    sandbox.code(2, &["frobnicate"]);
    sandbox.code(2, &["save", "venv", "--label", "two words"]);
}

#[test]
fn a_quick_diff_trusts_what_the_last_save_saw_and_a_full_one_does_not() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    assert_eq!(
        sandbox.json(0, &["diff", "venv", "--quick"])["identical"],
        true
    );
    fs::write(sandbox.venv().join("bin/tool"), b"other").unwrap();
    // What was touched is read in any case.
    assert_eq!(
        sandbox.json(1, &["diff", "venv", "--quick"])["summary"]["damage"],
        1
    );
}

#[test]
fn a_store_named_by_a_single_relative_name_is_made_there() {
    // `snap save venv --store st` in a fresh directory said "cannot open directory ''".
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv", "--store", "st"]);
    assert!(sandbox.path("st/venv-snap.json").exists());
    fs::write(sandbox.venv().join("bin/tool"), b"").unwrap();
    sandbox.ok(&["restore", "venv", "--store", "st"]);
    sandbox.ok(&["diff", "venv", "--store", "./st"]);
}

#[test]
fn a_wrong_command_line_is_told_in_json_too() {
    let sandbox = Sandbox::new();
    for args in [&["show", "zzz", "--json"][..], &["nonsense", "--json"]] {
        let run = sandbox.code(2, args);
        let error: serde_json::Value = serde_json::from_str(&run.stderr).unwrap();
        assert_eq!(error["error"]["exit_code"], 2, "{run}");
        assert!(run.stdout.is_empty(), "{run}");
    }
}

#[test]
fn every_difference_has_a_name_also_where_a_package_lies_in_several_places() {
    // Of a package with files in bin/ and lib/, those names were left blank.
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    venv::package(&sandbox.venv(), venv::SITE, "wide", &["core.py"]);
    let record = sandbox
        .venv()
        .join(venv::SITE)
        .join("wide-1.0.dist-info/RECORD");
    let rows = fs::read_to_string(&record).unwrap() + "../../../bin/tool,,\n";
    fs::write(record, rows).unwrap();
    sandbox.ok(&["save", "venv"]);
    for file in ["bin/tool", &format!("{}/wide/core.py", venv::SITE)] {
        fs::write(sandbox.venv().join(file), b"other\n").unwrap();
    }
    let run = sandbox.code(1, &["diff", "venv"]);
    assert!(run.stdout.contains("altered     bin/tool  from"), "{run}");
    assert!(run.stdout.contains("/wide/core.py  from"), "{run}");
}

#[test]
fn a_path_that_a_snapshot_does_not_have_is_a_wrong_name() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    sandbox.code(2, &["ls", "latest", "nosuch", "--venv", "venv"]);
    sandbox.code(2, &["cat", "latest:nosuch", "--venv", "venv"]);
}
