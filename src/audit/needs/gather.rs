//! Puts together who wants what, and what of it is missing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::modules::Modules;
use super::names::{Bringer, Names};
use super::rules::Rules;
use super::systems;
use super::{App, Evidence, Known, Nameless, Need, Needs, When};
use crate::audit::Subject;
use crate::audit::imports::outside::{Leads, Outside};
use crate::audit::imports::wanted::Wanted;
use crate::audit::imports::wants::{Form, Looked, Strength, Want};
use crate::audit::requirements::{self, Asked};
use crate::model::Unmet;
use crate::python::dist::normalized;
use crate::python::system_site::Beyond;

/// What an application lacks in a venv.
pub(crate) fn needs(subject: &Subject<'_>, app: &App, rules: &Rules) -> Needs {
    let outside = Outside::new(subject);
    let modules = Modules::index(app);
    let numbers: Vec<usize> = (0..app.sources.len()).collect();
    let look = |number: &usize| {
        let (path, content) = &app.sources[*number];
        let is_init = path.file_name().is_some_and(|name| name == "__init__.py");
        let there = |wanted: &Wanted| match modules.absolute(*number, wanted) {
            Some(wanted) if modules.sources(&wanted).is_some() => Some(true),
            Some(wanted) if wanted.level == 0 => match outside.leads(&wanted) {
                Leads::There => Some(true),
                Leads::Unknown => None,
                Leads::Absent(_) | Leads::Lost(_) => Some(false),
            },
            _ => None,
        };
        outside.look(content, is_init, &there)
    };
    let looked: Vec<Option<Looked>> = numbers.par_iter().map(look).collect();
    let reach = modules.reach(app, &looked);
    let mut gather = Gather {
        subject,
        app,
        outside: &outside,
        modules: &modules,
        names: Names::new(rules, &app.project, subject.dists),
        found: BTreeMap::new(),
        nameless: BTreeMap::new(),
        needs: Needs::default(),
    };
    for (number, looked) in looked.iter().enumerate() {
        let path = &app.sources[number].0;
        let Some(looked) = looked else {
            gather.needs.unread.push(path.clone());
            continue;
        };
        let strength = reach[number].unwrap_or(Strength::Guarded);
        for want in &looked.wants {
            gather.want(number, want, strength.min(want.strength));
        }
        for hit in rules.hits(looked) {
            gather.rule(path, &hit, strength);
        }
    }
    gather.declared();
    gather.unmet();
    gather.needs.undeclared.clone_from(&app.project.unread);
    gather.needs.indexes.clone_from(&app.project.indexes);
    gather.end()
}

struct Gather<'a, 's> {
    subject: &'a Subject<'s>,
    app: &'a App,
    outside: &'a Outside<'s>,
    modules: &'a Modules,
    names: Names<'a>,
    found: BTreeMap<String, Need>,
    nameless: BTreeMap<String, Nameless>,
    needs: Needs,
}

impl Gather<'_, '_> {
    fn want(&mut self, number: usize, want: &Want, strength: Strength) {
        let path = self.app.sources[number].0.clone();
        let Some(wanted) = self.modules.absolute(number, &want.what) else {
            return;
        };
        let line = wanted.line;
        let mut evidence = Evidence {
            path,
            line,
            what: String::new(),
        };
        if want.form == Form::Distribution {
            let name = normalized(&wanted.module);
            evidence.what = format!("asks for the distribution {}", wanted.module);
            if !self.has(&name)
                && self.app.project.name.as_ref() != Some(&name)
                && !self.modules.has_top(&name.replace('-', "_"))
            {
                self.add(&name, Known::Named, when(strength), evidence);
            }
            return;
        }
        let is_text = want.form == Form::Text;
        let is_own = if is_text {
            self.modules.has_top(&wanted.module)
        } else {
            want.what.level > 0 || self.modules.sources(&wanted).is_some()
        };
        if is_own {
            return;
        }
        let leads = if is_text {
            self.outside.text_leads(&wanted.module)
        } else {
            self.outside.leads(&wanted)
        };
        match leads {
            Leads::There => {}
            Leads::Lost(module) => {
                evidence.what = format!("import {module}");
                if strength != Strength::Guarded {
                    self.needs.lost.push((module, evidence));
                }
            }
            Leads::Absent(module) => {
                evidence.what = if is_text {
                    format!("'{}'", wanted.module)
                } else {
                    format!("import {}", wanted.module)
                };
                let whole = if is_text || wanted.module.starts_with(&module) {
                    wanted.module.clone()
                } else {
                    module
                };
                self.absent(&whole, when(strength), evidence, false);
            }
            Leads::Unknown => {
                evidence.what = format!("import {}", wanted.module);
                self.absent(&wanted.module, when(strength), evidence, true);
            }
        }
    }

