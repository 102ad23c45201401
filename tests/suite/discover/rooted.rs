//! A machine below a directory: its links lead to what stands there, and never to this one.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{environment, program, put, users};
use crate::support::{Sandbox, tools, venv};

/// A machine with a release that is named by links, all of them absolute.
fn machine() -> Sandbox {
    let sandbox = Sandbox::new();
    put(
        &sandbox,
        "/etc/passwd",
        "web:x:1000:1000::/home/web:/bin/sh\n",
    );
    put(
        &sandbox,
        "/srv/releases/5/venv/pyvenv.cfg",
        "version = 3.11.2\n",
    );
    put(&sandbox, "/srv/packages/six-1.16.0.dist-info/METADATA", "");
    program(&sandbox, "/srv/own/python3.11", "#!/bin/sh\n");
    put(&sandbox, "/home/web/app/pyvenv.cfg", "version = 3.12.0\n");
    put(&sandbox, "/usr/share/jobs/tool.txt", "");
    program(
        &sandbox,
        "/usr/share/jobs/tool",
        "#!/opt/current/venv/bin/python\n",
    );
    let link = |to: &str, path: &str| {
        let path = sandbox.path("root").join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(to, path).unwrap();
    };
    link("/srv/releases/5", "/opt/current");
    link("/usr/share/jobs", "/opt/jobs");
    link("/srv/own/python3.11", "/srv/releases/5/venv/bin/python");
    link(
        "/srv/packages",
        "/srv/releases/5/venv/lib/python3.11/site-packages",
    );
    // This leads to a program on this machine, and to nothing on that one.
    link("/bin/sh", "/home/web/app/bin/python");
    put(
        &sandbox,
        "/etc/systemd/system/a.service",
        "[Service]\nExecStart=/opt/current/venv/bin/python -m app\n",
    );
    sandbox
}

const VENV: &str = "/srv/releases/5/venv";

fn looks_right(sandbox: &Sandbox, answer: &Value) {
    let one = environment(answer, VENV);
    let python = sandbox.path("root/srv/own/python3.11");
    let python = fs::canonicalize(python).unwrap();
    assert_eq!(one["interpreter"], python.to_str().unwrap(), "{answer}");
    assert_eq!(one["packages"][0]["name"], "six", "{answer}");
    assert!(
        users(answer, VENV).contains(&"a.service".to_owned()),
        "{answer}"
    );
}

#[test]
fn absolute_links_of_a_machine_stay_below_its_root() {
    let sandbox = machine();
    for roots in [
        &["root"][..],
        &["root/opt/current"],
        &["root/opt/../opt/current"],
    ] {
        let args = [
            &["discover", "--root", "root", "--look-in", "root/opt/jobs"][..],
            roots,
        ]
        .concat();
        let answer = sandbox.json(0, &args);
        looks_right(&sandbox, &answer);
        let script = "script /usr/share/jobs/tool:null".to_owned();
        assert!(users(&answer, VENV).contains(&script), "{answer}");
    }
    // Where nothing stands below it, nothing is looked at here.
    symlink("/usr/lib", sandbox.path("root/opt/outside")).unwrap();
    let run = sandbox.code(2, &["discover", "root/opt/outside", "--root", "root"]);
    assert!(run.stderr.contains("cannot look in"), "{run}");
}

/// A process with another root may have a path that is one here as well, of another file.
#[test]
fn a_process_with_another_root_uses_what_is_below_that_alone() {
    if !crate::support::faults::needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let top = fs::canonicalize(sandbox.path("")).unwrap();
    let venv = top.join("app/venv");
    venv::tiny(&venv);
    let root = top.join("root");
    let below = |path: &Path| root.join(path.strip_prefix("/").unwrap());
    venv::tiny(&below(&venv));
    let run = venv.join("bin/run");
    fs::write(&run, "").unwrap();
    tools::copy_program("/bin/sleep", &below(&run));
    let listed = Command::new("ldd").arg("/bin/sleep").output().unwrap();
    for word in String::from_utf8_lossy(&listed.stdout).split_whitespace() {
        if word.starts_with('/') {
            let to = below(Path::new(word));
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(word, to).unwrap();
        }
    }
    let mut child = Command::new("chroot");
    let child = child.arg(&root).arg(&run).arg("60").stdin(Stdio::null());
    let mut child = child.spawn().unwrap();
    let exe = format!("/proc/{}/exe", child.id());
    for _ in 0..500 {
        if fs::read_link(&exe).is_ok_and(|exe| exe.ends_with("run")) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let here = sandbox.json(0, &["discover", "app"]);
    let there = sandbox.json(0, &["discover", "root", "--root", "root"]);
    child.kill().unwrap();
    child.wait().unwrap();
    let names = |answer: &Value| {
        let uses = answer["environments"][0]["uses"].as_array().unwrap();
        uses.iter().any(|one| one["pid"] == child.id())
    };
    assert!(names(&there), "{there}");
    assert!(!names(&here), "{here}");
}

#[test]
fn without_a_root_the_usual_places_of_that_machine_are_looked_at() {
    let sandbox = machine();
    let answer = sandbox.json(0, &["discover", "--root", "root"]);
    looks_right(&sandbox, &answer);
    let of_user = environment(&answer, "/home/web/app");
    assert_eq!(of_user["interpreter"], Value::Null, "{answer}");
    let top = sandbox.path("root");
    let top = fs::canonicalize(top).unwrap();
    let all = answer["environments"].as_array().unwrap();
    let is_below = |one: &Value| {
        one["path"]
            .as_str()
            .unwrap()
            .starts_with(top.to_str().unwrap())
    };
    assert!(all.iter().all(is_below), "{answer}");
}
