//! Causes that leave files behind, with something wrong about them.

use std::collections::BTreeMap;

use super::venv::{INSTALL, LATE, actual, at, healthy, path, site};
use super::{among, named, only, rules};
use crate::diagnose::case::{Actual, Case, Expected, Interruption};
use crate::model::Kind;
use crate::python::Culprit;

#[test]
fn a_power_cut_leaves_names_and_times() {
    let lost = |file: &Expected| among("numpy", 3, 9)(file) || among("uvicorn", 0, 4)(file);
    let found = only(
        &healthy().hurt(Kind::Emptied, actual(INSTALL, 0), lost),
        "power-loss",
    );
    assert_eq!(found.explains, 10);
    only(
        &healthy().hurt(
            Kind::ZeroFilled,
            actual(INSTALL, 9000),
            among("numpy", 3, 9),
        ),
        "power-loss",
    );
    assert!(rules(&healthy().hurt(Kind::Emptied, actual(LATE, 0), lost)).is_empty());
}

#[test]
fn a_full_disk_cuts_at_a_block() {
    let cut = healthy().hurt(Kind::Truncated, actual(LATE, 4096), among("uvicorn", 5, 6));
    only(&cut, "short-copy");
    let followed = cut
        .remove(LATE, among("uvicorn", 6, 18))
        .remove(LATE, |file| *file.path > site("uvicorn/m18.py"));
    let told = only(&followed, "short-copy").text;
    let shown = "1 file is cut short and 47 are missing: a copy ended early";
    assert!(told.starts_with(shown), "{told}");
    let ragged = healthy().hurt(Kind::Truncated, actual(LATE, 77), among("uvicorn", 5, 6));
    assert!(rules(&ragged).is_empty());
}

