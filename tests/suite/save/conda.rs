//! Environments of conda (`save --any`): audited by conda's own lists, and put to another place as conda would.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::any::found;
use crate::support::Sandbox;
use crate::support::conda::{LIBRARY, SITE, environment, sha256};

fn packages(answer: &Value) -> Vec<(&str, &str)> {
    let all = answer["packages"].as_array().unwrap().iter();
    all.map(|one| {
        (
            one["name"].as_str().unwrap(),
            one["conda"].as_str().unwrap_or("-"),
        )
    })
    .collect()
}

#[test]
fn packages_of_conda_are_held_against_its_own_lists() {
    let sandbox = Sandbox::new();
    let root = sandbox.path("env");
    environment(&root);
    let answer = sandbox.json(0, &["check", "env"]);
    assert_eq!(
        (&answer["kind"], &answer["findings"]),
        (&"conda".into(), &json!([]))
    );
    let all = [
        ("_alias", "_alias=4.5=2_gnu"),
        ("cool", "cool=3.3.0=h4ab18f5_0"),
        ("wool", "wool=1.0=pyhd8ed1ab_0"),
    ];
    assert_eq!(packages(&answer), all);
    assert_eq!(
        (&answer["summary"]["hashed"], &answer["summary"]["empty"]),
        (&8.into(), &1.into())
    );
    sandbox.ok(&["save", "env", "--any"]);
    let frozen = sandbox
        .ok(&["show", "latest", "--venv", "env", "--freeze"])
        .stdout;
    assert!(frozen.lines().all(|line| line.starts_with('#')), "{frozen}");

    // Every kind of damage, in what conda lists alone and in what RECORD lists as well.
    let write = |path: &str, content: &[u8]| fs::write(root.join(path), content).unwrap();
    let library = fs::read(root.join(LIBRARY)).unwrap();
    let damages: [(&str, &str, &dyn Fn()); 7] = [
        ("file-missing", "bin/cool", &|| {
            fs::remove_file(root.join("bin/cool")).unwrap();
        }),
        ("file-missing", "lib/libcool.so", &|| {
            fs::remove_file(root.join("lib/libcool.so")).unwrap();
        }),
        ("file-emptied", LIBRARY, &|| write(LIBRARY, b"")),
        ("file-altered", LIBRARY, &|| {
            let mut other = library.clone();
            *other.last_mut().unwrap() ^= 1;
            write(LIBRARY, &other);
        }),
        ("file-altered", LIBRARY, &|| write(LIBRARY, &library[..40])),
        ("file-altered", "bin/wool", &|| {
            write("bin/wool", b"#!/bin/sh\nrm -rf x\n");
        }),
        (
            "metadata-unreadable",
            "conda-meta/cool-3.3.0-h4ab18f5_0.json",
            &|| {
                write("conda-meta/cool-3.3.0-h4ab18f5_0.json", b"{\"name\": ");
            },
        ),
    ];
    for (check, path, damage) in damages {
        damage();
        let answer = sandbox.json(1, &["check", "env"]);
        assert_eq!(found(&answer), [(check, path)], "{answer}");
        sandbox.code(1, &["save", "env"]);
        sandbox.ok(&["restore", "env", "--heal"]);
        sandbox.ok(&["diff", "env"]);
    }
}

#[test]
fn an_environment_of_conda_stands_at_another_place_as_conda_would_put_it_there() {
    let sandbox = Sandbox::new();
    let root = sandbox.path("env");
    environment(&root);
    sandbox.ok(&["save", "env", "--any"]);
    // Moved by hand: every file is what its package holds, but for the place that it names.
    fs::rename(&root, sandbox.path("moved")).unwrap();
    sandbox.json(0, &["check", "moved"]);
    fs::rename(sandbox.path("moved"), &root).unwrap();

    for name in ["e", "a-place-with-a-longer-name"] {
        let run = sandbox.json(0, &["restore", "env", "--to", name]);
        assert_eq!(run["names_old_place"], json!([]), "{run}");
        let answer = sandbox.json(0, &["check", name]);
        assert_eq!(answer["findings"], json!([]));
        // The same as if conda had installed it there.
        let other = sandbox.path("fresh").join(name);
        environment(&other);
        let expected = sandbox.path(name).to_str().unwrap().to_owned();
        let text = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        let fresh = text(&other.join("bin/cool")).replace(other.to_str().unwrap(), &expected);
        assert_eq!(text(&sandbox.path(name).join("bin/cool")), fresh);
        let size = |root: &Path| fs::metadata(root.join(LIBRARY)).unwrap().len();
        assert_eq!(size(&sandbox.path(name)), size(&root));
        let list = sandbox
            .path(name)
            .join("conda-meta/cool-3.3.0-h4ab18f5_0.json");
        let list: Value = serde_json::from_slice(&fs::read(list).unwrap()).unwrap();
        let one = &list["paths_data"]["paths"][1];
        let now = fs::read(sandbox.path(name).join(LIBRARY)).unwrap();
        assert_eq!(one["sha256_in_prefix"], sha256(&now), "{one}");
        sandbox.json(0, &["diff", name, &sandbox.ids()[0]]);
    }
    // No room for the name in a string of the package: told, and not cut.
    let long = format!("long-{}", "x".repeat(150));
    let run = sandbox.json(0, &["restore", "env", "--to", &long]);
    assert_eq!(run["names_old_place"][0]["path"], LIBRARY, "{run}");
}

#[test]
fn what_pip_put_over_a_package_of_conda_is_judged_by_its_own_record() {
    let sandbox = Sandbox::new();
    let root = sandbox.path("env");
    environment(&root);
    // `pip install -U wool`: what conda brought is gone, and conda still lists it.
    let site = root.join(SITE);
    fs::remove_dir_all(site.join("wool-1.0.dist-info")).unwrap();
    let info = site.join("wool-2.0.dist-info");
    fs::create_dir(&info).unwrap();
    fs::write(site.join("wool/__init__.py"), "def main(): print(2)\n").unwrap();
    fs::write(
        info.join("METADATA"),
        "Metadata-Version: 2.1\nName: wool\nVersion: 2.0\n",
    )
    .unwrap();
    fs::write(info.join("INSTALLER"), "pip\n").unwrap();
    let list = "wool/__init__.py,,\nwool-2.0.dist-info/METADATA,,\nwool-2.0.dist-info/INSTALLER,,\n\
        wool-2.0.dist-info/RECORD,,\n";
    fs::write(info.join("RECORD"), list).unwrap();
    let answer = sandbox.json(0, &["check", "env"]);
    let told = [("duplicate", "conda-meta/wool-1.0-pyhd8ed1ab_0.json")];
    assert_eq!(found(&answer), told, "{answer}");
    assert_eq!(packages(&answer)[2], ("wool", "-"));
    let text = answer["findings"][0]["text"].as_str().unwrap();
    assert!(
        text.contains("conda lists 1.0") && text.contains("pip put 2.0"),
        "{text}"
    );
}
