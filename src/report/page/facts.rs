//! Single values: as people read them, with what a program reads beside them.

use std::time::Duration;

use jiff::Timestamp;
use maud::{Markup, html};

use crate::model::{RelPath, Shown, SnapshotId};
use crate::report::text::{Style, words};

/// Text that may hold anything, made safe to show.
pub(super) fn shown(text: &str) -> Markup {
    html! { (Shown(text.as_bytes()).to_string()) }
}

/// Such text as the name of something.
pub(super) fn code(text: &str) -> Markup {
    html! { code { (shown(text)) } }
}

/// A path within a venv.
pub(super) fn path(path: &RelPath) -> Markup {
    html! { code { (path.to_string()) } }
}

/// A number of things.
pub(super) fn number(value: u64) -> Markup {
    html! { data value=(value) { (words::number(value)) } }
}

/// `3 files`.
pub(super) fn count(value: u64, one: &str) -> Markup {
    html! { data value=(value) { (words::count(value, one)) } }
}

/// A size in decimal units.
pub(super) fn size(bytes: u64) -> Markup {
    html! { data value=(bytes) { (words::size(bytes)) } }
}

/// A length of time in milliseconds.
pub(super) fn took(ms: u64) -> Markup {
    html! { data value=(ms) { (words::took(Duration::from_millis(ms))) } }
}

/// A share of 0 to 1.
pub(super) fn share(value: f64) -> Markup {
    html! { data value=(format!("{value:?}")) { (format!("{:.0} %", value * 100.0)) } }
}

/// A point in time.
pub(super) fn time(time: Timestamp, style: &Style) -> Markup {
    html! { time datetime=(time.to_string()) { (words::time(time, style)) } }
}

/// A snapshot by its short name.
pub(super) fn id(id: SnapshotId) -> Markup {
    html! { data value=(id.to_hex()) { code { (id.to_string()) } } }
}

/// What there is, or a dash.
pub(super) fn or_dash<T>(value: Option<T>, draw: impl FnOnce(T) -> Markup) -> Markup {
    value.map_or_else(|| html! { span.none { "–" } }, draw)
}

/// `yes` or `no`.
pub(super) fn yes(is: bool) -> Markup {
    html! { @if is { "yes" } @else { "no" } }
}

/// A host by its name, or by a mark.
pub(super) fn host(name: Option<&str>, id: &str) -> Markup {
    name.map_or_else(|| shown(&words::nameless(id)), code)
}

/// In which zone all times of a page are.
pub(super) fn zone(now: Timestamp, style: &Style) -> Markup {
    html! { "All times are in " (shown(&words::zone(now, style))) "." }
}
