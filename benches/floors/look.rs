//! What a store has to be looked at before an index of it may be believed.

use std::fs::File;
use std::io::Result;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

/// The end of a pack, which guards its table.
const END_LEN: usize = 64;

/// Reads the end of every pack, and every snapshot file with its BLAKE3. Gives how many of both there are.
pub(crate) fn look(store: &Path) -> Result<(usize, usize)> {
    let packs = names(&store.join("packs"))?;
    let snapshots = names(&store.join("snapshots"))?;
    let counts = (packs.len(), snapshots.len());
    packs.into_par_iter().try_for_each(|path| {
        let len = path.symlink_metadata()?.len();
        let mut end = [0; END_LEN];
        File::open(path)?.read_exact_at(&mut end, len.saturating_sub(END_LEN as u64))?;
        std::hint::black_box(end);
        Ok::<(), std::io::Error>(())
    })?;
    snapshots.into_par_iter().try_for_each(|path| {
        std::hint::black_box(blake3::hash(&std::fs::read(path)?));
        Ok::<(), std::io::Error>(())
    })?;
    Ok(counts)
}

fn names(dir: &Path) -> Result<Vec<PathBuf>> {
    std::fs::read_dir(dir)?
        .map(|entry| Ok(entry?.path()))
        .collect()
}