/// What stands before a file in the order of paths is whole, what comes after it is empty.
fn half(case: Case<'static>, mtime: i64) -> Case<'static> {
    let after = |file: &Expected| *file.path > site("pandas/m04.py") && file.size != Some(0);
    case.hurt(Kind::Emptied, actual(mtime, 0), after)
}

#[test]
fn empty_files_are_a_full_disk_where_it_is_full_or_the_venv_is_a_copy() {
    let full = |full| Case { full, ..healthy() };
    let told = only(&half(full(true), LATE), "short-copy").text;
    assert!(told.contains("was full when this was found"), "{told}");
    // Old times say nothing of when the bytes went, unless there is no room.
    only(&half(full(true), INSTALL), "short-copy");
    // One file may be empty for any reason.
    let one = full(true).hurt(Kind::Emptied, actual(LATE, 0), among("click", 0, 1));
    assert!(rules(&one).is_empty());
    let shared = Actual {
        elsewhere: 1,
        ..actual(LATE, 0)
    };
    let linked = full(true).hurt(Kind::Emptied, shared, among("click", 0, 4));
    only(&linked, "hard-link-aliasing");
    // Whole packages came to nothing, right after the others were put in their places.
    let at_once = |copied_until| Case {
        copied_until,
        ..half(healthy(), LATE)
    };
    assert!(rules(&at_once(None)).is_empty());
    only(&at_once(Some(at(LATE - 1))), "short-copy");
    assert!(rules(&at_once(Some(at(LATE + 1)))).is_empty());
    assert!(rules(&at_once(Some(at(LATE - 3600)))).is_empty());
    // Others beside them have their content.
    let some = Case {
        copied_until: Some(at(LATE - 1)),
        ..healthy().hurt(Kind::Emptied, actual(LATE, 0), |file| {
            among("click", 0, 9)(file) || among("pandas", 0, 9)(file)
        })
    };
    assert!(rules(&some).is_empty());
}

/// A copy that ended in the midst of a distribution left an empty RECORD, as installers do that could not go on.
#[test]
fn a_distribution_in_the_midst_of_which_a_copy_ended_was_not_interrupted_by_an_installer() {
    let ended = |copied_until| {
        let all = |file: &Expected| file.path.is_within(&site("click-1.0.dist-info"));
        let case = Case {
            copied_until,
            full: true,
            ..healthy()
        };
        let mut case = case.hurt(Kind::Emptied, actual(LATE, 0), all);
        let unfinished = Interruption::Certain(None);
        case.unfinished = BTreeMap::from([("click".to_owned(), unfinished)]);
        case
    };
    only(&ended(Some(at(LATE - 1))), "short-copy");
    let both = ["interrupted-install", "short-copy"];
    assert_eq!(rules(&ended(Some(at(LATE - 3600)))), both);
    assert_eq!(rules(&ended(None)), both);
}

#[test]
fn files_cut_at_a_block_are_a_short_copy_whatever_their_times() {
    for time in [INSTALL, LATE] {
        let cut = healthy().hurt(Kind::Truncated, actual(time, 4096), among("uvicorn", 5, 6));
        only(&cut, "short-copy");
    }
}

/// The same holds where it hit all files of its packages, RECORD too, and whole files as young are left nowhere.
#[test]
fn a_power_cut_after_an_upgrade_is_no_short_copy() {
    let lost = |file: &Expected| {
        let is_of = |dir| file.path.is_within(&site(dir));
        (is_of("click") || is_of("idna")) && file.size != Some(0)
    };
    for copied_until in [None, Some(at(INSTALL + 15))] {
        let case = Case {
            copied_until,
            ..healthy()
        };
        only(
            &case.hurt(Kind::Emptied, actual(INSTALL, 0), lost),
            "power-loss",
        );
        let all = |file: &Expected| {
            let is_of = |dir| file.path.is_within(&site(dir));
            lost(file) || is_of("click-1.0.dist-info") || is_of("idna-1.0.dist-info")
        };
        let mut unknown = healthy().hurt(Kind::Emptied, actual(INSTALL, 0), all);
        unknown.copied_until = copied_until;
        unknown.installed.remove("click");
        unknown.installed.remove("idna");
        assert!(rules(&unknown).is_empty());
    }
}

#[test]
fn bytes_that_never_came_are_no_want_of_room() {
    let zeroed = healthy().hurt(
        Kind::ZeroFilled,
        actual(INSTALL, 9000),
        among("numpy", 3, 9),
    );
    only(
        &Case {
            full: true,
            ..zeroed
        },
        "power-loss",
    );
}

#[test]
fn what_rsync_did_not_come_to_is_last_in_its_order() {
    // Files of a directory before its directories, whatever their names.
    let is_in = |file: &Expected, dir| file.path.is_within(&site(dir));
    let rest = |file: &Expected| {
        let beyond = [
            "uvicorn",
            "uvicorn-1.0.dist-info",
            "wheelkit",
            "wheelkit-1.0.dist-info",
        ];
        let in_pandas = is_in(file, "pandas") && *file.path >= site("pandas/m09.py");
        let below = is_in(file, "pandas/core") || is_in(file, "pandas/tests");
        in_pandas
            || below
            || is_in(file, "pandas/_libs")
            || beyond.iter().any(|dir| is_in(file, dir))
    };
    let case = healthy().remove(LATE, rest);
    only(&case, "short-copy");
    // One who removes packages takes whole ones.
    let whole = healthy().remove(LATE, |file| {
        is_in(file, "uvicorn") || is_in(file, "wheelkit")
    });
    assert!(rules(&whole).is_empty());
}

#[test]
fn a_bad_wheel_is_as_old_as_its_install() {
    let click = |file: &Expected| *file.path == site("click/core.py") || among("click", 4, 5)(file);
    only(&healthy().remove(INSTALL, click), "bad-wheel");
    only(
        &healthy().hurt(Kind::Emptied, actual(INSTALL, 0), click),
        "bad-wheel",
    );
    only(
        &healthy().hurt(
            Kind::Altered,
            actual(INSTALL - 9000, 80),
            among("click", 4, 5),
        ),
        "bad-wheel",
    );
    // A snapshot of the same install saw it good.
    let mut seen = healthy();
    seen.expected
        .iter_mut()
        .for_each(|file| file.mtime = Some(at(INSTALL)));
    seen.same_install.insert("click".to_owned());
    let hurt = |time| {
        let case = seen.clone();
        case.hurt(Kind::Altered, actual(time, 80), among("click", 4, 5))
    };
    assert!(rules(&hurt(INSTALL)).is_empty());
    // Another install, with files of the same times.
    seen.same_install.clear();
    let again = seen.hurt(Kind::Altered, actual(INSTALL, 80), among("click", 4, 5));
    only(&again, "bad-wheel");
}

#[test]
fn an_edit_right_after_the_install_that_the_snapshot_saw_is_a_patch() {
    let edit = |is_seen: bool| {
        let mut case = healthy();
        let files = case.expected.iter_mut();
        files.for_each(|file| file.mtime = Some(at(INSTALL)));
        if is_seen {
            case.same_install.insert("click".to_owned());
        }
        let edited = Actual {
            valid_python: Some(true),
            ..actual(INSTALL + 60, 80)
        };
        rules(&case.hurt(Kind::Altered, edited, among("click", 4, 5)))
    };
    assert_eq!(edit(true), ["local-patch"]);
    assert_eq!(edit(false), [""; 0]);
}

#[test]
fn hard_links_share_the_damage() {
    let linked = |mtime| Actual {
        elsewhere: 2,
        ..actual(mtime, 0)
    };
    let found = only(
        &healthy().hurt(Kind::Emptied, linked(LATE), among("click", 0, 9)),
        "hard-link-aliasing",
    );
    assert!(found.text.contains("`uv cache clean click`"), "{found:?}");
    // Where the cache was bad before the install, both are true.
    let bad_cache = healthy().hurt(Kind::Emptied, linked(INSTALL), among("click", 0, 9));
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

/// What took other files as well took what leads to the interpreter: that did not change.
#[test]
fn an_interpreter_that_nothing_leads_to_any_more_did_not_change() {
    let gone = |culprit| Case {
        interpreter: Some("there is no bin/python".to_owned()),
        signpost_gone: true,
        culprit,
        ..healthy()
    };
    let link = || Culprit::Link {
        name: "bin/python".to_owned(),
        to: "/usr/bin/python3.11".into(),
    };
    only(&gone(link()), "interpreter-changed");
    assert!(rules(&gone(Culprit::Interpreter)).is_empty());
    let emptied = |to| gone(link()).hurt(Kind::Emptied, actual(LATE, 0), among("click", 0, to));
    only(&emptied(2), "interpreter-changed");
    assert!(rules(&emptied(3)).is_empty());
    let edited = gone(link()).hurt(Kind::Altered, actual(LATE, 9), among("click", 0, 2));
    only(&edited, "interpreter-changed");
}

#[test]
fn an_install_as_root_mixes_owners() {
    let root = Actual {
        uid: 0,
        ..actual(INSTALL, 9000)
    };
    let found = only(
        &healthy().hurt(Kind::Owner, root, among("click", 0, 9)),
        "permissions",
    );
    assert!(
        found
            .text
            .contains("9 of them belong to user 0, the venv to user 1000"),
        "{found:?}"
    );
    let own = only(
        &healthy().hurt(Kind::Mode, actual(INSTALL, 9), among("click", 0, 1)),
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
        &healthy().hurt(Kind::Altered, edit(true), among("click", 0, 2)),
        "local-patch",
    );
    assert!(
        found.text.contains("last at 2026-11-24 01:19 UTC"),
        "{found:?}"
    );
    assert!(rules(&healthy().hurt(Kind::Altered, edit(false), among("click", 0, 2))).is_empty());
    assert!(rules(&healthy().hurt(Kind::Altered, edit(true), among("click", 0, 4))).is_empty());
}
