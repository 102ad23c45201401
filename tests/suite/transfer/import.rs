//! `import`: what was exported comes back as it was, and tars of others become snapshots, audited at the door.

use crate::support::transport::{exported, odd, root_of, run, works};
use std::fs;
use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::support::tar::Tar;
use crate::support::{Run, Sandbox, Tree, venv};

const RESTORE: [&str; 7] = [
    "restore",
    "venv",
    "latest",
    "--to",
    "out",
    "--exact",
    "--preserve-special",
];

#[test]
fn what_was_exported_comes_back_as_the_same_tree() {
    for file in ["v.tar", "v.tar.zst"] {
        let sandbox = exported(odd, file);
        let before = Tree::of(&sandbox.venv());
        let other = ["--store", "other"];
        let told = sandbox.json(0, &[&["import", file][..], &other].concat());
        let saved = &sandbox.json(0, &["list"])["snapshots"][0];
        for field in [
            "venv", "host", "created", "label", "note", "files", "bytes", "baseline",
        ] {
            assert_eq!(told["snapshot"][field], saved[field], "{field}");
        }
        assert_eq!(told["origin"], saved["id"]);
        assert_eq!(
            root_of(&sandbox, "store"),
            root_of(&sandbox, "other"),
            "{file}"
        );
        sandbox.ok(&[&RESTORE[..], &other].concat());
        before.assert_same(&Tree::of(&sandbox.path("out")), file);
        sandbox.ok(&[&["verify"][..], &other].concat());
        // Once more it is the same snapshot, to the byte.
        sandbox.ok(&[&["import", file][..], &other].concat());
        let kept = fs::read_dir(sandbox.path("other/snapshots")).unwrap();
        assert_eq!(kept.count(), 1, "{file}");
    }
}

#[test]
fn a_tar_comes_from_a_pipe_too() {
    let sandbox = exported(venv::tiny, "v.tar.zst");
    let mut child = sandbox
        .command(&["import", "-", "--store", "other", "--json", "-q"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let tar = fs::read(sandbox.path("v.tar.zst")).unwrap();
    let mut pipe = child.stdin.take().unwrap();
    // In pieces that no block ends with.
    for piece in tar.chunks(777) {
        pipe.write_all(piece).unwrap();
    }
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["command"], "import");
    assert_eq!(root_of(&sandbox, "store"), root_of(&sandbox, "other"));
}

#[test]
fn flags_come_before_what_the_tar_says() {
    let sandbox = exported(venv::tiny, "v.tar");
    let args = [
        "import",
        "v.tar",
        "--store",
        "other",
        "--venv",
        "elsewhere",
        "--label",
        "mine",
        "--note",
        "other",
        "--pin",
    ];
    let told = sandbox.json(0, &args);
    let snapshot = &told["snapshot"];
    assert_eq!(
        snapshot["venv"],
        sandbox.path("elsewhere").to_str().unwrap()
    );
    assert_eq!(
        (&snapshot["label"], &snapshot["note"]),
        (&"mine".into(), &"other".into())
    );
    let listed = &sandbox.json(0, &["list", "--store", "other"])["snapshots"][0];
    assert_eq!(listed["pinned"], true);
}

#[test]
fn an_older_snapshot_takes_its_place_in_time_and_does_not_become_the_latest() {
    let sandbox = exported(venv::tiny, "v.tar");
    fs::write(sandbox.venv().join("newer"), b"newer").unwrap();
    sandbox.ok(&["--store", "other", "save", "venv"]);
    let newest = sandbox.json(0, &["--store", "other", "show", "latest", "--venv", "venv"]);
    sandbox.ok(&["--store", "other", "import", "v.tar"]);
    let latest = sandbox.json(0, &["--store", "other", "show", "latest", "--venv", "venv"]);
    assert_eq!(latest["snapshot"]["id"], newest["snapshot"]["id"]);
    let before = sandbox.json(
        0,
        &["--store", "other", "show", "latest~1", "--venv", "venv"],
    );
    assert_eq!(before["snapshot"]["label"], "first");
    assert_eq!(before["snapshot"]["parent"], Value::Null);
}

#[test]
fn a_tar_that_claims_to_be_of_tomorrow_is_of_today() {
    let origin = format!(
        r#"VENV-SNAP.snapshot {{"id":"{}","venv":{{"host":"h","path":"/srv/v"}},"created":"9999-12-01T00:00:00Z"}}"#,
        "0".repeat(64)
    );
    let record = crate::support::tar::record("comment", origin.as_bytes());
    let sandbox = Sandbox::new();
    let tar = Tar::default()
        .records(b'g', &record)
        .raw(&Tar::venv().0)
        .end();
    fs::write(sandbox.path("x.tar"), tar).unwrap();
    let told = sandbox.json(0, &["import", "x.tar"]);
    assert!(told["snapshot"]["created"].as_str().unwrap() < "9000");
    assert_eq!(told["snapshot"]["host"], "h");
}

#[test]
fn a_tar_of_somebody_else_must_say_of_which_venv_it_is() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.path("x.tar"), Tar::venv().end()).unwrap();
    let run = sandbox.code(2, &["import", "x.tar"]);
    assert!(run.stderr.contains("--venv"), "{run}");
    assert!(!sandbox.path("store").exists(), "a mistake makes no store");
    sandbox.code(3, &["import", "nothing.tar", "--venv", "venv"]);
    sandbox.code(3, &["import", ".", "--venv", "venv"]);
    sandbox.ok(&["import", "x.tar", "--venv", "venv"]);
}

