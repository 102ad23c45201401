//! Symbolic links that leave a venv and lead back into it by the name of the place where it stood.

use crate::model::RelPath;

/// The text of a link for the new place; none where it does not depend on it. `from` and `to` are absolute.
pub(crate) fn relocated_link(
    path: &RelPath,
    text: &[u8],
    from: &[u8],
    to: &[u8],
) -> Option<Vec<u8>> {
    let inside = inside(path, text, from)?;
    let mut new = to.to_vec();
    for part in inside {
        new.push(b'/');
        new.extend_from_slice(part);
    }
    Some(new)
}

/// Where below the old place a link leads that goes there from outside.
fn inside<'t>(path: &'t RelPath, text: &'t [u8], from: &'t [u8]) -> Option<Vec<&'t [u8]>> {
    let parts = |path: &'t [u8]| path.split(|&b| b == b'/').filter(|part| !part.is_empty());
    let root: Vec<&[u8]> = parts(from).collect();
    let mut at: Vec<&[u8]> = Vec::new();
    let mut left = text.starts_with(b"/");
    if !left {
        at.clone_from(&root);
        at.extend(parts(path.as_bytes()));
        at.pop();
    }
    for part in parts(text) {
        match part {
            b"." => {}
            b".." => {
                at.pop();
                left |= at.len() < root.len();
            }
            part => at.push(part),
        }
    }
    let leads_back = left && at.starts_with(&root);
    leads_back.then(|| at.split_off(root.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_leads_back_by_the_old_name_is_another_text() {
        for (path, text, new) in [
            ("lib64", "/srv/a/lib", Some("/opt/b/lib")),
            ("lib64", "/srv//a/./lib/", Some("/opt/b/lib")),
            ("bin/python", "/srv/a", Some("/opt/b")),
            (
                "bin/python",
                "../../a/bin/python3",
                Some("/opt/b/bin/python3"),
            ),
            ("bin/python", "../lib/../bin/python3", None),
            ("bin/python", "python3", None),
            ("bin/python", "/usr/bin/python3", None),
            ("bin/python", "/srv/a2/bin/python3", None),
            ("lib64", "/srv/a/../c", None),
            ("lib64", "", None),
        ] {
            let path = RelPath::new(path.as_bytes()).unwrap();
            let found = relocated_link(&path, text.as_bytes(), b"/srv/a", b"/opt/b");
            assert_eq!(found.as_deref(), new.map(str::as_bytes), "{text}");
        }
    }
}