    /// A module is missing; where nobody knows whether it is, only what is surely not installed is told.
    fn absent(&mut self, module: &str, mut when: When, evidence: Evidence, is_unsure: bool) {
        let only_on = systems::home(module);
        let bringer = self.names.bringer(module);
        let is_for_here = match &bringer {
            Bringer::One(name, Known::Declared) => self.app.project.holds(name),
            _ => only_on.is_none(),
        };
        // A function that is for another system asks for it before it is called.
        if !is_for_here && when == When::Call {
            when = When::Optional;
        }
        if only_on.is_some() && !is_for_here {
            return self.nowhere(module, only_on, Vec::new(), (when, evidence));
        }
        match bringer {
            Bringer::One(name, known) => {
                let is_told = !is_unsure || known != Known::Guess && self.is_surely_gone(&name);
                if is_told {
                    self.add(&name, known, when, evidence);
                }
            }
            Bringer::Unknown(_) if is_unsure => {}
            Bringer::Unknown(perhaps) => {
                self.nowhere(
                    module,
                    None,
                    perhaps.into_iter().collect(),
                    (when, evidence),
                );
            }
        }
    }

    /// A module is missing, and nobody knows what brings it here.
    fn nowhere(
        &mut self,
        module: &str,
        only_on: Option<&'static str>,
        perhaps: Vec<String>,
        (when, evidence): (When, Evidence),
    ) {
        let entry = self.nameless.entry(module.to_owned());
        let entry = entry.or_insert_with(|| Nameless {
            module: module.to_owned(),
            perhaps,
            only_on,
            when,
            evidence: Vec::new(),
        });
        entry.when = entry.when.max(when);
        entry.evidence.push(evidence);
    }

    fn is_surely_gone(&self, name: &str) -> bool {
        let beyond = self.subject.interpreter.map(|facts| &facts.beyond);
        !self.has(name) && beyond.is_some_and(|beyond| *beyond != Beyond::Unknown)
    }

    /// Whether a distribution is installed, or comes with the interpreter.
    fn has(&self, name: &str) -> bool {
        let beyond = self.subject.interpreter.map(|facts| &facts.beyond);
        let beyond = beyond.and_then(|beyond| beyond.version(name));
        self.subject.dists.named(name).is_some() || beyond.is_some()
    }

    fn rule(&mut self, path: &Path, hit: &super::rules::Hit<'_>, strength: Strength) {
        let lists = &hit.rule.needs;
        let is_there = |list: &Vec<String>| list.iter().all(|name| self.has(&normalized(name)));
        if lists.iter().any(is_there) {
            return;
        }
        // The list of which the project declares something, or else the first one.
        let declared = |list: &&Vec<String>| {
            list.iter()
                .any(|name| self.app.project.declares(&normalized(name)))
        };
        let Some(list) = lists.iter().find(declared).or_else(|| lists.first()) else {
            return;
        };
        let others = lists.iter().filter(|other| *other != list);
        let instead: Vec<String> = others.map(|list| list.join(" and ")).collect();
        let when = match (strength, hit.is_guarded) {
            (Strength::Guarded, _) | (_, true) => When::Optional,
            (Strength::Called, _) => When::Call,
            (Strength::Executed, _) => hit.rule.when(),
        };
        for name in list.clone() {
            let name = normalized(&name);
            if self.has(&name) {
                continue;
            }
            let evidence = Evidence {
                path: path.to_owned(),
                line: hit.line,
                what: format!("{} ({})", hit.what, hit.rule.source()),
            };
            self.add(&name, Known::Rule, when, evidence);
            // What else would do, would do for this rule alone.
            if let Some(need) = self.found.get_mut(&name)
                && need.evidence.len() == 1
            {
                need.instead.clone_from(&instead);
            }
        }
    }

    /// What the project declares and nobody installed.
    fn declared(&mut self) {
        for one in &self.app.project.declared {
            if one.is_extra || !one.holds || !self.is_surely_gone(&one.name) {
                continue;
            }
            let evidence = Evidence {
                path: one.path.clone(),
                line: one.line,
                what: format!("declares {}{}", one.requirement, one.origin.words()),
            };
            self.add(&one.name, Known::Declared, When::Import, evidence);
        }
    }

