//! What can be asked of `save`, `diff`, `list` and `check` beside the venv, and of every command's colours.

use std::fs;

use crate::support::session::Session;
use crate::support::{Run, Sandbox, venv};

fn saved() -> Sandbox {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv", "-l", "one"]);
    sandbox
}

#[test]
fn a_save_if_changed_makes_no_snapshot_of_what_is_the_same_but_for_noise() {
    let sandbox = saved();
    let first = sandbox.ids();
    let save = ["save", "venv", "--if-changed"];
    let run = sandbox.ok(&save);
    assert!(run.stdout.contains("nothing changed in "), "{run}");
    assert!(run.stdout.contains(&first[0][..8]), "{run}");
    // What Python writes by itself, and times, are no change.
    let site = sandbox.venv().join(venv::SITE);
    fs::create_dir_all(site.join("click/__pycache__")).unwrap();
    fs::write(site.join("click/__pycache__/x.cpython-311.pyc"), b"").unwrap();
    venv::set_mtime(&site.join("idna/core.py"), 1_750_000_000, 0);
    let same = sandbox.json(0, &save);
    assert_eq!(same["unchanged"], true, "{same}");
    assert_eq!(same["snapshot"]["id"], first[0].as_str(), "{same}");
    assert_eq!(same["added"]["objects"], 0, "{same}");
    // The names that are asked for are there already, and --pin pins what stands.
    let named = [&save[..], &["-l", "one", "--pin"]].concat();
    assert_eq!(sandbox.json(0, &named)["unchanged"], true);
    let list = sandbox.json(0, &["list"]);
    assert_eq!(list["snapshots"][0]["pinned"], true, "{list}");
    assert_eq!(sandbox.ids(), first);
    sandbox.ok(&["verify"]);
}

#[test]
fn a_save_if_changed_makes_a_snapshot_of_what_changed_and_of_a_new_name() {
    let sandbox = saved();
    let save = ["save", "venv", "--if-changed"];
    let mut count = 1;
    let mut makes = |args: &[&str]| {
        let told = sandbox.json(0, &[&save[..], args].concat());
        count += 1;
        assert_eq!(told["unchanged"], false, "{told}");
        assert_eq!(sandbox.ids().len(), count, "{told}");
        assert_eq!(sandbox.json(0, &save)["unchanged"], true);
    };
    venv::write(&sandbox.venv(), "extra.txt", b"x");
    makes(&[]);
    fs::remove_file(sandbox.venv().join("extra.txt")).unwrap();
    makes(&[]);
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::Permissions::from_mode(0o700);
    fs::set_permissions(sandbox.venv().join("bin/tool"), mode).unwrap();
    makes(&[]);
    makes(&["-l", "two"]);
    makes(&["--note", "why"]);
    // The newest save lost content: the next one brings it back.
    for pack in fs::read_dir(sandbox.path("store/packs")).unwrap() {
        fs::remove_file(pack.unwrap().path()).unwrap();
    }
    sandbox.ok(&["rebuild-index"]);
    makes(&[]);
}

#[test]
fn a_save_if_changed_refuses_damage_and_makes_a_baseline_where_the_newest_save_is_none() {
    let sandbox = saved();
    let core = sandbox.venv().join(venv::SITE).join("click/core.py");
    let content = fs::read(&core).unwrap();
    fs::write(&core, b"").unwrap();
    sandbox.code(1, &["save", "venv", "--if-changed"]);
    sandbox.ok(&["save", "venv", "--force"]);
    let same = sandbox.json(0, &["save", "venv", "--if-changed", "--force"]);
    assert_eq!(same["unchanged"], true, "{same}");
    fs::write(&core, content).unwrap();
    let whole = sandbox.json(0, &["save", "venv", "--if-changed"]);
    assert_eq!(whole["snapshot"]["baseline"], true, "{whole}");
    // In a new store there is nothing that it could be the same as.
    let new = ["save", "venv", "--if-changed", "--store", "new"];
    assert_eq!(sandbox.json(0, &new)["unchanged"], false);
}

