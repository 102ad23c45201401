//! What `check` and `save` know of what is installed: bytecode, imports that are tried, packages, links, legacy
//! installs.

use std::fs;

use serde_json::Value;

use crate::support::answers::found;
use crate::support::damage::Damage;
use crate::support::sandbox::site;
use crate::support::session::Session;
use crate::support::wheel::{build, pip, two_versions, venv_with_pip};
use crate::support::{Sandbox, venv};

#[test]
fn bytecode_that_python_would_believe_and_cannot_use_is_damage() {
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    let (wheel, _) = two_versions(&sandbox.path("wheels"));
    pip(&sandbox.venv(), &["install", wheel.to_str().unwrap()]);
    let cache = sandbox
        .venv()
        .join(venv::site_packages(&sandbox.venv()))
        .join("wares/__pycache__");
    let pyc = fs::read_dir(cache)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_str().unwrap().contains("/core."))
        .unwrap();
    sandbox.code(0, &["check", "venv"]);
    let good = fs::read(&pyc).unwrap();
    for len in [17, good.len() / 2, good.len() - 1] {
        fs::write(&pyc, &good[..len]).unwrap();
        let answer = sandbox.json(1, &["check", "venv"]);
        assert_eq!(
            answer["findings"][0]["check"], "bytecode-broken",
            "{len}: {answer}"
        );
    }
    let mut zeroed = good.clone();
    zeroed[16..].fill(0);
    fs::write(&pyc, &zeroed).unwrap();
    sandbox.code(1, &["check", "venv"]);
    // Python notices what is empty or of another time by itself.
    fs::write(&pyc, b"").unwrap();
    sandbox.code(0, &["check", "venv"]);
    fs::write(&pyc, [&good[..8], &[0; 8], &good[16..20]].concat()).unwrap();
    sandbox.code(0, &["check", "venv"]);
}

#[test]
fn imports_are_tried_only_when_asked_and_the_error_is_the_real_one() {
    let sandbox = Sandbox::new();
    venv_with_pip(&sandbox.venv());
    let files = [(
        "boom/__init__.py",
        "import sys\nraise RuntimeError('no such ware')\n",
    )];
    let wheel = build(&sandbox.path("wheels"), "boom", "1.0", &files, &[]);
    pip(&sandbox.venv(), &["install", wheel.to_str().unwrap()]);
    sandbox.code(0, &["check", "venv"]);
    let answer = sandbox.json(1, &["check", "venv", "--import"]);
    let text = answer["findings"][0]["text"].as_str().unwrap();
    assert!(text.contains("RuntimeError: no such ware"), "{answer}");
    assert_eq!(answer["findings"].as_array().unwrap().len(), 1, "{answer}");
    // A module that ends the interpreter was not imported, whatever status it says.
    let files = [("boom/__init__.py", "import os\nos._exit(0)\n")];
    let wheel = build(&sandbox.path("wheels"), "boom", "2.0", &files, &[]);
    pip(&sandbox.venv(), &["install", wheel.to_str().unwrap()]);
    let answer = sandbox.json(1, &["check", "venv", "--import"]);
    let text = answer["findings"][0]["text"].as_str().unwrap();
    assert!(text.contains("exit status: 0"), "{answer}");
}

#[test]
fn packages_and_requirements_are_kept_with_a_snapshot() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let url =
        r#"{"url":"https://me:secret@example.org/idna-1.0-py3-none-any.whl","archive_info":{}}"#;
    venv::write(
        &sandbox.venv(),
        &format!("{}/idna-1.0.dist-info/direct_url.json", venv::SITE),
        url.as_bytes(),
    );
    sandbox.ok(&["save", "venv"]);
    let freeze = sandbox.ok(&["show", "latest", "--venv", "venv", "--freeze"]);
    assert_eq!(
        freeze.stdout,
        "click==1.0\nidna @ https://example.org/idna-1.0-py3-none-any.whl\n"
    );
    let show = sandbox.json(0, &["show", "latest", "--venv", "venv"]);
    assert_eq!(show["audit"]["packages"][0]["installer"], "pip");
    assert_eq!(show["audit"]["interpreter"]["version"], "3.11.7");
}

