//! Trees that no writer of ours makes.

use super::place::Place;
use super::writer::{self, Meta, dir, entry, file, hard_link, object, sized, symlink, tree, uint};
use super::{Case, try_each};

fn one(place: &Place, entries: &[Vec<u8>]) -> String {
    place.with_tree(&tree(entries), &[object(0, b"hello")])
}

fn named(place: &Place, name: &[u8]) -> String {
    one(place, &[file(name, b"hello")])
}

fn with_meta(place: &Place, meta: &Meta) -> String {
    let node = [&[0][..], &uint(5), &writer::digest(b"hello")].concat();
    one(place, &[entry(b"a", meta, &node)])
}

#[test]
fn hostile_names_are_refused_and_legal_ones_restored() {
    let cases: &[Case] = &[
        ("name ..", (3, 1), |place| named(place, b"..")),
        ("name .", (3, 1), |place| named(place, b".")),
        ("name empty", (3, 1), |place| named(place, b"")),
        ("name absolute", (3, 1), |place| {
            named(place, b"/canary/file")
        }),
        ("name with a slash", (3, 1), |place| named(place, b"a/b")),
        ("name with two slashes", (3, 1), |place| {
            named(place, b"a//b")
        }),
        ("name with a slash behind", (3, 1), |place| {
            named(place, b"a/")
        }),
        ("name that climbs", (3, 1), |place| {
            named(place, b"../canary/file")
        }),
        ("name with NUL", (3, 1), |place| named(place, b"a\0b")),
        ("name of 255 bytes", (0, 0), |place| {
            named(place, &[b'n'; 255])
        }),
        ("name of 256 bytes", (3, 1), |place| {
            named(place, &[b'n'; 256])
        }),
        ("name of 4096 bytes", (3, 1), |place| {
            named(place, &[b'n'; 4096])
        }),
        ("names that steer a terminal", (0, 0), |place| {
            named(place, "\x1b]0;x\x07\u{202e}a\n".as_bytes())
        }),
        ("duplicate entry", (3, 1), |place| {
            one(place, &[file(b"a", b"hello"), file(b"a", b"hello")])
        }),
        ("file and directory of one name", (3, 1), |place| {
            let empty = tree(&[]);
            let inside = tree(&[dir(b"a", &empty), file(b"a", b"hello")]);
            place.with_tree(&inside, &[object(0, b"hello"), object(1, &empty)])
        }),
        ("names out of order", (3, 1), |place| {
            one(place, &[file(b"b", b"hello"), file(b"a", b"hello")])
        }),
        ("case twins", (0, 0), |place| {
            one(place, &[file(b"A", b"hello"), file(b"a", b"hello")])
        }),
        ("link, then an entry below it", (3, 1), |place| {
            one(
                place,
                &[symlink(b"a", b"../../canary"), file(b"a/file", b"hello")],
            )
        }),
        ("link and directory of one name", (3, 1), |place| {
            let below = tree(&[file(b"file", b"hello")]);
            let inside = tree(&[symlink(b"a", b"../../canary"), dir(b"a", &below)]);
            place.with_tree(&inside, &[object(0, b"hello"), object(1, &below)])
        }),
        ("link to the outside alone", (0, 0), |place| {
            one(place, &[symlink(b"a", b"../../canary/file")])
        }),
        ("hard link through a link", (0, 0), |place| {
            one(
                place,
                &[
                    symlink(b"a", b"../../canary"),
                    hard_link(b"b", b"hello", b"a/file"),
                ],
            )
        }),
        ("hard link to the outside", (3, 1), |place| {
            one(place, &[hard_link(b"a", b"hello", b"../../canary/file")])
        }),
        ("hard link to an absolute path", (3, 1), |place| {
            one(place, &[hard_link(b"a", b"hello", b"/etc/passwd")])
        }),
        ("hard link to a symbolic link", (0, 0), |place| {
            one(
                place,
                &[
                    hard_link(b"a", b"hello", b"b"),
                    symlink(b"b", b"../../canary/file"),
                ],
            )
        }),
        ("hard links in a circle", (3, 0), |place| {
            one(
                place,
                &[
                    hard_link(b"a", b"hello", b"b"),
                    hard_link(b"b", b"hello", b"a"),
                ],
            )
        }),
        ("hard link to itself", (3, 0), |place| {
            one(place, &[hard_link(b"a", b"hello", b"a")])
        }),
        ("hard link with another content", (3, 0), |place| {
            let inside = tree(&[file(b"a", b"hello"), hard_link(b"b", b"other", b"a")]);
            place.with_tree(&inside, &[object(0, b"hello"), object(0, b"other")])
        }),
    ];
    try_each("names and links", cases);
}

