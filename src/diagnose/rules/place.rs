//! Where in a venv a path lies.

use crate::model::RelPath;
use crate::python::layout::is_site_name;

/// The parts of a path below the directory of the packages; none for what lies elsewhere, such as `bin/pip`.
pub(super) fn inside(path: &RelPath) -> impl Iterator<Item = &[u8]> {
    let is_above = |part: &&[u8]| !is_site_name(part);
    path.parts().skip_while(is_above).skip(1)
}

/// The entry of the packages' directory that a path lies in, such as `click` or `six.py`.
pub(super) fn top(path: &RelPath) -> Option<&[u8]> {
    inside(path).next()
}
