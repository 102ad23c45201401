//! How stores elsewhere are reached: what the environment says, and where this host keeps what it read of them.

use std::path::PathBuf;
use std::sync::Arc;

use bytesize::ByteSize;
use venv_snap::Access;
use venv_snap::model::Shown;

use super::error::Failure;
use super::place;
use super::signals::Signals;

/// How much of a store in a bucket this host keeps where nobody said.
const CACHE_SIZE: ByteSize = ByteSize::gib(1);

/// Reads the variables that tools of AWS read, and takes the option for the size of the cache, else the environment.
pub(crate) fn access(
    cache_size: Option<ByteSize>,
    signals: &Signals,
) -> Result<Arc<Access>, Failure> {
    let signals = signals.clone();
    let named = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        let name = name.into_string().ok()?;
        name.starts_with("AWS_")
            .then(|| Some((name, value.into_string().ok()?)))?
    };
    Ok(Arc::new(Access {
        variables: std::env::vars_os().filter_map(named).collect(),
        home: place::home(),
        cache: cache_home().map(|home| home.join("venv-snap")),
        cache_bytes_max: size(cache_size)?.as_u64(),
        host: place::host()?,
        asked_to_stop: Some(Arc::new(move || signals.caught().is_some())),
    }))
}

fn size(option: Option<ByteSize>) -> Result<ByteSize, Failure> {
    const NAME: &str = "VENV_SNAP_CACHE_SIZE";
    let set = std::env::var(NAME).ok().filter(|text| !text.is_empty());
    match (option, set) {
        (Some(size), _) => Ok(size),
        (None, Some(text)) => text.parse().map_err(|_| {
            let text = Shown(text.as_bytes());
            Failure::usage(
                format!("{NAME} is '{text}', which is no size"),
                "it may hold a number of bytes, or one with KiB, MiB, GiB",
            )
        }),
        (None, None) => Ok(CACHE_SIZE),
    }
}

fn cache_home() -> Option<PathBuf> {
    use etcetera::BaseStrategy;
    etcetera::base_strategy::Xdg::new()
        .ok()
        .map(|dirs| dirs.cache_dir())
}