#[test]
fn diff_stat_counts_packages_first_and_names_no_file() {
    let sandbox = saved();
    let site = sandbox.venv().join(venv::SITE);
    fs::remove_file(site.join("click/core.py")).unwrap();
    fs::write(site.join("click/utils.py"), b"other").unwrap();
    fs::write(site.join("idna/core.py"), b"").unwrap();
    venv::write(&sandbox.venv(), "notes/a", b"x");
    let run = sandbox.code(1, &["diff", "venv", "--stat"]);
    let rows: Vec<Vec<&str>> = run
        .stdout
        .lines()
        .skip_while(|line| !line.starts_with("package"))
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(rows[0], ["package", "missing", "altered", "extra", "what"]);
    assert_eq!(rows[1], ["click", "1", "1", "0", "damaged", "1.0"], "{run}");
    assert_eq!(rows[2], ["idna", "0", "1", "0", "damaged", "1.0"], "{run}");
    assert_eq!(rows[3], ["./notes", "0", "0", "2", "drift"], "{run}");
    assert_eq!(rows.len(), 4, "{run}");
    assert!(!run.stdout.contains("utils.py"), "{run}");
    let json = sandbox.json(1, &["diff", "venv"]);
    let sum = |what: &str| -> u64 {
        let rows = json["stat"].as_array().unwrap().iter();
        rows.map(|row| row[what].as_u64().unwrap()).sum()
    };
    let all = sum("missing") + sum("altered") + sum("extra");
    let summary = &json["summary"];
    let told = summary["damage"].as_u64().unwrap() + summary["drift"].as_u64().unwrap();
    assert_eq!(all, told, "{json}");
    sandbox.ok(&["restore", "venv"]);
    let run = sandbox.ok(&["diff", "venv", "--stat"]);
    assert_eq!(run.stdout.lines().count(), 1, "{run}");
}

#[test]
fn list_since_and_limit_leave_out_the_older_ones_and_say_how_many() {
    let sandbox = saved();
    for label in ["two", "three"] {
        sandbox.ok(&["save", "venv", "-l", label]);
    }
    let labels = |args: &[&str]| -> (Vec<String>, u64) {
        let list = sandbox.json(0, &[&["list"], args].concat());
        let all = list["snapshots"].as_array().unwrap().iter();
        let labels = all.map(|one| one["label"].as_str().unwrap().to_owned());
        (labels.collect(), list["omitted"].as_u64().unwrap())
    };
    let names = |all: &[&str]| all.iter().map(|&one| one.to_owned()).collect::<Vec<_>>();
    assert_eq!(labels(&["--limit", "2"]), (names(&["two", "three"]), 1));
    assert_eq!(labels(&["venv", "--limit", "9"]).1, 0);
    let all = names(&["one", "two", "three"]);
    assert_eq!(labels(&["--since", "1h"]), (all.clone(), 0));
    assert_eq!(labels(&["--since", "2020-01-01"]), (all, 0));
    assert_eq!(labels(&["--since", "2200-01-01"]), (names(&[]), 3));
    let both = labels(&["--since", "1h", "--limit", "1"]);
    assert_eq!(both, (names(&["three"]), 2));
    let mut session = Session::new(&sandbox);
    session.run(0, &["list", "venv", "--since", "2200-01-01"]);
    session.run(0, &["list", "--limit", "1"]);
    insta::assert_snapshot!(session.told());
    for wrong in [
        &["--since", "soon"][..],
        &["--limit", "0"],
        &["--limit", "x"],
    ] {
        let run = sandbox.code(2, &[&["list"], wrong].concat());
        assert_eq!(run.stdout, "", "{run}");
    }
    // A venv that is nowhere stays an error.
    sandbox.code(10, &["list", "nowhere", "--limit", "1"]);
}

