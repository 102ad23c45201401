//! How conda writes the place of an environment into files of its packages, and back (conda, `conda.core.portability`).
//! A package is built at a long placeholder. In a text the place stands for each placeholder. In a binary the place
//! must not be longer: behind the string that holds it NUL bytes fill up what it lacks, so that nothing moves.

use memchr::memmem;

/// How a file holds its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Style {
    /// Anywhere, and the length changes.
    Text,
    /// In strings that end with NUL, and the length stays.
    Binary,
}

impl Style {
    /// By its name in `file_mode`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "text" => Some(Self::Text),
            "binary" => Some(Self::Binary),
            _ => None,
        }
    }
}

/// The file as it was in its package, where `placeholder` stood for `place`; none where what fills up a string is not
/// as conda writes it.
pub(crate) fn packed(
    content: &[u8],
    place: &[u8],
    placeholder: &[u8],
    style: Style,
) -> Option<Vec<u8>> {
    match style {
        Style::Text => Some(replaced(content, place, placeholder)),
        Style::Binary => strings(content, place, placeholder),
    }
}

/// A file of a package as it is at a place; none where the name of the place is longer than a binary has room for.
pub(crate) fn placed(
    packed: &[u8],
    placeholder: &[u8],
    place: &[u8],
    style: Style,
) -> Option<Vec<u8>> {
    match style {
        Style::Text => Some(replaced(packed, placeholder, place)),
        Style::Binary if place.len() > placeholder.len() => None,
        Style::Binary => strings(packed, placeholder, place),
    }
}

fn replaced(content: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len());
    let mut done = 0;
    for at in memmem::find_iter(content, from) {
        out.extend_from_slice(&content[done..at]);
        out.extend_from_slice(to);
        done = at + from.len();
    }
    out.extend_from_slice(&content[done..]);
    out
}

/// Replaces in strings that end with NUL, and takes or gives NUL bytes behind each, so that the length stays.
fn strings(content: &[u8], from: &[u8], to: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(content.len());
    let mut done = 0;
    while let Some(at) = memmem::find(&content[done..], from).map(|at| done + at) {
        out.extend_from_slice(&content[done..at]);
        let end = memchr::memchr(0, &content[at..]).map_or(content.len(), |end| at + end);
        let string = &content[at..end];
        let count = memmem::find_iter(string, from).count();
        out.extend_from_slice(&replaced(string, from, to));
        done = end;
        if let Some(more) = to.len().checked_sub(from.len()) {
            let filled = content.get(end..end + more * count)?;
            if filled.iter().any(|&byte| byte != 0) {
                return None;
            }
            done += more * count;
        } else {
            out.resize(out.len() + (from.len() - to.len()) * count, 0);
        }
    }
    out.extend_from_slice(&content[done..]);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELD: &[u8] = b"/held/placehold_placehold_placehold";

    #[test]
    fn a_text_comes_back_as_it_was_in_its_package() {
        let packed_text = [b"#!", HELD, b"/bin/python\nx = '", HELD, b"'\n"].concat();
        let placed = replaced(&packed_text, HELD, b"/opt/env");
        assert_eq!(placed, b"#!/opt/env/bin/python\nx = '/opt/env'\n");
        let back = packed(&placed, b"/opt/env", HELD, Style::Text);
        assert_eq!(back.unwrap(), packed_text);
    }

    #[test]
    fn a_binary_keeps_its_length_there_and_back() {
        let inner = [
            b"\x7fELF\0",
            HELD,
            b"/lib:",
            HELD,
            b"/lib2\0next\0",
            HELD,
            b"\0\x01\x02",
        ]
        .concat();
        let placed = strings(&inner, HELD, b"/opt/env").unwrap();
        assert_eq!(placed.len(), inner.len());
        assert!(placed.starts_with(b"\x7fELF\0/opt/env/lib:/opt/env/lib2\0\0\0"));
        let back = packed(&placed, b"/opt/env", HELD, Style::Binary);
        assert_eq!(back.unwrap(), inner);
        // What stands behind a string and is no filling is nothing of conda's.
        assert_eq!(
            packed(b"a\0/opt/env\0xyz", b"/opt/env", HELD, Style::Binary),
            None
        );
        assert_eq!(packed(b"/opt/env", b"/opt/env", HELD, Style::Binary), None);
    }
}
