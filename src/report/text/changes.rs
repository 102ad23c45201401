//! A list of differences: grouped, the worst first, every damaged file named, and nothing drowned.

use std::collections::BTreeSet;
use std::io::{self, Write};

use super::Style;
use super::fold::Folds;
use super::words::{coloured, count, number, sharing, size};
use crate::model::{
    Change, Class, ContentDifference, Entry, Kind, Node, NormalUse, RelPath, Shown,
};
use crate::report::group::{Group, groups};

/// How many entries of a group that drifted are named unless everything is asked for.
const DRIFT_MAX: usize = 5;

/// Writes damage and drift by group, and counts the noise.
pub(super) fn write(out: &mut dyn Write, changes: &[Change], style: &Style) -> io::Result<()> {
    let wanted = |change: &&Change| style.verbose || change.class != Class::Noise;
    let folds = if style.verbose {
        Folds::none()
    } else {
        Folds::of(changes)
    };
    let mut elsewhere = 0;
    let mut told = None;
    for group in groups(changes.iter().filter(wanted)) {
        if folds.tells_elsewhere(&group.changes) {
            elsewhere += group.changes.len();
        } else {
            write_group(out, &group, &folds, style, &mut told)?;
        }
    }
    if elsewhere > 0 {
        writeln!(out, "\n… and {}", around(elsewhere))?;
    }
    let noise = changes
        .iter()
        .filter(|change| change.class == Class::Noise)
        .count();
    if noise > 0 && !style.verbose {
        let text = format!(
            "{} only in time, or as bytecode that Python rewrites by itself ({} lists them)",
            differ(noise),
            style.options.verbose
        );
        writeln!(out, "\n{}", coloured(&text, Class::Noise, style))?;
    }
    Ok(())
}

fn differ(noise: usize) -> String {
    if noise == 1 {
        "1 entry differs".to_owned()
    } else {
        format!("{} entries differ", number(noise as u64))
    }
}

fn write_group(
    out: &mut dyn Write,
    group: &Group<'_>,
    folds: &Folds<'_>,
    style: &Style,
    told_place: &mut Option<RelPath>,
) -> io::Result<()> {
    write_heading(out, group, told_place)?;
    let mut changes: Vec<&Change> = group
        .changes
        .iter()
        .copied()
        .filter(|change| !is_told_by_others(change, &group.changes))
        .collect();
    changes.sort_by_key(|change| (change.class, change.kind));
    let rows = folds.rows(&group.changes);
    let mut told = BTreeSet::new();
    let (mut drift, mut hidden) = (0, 0);
    for change in &changes {
        let whole = rows.row_of(change);
        if whole.is_some_and(|(dir, _)| !told.insert(dir)) {
            continue;
        }
        if change.class == Class::Drift {
            drift += 1;
            if drift > DRIFT_MAX && !style.verbose {
                hidden += whole.map_or(1, |(_, entries)| entries);
                continue;
            }
        }
        let inside = inside(&change.path, &group.place);
        let kind = coloured(
            &format!("{:<11}", change.kind.as_str()),
            change.class,
            style,
        );
        if let Some((dir, entries)) = whole {
            let dir = self::inside(dir, &group.place);
            let entries = count(entries, "entry");
            writeln!(
                out,
                "  {kind} {dir}/ with all in it: {entries} ({} lists them)",
                style.options.verbose
            )?;
            continue;
        }
        writeln!(
            out,
            "  {kind} {inside}{}{}",
            detail(change),
            sharing(change.detail.sharing.as_ref())
        )?;
    }
    // Directories without a row are counted at the end, so that heading and rows add up.
    let is_around = |change: &&&Change| {
        is_told_by_others(change, &group.changes) && rows.row_of(change).is_none()
    };
    let dirs = group.changes.iter().filter(is_around).count();
    let mut rest = Vec::new();
    if hidden > 0 {
        let verbose = style.options.verbose;
        rest.push(format!("{} more ({verbose} lists all)", number(hidden)));
    }
    if dirs > 0 {
        rest.push(around(dirs));
    }
    if rest.is_empty() {
        return Ok(());
    }
    writeln!(out, "  … and {}", rest.join(", and "))
}

/// Directories that have no row of their own.
fn around(dirs: usize) -> String {
    format!("{} around them", count(dirs as u64, "directory"))
}

/// Which group it is, where it lies unless that was told of the one before, and how much of each kind it has.
fn write_heading(
    out: &mut dyn Write,
    group: &Group<'_>,
    told: &mut Option<RelPath>,
) -> io::Result<()> {
    let place = if group.place.name() == group.name || group.place.is_root() {
        String::new()
    } else {
        format!("  ({})", group.place)
    };
    let whole = group.place.name() != group.name;
    let parent = group
        .place
        .parent()
        .filter(|parent| !whole && !parent.is_root());
    let is_new = |parent: &RelPath| told.as_ref() != Some(parent);
    let above = parent
        .as_ref()
        .filter(|parent| is_new(parent))
        .map(|parent| format!("  in {parent}"))
        .unwrap_or_default();
    writeln!(
        out,
        "\n{}{place}{above}: {}",
        Shown(&group.name),
        tally(&group.changes)
    )?;
    if parent.is_some() {
        *told = parent;
    }
    Ok(())
}

