//! What tars of other programs have and ours have not: they are taken all the same, where they can mean only one thing.

use std::fs;

use crate::support::hostile::take;
use crate::support::tar::{Tar, record};
use crate::support::{Sandbox, Tree};

/// Docker, 7-Zip and AIX write the whole mode of the file system; it was refused as impossible.
#[test]
fn a_mode_that_also_tells_the_type_is_taken() {
    let mode =
        |mode: &'static [u8; 7]| move |block: &mut [u8]| block[100..107].copy_from_slice(mode);
    let tar = Tar::venv()
        .with("./plain", b'0', b"x", &mode(b"0100640"))
        .with("./old", 0, b"x", &mode(b"0104755"))
        .with("./dir/", b'5', b"", &mode(b"0042750"))
        .with("./pipe", b'6', b"", &mode(b"0010600"));
    let link = |kind, to: &[u8], text: &'static [u8; 7]| {
        crate::support::tar::block(b"./link", kind, 0, to, &mode(text))
    };
    take(&tar.clone().raw(&link(b'2', b"plain", b"0120777")).end());
    take(&tar.clone().raw(&link(b'1', b"./plain", b"0100640")).end());
    take(&tar.clone().raw(&link(b'1', b"./plain", b"0120777")).end());
    let sandbox = Sandbox::new();
    fs::write(sandbox.path("x.tar"), tar.end()).unwrap();
    sandbox.ok(&["import", "x.tar", "--venv", "venv"]);
    let id = &sandbox.ids()[0];
    sandbox.ok(&["restore", "venv", id, "--to", "out", "--preserve-special"]);
    let tree = Tree::of(&sandbox.path("out"));
    for (path, mode) in [
        ("plain", 0o640),
        ("old", 0o4755),
        ("dir", 0o2750),
        ("pipe", 0o600),
    ] {
        assert_eq!(
            tree.0[std::path::Path::new(path)].mode & 0o7777,
            mode,
            "{path}"
        );
    }
}

/// Ant, Plexus (Maven) and the tar of Node leave the version of ustar empty; it was refused as an unknown format.
#[test]
fn a_header_of_posix_without_a_version_is_taken_with_the_first_part_of_its_name() {
    let bare = |block: &mut [u8]| block[257..265].copy_from_slice(b"ustar\0\0\0");
    let prefixed = |block: &mut [u8]| {
        bare(block);
        block[345..348].copy_from_slice(b"./a");
    };
    let tar = Tar::venv()
        .with("./plain", b'0', b"x", &bare)
        .with("below", b'0', b"y", &prefixed)
        .end();
    take(&tar);
    let sandbox = Sandbox::new();
    fs::write(sandbox.path("x.tar"), tar).unwrap();
    sandbox.ok(&["import", "x.tar", "--venv", "venv"]);
    let listed = sandbox.ok(&["ls", &sandbox.ids()[0], "a"]);
    assert!(listed.stdout.contains("below"), "{listed}");
}

/// An import had limits of its own, which an export of what was saved could pass.
#[test]
fn an_entry_with_more_attributes_than_a_megabyte_is_taken() {
    let attribute = |n: u32| record(&format!("SCHILY.xattr.user.n{n}"), &vec![b'v'; 64 << 10]);
    let many: Vec<u8> = (0..20).flat_map(attribute).collect();
    take(&Tar::venv().records(b'x', &many).file("./x", b"").end());
}

/// What no Linux can set is kept for where it came from, and told at the door.
#[test]
fn attributes_of_other_systems_are_told_at_the_import() {
    let foreign = [
        record("SCHILY.xattr.com.apple.provenance", b"\x01\x02"),
        record("SCHILY.xattr.user.mine", b"1"),
    ]
    .concat();
    let tar = Tar::venv().records(b'x', &foreign).file("./x", b"").end();
    let sandbox = Sandbox::new();
    fs::write(sandbox.path("x.tar"), tar).unwrap();
    let run = sandbox.ok(&["import", "x.tar", "--venv", "venv"]);
    assert!(
        run.stderr.contains("com.apple.provenance") && !run.stderr.contains("user.mine"),
        "{run}"
    );
}