/// Imports a tar that some program made of the odd venv, and compares what comes of it with what that program keeps.
fn of_others(make: &[(&str, &[&str])], keep: impl Fn(Tree) -> Tree) {
    for (file, command) in make {
        if !works(command[0]) {
            continue;
        }
        let sandbox = Sandbox::new();
        odd(&sandbox.venv());
        // GNU tar and bsdtar do not agree on how to write this name.
        rustix::fs::removexattr(sandbox.path("venv/odd/none"), "user.a=b%").unwrap();
        venv::set_mtime(&sandbox.path("venv/odd/none"), 86_400, 0);
        run(command[0], &command[1..], sandbox.root());
        sandbox.ok(&["import", file, "--venv", "venv"]);
        sandbox.ok(&RESTORE);
        let (before, after) = (Tree::of(&sandbox.venv()), Tree::of(&sandbox.path("out")));
        keep(before).assert_same(&keep(after), &format!("{command:?}"));
    }
}

/// Times to the second.
fn whole_seconds(mut tree: Tree) -> Tree {
    tree.0.values_mut().for_each(|record| record.mtime.1 = 0);
    tree
}

#[test]
fn tars_of_gnu_tar_are_taken() {
    let pax = [
        "tar",
        "--format=posix",
        "--xattrs",
        "-C",
        "venv",
        "-cf",
        "x.tar",
        ".",
    ];
    of_others(&[("x.tar", &pax)], |tree| tree);
    let gnu = ["tar", "--format=gnu", "-cf", "x.tar", "venv"];
    let gz = ["tar", "--format=gnu", "-czf", "x.tgz", "venv"];
    of_others(&[("x.tar", &gnu), ("x.tgz", &gz)], whole_seconds);
    // Without the root directory itself, which then is made up.
    let bare = [
        "tar",
        "--format=posix",
        "--xattrs",
        "-C",
        "venv",
        "-cf",
        "x.tar",
        "bin",
        "lib",
        "lib64",
        "odd",
        "pyvenv.cfg",
        "third",
    ];
    of_others(&[("x.tar", &bare)], |mut tree| {
        tree.0.remove(std::path::Path::new(""));
        tree
    });
}

#[test]
fn tars_of_bsdtar_are_taken() {
    let pax = [
        "bsdtar",
        "--format=pax",
        "--no-read-sparse",
        "-cf",
        "x.tar",
        "venv",
    ];
    of_others(&[("x.tar", &pax)], |tree| tree);
}

#[test]
fn tars_of_python_are_taken() {
    let script = |format: &str| {
        format!(
            "import tarfile\nwith tarfile.open('x.tar','w',format=tarfile.{format}) as t: t.add('venv')"
        )
    };
    for format in ["PAX_FORMAT", "GNU_FORMAT"] {
        let script = script(format);
        let made = ["python3", "-X", "utf8", "-c", &script];
        of_others(&[("x.tar", &made)], whole_seconds);
    }
}

#[test]
fn a_ustar_of_a_venv_is_taken() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    for (program, args) in [
        ("tar", &["--format=ustar", "-cf", "x.tar", "venv"][..]),
        ("tar", &["--format=v7", "-cf", "x.tar", "venv"]),
        ("bsdtar", &["--format=ustar", "-cf", "x.tar", "venv"]),
    ] {
        if !works(program) {
            continue;
        }
        run(program, args, sandbox.root());
        sandbox.ok(&["import", "x.tar", "--venv", "venv"]);
        let diff = sandbox.snap(&["diff", "venv", "latest"]);
        assert_eq!(diff.code, 0, "{program} {args:?}: {diff}");
    }
}

