//! Integers and byte strings as the store's formats write them (docs/format.md, "Primitives").

use crate::model::extent::TooMuch;

/// Bytes ended early or say something that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(pub(crate) &'static str);

impl From<TooMuch> for Malformed {
    fn from(TooMuch(what): TooMuch) -> Self {
        Self(what)
    }
}

/// Appends an unsigned LEB128 integer.
pub(crate) fn put_uint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed integer, zigzag-coded so that small negative ones stay small.
pub(crate) fn put_int(out: &mut Vec<u8>, value: i64) {
    put_uint(out, ((value << 1) ^ (value >> 63)) as u64);
}

/// Appends a byte string with its length before it.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_uint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Reads what the functions above wrote; never beyond the end, never panicking.
#[derive(Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (head, tail) = self
            .0
            .split_at_checked(len)
            .ok_or(Malformed("it ends early"))?;
        self.0 = tail;
        Ok(head)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        Ok(self.take(1)?[0])
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?
            .try_into()
            .map_err(|_| Malformed("it ends early"))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// Only the shortest form is read, so that one value has one encoding.
    pub(crate) fn uint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 || shift > 0 && byte == 0 {
                break;
            }
            value |= part << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Malformed("an integer is not well formed"))
    }

    pub(crate) fn uint32(&mut self) -> Result<u32, Malformed> {
        u32::try_from(self.uint()?).map_err(|_| Malformed("an integer is out of range"))
    }

    pub(crate) fn int(&mut self) -> Result<i64, Malformed> {
        let raw = self.uint()?;
        Ok((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let len = self.uint()?;
        self.take(usize::try_from(len).map_err(|_| Malformed("a length is out of range"))?)
    }

    pub(crate) fn end(&self) -> Result<(), Malformed> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Malformed("something follows its end"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_reads_back() {
        let uints = [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX];
        let ints = [0, -1, 1, i64::MIN, i64::MAX, -1_000_000_000];
        let mut out = Vec::new();
        for v in uints {
            put_uint(&mut out, v);
        }
        for v in ints {
            put_int(&mut out, v);
        }
        put_bytes(&mut out, b"abc");
        let mut reader = Reader(&out);
        for v in uints {
            assert_eq!(reader.uint(), Ok(v));
        }
        for v in ints {
            assert_eq!(reader.int(), Ok(v));
        }
        assert_eq!(reader.bytes(), Ok(b"abc".as_slice()));
        assert_eq!(reader.end(), Ok(()));
    }

    #[test]
    fn refuses_long_forms_and_early_ends() {
        for bad in [
            &[0x80, 0x00][..],
            &[0x80],
            &[0xff; 11],
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02],
        ] {
            assert!(Reader(bad).uint().is_err(), "{bad:?}");
        }
        assert!(Reader(&[5, 1, 2]).bytes().is_err());
    }
}
