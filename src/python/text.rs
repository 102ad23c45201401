//! Sources as texts.

use std::borrow::Cow;

/// Bytes as a text, in which a sign stands for what is no UTF-8. Nearly all sources are UTF-8, and to see that at once
/// is several times faster than to look for what is not.
pub(crate) fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}
