//! Reads some caches: finds the entries, the headers and the pages by which they are judged, and has each judged.

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::sync::Mutex;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::entry::{Found, Unlisted};
use super::http::{Head, head};
use super::judge::{Heads, Look, Scope, is_page, key_of, open, plain};
use super::layout::{Cache, Form, Place, places};
use super::pages::{Key, Pages};
use super::unpacked::Links;
use crate::disk::PathError;
use crate::disk::rooted::Rooted;
use crate::model::Installer;
use crate::monitor::Monitor;

/// Pages of more bytes are read one after the other, so that several do not take the memory of many.
const LARGE_PAGE: u64 = 2 << 20;

/// Reads some caches: each is the directory of an installer, resolved.
pub(crate) fn check(
    caches: &[(Installer, PathBuf)],
    scope: Scope<'_>,
    monitor: &dyn Monitor,
) -> Result<Found, PathError> {
    let mut found = Found::default();
    let links = Links::default();
    for (installer, path) in caches {
        let root = Rooted::open(path)?;
        let cache = Cache {
            installer: *installer,
            root: &root,
        };
        let places = places(&cache, &mut found);
        let heads = heads(&cache, &places, &mut found);
        let pages = pages(&cache, &places, &heads, scope);
        let bytes = places.iter().map(|place| place.size).sum();
        monitor.phase(phase(*installer), places.len() as u64, bytes);
        let look = Look {
            cache,
            scope,
            heads,
            pages,
            links: &links,
            monitor,
        };
        let judged: Vec<_> = places
            .par_iter()
            .map(|place| (place, look.judge_twice(place)))
            .collect();
        for (place, judged) in judged {
            match judged {
                // A bad entry without a name may be of any distribution, also of one that was asked for.
                Ok(Some(entry)) if entry.package.is_none() && !scope.packages.is_empty() => {
                    found.nameless += u64::from(!entry.faults().is_empty());
                }
                Ok(entry) => found.entries.extend(entry),
                Err(error) => found.unread.push(Unlisted {
                    path: root.shown(&place.path),
                    reason: error.to_string(),
                }),
            }
        }
    }
    Ok(found)
}

fn phase(installer: Installer) -> &'static str {
    match installer {
        Installer::Uv => "reading the cache of uv",
        Installer::Pip => "reading the cache of pip",
        Installer::Poetry => "reading the cache of poetry",
        Installer::Pdm => "reading the cache of pdm",
        Installer::Virtualenv => "reading the app-data of virtualenv",
    }
}

/// The headers of all responses, by the paths of their entries.
fn heads(cache: &Cache<'_>, places: &[Place], found: &mut Found) -> Heads {
    let responses = places
        .par_iter()
        .filter(|place| place.form == Form::Response);
    let read = responses.map(|place| {
        let path = &place.parts.first().map_or(&place.path, |part| &part.0);
        let head = open(cache.root, path).and_then(|(file, len)| head(&file, len));
        (place.path.clone(), head)
    });
    let read: Vec<_> = read.collect();
    let mut heads = Heads::new();
    for (path, head) in read {
        match head {
            Ok(head) => drop(heads.insert(path, head)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => found.unread.push(Unlisted {
                path: cache.root.shown(&path),
                reason: error.to_string(),
            }),
        }
    }
    heads
}

/// What the pages of indexes say of the entries that there are.
fn pages(cache: &Cache<'_>, places: &[Place], heads: &Heads, scope: Scope<'_>) -> Pages {
    let keys: HashSet<Key> = places.iter().filter_map(key_of).collect();
    let (all, turn) = (Mutex::new(Pages::default()), Mutex::new(()));
    places.par_iter().for_each(|place| {
        let (Some(Head::Response(response)), Some(key)) = (heads.get(&place.path), key_of(place))
        else {
            return;
        };
        let Some(is_json) = is_page(response) else {
            return;
        };
        let _turn = (place.size > LARGE_PAGE).then(|| turn.lock());
        let read =
            open(cache.root, &place.path).and_then(|(file, len)| plain(&file, len, response));
        if let (Ok(Some(page)), Ok(mut all)) = (read, all.lock()) {
            all.add(&page, is_json, &key, &keys, scope.indexes);
        }
    });
    all.into_inner().unwrap_or_default()
}
