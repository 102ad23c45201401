//! Damage that an installer's cache brings: the entry is named, and the command that cures it.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::answers::rules;
use crate::support::stocked::{sh, stocked};
use crate::support::wheel::{build, pip, venv_with_pip};
use crate::support::{Sandbox, uv, venv};

const CORES: [&str; 3] = ["ant", "bee", "cat"];

/// Wheels of packages that have a `core.py` each.
fn wheels(sandbox: &Sandbox) {
    for name in CORES {
        let (init, core) = (format!("{name}/__init__.py"), format!("{name}/core.py"));
        let files = [(&*init, "def main():\n    pass\n"), (&*core, "y = 2\n")];
        build(&sandbox.path("wheels"), name, "1.0", &files, &[]);
    }
}

/// Takes the members whose names end so out of a wheel, and leaves its RECORD.
fn drop_members(wheel: &Path, end: &str) {
    let script = "import sys, zipfile\nsrc = zipfile.ZipFile(sys.argv[1]); items = [(i, src.read(i)) for i in \
        src.namelist()]; src.close()\n\
        out = zipfile.ZipFile(sys.argv[1], 'w')\n\
        for name, data in items:\n    \
            if not name.endswith(sys.argv[2]): out.writestr(name, data)\nout.close()\n";
    let done = Command::new("python3")
        .args(["-c", script])
        .arg(wheel)
        .arg(end)
        .status();
    assert!(done.unwrap().success());
}

fn wheel(sandbox: &Sandbox, name: &str) -> std::path::PathBuf {
    sandbox.path(&format!("wheels/{name}-1.0-py3-none-any.whl"))
}

/// Puts a wheel where pip keeps what it downloaded.
fn into_pips_cache(sandbox: &Sandbox, name: &str) -> String {
    let body = format!(".cache/pip/http-v2/a/b/c/d/e/{name}.body");
    venv::write(
        sandbox.root(),
        &body,
        &fs::read(wheel(sandbox, name)).unwrap(),
    );
    sandbox.path(&body).to_str().unwrap().to_owned()
}

fn one(answer: &Value) -> &Value {
    &answer["diagnosis"][0]
}

