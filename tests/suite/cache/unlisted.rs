//! `cache check`: unpacked wheels with more files than RECORD lists, RECORD that contradicts itself, and how entries
//! are called of which nothing tells the package.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::cached::{build, kinds};
use crate::support::{Sandbox, tools};

/// Where installers keep unpacked wheels.
const PLACES: [&str; 5] = [
    ".cache/uv/archive-v0/abc-def",
    ".cache/uv/archive-v1/without_a_link",
    ".cache/pdm/packages/ant-1.0-py3-none-any.whl.cache",
    ".cache/virtualenv/wheel/3.12/image/1/CopyPipInstall/ant-1.0-py3-none-any",
    ".local/share/virtualenv/wheel/3.9/image/1/SymlinkPipInstall/ant-1.0-py3-none-any",
];

/// Unpacks a wheel of `ant` at each place.
fn unpacked(sandbox: &Sandbox) -> Vec<PathBuf> {
    let wheel = build(&sandbox.path("wheels"), "ant");
    let places = PLACES.map(|place| sandbox.path(place));
    for place in &places {
        fs::create_dir_all(place).unwrap();
        let mut command = Command::new("python3");
        tools::done(command.args(["-m", "zipfile", "-e"]).arg(&wheel).arg(place));
    }
    let links = sandbox.path(".cache/uv/wheels-v5/pypi/ant");
    fs::create_dir_all(&links).unwrap();
    symlink(
        "../../../archive-v0/abc-def",
        links.join("1.0-py3-none-any"),
    )
    .unwrap();
    places.into()
}

fn put(place: &Path, file: &str) -> PathBuf {
    let path = place.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, "import os\n").unwrap();
    path
}

#[test]
fn a_file_that_record_does_not_list_is_no_part_of_a_good_wheel() {
    let sandbox = Sandbox::new();
    let places = unpacked(&sandbox);
    let check = ["cache", "check"];
    let healthy = sandbox.json(0, &check);
    assert_eq!(healthy["summary"]["good"], PLACES.len(), "{healthy}");
    for file in [
        "evil.pth",
        "ant/extra.py",
        "ant/_fast.so",
        "sitecustomize.py",
        "ant.pyc",
        "ant-1.0.dist-info/more.txt",
        "ant-1.0.data/scripts/tool",
        "other/.lock",
    ] {
        let put: Vec<PathBuf> = places.iter().map(|place| put(place, file)).collect();
        let answer = sandbox.json(1, &check);
        let bad = answer["bad"].as_array().unwrap();
        assert_eq!(bad.len(), PLACES.len(), "{file}: {answer}");
        for one in bad {
            assert_eq!(kinds(one), ["unlisted"], "{file}: {answer}");
            assert_eq!(one["faults"][0]["member"], file, "{answer}");
            assert_eq!(one["package"], "ant", "{answer}");
        }
        for path in &put {
            fs::remove_file(path).unwrap();
        }
    }
    let run = {
        symlink("/etc/passwd", places[0].join("link.py")).unwrap();
        sandbox.code(1, &check)
    };
    assert!(run.stdout.contains("RECORD does not list it"), "{run}");
}

#[test]
fn what_installers_and_python_write_beside_is_no_fault() {
    let sandbox = Sandbox::new();
    let places = unpacked(&sandbox);
    for place in &places {
        for file in [
            "ant-1.0.dist-info/RECORD.jws",
            "ant-1.0.dist-info/RECORD.p7s",
            "ant-1.0.dist-info/INSTALLER",
            "ant-1.0.dist-info/REQUESTED",
            "ant-1.0.dist-info/direct_url.json",
            "ant-1.0.dist-info/uv_cache.json",
            "ant/__pycache__/core.cpython-312.pyc",
            "__pycache__/ant.cpython-312.pyc",
            "ant-1.0.virtualenv",
            ".referrers",
            ".checksum",
            ".lock",
        ] {
            put(place, file);
        }
        fs::create_dir_all(place.join("ant/empty")).unwrap();
    }
    let answer = sandbox.json(0, &["cache", "check"]);
    assert_eq!(answer["summary"]["good"], PLACES.len(), "{answer}");
}

