//! Venvs that also use what their interpreter has, and what is advised where something is not met.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::answers::found;
use crate::support::wheel::build;
use crate::support::{Run, Sandbox, venv};

/// A venv that needs `other>=2`, of which the interpreter says that its packages lie in `base`.
fn needy(sandbox: &Sandbox, open: bool) {
    venv::tiny(&sandbox.venv());
    let base = sandbox.path("base");
    let script = format!(
        "#!/bin/sh\necho version=3.11.7\necho base={0}\necho site={0}/lib/python3.11/site-packages\n",
        base.display()
    );
    fs::write(sandbox.venv().join("bin/python"), script).unwrap();
    let config =
        format!("home = /usr/bin\ninclude-system-site-packages = {open}\nversion = 3.11.7\n");
    venv::write(&sandbox.venv(), "pyvenv.cfg", config.as_bytes());
    install_needy(sandbox, venv::SITE);
}

/// Installs a distribution that needs another one.
fn install_needy(sandbox: &Sandbox, site: &str) {
    let info = format!("{site}/needy-1.0.dist-info");
    let metadata = "Metadata-Version: 2.1\nName: needy\nVersion: 1.0\nRequires-Dist: other>=2\n";
    let record = "needy-1.0.dist-info/RECORD,,\n";
    for (name, content) in [("METADATA", metadata), ("RECORD", record)] {
        let path = format!("{info}/{name}");
        venv::write(&sandbox.venv(), &path, content.as_bytes());
    }
}

#[test]
fn what_the_interpreter_has_meets_requirements_where_the_venv_uses_it_and_nowhere_else() {
    let unmet = vec!["requirement-unmet needy".to_owned()];
    for (path, content, is_met) in [
        (
            "lib/python3.11/site-packages/other-2.1.dist-info/METADATA",
            "",
            true,
        ),
        ("lib/python3.11/site-packages/Other-2.0.egg-info", "", true),
        (
            "lib/python3.11/site-packages/other.egg-info/PKG-INFO",
            "Name: other\nVersion: 2.5\n",
            true,
        ),
        // As Debian has it.
        (
            "lib/python3/dist-packages/other-3.dist-info/METADATA",
            "",
            true,
        ),
        (
            "local/lib/python3.11/dist-packages/other-3.dist-info/METADATA",
            "",
            true,
        ),
        (
            "lib/python3.11/site-packages/other-1.9.dist-info/METADATA",
            "",
            false,
        ),
        (
            "lib/python3.10/site-packages/other-2.1.dist-info/METADATA",
            "",
            false,
        ),
        (
            "lib/python3.11/site-packages/another-2.1.dist-info/METADATA",
            "",
            false,
        ),
    ] {
        for open in [true, false] {
            let sandbox = Sandbox::new();
            needy(&sandbox, open);
            fs::create_dir_all(sandbox.path("base/lib/python3.11/site-packages")).unwrap();
            venv::write(&sandbox.path("base"), path, content.as_bytes());
            let answer = sandbox.json(0, &["check", "venv"]);
            let expected = if open && is_met { &Vec::new() } else { &unmet };
            assert_eq!(&found(&answer), expected, "{path}, {open}: {answer}");
        }
    }
    // What the venv has itself comes first.
    let sandbox = Sandbox::new();
    needy(&sandbox, true);
    let good = "lib/python3.11/site-packages/other-2.1.dist-info/METADATA";
    venv::write(&sandbox.path("base"), good, b"");
    sandbox.ok(&["save", "venv"]);
    // It counts when the venv is saved again, though nothing of the venv changed.
    fs::remove_dir_all(sandbox.path("base/lib/python3.11/site-packages/other-2.1.dist-info"))
        .unwrap();
    let saved = sandbox.json(0, &["save", "venv"]);
    assert_eq!(found(&saved["audit"]), unmet);
    venv::write(&sandbox.path("base"), good, b"");
    let old = format!("{}/other-1.0.dist-info", venv::SITE);
    venv::write(
        &sandbox.venv(),
        &format!("{old}/METADATA"),
        b"Name: other\nVersion: 1.0\n",
    );
    venv::write(
        &sandbox.venv(),
        &format!("{old}/RECORD"),
        b"other-1.0.dist-info/RECORD,,\n",
    );
    assert_eq!(found(&sandbox.json(0, &["check", "venv"])), unmet);
}

