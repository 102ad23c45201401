//! Counts where contents name a place, piece by piece as they are read.

use memchr::memmem::Finder;

use super::occurrence::{begins, continues_name};

/// How often a content names a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Mentions {
    /// How often.
    pub(crate) count: u64,
    /// Whether it holds a NUL byte, and so is no text.
    pub(crate) is_binary: bool,
}

/// Counts what one content names.
pub(crate) struct Counter<'p> {
    place: &'p [u8],
    finder: &'p Finder<'p>,
    /// What was seen last, in which a name may have begun.
    held: Vec<u8>,
    /// Up to which byte of `held` names are counted.
    counted: usize,
    in_text: u64,
    in_binary: u64,
    is_binary: bool,
}

/// How many bytes before a name are looked at to tell whether it begins there.
const BEFORE_LEN: usize = 256;

impl<'p> Counter<'p> {
    /// `finder` looks for `place`, which is absolute.
    pub(crate) fn new(place: &'p [u8], finder: &'p Finder<'p>) -> Self {
        Self {
            place,
            finder,
            held: Vec::new(),
            counted: 0,
            in_text: 0,
            in_binary: 0,
            is_binary: false,
        }
    }

    /// Takes the next bytes.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        self.is_binary = self.is_binary || memchr::memchr(0, bytes).is_some();
        self.held.extend_from_slice(bytes);
        self.count(false);
        let keep = BEFORE_LEN + self.place.len();
        let cut = self.held.len().saturating_sub(keep);
        self.held.drain(..cut);
        self.counted = self.counted.saturating_sub(cut);
    }

    /// What it came to.
    pub(crate) fn end(mut self) -> Mentions {
        self.count(true);
        let (is_binary, in_text, in_binary) = (self.is_binary, self.in_text, self.in_binary);
        let count = if is_binary { in_binary } else { in_text };
        Mentions { count, is_binary }
    }

    /// Counts the names whose end is certain.
    fn count(&mut self, is_last: bool) {
        // A snapshot that lies about its venv may name no place at all. The root is named by every path.
        if self.place.len() < 2 {
            return;
        }
        while let Some(at) = self.finder.find(&self.held[self.counted..]) {
            let start = self.counted + at;
            let end = start + self.place.len();
            let after = self.held.get(end).copied();
            if after.is_none() && !is_last {
                self.counted = start;
                return;
            }
            if after.is_none_or(|byte| !continues_name(byte)) {
                let before = &self.held[..start];
                self.in_text += u64::from(begins(before));
                self.in_binary += u64::from(begins(before) || follows_a_length(before));
            }
            self.counted = start + 1;
        }
        let open = self.held.len().saturating_sub(self.place.len() - 1);
        self.counted = self.counted.max(open);
    }
}

/// In a binary the byte before a text may be its length, and look like a letter: only a path before it makes it the
/// rest of a longer one.
fn follows_a_length(before: &[u8]) -> bool {
    let path = before.iter().rev().take(BEFORE_LEN);
    let mut path = path.take_while(|&&byte| continues_name(byte) || byte == b'/');
    !path.any(|&byte| byte == b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(content: &[u8], step: usize) -> Option<(u64, bool)> {
        let finder = Finder::new(b"/srv/a");
        let mut counter = Counter::new(b"/srv/a", &finder);
        content.chunks(step).for_each(|bytes| counter.take(bytes));
        let found = counter.end();
        (found.count > 0).then_some((found.count, found.is_binary))
    }

    #[test]
    fn names_are_counted_at_their_borders_wherever_pieces_end() {
        for (content, found) in [
            (
                &b"/srv/a /srv/ab /srv/a/x '/srv/a' /x/srv/a:/srv/a"[..],
                Some((4, false)),
            ),
            (b"/srv/a", Some((1, false))),
            (b"/srv/a.old /srv/a2 /srv/", None),
            (b"", None),
            (b"z/srv/a/b", None),
            (b"\0z/srv/a/b\0", Some((1, true))),
            (b"\0/mnt/srv/a/b\0/srv/a\0", Some((1, true))),
            (b"file:///srv/a", Some((1, false))),
        ] {
            for step in 1..20 {
                assert_eq!(count(content, step), found, "{content:?} by {step}");
            }
        }
        let long = [vec![b'x'; 5000], b" /srv/a/".to_vec(), vec![b' '; 5000]].concat();
        assert_eq!(count(&long, 4096), Some((1, false)));
        for nowhere in [&b""[..], b"/"] {
            let finder = Finder::new(nowhere);
            let mut counter = Counter::new(nowhere, &finder);
            counter.take(b"/srv/a");
            assert_eq!(counter.end().count, 0);
        }
    }
}
