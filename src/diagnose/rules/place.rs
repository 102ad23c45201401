//! Where in a venv a path lies.

use crate::model::RelPath;

/// The parts of a path below the directory of the packages; none for what lies elsewhere, such as `bin/pip`.
pub(super) fn inside(path: &RelPath) -> impl Iterator<Item = &[u8]> {
    let is_above = |part: &&[u8]| *part != b"site-packages" && *part != b"dist-packages";
    path.parts().skip_while(is_above).skip(1)
}

/// The entry of the packages' directory that a path lies in, such as `click` or `six.py`.
pub(super) fn top(path: &RelPath) -> Option<&[u8]> {
    inside(path).next()
}
