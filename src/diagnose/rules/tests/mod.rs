//! Each cause makes its own rule speak, and no other.

mod silence;
mod venv;

use super::diagnose;
use crate::diagnose::case::{Actual, Case, Expected};
use crate::model::{Diagnosis, Kind};
use venv::{INSTALL, LATE, actual, at, healthy, owner, path, site};

/// Whether a file's name is this, or ends so where it begins with a star.
fn named(pattern: &str) -> impl Fn(&Expected) -> bool {
    move |file| match pattern.strip_prefix('*') {
        Some(end) => file.path.name().ends_with(end.as_bytes()),
        None => file.path.name() == pattern.as_bytes(),
    }
}

/// Whether a file is one of a package's own, at least so far in its order.
fn of(package: &str, from: usize, to: usize) -> impl Fn(&Expected) -> bool {
    let names: Vec<_> = (from..to)
        .map(|n| site(&format!("{package}/m{n:02}.py")))
        .collect();
    move |file| names.contains(&file.path)
}

/// The names of the rules that speak.
fn rules(case: &Case) -> Vec<String> {
    diagnose(case).into_iter().map(|found| found.rule).collect()
}

/// The one finding.
#[track_caller]
fn only(case: &Case, rule: &str) -> Diagnosis {
    let mut found = diagnose(case);
    assert_eq!(rules(case), [rule], "{found:#?}");
    found.remove(0)
}

#[test]
fn a_core_dump_cleaner_is_told_with_its_survivor_and_its_time() {
    let spared = site("idna/core.py");
    let case = healthy().remove(LATE, |file| named("core.py")(file) && file.path != spared);
    let found = only(&case, "core-dump-cleaner");
    assert_eq!(
        found.text,
        "3 files are missing and 1 of 4 like them survives: all match core.*, which `find -name 'core.*' -delete`, a \
         core-dump cleaner, removes. They were deleted after the install, the last at 2026-11-24 01:19 UTC. Look in cron \
         and timers before you restore."
    );
    assert_eq!((found.explains, found.survivors), (3, vec![spared]));
    assert!((found.recall - 0.75).abs() < 1e-9);
    // In the same step of an image's build, the times cannot tell it; the packages do.
    only(
        &healthy().remove(INSTALL, named("core.py")),
        "core-dump-cleaner",
    );
    only(
        &healthy().remove(LATE, |file| file.path == site("click/core.py")),
        "core-dump-cleaner",
    );
}

#[test]
fn rsync_with_cvs_excludes_takes_libraries_and_all_that_is_core() {
    let skipped =
        |file: &Expected| named("*.so")(file) || file.path.parts().any(|part| part == b"core");
    let found = only(&healthy().remove(INSTALL, skipped), "rsync-cvs-exclude");
    assert!(
        found.explains == 8 && found.text.contains("never were written"),
        "{found:?}"
    );
}

#[test]
fn an_ignore_file_takes_whole_directories() {
    let ignored = |file: &Expected| {
        file.path
            .parts()
            .skip(3)
            .any(|part| [&b"lib"[..], b"build", b"tests"].contains(&part))
    };
    let found = only(&healthy().remove(INSTALL, ignored), "ignore-file-excludes");
    assert!(found.text.contains("lib/, build/ and tests/"), "{found:?}");
}

#[test]
fn a_cleaner_of_empty_files_takes_what_should_be_empty() {
    let found = only(
        &healthy().remove(LATE, |file| file.size == Some(0)),
        "empty-file-cleaner",
    );
    assert!(
        found.explains == 22 && found.survivors.is_empty(),
        "{found:?}"
    );
}

#[test]
fn an_age_reaper_takes_the_oldest() {
    let mut case = healthy();
    for (number, file) in case.expected.iter_mut().enumerate() {
        let days = if number % 3 == 0 { 40 } else { 2 };
        file.mtime = Some(at(INSTALL - days * 86400));
    }
    let old = Some(at(INSTALL - 40 * 86400));
    let found = only(
        &case.clone().remove(LATE, |file| file.mtime == old),
        "age-reaper",
    );
    assert!(found.text.contains("2026-10-14 22:01 UTC"), "{found:?}");
    case.expected
        .iter_mut()
        .for_each(|file| file.mtime = Some(at(INSTALL)));
    assert!(rules(&case.remove(LATE, of("click", 0, 9))).is_empty());
}

#[test]
fn a_power_cut_leaves_names_and_times() {
    let lost = |file: &Expected| of("numpy", 3, 9)(file) || of("uvicorn", 0, 4)(file);
    let found = only(
        &healthy().hurt(Kind::Emptied, actual(INSTALL, 0), lost),
        "power-loss",
    );
    assert_eq!(found.explains, 10);
    only(
        &healthy().hurt(Kind::ZeroFilled, actual(INSTALL, 9000), of("numpy", 3, 9)),
        "power-loss",
    );
    assert!(rules(&healthy().hurt(Kind::Emptied, actual(LATE, 0), lost)).is_empty());
}

