//! The records of a PAX header: `LENGTH KEY=VALUE\n` (POSIX.1-2024, pax, "pax Extended Header").

use crate::model::Time;

/// What precedes the name of an extended attribute in a key.
pub(super) const XATTR: &[u8] = b"SCHILY.xattr.";

/// Appends one record. Its length counts its own digits.
pub(super) fn put(out: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    let rest = 1 + key.len() + 1 + value.len() + 1;
    let mut len = rest + 1;
    while len != rest + len.to_string().len() {
        len = rest + len.to_string().len();
    }
    out.extend_from_slice(len.to_string().as_bytes());
    out.push(b' ');
    out.extend_from_slice(key);
    out.push(b'=');
    out.extend_from_slice(value);
    out.push(b'\n');
}

/// A time as a decimal number, exact to the nanosecond, without a fraction where there is none.
pub(super) fn time(time: Time) -> String {
    let (sign, secs, nanos) = match (time.secs, time.nanos) {
        (secs, nanos @ 1..) if secs < 0 => ("-", -(secs + 1), 1_000_000_000 - nanos),
        (secs, nanos) => ("", secs, nanos),
    };
    if nanos == 0 {
        format!("{sign}{secs}")
    } else {
        format!("{sign}{secs}.{nanos:09}")
            .trim_end_matches('0')
            .to_owned()
    }
}

/// The key of an extended attribute. `=` would end it, so it is written as GNU tar does.
pub(super) fn xattr_key(name: &[u8]) -> Vec<u8> {
    let mut key = XATTR.to_vec();
    for &byte in name {
        match byte {
            b'%' => key.extend_from_slice(b"%25"),
            b'=' => key.extend_from_slice(b"%3D"),
            other => key.push(other),
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_record_counts_itself() {
        for value in [0, 1, 85, 86, 87, 88, 980, 985, 990, 995] {
            let mut out = Vec::new();
            put(&mut out, b"path", &vec![b'x'; value]);
            let text = String::from_utf8(out).unwrap();
            let (len, _) = text.split_once(' ').unwrap();
            assert_eq!(len.parse::<usize>().unwrap(), text.len());
        }
    }

    #[test]
    fn a_time_is_exact_also_before_the_epoch() {
        let at = |secs, nanos| time(Time { secs, nanos });
        assert_eq!(at(1_700_000_000, 123_456_789), "1700000000.123456789");
        assert_eq!(at(5, 0), "5");
        assert_eq!(at(5, 500_000_000), "5.5");
        assert_eq!(at(-5, 0), "-5");
        assert_eq!(at(-86_400, 999_999_999), "-86399.000000001");
        assert_eq!(at(-1, 999_999_999), "-0.000000001");
    }
}
