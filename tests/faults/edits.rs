//! Random edits against a plain copy: whatever was done to a venv, diff sees it and restore undoes it.

use std::fs;
use std::path::PathBuf;

use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::test_runner::{Config, RngSeed, TestRunner};

use crate::support::{Sandbox, Tree, venv};
use crate::{points, told};

/// One edit. Numbers choose among what is there.
#[derive(Clone, Debug)]
pub(crate) enum Edit {
    Remove(usize),
    Write(usize, Vec<u8>),
    Cut(usize, u16),
    Add(u8, Vec<u8>),
    MakeDir(u8),
    Rename(usize, u8),
    Mode(usize, u8),
    Link(usize, u8),
}

pub(crate) fn edit() -> impl Strategy<Value = Edit> {
    let content = || proptest::collection::vec(any::<u8>(), 0..300);
    prop_oneof![
        any::<usize>().prop_map(Edit::Remove),
        (any::<usize>(), content()).prop_map(|(at, new)| Edit::Write(at, new)),
        (any::<usize>(), any::<u16>()).prop_map(|(at, len)| Edit::Cut(at, len)),
        (any::<u8>(), content()).prop_map(|(name, new)| Edit::Add(name, new)),
        any::<u8>().prop_map(Edit::MakeDir),
        (any::<usize>(), any::<u8>()).prop_map(|(at, name)| Edit::Rename(at, name)),
        (any::<usize>(), any::<u8>()).prop_map(|(at, mode)| Edit::Mode(at, mode)),
        (any::<usize>(), any::<u8>()).prop_map(|(at, name)| Edit::Link(at, name)),
    ]
}

/// Does an edit; one that is impossible here is none.
pub(crate) fn apply(sandbox: &Sandbox, edit: &Edit) {
    let tree = Tree::of(&sandbox.venv());
    let pick = |at: usize| -> PathBuf {
        let paths: Vec<_> = tree
            .0
            .keys()
            .filter(|path| !path.as_os_str().is_empty())
            .collect();
        if paths.is_empty() {
            sandbox.venv().join("none")
        } else {
            sandbox.venv().join(paths[at % paths.len()])
        }
    };
    let fresh = |name: u8| {
        sandbox.venv().join(if name.is_multiple_of(2) {
            format!("new{name}")
        } else {
            format!("lib/new{name}")
        })
    };
    let _ = match edit {
        Edit::Remove(at) => {
            let path = pick(*at);
            if fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_dir()) {
                fs::remove_dir_all(path)
            } else {
                fs::remove_file(path)
            }
        }
        Edit::Write(at, new) => fs::write(pick(*at), new),
        Edit::Cut(at, len) => fs::OpenOptions::new()
            .write(true)
            .open(pick(*at))
            .and_then(|file| file.set_len(u64::from(*len))),
        Edit::Add(name, new) => fs::write(fresh(*name), new),
        Edit::MakeDir(name) => fs::create_dir(fresh(*name)),
        Edit::Rename(at, name) => fs::rename(pick(*at), fresh(*name)),
        Edit::Mode(at, mode) => fs::set_permissions(
            pick(*at),
            std::os::unix::fs::PermissionsExt::from_mode(0o400 | u32::from(*mode)),
        ),
        Edit::Link(at, name) => fs::hard_link(pick(*at), fresh(*name)),
    };
}

#[test]
fn any_series_of_edits_is_seen_undone_and_brought_back() {
    let cases = points(24, 1_000) as u32;
    let config = Config {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(11),
        max_shrink_iters: 40,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&proptest::collection::vec(edit(), 1..25), |edits| {
            let sandbox = Sandbox::new();
            venv::tiny(&sandbox.venv());
            let good = Tree::of(&sandbox.venv());
            sandbox.ok(&["save", "venv"]);
            for edit in &edits {
                apply(&sandbox, edit);
            }
            let edited = Tree::of(&sandbox.venv());
            let diff = sandbox.snap(&["diff", "venv"]);
            assert!(diff.code <= 1, "{diff}");
            if diff.code == 0 {
                // Only times differ, if anything does.
                let timeless = |tree: &Tree| {
                    tree.0
                        .iter()
                        .map(|(path, r)| {
                            (
                                path.clone(),
                                r.mode,
                                r.content.clone(),
                                r.link.clone(),
                                r.group.clone(),
                            )
                        })
                        .collect::<Vec<_>>()
                };
                assert_eq!(timeless(&good), timeless(&edited), "{diff}");
            }
            sandbox.ok(&["restore", "venv", "--force"]);
            good.assert_same(&Tree::of(&sandbox.venv()), &format!("{edits:?}"));
            sandbox.ok(&["undo", "venv", "--force"]);
            edited.assert_same(&Tree::of(&sandbox.venv()), &format!("undo of {edits:?}"));
            Ok(())
        })
        .unwrap();
    told("M edits", cases as usize, cases as usize);
}
