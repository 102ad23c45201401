//! Causes that take files away.

use super::venv::{INSTALL, LATE, actual, at, healthy, owner, site};
use super::{among, named, only, rules};
use crate::diagnose::case::Expected;
use crate::model::Kind;

#[test]
fn a_core_dump_cleaner_is_told_with_its_survivor_and_its_time() {
    let spared = site("idna/core.py");
    let case = healthy().remove(LATE, |file| named("core.py")(file) && *file.path != spared);
    let found = only(&case, "core-dump-cleaner");
    assert_eq!(
        found.text,
        "3 files are missing and 1 of 4 like them survives: all match core.*, which `find -name \
         'core.*' -delete`, a core-dump cleaner, removes. They were deleted after the install, \
         the last at 2026-11-24 01:19 UTC. Look in cron and timers before you restore."
    );
    assert_eq!((found.explains, found.survivors), (3, vec![spared]));
    assert!((found.recall - 0.75).abs() < 1e-9);
    // In the same step of an image's build, the times cannot tell it; the packages do.
    only(
        &healthy().remove(INSTALL, named("core.py")),
        "core-dump-cleaner",
    );
    // One of four: whatever took it left the others alone.
    let one = healthy().remove(LATE, |file| *file.path == site("click/core.py"));
    assert!(rules(&one).is_empty());
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
    assert!(rules(&case.remove(LATE, among("click", 0, 9))).is_empty());
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
    let other = case.hurt(Kind::Emptied, actual(LATE, 0), among("idna", 0, 1));
    assert!(rules(&other).is_empty());
}
