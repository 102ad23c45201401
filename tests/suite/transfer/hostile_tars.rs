//! Tars that nobody honest makes, each wrong in one thing: refused with 3, without a snapshot, and with nothing changed
//! outside of the store (promise 8).

use crate::support::hostile::{refuse, snapshots, take};
use std::fs;
use std::io::Write;

use crate::support::tar::{Tar, block, record, sign};
use crate::support::{Sandbox, Tree};

#[test]
fn the_tar_that_the_hostile_ones_are_made_from_is_taken() {
    take(&Tar::venv().end());
    take(&Tar::venv().link("./bin/python3", b'2', "python").end());
}

#[test]
fn a_name_that_leads_outside_is_refused() {
    for name in [
        "../outside/canary",
        "./../x",
        "a/../../x",
        "/etc/x",
        "./a//b",
        "./a/./b",
        "..",
        "",
        "./",
        "a/",
    ] {
        refuse("", &Tar::venv().file(name, b"x").end());
    }
    refuse(
        "no plain path",
        &Tar::venv()
            .pax("path", b"../outside/canary")
            .file("x", b"x")
            .end(),
    );
    refuse(
        "no plain path",
        &Tar::venv().with("../d/", b'5', b"", &|_| {}).end(),
    );
}

#[test]
fn a_hard_link_to_outside_is_refused() {
    for to in ["../outside/canary", "/etc/passwd"] {
        refuse("its hard link", &Tar::venv().link("./x", b'1', to).end());
    }
    refuse(
        "no file, or did not come",
        &Tar::venv().link("./x", b'1', "outside/canary").end(),
    );
}

#[test]
fn a_hard_link_to_a_symbolic_link_or_to_a_directory_is_refused() {
    let tar = Tar::venv()
        .link("./s", b'2', "/etc/passwd")
        .link("./x", b'1', "./s");
    refuse("no file, or did not come", &tar.end());
    let tar = Tar::venv()
        .with("./d/", b'5', b"", &|_| {})
        .link("./x", b'1', "./d");
    refuse("no file, or did not come", &tar.end());
}

#[test]
fn a_hard_link_to_something_later_is_refused() {
    let tar = Tar::venv().link("./x", b'1', "./y").file("./y", b"y");
    refuse("no file, or did not come", &tar.end());
    refuse(
        "no file, or did not come",
        &Tar::venv().link("./x", b'1', "./x").end(),
    );
}

#[test]
fn an_entry_below_a_symbolic_link_is_refused() {
    let tar = Tar::venv().link("./s", b'2', "/tmp").file("./s/x", b"x");
    refuse("lies below 's'", &tar.end());
    // Also where the link comes later, or another entry lies between in the order of bytes.
    let tar = Tar::venv()
        .file("./s/deep/x", b"x")
        .file("./s-1", b"")
        .link("./s", b'2', "/tmp");
    refuse("lies below 's'", &tar.end());
}

#[test]
fn an_entry_that_comes_twice_is_refused() {
    refuse(
        "comes twice",
        &Tar::venv().file("./x", b"1").file("x", b"2").end(),
    );
    let dir = |tar: Tar| tar.with("./d/", b'5', b"", &|_| {});
    refuse("comes twice", &dir(dir(Tar::venv())).end());
    // The link first and the directory over it, of which the mode would be set through the link.
    let tar = Tar::venv().link("./d", b'2', "/etc");
    refuse("comes twice", &dir(tar).end());
}

#[test]
fn a_file_and_a_directory_of_one_name_are_refused() {
    refuse(
        "comes twice",
        &Tar::venv()
            .file("./d", b"1")
            .with("./d/", b'5', b"", &|_| {})
            .end(),
    );
    refuse(
        "lies below 'd'",
        &Tar::venv().file("./d", b"1").file("./d/x", b"2").end(),
    );
}

#[test]
fn a_fifo_is_recorded_and_neither_it_nor_setuid_is_restored_unasked() {
    let sandbox = Sandbox::new();
    let tar =
        Tar::venv()
            .with("./fifo", b'6', b"", &|_| {})
            .with("./tool", b'0', b"#!x", &|block| {
                block[100..107].copy_from_slice(b"0006755");
            });
    fs::write(sandbox.path("x.tar"), tar.end()).unwrap();
    sandbox.ok(&["import", "x.tar", "--venv", "venv"]);
    sandbox.ok(&["restore", "venv", "latest", "--to", "out", "--exact"]);
    let tree = Tree::of(&sandbox.path("out"));
    assert!(!tree.0.contains_key(std::path::Path::new("fifo")));
    assert_eq!(tree.0[std::path::Path::new("tool")].mode, 0o755);
}

