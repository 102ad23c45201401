//! Cases that look like one cause and are another: the one rule speaks, or none.

use super::venv::{INSTALL, LATE, actual, healthy, site};
use super::{among, named, only, rules};
use crate::diagnose::case::{Actual, Case, Expected};
use crate::model::Kind;
use crate::python::Culprit;

/// Damage of some kind in one package, with what is there now.
fn click(kind: Kind, now: Actual) -> Case<'static> {
    healthy().hurt(kind, now, among("click", 0, 2))
}

/// Whoever wrote into a file after its RECORD was written did not find it bad in the wheel, also in the first two
/// minutes.
#[test]
fn what_was_written_after_record_is_no_bad_wheel() {
    let soon = INSTALL + 60;
    for (kind, size) in [(Kind::Emptied, 0), (Kind::Altered, 80)] {
        assert_eq!(rules(&click(kind, actual(INSTALL, size))), ["bad-wheel"]);
        assert!(
            rules(&click(kind, actual(soon, size))).is_empty(),
            "{kind:?}"
        );
        let linked = Actual {
            elsewhere: 1,
            ..actual(soon, size)
        };
        only(&click(kind, linked), "hard-link-aliasing");
        // A second later is later, where the file system tells.
        assert!(rules(&click(kind, actual(INSTALL + 2, size))).is_empty());
    }
    let core = |file: &Expected| *file.path == site("click/core.py");
    assert!(rules(&healthy().remove(soon, core)).is_empty());
    only(&healthy().remove(INSTALL, core), "bad-wheel");
}

/// Whoever empties a file sets its time; a power cut leaves that of the install. Once power loss was told of whatever
/// was emptied within ten minutes after the install.
#[test]
fn what_was_emptied_after_record_was_not_lost_with_the_power() {
    let lost = |file: &Expected| among("numpy", 3, 9)(file) || among("uvicorn", 0, 4)(file);
    for kind in [Kind::Emptied, Kind::ZeroFilled] {
        only(
            &healthy().hurt(kind, actual(INSTALL, 0), lost),
            "power-loss",
        );
        let later = healthy().hurt(kind, actual(INSTALL + 60, 0), lost);
        assert!(rules(&later).is_empty(), "{kind:?}");
    }
}

#[test]
fn what_only_names_the_interpreter_is_no_reason_to_make_a_venv_anew() {
    let text = |culprit| {
        let mut case = healthy();
        case.interpreter = Some("it is gone".to_owned());
        case.culprit = culprit;
        only(&case, "interpreter-changed").text
    };
    let link = Culprit::Link {
        name: "bin/python3".to_owned(),
        to: "/usr/bin/python3.11".into(),
    };
    assert!(text(Culprit::Interpreter).contains("made anew"));
    assert!(text(Culprit::Config).starts_with("pyvenv.cfg does not fit"));
    let text = text(link);
    assert!(text.starts_with("'bin/python3' does not lead to '/usr/bin/python3.11'"));
    assert!(!text.contains("made anew"), "{text}");
}

#[test]
fn an_edit_that_others_share_is_told_as_shared_and_not_as_a_patch() {
    let edit = Actual {
        valid_python: Some(true),
        ..actual(LATE, 9100)
    };
    let local = only(&click(Kind::Altered, edit), "local-patch");
    assert!(local.text.contains("save it first"), "{local:?}");
    let shared = Actual {
        elsewhere: 1,
        ..edit
    };
    let found = only(&click(Kind::Altered, shared), "hard-link-aliasing");
    assert!(found.text.contains("save that first"), "{found:?}");
    let broken = Actual {
        valid_python: Some(false),
        ..shared
    };
    let found = only(&click(Kind::Altered, broken), "hard-link-aliasing");
    assert!(!found.text.contains("save that first"), "{found:?}");
}

#[test]
fn what_cannot_be_read_for_other_reasons_is_no_matter_of_permissions() {
    let unread = |denied| Actual {
        denied,
        ..actual(LATE, 0)
    };
    only(&click(Kind::Unreadable, unread(true)), "permissions");
    assert!(rules(&click(Kind::Unreadable, unread(false))).is_empty());
}

#[test]
fn leftovers_are_rubbish_or_the_only_copy() {
    let mut case = healthy();
    case.leftovers = vec![site("~lick"), site("~lick-1.0.dist-info")];
    let rubbish = only(&case, "interrupted-pip").text;
    assert!(rubbish.contains("remove them"), "{rubbish}");
    case.stranded = case.leftovers.clone();
    let copy = only(&case, "interrupted-pip").text;
    assert!(
        copy.contains("rename them back") && !copy.contains("remove"),
        "{copy}"
    );
}

/// A case with the one rule that may speak of it.
type Row = (&'static str, Case<'static>);

/// Every cause with clear evidence, and those beside it that share some of it.
fn causes() -> Vec<Row> {
    let at = |mtime| actual(mtime, 0);
    let linked = |mtime| Actual {
        elsewhere: 2,
        ..at(mtime)
    };
    let foreign = Actual {
        uid: 0,
        ..actual(INSTALL, 9000)
    };
    let lost = |file: &Expected| among("numpy", 3, 9)(file) || among("uvicorn", 0, 4)(file);
    let skipped =
        |file: &Expected| named("*.so")(file) || file.path.parts().any(|part| part == b"core");
    let ignored = |file: &Expected| {
        let mut parts = file.path.parts().skip(3);
        parts.any(|part| [&b"lib"[..], b"build", b"tests"].contains(&part))
    };
    let mut gone = healthy();
    gone.interpreter = Some("it is gone".to_owned());
    vec![
        ("bad-wheel", click(Kind::Emptied, at(INSTALL))),
        (
            "core-dump-cleaner",
            healthy().remove(LATE, named("core.py")),
        ),
        (
            "empty-file-cleaner",
            healthy().remove(LATE, |file| file.size == Some(0)),
        ),
        ("hard-link-aliasing", click(Kind::Emptied, linked(LATE))),
        (
            "hard-link-aliasing",
            click(Kind::Emptied, linked(INSTALL + 90)),
        ),
        ("ignore-file-excludes", healthy().remove(INSTALL, ignored)),
        ("interpreter-changed", gone),
        ("permissions", click(Kind::Owner, foreign)),
        (
            "power-loss",
            healthy().hurt(Kind::Emptied, at(INSTALL), lost),
        ),
        ("rsync-cvs-exclude", healthy().remove(INSTALL, skipped)),
        (
            "short-copy",
            healthy().hurt(Kind::Truncated, actual(LATE, 4096), among("uvicorn", 5, 6)),
        ),
    ]
}

#[test]
fn each_rule_is_silent_on_the_damage_of_all_others() {
    for (rule, case) in causes() {
        only(&case, rule);
    }
}

/// Each rule speaks on a copy that keeps times all the same. On a disk that is full, files may be empty for want of
/// room, so power loss is not told.
#[test]
fn each_rule_is_silent_there_as_well_where_the_venv_is_a_copy_or_the_disk_is_full() {
    for (rule, case) in causes() {
        let copied_until = Some(super::venv::at(INSTALL + 15));
        only(
            &Case {
                copied_until,
                ..case.clone()
            },
            rule,
        );
        let full = Case { full: true, ..case };
        let lost = rule == "power-loss";
        assert_eq!(
            rules(&full),
            [if lost { "short-copy" } else { rule }],
            "{rule}"
        );
    }
}
