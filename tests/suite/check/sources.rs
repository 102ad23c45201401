//! What a venv uses outside of itself, and that is gone.

use std::fs;

use crate::support::answers::found;
use crate::support::sandbox::site;
use crate::support::session::Session;
use crate::support::{Sandbox, venv};

/// Its package is imported from a directory that was removed: that was "sound".
#[test]
fn a_venv_whose_editable_source_is_gone_does_not_pass_a_check_and_is_not_damaged() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let source = sandbox.path("my app/src");
    let venv = sandbox.venv();
    let put = |path: &str, text: &str| {
        venv::write(&venv, &format!("{}/{path}", venv::SITE), text.as_bytes());
    };
    let shown = source.display().to_string();
    let url = shown.trim_end_matches("/src").replace(' ', "%20");
    let info = "app-1.0.dist-info";
    put("__editable__.app-1.0.pth", &format!("{shown}\n"));
    put(
        "other.pth",
        &format!("# /not/this\nimport sys\n{shown}/more\n"),
    );
    put(
        &format!("{info}/METADATA"),
        "Metadata-Version: 2.1\nName: app\nVersion: 1.0\n",
    );
    put(
        &format!("{info}/direct_url.json"),
        &format!(r#"{{"url": "file://{url}", "dir_info": {{"editable": true}}}}"#),
    );
    put(
        &format!("{info}/RECORD"),
        &format!(
            "__editable__.app-1.0.pth,,\n{info}/METADATA,,\n{info}/direct_url.json,,\n{info}/RECORD,,\n"
        ),
    );
    fs::create_dir_all(source.join("more")).unwrap();
    sandbox.ok(&["check", "venv"]);
    sandbox.ok(&["save", "venv"]);
    // Only what a path file adds.
    fs::remove_dir(source.join("more")).unwrap();
    let answer = sandbox.json(1, &["check", "venv"]);
    let own = "startup-code other.pth";
    assert_eq!(found(&answer), ["source-gone other.pth", own], "{answer}");
    // All of it, which is told once.
    fs::remove_dir_all(sandbox.path("my app")).unwrap();
    let answer = sandbox.json(1, &["check", "venv"]);
    assert_eq!(found(&answer), ["source-gone app-1.0.dist-info", own]);
    assert_eq!(answer["findings"][0]["package"], "app");
    assert_eq!(answer["summary"]["damage"], 0, "{answer}");
    assert_eq!(answer["clean"], false, "{answer}");
    let mut session = Session::new(&sandbox);
    session.run(1, &["check", "venv"]);
    insta::assert_snapshot!(session.told());
    // No byte of the venv is wrong, also where the same tree was saved while the source was there.
    let saved = sandbox.json(0, &["save", "venv"]);
    assert_eq!(saved["snapshot"]["baseline"], true, "{saved}");
    assert_eq!(
        found(&saved["audit"]),
        ["source-gone app-1.0.dist-info", own]
    );
    sandbox.ok(&["diff", "venv"]);
    let rule = "[[accept]]\ncheck = 'source-gone'\nreason = 'only for developers'\n";
    fs::write(sandbox.path("snap.toml"), rule).unwrap();
    sandbox.ok(&["check", "venv"]);
    fs::remove_file(sandbox.path("snap.toml")).unwrap();
    // One that comes from an egg-link.
    fs::remove_dir_all(site(&sandbox).join(info)).unwrap();
    fs::remove_file(site(&sandbox).join("__editable__.app-1.0.pth")).unwrap();
    fs::remove_file(site(&sandbox).join("other.pth")).unwrap();
    sandbox.ok(&["check", "venv"]);
    put("app.egg-link", &format!("{shown}\n.\n"));
    let answer = sandbox.json(1, &["check", "venv"]);
    assert_eq!(found(&answer), ["source-gone app.egg-link"], "{answer}");
    fs::create_dir_all(&source).unwrap();
    sandbox.ok(&["check", "venv"]);
}

#[test]
fn a_save_of_the_same_tree_looks_anew_for_what_a_path_file_adds() {
    // The audit of the save before was taken over.
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let shared = sandbox.path("shared");
    let list = format!("{}/shared.pth", venv::SITE);
    let line = format!("{}\n", shared.display());
    venv::write(&sandbox.venv(), &list, line.as_bytes());
    fs::create_dir(&shared).unwrap();
    let saved = sandbox.json(0, &["save", "venv"]);
    assert!(found(&saved["audit"]).is_empty(), "{saved}");
    fs::remove_dir(&shared).unwrap();
    let saved = sandbox.json(0, &["save", "venv"]);
    assert_eq!(found(&saved["audit"]), ["source-gone shared.pth"]);
}

/// Its files lie elsewhere, so that no module of it was tried.
#[test]
fn the_modules_of_editable_installs_are_imported_too() {
    let sandbox = Sandbox::new();
    venv::real(&sandbox.venv());
    let site = venv::site_packages(&sandbox.venv());
    let source = sandbox.path("project");
    fs::create_dir_all(source.join("listed")).unwrap();
    fs::write(source.join("listed/__init__.py"), b"from . import core\n").unwrap();
    fs::write(source.join("listed/core.py"), b"").unwrap();
    fs::write(source.join("by_name.py"), b"import listed\n").unwrap();
    let put = |path: &str, text: &str| {
        venv::write(&sandbox.venv(), &format!("{site}/{path}"), text.as_bytes());
    };
    put("all.pth", &format!("{}\n", source.display()));
    for (name, list) in [
        ("other", Some("listed\n")),
        ("by-name", None),
        ("unknown", None),
    ] {
        let info = format!("{}-1.0.dist-info", name.replace('-', "_"));
        let url = format!("file://{}", source.display());
        let url = serde_json::json!({"url": url, "dir_info": {"editable": true}});
        let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n");
        put(&format!("{info}/METADATA"), &metadata);
        put(&format!("{info}/direct_url.json"), &url.to_string());
        put(
            &format!("{info}/RECORD"),
            &format!("{info}/METADATA,,\n{info}/direct_url.json,,\n{info}/RECORD,,\n"),
        );
        if let Some(list) = list {
            put(&format!("{info}/top_level.txt"), list);
        }
    }
    sandbox.ok(&["check", "venv", "--import"]);
    fs::remove_file(source.join("listed/core.py")).unwrap();
    sandbox.ok(&["check", "venv"]);
    let answer = sandbox.json(1, &["check", "venv", "--import"]);
    let infos = ["by_name", "other"].map(|name| format!("import-failed {name}-1.0.dist-info"));
    assert_eq!(found(&answer), infos, "{answer}");
    let text = answer["findings"][1]["text"].as_str().unwrap();
    assert!(
        text.starts_with("import listed fails: ImportError"),
        "{text}"
    );
}
