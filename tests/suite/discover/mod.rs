//! Which environments there are, what each is, and who uses it.

mod rooted;
mod started;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::{Sandbox, tools, venv};

/// Puts a file below `root`, the machine that is looked at.
fn put(sandbox: &Sandbox, path: &str, text: &str) {
    venv::write(
        &sandbox.path("root"),
        path.trim_start_matches('/'),
        text.as_bytes(),
    );
}

/// The same as a program.
fn program(sandbox: &Sandbox, path: &str, text: &str) {
    put(sandbox, path, text);
    let path = sandbox.path("root").join(path.trim_start_matches('/'));
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// An environment by its path below `root`.
fn environment<'v>(answer: &'v Value, path: &str) -> &'v Value {
    let all = answer["environments"].as_array().unwrap();
    let is_it = |one: &&Value| {
        one["path"]
            .as_str()
            .unwrap()
            .ends_with(&format!("/root{path}"))
    };
    all.iter()
        .find(is_it)
        .unwrap_or_else(|| panic!("{path} was not found: {answer}"))
}

/// Who uses an environment, in a word each.
fn users(answer: &Value, path: &str) -> Vec<String> {
    let uses = environment(answer, path)["uses"].as_array().unwrap().iter();
    let word = |one: &Value| match one["by"].as_str().unwrap() {
        "unit" | "user-unit" => one["name"].as_str().unwrap().to_owned(),
        by => format!(
            "{by} {}:{}",
            one["path"].as_str().unwrap_or("-"),
            one["line"]
        ),
    };
    uses.map(word).collect()
}

#[test]
fn environments_of_every_make_are_found_by_their_marks_and_nothing_else_is() {
    let sandbox = Sandbox::new();
    let cfg = "home = /usr/bin\nversion = 3.11.2\n";
    let made = |by: &str| format!("home = /usr/bin\n{by} = 20.1\nversion_info = 3.12.1.final.0\n");
    let site = "lib/python3.11/site-packages/click-8.1.7.dist-info/METADATA";
    for (path, kind, text, beside) in [
        ("/srv/a/venv", "venv", cfg, site),
        ("/srv/b/.venv", "uv", &made("uv"), site),
        ("/srv/c/env", "virtualenv", &made("virtualenv"), site),
        (
            "/root/.local/share/pipx/venvs/black",
            "pipx",
            cfg,
            "pipx_metadata.json",
        ),
        (
            "/root/.local/share/uv/tools/ruff",
            "uv-tool",
            &made("uv"),
            "uv-receipt.toml",
        ),
        (
            "/root/.cache/pypoetry/virtualenvs/app-x-py3.11",
            "poetry",
            &made("virtualenv"),
            site,
        ),
        (
            "/srv/d/.venv",
            "poetry",
            &made("virtualenv"),
            "../poetry.lock",
        ),
        (
            "/root/.local/share/pdm/venvs/app-x",
            "pdm",
            &made("virtualenv"),
            site,
        ),
        ("/srv/e/.venv", "pdm", &made("virtualenv"), "../pdm.lock"),
        (
            "/opt/conda",
            "conda",
            "",
            "conda-meta/numpy-1.26.4-py312h1_0.json",
        ),
        ("/opt/conda/envs/two", "conda", "", "conda-meta/history"),
        (
            "/srv/target",
            "target",
            "",
            "click-8.1.7.dist-info/METADATA",
        ),
    ] {
        if !text.is_empty() {
            put(&sandbox, &format!("{path}/pyvenv.cfg"), text);
        }
        let beside = beside.strip_prefix("../").map_or_else(
            || format!("{path}/{beside}"),
            |name| format!("{}/{name}", path.rsplit_once('/').unwrap().0),
        );
        put(&sandbox, &beside, "");
        let answer = sandbox.json(0, &["discover", "root"]);
        assert_eq!(environment(&answer, path)["kind"], kind, "{path}");
    }
    // The packages of an interpreter, a cache, a link, and what a restore kept are no environments.
    put(
        &sandbox,
        "/usr/lib/python3/dist-packages/six-1.0.dist-info/METADATA",
        "",
    );
    put(
        &sandbox,
        "/usr/lib/python3/dist-packages/setuptools/_vendor/x-1.dist-info/METADATA",
        "",
    );
    put(&sandbox, "/root/.cache/uv/CACHEDIR.TAG", "");
    put(
        &sandbox,
        "/root/.cache/uv/archive-v0/x/six-1.0.dist-info/METADATA",
        "",
    );
    put(&sandbox, "/srv/a/venv.snap-old-1/pyvenv.cfg", cfg);
    symlink(sandbox.path("root/srv/a"), sandbox.path("root/srv/link")).unwrap();
    let answer = sandbox.json(0, &["discover", "root"]);
    assert_eq!(
        answer["environments"].as_array().unwrap().len(),
        12,
        "{answer}"
    );
    let one = environment(&answer, "/srv/b/.venv");
    assert_eq!(
        (&one["python"], &one["savable"]),
        (&"3.12.1".into(), &true.into())
    );
    assert_eq!(one["packages"][0]["name"], "click");
    assert_eq!(one["packages"][0]["version"], "8.1.7");
    assert_eq!(
        environment(&answer, "/opt/conda")["packages"][0]["version"],
        "1.26.4"
    );
    assert_eq!(environment(&answer, "/srv/target")["savable"], false);
}