/// A path as seen from the place of its group.
fn inside(path: &RelPath, place: &RelPath) -> String {
    let rest = path.as_bytes().strip_prefix(place.as_bytes());
    match rest.and_then(|rest| rest.strip_prefix(b"/")) {
        Some(rest) => Shown(rest).to_string(),
        None if place.is_root() => path.to_string(),
        None => Shown(path.name()).to_string(),
    }
}

/// Whether a change needs no row: a directory that came or went is told by the entries in it.
fn is_told_by_others(change: &Change, all: &[&Change]) -> bool {
    let is_dir =
        |entry: &Option<Entry>| entry.as_ref().is_some_and(|entry| entry.node == Node::Dir);
    matches!(change.kind, Kind::Missing | Kind::Extra)
        && (is_dir(&change.expected) || is_dir(&change.actual))
        && all.iter().any(|other| {
            other.kind == change.kind
                && other.path != change.path
                && other.path.is_within(&change.path)
        })
}

/// `3 missing, 1 extra`.
pub(super) fn tally<'a>(changes: impl IntoIterator<Item = &'a &'a Change>) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for change in changes {
        *counts.entry(change.kind).or_insert(0_u64) += 1;
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|(kind, count)| format!("{} {}", number(*count), kind.as_str()))
        .collect();
    parts.join(", ")
}

/// What more is known, in words.
fn detail(change: &Change) -> String {
    let how = how(change) + &normal_use(change);
    // For these kinds the reason says why it is damage: it cannot be read, or Python would run it for other source.
    match &change.detail.reason {
        Some(reason) if matches!(change.kind, Kind::Altered | Kind::Extra) => {
            format!("{how}; {}", Shown(reason.as_bytes()))
        }
        _ => how,
    }
}

/// Which normal use it comes of.
fn normal_use(change: &Change) -> String {
    match &change.detail.normal_use {
        Some(NormalUse::Config) => "; configuration that was changed".to_owned(),
        Some(NormalUse::Stripped) => "; its bytecode stands in its place".to_owned(),
        Some(NormalUse::Cache) => "; in a cache".to_owned(),
        Some(NormalUse::Foreign { lock: Some(lock) }) => {
            format!("; of another package manager: '{lock}' tells what belongs there")
        }
        Some(NormalUse::Foreign { lock: None }) => "; of another package manager".to_owned(),
        Some(NormalUse::Rewritten) => "; no distribution lists it".to_owned(),
        None => String::new(),
    }
}

fn how(change: &Change) -> String {
    let was = change.expected.as_ref().and_then(Entry::size);
    let is = change.actual.as_ref().and_then(Entry::size);
    let detail = &change.detail;
    match change.kind {
        Kind::Missing => was
            .map(|was| format!("  {}", size(was)))
            .unwrap_or_default(),
        Kind::Extra if is_unread(change) => "  it cannot be read".to_owned(),
        Kind::Extra => is.map(|is| format!("  {}", size(is))).unwrap_or_default(),
        Kind::Emptied => format!("  of {}", count(was.unwrap_or(0), "byte")),
        Kind::Truncated => format!(
            "  {} of {} left",
            number(match detail.content {
                Some(ContentDifference::KeptBytes(kept)) => kept,
                _ => is.unwrap_or(0),
            }),
            count(was.unwrap_or(0), "byte")
        ),
        Kind::ZeroFilled => format!(
            "  only NUL from byte {} of {}",
            number(match detail.content {
                Some(ContentDifference::NulFrom(from)) => from,
                _ => 0,
            }),
            number(is.unwrap_or(0))
        ),
        Kind::Altered => {
            let sizes = sizes(is.unwrap_or(0), was.unwrap_or(0));
            match detail.content {
                Some(ContentDifference::First(at)) => {
                    format!("  from byte {}; {sizes}", number(at))
                }
                _ => format!("  {sizes}"),
            }
        }
        Kind::Unreadable => format!(
            "  {}",
            Shown(detail.reason.as_deref().unwrap_or_default().as_bytes())
        ),
        _ => attribute(change),
    }
}

/// Two sizes, to the byte where they would read alike.
fn sizes(is: u64, was: u64) -> String {
    match (size(is), size(was)) {
        _ if is == was => "the same size".to_owned(),
        (now, before) if now != before => format!("{now} instead of {before}"),
        _ => format!("{} instead of {}", number(is), count(was, "byte")),
    }
}

fn is_unread(change: &Change) -> bool {
    let actual = change.actual.as_ref();
    actual.is_some_and(|entry| matches!(entry.node, Node::Unreadable(_)))
}

fn attribute(change: &Change) -> String {
    let (Some(was), Some(is)) = (&change.expected, &change.actual) else {
        return String::new();
    };
    match (change.kind, &was.node, &is.node) {
        (Kind::Type, _, _) => format!(
            "  {} instead of {}",
            is.node.type_name(),
            was.node.type_name()
        ),
        (Kind::Link, Node::Symlink(to), Node::Symlink(now)) => {
            format!("  to {} instead of {}", Shown(now), Shown(to))
        }
        (Kind::Link, _, _) => "  is not the same hard link any more".to_owned(),
        (Kind::Mode, _, _) => match &change.detail.reason {
            Some(reason) => format!("  {reason}"),
            None => format!("  {:04o} instead of {:04o}", is.meta.mode, was.meta.mode),
        },
        (Kind::Owner, _, _) => format!(
            "  {}:{} instead of {}:{}",
            is.meta.uid, is.meta.gid, was.meta.uid, was.meta.gid
        ),
        _ => String::new(),
    }
}
