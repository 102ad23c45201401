//! What people are told who slipped: a name with a typo, a venv that was moved, an option that fits no other.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use crate::support::damage::Damage;
use crate::support::session::Session;
use crate::support::{Run, Sandbox, venv};

/// A saved venv.
fn saved() -> Sandbox {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv", "--label", "deploy:7"]);
    sandbox
}

#[test]
fn an_id_that_nobody_knows_is_of_no_venv() {
    let sandbox = saved();
    let run = sandbox.code(10, &["show", "0000"]);
    assert!(
        run.stderr
            .starts_with("error: there is no snapshot '0000'\n"),
        "{run}"
    );
}

#[test]
fn a_label_may_hold_colons_where_a_path_follows_it() {
    // `cat` took what stood before the first colon for the label.
    let sandbox = saved();
    venv::write(&sandbox.venv(), "a:b", b"colons\n");
    sandbox.ok(&["save", "venv", "--label", "deploy"]);
    let cat = |file: &str| sandbox.ok(&["cat", file, "--venv", "venv"]).stdout;
    let config = fs::read_to_string(sandbox.venv().join("pyvenv.cfg")).unwrap();
    assert_eq!(cat("@deploy:7:pyvenv.cfg"), config);
    assert_eq!(cat("@deploy:pyvenv.cfg"), config);
    assert_eq!(cat("@deploy:a:b"), "colons\n");
    let ls = sandbox.ok(&["ls", "@deploy:7", "pyvenv.cfg", "--venv", "venv"]);
    assert!(ls.stdout.contains("pyvenv.cfg"), "{ls}");
    let run = sandbox.code(2, &["cat", "@deploy:7:nothing", "--venv", "venv"]);
    assert!(run.stderr.contains("'7:nothing'"), "{run}");
    let run = sandbox.code(10, &["cat", "@other:7:pyvenv.cfg", "--venv", "venv"]);
    assert!(run.stderr.contains("'@other'"), "{run}");
}

#[test]
fn what_is_neither_a_snapshot_nor_a_path_is_named() {
    let sandbox = saved();
    let mut session = Session::new(&sandbox);
    session.run(10, &["diff", "venv", "latest~x"]);
    session.run(10, &["diff", "latest~x", "venv"]);
    venv::tiny(&sandbox.path("other"));
    session.run(2, &["diff", "venv", "other"]);
    insta::assert_snapshot!(session.told());
}

#[test]
fn usage_tells_of_no_option_that_nobody_gave() {
    // The store came from the environment, and stood in the usage as if it were needed.
    let sandbox = saved();
    let run = sandbox.code(2, &["restore", "venv", "--heal", "--only", "click"]);
    assert!(
        run.stderr.contains("--heal") && run.stderr.contains("Usage"),
        "{run}"
    );
    assert!(
        !run.stderr.contains("--store") && !run.stderr.contains("--lock-wait"),
        "{run}"
    );
    let mut command = sandbox.command(&["list"]);
    command.env("VENV_SNAP_LOCK_WAIT", "soon");
    let run = crate::support::Run::of(command);
    assert_eq!(run.code, 2, "{run}");
    assert!(
        run.stderr.contains("VENV_SNAP_LOCK_WAIT is 'soon'"),
        "{run}"
    );
    let help = sandbox.ok(&["restore", "--help"]).stdout;
    assert!(
        help.contains("VENV_SNAP_STORE") && help.contains("VENV_SNAP_LOCK_WAIT"),
        "{help}"
    );
}

#[test]
fn an_index_that_cannot_be_used_is_told_once_and_named_where_it_is_the_matter() {
    let sandbox = saved();
    let index = sandbox.path("store/index.db");
    for suffix in ["", "-wal", "-shm"] {
        fs::remove_file(sandbox.path(&format!("store/index.db{suffix}"))).ok();
    }
    fs::create_dir(&index).unwrap();
    Damage::Delete.apply(&sandbox.venv().join("bin/tool"));
    for args in [
        &["save", "venv", "--force"][..],
        &["diff", "venv"],
        &["restore", "venv"],
    ] {
        let run = sandbox.snap(args);
        let told = run.stderr.matches("cannot be used").count();
        assert_eq!(told, 1, "{args:?} {run}");
    }
    let run = sandbox.code(3, &["rebuild-index"]);
    assert!(run.stderr.contains("store/index.db'"), "{run}");
}

#[test]
fn a_typo_in_the_path_of_a_venv_is_met_with_the_nearest_known_one() {
    let sandbox = saved();
    let mut session = Session::new(&sandbox);
    venv::tiny(&sandbox.path("vemv"));
    session.run(10, &["list", "vnv"]);
    session.run(10, &["log", "vnv"]);
    session.run(10, &["diff", "vemv"]);
    session.run(10, &["restore", "vnv"]);
    // Nobody meant another one.
    session.run(10, &["list", "quite-another-one"]);
    session.run(0, &["list", "venv"]);
    insta::assert_snapshot!(session.told());
}

