//! A source as far as it can be read: the whole, or the beginning of one that is too large.

use super::guard::Python;
use super::reduce::reduce;
use super::steps::{Source, anything};

/// What is known of a source of a module (`grpc.aio`); none where it cannot be parsed, or is no valid Python. Of one
/// that is too large only the beginning is known; what follows may do anything.
pub(super) fn read(source: &[u8], python: &Python, module: &str, is_init: bool) -> Option<Source> {
    let (mut found, length) = reduce(source, python, module, is_init)?;
    if length == source.len() {
        return Some(found);
    }
    found.body.push(anything());
    let end = memchr::memchr_iter(b'\n', &source[..length]).count() + 1;
    let names = &mut found.names;
    for from in [&mut names.open_from, &mut names.modules_from] {
        from.get_or_insert(end);
    }
    Some(found)
}
