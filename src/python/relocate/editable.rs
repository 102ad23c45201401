//! Editable installs: their sources lie outside of the venv, so only what points back into it can move along.

use super::Stuck;
use super::occurrence::{Place, is_plain, mentions, replace_plain};
use crate::model::{RelPath, Shown};

/// Rewrites what points into the venv.
pub(super) fn rewrite(path: &RelPath, content: &[u8], place: &Place<'_>) -> Result<Vec<u8>, Stuck> {
    // A plain list of paths needs no quoting; Python does.
    if path.name().ends_with(b".py") && mentions(content, place) && !is_plain(place.to) {
        return Err(Stuck);
    }
    Ok(replace_plain(content, place))
}

/// What people must know of an editable whose source is outside: it is shared with the old venv.
pub(super) fn warning(path: &RelPath, content: &[u8], place: &Place<'_>) -> Option<String> {
    let target = match path.name() {
        name if name.ends_with(b".pth") || name.ends_with(b".egg-link") => outside(content, place)?,
        b"direct_url.json"
            if holds(content, b"\"editable\": true") || holds(content, b"\"editable\":true") =>
        {
            return told(path, place, content, path.parent()?.name());
        }
        _ => return None,
    };
    told(path, place, content, &target)
}

fn told(path: &RelPath, place: &Place<'_>, content: &[u8], what: &[u8]) -> Option<String> {
    let editable = path.name() == b"direct_url.json";
    if editable && mentions(content, place) {
        return None;
    }
    let what = Shown(what);
    Some(if editable {
        format!(
            "'{what}' is installed as editable: its source lies outside of the venv and is not part of it"
        )
    } else {
        format!("'{path}' adds '{what}', which lies outside of the venv and is not part of it")
    })
}

/// The first absolute path of a list of paths that lies outside of the venv.
fn outside(content: &[u8], place: &Place<'_>) -> Option<Vec<u8>> {
    let lines = content.split(|&b| b == b'\n').map(<[u8]>::trim_ascii);
    lines
        .filter(|line| line.starts_with(b"/"))
        .find(|line| !mentions(line, place))
        .map(<[u8]>::to_vec)
}

fn holds(content: &[u8], text: &[u8]) -> bool {
    content.windows(text.len()).any(|window| window == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        RelPath::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_source_inside_moves_along_and_one_outside_is_told() {
        let place = Place {
            from: b"/srv/a",
            to: b"/srv/b",
        };
        let pth = path("lib/x/__editable__.app.pth");
        assert_eq!(
            rewrite(&pth, b"/srv/a/src/app\n", &place),
            Ok(b"/srv/b/src/app\n".to_vec())
        );
        assert_eq!(warning(&pth, b"/srv/a/src/app\n", &place), None);
        assert!(
            warning(&pth, b"/home/me/app\n", &place)
                .unwrap()
                .contains("/home/me/app")
        );
        assert_eq!(warning(&pth, b"import x; x.install()\n", &place), None);
        let url = path("lib/x/app-1.dist-info/direct_url.json");
        let json = b"{\"dir_info\": {\"editable\": true}, \"url\": \"file:///home/me/app\"}";
        assert!(
            warning(&url, json, &place)
                .unwrap()
                .contains("app-1.dist-info")
        );
    }
}
