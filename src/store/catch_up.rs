//! What summaries did not tell: packs that came or went since, or that a program wrote which knows no summaries. The
//! packs are listed when an object is first not found where it should be.

use std::collections::HashSet;

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::reader::ObjectReader;

impl ObjectReader {
    /// Looks at the packs themselves, where only summaries told of them. Returns whether more may be known now.
    pub(super) fn catch_up(&self) -> bool {
        let known: HashSet<String> = match &*self.known() {
            Some(known) if known.only_told => known.packs().map(str::to_owned).collect(),
            _ => return false,
        };
        let Ok(listed) = self.packs().list() else {
            return false;
        };
        let there: HashSet<String> = listed.iter().map(|pack| pack.name.clone()).collect();
        let new = listed
            .into_par_iter()
            .filter(|pack| !known.contains(&pack.name));
        let read = new.filter_map(|pack| {
            let (table, _) = self.packs().read_table(&pack.name, pack.size).ok()?;
            Some((pack.name, table))
        });
        // The lock is not held meanwhile: a thread that waits may begin other work, which asks for the same lock.
        let read: Vec<_> = read.collect();
        let mut objects = self.known_mut();
        let Some(objects) = objects.as_mut().filter(|it| it.only_told) else {
            return true;
        };
        objects.condemn(|pack| !there.contains(pack));
        for (name, table) in read {
            objects.add(name, table);
        }
        objects.only_told = false;
        true
    }
}
