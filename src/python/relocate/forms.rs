//! The forms in which a text may name a place: plain, as JSON and shells escape it, as URLs do, and in UTF-16.

use std::fmt::Write;

use memchr::memmem::Finder;

use super::json::quoted_little;
use super::occurrence::{begins, continues_name};
use super::quoting::quotings;

/// How a name is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Spelling {
    Plain,
    Escaped,
    Percent,
    LittleEndian,
    BigEndian,
    /// With doubled slashes, or parts that are a dot alone. Only the last part is looked for as it is.
    Untidy,
}

/// One form of the name of a place.
#[derive(Clone, Debug)]
pub(crate) struct Form {
    pub(super) bytes: Vec<u8>,
    pub(super) spelling: Spelling,
    pub(super) finder: Finder<'static>,
}

/// So many bytes after a name tell whether it ends there: an escape of a URL.
pub(super) const AFTER_LEN: usize = 3;

impl Form {
    fn new(bytes: Vec<u8>, spelling: Spelling) -> Self {
        let finder = Finder::new(&bytes).into_owned();
        Self {
            bytes,
            spelling,
            finder,
        }
    }

    /// The name as it is.
    pub(crate) fn plain(place: &[u8]) -> Self {
        Self::new(place.to_vec(), Spelling::Plain)
    }

    /// The name with slashes and dots in it that mean nothing.
    fn untidy(place: &[u8]) -> Self {
        let mut parts = place.split(|&byte| byte == b'/');
        let last = parts.rfind(|part| !part.is_empty()).unwrap_or_default();
        Self {
            finder: Finder::new(last).into_owned(),
            ..Self::new(place.to_vec(), Spelling::Untidy)
        }
    }

    /// Where the name begins that was found at a place of some text; none where there is no name.
    pub(super) fn start(&self, text: &[u8], found: usize) -> Option<usize> {
        if self.spelling != Spelling::Untidy {
            return Some(found);
        }
        let mut parts = self.bytes.rsplit(|&byte| byte == b'/');
        parts.find(|part| !part.is_empty())?;
        let mut at = before_slashes(text, found)?;
        for part in parts.filter(|part| !part.is_empty()) {
            at = text[..at].ends_with(part).then(|| at - part.len())?;
            at = before_slashes(text, at)?;
        }
        if text[..at].ends_with(b":") {
            // A host comes after two slashes; a path of a URL begins at the third.
            let is_path = text[at..].starts_with(b"///");
            at = is_path.then_some(at + 2)?;
        }
        // What is written as it should be is found as another form.
        let is_tidy = found + self.sought_len() - at == self.bytes.len();
        (!is_tidy).then_some(at)
    }

    /// How many bytes the finder looks for.
    pub(super) fn sought_len(&self) -> usize {
        self.finder.needle().len()
    }

    /// All forms of a name, the plain one first.
    pub(crate) fn all(place: &[u8]) -> Vec<Self> {
        let mut forms = vec![Self::plain(place)];
        let quoted = quotings(place).into_iter().chain([shell(place)]);
        let escaped = quoted.chain(json(place));
        let escaped = escaped.map(|bytes| (bytes, Spelling::Escaped));
        let percent = percent(place).into_iter().chain([quoted_little(place)]);
        let percent = percent.map(|bytes| (bytes, Spelling::Percent));
        for (bytes, spelling) in escaped.chain(percent).chain(utf16(place)) {
            if forms.iter().all(|form| form.bytes != bytes) {
                forms.push(Self::new(bytes, spelling));
            }
        }
        forms.push(Self::untidy(place));
        forms
    }

    /// Whether each letter takes two bytes or more.
    pub(super) fn is_wide(&self) -> bool {
        matches!(self.spelling, Spelling::LittleEndian | Spelling::BigEndian)
    }

