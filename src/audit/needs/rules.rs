//! What a framework wants at run time and no import shows: rules in a file that people can extend.

use std::collections::HashMap;

use serde::Deserialize;

use super::When;
use crate::audit::imports::wants::{Looked, Use};

/// The rules that come along, and the table of modules.
const OWN: [&str; 2] = [include_str!("rules.toml"), include_str!("modules.toml")];

/// All rules.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    #[serde(default)]
    rule: Vec<Rule>,
    /// Which distribution brings a module, by dotted names; several where nobody can tell by the name alone.
    #[serde(default)]
    modules: HashMap<String, Brings>,
}

/// Who brings a module.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Brings {
    One(String),
    Several(Vec<String>),
}

/// One rule: who uses this needs that.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    /// Names by their modules (`fastapi.Form`), of which any use counts; of a rule with `text` or `keyword` a call.
    #[serde(default)]
    uses: Vec<String>,
    /// Methods of whatever it is, in a file that imports `within`.
    #[serde(default)]
    methods: Vec<String>,
    /// The module that a file has to import for `methods`.
    #[serde(default)]
    within: Option<String>,
    /// Modules of which the import counts.
    #[serde(default)]
    imports: Vec<String>,
    /// What a text among the arguments has to begin with.
    #[serde(default)]
    text: Option<String>,
    /// An argument that has to be given, and not as false or none.
    #[serde(default)]
    keyword: Option<String>,
    /// An argument that must not be given: it decides what another rule says.
    #[serde(default)]
    without: Option<String>,
    /// Lists of distributions, of which one list has to be there whole.
    pub(super) needs: Vec<Vec<String>>,
    /// When it fails.
    #[serde(default)]
    when: Moment,
    /// Where the framework says so.
    source: Source,
}

/// When a rule's want fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Moment {
    #[default]
    Call,
    Import,
}

/// Where a framework says what it wants: a file of a version, and a text in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    package: String,
    version: String,
    file: String,
    #[allow(
        dead_code,
        reason = "who looks whether the source still says so reads the file"
    )]
    text: String,
}

/// One place at which a rule holds.
pub(super) struct Hit<'r> {
    pub(super) rule: &'r Rule,
    pub(super) line: usize,
    pub(super) what: String,
    pub(super) is_guarded: bool,
}

impl Rules {
    /// The rules that come along, and more of them from files of the same form. The error says what is wrong with
    /// which of these texts, by number.
    pub fn with(more: &[String]) -> Result<Self, (usize, String)> {
        let mut rules = Self::default();
        let own = OWN.iter().map(|text| (usize::MAX, *text));
        let more = more.iter().enumerate();
        for (number, text) in own.chain(more.map(|(number, text)| (number, text.as_str()))) {
            let others: Self = toml::from_str(text).map_err(|error| (number, error.to_string()))?;
            rules.rule.extend(others.rule);
            rules.modules.extend(others.modules);
        }
        Ok(rules)
    }

    /// The distributions that bring a module, by its longest beginning that is known.
    pub(crate) fn bring(&self, module: &str) -> &[String] {
        let mut part = module;
        loop {
            match self.modules.get(part) {
                Some(Brings::One(one)) => return std::slice::from_ref(one),
                Some(Brings::Several(several)) => return several,
                None => {}
            }
            match part.rsplit_once('.') {
                Some((above, _)) => part = above,
                None => return &[],
            }
        }
    }

