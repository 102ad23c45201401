//! Numbers, sizes, times and names as people read them.

use std::io::{self, Write};
use std::time::Duration;

use jiff::Timestamp;

use super::Style;
use crate::model::{Class, Digest, Sharing, Shown, SnapshotId};
use crate::ops::Chosen;

/// `12345` → `12,345`.
pub(in crate::report) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `3 files`, `1 file`.
pub(in crate::report) fn count(value: u64, one: &str) -> String {
    let many = match one.strip_suffix('y') {
        Some(stem) if value != 1 => format!("{stem}ies"),
        _ if value != 1 => format!("{one}s"),
        _ => one.to_owned(),
    };
    format!("{} {many}", number(value))
}

/// A size in decimal units, as disks are sold: `281.1 MB`.
pub(in crate::report) fn size(bytes: u64) -> String {
    bytesize::ByteSize(bytes).display().si().to_string()
}

/// A point in time in the reader's zone, to the second.
pub(in crate::report) fn time(time: Timestamp, style: &Style) -> String {
    time.to_zoned_datetime(style.zone.clone())
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
}

/// The reader's zone by its name and its distance from UTC now: what is written may be read in another one.
pub(in crate::report) fn zone(now: Timestamp, style: &Style) -> String {
    let offset = style.zone.to_offset(now);
    let offset = if offset.is_zero() {
        "UTC".to_owned()
    } else {
        format!("UTC{offset}")
    };
    let name = style.zone.iana_name().filter(|name| *name != offset);
    name.map_or_else(|| offset.clone(), |name| format!("{name} ({offset})"))
}

/// What a host without a name is called, where its machine id is for nobody who reads it (machine-id(5)): a mark that
/// tells it from others.
pub(in crate::report) fn nameless(id: &str) -> String {
    let mark = Digest::of(id.as_bytes()).to_hex();
    format!("host {}", &mark[..8])
}

/// A short length of time.
pub(in crate::report) fn took(time: Duration) -> String {
    match time.as_millis() {
        0 => "under 1 ms".to_owned(),
        ms if ms < 1000 => format!("{ms} ms"),
        _ => format!("{:.2} s", time.as_secs_f64()),
    }
}

/// A snapshot as it is called in a sentence: what it is, its id, when, and its label.
pub(in crate::report) fn snapshot(chosen: &Chosen, style: &Style) -> String {
    let Chosen { id, snapshot } = chosen;
    let label = snapshot
        .label
        .as_ref()
        .map(|label| format!(", @{}", label.as_str()))
        .unwrap_or_default();
    format!(
        "{} {id} ({}{label})",
        what(chosen),
        time(snapshot.created, style)
    )
}

/// Tells the newer save that was not chosen, where there is one.
pub(super) fn passed_over(
    out: &mut dyn Write,
    newer: Option<&Chosen>,
    style: &Style,
) -> io::Result<()> {
    let Some(newer) = newer else { return Ok(()) };
    let newer = snapshot(newer, style);
    writeln!(out, "the newer {newer} is no baseline and was not used")
}

/// `baseline`, `incident snapshot` or `snapshot`.
pub(super) fn what(chosen: &Chosen) -> &'static str {
    match (chosen.snapshot.baseline, chosen.snapshot.is_save()) {
        (true, _) => "baseline",
        (_, true) => "snapshot",
        _ => "incident snapshot",
    }
}

/// The id of a snapshot, or a dash.
pub(super) fn id_or_dash(id: Option<SnapshotId>) -> String {
    id.map_or_else(|| "-".to_owned(), |id| id.to_string())
}

/// Text in the colour of a class of difference.
pub(super) fn coloured(text: &str, class: Class, style: &Style) -> String {
    use anstyle::{AnsiColor, Effects, Style as Ansi};
    if !style.colour {
        return text.to_owned();
    }
    let ansi = match class {
        Class::Damage => Ansi::new().fg_color(Some(AnsiColor::Red.into())),
        Class::Drift => Ansi::new().fg_color(Some(AnsiColor::Yellow.into())),
        Class::Noise => Ansi::new().effects(Effects::DIMMED),
    };
    format!("{ansi}{text}{ansi:#}")
}

/// Who is hurt too, where a damaged file has several names.
pub(super) fn sharing(sharing: Option<&Sharing>) -> String {
    let Some(Sharing { links, shared_with }) = sharing else {
        return String::new();
    };
    let with = shared_with
        .as_ref()
        .map(|path| format!(", one of them is '{}'", Shown(path.as_bytes())));
    let with = with.unwrap_or_default();
    format!(
        " ({links} names share this file: the installer's cache or other venvs are hurt too{with})"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_easily() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(count(1, "file"), "1 file");
        assert_eq!(count(2000, "entry"), "2,000 entries");
        assert_eq!(took(Duration::from_millis(310)), "310 ms");
    }
}