#[test]
fn services_cron_lines_wrapper_scripts_and_shebangs_name_what_they_use() {
    let sandbox = Sandbox::new();
    for name in ["a", "b", "c", "d", "e", "unused"] {
        put(
            &sandbox,
            &format!("/srv/{name}/.venv/pyvenv.cfg"),
            "version = 3.11.2\n",
        );
        program(
            &sandbox,
            &format!("/srv/{name}/.venv/bin/python"),
            "#!/bin/sh\n",
        );
    }
    put(
        &sandbox,
        "/etc/passwd",
        "web:x:1000:1000::/home/web:/bin/sh\n",
    );
    let unit = |text: &str| format!("[Service]\n{text}\n");
    put(
        &sandbox,
        "/etc/systemd/system/a.service",
        &unit("User=web\nExecStart=/srv/a/.venv/bin/uvicorn app:app --port 80"),
    );
    put(
        &sandbox,
        "/usr/lib/systemd/system/b.service",
        &unit("WorkingDirectory=/srv/b\nExecStart=/usr/local/bin/start-b --now"),
    );
    program(
        &sandbox,
        "/usr/local/bin/start-b",
        "#!/bin/bash\n# not /srv/unused/.venv\nset -e\nsource .venv/bin/activate\nexec gunicorn app\n",
    );
    put(
        &sandbox,
        "/home/web/.config/systemd/user/c.service",
        &unit(
            "Environment=\"VIRTUAL_ENV=/srv/c/.venv\"\nExecStart=/bin/sh -c 'exec python -m app'",
        ),
    );
    put(
        &sandbox,
        "/etc/systemd/system/d.service",
        &unit("WorkingDirectory=/srv/d\nExecStart=/usr/bin/uv run uvicorn app:app"),
    );
    put(
        &sandbox,
        "/etc/cron.d/e",
        "# x\n5 4 * * * web cd /srv/e && .venv/bin/python manage.py sweep\n",
    );
    program(
        &sandbox,
        "/usr/local/bin/tool",
        "#!/srv/e/.venv/bin/python\nimport x\n",
    );
    symlink(
        "/srv/a/.venv/bin/python",
        sandbox.path("root/usr/local/bin/linked"),
    )
    .unwrap();
    let args = [
        "discover",
        "root",
        "--root",
        "root",
        "--look-in",
        "root/usr/local/bin",
    ];
    let answer = sandbox.json(0, &args);
    assert_eq!(
        users(&answer, "/srv/a/.venv"),
        ["a.service", "script /usr/local/bin/linked:null"]
    );
    assert_eq!(users(&answer, "/srv/b/.venv"), ["b.service"]);
    assert_eq!(users(&answer, "/srv/c/.venv"), ["c.service"]);
    assert_eq!(users(&answer, "/srv/d/.venv"), ["d.service"]);
    assert_eq!(
        users(&answer, "/srv/e/.venv"),
        ["cron /etc/cron.d/e:2", "script /usr/local/bin/tool:null"]
    );
    assert!(users(&answer, "/srv/unused/.venv").is_empty(), "{answer}");
    let first = &environment(&answer, "/srv/a/.venv")["uses"][0];
    assert_eq!((&first["user"], &first["line"]), (&"web".into(), &3.into()));
    let page = sandbox
        .ok(&[&args[..], &["--format", "md"]].concat())
        .stdout;
    assert!(
        page.contains(
            "- **used by** unit a.service, not enabled as web: /etc/systemd/system/a.service:3"
        ),
        "{page}"
    );
}