/// Of macOS and of NFS: the snapshot keeps them, an export has them again, and each restore leaves them out and says
/// so.
#[test]
fn attributes_of_other_systems_stop_no_restore_and_are_named() {
    let names = ["com.apple.provenance", "system.nfs4_acl"];
    let foreign: Vec<u8> = names
        .iter()
        .flat_map(|name| record(&format!("SCHILY.xattr.{name}"), b"\x01\x02"))
        .collect();
    let list = [&foreign[..], &record("SCHILY.acl.access", b"user::rw-")].concat();
    let tar = Tar::venv()
        .records(b'x', &foreign)
        .file("./x", b"1")
        .records(b'x', &list)
        .file("./y", b"2")
        .records(b'x', &foreign)
        .with("./dir/", b'5', b"", &|_| {})
        .end();
    let sandbox = Sandbox::new();
    fs::write(sandbox.path("x.tar"), tar).unwrap();
    let taken = sandbox.json(0, &["import", "x.tar", "--venv", "venv"]);
    let left = |answer: &serde_json::Value| -> Vec<(String, String, u64)> {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let all = answer["left_out"].as_array().unwrap().iter();
        all.map(|one| {
            (
                text(&one["what"]),
                text(&one["name"]),
                one["count"].as_u64().unwrap(),
            )
        })
        .collect()
    };
    let of = |what: &str, name: &str, count| (what.to_owned(), name.to_owned(), count);
    let told = names.map(|name| of("foreign-xattr", name, 3));
    assert_eq!(
        left(&taken),
        [&told[..], &[of("access-list", "", 1)]].concat(),
        "{taken}"
    );
    let kept = names.map(|name| of("xattr", name, 3));
    for hurt in ["venv", "venv/x", "venv/dir"] {
        let path = sandbox.path(hurt);
        let _ = fs::remove_dir_all(&path);
        let _ = fs::remove_file(&path);
        let back = sandbox.json(0, &["restore", "venv"]);
        assert_eq!(left(&back), kept, "{hurt}: {back}");
        assert!(path.exists());
        let diff = sandbox.json(0, &["diff", "venv"]);
        assert!(
            diff["entries"].as_array().unwrap().is_empty(),
            "{hurt}: {diff}"
        );
        assert_eq!(left(&diff), kept, "{hurt}: {diff}");
        let again = sandbox.json(0, &["restore", "venv"]);
        assert_eq!(again["mode"], "identical", "{hurt}: {again}");
    }
    let out = sandbox.json(0, &["restore", "venv", "--to", "out"]);
    assert_eq!(left(&out), kept, "{out}");
    sandbox.ok(&["export", "latest", "again.tar", "--venv", "venv"]);
    let again = sandbox.json(0, &["import", "again.tar", "--venv", "other"]);
    assert_eq!(left(&again), told, "{again}");
    // A store that knows of no restore here: what no Linux can set is no damage of what stands there, and no restore
    // "puts that right".
    let other = |args: &[&str]| sandbox.json(0, &[&["--store", "other-store"], args].concat());
    other(&["import", "again.tar", "--venv", "venv"]);
    let diff = other(&["diff", "venv"]);
    assert_eq!(diff["identical"], true, "{diff}");
    assert_eq!(left(&diff), kept, "{diff}");
    for args in [&["restore", "venv", "-n"][..], &["restore", "venv"]] {
        let back = other(args);
        assert_eq!(left(&back), kept, "{back}");
        let damage = back["summary"]["damage"].as_u64();
        assert_eq!(damage, Some(0), "{back}");
    }
    fs::remove_file(sandbox.path("venv/x")).unwrap();
    let back = other(&["restore", "venv"]);
    assert_eq!(left(&back), kept, "{back}");
    assert_eq!(back["written"], 1, "{back}");
}
