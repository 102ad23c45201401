//! What the new venv is made of: which packages are taken over, and which are fetched, and why.

use std::collections::BTreeSet;

use super::build::{Build, Order};
use super::failed::Unbuilt;
use super::live::Live;
use super::maker::Base;
use super::options::RebuildOptions;
use super::outcome::{Comes, Planned, Rebuilt, ToldBy};
use super::taken::{take_over, top_files};
use super::wanted::{List, Wanted};
use crate::disk::rooted::Rooted;
use crate::model::RelPath;
use crate::ops::context::Context;
use crate::ops::error::Error;
use crate::python::dist::normalized;
use crate::python::made::Made;
use crate::python::worker::Complaint;

/// The normalized name of the installer that interpreters bring.
const PIP: &str = "pip";

/// What is to be done.
pub(super) struct Plan {
    pub(super) told_by: ToldBy,
    pub(super) packages: Vec<Planned>,
    /// The files of the live venv that are taken over.
    files: BTreeSet<RelPath>,
    /// What the installer is asked for.
    order: Option<Order>,
    /// The pip that belongs there, where it is not taken over.
    pip: Option<Wanted>,
    /// Packages that are fetched though RECORD proves them.
    provable: Vec<String>,
}

impl Plan {
    /// Decides how each package comes.
    pub(super) fn new(
        list: List,
        live: Option<&Live>,
        base: &Base,
        options: &RebuildOptions,
    ) -> Self {
        let mut plan = Self {
            told_by: list.told_by,
            packages: Vec::new(),
            files: BTreeSet::new(),
            order: None,
            pip: None,
            provable: Vec::new(),
        };
        let mut lines = Vec::new();
        for (name, wanted) in list.packages {
            let found = proved(live, base, &name, &wanted);
            if let (Ok(_), true) = (&found, options.all) {
                plan.provable.push(wanted.package.name.clone());
            }
            let (comes, why) = match found {
                Ok(files) if !options.all => {
                    plan.files.extend(files);
                    (Comes::TakenOver, None)
                }
                Ok(_) => (Comes::Fetched, Some("all is fetched")),
                Err(why) => (Comes::Fetched, Some(why)),
            };
            if comes == Comes::Fetched {
                lines.push(wanted.package.requirement());
            }
            plan.packages.push(Planned {
                name: wanted.package.name.clone(),
                version: wanted.package.version.clone(),
                comes,
                why,
                evidence: wanted.evidence.clone(),
            });
            if comes == Comes::Fetched && name == PIP && list.requirements.is_none() {
                lines.pop();
                plan.pip = Some(wanted);
            }
        }
        plan.order = match list.requirements {
            Some(text) => Some(Order {
                lines: text,
                is_whole: false,
            }),
            None if lines.is_empty() => None,
            None => Some(Order {
                lines: lines.join("\n") + "\n",
                is_whole: true,
            }),
        };
        plan
    }

    /// Builds the venv.
    pub(super) fn carry_out(
        &self,
        context: &Context<'_>,
        build: &Build<'_>,
        live: Option<&Live>,
        made: &Made,
        outcome: &mut Rebuilt,
    ) -> Result<(), Error> {
        let monitor = build.worker.monitor;
        build.make(made)?;
        if let Some(live) = live {
            let new = build.open()?;
            let mut files = self.files.clone();
            files.extend(top_files(live, &new));
            take_over(live, &files, (new, &build.place()), monitor)?;
        }
        if let Some(order) = &self.order
            && let Err(complaint) = build.install(order)?
        {
            return Err(self.not_installed(build, complaint).into());
        }
        match &self.pip {
            Some(pip) => self.bring_pip(context, build, pip, outcome),
            None => Ok(()),
        }
    }

