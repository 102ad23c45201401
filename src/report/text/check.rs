//! `check`: first whether the venv is sound, then what is wrong, by package, then what is only unusual.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;

use super::Style;
use super::words::{coloured, count, sharing, took};
use super::wrap::Wrapped;
use crate::model::{
    Audit, Check, Class, Finding, Package, RelPath, Shown, TreeKind, Unmet, Unread, shell_line,
    shell_word,
};
use crate::ops::CheckOutcome;
use crate::python::layout::python_in;
use crate::report::group::site_of;
use crate::report::reinstall::{is_installable, reinstall};

/// How many findings of one kind and package are shown without `--verbose`, if they are no damage.
const NOTICES_SHOWN: usize = 10;

/// Writes what a check found.
pub fn check(out: &mut dyn Write, outcome: &CheckOutcome, style: &Style) -> io::Result<()> {
    let out = &mut Wrapped::new(out, style);
    let audit = &outcome.audit;
    writeln!(out, "{}", headline(outcome, style))?;
    for Unread { path, reason } in &audit.unread {
        let is_finding =
            |one: &Finding| one.check == Check::FileUnreadable && one.path.as_ref() == Some(path);
        if !audit.findings.iter().any(is_finding) {
            let reason = Shown(reason.as_bytes());
            writeln!(out, "'{path}' could not be looked at: {reason}")?;
        }
    }
    super::diagnosis::write(out, &audit.diagnosis, style)?;
    findings(out, audit, style)?;
    if let Some(command) = install(outcome) {
        let may =
            "the application may not start, since not all is met that it needs; to install that";
        writeln!(out, "{may}:\n    {command}")?;
    }
    if let Some(words) = reinstall(&outcome.venv, audit) {
        writeln!(
            out,
            "to install what is damaged anew, past every cache:\n    {}",
            shell_line(words)
        )?;
    }
    let counts = audit.counts;
    let emptied = audit
        .findings
        .iter()
        .filter(|finding| finding.check == Check::FileEmptied)
        .count();
    let meant = if emptied == 0 {
        "all of them meant to be".to_owned()
    } else {
        format!("meant to be, beside {emptied} that are not")
    };
    if counts.empty > 0 {
        writeln!(out, "{}, {meant}", count(counts.empty, "empty file"))?;
    }
    if counts.unowned > 0 {
        let hint = if style.verbose {
            ":".to_owned()
        } else {
            format!(" ({} lists them)", style.options.verbose)
        };
        let files = count(counts.unowned, "file");
        writeln!(
            out,
            "{files} in site-packages that no distribution owns{hint}"
        )?;
        for path in audit.unowned.iter().filter(|_| style.verbose) {
            writeln!(out, "  {path}")?;
        }
    }
    Ok(())
}

/// Writes why a damaged venv was not saved.
pub fn refused(out: &mut dyn Write, audit: &Audit, style: &Style) -> io::Result<()> {
    let out = &mut Wrapped::new(out, style);
    let mut damage = audit.clone();
    damage.findings.retain(Finding::is_damage);
    findings(out, &damage, style)
}

fn headline(outcome: &CheckOutcome, style: &Style) -> String {
    let audit = &outcome.audit;
    let totals = format!(
        "{}, {} checked against {}, {}",
        count(audit.packages.len() as u64, "distribution"),
        count(audit.counts.hashed, "file"),
        if audit.kind == TreeKind::Conda {
            "conda-meta and RECORD"
        } else {
            "RECORD"
        },
        took(outcome.took)
    );
    let venv = Shown::path(&outcome.venv);
    // What could not be read is neither sound nor damaged.
    let is_known = |one: &&Finding| one.check != Check::FileUnreadable;
    let damage = audit.damage().filter(is_known).count() as u64;
    let parts = asides(audit);
    let rest = if parts.is_empty() {
        String::new()
    } else {
        format!(", {}", parts.join(", "))
    };
    let unread = audit.unread.len() as u64;
    if damage > 0 {
        let rest = match unread {
            0 => rest,
            _ => format!("{rest}, {} not looked at", count(unread, "entry")),
        };
        let word = coloured("damaged", Class::Damage, style);
        let what = count(damage, "finding");
        return format!("{word}: {what} of damage{rest} in {venv} ({totals})");
    }
    if !audit.unread.is_empty() {
        let word = coloured("unreadable", Class::Damage, style);
        return format!("{word}: not all of {venv} could be checked{rest} ({totals})");
    }
    if audit.kind == TreeKind::Any {
        return format!(
            "not audited: {venv} is a plain directory, and nothing in it tells what should be there ({}, {})",
            count(audit.counts.entries, "file"),
            took(outcome.took)
        );
    }
    if let Some(gone) = gone(audit) {
        let word = coloured("incomplete", Class::Damage, style);
        return format!("{word}: no damage in {venv}, but {gone}{rest} ({totals})");
    }
    // An application that needs such a requirement does not start, so the first word does not say that all is well.
    if audit.findings.iter().any(is_unmet) {
        return format!("no damage in {venv}, but {} ({totals})", parts.join(", "));
    }
    format!("sound: no damage in {venv}{rest} ({totals})")
}