    /// What installed distributions require and nobody installed, also for the extras that the project asks of them.
    fn unmet(&mut self) {
        let asked = self.app.project.extras();
        let plain = requirements::check(self.subject, &Asked::new());
        for finding in requirements::check(self.subject, &asked) {
            let Some(unmet) = Unmet::read(&finding.text) else {
                continue;
            };
            let name = normalized(&unmet.name());
            let who = finding.package.clone().unwrap_or_default();
            let (path, line) = self.stated(&who, &name);
            let is_of_extra = !plain.contains(&finding);
            let evidence = Evidence {
                path,
                line,
                what: format!("{who} {}", finding.text),
            };
            let mut all = vec![evidence];
            let asks = self.app.project.asks_extras();
            for one in asks.filter(|one| is_of_extra && one.name == who) {
                let what = format!("declares {}, which needs '{}'", one.requirement, unmet.need);
                all.push(Evidence {
                    path: one.path.clone(),
                    line: one.line,
                    what,
                });
            }
            for evidence in all {
                self.add(&name, Known::Required, When::Import, evidence);
            }
            let is_from_index = self.app.project.is_from_index(&name);
            if let Some(need) = self.found.get_mut(&name).filter(|_| is_from_index) {
                need.requirement = unmet.need;
            }
        }
    }

    /// Where an installed distribution states a requirement.
    fn stated(&self, who: &str, name: &str) -> (PathBuf, usize) {
        let place = self.subject.place.unwrap_or(Path::new(""));
        let Some(dist) = self.subject.dists.named(who) else {
            return (place.to_owned(), 1);
        };
        let file = dist
            .info
            .join(b"METADATA")
            .unwrap_or_else(|_| dist.info.clone());
        let content = (self.subject.read)(&file).unwrap_or_default();
        let text = String::from_utf8_lossy(&content);
        let is_it = |line: &str| {
            let rest = line
                .strip_prefix("Requires-Dist:")
                .unwrap_or_default()
                .trim();
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"-_.".contains(c));
            !rest.is_empty() && normalized(&rest[..end.unwrap_or(rest.len())]) == name
        };
        let line = text.lines().position(is_it).map_or(1, |at| at + 1);
        (place.join(file.as_path()), line)
    }

    fn add(&mut self, name: &str, known: Known, when: When, evidence: Evidence) {
        let (requirement, elsewhere) = self.names.requirement(name);
        let entry = self.found.entry(name.to_owned()).or_insert_with(|| Need {
            distribution: name.to_owned(),
            requirement,
            elsewhere,
            known,
            when,
            instead: Vec::new(),
            evidence: Vec::new(),
        });
        entry.when = entry.when.max(when);
        if known != Known::Rule {
            entry.instead.clear();
        }
        if matches!(entry.known, Known::Guess) {
            entry.known = known;
        }
        entry.evidence.push(evidence);
    }

    fn end(mut self) -> Needs {
        // Where the project declares what no import explains, a module of no known bringer may be of one of these.
        let explained = |need: &Need| need.evidence.len() > 1 || need.known != Known::Declared;
        let open: Vec<String> = self
            .found
            .values()
            .filter(|need| !explained(need))
            .map(|need| need.distribution.clone())
            .collect();
        for (name, mut need) in std::mem::take(&mut self.found) {
            need.evidence.sort();
            need.evidence.dedup();
            if need.known == Known::Guess {
                let mut perhaps = vec![name.clone()];
                perhaps.extend(open.iter().cloned());
                self.needs.nameless.push(Nameless {
                    module: name.replace('-', "_"),
                    perhaps,
                    only_on: None,
                    when: need.when,
                    evidence: need.evidence,
                });
                continue;
            }
            let is_extra = self.app.project.has_as_extra(&name);
            if need.when == When::Optional || need.when == When::Call && is_extra {
                self.needs.optional.push(need);
            } else {
                self.needs.needed.push(need);
            }
        }
        self.needs.nameless.extend(self.nameless.into_values());
        self.needs
    }
}

fn when(strength: Strength) -> When {
    match strength {
        Strength::Guarded => When::Optional,
        Strength::Called => When::Call,
        Strength::Executed => When::Import,
    }
}