    /// Whether the name begins after what comes before it.
    pub(super) fn begins(&self, before: &[u8]) -> bool {
        let unit = |low: usize| match before.last_chunk::<2>() {
            Some(unit) if unit[1 - low] == 0 => begins(&unit[low..=low]),
            _ => true,
        };
        match self.spelling {
            Spelling::Plain | Spelling::Untidy => begins(before),
            Spelling::Escaped => {
                let controls: [&[u8]; 3] = [b"\\n", b"\\r", b"\\t"];
                begins(before)
                    || before.ends_with(b"file:\\/\\/")
                    || controls.iter().any(|one| before.ends_with(one))
            }
            Spelling::Percent => match before.last_chunk().copied().and_then(escape) {
                Some(b'/') => before.to_ascii_uppercase().ends_with(b"%3A%2F%2F"),
                Some(byte) => !continues_name(byte),
                None => begins(before),
            },
            Spelling::LittleEndian => unit(0),
            Spelling::BigEndian => unit(1),
        }
    }

    /// Whether the name ends before what comes after it.
    pub(super) fn ends(&self, after: &[u8]) -> bool {
        let first = match self.spelling {
            Spelling::Plain | Spelling::Escaped | Spelling::Untidy => after.first().copied(),
            Spelling::Percent => {
                let escaped = after.first_chunk().copied().and_then(escape);
                escaped.or_else(|| after.first().copied())
            }
            Spelling::LittleEndian => after.first_chunk().and_then(|unit| match unit {
                [low, 0] => Some(*low),
                _ => None,
            }),
            Spelling::BigEndian => after.first_chunk().and_then(|unit| match unit {
                [0, low] => Some(*low),
                _ => None,
            }),
        };
        first.is_none_or(|byte| !continues_name(byte))
    }
}

/// Where the slashes begin, with the dots between them, that end at a place of some text; none where there are none.
fn before_slashes(text: &[u8], end: usize) -> Option<usize> {
    let mut at = end;
    loop {
        let rest = &text[..at];
        at = match rest {
            [.., b'/'] => at - 1,
            [.., b'/', b'.'] if at < end => at - 1,
            _ => return (at < end).then_some(at),
        };
    }
}

/// The byte that an escape of a URL means.
fn escape(text: [u8; 3]) -> Option<u8> {
    let [b'%', high, low] = text else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// As a shell needs it without quotes.
fn shell(place: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for &byte in place {
        if !byte.is_ascii_alphanumeric() && byte < 0x80 && !b"/._-+,:@%".contains(&byte) {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out
}

/// As strings of JSON may have it: slashes escaped or not, and so what is not ASCII.
fn json(place: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(place);
    let write = |slash: &str, digits: Option<bool>| {
        let mut out = String::new();
        for one in text.chars() {
            match one {
                '/' => out.push_str(slash),
                '"' | '\\' => out.extend(['\\', one]),
                _ if one.is_ascii() || digits.is_none() => out.push(one),
                _ => {
                    for unit in one.encode_utf16(&mut [0; 2]) {
                        let _ = match digits {
                            Some(true) => write!(out, "\\u{unit:04X}"),
                            _ => write!(out, "\\u{unit:04x}"),
                        };
                    }
                }
            }
        }
        out.into_bytes()
    };
    let slashes = ["/", "\\/"].into_iter();
    slashes
        .flat_map(|slash| [None, Some(false), Some(true)].map(|digits| write(slash, digits)))
        .collect()
}

/// As a URL may have it: slashes escaped or not, with digits of either case.
fn percent(place: &[u8]) -> Vec<Vec<u8>> {
    let write = |all: bool, upper: bool| {
        let mut out = String::new();
        for &byte in place {
            let is_plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            if is_plain || byte == b'/' && !all {
                out.push(char::from(byte));
            } else {
                let _ = if upper {
                    write!(out, "%{byte:02X}")
                } else {
                    write!(out, "%{byte:02x}")
                };
            }
        }
        out.into_bytes()
    };
    vec![
        write(true, true),
        write(true, false),
        write(false, true),
        write(false, false),
    ]
}

/// In UTF-16, in both orders of bytes; nothing where the name is no text.
fn utf16(place: &[u8]) -> Vec<(Vec<u8>, Spelling)> {
    let Ok(text) = std::str::from_utf8(place) else {
        return Vec::new();
    };
    let units = || text.encode_utf16();
    vec![
        (
            units().flat_map(u16::to_le_bytes).collect(),
            Spelling::LittleEndian,
        ),
        (
            units().flat_map(u16::to_be_bytes).collect(),
            Spelling::BigEndian,
        ),
    ]
}
