//! Interpreters that are others than the venv was made for, and such as nobody would want to run.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, Instant};

use crate::support::answers::found;
use crate::support::faults::skipped;
use crate::support::pythons::{all, make, python};
use crate::support::{Sandbox, venv};

#[test]
fn a_venv_that_got_another_real_python_is_told_so_and_diagnosed() {
    let pythons = all();
    let [.., (old, first), (new, second)] = &pythons[..] else {
        skipped(1, "there are no two versions of Python here");
        return;
    };
    let sandbox = Sandbox::new();
    make(first, &sandbox.venv());
    let site = venv::site_packages(&sandbox.venv());
    venv::package(&sandbox.venv(), &site, "socks", &["core.py"]);
    let library = format!(
        "{site}/socks/_fast.cpython-{}{}-x86_64-linux-gnu.so",
        old.0, old.1
    );
    venv::write(&sandbox.venv(), &library, b"\x7fELF");
    python(
        &sandbox.venv(),
        &["-m", "compileall", "-q", sandbox.venv().to_str().unwrap()],
    );
    sandbox.ok(&["save", "venv"]);
    let check = sandbox.json(0, &["check", "venv"]);
    assert_eq!(check["diagnosis"].as_array().unwrap().len(), 0, "{check}");
    // What an upgrade of the distribution does: the same name, another interpreter.
    let link = sandbox.venv().join("bin/python");
    fs::remove_file(&link).unwrap();
    symlink(second, &link).unwrap();
    let check = sandbox.json(1, &["check", "venv"]);
    let version = format!("{}.{}", new.0, new.1);
    assert!(
        check["interpreter"]["version"]
            .as_str()
            .unwrap()
            .starts_with(&version),
        "{check}"
    );
    let all = found(&check);
    assert!(
        all.contains(&format!("incompatible {}", &library[site.len() + 1..])),
        "{check}"
    );
    let damage: Vec<&String> = all
        .iter()
        .filter(|one| !one.starts_with("incompatible"))
        .collect();
    assert!(
        damage.iter().all(|one| one.starts_with("interpreter")),
        "{check}"
    );
    assert_eq!(check["interpreter"]["alive"], true);
    for answer in [&check, &sandbox.json(1, &["diff", "venv"])] {
        let rules = answer["diagnosis"].as_array().unwrap();
        assert_eq!(rules.len(), 1, "{answer}");
        assert_eq!(rules[0]["rule"], "interpreter-changed");
    }
    // Its bytecode is that of the other one: nothing to compare, and nothing wrong with it.
    let compiled = sandbox.json(1, &["check", "venv", "--compile"]);
    assert_eq!(found(&compiled), all, "{compiled}");
    assert_eq!(compiled["summary"]["compared"], 0);
}

/// A venv whose interpreter is a script, or something else.
fn with(script: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    fs::write(sandbox.venv().join("bin/python"), script).unwrap();
    sandbox
}

#[test]
fn an_interpreter_that_says_no_end_or_leaves_others_behind_holds_nothing_up() {
    let start = Instant::now();
    let loud = with("#!/bin/sh\nexec yes version=3.11.7\n");
    let answer = loud.json(1, &["check", "venv"]);
    let text = answer["findings"][0]["text"].as_str().unwrap();
    assert!(text.contains("does not answer as Python would"), "{answer}");
    for behind in [
        "sleep 600 &",
        "setsid sleep 600 &",
        "(trap '' HUP TERM; sleep 600) &",
    ] {
        let sandbox = with(&format!("#!/bin/sh\n{behind}\necho version=3.11.7\n"));
        sandbox.json(0, &["check", "venv"]);
        sandbox.ok(&["save", "venv"]);
    }
    assert!(
        start.elapsed() < Duration::from_mins(5),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn an_interpreter_that_never_answers_is_given_up() {
    let sandbox = with("#!/bin/sh\necho $$ > ${0%/venv/*}/number\nexec sleep 600\n");
    let answer = sandbox.json(1, &["check", "venv"]);
    let text = answer["findings"][0]["text"].as_str().unwrap();
    assert!(text.contains("it does not answer"), "{answer}");
    // What was started is not left behind.
    let number = fs::read_to_string(sandbox.path("number")).unwrap();
    assert!(!fs::exists(format!("/proc/{}", number.trim())).unwrap());
}

#[test]
fn what_is_no_program_is_neither_read_nor_run() {
    for target in ["/dev/zero", "/proc/kmsg", "/etc"] {
        let sandbox = with("");
        let link = sandbox.venv().join("bin/python");
        fs::remove_file(&link).unwrap();
        symlink(target, &link).unwrap();
        let answer = sandbox.json(1, &["check", "venv"]);
        assert_eq!(
            found(&answer)[0].split(' ').next(),
            Some("interpreter"),
            "{target}: {answer}"
        );
    }
    let sandbox = with("");
    let fifo = sandbox.path("fifo");
    venv::pipe(&fifo);
    let link = sandbox.venv().join("bin/python");
    fs::remove_file(&link).unwrap();
    symlink(&fifo, &link).unwrap();
    let answer = sandbox.json(1, &["check", "venv"]);
    assert!(
        answer["findings"][0]["text"]
            .as_str()
            .unwrap()
            .contains("a FIFO"),
        "{answer}"
    );
}

#[test]
fn where_all_bytecode_should_be_compared_and_cannot_be_the_exit_code_says_so() {
    // It answers as a Python would and then says that all is well, in words that are none.
    let known = "version=3.11.7\\nimplementation=cpython\\ntag=cpython-311";
    let script =
        format!("#!/bin/sh\ncase \"$*\" in *marshal*) exec yes F;; esac\nprintf '{known}\\n'\n");
    let sandbox = with(&script);
    let pyc = format!("{}/click/__pycache__/core.cpython-311.pyc", venv::SITE);
    venv::write(
        &sandbox.venv(),
        &pyc,
        &[b"\xa7\r\r\n".as_slice(), &[0; 12], b"N"].concat(),
    );
    let answer = sandbox.json(3, &["check", "venv", "--compile"]);
    assert!(
        answer["unread"][0]["path"]
            .as_str()
            .unwrap()
            .ends_with("core.cpython-311.pyc")
    );
    sandbox.json(0, &["check", "venv"]);
    let stranger = sandbox.venv().join("bin/python");
    fs::set_permissions(&stranger, fs::Permissions::from_mode(0o777)).unwrap();
    for flag in ["--compile", "--import"] {
        let answer = sandbox.json(3, &["check", "venv", flag]);
        assert_eq!(
            answer["unread"][0]["path"], "bin/python",
            "{flag}: {answer}"
        );
    }
}
