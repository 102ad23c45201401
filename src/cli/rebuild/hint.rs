//! What to do where a venv was not rebuilt.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use venv_snap::model::{Audit, Remains, TreeKind, Unmet, shell_word};
use venv_snap::ops::{NoInstaller, Unbuilt};

/// Files of a project that tell what belongs into the venv in it, the most exact first.
const LISTS: &[&str] = &[
    "pylock.toml",
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "requirements.txt",
];

/// What to do where a venv was not rebuilt.
pub(crate) fn hint(unbuilt: &Unbuilt) -> Option<String> {
    let name = crate::cli::called();
    Some(match unbuilt {
        Unbuilt::NoInterpreter { others, .. } => match others.as_slice() {
            [] => "install a Python of that version, or name one with --python FILE".to_owned(),
            [first, more @ ..] => {
                let more = more.iter().map(|path| format!(", or {}", word(path)));
                format!("--python {}{}", word(first), more.collect::<String>())
            }
        },
        Unbuilt::BadInterpreter(_) => "name another with --python FILE".to_owned(),
        Unbuilt::NotAVenv {
            kind: TreeKind::Any,
            ..
        } => format!(
            "'{name} restore PATH' brings a saved one back; where a venv shall stand in its place, move it away first"
        ),
        Unbuilt::NotAVenv { kind, .. } => format!(
            "'{name} restore PATH' brings a saved one back; else make it anew with {}",
            if *kind == TreeKind::Conda { "conda" } else { "'pip install --target'" }
        ),
        Unbuilt::NothingTold(venv) => {
            let lists = LISTS.iter().filter_map(|list| Some(venv.parent()?.join(list)));
            match lists.into_iter().find(|list| list.is_file()) {
                Some(list) => format!("--from {}", word(&list)),
                None => "name a requirements file or a lock with --from FILE".to_owned(),
            }
        }
        Unbuilt::NoVersion(_) => "name a requirements file or a lock with --from FILE".to_owned(),
        Unbuilt::With { .. } => "write it as pip takes it: 'click==8.1.7', 'click>=8'".to_owned(),
        Unbuilt::Remains(remains) => remains_hint(remains),
        Unbuilt::Requirements { .. } => {
            "a requirements file has one requirement a line, as pip reads it; locks are those of uv, poetry and pdm \
             and pylock.toml"
                .to_owned()
        }
        Unbuilt::Far(_) => "without --offline it is fetched from there; or name it with its version in a list \
             (--from FILE), and give a wheel of it with --find-links DIR"
            .to_owned(),
        Unbuilt::NoInstaller(NoInstaller::Pip { said, .. }) if of_cause(said).is_some() => {
            return of_cause(said);
        }
        Unbuilt::NoInstaller(_) => {
            "install the ensurepip of that Python (Debian: python3-venv), or uv".to_owned()
        }
        Unbuilt::Step { said, .. } => return of_cause(&said.join("\n")),
        Unbuilt::NamesPlace(_)
        | Unbuilt::ChangedMeanwhile(_)
        | Unbuilt::LineBreak => return None,
        Unbuilt::Install { provable, said, .. } => return install_hint(provable, said),
        Unbuilt::Unsound(audit) => unsound_hint(audit).unwrap_or_else(|| format!(
            "--all fetches every package anew; '{name} rebuild --force' puts it in place all the same; undo brings \
             back what it replaces"
        )),
        Unbuilt::Busy(_) => "wait until it is done".to_owned(),
    })
}

/// How what nothing brings is brought all the same.
fn remains_hint(remains: &[Remains]) -> String {
    let perhaps = remains.iter().filter_map(|one| one.perhaps.as_ref());
    let mut with: Vec<String> = perhaps.map(|text| with(text)).collect();
    with.dedup();
    let known = match &with[..] {
        [] => "name what brings them: --with REQUIREMENT".to_owned(),
        some if some.len() == remains.len() => format!("if these bring them: {}", some.join(" ")),
        some => format!(
            "if these bring some of them: {}; name what brings the others in the same way",
            some.join(" ")
        ),
    };
    format!(
        "{known}; or name a list with --from FILE; --force does without them, and undo brings them back"
    )
}