#[test]
fn a_venv_that_was_moved_is_reached_by_the_id_of_a_snapshot_and_the_hint_says_so() {
    let sandbox = saved();
    fs::rename(sandbox.venv(), sandbox.path("elsewhere")).unwrap();
    let mut session = Session::new(&sandbox);
    session.run(10, &["diff", "elsewhere"]);
    let id = sandbox.ids()[0].clone();
    session.run(0, &["diff", "elsewhere", &id[..8]]);
    session.run(10, &["diff", "elsewhere", "latest"]);
    insta::assert_snapshot!(session.told());
}

#[test]
fn a_directory_that_is_gone_as_a_whole_takes_one_row() {
    let sandbox = saved();
    let site = sandbox.venv().join(venv::SITE);
    fs::remove_dir_all(site.join("click")).unwrap();
    fs::remove_file(site.join("idna/core.py")).unwrap();
    // Itself and what it held are five, as of the one that nobody owns below.
    let mut session = Session::new(&sandbox);
    session.run(1, &["diff", "venv"]);
    session.run(1, &["diff", "venv", "-v"]);
    let json = sandbox.json(1, &["diff", "venv"]);
    assert_eq!(json["summary"]["kinds"]["missing"], 6, "{json}");
    // What nobody owns is told as well.
    fs::remove_dir_all(sandbox.venv().join("bin")).unwrap();
    session.run(1, &["diff", "venv"]);
    insta::assert_snapshot!(session.told());
}

#[test]
fn without_a_venv_anywhere_around_the_report_is_of_the_last_restore_of_all() {
    let sandbox = saved();
    let mut session = Session::new(&sandbox);
    session.run(10, &["report"]);
    session.run(10, &["report", "--venv", "venv"]);
    insta::assert_snapshot!(session.told());
    Damage::Delete.apply(&sandbox.venv().join("bin/tool"));
    sandbox.ok(&["restore", "venv"]);
    venv::tiny(&sandbox.path("other"));
    sandbox.ok(&["save", "other"]);
    let report = sandbox.json(0, &["report"]);
    assert_eq!(report["venv"], sandbox.venv().to_str().unwrap(), "{report}");
    // A venv that is active is the one that is meant.
    let mut command = sandbox.command(&["report"]);
    command.env("VIRTUAL_ENV", sandbox.path("other"));
    assert_eq!(crate::support::Run::of(command).code, 10);
}

#[test]
fn a_venv_is_not_built_inside_of_itself() {
    let sandbox = saved();
    let run = sandbox.code(3, &["restore", "venv", "--to", "venv/inside"]);
    assert!(run.stderr.contains("lies inside the venv"), "{run}");
    assert!(!sandbox.venv().join("inside").exists());
    sandbox.ok(&["diff", "venv"]);
    sandbox.ok(&["restore", "venv", "--to", "venv-beside"]);
}

#[test]
fn an_export_does_not_replace_a_file_and_says_what_does() {
    let sandbox = saved();
    fs::write(sandbox.path("out.tar"), b"mine").unwrap();
    let run = sandbox.code(3, &["export", "latest", "out.tar", "--venv", "venv"]);
    assert!(run.stderr.contains("hint: --force"), "{run}");
    assert_eq!(fs::read(sandbox.path("out.tar")).unwrap(), b"mine");
    sandbox.ok(&["export", "latest", "out.tar", "--venv", "venv", "--force"]);
}

#[test]
fn a_distribution_is_known_by_any_spelling_of_its_name() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    venv::package(&sandbox.venv(), venv::SITE, "Foo_Bar.baz", &["core.py"]);
    venv::age(&sandbox.venv(), 1_700_000_000);
    sandbox.ok(&["save", "venv"]);
    let file = sandbox.venv().join(venv::SITE).join("Foo_Bar.baz/core.py");
    for name in ["Foo_Bar.baz", "foo-bar-baz", "FOO.bar__baz"] {
        Damage::Truncate.apply(&file);
        let run = sandbox.ok(&["restore", "venv", "--only", name]);
        assert!(run.stdout.contains("mended: 1 truncated"), "{name}: {run}");
    }
}

#[test]
fn a_venv_that_was_moved_comes_back_by_the_id_of_its_snapshot() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let script = format!("#!{}/bin/python\nprint('own')\n", sandbox.venv().display());
    venv::write(&sandbox.venv(), "bin/own", script.as_bytes());
    let saved = sandbox.json(0, &["save", "venv"]);
    let id = saved["snapshot"]["id"].as_str().unwrap();
    fs::rename(sandbox.venv(), sandbox.path("moved-to-a-longer-name")).unwrap();
    // Adapted, it is longer than what stands there, and the store never had that.
    let args = ["restore", "moved-to-a-longer-name", id, "--from-other"];
    sandbox.ok(&args);
    let moved = sandbox.path("moved-to-a-longer-name/bin/own");
    let text = fs::read_to_string(&moved).unwrap();
    assert!(text.contains("moved-to-a-longer-name/bin/python"), "{text}");
    fs::write(&moved, "cut").unwrap();
    sandbox.ok(&args);
    assert_eq!(fs::read_to_string(&moved).unwrap(), text);
}

