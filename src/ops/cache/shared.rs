//! Which venvs have files of an entry: by another name of the same inode, or by a link into it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::cache::Entry;
use crate::disk::rooted::Rooted;
use crate::disk::walk::walk;
use crate::tree::sharing::Inode;

/// For each entry, the venvs that share files with it.
pub(super) fn sharers(entries: &[Entry], venvs: &[PathBuf]) -> Vec<Vec<PathBuf>> {
    let mut found = vec![Vec::new(); entries.len()];
    let mut inodes: HashMap<Inode, usize> = HashMap::new();
    for (number, entry) in entries.iter().enumerate() {
        inodes.extend(
            linked(&entry.place())
                .into_iter()
                .map(|inode| (inode, number)),
        );
    }
    if entries.is_empty() {
        return found;
    }
    for venv in venvs {
        let tree = Rooted::open(venv).and_then(|root| walk(&root));
        for one in tree.unwrap_or_default() {
            let target = one.rare.as_ref().and_then(|rare| rare.target.as_deref());
            let number = match target {
                Some(target) => {
                    let target = venv.join(one.path.as_path()).with_file_name(text(target));
                    let mut places = entries.iter().map(Entry::place);
                    places.position(|place| target.starts_with(&place))
                }
                None => inodes.get(&(one.stat.dev, one.stat.ino)).copied(),
            };
            let sharers = number.and_then(|number| found.get_mut(number));
            if let Some(sharers) = sharers.filter(|sharers| sharers.last() != Some(venv)) {
                sharers.push(venv.clone());
            }
        }
    }
    found
}

fn text(bytes: &[u8]) -> &Path {
    Path::new(crate::disk::rooted::os(bytes))
}

/// The inodes of an entry that have several names.
fn linked(place: &Path) -> Vec<Inode> {
    let Ok(root) = Rooted::open(place) else {
        let meta = std::fs::symlink_metadata(place).ok();
        let several = meta.filter(|meta| std::os::unix::fs::MetadataExt::nlink(meta) > 1);
        let inode = |meta: std::fs::Metadata| {
            use std::os::unix::fs::MetadataExt;
            (meta.dev(), meta.ino())
        };
        return several.map(inode).into_iter().collect();
    };
    let all = walk(&root).unwrap_or_default();
    let files = all
        .iter()
        .filter(|one| one.stat.is_file() && one.stat.nlink > 1);
    files.map(|one| (one.stat.dev, one.stat.ino)).collect()
}
