//! Where a text names a directory: at the borders of a path, so that `/srv/venv` is not found in `/srv/venv2`.

use std::ops::Range;

use super::quoting::quotings;

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

/// Where a text names the old directory in whatever quotes.
pub(super) fn find_quoted(text: &[u8], place: &Place<'_>) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for from in quotings(place.from) {
        let form = Place {
            from: &from,
            to: place.to,
        };
        let starts = find_all(text, &form).into_iter();
        found.extend(starts.map(|start| start..start + from.len()));
    }
    found.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    let mut end = 0;
    found.retain(|range| {
        let is_free = range.start >= end;
        if is_free {
            end = range.end;
        }
        is_free
    });
    found
}

/// Whether an absolute path begins after some text. In `file:///srv/venv` the slash before it does not continue
/// another path.
pub(super) fn begins(before: &[u8]) -> bool {
    let last = before.last();
    last.is_none_or(|&byte| !continues_name(byte) && byte != b'/') || before.ends_with(b"file://")
}

/// Whether a text names the old directory, in quotes or not.
pub(super) fn mentions_quoted(text: &[u8], place: &Place<'_>) -> bool {
    !find_quoted(text, place).is_empty()
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

/// Replaces every mention in whatever quotes by a new place that needs none.
pub(super) fn replace_quoted(text: &[u8], place: &Place<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut done = 0;
    for range in find_quoted(text, place) {
        out.extend_from_slice(&text[done..range.start]);
        out.extend_from_slice(place.to);
        done = range.end;
    }
    out.extend_from_slice(&text[done..]);
    out
}

/// An absolute path without doubled slashes and without parts that are a dot alone, which all mean the same.
pub(super) fn tidied(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    for part in path.split(|&byte| byte == b'/') {
        if !part.is_empty() && part != b"." {
            out.push(b'/');
            out.extend_from_slice(part);
        }
    }
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
    fn a_quoted_name_is_replaced_with_the_quotes_within_it() {
        let place = Place {
            from: b"/srv/O'B",
            to: b"/x",
        };
        let text = br#"'/srv/O'"'"'B' "/srv/O'B" '/srv/O'\''B/c' '/srv/O\'B' '/srv/O'"'"'B2'"#;
        let want = br#"'/x' "/x" '/x/c' '/x' '/srv/O'"'"'B2'"#;
        assert_eq!(replace_quoted(text, &place), want);
        assert!(mentions_quoted(b"'/srv/O''B'", &place));
        assert!(!mentions_quoted(b"'/srv/O''B2'", &place));
    }

    #[test]
    fn a_path_is_tidied_of_what_means_nothing() {
        for (path, want) in [
            ("/srv//app//v/bin", "/srv/app/v/bin"),
            ("//srv/./a/", "/srv/a"),
            ("/srv/.a/..b", "/srv/.a/..b"),
        ] {
            assert_eq!(tidied(path.as_bytes()), want.as_bytes(), "{path}");
        }
    }

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