#[test]
fn impossible_numbers_and_attributes_are_refused() {
    let cases: &[Case] = &[
        ("count of 2^63", (3, 1), |place| {
            place.with_tree(&[&[1][..], &uint(1 << 63)].concat(), &[])
        }),
        ("size of 2^63", (3, 1), |place| {
            one(place, &[sized(b"a", 1 << 63, b"hello")])
        }),
        ("size of 2^62", (3, 0), |place| {
            one(place, &[sized(b"a", 1 << 62, b"hello")])
        }),
        ("length longer than the data", (3, 0), |place| {
            one(place, &[sized(b"a", 6, b"hello")])
        }),
        ("length shorter than the data", (3, 0), |place| {
            one(place, &[sized(b"a", 4, b"hello")])
        }),
        ("a length of none for some data", (3, 0), |place| {
            one(place, &[sized(b"a", 0, b"hello")])
        }),
        ("device bits in a mode", (3, 1), |place| {
            with_meta(
                place,
                &Meta {
                    mode: 0o060_644,
                    ..Meta::default()
                },
            )
        }),
        ("uid of 2^32-1", (3, 1), |place| {
            with_meta(
                place,
                &Meta {
                    uid: u32::MAX.into(),
                    ..Meta::default()
                },
            )
        }),
        ("uid of 2^32", (3, 1), |place| {
            with_meta(
                place,
                &Meta {
                    uid: 1 << 32,
                    ..Meta::default()
                },
            )
        }),
        ("a billion nanoseconds", (3, 1), |place| {
            with_meta(
                place,
                &Meta {
                    nanos: 1_000_000_000,
                    ..Meta::default()
                },
            )
        }),
        // Times that no place here holds are left out, and told.
        ("year -1", (0, 0), |place| {
            with_meta(
                place,
                &Meta {
                    secs: -62_198_755_200,
                    ..Meta::default()
                },
            )
        }),
        ("year 292277026596", (0, 0), |place| {
            with_meta(
                place,
                &Meta {
                    secs: 9_223_372_036_854_775_807,
                    ..Meta::default()
                },
            )
        }),
        ("the first second of all", (0, 0), |place| {
            with_meta(
                place,
                &Meta {
                    secs: i64::MIN,
                    ..Meta::default()
                },
            )
        }),
        ("2^63 attributes", (3, 1), |place| {
            with_meta(
                place,
                &Meta {
                    xattrs: uint(1 << 63),
                    ..Meta::default()
                },
            )
        }),
        ("unknown type", (3, 1), |place| {
            one(place, &[entry(b"a", &Meta::default(), &[9])])
        }),
        ("unknown version of a tree", (3, 1), |place| {
            let mut inside = tree(&[file(b"a", b"hello")]);
            inside[0] = 2;
            place.with_tree(&inside, &[object(0, b"hello")])
        }),
        ("something behind a tree", (3, 1), |place| {
            place.with_tree(
                &[tree(&[file(b"a", b"hello")]), vec![0]].concat(),
                &[object(0, b"hello")],
            )
        }),
        ("a number in a longer form", (3, 1), |place| {
            place.with_tree(&[1, 0x80, 0], &[])
        }),
        ("symbolic link to nothing", (3, 1), |place| {
            one(place, &[symlink(b"a", b"")])
        }),
        ("symbolic link with NUL", (3, 1), |place| {
            one(place, &[symlink(b"a", b"x\0y")])
        }),
        ("content that is nowhere", (3, 1), |place| {
            one(place, &[file(b"a", b"lost")])
        }),
        ("devices", (0, 0), |place| {
            let disk = [&[7][..], &uint(0x0800)].concat();
            one(
                place,
                &[
                    entry(b"a", &Meta::default(), &[4]),
                    entry(b"b", &Meta::default(), &disk),
                ],
            )
        }),
        ("set-user-id", (0, 0), |place| {
            with_meta(
                place,
                &Meta {
                    mode: 0o4755,
                    ..Meta::default()
                },
            )
        }),
    ];
    try_each("numbers", cases);
}
