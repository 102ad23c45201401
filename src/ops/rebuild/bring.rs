//! The interpreter brings a pip, which will do where it is the one that belongs into a venv, or where that one is not
//! to be had.

use super::build::Build;
use super::outcome::{Comes, Planned, Rebuilt};
use super::pip::{PIP, Pip};
use super::plan::Plan;
use crate::disk::PathError;
use crate::monitor::RestoreWarning;
use crate::ops::error::Error;
use crate::python::complaint::Complaint;
use crate::python::dist::normalized;

impl Plan {
    /// Tells of pip in a plan what will come of it: `brought` gives the version of the one that the interpreter brings.
    pub(super) fn foresee_pip(
        &mut self,
        brought: impl FnOnce() -> Result<Option<String>, PathError>,
    ) -> Result<(), PathError> {
        let Some(pip) = &self.pip else { return Ok(()) };
        let brought = Pip {
            wanted: pip.package.version.as_str(),
            line: String::new(),
            brought: brought()?,
        };
        let comes = brought.brought.as_ref().filter(|_| brought.is_brought());
        let is_pip = |one: &&mut Planned| normalized(&one.name) == PIP;
        if let Some(version) = comes {
            for planned in self.packages.iter_mut().filter(is_pip) {
                planned.comes = Comes::WithInterpreter;
                planned.version.clone_from(version);
            }
        }
        Ok(())
    }

    /// Brings the pip of the interpreter, where that is the one that belongs there or that one is not to be had.
    pub(super) fn bring_pip(
        &self,
        build: &Build<'_>,
        pip: &Pip<'_>,
        why: Complaint,
        outcome: &mut Rebuilt,
    ) -> Result<(), Error> {
        let Some(brought) = &pip.brought else {
            return Err(self.not_installed(build, why).into());
        };
        if let Err(complaint) = build.install_brought_pip()? {
            return Err(self.not_installed(build, complaint).into());
        }
        if !pip.is_brought() {
            let wanted = pip.wanted;
            let warning = RestoreWarning::OtherPip { wanted, brought };
            build.worker.monitor.warn(warning.into());
        }
        let is_pip = |one: &&mut Planned| normalized(&one.name) == PIP;
        for planned in outcome.packages.iter_mut().filter(is_pip) {
            planned.comes = Comes::WithInterpreter;
            planned.version.clone_from(brought);
        }
        Ok(())
    }
}
