//! Looks at a venv that others may exchange meanwhile: a restore, or a person with `mv`. What was read of a tree that
//! was taken away is no answer about the venv, since whoever exchanged it removes it while it is read.

use super::context::Context;
use super::error::Error;
use crate::disk::rooted::Rooted;
use crate::monitor::Status;
use crate::tree::{self, Site};

/// How often a venv is looked at that is exchanged under our eyes.
const ATTEMPTS: usize = 3;

/// Opens what stands at a place and looks at it. If another tree stands there in the end, looks once more.
pub(super) fn steady<T>(
    context: &Context<'_>,
    site: &Site,
    open: impl Fn(&Site) -> Result<Rooted, tree::Error>,
    look: impl Fn(&Rooted) -> Result<T, Error>,
) -> Result<T, Error> {
    for attempt in 1..=ATTEMPTS {
        let root = open(site)?;
        let seen = look(&root);
        // An error counts no more than an answer: the files of a tree that is removed cannot be read.
        if matches!(seen, Err(Error::Interrupted)) || site.holds(&root)? {
            return seen;
        }
        if attempt < ATTEMPTS {
            context.monitor.status(Status::ExchangedWhileRead);
        }
    }
    Err(tree::Error::Exchanged(site.path().to_owned()).into())
}
