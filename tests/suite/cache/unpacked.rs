//! `cache check`: archives that lie, and wheels that lie unpacked in a cache.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::cached::{build, files, kinds};
use crate::support::index::{Index, PLAIN};
use crate::support::{Sandbox, tools, venv};

/// What lies about itself, and the word for it. Each script gets the wheel, and writes it anew.
const LIARS: [(&str, &str); 7] = [
    (
        "twice",
        "z = zipfile.ZipFile(p, 'a'); z.writestr('ant/core.py', b'x = 1\\n'); z.close()",
    ),
    (
        "member-size",
        // The directory says that the member has no bytes.
        "at = d.rfind(b'ant/core.py') - 46; d[at+24:at+28] = bytes(4); open(p, 'wb').write(d)",
    ),
    (
        "overlap",
        // The directory gives one member the place of another.
        "at = d.rfind(b'ant/core.py') - 46; d[at+42:at+46] = bytes(4); open(p, 'wb').write(d)",
    ),
    ("directory", "open(p, 'wb').write(d[:-30])"),
    (
        "checksum",
        "at = d.rfind(b'ant/core.py') - 46; d[at+16] ^= 1; open(p, 'wb').write(d)",
    ),
    ("missing", "rewrite(lambda name: name != 'ant/core.py')"),
    (
        "record",
        "rewrite(lambda name: not name.endswith('RECORD'))",
    ),
];

#[test]
fn a_wheel_that_lies_about_itself_is_never_trusted() {
    for (kind, script) in LIARS {
        let sandbox = Sandbox::new();
        // Poetry keeps what it downloaded as it came.
        let dir = sandbox.path(".cache/pypoetry/artifacts/5e/5e/ff/00");
        let wheel = build(&dir, "ant");
        sandbox.ok(&["cache", "check"]);
        let head = "import sys, zipfile, warnings; warnings.simplefilter('ignore'); p = sys.argv[1]; \
                    d = bytearray(open(p, 'rb').read())\n\
                    def rewrite(stays):\n \
                        z = zipfile.ZipFile(p)\n \
                        items = [(n, z.read(n)) for n in z.namelist() if stays(n)]\n \
                        z = zipfile.ZipFile(p, 'w')\n \
                        for n, c in items: z.writestr(n, c)\n \
                        z.close()\n";
        let mut command = Command::new("python3");
        tools::done(command.args(["-c", &format!("{head}{script}")]).arg(&wheel));
        let answer = sandbox.json(1, &["cache", "check"]);
        assert!(kinds(&answer["bad"][0]).contains(&kind), "{kind}: {answer}");
        assert_eq!(answer["bad"][0]["installer"], "poetry");
        assert_eq!(answer["bad"][0]["package"], "ant", "{kind}: {answer}");
    }
}

/// Venvs `one` and `two`, into which uv installed both packages from one cache.
fn two_by_uv(uv: &Path) -> Sandbox {
    let sandbox = Sandbox::new();
    build(&sandbox.path("wheels"), "ant");
    build(&sandbox.path("wheels"), "bee");
    let index = Index::serve(&sandbox.path("wheels"), PLAIN);
    for name in ["one", "two"] {
        uv_install(&sandbox, uv, &index, name);
    }
    sandbox
}

/// Installs both packages into a venv with uv.
pub(crate) fn uv_install(sandbox: &Sandbox, uv: &Path, index: &Index, venv: &str) {
    let python = sandbox.path(venv).join("bin/python");
    let mut made = tools::command(sandbox, uv);
    tools::done(made.args(["venv", "-q"]).arg(sandbox.path(venv)));
    let mut command = tools::command(sandbox, uv);
    command
        .env_remove("UV_OFFLINE")
        .args(["pip", "install", "-q", "--link-mode", "hardlink"]);
    command
        .args(["--index-url", &index.url(), "ant", "bee", "--python"])
        .arg(python);
    tools::done(&mut command);
}

