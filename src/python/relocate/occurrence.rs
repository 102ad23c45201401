//! Where a text names a directory: at the borders of a path, so that `/srv/venv` is not found in `/srv/venv2`.

/// The old and the new directory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) from: &'a [u8],
    pub(super) to: &'a [u8],
}

impl Place<'_> {
    /// The directory's own name: what a prompt shows.
    pub(super) fn names(&self) -> (&[u8], &[u8]) {
        let name = |path: &[u8]| path.iter().rposition(|&b| b == b'/').map_or(0, |at| at + 1);
        (&self.from[name(self.from)..], &self.to[name(self.to)..])
    }
}

/// Bytes that continue a file name.
pub(super) fn continues_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || b"._-+~@%".contains(&byte)
}

/// The offsets at which a text names the old directory or something in it.
pub(super) fn find_all(text: &[u8], place: &Place<'_>) -> Vec<usize> {
    let from = place.from;
    if from.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = memchr::memmem::find(&text[at..], from) {
        let start = at + next;
        let after = text.get(start + from.len()).copied();
        if begins(&text[..start]) && after.is_none_or(|b| !continues_name(b)) {
            found.push(start);
        }
        at = start + 1;
    }
    found
}

/// Whether an absolute path begins after some text. In `file:///srv/venv` the slash before it does not continue
/// another path.
pub(super) fn begins(before: &[u8]) -> bool {
    let last = before.last();
    last.is_none_or(|&byte| !continues_name(byte) && byte != b'/') || before.ends_with(b"file://")
}

/// Whether a text names the old directory.
pub(super) fn mentions(text: &[u8], place: &Place<'_>) -> bool {
    !find_all(text, place).is_empty()
}

/// Replaces every mention byte for byte.
pub(super) fn replace_plain(text: &[u8], place: &Place<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut done = 0;
    for at in find_all(text, place) {
        out.extend_from_slice(&text[done..at]);
        out.extend_from_slice(place.to);
        done = at + place.from.len();
    }
    out.extend_from_slice(&text[done..]);
    out
}

/// Whether a path means the same quoted and unquoted in every shell and language.
pub(super) fn is_plain(path: &[u8]) -> bool {
    path.iter()
        .all(|&b| b.is_ascii_alphanumeric() || b"/._-+,:@".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_name_is_another_place() {
        let place = Place {
            from: b"/srv/venv",
            to: b"/x",
        };
        let text =
            b"/srv/venv /srv/venv2 /a/srv/venv /srv/venv/bin '/srv/venv' /srv/venv.old //srv/venv \
            file:///srv/venv";
        assert_eq!(
            replace_plain(text, &place),
            b"/x /srv/venv2 /a/srv/venv /x/bin '/x' /srv/venv.old //srv/venv file:///x"
        );
    }
}