#[test]
fn where_the_packages_of_the_interpreter_cannot_be_found_nothing_is_said_to_be_missing() {
    let sandbox = Sandbox::new();
    needy(&sandbox, true);
    let answer = sandbox.json(0, &["check", "venv"]);
    assert_eq!(found(&answer), Vec::<String>::new(), "{answer}");
}

#[test]
fn real_interpreters_tell_where_their_packages_are() {
    let sandbox = Sandbox::new();
    let python = |script: &str| {
        let mut command = Command::new("python3");
        command.args(["-c", script]).stdin(Stdio::null());
        Run::of(command).stdout.trim().to_owned()
    };
    // Any distribution that the interpreter has; the first one is as good as another.
    let one = python(
        "import importlib.metadata as m, site\n\
         for d in m.distributions(path=site.getsitepackages()):\n    print(d.metadata['Name'], d.version); break",
    );
    let Some((name, version)) = one.split_once(' ') else {
        crate::support::faults::skipped(1, "python3 has no packages of its own");
        return;
    };
    for (option, expected) in [(Some("--system-site-packages"), 0), (None, 1)] {
        let root = sandbox.venv();
        let _ = fs::remove_dir_all(&root);
        let made = Command::new("python3")
            .args(["-m", "venv", "--without-pip"])
            .args(option)
            .arg(&root)
            .stdin(Stdio::null())
            .status();
        assert!(made.unwrap().success());
        let site = venv::site_packages(&root);
        let metadata = format!(
            "Metadata-Version: 2.1\nName: needy\nVersion: 1.0\nRequires-Dist: {name}=={version}\n"
        );
        venv::write(
            &root,
            &format!("{site}/needy-1.0.dist-info/METADATA"),
            metadata.as_bytes(),
        );
        venv::write(
            &root,
            &format!("{site}/needy-1.0.dist-info/RECORD"),
            b"needy-1.0.dist-info/RECORD,,\n",
        );
        let answer = sandbox.json(0, &["check", "venv"]);
        assert_eq!(
            found(&answer).len(),
            expected,
            "{option:?} {name} {version}: {answer}"
        );
    }
}

/// Runs what `check` advises, with an index of one wheel.
fn advised(sandbox: &Sandbox, wheels: &Path) -> Run {
    let text = sandbox.ok(&["check", "venv"]).stdout;
    let mut lines = text.lines().skip_while(|line| !line.contains("to install"));
    let line = lines.nth(1).unwrap();
    let mut command = Command::new("sh");
    sandbox.dress(&mut command);
    command
        .args(["-c", line.trim()])
        .env("PIP_NO_INDEX", "1")
        .env("PIP_FIND_LINKS", wheels)
        .env("PIP_ROOT_USER_ACTION", "ignore")
        .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
        .env("UV_OFFLINE", "1")
        .env("UV_NO_INDEX", "1")
        .env("UV_FIND_LINKS", wheels)
        .env("UV_NO_CACHE", "1");
    Run::of(command)
}

#[test]
fn the_command_that_is_advised_works_with_and_without_pip_in_the_venv() {
    for arguments in [&["--without-pip"][..], &[]] {
        let sandbox = Sandbox::new();
        let made = Command::new("python3")
            .args(["-m", "venv"])
            .args(arguments)
            .arg(sandbox.venv())
            .stdin(Stdio::null())
            .status();
        assert!(made.unwrap().success());
        let wheels = sandbox.path("wheels");
        build(&wheels, "other", "2.1", &[("other/__init__.py", "")], &[]);
        install_needy(&sandbox, &venv::site_packages(&sandbox.venv()));
        let run = advised(&sandbox, &wheels);
        assert_eq!(run.code, 0, "{arguments:?}: {run}");
        let answer = sandbox.json(0, &["check", "venv"]);
        assert_eq!(
            found(&answer),
            Vec::<String>::new(),
            "{arguments:?}: {answer}"
        );
    }
}