    /// Brings pip in the version that was there, where that is to be had; else the one of the interpreter.
    fn bring_pip(
        &self,
        context: &Context<'_>,
        build: &Build<'_>,
        pip: &Wanted,
        outcome: &mut Rebuilt,
    ) -> Result<(), Error> {
        let tool = Live::read(context, Rooted::open(&build.tool()?)?)?;
        let brought = tool.dists.named(PIP);
        let wanted = &pip.package.version;
        if brought.is_none_or(|brought| brought.version != *wanted) {
            let lines = pip.package.requirement() + "\n";
            let order = Order {
                lines,
                is_whole: true,
            };
            match (build.install(&order)?, brought) {
                (Ok(()), _) => return Ok(()),
                (Err(complaint), None) => return Err(self.not_installed(build, complaint).into()),
                (Err(_), Some(brought)) => context.monitor.warn(&format!(
                    "pip {wanted} could not be fetched; pip {}, which the interpreter brings, stands in its place",
                    brought.version
                )),
            }
        }
        let Some(brought) = brought else {
            return Ok(());
        };
        let proved = tool.proved(brought).map_err(|why| {
            let why = format!(
                "the pip that '{}' brings is no good: {why}",
                build.base.path.display()
            );
            Unbuilt::NoInstaller { why }
        })?;
        let files = proved.into_iter().collect();
        take_over(
            &tool,
            &files,
            (build.open()?, &build.place()),
            context.monitor,
        )?;
        let is_pip = |one: &&mut Planned| normalized(&one.name) == PIP;
        for planned in outcome.packages.iter_mut().filter(is_pip) {
            planned.comes = Comes::WithInterpreter;
            planned.version.clone_from(&brought.version);
        }
        Ok(())
    }

    /// Which packages an installer did not bring, as far as it names them.
    fn not_installed(&self, build: &Build<'_>, complaint: Complaint) -> Unbuilt {
        let text = complaint.lines.join("\n").to_lowercase();
        let fetched = self
            .packages
            .iter()
            .filter(|one| one.comes == Comes::Fetched);
        let all: Vec<String> = fetched.map(|one| one.name.clone()).collect();
        let named = all.iter().filter(|name| names(&text, &normalized(name)));
        let named: Vec<String> = named.cloned().collect();
        let packages = match (named.is_empty(), all.is_empty()) {
            (false, _) => named,
            (true, false) => all,
            (true, true) => vec!["what the requirements name".to_owned()],
        };
        let provable = self.provable.iter().filter(|name| packages.contains(name));
        Unbuilt::Install {
            installer: build.installer,
            provable: provable.cloned().collect(),
            packages,
            said: complaint.lines,
        }
    }
}

/// Whether a text of an installer names a distribution, in whichever spelling.
fn names(text: &str, name: &str) -> bool {
    let spellings = [
        name.to_owned(),
        name.replace('-', "_"),
        name.replace('-', "."),
    ];
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    spellings.iter().any(|spelling| {
        text.match_indices(spelling.as_str()).any(|(at, found)| {
            let before = text[..at].chars().next_back();
            let after = text[at + found.len()..].chars().next();
            !is_part(before) && !is_part(after)
        })
    })
}

/// The files of a package of the live venv, where they are all proved and of the version that belongs there.
fn proved(
    live: Option<&Live>,
    base: &Base,
    name: &str,
    wanted: &Wanted,
) -> Result<Vec<RelPath>, &'static str> {
    let live = live.ok_or("it is gone")?;
    let dist = live.dists.named(name).ok_or("it is gone")?;
    if dist.version != wanted.package.version {
        return Err("another version of it is there");
    }
    if live.made.minor().is_some_and(|minor| minor != base.version) {
        return Err("it was installed for another version of Python");
    }
    live.proved(dist)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_named_in_any_spelling_and_not_by_a_part_of_another_name() {
        assert!(names(
            "no matching distribution found for foo_bar==1",
            "foo-bar"
        ));
        assert!(!names("cannot install foobar", "foo"));
        assert!(names("failed to build 'foo'", "foo"));
    }
}