#[test]
fn a_full_disk_cuts_at_a_block() {
    let cut = healthy().hurt(Kind::Truncated, actual(LATE, 4096), of("uvicorn", 5, 6));
    only(&cut, "short-copy");
    let followed = cut
        .remove(LATE, of("uvicorn", 6, 18))
        .remove(LATE, |file| file.path > site("uvicorn/m18.py"));
    assert!(
        only(&followed, "short-copy")
            .text
            .contains("that should follow are missing")
    );
    let ragged = healthy().hurt(Kind::Truncated, actual(LATE, 77), of("uvicorn", 5, 6));
    assert!(rules(&ragged).is_empty());
}

#[test]
fn a_bad_wheel_is_as_old_as_its_install() {
    let click = |file: &Expected| file.path == site("click/core.py") || of("click", 4, 5)(file);
    only(&healthy().remove(INSTALL, click), "bad-wheel");
    only(
        &healthy().hurt(Kind::Emptied, actual(INSTALL, 0), click),
        "bad-wheel",
    );
    only(
        &healthy().hurt(Kind::Altered, actual(INSTALL - 9000, 80), of("click", 4, 5)),
        "bad-wheel",
    );
    // A snapshot of the same install saw it good.
    let mut seen = healthy();
    seen.expected
        .iter_mut()
        .for_each(|file| file.mtime = Some(at(INSTALL)));
    assert!(rules(&seen.hurt(Kind::Altered, actual(INSTALL, 80), of("click", 4, 5))).is_empty());
}

#[test]
fn hard_links_share_the_damage() {
    let linked = |mtime| Actual {
        nlink: 3,
        ..actual(mtime, 0)
    };
    let found = only(
        &healthy().hurt(Kind::Emptied, linked(LATE), of("click", 0, 9)),
        "hard-link-aliasing",
    );
    assert!(found.text.contains("`uv cache clean click`"), "{found:?}");
    // Where the cache was bad before the install, both are true.
    let bad_cache = healthy().hurt(Kind::Emptied, linked(INSTALL), of("click", 0, 9));
    assert_eq!(rules(&bad_cache), ["bad-wheel", "hard-link-aliasing"]);
}

#[test]
fn pip_leaves_a_tilde_behind() {
    let is_click = |file: &Expected| owner(&file.path).as_deref() == Some("click");
    let mut case = healthy().remove(LATE, is_click);
    case.dirs
        .retain(|dir, _| owner(dir).as_deref() != Some("click"));
    case.leftovers = vec![site("~lick"), site("~lick-1.0.dist-info")];
    let found = only(&case, "interrupted-pip");
    assert_eq!((found.explains, found.survivors.len()), (26, 0));
    case.hurts.clear();
    assert_eq!(only(&case, "interrupted-pip").explains, 0);
    let other = case.hurt(Kind::Emptied, actual(LATE, 0), of("idna", 0, 1));
    assert!(rules(&other).is_empty());
}

#[test]
fn an_interpreter_is_told_with_or_without_damage() {
    let mut case = healthy();
    case.interpreter = Some("/usr/bin/python3.11 is gone".to_owned());
    assert_eq!(only(&case, "interpreter-changed").explains, 0);
    case.expected.push(Expected {
        path: path("bin/python3"),
        size: None,
        mtime: None,
    });
    let case = case.hurt(Kind::Link, Actual::default(), named("python3"));
    assert_eq!(only(&case, "interpreter-changed").explains, 1);
}

#[test]
fn an_install_as_root_mixes_owners() {
    let root = Actual {
        uid: 0,
        ..actual(INSTALL, 9000)
    };
    let found = only(
        &healthy().hurt(Kind::Owner, root, of("click", 0, 9)),
        "permissions",
    );
    assert!(
        found
            .text
            .contains("9 of them belong to user 0, the venv to user 1000"),
        "{found:?}"
    );
    let own = only(
        &healthy().hurt(Kind::Mode, actual(INSTALL, 9), of("click", 0, 1)),
        "permissions",
    );
    assert!(
        own.text.starts_with("1 entry has the wrong mode"),
        "{own:?}"
    );
}

#[test]
fn an_edit_is_no_accident() {
    let edit = |valid| Actual {
        valid_python: Some(valid),
        ..actual(LATE, 9100)
    };
    let found = only(
        &healthy().hurt(Kind::Altered, edit(true), of("click", 0, 2)),
        "local-patch",
    );
    assert!(
        found.text.contains("last at 2026-11-24 01:19 UTC"),
        "{found:?}"
    );
    assert!(rules(&healthy().hurt(Kind::Altered, edit(false), of("click", 0, 2))).is_empty());
    assert!(rules(&healthy().hurt(Kind::Altered, edit(true), of("click", 0, 4))).is_empty());
}