#[test]
fn a_copy_of_a_store_without_its_empty_directories_is_one() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    for name in ["pins", "tmp"] {
        fs::remove_dir(sandbox.path("store").join(name)).unwrap();
    }
    sandbox.ok(&["list"]);
    sandbox.ok(&["verify"]);
    sandbox.ok(&["restore", "venv", "--force"]);
}

/// Paths with blanks stood in them as they were, so that the command was of another venv.
#[test]
fn a_command_in_a_hint_runs_as_it_is_whatever_the_venv_is_called() {
    let names: [&[u8]; 6] = [
        b"my \"old\" $HOME/`x`",
        b"it's; all 'here'",
        b"!! & ~ #*",
        b"-n\tb %d",
        b"\xff\x1b[2J %s",
        b"s\xc3\xb8ster",
    ];
    for name in names {
        let sandbox = saved();
        let venv = sandbox.root().join(OsStr::from_bytes(name));
        fs::create_dir_all(venv.parent().unwrap()).unwrap();
        fs::rename(sandbox.venv(), &venv).unwrap();
        let id = sandbox.ids().pop().unwrap();
        let with = |verb, more: &[&str]| {
            let mut command = sandbox.command(&[verb]);
            command.arg(&venv).args(more);
            Run::of(command)
        };
        let refused = with("restore", &[&id]);
        assert_eq!(refused.code, 3, "{refused}");
        let run = typed(&sandbox, 0, &quoted(&refused, "restore").remove(0));
        assert!(
            venv.join("pyvenv.cfg").exists() && !sandbox.venv().exists(),
            "{run}"
        );
        assert_eq!(with("save", &[]).code, 0);
        let damaged = || fs::write(venv.join(venv::SITE).join("click/core.py"), "").unwrap();
        damaged();
        let status = with("status", &[]);
        assert_eq!(status.code, 1, "{status}");
        for (verb, code) in [("diff", 1), ("restore", 0)] {
            typed(&sandbox, code, &quoted(&status, verb).remove(0));
        }
        damaged();
        let check = with("check", &[]);
        let told = "to bring back what was saved: ";
        let (_, hint) = check.stderr.split_once(told).unwrap();
        typed(&sandbox, 0, hint.trim_end());
        assert_eq!(with("diff", &[]).code, 0);
    }
}

/// It looked into another store, in which nothing was.
#[test]
fn a_command_in_a_hint_names_the_store_that_the_command_line_named() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let store = ["--store", "my other store"];
    sandbox.ok(&[&["save", "venv"], &store[..]].concat());
    fs::write(sandbox.venv().join(venv::SITE).join("click/core.py"), "").unwrap();
    let status = sandbox.code(1, &[&["status"], &store[..]].concat());
    typed(&sandbox, 1, &quoted(&status, "diff").remove(0));
    let check = sandbox.code(1, &[&["check", "venv"], &store[..]].concat());
    let (_, hint) = check
        .stderr
        .split_once("to bring back what was saved: ")
        .unwrap();
    typed(&sandbox, 0, hint.trim_end());
    // One that is set anyway needs no name.
    let known = sandbox.path("store");
    let known = ["--store", known.to_str().unwrap()];
    let run = sandbox.code(10, &[&["restore", "venv"], &known[..]].concat());
    assert!(!run.stderr.contains("snap --store"), "{run}");
}

/// The commands of a verb that a run told in single quotes.
fn quoted(run: &Run, verb: &str) -> Vec<String> {
    let begins = |at: &usize| {
        let words = run.stderr[at + 1..].split(' ').take(8);
        words
            .take_while(|word| !word.ends_with('\''))
            .any(|word| word == verb)
    };
    let all = run.stderr.match_indices("'snap ").map(|(at, _)| at);
    let all = all.filter(begins).map(|at| {
        let command = &run.stderr[at + 1..];
        // The quote that closes has no letter behind it.
        let ends = command.match_indices('\'').map(|(end, _)| end);
        let ends = ends.filter(|end| !command[end + 1..].starts_with(char::is_alphanumeric));
        let ends = ends.filter(|end| !command[..*end].ends_with(char::is_whitespace));
        let whole = |end: &usize| command[..*end].matches('"').count().is_multiple_of(2);
        command[..ends.into_iter().find(whole).unwrap()].to_owned()
    });
    all.collect()
}

/// Types a command into a shell.
#[track_caller]
fn typed(sandbox: &Sandbox, code: i32, command: &str) -> Run {
    let (name, rest) = command.split_once(' ').unwrap();
    assert_eq!(name, "snap", "{command}");
    let mut shell = std::process::Command::new("sh");
    sandbox.dress(&mut shell);
    let line = format!("{} {rest}", env!("CARGO_BIN_EXE_snap"));
    shell.args(["-c", &line]);
    let run = Run::of(shell);
    assert_eq!(run.code, code, "{line}\n{run}");
    run
}
