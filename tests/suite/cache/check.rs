//! `cache check`: what is bad in the caches of installers, made by the real tools and hurt here.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::cached::{
    build, build_other, cut_headers, emptied, files, kinds, put_body, source, zero_members,
};
use crate::support::faults::skipped;
use crate::support::index::{Index, Kind, PLAIN};
use crate::support::pips::{self, Pip};
use crate::support::{Sandbox, venv};

/// A way to hurt an entry, and what is told of it where the index gives hashes and where it does not.
struct Row {
    name: &'static str,
    hurt: fn(&Path, &Path),
    hashed: &'static str,
    plain: &'static str,
}

const ROWS: [Row; 6] = [
    Row {
        name: "shorter than its headers say",
        hurt: |cache, wheel| {
            let old = fs::read(wheel).unwrap();
            put_body(cache, &old, &old[..old.len() - 90]);
        },
        hashed: "length",
        plain: "length",
    },
    Row {
        name: "other members, the same length",
        hurt: |cache, wheel| {
            let old = fs::read(wheel).unwrap();
            put_body(cache, &old, &emptied(wheel, Some(old.len())));
        },
        hashed: "hash",
        plain: "emptied",
    },
    Row {
        name: "well-formed, another length",
        hurt: |cache, wheel| put_body(cache, &fs::read(wheel).unwrap(), &emptied(wheel, None)),
        hashed: "length",
        plain: "length",
    },
    Row {
        name: "a flipped bit",
        hurt: |cache, wheel| {
            let old = fs::read(wheel).unwrap();
            let mut new = old.clone();
            new[old.len() / 3] ^= 4;
            put_body(cache, &old, &new);
        },
        hashed: "hash",
        plain: "checksum",
    },
    Row {
        name: "NUL of the same length",
        hurt: |cache, wheel| {
            let old = fs::read(wheel).unwrap();
            put_body(cache, &old, &vec![0; old.len()]);
        },
        hashed: "hash",
        plain: "zero-filled",
    },
    Row {
        name: "headers that are cut",
        hurt: |cache, wheel| cut_headers(cache, &fs::read(wheel).unwrap()),
        hashed: "headers",
        plain: "headers",
    },
];

/// Fills the cache of a pip with two packages of an index.
fn stocked(pip: &Pip, kind: Kind) -> (Sandbox, PathBuf, Index) {
    let sandbox = Sandbox::new();
    let wheel = build(&sandbox.path("wheels"), "ant");
    build(&sandbox.path("wheels"), "bee");
    let index = Index::serve(&sandbox.path("wheels"), kind);
    for name in ["ant", "bee"] {
        pip.download(&sandbox, &index, name);
    }
    (sandbox, wheel, index)
}

#[test]
fn every_damage_of_a_download_is_named_whichever_pip_made_the_cache() {
    for pip in pips::some() {
        for hashes in [true, false] {
            let (sandbox, wheel, _index) = stocked(&pip, Kind { hashes, ..PLAIN });
            let cache = sandbox.path(".cache/pip");
            let dir = if pip.keeps_bodies_apart() {
                "http-v2"
            } else {
                "http"
            };
            assert!(cache.join(dir).is_dir(), "{}", pip.version);
            venv::copy(&cache, &sandbox.path("healthy"));
            let healthy = sandbox.json(0, &["cache", "check"]);
            assert_eq!(healthy["summary"]["good"], 2, "{}: {healthy}", pip.version);
            for row in &ROWS {
                (row.hurt)(&cache, &wheel);
                let answer = sandbox.json(1, &["cache", "check"]);
                let case = format!("pip {}, {}: {answer}", pip.version, row.name);
                let bad = answer["bad"].as_array().unwrap();
                assert_eq!(bad.len(), 1, "{case}");
                let told = kinds(&bad[0]);
                assert_eq!(
                    told[0],
                    if hashes { row.hashed } else { row.plain },
                    "{case}"
                );
                assert_eq!(bad[0]["package"], "ant", "{case}");
                assert_eq!(bad[0]["installer"], "pip", "{case}");
                let parts = bad[0]["parts"].as_array().unwrap().len();
                assert_eq!(parts, 1 + usize::from(pip.keeps_bodies_apart()), "{case}");
                assert_eq!(sandbox.code(1, &["cache", "check"]).code, 1);
                venv::put_back(&sandbox.path("healthy"), &cache);
            }
        }
    }
}

