//! One incident: what was found, what probably did it, what was restored.

use maud::{Markup, html};

use super::causes::causes;
use super::damage_map::damage_map;
use super::facts::{code, count, host, number, shown, time, took, zone};
use super::files::{Group, groups, kinds, tables, told};
use super::timeline::timeline;
use super::{Page, packages, page, snapshots};
use crate::model::{Class, Deed, Seen, Shown};
use crate::ops::{Chosen, ReportOutcome};
use crate::report::deed::{headings, no_packages, title};
use crate::report::left_damage::left_damage;
use crate::report::text::Style;

/// The page of one incident.
pub fn incident(outcome: &ReportOutcome, version: &str, style: &Style) -> Page {
    let deed = outcome.deed();
    let is_incident = outcome.is_incident();
    let found = &outcome.found;
    let groups = groups(&found.changes);
    let venv = Shown::path(&outcome.incident.snapshot.venv.path()).to_string();
    let content = html! {
        header {
            h1 { (title(deed)) " " code { (outcome.incident.id.to_string()) } }
            (lead(outcome, &groups))
            (facts(outcome, style))
        }
        @if is_incident {
            section aria-labelledby="cause" {
                h2 #cause { "Probable cause" }
                (causes(&found.diagnosis))
            }
        }
        section aria-labelledby="map" {
            h2 #map { @if is_incident { "Map of the damage" } @else { "Map of what changed" } }
            @if groups.is_empty() { p { "Nothing differed, or nothing stood there." } }
            @else { (damage_map(&groups)) }
        }
        section aria-labelledby="packages" {
            h2 #packages { "Packages before and after" }
            @if found.packages.is_empty() { p { (no_packages(outcome)) } }
            @else { (packages::changed(&venv, &found.packages, "in the snapshot", "found")) }
        }
        section aria-labelledby="files" {
            h2 #files { "What was found" }
            @if groups.is_empty() { p { "Nothing differed, or nothing stood there." } }
            (tables(&groups, is_incident))
        }
        section aria-labelledby="timeline" {
            h2 #timeline { "Timeline" }
            (timeline(&outcome.timeline, outcome.incident.id, style))
        }
        section aria-labelledby="snapshots" {
            h2 #snapshots { "The two states" }
            (snapshots::table("All that they say", &columns(outcome), style))
        }
    };
    let title = format!("{} {} of {venv}", title(deed), outcome.incident.id);
    let now = outcome.now;
    let written =
        html! { "Written " (time(now, style)) " by venv-snap " (version) ". " (zone(now, style)) };
    page(&title, &content, &written)
}

/// The whole story in a sentence or two.
fn lead(outcome: &ReportOutcome, groups: &[Group<'_>]) -> Markup {
    let changed = outcome.found.brought().count() as u64;
    let left = left_damage(outcome);
    html! {
        p.lead {
            @match outcome.deed() {
                Deed::Mended if !outcome.incident.holds_a_tree() => {
                    "Nothing stood there. The whole came back"
                }
                Deed::Mended => (mended(outcome, groups)),
                Deed::RolledBack => {
                    @if left.is_none() { "Nothing was damaged. " }
                    (count(changed, "entry")) " went back to an older state"
                }
                Deed::BroughtForward => {
                    @if left.is_none() { "Nothing was damaged. " }
                    (count(changed, "entry")) " came again from a newer state"
                }
                Deed::ChangedBack => {
                    (count(changed, "entry")) " went back to a state that is no baseline"
                }
                Deed::Replaced => {
                    (count(changed, "entry")) " gave way to what another venv had"
                }
                Deed::Nothing | Deed::Copied => { "Nothing was replaced" }
            }
            @if let Some(ms) = outcome.took_ms { " in " (took(ms)) }
            "."
            @if let Some(left) = left {
                " " (number(left.entries))
                @if left.entries == 1 { " stays damaged: " } @else { " stay damaged: " }
                (left.names) "."
            }
        }
    }
}

/// What was damaged, and how much of it was put right.
fn mended(outcome: &ReportOutcome, groups: &[Group<'_>]) -> Markup {
    let is_damage = |seen: &&Seen| seen.class == Class::Damage;
    let damage: Vec<&Seen> = outcome.found.changes.iter().filter(is_damage).collect();
    let hurt = |group: &&Group<'_>| {
        let mut entries = group.entries.iter();
        entries.any(|seen| is_damage(seen) && seen.package.is_some())
    };
    let packages = groups.iter().filter(hurt).count() as u64;
    let all = damage.len() as u64;
    let left = left_damage(outcome).map_or(0, |left| left.entries);
    html! {
        (told(&kinds(damage)))
        @if packages > 0 { ", in " (count(packages, "package")) }
        @match all.saturating_sub(left) {
            _ if left == 0 => ". What was damaged was put right",
            0 => ". What was asked for was put right, and none of the damage",
            1 => { ". " (count(1, "damaged entry")) " was put right" }
            many => { ". " (count(many, "damaged entry")) " were put right" }
        }
    }
}

/// The outcome in a word; what was left is told beside it.
fn came_to(outcome: &ReportOutcome) -> Markup {
    let part = outcome.deed() == Deed::Mended && left_damage(outcome).is_some();
    html! { (outcome.deed().as_str()) @if part { " in part" } }
}

fn facts(outcome: &ReportOutcome, style: &Style) -> Markup {
    let snapshot = &outcome.incident.snapshot;
    let (when, what) = headings(outcome.deed());
    html! {
        dl.facts {
            dt { "venv" } dd { (code(&snapshot.venv.path().to_string_lossy())) }
            dt { "host" } dd { (host(snapshot.host_name.as_deref(), &snapshot.venv.host)) }
            dt { "outcome" } dd { (came_to(outcome)) }
            dt { (when) } dd { (time(snapshot.created, style)) }
            dt { (what) } dd { (restored(outcome.restored.as_ref(), style)) }
            @if let Some(left) = left_damage(outcome) { dt { "left damaged" } dd { (left.names) } }
            @if let Some(part) = &outcome.found.part {
                @let left = outcome.found.changes.iter().filter(|seen| seen.left).count();
                dt { "of it" }
                dd { (code(part)) "; what was found and left as it was: " (number(left as u64)) }
            }
            @if let Some(ms) = outcome.took_ms { dt { "the restore took" } dd { (took(ms)) } }
            dt { "the replaced state" } dd { "snapshot " (code(&outcome.incident.id.to_hex())) }
        }
    }
}

fn restored(restored: Option<&Chosen>, style: &Style) -> Markup {
    let Some(Chosen { id, snapshot }) = restored else {
        return html! { "a snapshot that is gone" };
    };
    html! {
        @if snapshot.baseline { "baseline" } @else { "snapshot" }
        " " (super::facts::id(*id)) " of " (time(snapshot.created, style))
        @if let Some(label) = &snapshot.label { ", " code { "@" (shown(label.as_str())) } }
    }
}

fn columns(outcome: &ReportOutcome) -> Vec<(&'static str, &Chosen)> {
    let restored = outcome.restored.as_ref();
    let found = ("the replaced state", &outcome.incident);
    let came = restored.map(|chosen| ("what came in its place", chosen));
    std::iter::once(found).chain(came).collect()
}