#[test]
fn a_process_is_named_with_the_venv_that_it_runs_from() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    tools::copy_program("/bin/sleep", &sandbox.venv().join("bin/python"));
    let mut child = Command::new(sandbox.venv().join("bin/python"))
        .arg("60")
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let answer = sandbox.json(0, &["discover", "."]);
    child.kill().unwrap();
    child.wait().unwrap();
    let uses = answer["environments"][0]["uses"].as_array().unwrap();
    let one = uses.iter().find(|one| one["pid"] == child.id());
    assert_eq!(one.unwrap()["how"], "program", "{answer}");
}

#[test]
fn unsaved_ones_come_first_and_status_knows_what_was_found() {
    let sandbox = Sandbox::new();
    for name in ["app", "other"] {
        venv::tiny(&sandbox.path(name));
    }
    sandbox.ok(&["save", "app"]);
    sandbox.ok(&["status"]);
    let answer = sandbox.json(0, &["discover", "."]);
    assert_eq!(answer["unsaved"], 1);
    let all = answer["environments"].as_array().unwrap();
    let names: Vec<&str> = all
        .iter()
        .map(|one| one["path"].as_str().unwrap().rsplit('/').next().unwrap())
        .collect();
    assert_eq!(names, ["other", "app"]);
    assert!(all[1]["baseline"]["id"].is_string());
    let status = sandbox.json(1, &["status"]);
    let states: Vec<&str> = status["venvs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["unsaved", "sound"]);
    sandbox.ok(&["save", "other"]);
    sandbox.ok(&["status"]);
    fs::write(sandbox.path("a|b\n`<i>"), "").unwrap();
    let text = sandbox.ok(&["discover", "."]).stdout;
    assert!(
        text.starts_with("2 environments, 0 of them unsaved; "),
        "{text}"
    );
}

#[test]
fn no_mount_is_crossed_unless_that_is_asked_for() {
    if !crate::support::faults::needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.path("disk/venv"));
    let mount = |args: &[&str]| {
        Command::new(args[0])
            .args(&args[1..])
            .status()
            .is_ok_and(|one| one.success())
    };
    fs::create_dir_all(sandbox.path("here/mounted")).unwrap();
    let (from, to) = (sandbox.path("disk"), sandbox.path("here/mounted"));
    if !mount(&[
        "mount",
        "--bind",
        from.to_str().unwrap(),
        to.to_str().unwrap(),
    ]) {
        crate::support::faults::skipped(1, "nothing can be mounted here");
        return;
    }
    let inside = sandbox.snap(&["discover", "here", "--json"]);
    let crossed = sandbox.snap(&["discover", "here", "--cross-mounts", "--json"]);
    assert!(mount(&["umount", to.to_str().unwrap()]));
    let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let (inside, crossed) = (parsed(&inside.stdout), parsed(&crossed.stdout));
    assert_eq!(
        inside["environments"].as_array().unwrap().len(),
        0,
        "{inside}"
    );
    assert_eq!(inside["mounts"].as_array().unwrap().len(), 1, "{inside}");
    assert_eq!(
        crossed["environments"].as_array().unwrap().len(),
        1,
        "{crossed}"
    );
}
