//! What a person may have meant who mistyped the path of a venv.

use std::path::{Path, PathBuf};

use venv_snap::ops::{Context, list};

/// How many letters may be wrong.
const TYPOS_MAX: usize = 3;

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

/// How many letters a path has behind the directories that another has as well: a name that shares nothing is no typo.
fn own_part(path: &str, other: &str) -> usize {
    let parts = |text: &str| text.split('/').map(str::to_owned).collect::<Vec<_>>();
    let (one, two) = (parts(path), parts(other));
    let same = one.iter().zip(&two).take_while(|(a, b)| a == b).count();
    one[same..].join("/").chars().count()
}

/// How many letters must be added, removed or replaced to make one text of the other.
fn typos(a: &str, b: &str) -> usize {
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
    use super::{own_part, typos};

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
