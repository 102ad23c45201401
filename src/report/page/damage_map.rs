//! The damage at a glance: a small picture for each package, a square for each entry, all to one scale.

use maud::{Markup, html};

use super::facts::{number, shown};
use super::files::{Group, kinds, told};
use crate::model::{Class, Kind, Seen};

/// So many squares stand in a row, and at most so many in a picture.
const ROW: usize = 12;
const SQUARES: usize = 144;
/// So many packages have a picture.
const PICTURES: usize = 60;
/// From one square to the next, in units of the drawing.
const STEP: usize = 12;
/// The same step in pixels of the page.
const DRAWN: usize = 15;

/// The pictures with what their squares mean.
pub(super) fn damage_map(groups: &[Group<'_>]) -> Markup {
    let most = groups.iter().map(|group| group.entries.len()).max();
    let scale = most.unwrap_or(0).div_ceil(SQUARES).max(1);
    let all = groups
        .iter()
        .flat_map(|group| group.entries.iter().copied());
    let legend = kinds(all);
    let left_out = groups.len().saturating_sub(PICTURES);
    html! {
        figure {
            figcaption {
                p {
                    @if scale == 1 { "A square is one entry." }
                    @else { "A square stands for up to " (number(scale as u64)) " entries of one kind." }
                }
                ul.legend {
                    @for (kind, count) in &legend {
                        li { (alone(*kind)) " " (number(*count)) " " (kind.as_str()) }
                    }
                }
            }
            ul.pictures {
                @for group in groups.iter().take(PICTURES) { li { (picture(group, scale)) } }
            }
            @if left_out > 0 {
                p { "and " (number(left_out as u64)) " more, which the tables name" }
            }
        }
    }
}

fn picture(group: &Group<'_>, scale: usize) -> Markup {
    let kinds = kinds(group.entries.iter().copied());
    let squares = squares(group, scale);
    let height = squares.len().div_ceil(ROW).max(1) * STEP;
    html! {
        h3 { (shown(&group.name)) }
        svg role="img" aria-label={ (shown(&group.name)) ": " (plain(&kinds)) }
            width=(ROW * DRAWN) height=(height / STEP * DRAWN) viewBox={ "0 0 " (ROW * STEP) " " (height) } {
            @for (at, (seen, stands_for)) in squares.iter().enumerate() {
                g transform={ "translate(" (at % ROW * STEP) " " (at / ROW * STEP) ")" } class=(class(seen)) {
                    title {
                        (seen.kind.as_str()) ": " (seen.path.to_string())
                        @if *stands_for > 1 { " and " (stands_for - 1) " more" }
                    }
                    (square(seen.kind))
                }
            }
        }
        p { (told(&kinds)) }
    }
}

/// The entries that have a square, each with how many it stands for: as many of one kind as `scale` lets it.
fn squares<'a>(group: &Group<'a>, scale: usize) -> Vec<(&'a Seen, usize)> {
    let same = |a: &&Seen, b: &&Seen| (a.class, a.kind) == (b.class, b.kind);
    let alike = group.entries.chunk_by(same);
    let parts = alike.flat_map(|entries| entries.chunks(scale));
    parts.map(|part| (part[0], part.len())).collect()
}

fn plain(kinds: &[(Kind, u64)]) -> String {
    let words = kinds
        .iter()
        .map(|(kind, count)| format!("{count} {}", kind.as_str()));
    words.collect::<Vec<_>>().join(", ")
}

fn class(seen: &Seen) -> &'static str {
    match seen.class {
        Class::Damage => "damage",
        Class::Drift | Class::Noise => "drift",
    }
}

/// A square beside a word that says the same.
fn alone(kind: Kind) -> Markup {
    html! { svg aria-hidden="true" width="15" height="15" viewBox="0 0 12 12" { (square(kind)) } }
}

/// A square of ten by ten: what is left of an entry is filled, so that nothing rests on colour.
fn square(kind: Kind) -> Markup {
    let inside = match kind {
        Kind::Missing => "",
        Kind::Emptied => "M1 8h8v1H1z",
        Kind::Truncated => "M1 5h8v4H1z",
        Kind::ZeroFilled => "M1 1h8v2H1zM1 7h8v2H1z",
        Kind::Altered => "M1 1h8v8H1z",
        Kind::Unreadable => "M1 1h2l6 6v2H7L1 3zM9 1H7L1 7v2h2l6-6z",
        Kind::Type | Kind::Link => "M1 9V1z M1 9h8L1 1z",
        Kind::Mode | Kind::Owner | Kind::Mtime => "M4 4h2v2H4z",
        Kind::Extra => "M4 1h2v3h3v2H6v3H4V6H1V4h3z",
    };
    html! {
        path.edge.gone[kind == Kind::Missing] d="M.5.5h9v9h-9z" {}
        @if !inside.is_empty() { path.inside d=(inside) {} }
    }
}
