//! What is told beside the answer, and names that are no text: in the shape that docs/cli.md ("JSON") promises to
//! programs.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support::faults::needs_root;
use crate::support::mounts::Mount;
use crate::support::users::{as_user, users_sandbox};
use crate::support::{Run, Sandbox, venv};

#[test]
fn with_json_each_line_of_standard_error_is_an_object_warnings_too() {
    // A warning in words stood before the error, so that no program could read either.
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.path(".venv"));
    let saved = sandbox.ok(&["save", "--json"]);
    assert!(saved.told()[0]["status"].as_str().unwrap().contains("venv"));
    for file in ["index.db", "index.db-wal", "index.db-shm"] {
        let _ = fs::remove_file(sandbox.path("store").join(file));
    }
    fs::write(sandbox.path("store/index.db"), b"no database at all").unwrap();
    let run = sandbox.code(10, &["export", "ffffffff", "x.tar", "--json"]);
    let error = run.told().pop().unwrap();
    assert_eq!(error["error"]["exit_code"], 10, "{run}");
    fs::write(sandbox.path("store/index.db"), b"no database at all").unwrap();
    let run = sandbox.code(10, &["undo", "./nothing", "--json"]);
    let (warning, error) = (&run.told()[0], &run.told()[1]);
    let text = warning["warning"].as_str().unwrap();
    assert!(text.contains("index"), "{run}");
    assert_eq!(error["error"]["exit_code"], 10, "{run}");
    let pack = crate::support::packs::files(&sandbox.path("store/packs")).remove(0);
    crate::support::packs::change(&pack, |bytes| bytes[40] ^= 1);
    let run = sandbox.code(1, &["verify", "--json"]);
    assert!(run.told().pop().unwrap()["hint"].is_string(), "{run}");
    assert_eq!(sandbox.code(1, &["verify", "--json", "-q"]).stderr, "");
}

#[test]
fn every_path_that_is_no_text_has_its_bytes_in_json() {
    // That of a venv had only its lossy form, which leads nowhere.
    let sandbox = Sandbox::new();
    let name = OsStr::from_bytes(b"v\xff");
    let path = sandbox.root().join(name);
    venv::tiny(&path);
    std::os::unix::fs::symlink(OsStr::from_bytes(b"\xfe"), path.join("link")).unwrap();
    let run = |code: i32, args: &[&str], last: &OsStr| -> Value {
        let mut command = sandbox.command(&[&["--json"][..], args].concat());
        let run = Run::of({
            command.arg(last);
            command
        });
        assert_eq!(run.code, code, "{args:?} {run}");
        serde_json::from_str(&run.stdout).unwrap()
    };
    let whole = data_encoding::BASE64.encode(path.as_os_str().as_bytes());
    let is_whole = |value: &Value| {
        assert_eq!(value["venv_b64"], whole, "{value}");
        assert!(value["venv"].as_str().unwrap().ends_with("v\u{fffd}"));
    };
    let saved = run(0, &["save"], name);
    is_whole(&saved);
    is_whole(&saved["snapshot"]);
    for verb in ["check", "diff"] {
        is_whole(&run(0, &[verb], name));
    }
    fs::remove_file(path.join("bin/tool")).unwrap();
    is_whole(&run(0, &["restore"], name));
    is_whole(&run(0, &["log"], name)["events"][0]);
    is_whole(&run(0, &["report", "--venv"], name));
    is_whole(&sandbox.json(0, &["list"])["snapshots"][0]);
    let id = sandbox.ids().remove(0);
    let file = OsStr::from_bytes(b"x\xff.tar");
    let told = run(0, &["export", &id], file);
    let file = data_encoding::BASE64.encode(file.as_bytes());
    assert_eq!(told["file_b64"], file, "{told}");
    let entries = sandbox.json(0, &["ls", &id])["entries"].clone();
    let mut entries = entries.as_array().unwrap().iter();
    let link = entries.find(|one| one["path"] == "link").unwrap();
    let target = data_encoding::BASE64.encode(b"\xfe");
    assert_eq!(link["target_b64"], target, "{link}");
    // Where all is text there is nothing to add.
    let tiny = OsStr::from_bytes(b"tiny");
    venv::tiny(&sandbox.root().join(tiny));
    assert_eq!(run(0, &["save"], tiny).get("venv_b64"), None);
}

#[test]
fn a_hint_that_sends_to_root_is_not_given_to_root() {
    if !needs_root() {
        return;
    }
    let sandbox = Sandbox::new();
    let Some(mount) = Mount::tmpfs(&sandbox.path("store"), "size=8m,mode=700") else {
        return;
    };
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    venv::write(&sandbox.venv(), "more", b"more");
    mount.read_only(true);
    let run = sandbox.code(3, &["save", "venv"]);
    assert!(run.stderr.contains("hint: look whether"), "{run}");
    assert!(!run.stderr.contains("as root"), "{run}");
    // Others may need root for it.
    let sandbox = users_sandbox();
    assert_eq!(as_user(&sandbox, &["save", "venv"]).code, 0);
    let file = sandbox.path("home/venv/pyvenv.cfg");
    std::os::unix::fs::chown(&file, Some(0), Some(0)).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let run = as_user(&sandbox, &["save", "venv"]);
    assert!(run.code == 3 && run.stderr.contains("as root"), "{run}");
}