#[test]
fn hard_links_of_damaged_files_are_told() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let file = site(&sandbox).join("click/core.py");
    fs::hard_link(&file, sandbox.path("cache.py")).unwrap();
    sandbox.code(0, &["check", "venv"]);
    Damage::Append.apply(&file);
    let answer = sandbox.json(1, &["check", "venv"]);
    assert_eq!(answer["findings"][0]["links"], 2);
    assert_eq!(answer["diagnosis"][0]["rule"], "hard-link-aliasing");
    assert_eq!(answer["findings"][0]["shared_with"], Value::Null);
    // In the cache of uv the other name is found.
    let cache = sandbox.path("uv/archive-v0/abc/click");
    fs::create_dir_all(&cache).unwrap();
    fs::hard_link(&file, cache.join("core.py")).unwrap();
    let mut command = sandbox.command(&["check", "venv", "--json"]);
    command.env("UV_CACHE_DIR", sandbox.path("uv"));
    let run = crate::support::Run::of(command);
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    let other = answer["findings"][0]["shared_with"].as_str().unwrap();
    assert!(other.ends_with("archive-v0/abc/click/core.py"), "{run}");
}

#[test]
fn legacy_installs_and_editables_are_known() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let put = |path: &str, content: &[u8]| {
        venv::write(&sandbox.venv(), &format!("{}/{path}", venv::SITE), content);
    };
    put("six.py", b"x = 1\n");
    put("six-1.0.egg-info/PKG-INFO", b"Name: six\nVersion: 1.0\n");
    put(
        "six-1.0.egg-info/installed-files.txt",
        b"../six.py\nPKG-INFO\n",
    );
    put("plain-2.0-py3.11.egg-info", b"Name: plain\nVersion: 2.0\n");
    let (ours, theirs) = (sandbox.path("ours"), sandbox.path("theirs"));
    fs::create_dir(&ours).unwrap();
    fs::create_dir(&theirs).unwrap();
    let link = format!("{}\n.\n", ours.display());
    put("ours-too.egg-link", link.as_bytes());
    put(
        "whole-3.0-py3.11.egg/EGG-INFO/PKG-INFO",
        b"Name: Whole\nVersion: 3.0\n",
    );
    // The end of the directory of a zip without members.
    let empty_zip = [&b"PK\x05\x06"[..], &[0; 18]].concat();
    put("zipped-4.0-py3.11.egg", &empty_zip);
    put(
        "theirs-1.0.dist-info/METADATA",
        b"Name: theirs\nVersion: 1.0\n",
    );
    let url = serde_json::json!({
        "url": format!("file://{}", theirs.display()), "dir_info": {"editable": true}
    });
    put(
        "theirs-1.0.dist-info/direct_url.json",
        url.to_string().as_bytes(),
    );
    put(
        "theirs-1.0.dist-info/RECORD",
        b"theirs-1.0.dist-info/METADATA,,\ntheirs-1.0.dist-info/RECORD,,\n",
    );
    let answer = sandbox.json(0, &["check", "venv"]);
    assert_eq!(
        found(&answer),
        [
            "record-absent plain-2.0-py3.11.egg-info",
            "record-absent whole-3.0-py3.11.egg",
            "record-absent zipped-4.0-py3.11.egg",
        ],
        "{answer}"
    );
    let packages = answer["packages"].as_array().unwrap();
    let shown: Vec<String> = packages
        .iter()
        .map(|package| {
            format!(
                "{} {}",
                package["name"].as_str().unwrap(),
                package["editable"]
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "click false",
            "idna false",
            "ours-too true",
            "plain false",
            "six false",
            "theirs true",
            "Whole false",
            "zipped false",
        ]
    );
    let editable = format!("-e file://{}", ours.display());
    assert_eq!(packages[2]["requirement"], editable);
    assert_eq!(packages[7]["version"], "4.0", "{answer}");
    assert_eq!(answer["summary"]["unowned"], 0, "{answer}");
    fs::remove_file(site(&sandbox).join("six.py")).unwrap();
    let answer = sandbox.json(1, &["check", "venv"]);
    assert_eq!(found(&answer)[0], "file-missing six.py", "{answer}");
}

