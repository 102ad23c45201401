//! What the new venv is made of: which packages are taken over, and which are fetched, and why.

use crate::model::installed::without_secrets_in;
use std::collections::{BTreeMap, BTreeSet};

use super::build::{Build, Order};
use super::carried::carried;
use super::failed::Unbuilt;
use super::live::Live;
use super::lock::Locked;
use super::maker::Base;
use super::options::{Index, RebuildOptions};
use super::outcome::{Comes, Planned, Rebuilt, ToldBy};
use super::pip::{PIP, Pip};
use super::proof::proved;
use super::remains::{brings, remains};
use super::requirements::{Lines, is_remote};
use super::taken::{take_over, top_files};
use super::wanted::List;
use super::wanted_package::Wanted;
use crate::audit::needs::Rules;
use crate::model::{RelPath, Remains};
use crate::ops::error::Error;
use crate::python::complaint::Complaint;
use crate::python::dist::normalized;
use crate::python::made::Made;

/// What is to be done.
pub(super) struct Plan {
    pub(super) told_by: ToldBy,
    pub(super) packages: Vec<Planned>,
    /// The files of the live venv that are taken over.
    files: BTreeSet<RelPath>,
    /// Those that people put there by hand, which nothing proves.
    pub(super) carried: Vec<RelPath>,
    /// What is fetched from a URL of another host.
    far: Vec<String>,
    /// What the installer is asked for, one after the other.
    orders: Vec<Order>,
    /// The pip that belongs there, where it is not taken over.
    pub(super) pip: Option<Wanted>,
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
        with: BTreeMap<String, String>,
    ) -> Self {
        let far = list.far(&with);
        let mut plan = Self {
            told_by: list.told_by,
            packages: Vec::new(),
            files: BTreeSet::new(),
            carried: Vec::new(),
            far: Vec::new(),
            orders: Vec::new(),
            pip: None,
            provable: Vec::new(),
        };
        plan.far = far;
        // If one line has a hash, installers want a hash of every line; therefore there are two orders.
        let (mut hashed, mut lines) = (Vec::new(), Vec::new());
        for (name, wanted) in list.packages {
            if with.contains_key(&name) {
                continue;
            }
            let comes = plan.decide(live, base, (&name, &wanted), options.all);
            // What a requirements file names, its own order brings.
            let is_ordered = list.requirements.is_some() && !wanted.is_brought;
            let is_pip = name == PIP && !is_ordered && wanted.locked.is_none();
            let line = wanted
                .locked
                .as_ref()
                .map_or_else(|| wanted.line(), Locked::line);
            if comes == Comes::Fetched && !is_ordered && is_remote(&line) {
                plan.far.push(wanted.package.name.clone());
            }
            match &wanted.locked {
                _ if comes != Comes::Fetched || is_pip || is_ordered => {}
                Some(locked) if locked.is_hashed() => hashed.push(line),
                _ => lines.push(line),
            }
            if comes == Comes::Fetched && is_pip {
                plan.pip = Some(wanted);
            }
        }
        let orders = [
            Order::from_lines(&hashed, true),
            Order::from_lines(&lines, false),
        ];
        plan.orders = orders.into_iter().flatten().collect();
        if let Some(lines) = list.requirements {
            plan.order_list(lines);
        }
        plan.ask_for(with);
        let same = live.filter(|live| live.made.minor().is_none_or(|minor| minor == base.version));
        if let (ToldBy::Venv, Some(live)) = (&plan.told_by, same) {
            plan.carried = carried(live, &plan.packages);
        }
        plan
    }

    /// Orders what a requirements file asks for, all at once.
    fn order_list(&mut self, lines: Lines) {
        let order = Order {
            lines: lines.order,
            constraints: lines.constraints,
            is_whole: false,
            is_hashed: false,
        };
        self.orders.insert(0, order);
        let others = lines.others.into_iter();
        self.packages.extend(others.map(|one| Planned {
            name: one.name.unwrap_or_else(|| one.text.clone()),
            version: one.version,
            asked: Some(one.text),
            comes: Comes::Fetched,
            why: Some(one.why),
            evidence: None,
        }));
    }

    /// Decides how a package comes.
    fn decide(
        &mut self,
        live: Option<&Live>,
        base: &Base,
        (name, wanted): (&str, &Wanted),
        all: bool,
    ) -> Comes {
        let found = proved(live, base, name, wanted);
        if let (Ok(_), true) = (&found, all) {
            self.provable.push(wanted.package.name.clone());
        }
        let (comes, why) = match found {
            Ok(files) if !all => {
                self.files.extend(files);
                (Comes::TakenOver, None)
            }
            Ok(_) => (Comes::Fetched, Some("all is fetched")),
            Err(why) => (Comes::Fetched, Some(wanted.why.unwrap_or(why))),
        };
        let there = live.and_then(|live| live.dists.named(name));
        let there = there.filter(|_| comes == Comes::TakenOver);
        let version = there.map_or(&wanted.package.version, |dist| &dist.version);
        self.packages.push(Planned {
            name: wanted.package.name.clone(),
            version: version.clone(),
            asked: wanted.asked.clone(),
            comes,
            why,
            evidence: wanted.evidence.clone(),
        });
        comes
    }

    /// Orders what somebody asked for by itself, with all that it requires.
    fn ask_for(&mut self, with: BTreeMap<String, String>) {
        let lines: Vec<String> = with.values().cloned().collect();
        let order = Order::from_lines(&lines, false);
        self.orders.extend(order.map(|order| Order {
            is_whole: false,
            ..order
        }));
        for (name, line) in with {
            self.packages.push(Planned {
                name,
                version: String::new(),
                asked: Some(without_secrets_in(&line)),
                comes: Comes::Fetched,
                why: Some("it is asked for"),
                evidence: None,
            });
        }
        let key = |one: &Planned| normalized(&one.name);
        self.packages.sort_by_cached_key(key);
    }

    /// Packages of which nothing but the modules is left, and that nothing that is fetched seems to bring.
    pub(super) fn leaves(&self, live: &Live) -> Vec<Remains> {
        let rules = Rules::with(&[]).unwrap_or_default();
        let fetched = self
            .packages
            .iter()
            .filter(|one| one.comes == Comes::Fetched);
        let names: Vec<String> = fetched.map(|one| normalized(&one.name)).collect();
        let is_left = |one: &Remains| {
            !self.carried.contains(&one.path)
                && !names.iter().any(|name| brings(&rules, name, &one.module))
        };
        remains(live).into_iter().filter(is_left).collect()
    }

    /// Files that no package lists and that are not taken over.
    pub(super) fn leaves_files(&self, live: &Live) -> Vec<RelPath> {
        let mut files = live.left_behind();
        files.retain(|path| !self.carried.contains(path));
        files
    }

    /// Refuses what would be fetched from a URL where nothing may be fetched.
    pub(super) fn refuse_far(&self, options: &RebuildOptions) -> Result<(), Unbuilt> {
        if options.index == Index::AsSet || self.far.is_empty() {
            return Ok(());
        }
        let far: BTreeSet<String> = self.far.iter().cloned().collect();
        Err(Unbuilt::Far(far.into_iter().collect()))
    }

    /// Builds the venv.
    pub(super) fn carry_out(
        &self,
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
        let pip = match &self.pip {
            Some(pip) => Some(Pip {
                wanted: pip.package.version.as_str(),
                line: pip.line(),
                brought: build.brought_pip()?,
            }),
            None => None,
        };
        let asked = pip.as_ref().filter(|pip| !pip.is_brought());
        let came = self.install(build, asked)?;
        if let Some(live) = live {
            // They come last: what the installer brings is better, and their code is none of its business.
            let new = build.open()?;
            let open = self.carried.iter();
            let open = open.filter(|path| new.stat_below(path, false).is_err());
            let files = open.cloned().collect();
            take_over(live, &files, (new, &build.place()), monitor)?;
        }
        match (&pip, came) {
            (Some(pip), Ok(())) if pip.is_brought() => {
                self.bring_pip(build, pip, Complaint::default(), outcome)
            }
            (Some(pip), Err(complaint)) => self.bring_pip(build, pip, complaint, outcome),
            (_, Ok(())) | (None, _) => Ok(()),
        }
    }

    /// Installs all that is fetched, and the pip that is asked for in the same run where that can be. Returns why
    /// that pip was not installed, where it was not.
    fn install(
        &self,
        build: &Build<'_>,
        pip: Option<&Pip<'_>>,
    ) -> Result<Result<(), Complaint>, Error> {
        let mut open = pip;
        for order in &self.orders {
            if let Some(pip) = open.filter(|_| order.takes_more()) {
                match build.install(&order.and(&pip.line))? {
                    Ok(()) => {
                        open = None;
                        continue;
                    }
                    Err(complaint)
                        if !complaint.lines.iter().any(|line| line.contains(&pip.line)) =>
                    {
                        return Err(self.not_installed(build, complaint).into());
                    }
                    // The complaint names that pip: it is not to be had.
                    Err(complaint) => {
                        return self.install_one(build, order).map(|()| Err(complaint));
                    }
                }
            }
            self.install_one(build, order)?;
        }
        match open.and_then(|pip| Order::from_lines(std::slice::from_ref(&pip.line), false)) {
            Some(order) => build.install(&order),
            None => Ok(Ok(())),
        }
    }

    fn install_one(&self, build: &Build<'_>, order: &Order) -> Result<(), Error> {
        let done = build.install(order)?;
        done.map_err(|complaint| self.not_installed(build, complaint).into())
    }

    /// Which packages an installer did not bring, as far as it names them.
    pub(super) fn not_installed(&self, build: &Build<'_>, complaint: Complaint) -> Unbuilt {
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
