//! How a venv went from snapshot to snapshot: its sizes and its package changes, as bars and as a table.

use maud::{Markup, html};

use super::facts::{code, count, id, number, or_dash, size, time};
use super::table::{Head, table};
use crate::ops::{Chosen, History, Step};
use crate::report::text::{Style, package_line, words};

/// How high a bar may be, and how far it is from one to the next.
const HEIGHT: u64 = 64;
const STEP: usize = 16;

/// Two pictures, and the same in words. One snapshot alone is no history, and has no pictures.
pub(super) fn history(of: &str, history: &History, style: &Style) -> Markup {
    let steps = &history.steps;
    html! {
        @if steps.len() > 1 { (pictures(steps, style)) }
        details {
            summary { (count(steps.len() as u64, "snapshot")) " as a table" }
            (told(of, steps, style))
        }
        @if history.older > 0 {
            p.note { (count(history.older as u64, "older snapshot")) " left out" }
        }
    }
}

fn pictures(steps: &[Step], style: &Style) -> Markup {
    let sizes = steps.iter().map(|step| step.chosen.snapshot.totals.bytes);
    let changes = steps.iter().map(|step| step.packages.len() as u64);
    let packages = |many: u64| match many {
        0 => "none".to_owned(),
        many => words::count(many, "package"),
    };
    html! {
        div.charts {
            (bars("Size", steps, &sizes.collect::<Vec<_>>(), words::size, style))
            (bars("Packages changed", steps, &changes.collect::<Vec<_>>(), packages, style))
        }
        p.note {
            "A bar is a snapshot, the oldest at the left; a hollow one is a state that a restore replaced."
        }
    }
}

fn bars(
    title: &str,
    steps: &[Step],
    values: &[u64],
    told: impl Fn(u64) -> String,
    style: &Style,
) -> Markup {
    let greatest = values.iter().copied().max().unwrap_or(0);
    let last = values.last().copied().unwrap_or(0);
    let caption = format!("in the newest {}, at most {}", told(last), told(greatest));
    let over = words::count(values.len() as u64, "snapshot");
    let (width, high) = (values.len() * STEP, HEIGHT + 2);
    html! {
        figure.chart {
            figcaption { strong { (title) } ": " (caption) }
            svg role="img" aria-label={ (title) " over " (over) ": " (caption) }
                width=(width) height=(high) viewBox={ "0 0 " (width) " " (high) } {
                path.axis d={ "M0 " (HEIGHT + 1) "h" (width) } {}
                @for (at, (step, value)) in steps.iter().zip(values).enumerate() {
                    (bar(at, step, scaled(*value, greatest), &told(*value), style))
                }
            }
        }
    }
}

fn bar(at: usize, step: &Step, high: u64, told: &str, style: &Style) -> Markup {
    let Chosen { id, snapshot } = &step.chosen;
    html! {
        rect.bar.hollow[!snapshot.is_save()] x=(at * STEP + 2) y=(HEIGHT - high + 1)
            width=(STEP - 4) height=(high) {
            title { (words::time(snapshot.created, style)) ", " (id.to_string()) ": " (told) }
        }
    }
}

/// How high the bar of a value is; what is not nothing can be seen.
fn scaled(value: u64, greatest: u64) -> u64 {
    let high = u128::from(value) * u128::from(HEIGHT) / u128::from(greatest.max(1));
    (high as u64).max(u64::from(value > 0))
}

fn told(of: &str, steps: &[Step], style: &Style) -> Markup {
    let heads = [
        Head::Text("snapshot"),
        Head::Text("taken"),
        Head::Text("what"),
        Head::Text("label"),
        Head::Number("files"),
        Head::Number("size"),
        Head::Text("packages that changed"),
    ];
    let rows = html! { @for step in steps { (row(step, style)) } };
    table(&format!("Snapshots of {of}"), &heads, &rows)
}

fn row(step: &Step, style: &Style) -> Markup {
    let snapshot = &step.chosen.snapshot;
    let what = match (snapshot.baseline, snapshot.is_save()) {
        (true, _) => "baseline",
        (_, true) => "save",
        _ => "replaced state",
    };
    html! {
        tr {
            th scope="row" { (id(step.chosen.id)) }
            td { (time(snapshot.created, style)) }
            td { (what) }
            td { (or_dash(snapshot.label.as_ref(), |label| code(label.as_str()))) }
            td.number { (number(snapshot.totals.files)) }
            td.number { (size(snapshot.totals.bytes)) }
            td {
                @if step.packages.is_empty() { span.none { "–" } }
                @else { ul.plain { @for package in &step.packages { li { (package_line(package)) } } } }
            }
        }
    }
}
