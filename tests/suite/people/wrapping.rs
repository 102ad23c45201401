//! Long lines: cut where it is known how wide the page is, whole in a pipe.

use std::fs;

use crate::support::{Run, Sandbox, venv};

fn saved() -> Sandbox {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    sandbox
}

#[test]
fn lines_wrap_at_the_width_that_is_said_and_stay_whole_in_a_pipe() {
    let sandbox = saved();
    let site = sandbox.venv().join(venv::SITE);
    for name in ["click", "idna"] {
        fs::remove_file(site.join(name).join("core.py")).unwrap();
    }
    for verb in ["diff", "check"] {
        let mut command = sandbox.command(&[verb, "venv"]);
        command.env("COLUMNS", "60");
        let narrow = Run::of(command);
        let long = |line: &&str| line.chars().count() > 60 && line.trim().contains(' ');
        let commands = |line: &&str| !line.starts_with("    ");
        let wide: Vec<&str> = narrow
            .stdout
            .lines()
            .filter(long)
            .filter(commands)
            .collect();
        assert!(wide.is_empty(), "{wide:#?}");
        let whole = sandbox.code(1, &[verb, "venv"]).stdout;
        assert!(
            whole.lines().any(|line| line.chars().count() > 120),
            "{whole}"
        );
        assert!(narrow.stdout.lines().count() > whole.lines().count());
    }
}

/// Saves, exports and what cares for a store told their news in lines of any length.
#[test]
fn every_sentence_of_an_answer_wraps() {
    let sandbox = saved();
    fs::remove_file(sandbox.venv().join("bin/tool")).unwrap();
    let commands: [&[&str]; 12] = [
        &["restore", "venv", "-n"],
        &["restore", "venv"],
        &["undo", "venv"],
        &["save", "venv", "--force", "-l", "a-label-of-some-length"],
        &["show", "latest", "--venv", "venv"],
        &["export", "latest", "--venv", "venv", "a.tar"],
        &["import", "a.tar", "--force"],
        &["copy", "--all", "--to", "another-store"],
        &["verify"],
        &["forget", "--keep-last", "1"],
        &["undelete"],
        &["prune"],
    ];
    for args in commands {
        let mut command = sandbox.command(args);
        command.env("COLUMNS", "50");
        let run = Run::of(command);
        assert_eq!(run.code, 0, "{args:?}: {run}");
        // A word alone cannot be cut.
        let is_wide = |line: &&str| line.chars().count() > 50 && line.trim().contains(' ');
        let wide: Vec<&str> = run.stdout.lines().filter(is_wide).collect();
        assert!(wide.is_empty(), "{args:?}: {wide:#?}");
    }
}

#[test]
fn errors_wrap_as_well_and_what_is_to_be_typed_stays_whole() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["restore", "venv"]);
    command.env("COLUMNS", "50");
    let narrow = Run::of(command).stderr;
    let whole = sandbox.code(10, &["restore", "venv"]).stderr;
    assert!(whole.lines().any(|line| line.len() > 60), "{whole}");
    let rest = |line: &str| line.trim().split('\'').step_by(2).collect::<String>();
    for line in narrow.lines() {
        assert!(line.len() <= 50 || rest(line).len() < 10, "{narrow}");
    }
    let one_line = narrow.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let whole = whole.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    assert_eq!(one_line, whole);
}

/// Rows of tables were as long as the path of a venv made them, and a hint cut the command that it gave.
#[test]
fn tables_fit_the_page_and_tell_all_and_no_command_is_cut() {
    let sandbox = saved();
    sandbox.ok(&["save", "venv", "--force", "-l", "a-label-of-some-length"]);
    fs::write(sandbox.venv().join(venv::SITE).join("click/core.py"), "").unwrap();
    let venv = sandbox.venv();
    let venv = venv.to_str().unwrap();
    for (args, code) in [
        (&["list", "venv"][..], 0),
        (&["log", "venv"], 0),
        (&["status", "venv"], 1),
        (&["diff", "venv", "--stat"], 1),
    ] {
        let mut command = sandbox.command(args);
        command.env("COLUMNS", "60");
        let run = Run::of(command);
        assert_eq!(run.code, code, "{args:?}: {run}");
        let is_wide = |line: &&str| line.chars().count() > 60 && line.trim().contains(' ');
        let wide: Vec<&str> = run.stdout.lines().filter(is_wide).collect();
        assert!(wide.is_empty(), "{args:?}: {wide:#?}");
        let is_told = args[0] == "diff" || run.stdout.contains(venv);
        assert!(is_told, "{args:?}: {run}");
        // What is the same in every row is told once.
        if matches!(args[0], "list" | "log") {
            assert_eq!(run.stdout.matches(venv).count(), 1, "{args:?}: {run}");
        }
    }
    let mut command = sandbox.command(&["check", "venv"]);
    command.env("COLUMNS", "30");
    let run = Run::of(command);
    let whole = format!("snap restore {venv}");
    assert!(
        run.stderr.lines().any(|line| line.contains(&whole)),
        "{run}"
    );
}
