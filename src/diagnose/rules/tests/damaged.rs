//! Causes that leave files behind, with something wrong about them.

use super::venv::{INSTALL, LATE, actual, at, healthy, path, site};
use super::{named, of, only, rules};
use crate::diagnose::case::{Actual, Expected};
use crate::model::Kind;

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
        .remove(LATE, |file| *file.path > site("uvicorn/m18.py"));
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
    let click = |file: &Expected| *file.path == site("click/core.py") || of("click", 4, 5)(file);
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
        elsewhere: 2,
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
fn an_interpreter_is_told_with_or_without_damage() {
    let mut case = healthy();
    case.interpreter = Some("/usr/bin/python3.11 is gone".to_owned());
    assert_eq!(only(&case, "interpreter-changed").explains, 0);
    case.expected.push(Expected {
        path: std::borrow::Cow::Owned(path("bin/python3")),
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
