//! What `git` removes of files that it does not know: `clean`, `stash`, `worktree remove` (git-clean(1), git-stash(1)).

use std::path::{Path, PathBuf};

use super::call::{Call, Effect, place};
use crate::sweep::glob::{FIND, RSYNC, Rules, SHELL};
use crate::sweep::links::absolute;
use crate::sweep::options::Options;
use crate::sweep::quotes::unescaped;
use crate::sweep::removal::Removal;
use crate::sweep::work_tree::{Clean, Spared, Spec};

/// Options before the verb that have a value.
const VALUED: &str =
    "-C -c --git-dir --work-tree --namespace --exec-path --config-env --super-prefix";

pub(super) fn git(call: &Call<'_>) -> Effect {
    let own = Options::leading(call.words, VALUED);
    let root = call.machine.root;
    let mut dir: PathBuf = call.cwd.to_owned();
    let mut top = None;
    for (name, value) in own.given() {
        let value = value.unwrap_or_default();
        match name {
            "-C" => dir = PathBuf::from(absolute(root, value, &dir)),
            "--work-tree" => top = Some(PathBuf::from(absolute(root, value, &dir))),
            _ => {}
        }
    }
    // With a tree of its own, it works on all of that from outside of it.
    if let Some(top) = &top
        && !dir.starts_with(top)
    {
        dir.clone_from(top);
    }
    let call = Call { cwd: &dir, ..*call };
    let rest = &call.words[own.begin..];
    let Some((verb, rest)) = rest.split_first() else {
        return Effect::Nothing;
    };
    match verb.as_str() {
        "clean" => clean(&call, rest, top),
        "stash" => stash(&call, rest, top),
        "worktree" if rest.first().is_some_and(|word| word == "remove") => {
            let options = Options::all(&rest[1..], "");
            if options.has(&["-f", "--force"]) {
                Effect::Takes(options.operands, true)
            } else {
                Effect::Nothing
            }
        }
        _ => Effect::Nothing,
    }
}

fn clean(call: &Call<'_>, words: &[String], top: Option<PathBuf>) -> Effect {
    let options = Options::all(words, "-e --exclude");
    // Without a force nothing goes, and without `d` no directory.
    if !options.has(&["-f", "--force"])
        || !options.has(&["-d"])
        || options.has(&["-n", "--dry-run", "-i", "--interactive"])
    {
        return Effect::Nothing;
    }
    let spared = match (options.has(&["-X"]), options.has(&["-x"])) {
        (true, _) => Spared::Others,
        (false, true) => Spared::Nothing,
        (false, false) => Spared::Ignored,
    };
    removes(
        call,
        &options.operands,
        top,
        spared,
        options.values(&["-e", "--exclude"]),
    )
}

/// `stash -u` takes away what is not ignored, `stash -a` all.
fn stash(call: &Call<'_>, words: &[String], top: Option<PathBuf>) -> Effect {
    let options = Options::all(words, "-m --message");
    let mut operands = options.operands.clone();
    let verb = operands
        .first()
        .map_or_else(|| "push".to_owned(), String::clone);
    if !matches!(verb.as_str(), "push" | "save") {
        return Effect::Nothing;
    }
    operands.drain(..operands.len().min(1));
    let spared = if options.has(&["-a", "--all"]) {
        Spared::Nothing
    } else if options.has(&["-u", "--include-untracked"]) {
        Spared::Ignored
    } else {
        return Effect::Nothing;
    };
    let paths = if verb == "push" { operands } else { Vec::new() };
    // It works on the whole tree, wherever it is started.
    let tree = call.machine.root.tree_of(call.cwd).or(top.clone());
    let call = Call {
        cwd: tree.as_deref().unwrap_or(call.cwd),
        ..*call
    };
    removes(&call, &paths, top, spared, Vec::new())
}

fn removes(
    call: &Call<'_>,
    paths: &[String],
    top: Option<PathBuf>,
    spared: Spared,
    excludes: Vec<String>,
) -> Effect {
    let top = top.or_else(|| call.machine.root.tree_of(call.cwd));
    let top = top.unwrap_or_else(|| call.cwd.to_owned());
    let (mut dirs, mut kept) = (Vec::new(), Vec::new());
    for path in paths {
        let (spec, is_left_out) = spec(call, path, &top);
        if is_left_out { &mut kept } else { &mut dirs }.push(spec);
    }
    if dirs.is_empty() {
        let pattern = call.cwd.to_string_lossy().into_owned();
        dirs.push(Spec {
            pattern,
            rules: SHELL,
            of_files: false,
        });
    }
    Effect::Removes(Removal::Clean(Clean {
        root: call.machine.root.clone(),
        top,
        dirs,
        kept,
        spared,
        excludes,
    }))
}

/// A path with the signs before it that say what it means, such as `:(exclude)` and `:/` (gitglossary(7), "pathspec");
/// and whether it names what is left out. A pattern that the shell leaves to git takes slashes and
/// hidden names, and fits files alone.
fn spec(call: &Call<'_>, path: &str, top: &Path) -> (Spec, bool) {
    let (signs, bare) = signs(path);
    let has = |sign: &str| signs.contains(&sign);
    let plain = unescaped(bare);
    let is_of_git = plain.contains(['*', '?', '[']) && (plain != bare || !signs.is_empty());
    let text = if is_of_git && !has("literal") {
        &plain
    } else {
        bare
    };
    let place = if has("top") {
        absolute(call.machine.root, text.trim_end_matches('/'), top)
    } else {
        place(call, text)
    };
    let rules = match (is_of_git, has("glob")) {
        (false, _) => SHELL,
        (true, false) => FIND,
        (true, true) => RSYNC,
    };
    let spec = Spec {
        pattern: place,
        rules: Rules {
            any_case: has("icase"),
            ..rules
        },
        of_files: is_of_git,
    };
    (spec, has("exclude"))
}

/// The signs before a path, by their long names, and the path.
fn signs(path: &str) -> (Vec<&str>, &str) {
    if let Some((words, bare)) = path
        .strip_prefix(":(")
        .and_then(|rest| rest.split_once(')'))
    {
        return (words.split(',').collect(), bare);
    }
    let Some(rest) = path.strip_prefix(':') else {
        return (Vec::new(), path);
    };
    let bare = rest.trim_start_matches(['!', '^', '/']);
    let short = &rest[..rest.len() - bare.len()];
    let named = short
        .chars()
        .map(|sign| if sign == '/' { "top" } else { "exclude" });
    (named.collect(), bare.strip_prefix(':').unwrap_or(bare))
}
