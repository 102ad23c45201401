//! Counts where contents name a place, piece by piece as they are read.

use super::forms::{AFTER_LEN, Form, Spelling};
use super::occurrence::continues_name;

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
    form: &'p Form,
    /// What was seen last, in which a name may have begun.
    held: Vec<u8>,
    /// How many bytes were seen before that.
    before: usize,
    /// Up to which byte of `held` names are counted.
    counted: usize,
    in_text: u64,
    in_binary: u64,
    is_binary: bool,
}

/// How many bytes before a name are looked at to tell whether it begins there.
const BEFORE_LEN: usize = 256;

impl<'p> Counter<'p> {
    /// Of one form of the name of a place, which is absolute.
    pub(crate) fn new(form: &'p Form) -> Self {
        Self {
            form,
            held: Vec::new(),
            before: 0,
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
        let keep = BEFORE_LEN + self.form.bytes.len() + AFTER_LEN;
        let cut = self.held.len().saturating_sub(keep);
        self.held.drain(..cut);
        self.before += cut;
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
        let len = self.form.sought_len();
        if self.form.bytes.len() < 2 || len == 0 {
            return;
        }
        let is_plain = self.form.spelling == Spelling::Plain;
        while let Some(at) = self.form.finder.find(&self.held[self.counted..]) {
            let start = self.counted + at;
            let after = &self.held[start + len..];
            if after.len() < AFTER_LEN && !is_last {
                self.counted = start;
                return;
            }
            // Text of wide units in one order of bytes looks like one in the other, a byte further on.
            let is_at_unit = !self.form.is_wide() || (self.before + start).is_multiple_of(2);
            let begin = self.form.start(&self.held, start);
            if let Some(begin) = begin.filter(|_| is_at_unit && self.form.ends(after)) {
                let before = &self.held[..begin];
                let begins = self.form.begins(before);
                self.in_text += u64::from(begins);
                let in_binary = begins || is_plain && follows_a_length(before);
                self.in_binary += u64::from(in_binary);
            }
            self.counted = start + 1;
        }
        let open = self.held.len().saturating_sub(len - 1);
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
        count_form(&Form::plain(b"/srv/a"), content, step)
    }

    fn count_form(form: &Form, content: &[u8], step: usize) -> Option<(u64, bool)> {
        let mut counter = Counter::new(form);
        content.chunks(step).for_each(|bytes| counter.take(bytes));
        let found = counter.end();
        (found.count > 0).then_some((found.count, found.is_binary))
    }

    /// How often a content names `/srv/\u{e9}v` in any form.
    fn count_all(content: &[u8], step: usize) -> u64 {
        let forms = Form::all("/srv/\u{e9}v".as_bytes());
        let counts = forms.iter().map(|form| count_form(form, content, step));
        counts
            .map(|found| found.map_or(0, |(count, _)| count))
            .sum()
    }

    #[test]
    fn names_are_counted_once_in_whatever_form_they_are_written() {
        let text = |text: &str| text.as_bytes().to_vec();
        let wide = |text: &str, order: fn(u16) -> [u8; 2]| -> Vec<u8> {
            text.encode_utf16().flat_map(order).collect()
        };
        let little = |text: &str| wide(text, u16::to_le_bytes);
        let big = |text: &str| wide(text, u16::to_be_bytes);
        for (content, found) in [
            (text("'/srv/\u{e9}v/bin' /srv/\u{e9}v2"), 1),
            (
                text(r#"{"a": "\/srv\/\u00e9v\/bin", "b": "\/srv\/\u00E9v"}"#),
                2,
            ),
            (
                text(r#"{"a": "/srv/\u00e9v/bin", "b": "x\n/srv/\u00e9v"}"#),
                2,
            ),
            (
                text(r#"{"a": "\/srv\/\u00e9v2", "b": "\/mnt\/srv\/\u00e9v"}"#),
                0,
            ),
            (text(r#"{"a": "file:\/\/\/srv\/\u00e9v"}"#), 1),
            (
                text("file:///srv/%C3%A9v/x file:///srv/%c3%a9v file:///srv/%C3%A9v2"),
                2,
            ),
            (text("u=%2Fsrv%2F%C3%A9v%2Fbin&v=%2fsrv%2f%c3%a9v"), 2),
            (
                text("u=%22%2Fsrv%2F%C3%A9v%22 file%3A%2F%2F%2Fsrv%2F%C3%A9v"),
                2,
            ),
            (
                text("u=%2Fmnt%2Fsrv%2F%C3%A9v v=%2Fsrv%2F%C3%A9v%2Ex w=%2Fsrv%2F%C3%A9v2"),
                0,
            ),
            (little("\u{feff}a=/srv/\u{e9}v\\bin"), 1),
            (big("\u{feff}a=/srv/\u{e9}v /srv/\u{e9}v/x"), 2),
            (little("/mnt/srv/\u{e9}v /srv/\u{e9}v2"), 0),
            (big("/mnt/srv/\u{e9}v /srv/\u{e9}v2"), 0),
        ] {
            for step in [1, 2, 3, 7, 1000] {
                let shown = String::from_utf8_lossy(&content);
                assert_eq!(count_all(&content, step), found, "{shown:?} by {step}");
            }
        }
    }

    /// How often any of the forms is found in a text that comes in pieces.
    fn in_all(forms: &[Form], content: &str, step: usize) -> u64 {
        let counts = forms.iter();
        let counts = counts.map(|form| count_form(form, content.as_bytes(), step));
        counts.flatten().map(|(count, _)| count).sum()
    }

    /// An apostrophe is quoted in many ways, and none of them was known.
    #[test]
    fn quoted_names_are_counted_in_the_form_of_each_writer() {
        let forms = Form::all(b"/srv/a b'c");
        for (content, found) in [
            (r#"V='/srv/a b'"'"'c/bin' V='/srv/a b'"'"'c2'"#, 1),
            (r#"V="/srv/a b'c" W='/srv/a b'\''c'"#, 2),
            (r"set V '/srv/a b\'c' W /srv/a\ b\'c", 2),
            ("$v = '/srv/a b''c'", 1),
            ("file:///srv/a%20b'c file:///srv/a%20b%27c", 2),
        ] {
            for step in [1, 7, 1000] {
                assert_eq!(in_all(&forms, content, step), found, "{content} by {step}");
            }
        }
    }

    #[test]
    fn untidy_names_are_counted_and_no_host_is_one() {
        let forms = Form::all(b"/srv/app/v");
        for (content, found) in [
            ("#!/srv//app//v/bin/python", 1),
            ("a=/srv/./app/v b='//srv/app/v' c=/./srv/app/v", 3),
            ("/srv/app/v /srv/app//v", 2),
            ("file:////srv/app/v file:///srv//app/v file:///srv/app/v", 3),
            ("http://srv/app/v http://srv//app/v", 0),
            (
                "/mnt//srv/app/v x/./srv/app/v /srv/app//v2 /srv/x/app//v",
                0,
            ),
            ("/srv/app/.v /srv/app.//v /srv/../app//v", 0),
        ] {
            for step in [1, 2, 7, 1000] {
                assert_eq!(in_all(&forms, content, step), found, "{content} by {step}");
            }
        }
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
            let form = Form::plain(nowhere);
            let mut counter = Counter::new(&form);
            counter.take(b"/srv/a");
            assert_eq!(counter.end().count, 0);
        }
    }
}
