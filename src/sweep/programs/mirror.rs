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
    if let Some(effect) = moved(call, &options) {
        return effect;
    }
    let is_recursive = options.has(&["-a", "--archive", "-r", "--recursive", "-d", "--dirs"]);
    if !removes || !is_recursive || options.has(&["-n", "--dry-run"]) {
        return Effect::Nothing;
    }
    let mut places = options.operands.clone();
    let Some(destination) = places.pop() else {
        return Effect::Nothing;
    };
    if is_far(&destination) {
        return Effect::Nothing;
    }
    let mut rules = rules(call, &options);
    if options.has(&["--delete-excluded"]) {
        // What is only left out of the copy is removed then; what is protected stays.
        rules.retain(|rule| rule.protects || !rule.stays);
    }
    let listed = options.value(&["--files-from"]);
    let sources = match listed.map(|list| lines(call, &list)) {
        Some(Some(listed)) => listed_dirs(call, &options, &places, &listed),
        Some(None) => {
            return Effect::Odd(format!(
                "what '{}' copies is known only when it runs",
                call.name
            ));
        }
        None => places.iter().map(|place| source(call, place)).collect(),
    };
    Effect::Removes(Removal::Mirror(Mirror {
        destination: absolute(call.machine.root, &destination, call.cwd),
        sources,
        rules,
    }))
}

fn is_far(place: &str) -> bool {
    place.contains(':') && !place.starts_with(['/', '.'])
}

fn source(call: &Call<'_>, source: &str) -> Source {
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
}

/// The directories that a list names, of which all is copied: those with a slash at their end, and all where it is
/// told to go into them, which `-a` does not tell it with a list (rsync(1), "--files-from"). Nothing else loses
/// anything.
fn listed_dirs(
    call: &Call<'_>,
    options: &Options,
    places: &[String],
    listed: &[String],
) -> Vec<Source> {
    let is_recursive = options.has(&["-r", "--recursive"]);
    let base = places.first().map(|place| place.trim_end_matches('/'));
    let base = base.unwrap_or_default();
    let dirs = listed.iter().filter_map(|line| {
        let bare = line.trim_matches('/');
        let holds = source(call, &format!("{base}/{bare}/")).holds;
        let is_dir = is_far(base) || holds.is_some();
        let is_taken = is_dir && (is_recursive || line.ends_with('/'));
        is_taken.then(|| Source {
            below: if bare == "." { "" } else { bare }.to_owned(),
            holds,
        })
    });
    dirs.collect()
}

/// `rsync --remove-source-files`: what is copied goes from where it stood.
fn moved(call: &Call<'_>, options: &Options) -> Option<Effect> {
    let moves = options.has(&["--remove-source-files", "--remove-sent-files"]);
    let (_, sources) = options.operands.split_last()?;
    if !moves || options.has(&["-n", "--dry-run"]) {
        return None;
    }
    let sources: Vec<String> = sources.iter().filter(|one| !is_far(one)).cloned().collect();
    let is_recursive = options.has(&["-r", "--recursive"]);
    if let Some(list) = options.value(&["--files-from"]) {
        let base = sources.first()?;
        return Some(match lines(call, &list) {
            Some(listed) => {
                let listed = listed.iter().map(|line| format!("{base}/{line}"));
                Effect::TakesThrough(listed.collect(), is_recursive)
            }
            None => Effect::MayTake(sources, known_when_run(call)),
        });
    }
    if !is_recursive && !options.has(&["-a", "--archive"]) {
        return Some(Effect::TakesThrough(sources, false));
    }
    let rules = rules(call, options);
    Some(match &sources[..] {
        [one] => {
            let place = absolute(call.machine.root, one, call.cwd);
            let (dir, name) = match place.rsplit_once('/') {
                Some((dir, name)) if !one.ends_with('/') => (dir.to_owned(), name.to_owned()),
                _ => (place, String::new()),
            };
            let destination = if dir.is_empty() { "/".to_owned() } else { dir };
            Effect::Removes(Removal::Mirror(Mirror {
                destination,
                sources: vec![Source {
                    below: name,
                    holds: None,
                }],
                rules,
            }))
        }
        _ if rules.is_empty() => Effect::TakesThrough(sources, true),
        _ => Effect::MayTake(sources, known_when_run(call)),
    })
}

fn known_when_run(call: &Call<'_>) -> String {
    format!("what '{}' takes away is known only when it runs", call.name)
}

/// The lines of a file of patterns or names; none where it cannot be read.
fn lines(call: &Call<'_>, file: &str) -> Option<Vec<String>> {
    let path = absolute(call.machine.root, file, call.cwd);
    let text = call.machine.root.text(Path::new(&path))?;
    let bare = text.lines().map(|line| line.trim_end().to_owned());
    let bare = bare.filter(|line| !line.is_empty() && !line.starts_with(['#', ';']));
    Some(bare.collect())
}

/// All rules in the order in which they are given.
fn rules(call: &Call<'_>, options: &Options) -> Vec<Rule> {
    let mut all = Vec::new();
    let lines = |file: &str| lines(call, file).unwrap_or_default();
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
    let (merged, plain): (Vec<Rule>, Vec<Rule>) = all.into_iter().partition(|rule| rule.is_merged);
    let mut all = plain;
    for Rule {
        pattern: name,
        each_stays,
        ..
    } in merged
    {
        for top in &options.operands {
            let file = format!(
                "{}/{}",
                top.trim_end_matches('/'),
                name.trim_start_matches('/')
            );
            for line in lines(&file) {
                merge(&line, each_stays, &lines, &mut all);
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

/// A line of a file that is merged: a rule, or only a pattern where the file was said to have no others.
fn merge(
    line: &str,
    each_stays: Option<bool>,
    lines: &dyn Fn(&str) -> Vec<String>,
    all: &mut Vec<Rule>,
) {
    match each_stays {
        // What git takes back means nothing to rsync.
        Some(_) if line.starts_with('!') => {}
        Some(stays) => all.push(named(line, stays)),
        None if line.starts_with(['.', 'm']) => {}
        None => filter(line, lines, all),
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
    let modifiers = match word.split_once(',') {
        Some((_, modifiers)) => modifiers,
        None if word.starts_with(kind) => &word[kind.len()..],
        None => "",
    };
    let each_stays = if modifiers.contains('-') {
        Some(true)
    } else {
        modifiers.contains('+').then_some(false)
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
                merge(&line, each_stays, lines, all);
            }
        }
        ":" => all.push(Rule {
            is_merged: true,
            each_stays,
            ..Rule::new(pattern, true)
        }),
        "!" => all.clear(),
        _ => {}
    }
}
