//! `sightings/`: what a guard saw done to the venvs of this host, a file for each (docs/format.md, "Sightings"). They
//! are no part of the truth: without them, less is known of who did damage.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use super::error::Error;
use super::home::{check_owner, open_top};
use crate::disk::atomic::{Temp, make_private_below};
use crate::disk::error::At;
use crate::model::VenvId;

/// Their directory.
const DIR: &str = "sightings";
/// A longer file is none of ours.
const LONGEST: u64 = 16 << 20;

/// The name of the file of a venv.
fn name(venv: &VenvId) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(venv.host.as_bytes());
    hasher.update(b"\0");
    hasher.update(venv.path().as_os_str().as_encoded_bytes());
    hasher.finalize().to_hex().to_string()
}

/// What is kept of a venv in the store at a path, none where there is nothing. The store is neither opened nor locked,
/// so this never waits.
pub(crate) fn read_sightings(store: &Path, venv: &VenvId) -> Result<Option<Vec<u8>>, Error> {
    let top = open_top(store)?;
    check_owner(&top)?;
    let dir = match top.enter(DIR.as_bytes()) {
        Ok(dir) => dir,
        Err(error) if error.is_absent() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let name = name(venv);
    let path = dir.path().join(&name);
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::openat(dir.fd(), &*name, flags, Mode::empty()) {
        Ok(fd) => File::from(fd),
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        Err(error) => return Err(error).at("open", &path).map_err(Error::from),
    };
    let mut bytes = Vec::new();
    file.take(LONGEST)
        .read_to_end(&mut bytes)
        .at("read", &path)?;
    Ok(Some(bytes))
}

/// Keeps `bytes` of a venv in place of what was kept of it.
pub(crate) fn write_sightings(store: &Path, venv: &VenvId, bytes: &[u8]) -> Result<(), Error> {
    let top = open_top(store)?;
    check_owner(&top)?;
    make_private_below(&top, &top.path().join(DIR))?;
    let dir = top.enter(DIR.as_bytes())?;
    let mut temp = Temp::create(&dir)?;
    temp.write(bytes)?;
    temp.replace(&dir, &name(venv))?;
    Ok(())
}
