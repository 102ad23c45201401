//! Packs and frames that no writer of ours makes. Each store has a good snapshot beside the bad pack.

use std::fs;

use super::place::Place;
use super::writer::{Pack, dir, file, frame, object, tree, uint};
use super::{Case, try_each};

/// A good snapshot of one file, with its objects in a pack that is changed before it is written.
fn packed(place: &Place, write: impl Fn(&Pack) -> Vec<u8>) -> String {
    let inside = tree(&[file(b"a", b"hello")]);
    let root = tree(&[dir(b"", &inside)]);
    let pack = Pack::of(&[object(1, &root), object(1, &inside), object(0, b"hello")]);
    place.put_pack(&write(&pack));
    place.put_snapshot(&place.snapshot(&root))
}

/// The same, with one frame of which the stored bytes are changed; the plain ones stay what the table says.
fn framed(place: &Place, change: impl Fn(&[u8], &[u8]) -> (u8, Vec<u8>)) -> String {
    packed(place, |pack| {
        let mut pack = pack.clone();
        let (whole, plain_len) = pack.frames[0].clone();
        let body = &whole[24..];
        let plain = zstd::bulk::decompress(body, 1 << 20).unwrap();
        let (codec, changed) = change(body, &plain);
        pack.frames[0] = (frame(codec, &changed, plain_len as u32), plain_len);
        pack.bytes()
    })
}

/// A good pack, and beside it another.
fn beside(place: &Place, other: &Pack) -> String {
    place.put_pack(&other.bytes());
    packed(place, Pack::bytes)
}

/// The header of a zstd frame that claims a length and a window, before the blocks of another.
fn claiming(body: &[u8], descriptor: u8, window: &[u8], length: &[u8]) -> Vec<u8> {
    // The original: magic, descriptor with a length of one byte and no window, the length.
    [&body[..4], &[descriptor][..], window, length, &body[6..]].concat()
}

#[test]
fn tables_and_footers_that_lie_are_refused() {
    let cases: &[Case] = &[
        ("a good pack", (0, 0), |place| packed(place, Pack::bytes)),
        ("footer into itself", (0, 1), |place| {
            packed(place, |pack| {
                let len = pack.bytes().len() as u64;
                pack.ended(b"", len - 32, 32, 32)
            })
        }),
        ("offset and length overflow", (0, 1), |place| {
            packed(place, |pack| pack.ended(b"x", u64::MAX - 10, 100, 100))
        }),
        ("table longer than the pack", (0, 1), |place| {
            packed(place, |pack| pack.ended(b"x", 16, 1 << 20, 1 << 20))
        }),
        ("table of a GiB of zeros", (0, 1), |place| {
            packed(place, |pack| {
                let bomb = zstd::bulk::compress(&vec![0; 1 << 30], 3).unwrap();
                let at = 16 + pack.frames[0].0.len() as u64;
                pack.ended(&bomb, at, bomb.len() as u32, 1 << 30)
            })
        }),
        ("table with something behind", (0, 1), |place| {
            packed(place, |pack| {
                pack.with_table(&[pack.table(), vec![0]].concat())
            })
        }),
        ("table of 2^63 frames", (0, 1), |place| {
            packed(place, |pack| pack.with_table(&uint(1 << 63)))
        }),
        ("table of 2^63 objects", (0, 1), |place| {
            packed(place, |pack| {
                pack.with_table(&[uint(0), uint(1 << 63)].concat())
            })
        }),
        ("frames outside of the pack", (0, 1), |place| {
            packed(place, |pack| {
                let table = [uint(1), uint(u64::MAX - 5), uint(100), uint(100), uint(0)].concat();
                pack.with_table(&table)
            })
        }),
        ("one frame a hundred thousand times", (0, 1), |place| {
            packed(place, |pack| {
                let len = pack.frames[0].0.len() as u64;
                let again = [uint(16), uint(len), uint(32 << 20)]
                    .concat()
                    .repeat(100_000);
                pack.with_table(&[uint(100_000), again, uint(0)].concat())
            })
        }),
        ("object outside of its frame", (0, 1), |place| {
            packed(place, |pack| {
                let mut pack = pack.clone();
                pack.rows[0].start = 1 << 30;
                pack.bytes()
            })
        }),
        ("object of a frame that is not there", (0, 1), |place| {
            packed(place, |pack| {
                let mut pack = pack.clone();
                pack.rows[0].frame = 7;
                pack.bytes()
            })
        }),
        ("object of an unknown kind", (0, 1), |place| {
            packed(place, |pack| {
                let mut pack = pack.clone();
                pack.rows[0].kind = 9;
                pack.bytes()
            })
        }),
        (
            "objects that are not what the table says",
            (3, 1),
            |place| {
                packed(place, |pack| {
                    let mut pack = pack.clone();
                    let ids: Vec<_> = pack.rows.iter().map(|row| row.id).collect();
                    (pack.rows[0].id, pack.rows[1].id) = (ids[1], ids[0]);
                    pack.bytes()
                })
            },
        ),
        ("no frames at all", (0, 0), |place| {
            beside(place, &Pack::default())
        }),
        ("unknown version of a pack", (3, 3), |place| {
            packed(place, |pack| {
                let mut bytes = pack.bytes();
                bytes[8] = 2;
                bytes
            })
        }),
        ("unknown feature of a pack", (3, 3), |place| {
            packed(place, |pack| {
                let mut bytes = pack.bytes();
                bytes[12] = 1;
                bytes
            })
        }),
    ];
    try_each("tables", cases);
}

