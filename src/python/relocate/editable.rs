//! Editable installs: their sources lie outside of the venv, so only what points back into it can move along.

use super::Stuck;
use super::occurrence::{
    Place, is_plain, mentions, mentions_quoted, replace_plain, replace_quoted,
};
use crate::model::{RelPath, Unmoved};

/// Rewrites what points into the venv.
pub(super) fn rewrite(path: &RelPath, content: &[u8], place: &Place<'_>) -> Result<Vec<u8>, Stuck> {
    // A plain list of paths needs no quoting; Python does.
    if !path.name().ends_with(b".py") || !mentions_quoted(content, place) {
        return Ok(replace_plain(content, place));
    }
    if !is_plain(place.to) {
        return Err(Stuck);
    }
    Ok(replace_quoted(content, place))
}

/// What people must know of an editable whose source is outside: it is shared with the old venv.
pub(super) fn unmoved(path: &RelPath, content: &[u8], place: &Place<'_>) -> Option<Unmoved> {
    let target = match path.name() {
        name if name.ends_with(b".pth") || name.ends_with(b".egg-link") => outside(content, place)?,
        b"direct_url.json"
            if holds(content, b"\"editable\": true") || holds(content, b"\"editable\":true") =>
        {
            let metadata = path.parent()?.name().to_owned();
            return (!mentions(content, place)).then_some(Unmoved::Editable { metadata });
        }
        _ => return None,
    };
    Some(Unmoved::Outside {
        path: path.clone(),
        adds: target,
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
        assert_eq!(unmoved(&pth, b"/srv/a/src/app\n", &place), None);
        let outside = Unmoved::Outside {
            path: pth.clone(),
            adds: b"/home/me/app".to_vec(),
        };
        assert_eq!(unmoved(&pth, b"/home/me/app\n", &place), Some(outside));
        assert_eq!(unmoved(&pth, b"import x; x.install()\n", &place), None);
        let url = path("lib/x/app-1.dist-info/direct_url.json");
        let json = b"{\"dir_info\": {\"editable\": true}, \"url\": \"file:///home/me/app\"}";
        let metadata = b"app-1.dist-info".to_vec();
        assert_eq!(
            unmoved(&url, json, &place),
            Some(Unmoved::Editable { metadata })
        );
    }
}