/// pip stores such an answer as it came, and every later install fails.
#[test]
fn an_answer_that_was_cut_short_without_a_length_is_named() {
    for pip in pips::some() {
        let kind = Kind {
            hashes: false,
            lengths: false,
            ..PLAIN
        };
        let (sandbox, wheel, _index) = stocked(&pip, kind);
        sandbox.ok(&["cache", "check"]);
        let old = fs::read(&wheel).unwrap();
        put_body(&sandbox.path(".cache/pip"), &old, &old[..old.len() - 200]);
        let answer = sandbox.json(1, &["cache", "check"]);
        assert_eq!(
            kinds(&answer["bad"][0]),
            ["directory"],
            "pip {}: {answer}",
            pip.version
        );
        let narrowed = sandbox.json(0, &["cache", "check", "bee"]);
        assert_eq!(narrowed["summary"]["entries"], 1, "{narrowed}");
        sandbox.code(2, &["cache", "check", "cat"]);
    }
}

#[test]
fn pages_of_every_kind_give_the_hash_of_what_they_link() {
    let Some(pip) = pips::some().pop() else {
        return;
    };
    for (json, absolute) in [(false, true), (true, true), (false, false), (true, false)] {
        let (sandbox, wheel, index) = stocked(
            &pip,
            Kind {
                absolute,
                json,
                ..PLAIN
            },
        );
        let case = format!("json {json}, absolute {absolute}");
        let old = fs::read(&wheel).unwrap();
        // Consistent with itself: only the index knows that it is another one.
        let other = build_other(&sandbox, old.len());
        put_body(&sandbox.path(".cache/pip"), &old, &other);
        let url = index.url();
        let named = ["cache", "check", "--index-url", &url];
        let args = if absolute { &named[..2] } else { &named[..] };
        let answer = sandbox.json(1, args);
        assert_eq!(kinds(&answer["bad"][0])[0], "hash", "{case}: {answer}");
        assert_eq!(answer["bad"][0]["package"], "ant", "{case}: {answer}");
    }
}

/// `--require-hashes` checks the hash of the source, never that of the wheel that was built from it.
#[test]
fn a_wheel_that_pip_built_is_named_where_its_members_are_zeroed() {
    let mut built = 0;
    for pip in pips::some() {
        let sandbox = Sandbox::new();
        source(&sandbox.path("sources"), "ant");
        let index = Index::serve(&sandbox.path("sources"), PLAIN);
        if !pip.is_from(20, 0) {
            // It knows no backend that comes with the source.
            continue;
        }
        pip.wheel(&sandbox, &index, "ant");
        sandbox.ok(&["cache", "check"]);
        let wheel = files(&sandbox.path(".cache/pip/wheels"));
        let wheel = wheel
            .iter()
            .find(|path| path.extension() == Some("whl".as_ref()))
            .unwrap();
        zero_members(wheel);
        let answer = sandbox.json(1, &["cache", "check"]);
        assert_eq!(
            kinds(&answer["bad"][0]),
            ["zero-filled"],
            "pip {}: {answer}",
            pip.version
        );
        assert_eq!(
            (&answer["bad"][0]["package"], &answer["bad"][0]["version"]),
            (&"ant".into(), &"1.0".into())
        );
        built += 1;
    }
    if built < 3 {
        skipped(
            1,
            "fewer than three versions of pip that build with a backend of the source",
        );
    }
}
