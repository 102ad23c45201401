//! What a restore means for the venv, and why one does nothing.

use super::{Mode, Part, Run};
use crate::model::{Deed, Exchange, IncidentReport, PackageChange};
use crate::tree::Site;

impl Run<'_> {
    /// What it means for the venv whose state differs so.
    pub(super) fn deed(&self, place: &Site, report: &IncidentReport) -> Deed {
        let exchange = Exchange {
            venv: &self.context.venv_id(place),
            restored: Some(&self.chosen.snapshot),
            stood: self.stood,
            part: !self.options.part.is_whole(),
            newer: self.newer,
        };
        Deed::of(report.brought().map(|seen| seen.class), &exchange)
    }

    /// Why nothing is done, for the outcome.
    pub(super) fn idle(&self, differs: bool, left: &[PackageChange]) -> Mode {
        match &self.options.part {
            _ if differs || self.options.force => Mode::DryRun,
            Part::Whole => Mode::Identical,
            Part::Only(_) | Part::Heal if !left.is_empty() => Mode::LeftAlone,
            Part::Only(_) => Mode::PartIdentical,
            Part::Heal => Mode::NothingToHeal,
        }
    }
}