/// What was built lacks what its packages require.
fn unsound_hint(audit: &Audit) -> Option<String> {
    let unmet = audit.findings.iter();
    let unmet = unmet.filter_map(|one| Unmet::read(&one.text));
    let mut with: Vec<String> = unmet
        .filter(|unmet| unmet.found.is_none())
        .map(|unmet| with(&unmet.need))
        .collect();
    with.sort();
    with.dedup();
    (!with.is_empty()).then(|| {
        format!(
            "packages of it require what nothing tells that it was there; bring it: {}",
            with.join(" ")
        )
    })
}

fn with(requirement: &str) -> String {
    format!("--with {}", shell_word(requirement.as_bytes()))
}

/// A path in a command.
fn word(path: &Path) -> String {
    shell_word(path.as_os_str().as_bytes())
}

/// What installers say of a cause, in lower case, and what to do about it; the first that fits counts.
const CAUSES: &[(&[&str], &str)] = &[
    (
        &[
            "401 ",
            " 401",
            "403 ",
            " 403",
            "credential",
            "unauthorized",
            "forbidden",
        ],
        "look at the credentials of the index: PIP_INDEX_URL, UV_INDEX_URL, pip.conf or .netrc of the venv's owner",
    ),
    (
        &["file too large", "sigxfsz"],
        "raise the limit of how long a file may be: ulimit -f, LimitFSIZE= of a unit",
    ),
    (
        &["no space left", "disk quota"],
        "make room, beside the venv and in the store, and try again",
    ),
    (
        &[
            "connection",
            "connect error",
            "timed out",
            "name resolution",
            "unreachable",
            "dns error",
            "error sending request",
        ],
        "the index cannot be reached: PIP_FIND_LINKS=DIR with PIP_NO_INDEX=1 takes wheels of a directory (with uv: \
         UV_FIND_LINKS, UV_OFFLINE=1)",
    ),
    (
        &[
            "do not match the hashes",
            "hash mismatch",
            "badzipfile",
            "is invalid",
            "not a zip",
            "truncated",
            "incomplete",
        ],
        "the index gives a broken file: try another index, or wheels of a directory with PIP_FIND_LINKS=DIR",
    ),
    (
        &[
            "failed to build",
            "subprocess-exited-with-error",
            "build backend",
        ],
        "it has to be built and that fails here: give a wheel of it with PIP_FIND_LINKS=DIR",
    ),
    (
        &[
            "from versions: none",
            "was not found in the package registry",
            "not found in the provided package locations",
        ],
        "the index has nothing of that name, cannot be reached, or does not take the credentials: try another index, \
         or wheels of a directory with \
         PIP_FIND_LINKS=DIR (with uv: UV_FIND_LINKS)",
    ),
    (
        &[
            "no matching distribution",
            "there is no version of",
            "no solution found",
        ],
        "that version is gone from the index: try another index, or name another version with --from FILE",
    ),
];

fn install_hint(provable: &[String], said: &[String]) -> Option<String> {
    if !provable.is_empty() {
        let names = provable.join(", ");
        return Some(format!(
            "RECORD proves every file of {names} in the live venv: without --all it is taken over"
        ));
    }
    of_cause(&said.join("\n"))
}

fn of_cause(said: &str) -> Option<String> {
    let text = said.to_lowercase();
    let fits = |(words, _): &&(&[&str], &str)| words.iter().any(|word| text.contains(word));
    let found = CAUSES.iter().find(fits);
    found.map(|(_, hint)| (*hint).to_owned())
}

/// What the program that failed said.
pub(crate) fn said(unbuilt: &Unbuilt) -> Vec<String> {
    match unbuilt {
        Unbuilt::Install { said, .. } | Unbuilt::Step { said, .. } => said.clone(),
        _ => Vec::new(),
    }
}