/// How many findings there are that are neither damage nor what is gone elsewhere.
fn asides(audit: &Audit) -> Vec<String> {
    let number = |of: &dyn Fn(&Finding) -> bool| {
        let found = audit.findings.iter().filter(|one| of(one));
        found.count() as u64
    };
    let is_notice =
        |one: &Finding| !one.check.is_failure() && !is_unmet(one) && one.accepted.is_none();
    let kinds = [
        (number(&is_unmet), "unmet requirement"),
        (number(&is_notice), "notice"),
        (number(&|one| one.accepted.is_some()), "accepted finding"),
    ];
    let kinds = kinds.into_iter().filter(|(number, _)| *number > 0);
    kinds.map(|(number, what)| count(number, what)).collect()
}

/// What the venv uses elsewhere and is gone there; none where nothing is.
fn gone(audit: &Audit) -> Option<String> {
    let kinds = [
        (Check::SourceGone, "source"),
        (Check::ScriptInterpreter, "interpreter"),
        (Check::ScriptOrphaned, "distribution of a script"),
    ];
    let number = |check| audit.gone().filter(|one| one.check == check).count() as u64;
    let kinds = kinds.map(|(check, what)| (number(check), what));
    let total: u64 = kinds.iter().map(|(number, _)| number).sum();
    let told = kinds.iter().filter(|(number, _)| *number > 0);
    let told: Vec<String> = told.map(|(number, what)| count(*number, what)).collect();
    let is = if total == 1 { "is" } else { "are" };
    (total > 0).then(|| format!("{} that it uses {is} gone", told.join(" and ")))
}

fn is_unmet(finding: &Finding) -> bool {
    finding.check == Check::RequirementUnmet && finding.accepted.is_none()
}

/// Writes findings by package: damage with every file, the rest cut short unless all is wanted.
pub(super) fn findings(out: &mut dyn Write, audit: &Audit, style: &Style) -> io::Result<()> {
    let mut groups: BTreeMap<(bool, bool, &str), Vec<&Finding>> = BTreeMap::new();
    for finding in &audit.findings {
        let package = finding.package.as_deref().unwrap_or("");
        let is_failure = finding.check.is_failure();
        let key = (finding.accepted.is_some(), !is_failure, package);
        groups.entry(key).or_default().push(finding);
    }
    let site = common_site(&audit.findings);
    if let Some(site) = &site {
        writeln!(out, "in {site}, which is … here:")?;
    }
    for ((accepted, notice, package), findings) in groups {
        let class = if notice { Class::Drift } else { Class::Damage };
        let name = if package.is_empty() {
            "the venv"
        } else {
            package
        };
        let heading = match (accepted, notice) {
            (true, _) => format!("{} (accepted)", Shown(name.as_bytes())),
            (_, true) => format!("{} (notices)", Shown(name.as_bytes())),
            _ => Shown(name.as_bytes()).to_string(),
        };
        writeln!(out, "{}", coloured(&heading, class, style))?;
        let shown = if notice && !accepted && !style.verbose {
            NOTICES_SHOWN
        } else {
            usize::MAX
        };
        for finding in findings.iter().take(shown) {
            writeln!(out, "  {}", line(finding, site.as_ref()))?;
        }
        if findings.len() > shown {
            let (more, verbose) = (findings.len() - shown, style.options.verbose);
            writeln!(out, "  and {more} more ({verbose} shows them)")?;
        }
    }
    Ok(())
}

/// The directory of packages that several findings lie in, so that it is told once.
fn common_site(findings: &[Finding]) -> Option<RelPath> {
    let mut sites = findings
        .iter()
        .filter_map(|one| site_of(one.path.as_ref()?));
    let first = sites.next()?;
    sites.any(|site| site == first).then_some(first)
}

fn line(finding: &Finding, site: Option<&RelPath>) -> String {
    let below = |path: &RelPath| {
        let rest = path.as_bytes().strip_prefix(site?.as_bytes())?;
        Some(Shown(rest.strip_prefix(b"/")?).to_string())
    };
    let place = finding.path.as_ref().map(|path| match below(path) {
        Some(rest) => format!("…/{rest}: "),
        None => format!("{path}: "),
    });
    let links = sharing(finding.sharing.as_ref());
    let accepted = finding
        .accepted
        .as_ref()
        .map(|reason| format!(" accepted: {}", Shown(reason.as_bytes())));
    format!(
        "{}{}{} [{}]{}",
        place.unwrap_or_default(),
        Shown(finding.text.as_bytes()),
        links,
        finding.check.as_str(),
        accepted.unwrap_or_default()
    )
}

/// One command that installs all requirements that are not met.
fn install(outcome: &CheckOutcome) -> Option<String> {
    let mut needs: Vec<String> = outcome
        .audit
        .findings
        .iter()
        .filter(|finding| is_unmet(finding))
        .filter_map(|finding| Some(Unmet::read(&finding.text)?.need))
        .collect();
    needs.sort_unstable();
    needs.dedup();
    if needs.is_empty() || !is_installable(&outcome.audit) {
        return None;
    }
    let needs = needs.iter().map(|need| need.replace('\'', "\""));
    let python = shell_word(python_in(&outcome.venv).as_os_str().as_bytes());
    let has = |fits: &dyn Fn(&Package) -> bool| outcome.audit.packages.iter().any(fits);
    let installer = if has(&|package| package.name == "pip") {
        format!("{python} -m pip install")
    } else if has(&|package| package.installer.as_deref() == Some("uv")) {
        format!("uv pip install --python {python}")
    } else {
        // The venv has no pip of its own; that of another Python works on it.
        format!("python3 -m pip --python {python} install")
    };
    Some(format!("{installer} {}", shell_line(needs)))
}