/// A way to hurt an unpacked wheel, and the word for it; none where the installer sees it and fetches anew.
type Hurt = (&'static str, &'static str, Option<&'static str>);

const UNPACKED: [Hurt; 7] = [
    ("a module is gone", "rm ant/core.py", Some("missing")),
    (
        "a module is emptied",
        "rm ant/core.py; touch ant/core.py",
        Some("emptied"),
    ),
    (
        "a module is cut",
        "cp ant/core.py t; head -c 99 t > ant/core.py; rm t",
        Some("truncated"),
    ),
    ("RECORD is gone", "rm *.dist-info/RECORD", Some("record")),
    (
        "RECORD is emptied",
        "rm *.dist-info/RECORD; touch ant-1.0.dist-info/RECORD",
        Some("record"),
    ),
    ("all is gone", "rm -r ./*", Some("metadata")),
    ("the whole directory is gone", "rm -r \"$PWD\"", None),
];

#[test]
fn every_damage_of_an_unpacked_wheel_of_uv_is_named_with_all_that_points_to_it() {
    let Some(uv) = tools::find("uv") else { return };
    let sandbox = two_by_uv(&uv);
    let cache = sandbox.path("cache/uv");
    let check = [
        "cache",
        "check",
        "--cache",
        cache.to_str().unwrap(),
        "--venv",
        "one",
        "--venv",
        "two",
    ];
    let healthy = sandbox.json(0, &check);
    assert_eq!(healthy["summary"]["good"], 2, "{healthy}");
    venv::copy(&cache, &sandbox.path("healthy"));
    for (name, script, kind) in UNPACKED {
        let archive = files(&cache)
            .into_iter()
            .find(|path| path.ends_with("ant/core.py"))
            .unwrap();
        crate::support::stocked::sh(archive.parent().unwrap().parent().unwrap(), script);
        let answer = sandbox.json(i32::from(kind.is_some()), &check);
        if let Some(kind) = kind {
            let bad = &answer["bad"][0];
            assert_eq!(kinds(bad), [kind], "{name}: {answer}");
            assert_eq!(
                (&bad["package"], &bad["version"]),
                (&"ant".into(), &"1.0".into()),
                "{name}: {answer}"
            );
            let parts: Vec<&str> = bad["parts"]
                .as_array()
                .unwrap()
                .iter()
                .map(|part| part.as_str().unwrap())
                .collect();
            assert_eq!(parts.len(), 4, "{name}: {answer}");
            assert!(
                parts[3].contains("/archive-v") && parts[0].contains("/wheels-v"),
                "{name}: {answer}"
            );
        }
        venv::put_back(&sandbox.path("healthy"), &cache);
    }
}

#[test]
fn venvs_that_share_files_with_a_bad_entry_are_named() {
    let Some(uv) = tools::find("uv") else { return };
    let sandbox = two_by_uv(&uv);
    sandbox.ok(&["save", "two"]);
    let site = sandbox
        .path("one")
        .join(venv::site_packages(&sandbox.path("one")));
    fs::OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(site.join("ant/core.py"))
        .unwrap();
    let cache = sandbox.path("cache/uv");
    // One is named, and the store knows the other.
    let answer = sandbox.json(
        1,
        &[
            "cache",
            "check",
            "--cache",
            cache.to_str().unwrap(),
            "--venv",
            "one",
        ],
    );
    let venvs = answer["bad"][0]["venvs"].as_array().unwrap();
    let names: Vec<&str> = venvs
        .iter()
        .map(|venv| venv.as_str().unwrap().rsplit('/').next().unwrap())
        .collect();
    assert_eq!(names, ["one", "two"], "{answer}");
    let text = sandbox.code(1, &["cache", "check", "--cache", cache.to_str().unwrap()]);
    assert!(text.stdout.contains("shares files with the venv"), "{text}");
    assert!(text.stderr.contains("cache quarantine"), "{text}");
}

/// A number that no uv had yet is fine; a name that is not known is told, and not looked into.
#[test]
fn buckets_are_found_by_name_with_any_number_and_others_are_told() {
    let sandbox = Sandbox::new();
    let wheel = build(&sandbox.path("wheels"), "ant");
    let uv = sandbox.path(".cache/uv");
    for (bucket, id) in [
        ("archive-v0", "one"),
        ("archive-v77", "two"),
        ("archive-vx", "three"),
    ] {
        let dir = uv.join(bucket).join(id);
        fs::create_dir_all(&dir).unwrap();
        let mut command = Command::new("python3");
        tools::done(command.args(["-m", "zipfile", "-e"]).arg(&wheel).arg(dir));
    }
    fs::create_dir_all(uv.join("files-v1")).unwrap();
    std::os::unix::fs::symlink("/", uv.join("wheels-v3")).unwrap();
    let answer = sandbox.json(0, &["cache", "check"]);
    assert_eq!(answer["summary"]["good"], 2, "{answer}");
    let unknown = answer["unknown"].as_array().unwrap().iter();
    let mut unknown: Vec<&str> = unknown
        .map(|one| one["path"].as_str().unwrap().rsplit('/').next().unwrap())
        .collect();
    unknown.sort_unstable();
    assert_eq!(unknown, ["archive-vx", "files-v1", "wheels-v3"], "{answer}");
    let text = sandbox.ok(&["cache", "check"]);
    assert!(
        text.stdout
            .contains("files-v1' is of no layout that is known here"),
        "{text}"
    );
    // One that links lead to must be a wheel; of another one nothing is known.
    fs::remove_dir_all(uv.join("archive-v77/two/ant-1.0.dist-info")).unwrap();
    assert_eq!(
        sandbox.json(0, &["cache", "check"])["unproved"][0]["lacking"],
        "form"
    );
    std::os::unix::fs::symlink("../../../archive-v77/two", {
        let dir = uv.join("wheels-v8/pypi/ant");
        fs::create_dir_all(&dir).unwrap();
        dir.join("1.0-py3-none-any")
    })
    .unwrap();
    let answer = sandbox.json(1, &["cache", "check"]);
    let bad = &answer["bad"][0];
    assert_eq!(kinds(bad), ["metadata"], "{answer}");
    assert_eq!(
        (&bad["package"], &bad["version"]),
        (&"ant".into(), &"1.0".into()),
        "{answer}"
    );
}

#[test]
fn pdm_and_virtualenv_keep_wheels_unpacked_as_well() {
    let sandbox = Sandbox::new();
    let wheel = build(&sandbox.path("wheels"), "ant");
    let places = [
        ("pdm", ".cache/pdm/packages/ant-1.0-py3-none-any.whl.cache"),
        (
            "virtualenv",
            ".cache/virtualenv/wheel/3.12/image/1/CopyPipInstall/ant-1.0-py3-none-any",
        ),
        (
            "virtualenv",
            ".local/share/virtualenv/wheel/3.9/image/1/CopyPipInstall/ant-1.0-py3-none-any",
        ),
    ];
    for (_, dir) in places {
        fs::create_dir_all(sandbox.path(dir)).unwrap();
        let mut command = Command::new("python3");
        tools::done(
            command
                .args(["-m", "zipfile", "-e"])
                .arg(&wheel)
                .arg(sandbox.path(dir)),
        );
    }
    let house = sandbox.path(".cache/virtualenv/wheel/house");
    build(&house, "bee");
    assert_eq!(sandbox.json(0, &["cache", "check"])["summary"]["good"], 4);
    for (_, dir) in places {
        fs::write(sandbox.path(dir).join("ant/core.py"), b"").unwrap();
    }
    crate::support::stocked::sh(
        &house,
        "head -c 500 bee-1.0-py3-none-any.whl > t; cat t > bee-1.0-py3-none-any.whl; rm t",
    );
    // A venv that stands on links into the cache.
    let site = sandbox.venv().join(venv::SITE);
    fs::create_dir_all(&site).unwrap();
    let module = sandbox.path(places[0].1).join("ant/core.py");
    std::os::unix::fs::symlink(module, site.join("core.py")).unwrap();
    let answer = sandbox.json(1, &["cache", "check", "--venv", "venv"]);
    let venvs = answer["bad"].as_array().unwrap().iter();
    let venvs = venvs.map(|bad| bad["venvs"].as_array().unwrap().len());
    assert_eq!(venvs.sum::<usize>(), 1, "{answer}");
    let bad = answer["bad"].as_array().unwrap().iter();
    let mut told: Vec<(String, &str)> = bad
        .map(|bad| (bad["installer"].as_str().unwrap().to_owned(), kinds(bad)[0]))
        .collect();
    told.sort_unstable();
    let pair = |installer: &str, kind| (installer.to_owned(), kind);
    let expected = [
        pair("pdm", "emptied"),
        pair("virtualenv", "directory"),
        pair("virtualenv", "emptied"),
        pair("virtualenv", "emptied"),
    ];
    assert_eq!(told, expected, "{answer}");
}

/// What virtualenv itself puts there, with its own rows in RECORD that were never files. Of the images that it links
/// to, RECORD has no hashes at all.
#[test]
fn the_app_data_that_virtualenv_made_is_good_where_anything_can_be_held_against_it() {
    let Some(virtualenv) = tools::find("virtualenv") else {
        return;
    };
    let sandbox = Sandbox::new();
    let app_data = sandbox.path("data");
    for (mode, venv) in [("--copies", "one"), ("--symlink-app-data", "two")] {
        let mut command = tools::command(&sandbox, &virtualenv);
        command.env("VIRTUALENV_OVERRIDE_APP_DATA", &app_data);
        tools::done(command.args(["-q", mode, "--no-download", venv]));
    }
    let check = ["cache", "check", "--cache", "data"];
    let healthy = sandbox.json(0, &check);
    assert!(
        healthy["summary"]["good"].as_u64().unwrap() > 0,
        "{healthy}"
    );
    for unproved in healthy["unproved"].as_array().unwrap() {
        let path = unproved["path"].as_str().unwrap();
        assert!(path.contains("/SymlinkPipInstall/"), "{healthy}");
        assert_eq!(unproved["lacking"], "record-hashes", "{healthy}");
    }
    let is_copied =
        |path: &&std::path::PathBuf| path.to_string_lossy().contains("/CopyPipInstall/");
    let modules = files(&app_data)
        .into_iter()
        .filter(|path| path.ends_with("pip/__init__.py"));
    let modules: Vec<_> = modules.collect();
    fs::remove_file(modules.iter().find(is_copied).unwrap()).unwrap();
    let answer = sandbox.json(1, &check);
    assert_eq!(kinds(&answer["bad"][0]), ["missing"], "{answer}");
    assert_eq!(answer["bad"][0]["package"], "pip");
}

#[test]
fn what_is_no_entry_is_passed_over_and_what_cannot_be_read_is_told() {
    let sandbox = Sandbox::new();
    let pip = sandbox.path("real/http-v2/a/b/c/d/e");
    fs::create_dir_all(&pip).unwrap();
    fs::create_dir_all(sandbox.path(".cache")).unwrap();
    // A cache on another disk, behind a link.
    std::os::unix::fs::symlink(sandbox.path("real"), sandbox.path(".cache/pip")).unwrap();
    let key = "ab".repeat(28);
    fs::write(pip.join(format!("{key}x1_a.tmp")), b"half").unwrap();
    fs::write(pip.join(format!("{}.body", "cd".repeat(28))), b"PK\x03\x04").unwrap();
    venv::pipe(&pip.join("ef".repeat(28)));
    std::os::unix::fs::symlink(".", pip.join("loop")).unwrap();
    let answer = sandbox.json(0, &["cache", "check"]);
    assert_eq!(
        (
            &answer["summary"]["leftovers"],
            &answer["summary"]["entries"]
        ),
        (&2.into(), &0.into()),
        "{answer}"
    );
    // Absurd sizes, and maps in maps.
    let deep = [&b"cc=4,"[..], &[0x81; 4000]].concat();
    let huge = b"cc=4,\x81\xa8response\x81\xa4body\xc6\xff\xff\xff\xff";
    let many = b"cc=4,\xdf\xff\xff\xff\xff";
    for (at, head) in [&deep[..], huge, many, b"", b"cc=", b"\0\0\0\0\0\0"]
        .into_iter()
        .enumerate()
    {
        let name = format!("{at:02}").repeat(28);
        fs::write(pip.join(&name), head).unwrap();
        fs::write(pip.join(format!("{name}.body")), b"PK").unwrap();
    }
    let name = "99".repeat(28);
    fs::write(pip.join(&name), b"cc=9,x").unwrap();
    fs::write(pip.join(format!("{name}.body")), b"PK").unwrap();
    let answer = sandbox.json(1, &["cache", "check"]);
    assert_eq!(
        (&answer["summary"]["bad"], &answer["summary"]["unproved"]),
        (&6.into(), &1.into()),
        "{answer}"
    );
    for bad in answer["bad"].as_array().unwrap() {
        assert_eq!(kinds(bad), ["headers"], "{answer}");
    }
    sandbox.code(3, &["cache", "check", "--cache", "nowhere"]);
    sandbox.code(3, &["cache", "check", "--cache", "/proc/self"]);
}
