//! Whether a place keeps what is written there: a temporary file that never has a name, written, made durable, dropped
//! from memory and read back.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use rustix::fs::{Advice, Mode, OFlags, fadvise};

use super::error::{At, PathError};

/// How many bytes are written.
const LEN: usize = 4 << 20;

/// Whether all that was written comes back as it was.
pub(crate) fn write_test(dir: &Path) -> Result<bool, PathError> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let fd = rustix::fs::open(dir, flags, Mode::from_raw_mode(0o600)).at("write in", dir)?;
    comes_back(File::from(fd), dir)
}

/// Writes to an empty file in `dir`, makes it durable, drops it from memory, and tells whether it reads the same.
pub(crate) fn comes_back(mut file: File, dir: &Path) -> Result<bool, PathError> {
    let written: Vec<u8> = (0..LEN).map(|at| (at * 31 + at / 251) as u8).collect();
    file.write_all(&written).at("write in", dir)?;
    file.sync_all().at("sync in", dir)?;
    // Without this the answer would come from memory. Where it is refused, it does.
    let _ = fadvise(&file, 0, None, Advice::DontNeed);
    file.seek(SeekFrom::Start(0)).at("read in", dir)?;
    let mut read = Vec::with_capacity(LEN);
    file.read_to_end(&mut read).at("read in", dir)?;
    Ok(read == written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_place_keeps_what_is_written_and_nothing_is_left_there() {
        let dir = tempfile::tempdir().unwrap();
        assert!(write_test(dir.path()).unwrap());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        assert!(write_test(&dir.path().join("no")).is_err());
    }
}
