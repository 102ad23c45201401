//! A tar of a venv that stood elsewhere than where its snapshot is to be restored.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{Sandbox, venv};

#[test]
fn a_tar_of_a_venv_of_another_place_is_adapted_to_that_of_its_venv() {
    // It became a baseline of which check said that its scripts run another venv, and sent back to restore.
    let sandbox = Sandbox::new();
    let old = sandbox.path("old");
    venv::tiny(&old);
    let named = |place: &Path| format!("#!{}/bin/python\nprint('tool')\n", place.display());
    let site = old.join(venv::SITE);
    let activate = format!("VIRTUAL_ENV='{}'\nexport VIRTUAL_ENV\n", old.display());
    venv::write(&old, "bin/activate", activate.as_bytes());
    venv::write(&old, "bin/tool", named(&old).as_bytes());
    let row = format!(
        "../../../bin/tool,{}\n",
        venv::recorded(named(&old).as_bytes())
    );
    venv::append(site.join("click-1.0.dist-info/RECORD"), &row);
    sandbox.ok(&["save", "old"]);
    sandbox.ok(&["export", "latest", "ours.tar", "--venv", "old"]);
    let mut tar = Command::new("tar");
    tar.args(["-C", "old", "-cf", "theirs.tar", "."]);
    tar.current_dir(sandbox.root());
    assert!(tar.status().unwrap().success());
    for (file, relocated) in [("ours.tar", 3), ("theirs.tar", 3)] {
        let place = sandbox.path(file.trim_end_matches(".tar"));
        let name = place.to_str().unwrap();
        let taken = sandbox.json(0, &["import", file, "--venv", name]);
        assert_eq!(taken["relocated"], relocated, "{taken}");
        assert_eq!(taken["snapshot"]["baseline"], true, "{taken}");
        sandbox.ok(&["restore", name]);
        assert_eq!(
            fs::read_to_string(place.join("bin/tool")).unwrap(),
            named(&place)
        );
        sandbox.ok(&["check", name]);
        sandbox.ok(&["diff", name]);
        // Where it is of the place that it names, it stays as it is to the byte.
        let own = sandbox.json(0, &["import", file, "--venv", "old"]);
        assert_eq!(own["relocated"], 0, "{own}");
    }
}
