//! Files of the truth, cut at every byte.

use std::fs;

use super::Tried;
use super::place::Place;
use super::writer::{Pack, dir, file, object, put, tree};
use crate::points;

/// Every so-many-th length of a file, and always the borders.
fn lengths(len: usize) -> Vec<usize> {
    let step = len.div_ceil(points(25, len));
    let mut all: Vec<usize> = (0..len).step_by(step).collect();
    all.extend([1, 15, 16, len - 65, len - 64, len - 1]);
    all.retain(|&at| at < len);
    all.sort_unstable();
    all.dedup();
    all
}

#[test]
fn a_pack_cut_at_any_byte_is_noticed_and_does_no_harm() {
    let tried = Tried::default();
    let inside = tree(&[file(b"a", b"hello")]);
    let root = tree(&[dir(b"", &inside)]);
    let pack = Pack::of(&[object(1, &root), object(1, &inside), object(0, b"hello")]);
    let (place, whole) = (Place::new(), pack.bytes());
    let id = place.put_snapshot(&place.snapshot(&root));
    let frame_end = 16 + pack.frames[0].0.len();
    let name = blake3::hash(&whole).to_hex().to_string();
    let path = place.sandbox.path("store/packs").join(name);
    for len in lengths(whole.len()) {
        let what = format!("pack of {len} bytes");
        fs::write(&path, &whole[..len]).unwrap();
        assert_eq!(place.run(&what, &["verify"]).code, 1, "{what}");
        // Its frame is found without the table.
        let expected = if len >= frame_end { 0 } else { 3 };
        let _ = fs::remove_dir_all(place.sandbox.path("area/target"));
        assert_eq!(
            place.run(&what, &["restore", "area/target", &id]).code,
            expected,
            "{what}"
        );
        tried.one();
    }
    tried.tell("truncated packs");
}

#[test]
fn a_tree_cut_at_any_byte_is_refused() {
    let tried = Tried::default();
    let whole = tree(&[file(b"a", b"hello"), dir(b"b", &tree(&[]))]);
    for len in lengths(whole.len()) {
        let (place, what) = (Place::new(), format!("tree of {len} bytes"));
        let id = place.with_tree(&whole[..len], &[object(0, b"hello"), object(1, &tree(&[]))]);
        assert_eq!(
            place.run(&what, &["restore", "area/target", &id]).code,
            3,
            "{what}"
        );
        assert_eq!(place.run(&what, &["verify"]).code, 1, "{what}");
        tried.one();
    }
    tried.tell("truncated trees");
}

#[test]
fn a_snapshot_file_cut_at_any_byte_is_refused_under_either_name() {
    let tried = Tried::default();
    let inside = tree(&[file(b"a", b"hello")]);
    let root = tree(&[dir(b"", &inside)]);
    let place = Place::new();
    place.with_tree(&inside, &[object(0, b"hello")]);
    let dir = place.sandbox.path("store/snapshots");
    fs::remove_dir_all(&dir).unwrap();
    fs::create_dir(&dir).unwrap();
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
    let whole = serde_json::to_vec(&place.snapshot(&root)).unwrap();
    for len in lengths(whole.len()) {
        let what = format!("snapshot file of {len} bytes");
        // Under the name of what is left, and under that of the whole.
        let name = put(&dir, &whole[..len]);
        assert_eq!(
            place.run(&what, &["restore", "area/target", &name]).code,
            3,
            "{what}"
        );
        fs::remove_file(dir.join(name)).unwrap();
        let name = blake3::hash(&whole).to_hex().to_string();
        fs::write(dir.join(&name), &whole[..len]).unwrap();
        assert_eq!(
            place.run(&what, &["restore", "area/target", &name]).code,
            3,
            "{what}"
        );
        assert_eq!(place.run(&what, &["verify"]).code, 1, "{what}");
        fs::remove_file(dir.join(name)).unwrap();
        tried.one();
    }
    tried.tell("truncated snapshot files");
}
