//! What happened to a venv, in order.

use maud::{Markup, html};

use super::facts::{code, count, id, time, took};
use crate::model::SnapshotId;
use crate::ops::Entry;
use crate::report::text::{Style, package_line};

/// So many events before the last are shown without a click.
const SHOWN: usize = 20;

/// The events, oldest first; that of one incident is marked.
pub(super) fn timeline(entries: &[Entry], own: SnapshotId, style: &Style) -> Markup {
    let is_own = |entry: &Entry| entry.event.incident == Some(own);
    let of_own = entries.iter().position(is_own);
    // The incident and what came after it are never folded.
    let newest = entries.len().saturating_sub(SHOWN);
    let fold = newest.min(of_own.unwrap_or(newest).saturating_sub(3));
    let (older, newer) = entries.split_at(fold);
    let list = |entries: &[Entry]| {
        html! { ol.timeline { @for one in entries { (event(one, is_own(one), style)) } } }
    };
    html! {
        @if !older.is_empty() {
            details {
                summary { "What happened before: " (count(older.len() as u64, "event")) }
                (list(older))
            }
        }
        (list(newer))
    }
}

fn event(entry: &Entry, is_own: bool, style: &Style) -> Markup {
    let event = &entry.event;
    html! {
        li.own[is_own] {
            p {
                (time(event.time, style)) " "
                strong { (event.verb) } " " (id(event.snapshot))
                @if let Some(label) = &event.label { " @" (code(label)) }
                @if let Some(incident) = event.incident { ", replaced state " (id(incident)) }
                @if let Some(changed) = event.changed { ", " (count(changed, "entry")) " changed" }
                @if let Some(ms) = event.took_ms { ", in " (took(ms)) }
                @match event.proved {
                    Some(true) => ", proved",
                    Some(false) => ", not proved",
                    None => "",
                }
                @if is_own { " " span.word.damage { "this one" } }
            }
            @if !entry.packages.is_empty() {
                ul { @for package in &entry.packages { li { (package_line(package)) } } }
            }
        }
    }
}
