//! Headers of tars that nobody honest writes: refused with 3, without a snapshot (promise 8). `hostile_tars.rs` has
//! what is wrong with the tree.

use crate::support::hostile::{refuse, take};
use crate::support::tar::{Tar, record, sign};

#[test]
fn two_lengths_of_one_file_are_refused() {
    // What one reader takes for content is a header to another.
    let hidden = Tar::default().file("../evil", b"");
    refuse(
        "two lengths",
        &Tar::venv()
            .pax("size", b"0")
            .with("./x", b'0', &hidden.0, &|_| {})
            .end(),
    );
    refuse(
        "two lengths",
        &Tar::venv().pax("size", b"512").file("./x", b"").end(),
    );
    take(&Tar::venv().pax("size", b"3").file("./x", b"abc").end());
}

#[test]
fn a_malformed_extended_header_is_refused() {
    for bad in [
        &b"x"[..],
        b"99 path=x\n",
        b"10 path=x\nz",
        b"09 path=x\n",
        b"8 path=x\n",
        b"-1 path=x\n",
        b"10 path=x\n\0",
        b"7 =abc\n",
    ] {
        refuse(
            "extended header",
            &Tar::venv().records(b'x', bad).file("./y", b"").end(),
        );
    }
    let twice = [record("path", b"a"), record("path", b"b")].concat();
    refuse(
        "twice",
        &Tar::venv().records(b'x', &twice).file("./y", b"").end(),
    );
    refuse(
        "twice",
        &Tar::venv()
            .pax("path", b"a")
            .pax("path", b"b")
            .file("./y", b"")
            .end(),
    );
    refuse("has no entry", &Tar::venv().pax("path", b"a").end());
    let long = |size: &'static [u8]| move |block: &mut [u8]| block[124..135].copy_from_slice(size);
    refuse(
        "too long",
        &Tar::venv()
            .with("P", b'x', b"", &long(b"77777777777"))
            .end(),
    );
}

#[test]
fn a_global_header_that_changes_entries_is_refused() {
    for (key, value) in [
        ("path", &b"../x"[..]),
        ("size", b"5"),
        ("uid", b"0"),
        ("SCHILY.xattr.security.capability", b"x"),
    ] {
        refuse(
            "global header",
            &Tar::default()
                .records(b'g', &record(key, value))
                .raw(&Tar::venv().0)
                .end(),
        );
    }
    take(
        &Tar::default()
            .records(b'g', &record("comment", b"0123abcd"))
            .raw(&Tar::venv().0)
            .end(),
    );
    let ours = |json: &str| record("comment", format!("VENV-SNAP.snapshot {json}").as_bytes());
    for json in [
        "",
        "{}",
        "[]",
        r#"{"id":"zz","venv":{"host":"h","path":"/v"},"created":"2026-01-01T00:00:00Z"}"#,
    ] {
        refuse(
            "makes no sense",
            &Tar::default()
                .records(b'g', &ours(json))
                .raw(&Tar::venv().0)
                .end(),
        );
    }
    let relative = format!(
        r#"{{"id":"{}","venv":{{"host":"h","path":"../v"}},"created":"2026-01-01T00:00:00Z"}}"#,
        "0".repeat(64)
    );
    refuse(
        "makes no sense",
        &Tar::default()
            .records(b'g', &ours(&relative))
            .raw(&Tar::venv().0)
            .end(),
    );
}

#[test]
fn chains_of_long_names_are_refused() {
    let long = |tar: Tar, kind, name: &[u8]| tar.with("././@LongLink", kind, name, &|_| {});
    take(&long(Tar::venv(), b'L', b"./x\0").file("y", b"").end());
    refuse(
        "twice",
        &long(long(Tar::venv(), b'L', b"./x\0"), b'L', b"../x\0")
            .file("y", b"")
            .end(),
    );
    refuse(
        "two long names",
        &long(Tar::venv(), b'L', b"./x\0")
            .pax("path", b"./z")
            .file("y", b"")
            .end(),
    );
    for bad in [&b"./x"[..], b"", b"\0", b"./x\0y\0"] {
        refuse(
            "long name is malformed",
            &long(Tar::venv(), b'L', bad).file("y", b"").end(),
        );
    }
    refuse(
        "no plain path",
        &long(Tar::venv(), b'L', b"../outside/canary\0")
            .file("y", b"")
            .end(),
    );
}

#[test]
fn impossible_lengths_in_base_256_are_refused() {
    let size = |bytes: [u8; 12]| move |block: &mut [u8]| block[124..136].copy_from_slice(&bytes);
    take(
        &Tar::venv()
            .with(
                "./x",
                b'0',
                b"abc",
                &size([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3]),
            )
            .end(),
    );
    let negative = [0xff; 12];
    let huge = [
        0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    ];
    for bad in [negative, huge] {
        refuse(
            "length is impossible",
            &Tar::venv().with("./x", b'0', b"", &size(bad)).end(),
        );
    }
    // One that could be, of which nothing follows: no memory is taken for what was only claimed.
    let tebibyte = [0x80, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0];
    refuse(
        "cut short",
        &Tar::venv().with("./x", b'0', b"", &size(tebibyte)).end(),
    );
    refuse(
        "no number",
        &Tar::venv()
            .with("./x", b'0', b"", &|block| {
                block[124..127].copy_from_slice(b"9a9");
            })
            .end(),
    );
}

