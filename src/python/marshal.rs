//! Whether marshalled data is whole: walked without being built (`CPython`, `Python/marshal.c`, versions 2 to 5).

/// Items that are still to come.
enum Due {
    /// Any objects.
    Objects(u64),
    /// So many plain 32-bit numbers inside a code object.
    Longs(u8),
    /// Keys and values up to a NULL.
    Pairs,
}

/// Whether the bytes hold one object and end with it. Of an interpreter that is not known, a layout that is not known counts as whole:
/// nothing is claimed of it.
pub(crate) fn is_whole(bytes: &[u8], is_known: bool) -> bool {
    // Code objects of 3.11 and later have other fields than those before; which it is, the walk itself shows.
    let layouts: [&[Field]; 3] = [&NEW, &OLD, &OLDER];
    let mut unknown = false;
    for layout in layouts {
        match walk(bytes, layout) {
            Walk::Whole => return true,
            Walk::Unknown => unknown = true,
            Walk::Broken => {}
        }
    }
    unknown && !is_known && bytes.iter().rev().take(16).any(|&b| b != 0)
}

#[derive(Clone, Copy)]
enum Field {
    Longs(u8),
    Objects(u8),
}

/// 3.11 and later: 5 numbers, 8 objects, the first line, two tables.
const NEW: [Field; 4] = [
    Field::Longs(5),
    Field::Objects(8),
    Field::Longs(1),
    Field::Objects(2),
];
/// 3.8 to 3.10: 6 numbers, 8 objects, the first line, one table.
const OLD: [Field; 4] = [
    Field::Longs(6),
    Field::Objects(8),
    Field::Longs(1),
    Field::Objects(1),
];
/// 3.7 and before: no count of positional-only arguments.
const OLDER: [Field; 4] = [
    Field::Longs(5),
    Field::Objects(8),
    Field::Longs(1),
    Field::Objects(1),
];

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
            b'{' => {
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

    #[test]
    fn a_cut_is_seen_at_every_byte() {
        // (1, 'ab', None, [b'xyz'], 2.5)
        let whole = b")\x05\xe9\x01\0\0\0\xda\x02abN[\x01\0\0\0s\x03\0\0\0xyzg\0\0\0\0\0\0\x04@";
        assert!(is_whole(whole, true));
        for len in 0..whole.len() {
            assert!(!is_whole(&whole[..len], true), "{len}");
        }
        assert!(!is_whole(&[whole.as_slice(), b"N"].concat(), true));
        assert!(!is_whole(&[0; 64], false));
        assert!(
            !is_whole(b"(\xff\xff\xff\xff", true),
            "a count that cannot be"
        );
        // A letter of a future interpreter.
        assert!(
            is_whole(b"(\x01\0\0\0q and more", false) && !is_whole(b"(\x01\0\0\0q and more", true)
        );
        assert!(!is_whole(&[b'('; 1000], true));
    }
}