#[test]
fn frames_that_lie_or_explode_are_refused() {
    let cases: &[Case] = &[
        ("frame that claims a TiB", (3, 1), |place| {
            framed(place, |body, _| {
                (
                    1,
                    claiming(body, 0xc0, &[0x58], &(1_u64 << 40).to_le_bytes()),
                )
            })
        }),
        ("window log of 31", (0, 0), |place| {
            framed(place, |body, _| (1, claiming(body, 0x00, &[0xa8], &[])))
        }),
        ("bomb of 1:100,000", (3, 1), |place| {
            framed(place, |_, _| {
                (1, zstd::bulk::compress(&vec![0; 256 << 20], 19).unwrap())
            })
        }),
        ("trailing garbage", (3, 1), |place| {
            framed(place, |body, _| (1, [body, b"garbage"].concat()))
        }),
        ("concatenated frames", (3, 1), |place| {
            framed(place, |_, plain| {
                let (a, b) = plain.split_at(plain.len() / 2);
                (
                    1,
                    [
                        zstd::bulk::compress(a, 3).unwrap(),
                        zstd::bulk::compress(b, 3).unwrap(),
                    ]
                    .concat(),
                )
            })
        }),
        ("skippable frame before", (3, 1), |place| {
            framed(place, |body, _| {
                (
                    1,
                    [&[0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4][..], body].concat(),
                )
            })
        }),
        ("skippable frame behind", (3, 1), |place| {
            framed(place, |body, _| {
                (
                    1,
                    [body, &[0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]].concat(),
                )
            })
        }),
        ("unknown codec", (3, 1), |place| {
            framed(place, |body, _| (7, body.to_vec()))
        }),
        ("no compression at all", (0, 0), |place| {
            framed(place, |_, plain| (0, plain.to_vec()))
        }),
        ("frames of zeros, a GiB together", (0, 1), |place| {
            let mut pack = Pack::default();
            let plain = vec![0; 32 << 20];
            let body = zstd::bulk::compress(&plain, 3).unwrap();
            pack.frames = vec![(frame(1, &body, 32 << 20), 32 << 20); 32];
            beside(place, &pack)
        }),
        ("ten million empty objects", (0, 1), |place| {
            let mut pack = Pack::default();
            let plain = [uint(10_000_000), vec![0; 30_000_000]].concat();
            let body = zstd::bulk::compress(&plain, 3).unwrap();
            pack.frames
                .push((frame(1, &body, plain.len() as u32), plain.len() as u64));
            beside(place, &pack)
        }),
        ("three million marks of frames", (0, 1), |place| {
            let mark = [
                &b"VSFR\0\0\0\0"[..],
                &(31_u32 << 20).to_le_bytes(),
                &(31_u32 << 20).to_le_bytes(),
            ]
            .concat();
            place.put_pack(
                &[
                    b"VSNAPACK\x01\0\0\0\0\0\0\0".to_vec(),
                    mark.repeat(3_000_000),
                ]
                .concat(),
            );
            packed(place, Pack::bytes)
        }),
    ];
    try_each("frames", cases);
}

#[test]
fn packs_under_another_name_are_found_out() {
    let cases: &[Case] = &[
        ("pack renamed to another hash", (0, 1), |place| {
            let id = packed(place, Pack::bytes);
            let dir = place.sandbox.path("store/packs");
            let name = fs::read_dir(&dir).unwrap().next().unwrap().unwrap().path();
            fs::rename(name, dir.join("0".repeat(64))).unwrap();
            id
        }),
        ("two packs swapped", (0, 1), |place| {
            let id = beside(place, &Pack::of(&[object(0, b"other")]));
            let dir = place.sandbox.path("store/packs");
            let mut names: Vec<_> = fs::read_dir(&dir)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .collect();
            names.sort();
            fs::rename(&names[0], dir.join("swap")).unwrap();
            fs::rename(&names[1], &names[0]).unwrap();
            fs::rename(dir.join("swap"), &names[1]).unwrap();
            id
        }),
        ("a pack whose name is none", (0, 1), |place| {
            let id = packed(place, Pack::bytes);
            fs::write(place.sandbox.path("store/packs/letter\u{1b}[2J"), b"dear").unwrap();
            id
        }),
    ];
    try_each("names of packs", cases);
}
