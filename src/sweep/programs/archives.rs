//! Programs that put files into an archive and remove them then, where they are told so (tar(1), zip(1), 7z(1)).

use super::call::{Call, Effect, place};
use crate::sweep::options::Options;
use crate::sweep::quotes::unescaped;

/// `tar --remove-files`, with the directory of `-C`.
pub(super) fn tar(call: &Call<'_>) -> Effect {
    const VALUED: &str = "-f --file -C --directory -T --files-from -X --exclude-from --exclude -I \
        --use-compress-program -g --listed-incremental -N --newer -b -L -V --transform --owner --group --mode";
    let mut words = call.words.to_vec();
    // The first word may be a bundle of letters without a dash.
    if let Some(first) = words.first_mut().filter(|word| !word.starts_with('-')) {
        first.insert(0, '-');
    }
    let options = Options::all(&words, VALUED);
    let adds = ["-c", "--create", "-r", "--append", "-u", "--update"];
    if !options.has(&["--remove-files"]) || !options.has(&adds) {
        return Effect::Nothing;
    }
    if options.has(&["--exclude", "-X", "--exclude-from", "-T", "--files-from"]) {
        return odd(call);
    }
    let base = options
        .value(&["-C", "--directory"])
        .map(|dir| place(call, &dir));
    let below = |word: String| match &base {
        Some(base) if !word.starts_with('/') => format!("{base}/{word}"),
        _ => word,
    };
    Effect::Takes(options.operands.into_iter().map(below).collect(), true)
}

/// `zip -m ARCHIVE FILE…`
pub(super) fn zip(call: &Call<'_>) -> Effect {
    let options = Options::all(call.words, "-b -n -P -t -tt -O --out");
    if !options.has(&["-m", "--move"]) {
        return Effect::Nothing;
    }
    if options.has(&["-x", "--exclude", "-i", "--include", "-@"]) {
        return odd(call);
    }
    let all = options.has(&["-r", "--recurse-paths"]);
    Effect::Takes(options.operands.into_iter().skip(1).collect(), all)
}

/// `7z a -sdel ARCHIVE FILE…`
pub(super) fn seven_zip(call: &Call<'_>) -> Effect {
    let plain: Vec<String> = call.words.iter().map(|word| unescaped(word)).collect();
    let adds = plain.first().is_some_and(|verb| verb == "a" || verb == "u");
    if !adds || !plain.iter().any(|word| word == "-sdel") {
        return Effect::Nothing;
    }
    if plain
        .iter()
        .any(|word| word.starts_with("-x") || word.starts_with("-i"))
    {
        return odd(call);
    }
    let operands = call.words.iter().filter(|word| !word.starts_with('-'));
    Effect::Takes(operands.skip(2).cloned().collect(), true)
}

fn odd(call: &Call<'_>) -> Effect {
    Effect::Odd(format!(
        "'{}' removes what it takes in, and which files that are is not followed",
        call.name
    ))
}
