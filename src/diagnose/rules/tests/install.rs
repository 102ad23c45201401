//! Damage that came with an install, damage that only looks so, and what installers' caches have of it.

use super::venv::{INSTALL, LATE, actual, at, healthy, site};
use super::{among, named, only, rules};
use crate::diagnose::case::{Actual, Case, Expected, Interruption};
use crate::diagnose::rules::{brought, diagnose};
use crate::model::{CacheEntry, Installer, Kind};

fn core(file: &Expected) -> bool {
    *file.path == site("click/core.py")
}

/// Damage of one package that is as old as its install: of a file, and of a name.
fn born() -> [Case<'static>; 3] {
    [
        healthy().hurt(Kind::Emptied, actual(INSTALL, 0), core),
        healthy().hurt(Kind::Altered, actual(INSTALL, 80), core),
        healthy().remove(INSTALL, core),
    ]
}

/// Changes what is found in the place of each damaged entry.
fn found(mut case: Case<'static>, change: impl Fn(&mut Actual)) -> Case<'static> {
    let found = case
        .hurts
        .iter_mut()
        .filter_map(|hurt| hurt.actual.as_mut());
    found.for_each(change);
    case
}

fn entry(installer: Installer, package: &str, path: &str) -> CacheEntry {
    CacheEntry {
        changed: false,
        installer,
        package: package.to_owned(),
        path: path.to_owned(),
        cache: "/home/ann/.cache".to_owned(),
    }
}

#[test]
fn a_bad_wheel_is_told_only_where_nothing_says_otherwise() {
    for case in born() {
        only(&case, "bad-wheel");
        let mut compiled = case.clone();
        compiled.hurts[0].compiled = true;
        assert!(rules(&compiled).is_empty(), "bytecode of other source");
        let mut unfinished = case.clone();
        let possible = ("click".to_owned(), Interruption::Possible);
        unfinished.unfinished.extend([possible]);
        assert!(rules(&unfinished).is_empty(), "an unfinished install");
        let other = Case {
            unfinished: [("idna".to_owned(), Interruption::Possible)].into(),
            ..case.clone()
        };
        only(&other, "bad-wheel");
        for (ctime, is_bad) in [(INSTALL, true), (INSTALL + 60, false), (LATE, false)] {
            let mut case = found(case.clone(), |now| now.ctime = Some(at(ctime)));
            case.dir_changes.insert(site("click"), at(ctime));
            assert_eq!(rules(&case) == ["bad-wheel"], is_bad, "{ctime}");
        }
    }
    let mut dangling = healthy().remove(INSTALL, core);
    dangling.hurts[0].actual = Some(actual(INSTALL, 0));
    assert!(rules(&dangling).is_empty(), "a link that leads nowhere");
}

/// Where layers of an image keep whole seconds, a deletion in the step of the install looks as old as that.
#[test]
fn a_directory_as_old_as_record_to_the_second_proves_nothing() {
    let recorded = INSTALL + 1;
    assert!(rules(&healthy().remove(recorded, core)).is_empty());
    let mut exact = healthy().remove(recorded, core);
    let nanos = 5;
    let time = crate::model::Time {
        secs: recorded,
        nanos,
    };
    exact.dirs.insert(site("click"), time);
    exact.installed.insert("click".to_owned(), time);
    only(&exact, "bad-wheel");
}

#[test]
fn a_sweep_before_the_install_is_told_with_the_cache_that_it_was_in() {
    let swept = || healthy().remove(INSTALL, named("core.py"));
    let found = only(&swept(), "core-dump-cleaner");
    for words in [
        "never were written",
        "the sweep was in the installer's cache",
        "`uv cache clean certifi click httpcore idna`",
    ] {
        assert!(found.text.contains(words), "{words}: {found:?}");
    }
    assert!(!found.text.contains("cron"), "{found:?}");
    assert!(found.cure.is_empty() && found.cached.is_empty());
    assert_eq!(brought(&swept()).len(), 4);
    let case = Case {
        cached: vec![
            entry(Installer::Uv, "click", "/home/ann/.cache/uv/archive-v0/x"),
            entry(
                Installer::Pip,
                "idna",
                "/home/ann/.cache/pip/http-v2/1/2.body",
            ),
            entry(Installer::Uv, "numpy", "/home/ann/.cache/uv/archive-v0/y"),
        ],
        ..swept()
    };
    let found = only(&case, "core-dump-cleaner");
    assert!(
        found
            .text
            .contains("'/home/ann/.cache/uv/archive-v0/x' of uv")
    );
    assert_eq!(found.cached, case.cached[..2]);
    let cache = "--cache-dir /home/ann/.cache";
    let cures: Vec<String> = found.cure.iter().map(|words| words.join(" ")).collect();
    let expected =
        ["uv cache clean click", "pip cache purge"].map(|cure| format!("{cure} {cache}"));
    assert_eq!(cures, expected);
    // What went later has nothing to do with a cache.
    let later = Case {
        cached: case.cached.clone(),
        ..healthy().remove(LATE, named("core.py"))
    };
    let found = only(&later, "core-dump-cleaner");
    assert!(found.cached.is_empty() && found.text.contains("cron"));
}

#[test]
fn bad_wheels_of_several_packages_are_told_where_the_caches_have_all_of_it() {
    let is_bad = |file: &Expected| among("click", 0, 3)(file) || among("idna", 0, 2)(file);
    let emptied = healthy().hurt(Kind::Emptied, actual(INSTALL, 0), is_bad);
    assert_eq!(rules(&emptied), ["power-loss"]);
    let built = entry(
        Installer::Pip,
        "idna",
        "/c/wheels/a/idna-1.0-py3-none-any.whl",
    );
    let unpacked = entry(Installer::Uv, "click", "/c/archive-v0/x");
    let with = |cached: &[&CacheEntry]| Case {
        cached: cached.iter().copied().cloned().collect(),
        ..emptied.clone()
    };
    assert_eq!(rules(&with(&[&unpacked])), ["power-loss"]);
    let found = only(&with(&[&unpacked, &built]), "bad-wheel");
    assert!(
        found
            .text
            .starts_with("5 files are damaged, all of click and idna")
    );
    assert_eq!(found.cure[1][..4], ["pip", "cache", "remove", "idna"]);
}

#[test]
fn a_cache_that_was_hurt_before_the_install_is_no_bad_wheel() {
    let one = healthy().hurt(Kind::Emptied, actual(INSTALL, 0), among("click", 0, 3));
    let with = |changed: bool| Case {
        cached: vec![CacheEntry {
            changed,
            ..entry(Installer::Uv, "click", "/c/archive-v0/x")
        }],
        ..one.clone()
    };
    let unknown = only(&with(false), "bad-wheel");
    assert!(
        unknown
            .text
            .contains("from a bad wheel or from a cache that was hurt before")
    );
    let known = only(&with(true), "damaged-cache");
    assert!(
        known.text.contains("The wheel is not to blame."),
        "{}",
        known.text
    );
    assert_eq!(known.cure[0][..4], ["uv", "cache", "clean", "click"]);
    // What went later has nothing to do with a cache, and a sweep has its own name.
    let swept = healthy().remove(INSTALL, named("core.py"));
    let packages = swept
        .hurts
        .iter()
        .filter_map(|hurt| hurt.package.as_deref());
    let cached = packages.map(|name| CacheEntry {
        changed: true,
        ..entry(Installer::Uv, name, "/c/archive-v0/x")
    });
    let swept = Case {
        cached: cached.collect(),
        ..swept
    };
    only(&swept, "core-dump-cleaner");
}

#[test]
fn a_cause_tells_how_much_it_leaves() {
    let one = healthy().remove(LATE, named("core.py")).hurt(
        Kind::Emptied,
        actual(LATE, 0),
        among("pandas", 0, 9),
    );
    let found = only(&one, "core-dump-cleaner");
    assert_eq!((found.explains, found.of), (4, 13));
    assert_eq!(found.unexplained, [(Kind::Emptied, 9)].into());
    // What another cause explains is not left.
    let both = found_linked(one);
    let all = diagnose(&both);
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(
        all.iter()
            .all(|one| one.unexplained.is_empty() && one.of == 13)
    );
}

fn found_linked(case: Case<'static>) -> Case<'static> {
    found(case, |now| now.elsewhere = 1)
}

#[test]
fn names_that_somebody_removed_are_no_copy() {
    let is_test = |file: &Expected| file.path.parts().any(|part| part == b"tests");
    let found = only(&healthy().remove(LATE, is_test), "ignore-file-excludes");
    let sweep = "`find -name tests -exec rm -rf {} +`";
    assert!(
        found.text.contains(sweep) && !found.text.contains("copied"),
        "{found:?}"
    );
    // Whole directories went, so those that are left have changed.
    let mut gone = healthy().remove(LATE, is_test);
    gone.dirs.retain(|dir, _| dir.name() != b"tests");
    for package in ["numpy", "pandas", "uvicorn"] {
        gone.dirs.insert(site(package), at(LATE));
    }
    let found = only(&gone, "ignore-file-excludes");
    assert!(
        found.text.contains("deleted after") && found.text.contains(sweep),
        "{found:?}"
    );
    // A copy makes every directory anew.
    gone.dirs.values_mut().for_each(|time| *time = at(LATE));
    let found = only(&gone, "ignore-file-excludes");
    assert!(found.text.contains("copied or packed"), "{found:?}");
}

#[test]
fn names_that_somebody_removed_right_after_a_copy_are_no_copy() {
    let is_test = |file: &Expected| file.path.parts().any(|part| part == b"tests");
    const COPIED: i64 = LATE;
    let mut case = healthy().remove(COPIED + 60, is_test);
    // A copy that keeps no times: everything is as old as it is.
    case.installed
        .values_mut()
        .for_each(|time| *time = at(COPIED));
    case.dirs.retain(|dir, _| dir.name() != b"tests");
    case.dirs.values_mut().for_each(|time| *time = at(COPIED));
    for number in 0..8 {
        let dir = site(&format!("numpy/part{number}"));
        case.dirs.insert(dir, at(COPIED + 3));
    }
    let lost = ["numpy", "pandas", "uvicorn"].map(site);
    let with = |seconds: i64| {
        let mut case = case.clone();
        let lost = lost.iter().cloned();
        case.dirs
            .extend(lost.map(|dir| (dir, at(COPIED + seconds))));
        only(&case, "ignore-file-excludes").text
    };
    assert!(!with(60).contains("copied"), "{}", with(60));
    assert!(with(60).contains("`find -name tests"), "{}", with(60));
    // Among the others, or hardly after them, they may have been left out.
    for seconds in [0, 3, 5] {
        assert!(with(seconds).contains("copied or packed"), "{seconds}");
    }
    let unsure = only(
        &Case {
            dirs: case
                .dirs
                .iter()
                .filter(|(dir, _)| !dir.to_string().contains("part"))
                .map(|(dir, time)| (dir.clone(), *time))
                .collect(),
            ..case.clone()
        },
        "ignore-file-excludes",
    );
    assert!(unsure.text.contains("copied or packed"), "{unsure:?}");
}
