//! One venv by two spellings is one venv.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::{Run, Sandbox};

/// A directory with links, and how `watch --check-config` ends for two paths in it.
fn checked(one: &str, other: &str) -> Run {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path("srv/x")).unwrap();
    symlink("srv", sandbox.path("other")).unwrap();
    symlink(sandbox.path("srv/x"), sandbox.path("current")).unwrap();
    symlink("srv/gone", sandbox.path("next")).unwrap();
    let venv = |path: &str| {
        format!(
            "[[venv]]\npath = \"{}/{path}\"\n",
            sandbox.path("").display()
        )
    };
    fs::write(sandbox.path("watch.toml"), venv(one) + &venv(other)).unwrap();
    sandbox.snap(&["watch", "--config", "watch.toml", "--check-config"])
}

#[test]
fn one_venv_by_two_spellings_is_guarded_twice() {
    for (one, other) in [
        ("srv/x", "srv/../srv/x"),
        ("srv/x", "srv/x/"),
        ("srv//x", "srv/./x"),
        ("srv/x", "other/x"),
        ("current", "srv/x"),
        ("srv/gone", "other/gone"),
        ("next", "srv/gone"),
        ("away/x", "away/../away/x/."),
    ] {
        let run = checked(one, other);
        let says = "watch.toml:3:1: '";
        let twice = "is guarded twice: the [[venv]] of line 1 has the same place";
        assert!(
            run.stderr.contains(says) && run.stderr.contains(twice),
            "{one}, {other}: {run}"
        );
        assert_eq!(run.code, 2, "{one}, {other}: {run}");
    }
    for (one, other) in [("srv/x", "srv/y"), ("srv/gone", "srv/x"), ("srv", "srv/x")] {
        let run = checked(one, other);
        assert_eq!(run.code, 0, "{one}, {other}: {run}");
    }
}