#[test]
fn a_record_that_gives_two_hashes_for_one_file_proves_nothing_of_it() {
    let sandbox = Sandbox::new();
    let places = unpacked(&sandbox);
    let records = || {
        places
            .iter()
            .map(|place| place.join("ant-1.0.dist-info/RECORD"))
    };
    let row = |record: &Path| {
        let text = fs::read_to_string(record).unwrap();
        let row = text.lines().find(|row| row.starts_with("ant/core.py"));
        row.unwrap().to_owned()
    };
    // The same row twice says nothing new, and neither does one that begins with the directory itself.
    for record in records() {
        let more = format!("{}\n./{}\n", row(&record), row(&record));
        crate::support::venv::append(&record, &more);
    }
    let answer = sandbox.json(0, &["cache", "check"]);
    assert_eq!(answer["summary"]["good"], PLACES.len(), "{answer}");
    for record in records() {
        let (path, rest) = ("ant/core.py,sha256=", row(&record));
        let size = rest.rsplit(',').next().unwrap().to_owned();
        let text = fs::read_to_string(&record).unwrap();
        let other = format!("{path}{},{size}\n", "A".repeat(43));
        fs::write(&record, other + &text).unwrap();
    }
    let answer = sandbox.json(0, &["cache", "check"]);
    assert_eq!(answer["summary"]["unproved"], PLACES.len(), "{answer}");
}

#[test]
fn an_entry_of_which_nothing_tells_the_package_is_not_called_by_a_piece_of_its_path() {
    let sandbox = Sandbox::new();
    for version in ["http-v2", "http"] {
        let dir = sandbox.path(&format!(".cache/pip/{version}/a/b/c/d/e"));
        fs::create_dir_all(&dir).unwrap();
        let name = dir.join("ab".repeat(28));
        fs::write(&name, b"cc=4,\xdf\xff\xff\xff\xff").unwrap();
        fs::write(name.with_extension("body"), b"PK").unwrap();
    }
    let answer = sandbox.json(1, &["cache", "check"]);
    let bad = answer["bad"].as_array().unwrap();
    assert_eq!(bad.len(), 2, "{answer}");
    assert!(
        bad.iter()
            .all(|one| one["package"].is_null() && one["version"].is_null())
    );
    let run = sandbox.code(1, &["cache", "check"]);
    assert!(
        run.stdout
            .contains("an entry of the http cache, of an unknown package: pip '"),
        "{run}"
    );
}

#[test]
fn the_name_of_a_wheel_with_any_tags_tells_the_package() {
    let sandbox = Sandbox::new();
    let wheel = build(&sandbox.path("wheels"), "ant");
    let places = [
        ".cache/pdm/packages/ant-1.0-cp311-cp311-linux_x86_64.whl.cache",
        ".cache/uv/archive-v0/abc",
        ".cache/uv/archive-v0/def",
    ];
    for place in places.map(|place| sandbox.path(place)) {
        fs::create_dir_all(&place).unwrap();
        let mut command = Command::new("python3");
        tools::done(
            command
                .args(["-m", "zipfile", "-e"])
                .arg(&wheel)
                .arg(&place),
        );
        fs::remove_dir_all(place.join("ant-1.0.dist-info")).unwrap();
    }
    for (link, id) in [
        ("wheels-v5/pypi/ant/1.0-1-cp311-cp311-linux_x86_64", "abc"),
        (
            "sdists-v9/pypi/ant/1.0/XYZ/ant-1.0-cp311-cp311-linux_x86_64",
            "def",
        ),
    ] {
        let link = sandbox.path(".cache/uv").join(link);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(sandbox.path(&format!(".cache/uv/archive-v0/{id}")), link).unwrap();
    }
    let answer = sandbox.json(1, &["cache", "check"]);
    let bad = answer["bad"].as_array().unwrap();
    assert_eq!(bad.len(), 3, "{answer}");
    for one in bad {
        assert_eq!(
            (&one["package"], &one["version"]),
            (&"ant".into(), &"1.0".into()),
            "{answer}"
        );
    }
}