fn words(value: &Value) -> String {
    let words = value.as_array().unwrap().iter();
    words
        .map(|word| word.as_str().unwrap())
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn a_sweep_that_went_through_the_cache_is_told_apart_from_one_that_went_through_the_venv() {
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    wheels(&sandbox);
    let mut bodies = Vec::new();
    for name in CORES {
        drop_members(&wheel(&sandbox, name), "core.py");
        pip(
            &sandbox.venv(),
            &["install", wheel(&sandbox, name).to_str().unwrap()],
        );
        bodies.push(into_pips_cache(&sandbox, name));
    }
    let check = sandbox.json(1, &["check", "venv"]);
    assert_eq!(rules(&check), ["core-dump-cleaner"], "{check}");
    let found = one(&check);
    let text = found["text"].as_str().unwrap();
    assert!(
        text.contains("never were written") && !text.contains("cron"),
        "{text}"
    );
    let paths = found["cached"].as_array().unwrap().iter();
    let mut paths: Vec<_> = paths.map(|one| one["path"].as_str().unwrap()).collect();
    paths.sort_unstable();
    assert_eq!(paths, bodies, "{found}");
    let cache = sandbox.path(".cache/pip");
    let cure = format!("pip cache purge --cache-dir {}", cache.display());
    assert_eq!(words(&found["cure"][0]), cure);
    assert!(text.contains(&cure), "{text}");
    // Restored and swept in the venv: another text, and no cache.
    for name in CORES {
        wheels(&sandbox);
        let path = wheel(&sandbox, name);
        pip(
            &sandbox.venv(),
            &["install", "--force-reinstall", path.to_str().unwrap()],
        );
    }
    sandbox.ok(&["check", "venv"]);
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    for name in CORES {
        sh(&site, &format!("rm {name}/core.py"));
    }
    let check = sandbox.json(1, &["check", "venv"]);
    let found = one(&check);
    assert_eq!(found["rule"], "core-dump-cleaner", "{check}");
    assert_eq!(found["cached"], serde_json::json!([]), "{check}");
    assert!(
        !found["text"].as_str().unwrap().contains("never"),
        "{check}"
    );
}

#[test]
fn a_bad_wheel_is_told_with_its_entry_in_the_cache_of_pip() {
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    wheels(&sandbox);
    drop_members(&wheel(&sandbox, "ant"), "core.py");
    pip(
        &sandbox.venv(),
        &["install", wheel(&sandbox, "ant").to_str().unwrap()],
    );
    let body = into_pips_cache(&sandbox, "ant");
    into_pips_cache(&sandbox, "bee");
    let check = sandbox.json(1, &["check", "venv"]);
    assert_eq!(rules(&check), ["bad-wheel"], "{check}");
    let cached = one(&check)["cached"].as_array().unwrap();
    assert_eq!(cached.len(), 1, "{check}");
    assert_eq!(
        (cached[0]["installer"].as_str(), cached[0]["path"].as_str()),
        (Some("pip"), Some(&*body))
    );
    let text = sandbox.code(1, &["check", "venv"]);
    assert!(text.stdout.contains(&body), "{text}");
}

/// uv writes RECORD anew to match what it found in its cache.
#[test]
fn a_hole_in_the_cache_of_uv_is_named_though_record_was_written_to_match() {
    if !uv::is_there() {
        return;
    }
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    wheels(&sandbox);
    for name in CORES {
        uv::install(&sandbox, &wheel(&sandbox, name), "copy");
    }
    venv::age(&sandbox.venv(), 1_700_000_000);
    sandbox.ok(&["save", "venv"]);
    sh(&sandbox.path(".cache/uv"), "find . -name core.py -delete");
    for name in CORES {
        uv::install(&sandbox, &wheel(&sandbox, name), "copy");
    }
    let diff = sandbox.json(1, &["diff", "venv"]);
    assert_eq!(rules(&diff), ["core-dump-cleaner"], "{diff}");
    let found = one(&diff);
    assert_eq!(found["cached"].as_array().unwrap().len(), 3, "{found}");
    assert!(
        found["text"].as_str().unwrap().contains("/archive-v0/"),
        "{found}"
    );
    let cure = words(&found["cure"][0]);
    assert!(
        cure.starts_with("uv cache clean ant bee cat --cache-dir "),
        "{cure}"
    );
}

#[test]
fn bytecode_of_the_right_source_proves_that_the_wheel_was_good() {
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    wheels(&sandbox);
    pip(
        &sandbox.venv(),
        &["install", wheel(&sandbox, "ant").to_str().unwrap()],
    );
    let site = sandbox.venv().join(venv::site_packages(&sandbox.venv()));
    fs::remove_file(site.join("ant/core.py")).unwrap();
    // Somebody put the time of the directory back.
    let record = fs::metadata(site.join("ant-1.0.dist-info/RECORD")).unwrap();
    let time = std::os::unix::fs::MetadataExt::mtime(&record);
    venv::set_mtime(&site.join("ant"), time - 1, 0);
    let check = sandbox.json(1, &["check", "venv"]);
    assert_ne!(rules(&check), ["bad-wheel"], "{check}");
    let text = check["diagnosis"].to_string();
    assert!(!text.contains("never were written"), "{text}");
}

#[test]
fn a_removal_of_directories_by_name_is_told_as_one() {
    let sandbox = stocked();
    sandbox.ok(&["save", "venv"]);
    sh(
        &sandbox.venv(),
        "find . -depth -name tests -exec rm -rf {} +",
    );
    for verb in ["check", "diff"] {
        let answer = sandbox.json(1, &[verb, "venv"]);
        assert_eq!(rules(&answer), ["ignore-file-excludes"], "{verb}");
        let text = one(&answer)["text"].as_str().unwrap();
        assert!(
            text.contains("find -name tests -exec rm -rf"),
            "{verb}: {text}"
        );
        assert!(
            !text.contains("never") && !text.contains("copied"),
            "{verb}: {text}"
        );
    }
}

/// The outage that this tool was made for: three files that a sweep took, and many that were emptied otherwise.
#[test]
fn a_cause_that_explains_a_part_says_how_much_it_leaves() {
    let sandbox = stocked();
    sandbox.ok(&["save", "venv"]);
    let site = sandbox.venv().join(venv::SITE);
    sh(&site, "find . -name 'core.*' -delete");
    for name in ["ant", "bee"] {
        fs::write(site.join(name).join("more.py"), b"").unwrap();
        fs::write(site.join(name).join("large.py"), b"").unwrap();
    }
    for verb in ["check", "diff"] {
        let answer = sandbox.json(1, &[verb, "venv"]);
        let found = one(&answer);
        assert_eq!(
            (&found["rule"], &found["explains"], &found["of"]),
            (&"core-dump-cleaner".into(), &2.into(), &6.into()),
            "{answer}"
        );
        assert_eq!(found["unexplained"], serde_json::json!({"emptied": 4}));
        let text = sandbox.code(1, &[verb, "venv"]);
        let rest = "explains 2 of 6; 4 emptied files are not explained";
        assert!(text.stdout.contains(rest), "{text}");
    }
}
