//! All venvs of a host: how each stands, and how it came there.

use maud::{Markup, html};

use super::causes::heading;
use super::facts::{code, count, host, id, number, or_dash, shown, size, time, took, yes, zone};
use super::history::history;
use super::table::{Head, table};
use super::{Page, packages, page, snapshots};
use crate::model::Shown;
use crate::ops::{Health, History, HostStatus, StatusOutcome, VenvStatus};
use crate::report::text::{Style, counted, status_age, status_rest, why};

/// The page of a host, which has perhaps a name, and an id. `histories` are of its venvs, in any order.
pub fn status(
    outcome: &StatusOutcome,
    histories: &[History],
    (name, id): (Option<&str>, &str),
    version: &str,
    style: &Style,
) -> Page {
    let content = html! {
        header {
            h1 { "How all venvs of this host stand" }
            p.lead { (counted(outcome)) "." }
            (facts(outcome, (name, id)))
        }
        section aria-labelledby="venvs" {
            h2 #venvs { "How they stand" }
            @if outcome.venvs.is_empty() { p { "None is known." } }
            @else { (venvs(outcome, style)) }
        }
        @if !outcome.others.is_empty() {
            section aria-labelledby="others" {
                h2 #others { "Other hosts, as each last told" }
                (others(&outcome.others, style))
            }
        }
        @for (at, venv) in outcome.venvs.iter().enumerate() {
            @let of_it = histories.iter().find(|one| one.venv == venv.venv);
            (one(at, venv, of_it, style))
        }
    };
    let written = html! {
        "Looked at " (time(outcome.now, style)) ", in " (took(outcome.took.as_millis() as u64))
        ", by venv-snap " (version) ". " (zone(outcome.now, style))
    };
    let title = name.map_or_else(
        || "Venvs of this host".to_owned(),
        |name| format!("Venvs of host {}", Shown(name.as_bytes())),
    );
    page(&title, &content, &written)
}

fn facts(outcome: &StatusOutcome, (name, id): (Option<&str>, &str)) -> Markup {
    html! {
        dl.facts {
            dt { "host" } dd { (host(name, id)) }
            dt { "all sound" } dd { (yes(outcome.is_sound())) }
            dt { "the store takes" } dd { (size(outcome.store_bytes)) }
            dt { "free there" } dd { (or_dash(outcome.free_bytes, size)) }
            @if outcome.elsewhere > 0 {
                dt { "of other hosts" }
                dd {
                    (count(outcome.elsewhere as u64, "venv"))
                    @if outcome.others.is_empty() { ", of which nothing is told here" }
                }
            }
        }
    }
}

fn venvs(outcome: &StatusOutcome, style: &Style) -> Markup {
    let heads = [
        Head::Text("venv"),
        Head::Text("state"),
        Head::Text("since"),
        Head::Text("newest baseline"),
        Head::Text("last drill"),
        Head::Number("files"),
        Head::Number("size"),
    ];
    let rows = html! {
        @for (at, one) in outcome.venvs.iter().enumerate() {
            tr {
                th scope="row" { a href={ "#venv-" (at) } { (path(one)) } }
                td { (state(one.health)) }
                td { (time(one.since, style)) }
                td { (baseline(one, outcome)) }
                td { (drill(one, style)) }
                td.number { (or_dash(one.files, number)) }
                td.number { (or_dash(one.bytes, size)) }
            }
        }
    };
    table("All environments", &heads, &rows)
}

fn others(others: &[HostStatus], style: &Style) -> Markup {
    let heads = [
        "host",
        "venv",
        "state",
        "since",
        "told",
        "damaged",
        "drifted",
        "newest baseline",
    ];
    let rows = html! {
        @for one in others {
            tr {
                th scope="row" {
                    (host(one.host_name.as_deref(), &one.host))
                }
                td { (code(&one.venv.to_string_lossy())) }
                td { (state(one.health)) }
                td { (or_dash(one.since, |since| time(since, style))) }
                td { (time(one.told, style)) ", by " (one.word.as_str()) }
                td { (number(one.damaged)) }
                td { (number(one.drifted)) }
                td { (or_dash(one.baseline.as_ref(), |saved| id(saved.id))) }
            }
        }
    };
    table("Venvs of other hosts", &heads.map(Head::Text), &rows)
}

fn one(at: usize, venv: &VenvStatus, of_it: Option<&History>, style: &Style) -> Markup {
    let name = Shown::path(&venv.venv).to_string();
    html! {
        section.venv aria-labelledby={ "venv-" (at) } {
            h2 id={ "venv-" (at) } { (path(venv)) }
            p { (state(venv.health)) " since " (time(venv.since, style)) "." }
            dl.facts {
                dt { "damaged entries" } dd { (number(venv.damaged)) }
                dt { "drifted entries" } dd { (number(venv.drifted)) }
                dt { "looked at whole" } dd { (yes(!venv.incomplete)) }
                @if let Some(reason) = &venv.why { dt { "reason" } dd { (shown(&why(reason))) } }
            }
            @if let Some(cause) = &venv.cause {
                article.cause {
                    h3 { (heading(cause.surety, &cause.rule)) }
                    p { (shown(&cause.text)) }
                    p { "Certainty: " (cause.surety.as_str()) "." }
                    @if let Some(rest) = status_rest(cause) { p { (rest) "." } }
                }
            }
            @if !venv.packages.is_empty() {
                h3 { "Packages that are not as they were" }
                (packages::changed(&name, &venv.packages, "in the baseline", "now"))
            }
            @if let Some(of_it) = of_it.filter(|one| !one.steps.is_empty()) {
                h3 { "History" }
                (history(&name, of_it, style))
            }
            @if let Some(saved) = &venv.baseline {
                details {
                    summary { "Its newest baseline, " (id(saved.id)) }
                    (snapshots::table(&format!("Newest baseline of {name}"), &[("newest baseline", saved)], style))
                }
            }
        }
    }
}

fn path(venv: &VenvStatus) -> Markup {
    code(&venv.venv.to_string_lossy())
}

fn baseline(one: &VenvStatus, outcome: &StatusOutcome) -> Markup {
    or_dash(one.baseline.as_ref(), |saved| {
        let created = saved.snapshot.created;
        let seconds = (outcome.now.as_second() - created.as_second()).max(0);
        html! {
            (id(saved.id))
            @if let Some(label) = &saved.snapshot.label { " @" (shown(label.as_str())) }
            ", " data value=(seconds) { (status_age(created, outcome.now)) }
        }
    })
}

fn drill(one: &VenvStatus, style: &Style) -> Markup {
    or_dash(one.drill.as_ref(), |last| {
        html! {
            @if last.proved { span.word.good { "proved" } } @else { span.word.damage { "not proved" } }
            " " (time(last.time, style))
            @if let Some(proved) = last.last_proved.filter(|_| !last.proved) {
                ", proved last " (time(proved, style))
            }
        }
    })
}

fn state(health: Health) -> Markup {
    let class = match health {
        Health::Damaged | Health::Gone | Health::Unknown => "damage",
        Health::Drifted | Health::Unsaved => "drift",
        Health::Sound => "good",
    };
    html! { span.word.(class) { (health.as_str()) } }
}
