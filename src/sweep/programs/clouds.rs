//! Programs that bring a directory into agreement with one on a server, or with another one (rclone(1), `aws s3 sync`,
//! `gsutil rsync` and their like).

use super::call::{Call, Effect, place};
use crate::sweep::options::Options;
use crate::sweep::removal::{Mirror, Removal, Source};

pub(super) fn rclone(call: &Call<'_>) -> Effect {
    const VALUED: &str = "--exclude --exclude-from --include --include-from --filter --filter-from -f --config \
        --log-file --bwlimit --transfers --checkers --backup-dir --max-age --min-age --max-size --min-size";
    let options = Options::all(call.words, VALUED);
    let filters = [
        "--exclude",
        "--exclude-from",
        "--include",
        "--include-from",
        "--filter",
        "--filter-from",
        "-f",
        "--max-age",
        "--min-age",
        "--max-size",
        "--min-size",
    ];
    if options.has(&["-n", "--dry-run"]) {
        return Effect::Nothing;
    }
    let Some((verb, places)) = options.operands.split_first() else {
        return Effect::Nothing;
    };
    let is_far = |word: &str| word.contains(':');
    match (verb.as_str(), places) {
        ("sync", [from, to]) if !is_far(to) => {
            if options.has(&filters) {
                return odd(call);
            }
            mirrored(call, Some(from.as_str()).filter(|from| !is_far(from)), to)
        }
        ("purge" | "delete" | "move", [from, ..]) if !is_far(from) => {
            if options.has(&filters) {
                return odd(call);
            }
            Effect::Takes(vec![from.clone()], true)
        }
        _ => Effect::Nothing,
    }
}

/// `aws s3 sync --delete FROM TO`, `aws s3 mv --recursive FROM TO`
pub(super) fn aws(call: &Call<'_>) -> Effect {
    let options = Options::all(
        call.words,
        "--exclude --include --profile --region --endpoint-url --acl --sse --storage-class",
    );
    let [service, verb, from, to] = options.operands.as_slice() else {
        return Effect::Nothing;
    };
    let is_far = |word: &str| word.starts_with("s3://");
    let removes = match (service.as_str(), verb.as_str()) {
        ("s3", "sync") => options.has(&["--delete"]) && !is_far(to),
        ("s3", "mv") => !is_far(from),
        _ => false,
    };
    if !removes || options.has(&["--dryrun"]) {
        return Effect::Nothing;
    }
    if options.has(&["--exclude", "--include"]) {
        return odd(call);
    }
    if verb == "mv" {
        return Effect::Takes(vec![from.clone()], options.has(&["--recursive"]));
    }
    mirrored(call, Some(from.as_str()).filter(|from| !is_far(from)), to)
}

/// A program that copies one place over another one, and removes there what the first has not, if it is told to.
struct Copier {
    name: &'static str,
    /// The operands before the places.
    verbs: &'static [&'static str],
    /// Any of these asks for the removal.
    removing: &'static [&'static str],
    /// Options that leave something out, of which a value follows.
    filters: &'static str,
    /// Others of which a value follows.
    valued: &'static str,
}

const COPIERS: [Copier; 6] = [
    Copier {
        name: "gsutil",
        verbs: &["rsync"],
        removing: &["-d"],
        filters: "-x -y",
        valued: "-o -h -i -j -a -u",
    },
    Copier {
        name: "gcloud",
        verbs: &["storage", "rsync"],
        removing: &["--delete-unmatched-destination-objects"],
        filters: "--exclude -x",
        valued: "--project --account --configuration --verbosity --impersonate-service-account",
    },
    Copier {
        name: "s3cmd",
        verbs: &["sync"],
        removing: &["--delete-removed"],
        filters: "--exclude --rexclude --include --rinclude --exclude-from --rexclude-from",
        valued: "-c --config --region --host --access_key --secret_key --max-delete",
    },
    Copier {
        name: "s5cmd",
        verbs: &["sync"],
        removing: &["--delete"],
        filters: "--exclude --include",
        valued: "--endpoint-url --numworkers --profile --log -r --retry-count --concurrency -c",
    },
    Copier {
        name: "mc",
        verbs: &["mirror"],
        removing: &["--remove"],
        filters: "--exclude --exclude-bucket --older-than --newer-than",
        valued: "--storage-class -C --config-dir --region --attr",
    },
    Copier {
        name: "azcopy",
        verbs: &["sync"],
        removing: &["--delete-destination"],
        filters: "--exclude-path --exclude-pattern --exclude-regex --exclude-attributes --include-pattern \
            --include-regex",
        valued: "--log-level",
    },
];

/// `gsutil -m rsync -r -d FROM TO` and its like.
pub(super) fn copied_over(call: &Call<'_>) -> Effect {
    let Some(copier) = COPIERS.iter().find(|one| one.name == call.name) else {
        return Effect::Nothing;
    };
    let valued = [copier.filters, copier.valued].join(" ");
    let options = Options::all(call.words, &valued);
    // Options of which the value is not known for one stand among the operands.
    let mut operands = options.operands.iter().map(String::as_str);
    let is_copy = copier
        .verbs
        .iter()
        .all(|verb| operands.any(|one| one == *verb));
    let refused = ["false", "prompt"];
    let value = options.value(copier.removing);
    if !is_copy
        || !options.has(copier.removing)
        || value.is_some_and(|it| refused.contains(&it.as_str()))
    {
        return Effect::Nothing;
    }
    let (from, to) = match operands.collect::<Vec<_>>()[..] {
        [from, to] => (from, to),
        [] | [_] => return Effect::Nothing,
        _ => return odd(call),
    };
    // An address, or a place that the settings of `mc` name.
    let is_far =
        |word: &str| word.contains("://") || copier.name == "mc" && !word.starts_with(['/', '.']);
    let is_tried = options.has(&["--dry-run", "-n", "--fake"]);
    if is_far(to) || is_tried {
        return Effect::Nothing;
    }
    let filters: Vec<&str> = copier.filters.split(' ').collect();
    if options.has(&filters) {
        return odd(call);
    }
    mirrored(call, Some(from).filter(|from| !is_far(from)), to)
}

/// All of a directory goes that its source does not have.
fn mirrored(call: &Call<'_>, from: Option<&str>, to: &str) -> Effect {
    let holds = from.and_then(|from| call.machine.root.contents(place(call, from).as_ref()));
    Effect::Removes(Removal::Mirror(Mirror {
        destination: place(call, to),
        sources: vec![Source {
            below: String::new(),
            holds,
        }],
        rules: Vec::new(),
    }))
}

fn odd(call: &Call<'_>) -> Effect {
    Effect::Odd(format!("what '{}' leaves alone is not followed", call.name))
}
