//! What a person may have meant who mistyped the path of a venv or a label.

use std::path::{Path, PathBuf};

use venv_snap::Site;
use venv_snap::model::Label;
use venv_snap::ops::{Context, list};

/// How many letters may be wrong.
const TYPOS_MAX: usize = 3;
/// A part of a label counts from so many letters on.
const PART_MIN: usize = 3;

/// The venv of this host that the store knows and whose path is nearest to one that it does not know.
pub(crate) fn known(context: &Context<'_>, path: &Path) -> Option<PathBuf> {
    let listing = list(context, None).ok()?;
    let own = listing
        .snapshots
        .iter()
        .map(|one| &one.chosen.snapshot.venv);
    let mut venvs: Vec<PathBuf> = own
        .filter(|venv| venv.host == context.host)
        .map(venv_snap::model::VenvId::path)
        .filter(|venv| venv != path)
        .collect();
    venvs.sort();
    venvs.dedup();
    let wanted = path.to_string_lossy();
    let distance = |venv: &PathBuf| typos(&wanted, &venv.to_string_lossy());
    let near = venvs
        .into_iter()
        .map(|venv| (distance(&venv), venv))
        .min()?;
    let own = own_part(&wanted, &near.1.to_string_lossy());
    (near.0 <= TYPOS_MAX && near.0 * 2 <= own).then_some(near.1)
}

/// The label nearest to a text that is none, of the saves of a venv or of all; the newest of several that are as near.
pub(crate) fn label(context: &Context<'_>, site: Option<&Site>, text: &str) -> Option<Label> {
    let listing = list(context, site).ok()?;
    let saves = listing.snapshots.into_iter().rev();
    let labels = saves.filter_map(|one| one.chosen.snapshot.label);
    let near = labels.filter_map(|label| Some((distance(text, label.as_str())?, label)));
    near.min_by_key(|(distance, _)| *distance)
        .map(|(_, label)| label)
}

/// How far a text is from a label that may be meant by it; none where the text is too far. The text may lack the '@',
/// be in other letters, be a part of the label, or have typos.
fn distance(text: &str, label: &str) -> Option<usize> {
    let wanted = text.strip_prefix('@').unwrap_or(text).to_lowercase();
    let label = label.to_lowercase();
    let letters = wanted.chars().count();
    let distance = if wanted == label {
        0
    } else if letters >= PART_MIN && label.starts_with(&wanted) {
        1
    } else if letters >= PART_MIN && label.contains(&wanted) {
        2
    } else {
        1 + typos(&wanted, &label)
    };
    (distance <= 1 + TYPOS_MAX && distance * 2 <= letters + 1).then_some(distance)
}

/// How many letters a path has behind the directories that another has as well: a name that shares nothing is no typo.
fn own_part(path: &str, other: &str) -> usize {
    let parts = |text: &str| text.split('/').map(str::to_owned).collect::<Vec<_>>();
    let (one, two) = (parts(path), parts(other));
    let same = one.iter().zip(&two).take_while(|(a, b)| a == b).count();
    one[same..].join("/").chars().count()
}

/// How many letters must be added, removed or replaced to make one text of the other.
pub(super) fn typos(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, left) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = at + 1;
        for (place, right) in b.iter().enumerate() {
            let replaced = corner + usize::from(left != *right);
            corner = row[place + 1];
            row[place + 1] = replaced.min(corner + 1).min(row[place] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, own_part, typos};

    #[test]
    fn labels_are_known_by_a_part_and_through_typos_and_not_by_chance() {
        for (text, label) in [
            ("before-deploy", "before-deploy"),
            ("befor", "before-deploy"),
            ("@befor", "before-deploy"),
            ("Before-Deploy", "before-deploy"),
            ("deploy", "before-deploy"),
            ("beforedeploy", "before-deploy"),
            ("v1.2", "v1.3"),
            ("a", "a"),
        ] {
            assert!(distance(text, label).is_some(), "{text} {label}");
        }
        for (text, label) in [
            ("be", "before-deploy"),
            ("prod", "test"),
            ("x", "y"),
            ("", "a"),
            ("venv", "before"),
        ] {
            assert!(distance(text, label).is_none(), "{text} {label}");
        }
    }

    #[test]
    fn what_two_paths_share_counts_for_nothing() {
        assert_eq!(own_part("/srv/app/nope", "/srv/app/im"), 4);
        assert_eq!(own_part("/srv/app/x", "/srv/app/x"), 0);
        assert_eq!(own_part("/srv/ab/venv", "/srv/aa/venv"), 7);
    }

    #[test]
    fn typos_are_letters_that_were_added_left_out_or_replaced() {
        for (a, b, count) in [
            ("", "", 0),
            ("venv", "venv", 0),
            ("venv", "vnv", 1),
            ("venv", "vemv2", 2),
            ("", "abc", 3),
        ] {
            assert_eq!(typos(a, b), count, "{a} {b}");
            assert_eq!(typos(b, a), count, "{b} {a}");
        }
    }
}
