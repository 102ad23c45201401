//! Other programs that search: `locate` and `fd`, as searches of `find`.

use std::path::Path;

use super::start::{Links, Start};
use super::test::Test;
use super::{Action, Find, Run};
use crate::sweep::Machine;
use crate::sweep::options::Options;
use crate::sweep::quotes::unescaped;
use crate::sweep::regexes::{Syntax, compile};
use crate::sweep::target::Kind;

/// `locate PATTERN…`: what has a pattern in its path, or in its name.
pub(in crate::sweep) fn locate(machine: &Machine<'_>, words: &[String]) -> Find {
    let options = Options::all(words, "-d --database -l -n --limit -r --regexp");
    let any = options.has(&["-i", "--ignore-case"]);
    let by_name = options.has(&["-b", "--basename"]);
    let is_regex = options.has(&["--regex"]);
    let mut expression = Test::Never;
    let plain = options
        .operands
        .iter()
        .map(|word| (unescaped(word), is_regex));
    let given = options
        .values(&["-r", "--regexp"])
        .into_iter()
        .map(|word| (word, true));
    for (pattern, is_regex) in plain.chain(given) {
        let test = if is_regex {
            let syntax = if options.has(&["--regex"]) {
                Syntax::Extended
            } else {
                Syntax::Basic
            };
            match (compile(&pattern, syntax, any, false), by_name) {
                (Some(regex), true) => Test::NameRegex(regex),
                (Some(regex), false) => Test::Regex(regex),
                (None, _) => Test::Unknown,
            }
        } else {
            let is_pattern = pattern.contains(['*', '?', '[']);
            let whole = if is_pattern {
                pattern
            } else {
                format!("*{pattern}*")
            };
            if by_name {
                Test::Name(whole, any)
            } else {
                Test::Path(whole, any)
            }
        };
        expression = Test::Or(Box::new(expression), Box::new(test));
    }
    let root = Path::new("/");
    let mut find = Find::all(vec![Start::new(machine.root, "/", root)], root);
    find.expression = expression.and(Test::Act(Action::Print, Some(true)));
    find
}

/// `fd [PATTERN [PATH…]]`, of which `-x` and `-X` run a command.
pub(in crate::sweep) fn fd(machine: &Machine<'_>, words: &[String], cwd: &Path) -> Find {
    const VALUED: &str = "-d --max-depth --min-depth --exact-depth -E --exclude -t --type -e --extension -S --size \
        --changed-within --changed-before -o --owner -j --threads -c --color --base-directory \
        --search-path --and";
    let begin = words
        .iter()
        .position(|word| matches!(word.as_str(), "-x" | "-X" | "--exec" | "--exec-batch"));
    let (own, command) = words.split_at(begin.unwrap_or(words.len()));
    let options = Options::all(own, VALUED);
    let unhidden = options.has(&["-H", "--hidden", "-u", "--unrestricted"]);
    let expression = fd_tests(&options);
    let operands = options.operands.iter().skip(1);
    let root = machine.root;
    let mut starts: Vec<Start> = operands.map(|one| Start::new(root, one, cwd)).collect();
    if starts.is_empty() {
        starts.push(Start::new(root, ".", cwd));
    }
    let mut find = Find::all(starts, cwd);
    // It follows links that it is given, as they are.
    find.links = if options.has(&["-L", "--follow"]) {
        Links::Always
    } else {
        Links::Given
    };
    let action = match command.split_first() {
        Some((_, command)) => {
            let mut command = command.to_vec();
            if !command.iter().any(|word| word.contains("{}")) {
                command.push("{}".to_owned());
            }
            find.runs.push(Run {
                words: command,
                beside: false,
            });
            Action::Run(0)
        }
        None => Action::Print,
    };
    find.expression = expression.and(Test::Act(action, Some(true)));
    if !unhidden {
        // What is hidden is not looked at, and nothing below it.
        let hidden = Test::Name(".?*".to_owned(), false)
            .and(Test::Prune)
            .and(Test::Never);
        find.expression = Test::Or(Box::new(hidden), Box::new(find.expression));
        find.min_depth = 1;
    }
    find.max_depth = options
        .values(&["-d", "--max-depth"])
        .first()
        .and_then(|depth| depth.parse().ok())
        .unwrap_or(usize::MAX);
    find
}

/// What the pattern and the options of `fd` ask of an entry.
fn fd_tests(options: &Options) -> Test {
    let pattern = options
        .operands
        .first()
        .map(|word| unescaped(word))
        .unwrap_or_default();
    let is_glob = options.has(&["-g", "--glob"]);
    let is_path = options.has(&["-p", "--full-path"]);
    // Letters of one case match both, as long as the pattern has no capitals.
    let any = !options.has(&["-s", "--case-sensitive"]) && pattern == pattern.to_lowercase();
    let mut expression = match (is_glob, is_path) {
        _ if pattern.is_empty() => Test::Always,
        (true, true) => Test::Path(pattern, any),
        (true, false) => Test::Name(pattern, any),
        (false, true) => {
            compile(&pattern, Syntax::Perl, any, false).map_or(Test::Unknown, Test::Regex)
        }
        (false, false) => {
            compile(&pattern, Syntax::Perl, any, false).map_or(Test::Unknown, Test::NameRegex)
        }
    };
    let endings = options.values(&["-e", "--extension"]);
    if !endings.is_empty() {
        let names = endings
            .into_iter()
            .map(|end| Test::Name(format!("*.{}", end.trim_start_matches('.')), true));
        expression = expression.and(names.fold(Test::Never, |all, one| {
            Test::Or(Box::new(all), Box::new(one))
        }));
    }
    for exclude in options.values(&["-E", "--exclude"]) {
        let inner = Test::Or(
            Box::new(Test::Name(exclude.clone(), false)),
            Box::new(Test::Path(format!("*/{exclude}/*"), false)),
        );
        expression = expression.and(Test::Not(Box::new(inner)));
    }
    let kinds = options.values(&["-t", "--type"]);
    if !kinds.is_empty() {
        let kinds = kinds.iter().filter_map(|kind| match kind.chars().next()? {
            'f' | 'x' => Some(Kind::File),
            'd' => Some(Kind::Dir),
            'l' => Some(Kind::Link),
            _ => None,
        });
        expression = expression.and(Test::Type(kinds.collect()));
    }
    expression
}