#[test]
fn a_tar_that_is_cut_anywhere_is_refused() {
    let whole = Tar::venv().end();
    let sandbox = Sandbox::new();
    for len in (0..whole.len())
        .step_by(211)
        .chain([whole.len() - 512, whole.len() - 1])
    {
        fs::write(sandbox.path("x.tar"), &whole[..len]).unwrap();
        let run = sandbox.code(3, &["import", "x.tar", "--venv", "venv"]);
        assert!(run.stderr.contains("cut short"), "{len}: {run}");
        assert_eq!(snapshots(&sandbox), 0, "{len}");
    }
    let packed = zstd::encode_all(&whole[..], 3).unwrap();
    fs::write(sandbox.path("x.tar"), &packed[..packed.len() - 3]).unwrap();
    sandbox.code(3, &["import", "x.tar", "--venv", "venv"]);
    assert_eq!(snapshots(&sandbox), 0);
}

#[test]
fn what_unpacks_to_far_more_than_it_is_is_refused() {
    let sandbox = Sandbox::new();
    let header = block(b"./x", b'0', 1 << 33, b"", &|b| {
        b[124..136].copy_from_slice(b"\x80\0\0\0\0\0\0\x02\0\0\0\0");
    });
    let zeros = vec![0_u8; 1 << 20];
    let mut zst = zstd::Encoder::new(Vec::new(), 1).unwrap();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for out in [&mut zst as &mut dyn Write, &mut gz] {
        out.write_all(&Tar::venv().raw(&header).0).unwrap();
        for _ in 0..160 {
            out.write_all(&zeros).unwrap();
        }
    }
    for bomb in [zst.finish().unwrap(), gz.finish().unwrap()] {
        fs::write(sandbox.path("x.tar"), &bomb).unwrap();
        let run = sandbox.code(3, &["import", "x.tar", "--venv", "venv"]);
        assert!(run.stderr.contains("times its length"), "{run}");
        assert_eq!(snapshots(&sandbox), 0);
    }
}

#[test]
fn more_empty_entries_than_a_snapshot_may_hold_are_refused() {
    let sandbox = Sandbox::new();
    let mut out = zstd::Encoder::new(Vec::new(), 1).unwrap();
    out.write_all(&Tar::venv().0).unwrap();
    // Names that do not compress, so that the ratio alone does not stop it.
    let mut state = 1_u64;
    let mut header = block(&[b'0'; 34], b'0', 0, b"", &|_| {});
    for _ in 0..2_000_001 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let name = format!(
            "./{state:016x}{:016x}",
            state.rotate_left(29) ^ 0x9e37_79b9_7f4a_7c15
        );
        header[..34].copy_from_slice(name.as_bytes());
        sign(&mut header);
        out.write_all(&header).unwrap();
    }
    fs::write(sandbox.path("x.tar"), out.finish().unwrap()).unwrap();
    let run = sandbox.code(3, &["import", "x.tar", "--venv", "venv"]);
    assert!(
        run.stderr.contains("more entries than a snapshot may"),
        "{run}"
    );
    assert_eq!(snapshots(&sandbox), 0);
}

#[test]
fn attributes_that_would_take_all_memory_are_refused() {
    let records: Vec<u8> = (0..2300)
        .flat_map(|n| record(&format!("SCHILY.xattr.{n:04}"), b""))
        .collect();
    let tar = (0..900).fold(Tar::venv(), |tar, n| {
        tar.records(b'x', &records).file(&format!("./{n}"), b"")
    });
    refuse("names and attributes take more", &tar.end());
}

#[test]
fn attributes_that_no_system_has_are_refused() {
    let named = |name: &str, value: &[u8]| {
        let tar = Tar::venv().pax(&format!("SCHILY.xattr.{name}"), value);
        tar.file("./a", b"x").end()
    };
    take(&named(&"n".repeat(255), b"value"));
    for tar in [
        named("", b"value"),
        named(&"n".repeat(256), b"value"),
        Tar::venv()
            .pax("LIBARCHIVE.xattr.user%00a", b"eHk")
            .file("./a", b"x")
            .end(),
    ] {
        refuse("attribute is impossible", &tar);
    }
}

#[test]
fn what_is_no_tar_of_a_venv_is_refused() {
    refuse("no 'pyvenv.cfg'", &Tar::default().file("./x", b"").end());
    refuse("empty", &Tar::default().end());
    refuse(
        "lies beside",
        &Tar::default()
            .file("a/pyvenv.cfg", b"")
            .file("b/x", b"")
            .end(),
    );
    refuse("cut short", b"");
    refuse("xz", b"\xfd7zXZ\0 and so on");
    refuse("bzip2", b"BZh91AY and so on");
    refuse("", &[0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3, 4]);
    refuse("", &[b'#'; 2048]);
}
