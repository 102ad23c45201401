//! What did it and how sure that is, who was seen, and what cures it.

use maud::{Markup, html};

use super::facts::{code, number, or_dash, path, share, shown};
use super::table::{Head, table};
use crate::model::{Diagnosis, Image, Shown, Surety, User, Who, shell_line};
use crate::report::text::afterwards;

/// So many survivors are shown without a click.
const SURVIVORS: usize = 5;

/// Each cause in an article of its own. The restore is done; what it advised to do before is still to be done.
pub(super) fn causes(all: &[Diagnosis]) -> Markup {
    html! {
        @if all.is_empty() { p { "No rule explains the damage." } }
        @for cause in all { (article(cause)) }
    }
}

fn article(cause: &Diagnosis) -> Markup {
    html! {
        article.cause {
            h3 { (heading(cause.surety(), &cause.rule)) }
            p.lead { (shown(&afterwards(&cause.text))) }
            @if let Some(who) = &cause.who { (culprit(who)) }
            @if !cause.cure.is_empty() {
                h4 { "Cure" }
                @for command in &cause.cure { pre { code { (shell_line(command)) } } }
            }
            dl.facts {
                dt { "certainty" }
                dd { (cause.surety().as_str()) }
                dt { "explains" }
                dd { (number(cause.explains as u64)) " of " (number(cause.of as u64)) " damaged entries" }
                dt { "of the damage of its kind" }
                dd { (share(cause.precision)) " (precision)" }
                dt { "of what it would have hit" }
                dd { (share(cause.recall)) " (recall)" }
                @for (kind, count) in &cause.unexplained {
                    dt { "not explained, " (kind.as_str()) }
                    dd { (number(*count as u64)) }
                }
            }
            @if !cause.survivors.is_empty() {
                details open[cause.survivors.len() <= SURVIVORS] {
                    summary { "What it would have hit and did not: " (number(cause.survivors.len() as u64)) }
                    ul { @for one in &cause.survivors { li { (path(one)) } } }
                }
            }
            @if !cause.cached.is_empty() { (cached(cause)) }
        }
    }
}

/// The name of a rule, after how sure it is.
pub(super) fn heading(surety: Surety, rule: &str) -> Markup {
    let word = match surety {
        Surety::Seen => "Seen: ",
        Surety::Probable => "Probable cause: ",
    };
    html! { (word) (shown(rule)) }
}

fn cached(cause: &Diagnosis) -> Markup {
    let heads = ["package", "installer", "entry", "cache"].map(Head::Text);
    let rows = html! {
        @for entry in &cause.cached {
            tr {
                th scope="row" { (shown(&entry.package)) }
                td { (entry.installer.as_str()) }
                td { (code(&entry.path)) }
                td { (code(&entry.cache)) }
            }
        }
    };
    html! {
        h4 { "The same damage in caches of installers" }
        (table("Entries of caches", &heads, &rows))
    }
}

/// Who was seen.
fn culprit(who: &Who) -> Markup {
    let account = |user: &User| {
        html! { (or_dash(user.name.as_deref(), shown)) " (uid " data value=(user.uid) { (user.uid) } ")" }
    };
    html! {
        h4 { "Who was seen" }
        dl.facts {
            dt { "process" }
            dd { data value=(who.pid) { (who.pid) } ", known from: " (who.certainty.as_str()) }
            (image(&who.image))
            @if let Some(earlier) = &who.earlier {
                dt { "ran right before" } dd { dl { (image(earlier)) } }
            }
            @if let Some(unit) = &who.unit { dt { "unit" } dd { (code(unit)) } }
            @if let Some(cron) = &who.cron { dt { "cron job" } dd { (code(cron)) } }
            @if let Some(user) = &who.user { dt { "user" } dd { (account(user)) } }
            @if let Some(user) = &who.login { dt { "logged in as" } dd { (account(user)) } }
            @for parent in &who.parents {
                dt { "started by" }
                dd { data value=(parent.pid) { (parent.pid) } dl { (image(&parent.image)) } }
            }
        }
    }
}

fn image(image: &Image) -> Markup {
    html! {
        @if let Some(program) = &image.program { dt { "program" } dd { (code(program)) } }
        @if let Some(exe) = &image.exe { dt { "executable" } dd { (code(exe)) } }
        @if let Some(argv) = &image.argv {
            dt { "command line" }
            dd { code { @for (at, one) in argv.0.iter().enumerate() {
                @if at > 0 { " " }
                (Shown(one).to_string())
            } } }
        }
    }
}
