//! A venv that uv linked from its cache, below a directory that hands on an access list.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::faults::skipped;
use crate::support::{Sandbox, Tree, tools, uv, venv, wheel};

/// Gives a directory an access list that all that is made in it inherits.
fn hands_on(dir: &Path) -> bool {
    let mut command = Command::new("setfacl");
    command.args(["-d", "-m", "u:1234:rwx"]).arg(dir);
    let done = command.stderr(Stdio::null()).status();
    let done = done.is_ok_and(|status| status.success());
    if !done {
        skipped(1, "setfacl does not work here");
    }
    done
}

/// The links have no list, all that is made anew beside them gets one: the comparison refused that.
#[test]
fn a_venv_of_links_into_a_cache_comes_back_below_a_default_access_list() {
    let sandbox = Sandbox::new();
    let Some(tool) = tools::find("uv") else {
        return;
    };
    let built = wheel::build(
        &sandbox.path("wheels"),
        "wares",
        "1.0",
        &[
            ("wares/__init__.py", "x = 1\n"),
            ("wares/core.py", "y = 2\n"),
        ],
        &[],
    );
    for is_moved_in in [false, true] {
        let above = sandbox.path(if is_moved_in { "below" } else { "above" });
        fs::create_dir(&above).unwrap();
        if !is_moved_in && !hands_on(&above) {
            return;
        }
        let root = above.join("venv");
        let mut make = tools::command(&sandbox, &tool);
        tools::done(
            make.arg("venv")
                .args(["-q", "--python", "python3"])
                .arg(&root),
        );
        uv::install_into(&sandbox, &root, &built, "hardlink");
        if is_moved_in && !hands_on(&above) {
            return;
        }
        let file = root.join(venv::site_packages(&root)).join("wares/core.py");
        assert!(fs::metadata(&file).unwrap().nlink() > 1, "uv linked it");
        let path = root.to_str().unwrap();
        sandbox.ok(&["save", path]);
        let good = Tree::of(&root).by_itself();
        let hurts: [fn(&Path, &Path); 3] = [
            |_, file| fs::remove_file(file).unwrap(),
            |_, file| fs::remove_dir_all(file.parent().unwrap()).unwrap(),
            |root, _| fs::remove_dir_all(root).unwrap(),
        ];
        for (at, hurt) in hurts.iter().enumerate() {
            hurt(&root, &file);
            let answer = sandbox.json(0, &["restore", path]);
            let told = format!("moved in: {is_moved_in}, {at}: {answer}");
            assert!(answer["left_out"].as_array().unwrap().is_empty(), "{told}");
            good.assert_same(&Tree::of(&root).by_itself(), &told);
            sandbox.ok(&["diff", path]);
            sandbox.ok(&["check", path]);
            let again = sandbox.json(0, &["restore", path]);
            assert_eq!(again["mode"], "identical", "{told}");
        }
    }
}
