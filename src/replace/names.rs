//! Names under which replaced trees stay beside the new one.

use super::error::Error;
use crate::model::Digest;

/// A name under which a replaced tree stays beside the venv: that of the snapshot that has all of it, if there is one.
pub(super) fn name_to_keep(venv: &[u8], saved: Option<String>) -> Result<String, Error> {
    let id = match saved {
        Some(id) => id,
        None => crate::disk::atomic::random_name()?[..8].to_owned(),
    };
    Ok(format!("{}{id}", kept_prefix(venv)))
}

/// A name under which stays what could not be removed of a replaced tree: no state of a venv.
pub(super) fn name_of_rest(venv: &[u8]) -> Result<String, Error> {
    let random = &crate::disk::atomic::random_name()?[..8];
    Ok(format!("{}{REST}{random}", kept_prefix(venv)))
}

/// What follows the beginning in the name of such a rest.
pub(crate) const REST: &str = "rest-";

/// How all such names begin. The name of a venv that is too long, or no text, is cut, and made unique by a digest.
pub(crate) fn kept_prefix(venv: &[u8]) -> String {
    let plain = std::str::from_utf8(venv)
        .ok()
        .filter(|name| name.len() <= NAME_BYTES_MAX);
    let name = plain.map_or_else(
        || {
            let text = String::from_utf8_lossy(venv);
            let fits = |(at, letter): &(usize, char)| at + letter.len_utf8() <= CUT_BYTES_MAX;
            let cut: String = text
                .char_indices()
                .take_while(fits)
                .map(|(_, letter)| letter)
                .collect();
            format!("{cut}-{}", &Digest::of(venv).to_hex()[..16])
        },
        str::to_owned,
    );
    format!("{name}.snap-old-")
}

/// Names of venvs of up to so many bytes stand whole in the name of a kept tree, which may have 255 bytes.
const NAME_BYTES_MAX: usize = 200;
/// How many bytes of a longer name stand in it.
const CUT_BYTES_MAX: usize = 150;