#[test]
fn a_damaged_venv_is_refused_at_the_door_unless_forced() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let site = sandbox.venv().join(venv::SITE);
    fs::remove_file(site.join("click/core.py")).unwrap();
    fs::write(site.join("idna/core.py"), b"").unwrap();
    // Larger than a segment, so that its hash is taken from what was stored.
    venv::package(&sandbox.venv(), venv::SITE, "numb", &[]);
    run(
        "tar",
        &["--format=posix", "-cf", "x.tar", "venv"],
        sandbox.root(),
    );
    let found = |run: &Run| {
        for word in ["click/core.py", "idna/core.py"] {
            assert!(
                run.stdout.contains(word) || run.stderr.contains(word),
                "{run}"
            );
        }
    };
    let refused = sandbox.code(1, &["import", "x.tar", "--venv", "venv"]);
    found(&refused);
    assert!(refused.stderr.contains("import --force"), "{refused}");
    let json = sandbox.code(1, &["import", "x.tar", "--venv", "venv", "--json"]);
    assert!(json.stderr.contains("\"exit_code\":1"), "{json}");
    assert_eq!(
        sandbox.json(0, &["list"])["snapshots"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    // The same findings as those of a save.
    let saved = sandbox.json(0, &["save", "venv", "--force", "--store", "other"]);
    let forced = sandbox.json(0, &["import", "x.tar", "--venv", "venv", "--force"]);
    assert_eq!(forced["snapshot"]["baseline"], false);
    for field in ["damage", "notices"] {
        assert_eq!(
            forced["snapshot"][field], saved["snapshot"][field],
            "{field}"
        );
    }
    assert_eq!(forced["audit"]["findings"], saved["audit"]["findings"]);
    assert_eq!(forced["audit"]["packages"], saved["audit"]["packages"]);
    let shown = sandbox.json(0, &["show", "latest", "--venv", "venv"]);
    assert_eq!(shown["audit"]["findings"], saved["audit"]["findings"]);
}

#[test]
fn a_large_file_is_checked_against_record_too() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let site = venv::SITE;
    venv::write(
        &sandbox.venv(),
        &format!("{site}/big/big.so"),
        &venv::noise(9_000_001),
    );
    let hash = <sha2::Sha256 as sha2::Digest>::digest(venv::noise(9_000_001));
    let hash = data_encoding::BASE64URL_NOPAD.encode(&hash);
    let info = format!("{site}/big-1.0.dist-info");
    venv::write(
        &sandbox.venv(),
        &format!("{info}/METADATA"),
        b"Metadata-Version: 2.1\nName: big\nVersion: 1.0\n",
    );
    let record = format!(
        "big/big.so,sha256={hash},9000001\nbig-1.0.dist-info/METADATA,,\nbig-1.0.dist-info/RECORD,,\n"
    );
    venv::write(
        &sandbox.venv(),
        &format!("{info}/RECORD"),
        record.as_bytes(),
    );
    let pack = || {
        run(
            "tar",
            &["--format=posix", "-cf", "x.tar", "venv"],
            sandbox.root(),
        )
    };
    pack();
    sandbox.ok(&["import", "x.tar", "--venv", "venv"]);
    let path = sandbox.venv().join(format!("{site}/big/big.so"));
    let mut bytes = fs::read(&path).unwrap();
    bytes[7_000_000] ^= 1;
    fs::write(&path, bytes).unwrap();
    pack();
    let refused = sandbox.code(1, &["import", "x.tar", "--venv", "venv"]);
    assert!(refused.stdout.contains("big.so"), "{refused}");
}

#[test]
fn nothing_of_the_tar_is_run() {
    let sandbox = Sandbox::new();
    let script = format!(
        "#!/bin/sh\ntouch {}\necho version=3.11.7\n",
        sandbox.path("ran").display()
    );
    let run_me = |block: &mut [u8]| block[100..107].copy_from_slice(b"0000755");
    let tar = Tar::default()
        .file("./pyvenv.cfg", b"home = /usr/bin\nversion = 3.11.7\n")
        .with("./bin/python", b'0', script.as_bytes(), &run_me)
        .with("./lib/python3.11/site-packages/", b'5', b"", &|_| {});
    fs::write(sandbox.path("x.tar"), tar.end()).unwrap();
    let told = sandbox.json(0, &["import", "x.tar", "--venv", "venv"]);
    assert_eq!(told["audit"]["interpreter"]["version"], "3.11.7");
    assert_eq!(told["audit"]["interpreter"]["alive"], false);
    assert!(!sandbox.path("ran").exists());
}