/// The older of two distributions that list one file, or of two versions of one, was once said to be damaged.
#[test]
fn a_file_that_two_distributions_list_is_right_if_it_is_what_one_of_them_says() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let site = site(&sandbox);
    // Another distribution and an older version list the same files with other hashes.
    let other = format!("click/core.py,sha256={},77\n", "A".repeat(43));
    for (name, version) in [("clack", "1.0"), ("click", "0.9")] {
        let info = format!("{name}-{version}.dist-info");
        let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
        let rows = format!("{other}{info}/METADATA,,\n{info}/RECORD,,\n");
        let put = |file: &str, text: &str| {
            let path = format!("{}/{info}/{file}", venv::SITE);
            venv::write(&sandbox.venv(), &path, text.as_bytes());
        };
        put("METADATA", &metadata);
        put("RECORD", &rows);
    }
    let answer = sandbox.json(0, &["check", "venv"]);
    let mut all = found(&answer);
    all.sort();
    assert_eq!(
        all,
        [
            "duplicate click-1.0.dist-info",
            "two-owners click/core.py",
            "two-owners click/core.py"
        ],
        "{answer}"
    );
    // What neither of them says is damage.
    Damage::Append.apply(&site.join("click/core.py"));
    let answer = sandbox.json(1, &["check", "venv"]);
    assert!(
        found(&answer).contains(&"file-altered click/core.py".to_owned()),
        "{answer}"
    );
}

/// It once gave a notice for each file, 2,571 for one requirement, and did not tell whose bytes stand there.
#[test]
fn two_distributions_with_the_same_files_are_one_notice_and_an_overwritten_file_names_both() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let record = fs::read_to_string(site(&sandbox).join("click-1.0.dist-info/RECORD")).unwrap();
    let rows: Vec<&str> = record
        .lines()
        .filter(|row| row.starts_with("click/"))
        .collect();
    assert!(rows.len() > 1, "{record}");
    let second = |rows: &str| {
        let put = |file: &str, text: &str| {
            let path = format!("{}/zlick-1.0.dist-info/{file}", venv::SITE);
            venv::write(&sandbox.venv(), &path, text.as_bytes());
        };
        let own = "zlick-1.0.dist-info/METADATA,,\nzlick-1.0.dist-info/RECORD,,\n";
        put(
            "METADATA",
            "Metadata-Version: 2.1\nName: zlick\nVersion: 1.0\n",
        );
        put("RECORD", &format!("{rows}\n{own}"));
    };
    second(&rows.join("\n"));
    let answer = sandbox.json(0, &["check", "venv"]);
    assert_eq!(answer["findings"].as_array().unwrap().len(), 1, "{answer}");
    let mut session = Session::new(&sandbox);
    session.run(0, &["check", "venv"]);
    // The other one of them wrote last: what click brought is gone.
    let path = site(&sandbox).join("click/core.py");
    Damage::Append.apply(&path);
    let sum = venv::recorded(&fs::read(&path).unwrap());
    second(&format!("click/core.py,{sum}"));
    let answer = sandbox.json(0, &["check", "venv"]);
    assert_eq!(found(&answer), ["two-owners click/core.py"], "{answer}");
    session.run(0, &["check", "venv"]);
    insta::assert_snapshot!(session.told());
}

/// It once said: the venv is damaged: '': there is no bin/python.
#[test]
fn an_error_names_the_place_of_the_damage_or_none() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    Damage::Empty.apply(&site(&sandbox).join("click/core.py"));
    let run = sandbox.code(1, &["save", "venv", "--json"]);
    let place = format!("is damaged: '{}/click/core.py': it is empty", venv::SITE);
    assert!(run.stderr.contains(&place), "{run}");
    // People have just been told.
    let run = sandbox.code(1, &["save", "venv"]);
    let told = [run.stdout.as_str(), &run.stderr].concat();
    assert_eq!(told.matches("it is empty").count(), 1, "{run}");
    fs::remove_file(sandbox.venv().join("bin/python")).unwrap();
    let run = sandbox.code(1, &["save", "venv", "--json"]);
    assert!(
        run.stderr.contains("is damaged: there is no bin/python"),
        "{run}"
    );
}
