//! Whether marshalled data is whole: walked without being built (`Python/marshal.c` of `CPython`, versions 2 to 6, and
//! `pypy/objspace/std/marshal_impl.py` of `PyPy`).

/// Items that are still to come.
enum Due {
    /// So many objects of any kind.
    Objects(u64),
    /// So many plain 32-bit numbers inside a code object.
    Longs(u8),
    /// Keys and values up to a NULL.
    Pairs,
}

/// How a code object is laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Layout {
    /// `CPython` 3.7 and before: no count of positional-only arguments.
    Older,
    /// `CPython` 3.8 to 3.10, and `PyPy` of these.
    Old,
    /// `CPython` 3.11 and later.
    New,
    /// `PyPy` 3.11.
    PyPy,
}

impl Layout {
    const ALL: [Self; 4] = [Self::New, Self::Old, Self::Older, Self::PyPy];

    fn fields(self) -> &'static [Field] {
        use Field::{Longs, Objects};
        match self {
            // 5 numbers, 8 objects, the first line, one table.
            Self::Older => &[Longs(5), Objects(8), Longs(1), Objects(1)],
            Self::Old => &[Longs(6), Objects(8), Longs(1), Objects(1)],
            // Names and kinds of variables in two objects, a qualified name, and a table of exceptions.
            Self::New => &[Longs(5), Objects(8), Longs(1), Objects(2)],
            Self::PyPy => &[Longs(6), Objects(9), Longs(1), Objects(2)],
        }
    }
}

/// Whether the bytes hold one object and end with it. Where the layout is not known, each is tried. A letter that
/// is not known counts as whole then, since nothing is claimed of it, unless the last 16 bytes are all NUL.
pub(crate) fn is_whole(bytes: &[u8], layout: Option<Layout>) -> bool {
    if let Some(layout) = layout {
        return matches!(walk(bytes, layout.fields()), Walk::Whole);
    }
    let mut unknown = false;
    for layout in Layout::ALL {
        match walk(bytes, layout.fields()) {
            Walk::Whole => return true,
            Walk::Unknown => unknown = true,
            Walk::Broken => {}
        }
    }
    unknown && bytes.iter().rev().take(16).any(|&b| b != 0)
}

#[derive(Clone, Copy)]
enum Field {
    Longs(u8),
    Objects(u8),
}

enum Walk {
    Whole,
    Broken,
    Unknown,
}

fn walk(bytes: &[u8], layout: &[Field]) -> Walk {
    let mut at = 0;
    let mut due = vec![Due::Objects(1)];
    while object_is_next(&mut due, bytes, &mut at) {
        let Some(kind) = bytes.get(at) else {
            return Walk::Broken;
        };
        at += 1;
        let number = |width: usize| -> Option<u64> {
            if width == 1 {
                return bytes.get(at).copied().map(u64::from);
            }
            let field = bytes.get(at..)?.first_chunk()?;
            Some(u32::from_le_bytes(*field).into())
        };
        let (skip, objects) = match kind & 0x7f {
            b'(' | b'[' | b'<' | b'>' => (Some(4), number(4).unwrap_or(u64::MAX)),
            b')' => (Some(1), number(1).unwrap_or(u64::MAX)),
            b':' => (Some(0), 3),
            // A dictionary, or a frozen one of 3.15.
            b'{' | b'}' => {
                due.push(Due::Pairs);
                (Some(0), 0)
            }
            b'c' => {
                fields(layout, &mut due);
                (Some(0), 0)
            }
            0 => return Walk::Broken,
            plain => match length(plain, number) {
                Length::Of(skip) => (skip, 0),
                Length::Unknown => return Walk::Unknown,
            },
        };
        let Some(skip) = skip.and_then(|skip| usize::try_from(skip).ok()) else {
            return Walk::Broken;
        };
        at = at.saturating_add(skip);
        // Every object takes a byte, so more than there are bytes can only be broken.
        if at > bytes.len() || objects > bytes.len() as u64 {
            return Walk::Broken;
        }
        if objects > 0 {
            due.push(Due::Objects(objects));
        }
    }
    if at == bytes.len() {
        Walk::Whole
    } else {
        Walk::Broken
    }
}

/// Goes on to the next object that is due, over all that is none; false where nothing is due any more.
fn object_is_next(due: &mut Vec<Due>, bytes: &[u8], at: &mut usize) -> bool {
    while let Some(next) = due.last_mut() {
        match next {
            Due::Objects(0) => {}
            Due::Objects(left) => {
                *left -= 1;
                return true;
            }
            Due::Longs(count) => *at += 4 * usize::from(*count),
            Due::Pairs if bytes.get(*at) == Some(&b'0') => *at += 1,
            // The value, after the key that comes now.
            Due::Pairs => {
                due.push(Due::Objects(1));
                return true;
            }
        }
        due.pop();
    }
    false
}

/// Adds what a code object is made of.
fn fields(layout: &[Field], due: &mut Vec<Due>) {
    for field in layout.iter().rev() {
        match *field {
            Field::Longs(count) => due.push(Due::Longs(count)),
            Field::Objects(count) => due.push(Due::Objects(u64::from(count))),
        }
    }
}

/// How many bytes follow the letter of an object that holds no others.
enum Length {
    /// None where the length itself is cut off.
    Of(Option<u64>),
    Unknown,
}

fn length(kind: u8, number: impl Fn(usize) -> Option<u64>) -> Length {
    Length::Of(match kind {
        b'N' | b'F' | b'T' | b'S' | b'.' => Some(0),
        b'i' | b'r' => Some(4),
        b'I' | b'g' => Some(8),
        b'y' => Some(16),
        b'f' | b'z' | b'Z' => number(1).map(|len| len + 1),
        // Digits of 15 bits; the sign is that of their number.
        b'l' => number(4).map(|len| u64::from((len as i32).unsigned_abs()) * 2 + 4),
        b's' | b't' | b'u' | b'a' | b'A' => number(4).map(|len| len + 4),
        _ => return Length::Unknown,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: Option<Layout> = Some(Layout::New);

    #[test]
    fn a_cut_is_seen_at_every_byte() {
        // (1, 'ab', None, [b'xyz'], 2.5)
        let whole = b")\x05\xe9\x01\0\0\0\xda\x02abN[\x01\0\0\0s\x03\0\0\0xyzg\0\0\0\0\0\0\x04@";
        assert!(is_whole(whole, KNOWN));
        for len in 0..whole.len() {
            assert!(!is_whole(&whole[..len], KNOWN), "{len}");
        }
        assert!(!is_whole(&[whole.as_slice(), b"N"].concat(), KNOWN));
        assert!(!is_whole(&[0; 64], None));
        assert!(
            !is_whole(b"(\xff\xff\xff\xff", KNOWN),
            "a count that cannot be"
        );
        // A letter of a future interpreter.
        assert!(
            is_whole(b"(\x01\0\0\0q and more", None) && !is_whole(b"(\x01\0\0\0q and more", KNOWN)
        );
        assert!(!is_whole(&[b'('; 1000], KNOWN));
    }
}
