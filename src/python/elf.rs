//! Whether a shared library is whole as far as its loader asks (System V ABI, "ELF Header" and "Program Header"): 64
//! bits, little-endian.

/// Whether all parts that are loaded lie within the file. False for any other form of file.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    let is_known = bytes.starts_with(b"\x7fELF\x02\x01");
    let number = |at: usize, len: usize| {
        let field = bytes.get(at..at.checked_add(len)?)?;
        let mut whole = [0; 8];
        whole[..len].copy_from_slice(field);
        Some(u64::from_le_bytes(whole))
    };
    let parts = || {
        let (start, size, count) = (number(32, 8)?, number(54, 2)?, number(56, 2)?);
        let ends = (0..count).map(|part| {
            let at = usize::try_from(start.checked_add(size * part)?).ok()?;
            let (offset, len) = (
                number(at.checked_add(8)?, 8)?,
                number(at.checked_add(32)?, 8)?,
            );
            offset.checked_add(len)
        });
        Some(
            count > 0
                && ends
                    .into_iter()
                    .all(|end| end.is_some_and(|end| end <= bytes.len() as u64)),
        )
    };
    is_known && parts().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_whole_where_all_that_is_loaded_is_there() {
        let mut library = vec![0; 200];
        library[..6].copy_from_slice(b"\x7fELF\x02\x01");
        (library[32], library[54], library[56]) = (64, 56, 1);
        // One part, of 100 bytes from the 100th on.
        (library[64 + 8], library[64 + 32]) = (100, 100);
        assert!(is_whole(&library));
        for len in [0, 5, 60, 100, 199] {
            assert!(!is_whole(&library[..len]), "{len}");
        }
        library[32..40].fill(0xff);
        assert!(!is_whole(&library), "leads out of all bounds");
        assert!(!is_whole(b"MZ"));
    }
}