#[test]
fn sparse_entries_are_refused() {
    refuse("sparse", &Tar::venv().with("./x", b'S', b"", &|_| {}).end());
    for key in [
        "GNU.sparse.major",
        "GNU.sparse.size",
        "GNU.sparse.map",
        "SCHILY.realsize",
    ] {
        refuse("sparse", &Tar::venv().pax(key, b"1").file("./x", b"").end());
    }
}

#[test]
fn devices_and_unknown_types_are_refused() {
    for kind in [b'3', b'4'] {
        refuse("device", &Tar::venv().with("./x", kind, b"", &|_| {}).end());
    }
    for kind in [b's', b'D', b'M', b'V', b'N', b'A', 0xff, b'\n'] {
        refuse(
            "unknown",
            &Tar::venv().with("./x", kind, b"", &|_| {}).end(),
        );
    }
    refuse(
        "has a length",
        &Tar::venv().with("./d/", b'5', b"content", &|_| {}).end(),
    );
}

#[test]
fn a_wrong_checksum_is_refused() {
    let mut tar = Tar::venv().end();
    tar[0] ^= 1;
    refuse("checksum", &tar);
    let mut unknown = Tar::venv().end();
    unknown[257..263].copy_from_slice(b"rats!\0");
    sign(&mut unknown[..512]);
    refuse("unknown format", &unknown);
}

#[test]
fn what_follows_the_end_is_refused() {
    take(&Tar(Tar::venv().end()).raw(&[0; 9000]).0);
    refuse("follows its end", &Tar(Tar::venv().end()).raw(b"x").0);
    refuse(
        "follows its end",
        &Tar(Tar::venv().end()).raw(&[0; 5000]).file("y", b"").0,
    );
    refuse(
        "lone block of zeros",
        &Tar::venv().raw(&[0; 512]).file("y", b"").end(),
    );
    let mut packed = zstd::encode_all(&Tar::venv().end()[..], 3).unwrap();
    packed.extend_from_slice(b"garbage");
    refuse("", &packed);
}

#[test]
fn times_owners_and_modes_out_of_range_are_refused() {
    for time in [
        &b"99999999999999999999"[..],
        b"9223372036854775807",
        b"-9223372036854775807",
        b"253402300800",
        b"now",
    ] {
        refuse("", &Tar::venv().pax("mtime", time).file("./x", b"").end());
    }
    take(&Tar::venv().pax("mtime", b"-1.5").file("./x", b"").end());
    for key in ["uid", "gid"] {
        for id in [&b"4294967295"[..], b"4294967296", b"-1"] {
            refuse("", &Tar::venv().pax(key, id).file("./x", b"").end());
        }
    }
    // Another type than the member has, types that there are not, and bits beyond.
    for (kind, mode) in [
        (b'0', b"0040644"),
        (b'0', b"0120777"),
        (b'0', b"0060644"),
        (b'5', b"0100755"),
        (b'6', b"0100644"),
        (b'0', b"0150644"),
        (b'0', b"0200644"),
        (b'0', b"1000644"),
    ] {
        let edit = |block: &mut [u8]| block[100..107].copy_from_slice(mode);
        let tar = Tar::venv().with("./x", kind, b"", &edit).end();
        refuse("mode is impossible", &tar);
    }
}

#[test]
fn names_that_no_file_system_holds_are_refused() {
    let name = "n".repeat(255);
    take(
        &Tar::venv()
            .pax("path", name.as_bytes())
            .file("y", b"")
            .end(),
    );
    refuse(
        "no plain path",
        &Tar::venv()
            .pax("path", format!("{name}n").as_bytes())
            .file("y", b"")
            .end(),
    );
    refuse(
        "no plain path",
        &Tar::venv()
            .pax("path", "n".repeat(4096).as_bytes())
            .file("y", b"")
            .end(),
    );
    let long = vec!["d"; 40_000].join("/");
    refuse(
        "too long",
        &Tar::venv()
            .pax("path", long.as_bytes())
            .file("y", b"")
            .end(),
    );
    refuse(
        "symbolic link is impossible",
        &Tar::venv()
            .pax("linkpath", &[b'l'; 4096])
            .link("./x", b'2', "y")
            .end(),
    );
}

#[test]
fn nesting_without_end_is_refused() {
    let deep = vec!["d"; 30_000].join("/");
    refuse(
        "more than 128 MiB",
        &Tar::venv()
            .pax("path", deep.as_bytes())
            .file("y", b"")
            .end(),
    );
}
