//! What no rule may explain, and how findings are told.

use super::venv::{LATE, actual, at, healthy, owner, site};
use super::{among, named, rules};
use crate::diagnose::case::{Case, Expected};
use crate::diagnose::rules::diagnose;
use crate::model::Kind;

#[test]
fn nothing_wrong_is_nothing_to_tell() {
    assert!(rules(&Case::default()).is_empty() && rules(&healthy()).is_empty());
}

#[test]
fn random_damage_has_no_cause() {
    let mut state = 1_u64;
    let mut random = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for round in 0..200 {
        let mut case = healthy();
        let count = case.expected.len() as u64;
        let mut hit: Vec<_> = (0..12).map(|_| random(count) as usize).collect();
        hit.sort_unstable();
        hit.dedup();
        for (number, at) in hit.into_iter().enumerate() {
            let path = case.expected[at].path.clone();
            let this = |file: &Expected| file.path == path;
            case = match number % 3 {
                0 => case.remove(LATE, this),
                1 => case.hurt(Kind::Emptied, actual(LATE + 60 * number as i64, 0), this),
                _ => case.hurt(Kind::Truncated, actual(LATE, 1 + random(4000)), this),
            };
        }
        assert!(
            rules(&case).is_empty(),
            "round {round}: {:?}",
            diagnose(&case)
        );
    }
}

#[test]
fn a_package_that_is_removed_by_hand_has_no_pattern() {
    let mut case = healthy();
    for file in &mut case.expected {
        let days = if owner(&file.path).as_deref() == Some("certifi") {
            30
        } else {
            1
        };
        file.mtime = Some(at(LATE - days * 86400));
    }
    let gone = case.remove(LATE, |file| owner(&file.path).as_deref() == Some("certifi"));
    assert!(rules(&gone).is_empty());
}

#[test]
fn times_that_an_import_explains_date_no_deletion() {
    let core = || healthy().remove(LATE, named("core.py"));
    let mut imported = core();
    for package in ["click", "certifi", "idna", "httpcore"] {
        imported
            .dirs
            .insert(site(&format!("{package}/__pycache__")), at(LATE));
    }
    let text = |case: &Case| diagnose(case).remove(0).text;
    assert!(text(&core()).contains("deleted after") && !text(&imported).contains("deleted after"));
    let mut unknown = core();
    unknown.installed.clear();
    assert!(!text(&unknown).contains("install"));
}

#[test]
fn a_missing_directory_goes_with_its_files() {
    let is_build = |file: &Expected| file.path.is_within(&site("wheelkit/build"));
    let is_lib = |file: &Expected| file.path.parts().skip(3).any(|part| part == b"lib");
    let dir = Expected {
        path: std::borrow::Cow::Owned(site("wheelkit/build")),
        size: None,
        mtime: None,
    };
    let mut case = healthy();
    case.expected.push(dir);
    let case = case.remove(LATE, |file| is_build(file) || is_lib(file));
    let found = diagnose(&case);
    assert_eq!(
        (found.len(), found[0].explains),
        (1, 2 + 4 + 1),
        "{found:#?}"
    );
}

#[test]
fn what_explains_more_comes_first() {
    let mut case = healthy().hurt(Kind::Emptied, actual(LATE, 0), among("click", 0, 4));
    case.hurts
        .iter_mut()
        .filter_map(|hurt| hurt.actual.as_mut())
        .for_each(|now| now.elsewhere = 1);
    case.interpreter = Some("it is gone".to_owned());
    assert_eq!(rules(&case), ["hard-link-aliasing", "interpreter-changed"]);
}
