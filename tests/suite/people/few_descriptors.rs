//! Few descriptors slow the work down; what lacks one is not told as gone.

use std::fs;

use super::limits::{Place, blames_nobody, has_prlimit};
use crate::support::faults::needs_root;
use crate::support::{Tree, venv};

/// Where no directory of a store can be opened, none of it is known to be gone.
#[test]
fn a_store_for_which_descriptors_lack_is_not_told_as_lost() {
    if !needs_root() || !has_prlimit() {
        return;
    }
    let place = Place::new("61189");
    assert_eq!(place.limited("--nofile=64", &["save", "venv"]).code, 0);
    let mut short = 0;
    for limit in 6..24 {
        for args in [
            &["list"][..],
            &["verify"],
            &["log"],
            &["stats"],
            &["show", "latest", "--venv", "venv"],
            &["ls", "latest", "--venv", "venv"],
            &["status", "venv"],
            &["forget", "--keep-last", "1", "-n"],
            &["prune", "-n"],
            &["rebuild-index"],
        ] {
            let run = place.limited(&format!("--nofile={limit}"), args);
            let told = format!("{limit} descriptors, {args:?}");
            // The loader of programs cannot open the libraries either.
            if run.code == 127 {
                continue;
            }
            blames_nobody(&run, &told);
            let all = format!("{}{}", run.stdout, run.stderr);
            let words = ["lost", "missing", "no store", "quarantine", "is gone"];
            let told_words = words.iter().find(|word| all.contains(**word));
            assert_eq!(told_words, None, "{told}\n{run}");
            short += usize::from(run.code == 3);
        }
    }
    assert!(short > 0, "nothing lacked a descriptor");
    let run = place.limited("--nofile=64", &["verify"]);
    assert_eq!(run.code, 0, "{run}");
}

/// With 64 descriptors all is done that a guard does without anybody at hand.
#[test]
fn with_few_descriptors_a_venv_is_rehearsed_guarded_and_rebuilt() {
    if !needs_root() || !has_prlimit() {
        return;
    }
    let place = Place::new("61191");
    let root = place.sandbox.path("home/venv");
    let limited = |args: &[&str]| place.limited("--nofile=64", args);
    assert_eq!(limited(&["save", "venv"]).code, 0);
    let good = Tree::of(&root);
    let rules = format!("[[venv]]\npath = \"{}\"\n", root.display());
    fs::write(place.sandbox.path("home/watch.toml"), rules).unwrap();
    for args in [
        &["drill", "venv", "--no-import"][..],
        &["watch", "--once", "--config", "watch.toml"],
    ] {
        let run = limited(args);
        assert_eq!(run.code, 0, "{args:?}\n{run}");
    }
    fs::remove_file(root.join(venv::SITE).join("idna/core.py")).unwrap();
    let run = limited(&["watch", "--once", "--config", "watch.toml"]);
    assert_eq!(run.code, 1, "{run}");
    let run = limited(&["restore", "venv"]);
    assert_eq!(run.code, 0, "{run}");
    good.assert_same(&Tree::of(&root), "restored with 64 descriptors");
}

/// Up to 64 packs were kept open, whatever the process was granted: a store of so many could be read by nobody.
#[test]
fn with_few_descriptors_a_store_of_many_packs_is_read_and_cared_for() {
    if !needs_root() || !has_prlimit() {
        return;
    }
    let place = Place::new("61192");
    let root = place.sandbox.path("home/venv");
    for number in 0..70 {
        venv::write(
            &root,
            &format!("share/{number}"),
            &venv::noise(200 + number),
        );
        place.own();
        let run = place.limited("--nofile=1024", &["save", "venv", "-q"]);
        assert_eq!(run.code, 0, "{run}");
    }
    let good = Tree::of(&root);
    for limit in [64, 40] {
        for number in 0..70 {
            fs::remove_file(root.join(format!("share/{number}"))).unwrap();
        }
        for args in [
            &["restore", "venv", "latest"][..],
            &["verify"],
            &["verify", "--repair"],
            &["export", "latest", "--venv", "venv", "out.tar"],
            &["prune", "--grace", "0s"],
            &["copy", "--all", "--to", "other"],
            &["drill", "venv", "--no-import"],
            &["status", "venv"],
            &["save", "--all"],
            &["rebuild-index"],
            &["log"],
            &["show", "latest", "--venv", "venv"],
            &["report", "--venv", "venv"],
            &["restore", "venv", "latest", "--to", "new"],
            &["verify"],
        ] {
            let run = place.limited(&format!("--nofile={limit}"), args);
            assert_eq!(run.code, 0, "{limit} descriptors, {args:?}\n{run}");
        }
        good.assert_same(&Tree::of(&root), "restored with few descriptors");
        for made in ["new", "other"] {
            fs::remove_dir_all(place.sandbox.path("home").join(made)).unwrap();
        }
        fs::remove_file(place.sandbox.path("home/out.tar")).unwrap();
    }
}
