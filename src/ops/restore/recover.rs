//! What a crash left of a restore is completed or cleaned, by the next command that meets it, with the store that it
//! used (promise 9).

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::contents::SnapshotContents;
use super::keeper::Keeper;
use crate::disk::workroom::Workroom;
use crate::monitor::{RecoveryWarning, Unstoppable};
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::ops::hold::hold_parent;
use crate::replace::{Left, Settled, Sources, Stand, Who, each_left, has_left, receipts};
use crate::store::{self, Store};
use crate::tree::Site;

/// Who comes upon what a restore left.
#[derive(Clone, Copy)]
pub(in crate::ops) enum Visit<'a> {
    /// Somebody who only looks at the venv.
    Look,
    /// Somebody who is about to save and replace all that stands there, with this store.
    Replace(&'a Store),
}

/// What somebody wants with a venv who does not replace it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::ops) enum Wish {
    /// To tell what stands there.
    Look,
    /// To keep what stands there as a good state.
    Keep,
}

/// Settles what lies beside or inside a venv. What has to wait for its store is left for the next command, and said.
/// The lock is that of the directory around, so who holds it may be at work on a neighbour: a look says that it could
/// not settle what lies there, and who keeps the venv waits, since nobody knows whether it is half replaced. Returns
/// the site as it is by then: a restore may have been interrupted while nothing stood there.
pub(in crate::ops) fn recover_beside(
    context: &Context<'_>,
    wish: Wish,
    site: &Site,
) -> Result<Site, Error> {
    if !has_left(site) && !build_left(site) {
        return Ok(site.clone());
    }
    let mut at_once = context.heard_by(context.monitor);
    at_once.lock_wait = std::time::Duration::ZERO;
    let held = match hold_parent(&at_once, site) {
        Err(Error::Busy(_)) if wish == Wish::Keep && has_left(site) => hold_parent(context, site),
        held => held,
    };
    let settled = held.and_then(|_parent| recover(&at_once, Visit::Look, site));
    match settled {
        Ok(()) => {}
        // Only a rebuild is at work, and the venv is whole.
        Err(Error::Busy(_)) if !has_left(site) => {}
        Err(error) if may_wait(&error, wish) => {
            let warning = RecoveryWarning::Left {
                cause: &error,
                is_begun: matches!(error, Error::Uncompleted { .. }),
            };
            context.monitor.warn(warning.into());
        }
        Err(error) => return Err(error),
    }
    Ok(site.again()?)
}

/// Whether a rebuild left the directory in which it built, or is at work there.
fn build_left(site: &Site) -> bool {
    let parent = site.open_parent();
    parent.is_ok_and(|parent| Workroom::is_left(&parent, site.name()))
}

/// Whether somebody who replaces nothing may go on: for want of the store, or of rights in a venv that is not theirs,
/// since something is mounted in what would go, or since steps in place cannot be completed; to look also since
/// somebody else is at work.
fn may_wait(error: &Error, wish: Wish) -> bool {
    match error {
        Error::Busy(_) => wish == Wish::Look,
        Error::Unsettled { .. } | Error::Uncompleted { .. } => true,
        Error::Path(error) => error.is_denied() || error.is_busy(),
        _ => false,
    }
}

/// Settles what lies beside or inside a venv, to the end. The caller holds the directory around it. Steps that cannot
/// be completed do not stop one who replaces all that stands there.
pub(in crate::ops) fn recover(
    context: &Context<'_>,
    visit: Visit<'_>,
    site: &Site,
) -> Result<(), Error> {
    let steady = Unstoppable(context.monitor);
    let context = &context.heard_by(&steady);
    // Nothing in a workroom that a crash left is needed any more. One in which somebody is at work is held by a lock,
    // and stays.
    Workroom::clear_left(&site.open_parent()?, site.name())?;
    each_left(site, |left| settle_journal(context, visit, site, &left))
}

/// Settles one journal, with the store that it names.
fn settle_journal(
    context: &Context<'_>,
    visit: Visit<'_>,
    site: &Site,
    left: &Left,
) -> Result<(), Error> {
    let receipt = left.receipt();
    let (who, given) = match visit {
        Visit::Look => (Who::Look, None),
        Visit::Replace(store) => (Who::Replace, Some(store)),
    };
    let given = given.filter(|store| store.path() == receipt.store);
    // The disk that holds the store may only not be mounted. A command that only looks can wait for it; a restore in
    // place has to.
    let waits = who == Who::Look || left.is_in_place();
    // The store is opened only for the snapshots that the journal names. To root, the journal of another user names
    // none.
    let is_named = receipt.incident.is_some() || receipt.brings;
    let (opened, away) = match (given, is_named) {
        (None, true) => match context.open_other(&receipt.store) {
            Ok(store) => (Some(store), None),
            Err(store::Error::NoStore(_)) if !waits => (None, None),
            Err(error) => (None, Some(error)),
        },
        _ => (None, None),
    };
    let store = given.or(opened.as_ref());
    let settled = match (store.filter(|_| is_named), &away) {
        (Some(store), _) => {
            let venv = context.venv_id(site);
            let keeper = Keeper::named(context, store, venv, &receipt);
            let contents = SnapshotContents {
                store,
                rewritten: BTreeMap::new(),
            };
            let sources = Sources {
                keeper: &keeper,
                contents: &contents,
            };
            left.complete_or_clean(Stand::Here(sources), who, site, context.monitor)
        }
        (None, None) => left.complete_or_clean(Stand::Nowhere, who, site, context.monitor),
        (None, Some(_)) => left.complete_or_clean(Stand::Away, who, site, context.monitor),
    };
    match (settled, away) {
        (Ok(Settled::Waits), Some(source)) => Err(Error::from(source).of_unsettled(receipt.store)),
        (Ok(_), _) => Ok(()),
        (Err(error), _) => Err(explain(error, &receipt.store, site)),
    }
}

/// Says of which store and venv an error is.
fn explain(error: crate::replace::Error, store: &std::path::Path, site: &Site) -> Error {
    use crate::replace::Error as Failed;
    match error {
        Failed::Uncompleted(source) => Error::Uncompleted {
            venv: site.path().to_owned(),
            source: Box::new((*source).into()),
        },
        Failed::Waits(error) => Error::from(Failed::Waits(error)).of_unsettled(store.to_owned()),
        other => other.into(),
    }
}

/// The stores that are named by what an interrupted restore left at a place.
pub(in crate::ops) fn stores_of_journals(site: &Site) -> Vec<PathBuf> {
    let receipts = receipts(site).into_iter();
    let named = receipts.filter(|receipt| receipt.incident.is_some());
    named.map(|receipt| receipt.store).collect()
}
