//! Forests that would grow without an end.

use blake3::hazmat::{Mode, merge_subtrees_non_root, merge_subtrees_root};

use super::place::Place;
use super::writer::{Meta, Object, digest, dir, entry, file, object, symlink, text, tree, uint};
use super::{Case, try_each};

/// Directories in directories, each with one name.
fn nested(place: &Place, depth: usize, name: &[u8], bottom: Vec<u8>, more: &[Object]) -> String {
    let mut objects = more.to_vec();
    let mut inside = bottom;
    for _ in 0..depth {
        objects.push(object(1, &inside));
        inside = tree(&[dir(name, &inside)]);
    }
    place.with_tree(&inside, &objects)
}

/// Names in the order of their numbers.
fn name(n: u32) -> [u8; 4] {
    [n >> 18, n >> 12 & 63, n >> 6 & 63, n & 63].map(|part| part as u8 | 64)
}

/// A directory with one file that has many attributes of a size.
fn attributes(count: u64, len: usize) -> Vec<u8> {
    let mut xattrs = uint(count);
    for n in 0..count {
        let name = format!("user.{n:04}");
        xattrs.extend([text(name.as_bytes()), text(&vec![b'v'; len])].concat());
    }
    let meta = Meta {
        xattrs,
        ..Meta::default()
    };
    let node = [&[0][..], &uint(5), &digest(b"hello")].concat();
    tree(&[entry(b"a", &meta, &node)])
}

/// A hundred directories that are all described by one tree.
fn many_times(place: &Place, inside: &[u8]) -> String {
    let all: Vec<_> = (0..100)
        .map(|n| dir(format!("{n:03}").as_bytes(), inside))
        .collect();
    place.with_tree(&tree(&all), &[object(1, inside), object(0, b"hello")])
}

/// The list of half a million segments of 4 MiB, with its right name. None of them is there, and all have one name,
/// so the list itself takes next to nothing.
fn long_list() -> Object {
    let mut bytes = uint(1 << 41);
    bytes.extend(std::iter::repeat_n(7_u8, 32 << 19));
    let mut value = [7; 32];
    for _ in 0..18 {
        value = merge_subtrees_non_root(&value, &value, Mode::Hash);
    }
    let id = *merge_subtrees_root(&value, &value, Mode::Hash).as_bytes();
    Object { kind: 3, bytes, id }
}

#[test]
fn forests_that_grow_without_an_end_are_refused() {
    let cases: &[Case] = &[
        ("depth of 240", (0, 0), |place| {
            nested(
                place,
                240,
                b"d",
                tree(&[file(b"a", b"hello")]),
                &[object(0, b"hello")],
            )
        }),
        ("depth of 10,000", (3, 0), |place| {
            nested(place, 10_000, b"d", tree(&[]), &[])
        }),
        ("depth of 40,000", (3, 0), |place| {
            nested(place, 40_000, b"d", tree(&[]), &[])
        }),
        ("2^40 directories in 40 trees", (3, 0), |place| {
            let (mut inside, mut objects) = (tree(&[]), Vec::new());
            for _ in 0..40 {
                objects.push(object(1, &inside));
                inside = tree(&[dir(b"a", &inside), dir(b"b", &inside)]);
            }
            place.with_tree(&inside, &objects)
        }),
        ("long paths, many times", (3, 0), |place| {
            let many: Vec<_> = (0..20_000)
                .map(|n| symlink(format!("{n:05}").as_bytes(), b"x"))
                .collect();
            nested(place, 240, &[b'n'; 255], tree(&many), &[])
        }),
        ("2^40 holes in 40 trees", (3, 1), |place| {
            let (mut inside, mut objects) = (tree(&[file(b"a", b"lost")]), Vec::new());
            for _ in 0..40 {
                objects.push(object(1, &inside));
                inside = tree(&[dir(b"a", &inside), dir(b"b", &inside)]);
            }
            place.with_tree(&inside, &objects)
        }),
        ("two million pipes in one directory", (3, 1), |place| {
            let mut inside = [&[1][..], &uint(2_100_000)].concat();
            for n in 0..2_100_000_u32 {
                inside.push(4);
                inside.extend([&name(n)[..], &[0, 0, 0, 0, 0, 0, 4]].concat());
            }
            place.with_tree(&inside, &[])
        }),
        ("fourteen million attributes of one pipe", (3, 1), |place| {
            let count = 14 << 20;
            let meta = Meta {
                xattrs: [uint(count), vec![0; 2 * count as usize]].concat(),
                ..Meta::default()
            };
            place.with_tree(&tree(&[entry(b"a", &meta, &[4])]), &[])
        }),
        ("five million attributes with names", (3, 1), |place| {
            let count = 5_000_000_u32;
            let mut xattrs = uint(count.into());
            for n in 0..count {
                xattrs.extend([&[4][..], &name(n), &[0]].concat());
            }
            let meta = Meta {
                xattrs,
                ..Meta::default()
            };
            place.with_tree(&tree(&[entry(b"a", &meta, &[4])]), &[])
        }),
        ("large attributes, many times", (3, 0), |place| {
            many_times(place, &attributes(300, 64 << 10))
        }),
        ("an attribute of more than 64 KiB", (3, 1), |place| {
            place.with_tree(&attributes(1, (64 << 10) + 1), &[object(0, b"hello")])
        }),
        ("long texts of links, many times", (3, 0), |place| {
            many_times(place, &tree(&[symlink(b"a", &vec![b'x'; 20 << 20])]))
        }),
        // That a tree holds itself would need the digest of what holds the digest; all that can be had is a lie in
        // the table.
        ("cyclic tree", (3, 1), |place| {
            let mut looped = object(1, &tree(&[]));
            let inside = tree(&[entry(
                b"a",
                &Meta::default(),
                &[&[2][..], &looped.id].concat(),
            )]);
            looped.bytes.clone_from(&inside);
            place.with_tree(&inside, &[looped])
        }),
        ("a tree of 2 TiB", (3, 1), |place| {
            let list = long_list();
            let below = entry(b"a", &Meta::default(), &[&[2][..], &list.id].concat());
            place.with_tree(&tree(&[below]), &[list])
        }),
        ("a file of 2 TiB that is not there", (3, 1), |place| {
            let list = long_list();
            let node = [&[0][..], &uint(1 << 41), &list.id].concat();
            place.with_tree(&tree(&[entry(b"a", &Meta::default(), &node)]), &[list])
        }),
    ];
    try_each("forests", cases);
}
