//! `rsync --delete`, with its filters (rsync(1), "FILTER RULES").

use std::path::Path;

use super::call::{Call, Effect};
use crate::sweep::links::absolute;
use crate::sweep::options::Options;
use crate::sweep::quotes::unescaped;
use crate::sweep::removal::{Mirror, Removal, Rule, Source};

/// Options that have a value.
const VALUED: &str = "\
    -e --rsh -f --filter --include --exclude --include-from --exclude-from --files-from -B --block-size \
    -T --temp-dir -M --remote-option --bwlimit --log-file --log-file-format --max-delete --max-size \
    --min-size --partial-dir --password-file --port --rsync-path --suffix --backup-dir --timeout \
    --contimeout --compare-dest --copy-dest --link-dest --out-format --chmod";
/// What `-C` leaves alone (rsync(1), "--cvs-exclude").
const CVS: &str = "\
    RCS SCCS CVS CVS.adm RCSLOG cvslog.* tags TAGS .make.state .nse_depinfo *~ #* .#* ,* _$* *$ *.old *.bak \
    *.BAK *.orig *.rej .del-* *.a *.olb *.o *.obj *.so *.exe *.Z *.elc *.ln core .svn/ .git/ .hg/ .bzr/";

pub(super) fn mirror(call: &Call<'_>) -> Effect {
    let options = Options::all(call.words, VALUED);
    let removes = options
        .given()
        .any(|(name, _)| name.starts_with("--delete") || name == "--del");
    let is_recursive = options.has(&["-a", "--archive", "-r", "--recursive", "-d", "--dirs"]);
    if !removes || !is_recursive || options.has(&["-n", "--dry-run"]) {
        return Effect::Nothing;
    }
    let mut places = options.operands.clone();
    let Some(destination) = places.pop() else {
        return Effect::Nothing;
    };
    let is_far = |place: &str| place.contains(':') && !place.starts_with(['/', '.']);
    if is_far(&destination) {
        return Effect::Nothing;
    }
    let mut rules = rules(call, &options);
    if options.has(&["--delete-excluded"]) {
        // What is only left out of the copy is removed then; what is protected stays.
        rules.retain(|rule| rule.protects || !rule.stays);
    }
    let source = |source: &String| {
        let place = (!is_far(source)).then(|| absolute(call.machine.root, source, call.cwd));
        // A source without a slash at its end is made within the destination.
        let name = Path::new(source)
            .file_name()
            .filter(|_| !source.ends_with('/'));
        Source {
            below: name
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default(),
            holds: place.and_then(|place| call.machine.root.contents(Path::new(&place))),
        }
    };
    Effect::Removes(Removal::Mirror(Mirror {
        destination: absolute(call.machine.root, &destination, call.cwd),
        sources: places.iter().map(source).collect(),
        rules,
    }))
}

/// All rules in the order in which they are given.
fn rules(call: &Call<'_>, options: &Options) -> Vec<Rule> {
    let mut all = Vec::new();
    let lines = |file: &str| {
        let path = absolute(call.machine.root, file, call.cwd);
        let text = call.machine.root.text(Path::new(&path)).unwrap_or_default();
        let bare = text.lines().map(|line| line.trim_end().to_owned());
        bare.filter(|line| !line.is_empty() && !line.starts_with(['#', ';']))
            .collect::<Vec<_>>()
    };
    for (name, value) in options.given() {
        let value = value.unwrap_or_default();
        match name {
            "--exclude" => all.push(Rule::new(value, true)),
            "--include" => all.push(Rule::new(value, false)),
            "--exclude-from" => all.extend(lines(value).iter().map(|line| named(line, true))),
            "--include-from" => all.extend(lines(value).iter().map(|line| named(line, false))),
            "-f" | "--filter" => filter(value, &lines, &mut all),
            "-F" => filter("dir-merge /.rsync-filter", &lines, &mut all),
            "-C" | "--cvs-exclude" => all.extend(CVS.split(' ').map(|name| Rule::new(name, true))),
            _ => {}
        }
    }
    // Rules that stand in the directories themselves, of which those of the top are read.
    let merged: Vec<String> = all
        .iter()
        .filter(|rule| rule.is_merged)
        .map(|rule| rule.pattern.clone())
        .collect();
    all.retain(|rule| !rule.is_merged);
    for name in merged {
        for top in &options.operands {
            let file = format!(
                "{}/{}",
                top.trim_end_matches('/'),
                name.trim_start_matches('/')
            );
            for line in lines(&file) {
                filter(&line, &lines, &mut all);
            }
        }
    }
    all
}

/// A line of a file of patterns, which may begin with the sign of a rule.
fn named(line: &str, stays: bool) -> Rule {
    match (line.strip_prefix("+ "), line.strip_prefix("- ")) {
        (Some(pattern), _) => Rule::new(pattern, false),
        (_, Some(pattern)) => Rule::new(pattern, true),
        _ => Rule::new(line, stays),
    }
}

/// `- PATTERN`, `protect PATTERN`, `merge FILE` …
fn filter(text: &str, lines: &dyn Fn(&str) -> Vec<String>, all: &mut Vec<Rule>) {
    let text = unescaped(text.trim());
    let (word, pattern) = text.split_once([' ', '_']).unwrap_or((&text, ""));
    // Modifiers follow the sign, or a comma after the word.
    let kind = match word.split(',').next().unwrap_or_default() {
        sign if sign.starts_with(['-', '+', '.', ':', 'H', 'S', 'P', 'R', '!'])
            && !sign.starts_with("--") =>
        {
            &sign[..1]
        }
        "exclude" => "-",
        "include" => "+",
        "protect" => "P",
        "risk" => "R",
        "hide" => "H",
        "show" => "S",
        "merge" => ".",
        "dir-merge" => ":",
        "clear" => "!",
        _ => return,
    };
    match kind {
        // `-s` leaves it out of the copy only.
        "-" if word.contains('s') && !word.contains('r') && word.len() < 4 => {}
        "-" => all.push(Rule::new(pattern, true)),
        "+" | "R" => all.push(Rule::new(pattern, false)),
        "P" => all.push(Rule {
            protects: true,
            ..Rule::new(pattern, true)
        }),
        "." => {
            for line in lines(pattern) {
                if !line.starts_with(['.', 'm']) {
                    filter(&line, lines, all);
                }
            }
        }
        ":" => all.push(Rule {
            is_merged: true,
            ..Rule::new(pattern, true)
        }),
        "!" => all.clear(),
        _ => {}
    }
}
