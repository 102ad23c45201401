//! What stands in `bin` and cannot be started, and what only root may read.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::answers::found;
use crate::support::faults::needs_root;
use crate::support::session::Session;
use crate::support::wheel::venv_with_pip;
use crate::support::{Sandbox, venv};

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Its scripts name the place where it was: that was "sound", and no service of it started.
#[test]
fn a_venv_that_was_moved_does_not_pass_a_check_and_is_not_damaged() {
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    fs::rename(sandbox.venv(), sandbox.path("moved")).unwrap();
    let answer = sandbox.json(1, &["check", "moved"]);
    assert_eq!(found(&answer), ["script-interpreter "], "{answer}");
    let old = sandbox.venv().join("bin").display().to_string();
    let text = answer["findings"][0]["text"].as_str().unwrap();
    assert!(text.contains(&old) && text.contains("bin/pip"), "{answer}");
    let run = sandbox.code(1, &["check", "moved"]);
    let said = "1 interpreter that it uses is gone";
    assert!(run.stdout.contains(said), "{run}");
    let saved = sandbox.json(0, &["save", "moved"]);
    assert_eq!(saved["snapshot"]["baseline"], true, "{saved}");
    // The same tree, once its scripts find what they name.
    let bin = sandbox.venv().join("bin");
    fs::create_dir_all(&bin).unwrap();
    for name in ["python", "python3"] {
        let real = fs::canonicalize(sandbox.path("moved/bin").join(name)).unwrap();
        std::os::unix::fs::symlink(real, bin.join(name)).unwrap();
    }
    sandbox.ok(&["check", "moved"]);
    let saved = sandbox.json(0, &["save", "moved"]);
    assert_eq!(found(&saved["audit"]), [""; 0], "{saved}");
    // And once they do not: no byte of the venv changed.
    fs::remove_dir_all(sandbox.venv()).unwrap();
    let saved = sandbox.json(0, &["save", "moved"]);
    let found = found(&saved["audit"]);
    assert_eq!(found, ["script-interpreter "], "{saved}");
    // What the finding advises.
    sandbox.ok(&["restore", "venv", "--to", "adapted"]);
    sandbox.ok(&["check", "adapted"]);
}

#[test]
fn a_script_that_nobody_may_run_and_what_only_root_may_read_are_damage() {
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    let pip = sandbox.venv().join("bin/pip");
    mode(&pip, 0o644);
    let answer = sandbox.json(1, &["check", "venv"]);
    assert_eq!(found(&answer), ["mode bin/pip"], "{answer}");
    assert_eq!(answer["diagnosis"][0]["rule"], "permissions", "{answer}");
    sandbox.code(1, &["save", "venv"]);
    mode(&pip, 0o755);
    // A script that came with a wheel has the mode that it had there, and any shell.
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    venv::write(&sandbox.venv(), "bin/helper", b"#!/no/such/shell\n");
    let record = fs::read_dir(&site).unwrap().map(|one| one.unwrap().path());
    let mut record = record.filter(|path| path.join("RECORD").exists());
    let pip = record.find(|path| path.to_string_lossy().contains("/pip-"));
    venv::append(pip.unwrap().join("RECORD"), "../../../bin/helper,,\n");
    sandbox.ok(&["check", "venv"]);
    // Others cannot look at all, which is told as that.
    if !needs_root() {
        return;
    }
    mode(&site.join("pip"), 0);
    let answer = sandbox.json(1, &["check", "venv"]);
    assert_eq!(found(&answer), ["mode pip"], "{answer}");
    mode(&site.join("pip"), 0o755);
    sandbox.ok(&["save", "venv"]);
}

/// The one is gone with its row, as after a sweep over `bin` by somebody who wanted RECORD to match; the other one
/// RECORD still lists.
#[test]
fn a_command_without_its_script_is_told_by_its_name() {
    let sandbox = Sandbox::new();
    let root = sandbox.venv();
    venv::tiny(&root);
    let site = root.join(venv::SITE);
    let list = "[console_scripts]\nclick-one = click:main\nclick-two = click:main\n[plugs]\nthree = click:main\n";
    fs::write(site.join("click-1.0.dist-info/entry_points.txt"), list).unwrap();
    let script = b"#!/usr/bin/python3\nimport click\n";
    venv::write(&root, "bin/click-one", script);
    mode(&root.join("bin/click-one"), 0o755);
    let row = format!("../../../bin/click-one,{}\n", venv::recorded(script));
    venv::append(site.join("click-1.0.dist-info/RECORD"), &row);
    let told = |code| found(&sandbox.json(code, &["check", "venv"]));
    assert_eq!(told(0), ["script-missing bin/click-two"]);
    let saved = sandbox.json(0, &["save", "venv"]);
    assert_eq!(saved["snapshot"]["baseline"], true, "{saved}");
    fs::remove_file(root.join("bin/click-one")).unwrap();
    assert_eq!(
        told(1),
        ["file-missing bin/click-one", "script-missing bin/click-two"]
    );
    sandbox.ok(&["restore", "venv", "--heal"]);
    venv::write(&root, "bin/click-two", script);
    mode(&root.join("bin/click-two"), 0o755);
    assert_eq!(told(0), [""; 0]);
}

#[test]
fn a_name_of_the_interpreter_that_leads_nowhere_is_damage_that_a_heal_mends() {
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let name = sandbox.venv().join("bin/python3");
    let good = fs::read_link(&name).unwrap();
    for to in ["/nowhere/python3", "gone"] {
        fs::remove_file(&name).unwrap();
        std::os::unix::fs::symlink(to, &name).unwrap();
        let told = found(&sandbox.json(1, &["check", "venv"]));
        assert_eq!(told, ["interpreter "], "{to}");
        let diff = sandbox.json(1, &["diff", "venv"]);
        assert_eq!(diff["summary"]["damage"], 1, "{diff}");
        sandbox.ok(&["restore", "venv", "--heal"]);
        assert_eq!(fs::read_link(&name).unwrap(), good);
        sandbox.ok(&["check", "venv"]);
    }
}

#[test]
fn damage_that_the_newest_baseline_has_as_well_does_not_lead_back_to_it() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let tool = format!(
        "#!{}/bin/python\nprint()\n",
        sandbox.path("other").display()
    );
    venv::write(&sandbox.venv(), "bin/tool", tool.as_bytes());
    let record = sandbox
        .venv()
        .join(venv::SITE)
        .join("click-1.0.dist-info/RECORD");
    venv::append(
        record,
        &format!("../../../bin/tool,{}\n", venv::recorded(tool.as_bytes())),
    );
    fs::create_dir_all(sandbox.path("other/bin")).unwrap();
    fs::write(sandbox.path("other/bin/python"), "").unwrap();
    sandbox.ok(&["save", "venv"]);
    // Only now is it one that another venv has.
    fs::write(sandbox.path("other/pyvenv.cfg"), "home = /usr/bin\n").unwrap();
    let mut session = Session::new(&sandbox);
    session.run(1, &["check", "venv"]);
    fs::write(sandbox.venv().join(venv::SITE).join("idna/core.py"), "").unwrap();
    session.run(1, &["check", "venv"]);
    insta::assert_snapshot!(session.told());
}