#[test]
fn check_fails_from_the_findings_on_that_are_named() {
    let sandbox = saved();
    let code = |least: &str| sandbox.snap(&["check", "venv", "--fail-on", least]).code;
    let codes = || [code("damage"), code("drift"), code("notice")];
    assert_eq!(codes(), [0, 0, 0]);
    let info = sandbox.venv().join(venv::SITE).join("gone-1.0.dist-info");
    // A notice: a requirement that is not met.
    let needs = "Metadata-Version: 2.1\nName: gone\nVersion: 1.0\nRequires-Dist: nowhere\n";
    fs::create_dir(&info).unwrap();
    fs::write(info.join("METADATA"), needs).unwrap();
    fs::write(info.join("INSTALLER"), "pip\n").unwrap();
    let record = |name: &str, text: &str| {
        format!(
            "gone-1.0.dist-info/{name},{}\n",
            venv::recorded(text.as_bytes())
        )
    };
    let rows = record("METADATA", needs) + &record("INSTALLER", "pip\n");
    fs::write(info.join("RECORD"), rows + "gone-1.0.dist-info/RECORD,,\n").unwrap();
    assert_eq!(codes(), [0, 0, 1]);
    let told = sandbox.json(1, &["check", "venv", "--fail-on", "notice"]);
    assert_eq!(told["findings"][0]["severity"], "notice", "{told}");
    assert_eq!(told["clean"], false, "{told}");
    // Drift: code that runs at each start, and that nobody installed.
    let pth = sandbox.venv().join(venv::SITE).join("mine.pth");
    fs::write(&pth, "import sys; sys.mine = 1\n").unwrap();
    assert_eq!(codes(), [0, 1, 1]);
    fs::remove_file(sandbox.venv().join(venv::SITE).join("click/core.py")).unwrap();
    assert_eq!(codes(), [1, 1, 1]);
    sandbox.code(2, &["check", "venv", "--fail-on", "never"]);
    sandbox.code(2, &["check", "venv", "--fail-on", "drift", "--strict"]);
}

#[test]
fn colour_is_as_the_flag_says_whatever_the_environment_says_and_json_has_none() {
    let sandbox = saved();
    fs::write(sandbox.venv().join("bin/tool"), b"").unwrap();
    let run = |env: &[(&str, &str)], args: &[&str]| {
        let mut command = sandbox.command(args);
        command.envs(env.iter().copied());
        Run::of(command)
    };
    let diff = |flag: &[&'static str]| [&["diff", "venv"], flag].concat();
    let (no, force) = (("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1"));
    for (coloured, env, flag) in [
        (false, &[][..], &[][..]),
        (true, &[force], &[]),
        (false, &[no], &[]),
        (true, &[], &["--color", "always"]),
        (true, &[], &["--color=always"]),
        (true, &[no], &["--color", "always"]),
        (false, &[force], &["--color", "never"]),
        (false, &[force], &["--color=always", "--color=never"]),
        (false, &[], &["--color", "auto"]),
        (false, &[force], &["--color", "always", "--json"]),
    ] {
        if flag.len() == 2 && flag[0].contains('=') {
            // Given twice it is a mistake, as every flag is.
            assert_eq!(run(env, &diff(flag)).code, 2);
            continue;
        }
        let told = run(env, &diff(flag));
        assert_eq!(told.code, 1, "{told}");
        assert_eq!(
            told.stdout.contains('\x1b'),
            coloured,
            "{env:?} {flag:?} {told}"
        );
    }
    // Help and mistakes too, and before the command as well as after it.
    for (coloured, args) in [
        (true, &["--color", "always", "diff", "--help"][..]),
        (false, &["diff", "--help", "--color", "never"]),
        (true, &["diff", "--color", "always", "--nonsense"]),
        (false, &["diff", "--color", "never", "--nonsense"]),
    ] {
        let told = run(&[], args);
        let text = told.stdout + &told.stderr;
        assert_eq!(text.contains('\x1b'), coloured, "{args:?} {text}");
    }
    sandbox.code(2, &["list", "--color", "sometimes"]);
}
