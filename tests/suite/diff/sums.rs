//! What text counts adds up: the headline, the headings of groups, and their rows with those that are left out.

use std::fs;

use crate::support::{Sandbox, venv};

/// The sum of the numbers in `3 missing, 1 extra`.
fn tally(text: &str) -> u64 {
    let numbers = text.split(", ").map(|part| part.split(' ').next().unwrap());
    numbers.map(number).sum()
}

fn number(text: &str) -> u64 {
    text.replace(',', "").parse().unwrap()
}

/// How many differences a row tells.
fn told(row: &str) -> u64 {
    if let Some(rest) = row.strip_prefix("… and ") {
        return rest
            .split(", and ")
            .map(|part| number(part.split(' ').next().unwrap()))
            .sum();
    }
    match row.split_once("with all in it: ") {
        Some((_, entries)) => number(entries.split(' ').next().unwrap()),
        None => 1,
    }
}

/// That a diff adds up; returns its last rows, in which things were left out.
#[track_caller]
fn adds_up(text: &str, with_headline: bool) -> Vec<String> {
    let mut lines = text.lines();
    let headline = lines.next().unwrap();
    let headline = headline.split_once(": ").unwrap().1;
    let headline = tally(headline.split(" in ").next().unwrap());
    let (mut all, mut group, mut rests) = (0, None, Vec::new());
    for line in lines.chain([""]) {
        if let Some(row) = line.strip_prefix("  ") {
            let (heading, rows) = group.as_mut().unwrap();
            *rows += told(row);
            assert!(*rows <= *heading, "{line}: {text}");
            rests.extend(row.starts_with('…').then(|| row.to_owned()));
        } else if let Some((_, counts)) = line.rsplit_once(": ").filter(|_| group.is_none()) {
            group = Some((tally(counts), 0));
        } else if line.starts_with('…') {
            all += told(line);
        } else if line.is_empty() {
            let (heading, rows) = group.take().unwrap_or((0, 0));
            assert_eq!(heading, rows, "{text}");
            all += heading;
        }
    }
    assert!(!with_headline || all == headline, "{all}: {text}");
    rests
}

#[test]
fn the_rows_of_a_diff_add_up_to_its_headings_and_those_to_its_headline() {
    // Five files of eight were shown, "and 2 more": the directory that came with them was counted and not told.
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    for n in 0..4 {
        venv::write(&sandbox.venv(), &format!("share/doc/{n}"), b"text");
        venv::write(&sandbox.venv(), &format!("{}/gone/{n}", venv::SITE), b"x");
    }
    sandbox.ok(&["save", "venv"]);
    for (dir, count) in [("new", 2), ("click/more", 9), ("deep/er/est", 7)] {
        for n in 0..count {
            venv::write(&sandbox.venv(), &format!("{}/{dir}/{n}", venv::SITE), b"n");
        }
    }
    let site = sandbox.venv().join(venv::SITE);
    for dir in ["idna", "gone"] {
        fs::remove_dir_all(site.join(dir)).unwrap();
    }
    fs::remove_dir_all(sandbox.path("venv/share/doc")).unwrap();
    fs::remove_file(site.join("click/core.py")).unwrap();
    let text = sandbox.code(1, &["diff", "venv"]).stdout;
    let rests = adds_up(&text, true);
    let more = rests.iter().filter(|row| row.contains("more (-v")).count();
    assert!(more >= 2, "{text}");
    // With noise, which no headline counts.
    let text = sandbox.code(1, &["diff", "venv", "-v"]).stdout;
    assert!(
        adds_up(&text, false)
            .iter()
            .all(|row| !row.contains("more"))
    );
}