    /// Where rules hold in a source.
    pub(super) fn hits(&self, looked: &Looked) -> Vec<Hit<'_>> {
        let mut hits = Vec::new();
        for rule in &self.rule {
            let has_within = rule.within.as_ref().is_none_or(|module| {
                let mut wants = looked.wants.iter();
                wants.any(|want| want.what.level == 0 && is_within(&want.what.module, module))
            });
            for one in looked
                .uses
                .iter()
                .filter(|one| rule.fits(one, has_within) && rule.is_open(one, &looked.uses))
            {
                hits.push(Hit {
                    rule,
                    line: one.line,
                    what: rule.shown(one),
                    is_guarded: one.is_guarded,
                });
            }
            for want in looked.wants.iter().filter(|want| want.what.level == 0) {
                let names = want.what.names.iter();
                let names = names.map(|name| format!("{}.{name}", want.what.module));
                let mut all = names.chain([want.what.module.clone()]);
                if let Some(module) = all.find(|module| rule.imports.contains(module)) {
                    hits.push(Hit {
                        rule,
                        line: want.what.line,
                        what: format!("import {module}"),
                        is_guarded: want.strength
                            == crate::audit::imports::wants::Strength::Guarded,
                    });
                }
            }
        }
        hits
    }
}

impl Rule {
    fn fits(&self, one: &Use, has_within: bool) -> bool {
        let is_named = self.uses.contains(&one.symbol);
        let method = one.symbol.strip_prefix('.');
        let is_method = method.is_some_and(|name| self.methods.iter().any(|method| method == name));
        let text = self.text.as_ref().is_none_or(|wanted| {
            one.texts
                .iter()
                .any(|text| text.starts_with(wanted.as_str()))
        });
        let keyword = self
            .keyword
            .as_ref()
            .is_none_or(|word| one.keywords.contains(word));
        (is_named || is_method && has_within) && text && keyword
    }

    /// Whether what a rule must not be given is not given: a call counts also as a plain use of the same name.
    fn is_open(&self, one: &Use, all: &[Use]) -> bool {
        let Some(word) = &self.without else {
            return true;
        };
        let same = |other: &&Use| other.line == one.line && other.symbol == one.symbol;
        let mut calls = all.iter().filter(same);
        !calls.any(|call| call.keywords.contains(word))
    }

    fn shown(&self, one: &Use) -> String {
        let symbol = one.symbol.trim_start_matches('.');
        match (&self.text, &self.keyword) {
            (Some(text), _) => format!("{symbol}(… '{text}' …)"),
            (_, Some(word)) => format!("{symbol}({word}=…)"),
            _ => symbol.to_owned(),
        }
    }

    /// When it fails.
    pub(super) fn when(&self) -> When {
        match self.when {
            Moment::Call => When::Call,
            Moment::Import => When::Import,
        }
    }

    /// Where the framework says so.
    pub(super) fn source(&self) -> String {
        let Source {
            package,
            version,
            file,
            ..
        } = &self.source;
        format!("{package} {version}, {file}")
    }
}

fn is_within(module: &str, above: &str) -> bool {
    let rest = module.strip_prefix(above);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_that_comes_along_says_when_it_holds_what_it_needs_and_who_says_so() {
        let rules = Rules::with(&[]).unwrap();
        assert!(rules.rule.len() >= 20 && rules.modules.len() >= 100);
        for rule in &rules.rule {
            let marks = [&rule.uses, &rule.methods, &rule.imports];
            assert!(marks.iter().any(|mark| !mark.is_empty()), "{rule:?}");
            assert_eq!(rule.methods.is_empty(), rule.within.is_none(), "{rule:?}");
            assert!(rule.needs.iter().all(|list| !list.is_empty()) && !rule.needs.is_empty());
            let Source {
                package,
                version,
                file,
                text,
            } = &rule.source;
            assert!(
                [package, version, file, text]
                    .iter()
                    .all(|part| !part.is_empty())
            );
        }
    }

    #[test]
    fn people_add_rules_and_a_wrong_file_is_named() {
        let more = "modules.house = 'house-lib'\n[[rule]]\nuses=['house.pdf']\nneeds=[['house-pdf']]\n\
            source={package='house',version='1',file='a.py',text='x'}\n";
        let rules = Rules::with(&[more.to_owned()]).unwrap();
        assert_eq!(rules.bring("house.inner"), ["house-lib"]);
        let wrong = Rules::with(&[String::new(), "[[rule]]\nuse=['x']\n".to_owned()]);
        assert_eq!(wrong.unwrap_err().0, 1);
    }
}
