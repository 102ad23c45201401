//! Programs that remove, empty or move away what they are given, each with its reading (their manual pages).

use super::aged::aged;
use super::archives::{seven_zip, tar, zip};
use super::call::{Call, Effect, place};
use super::clouds::{aws, copied_over, rclone};
use super::git::git;
use super::mirror::mirror;
use crate::sweep::find::Find;
use crate::sweep::options::Options;
use crate::sweep::quotes::unescaped;
use crate::sweep::removal::Removal;

type Reading = fn(&Call<'_>) -> Effect;

const REMOVERS: [(&[&str], Reading); 28] = [
    (&["rm", "safe-rm"], remove),
    (&["unlink"], unlinked),
    (&["shred", "truncate"], empty),
    (&["srm", "wipe", "rimraf", "trash", "trash-put"], whole),
    (&["gio"], gio),
    (&["mv"], moved),
    (
        &[
            "gzip", "bzip2", "xz", "lzma", "compress", "pigz", "pbzip2", "lzop",
        ],
        packed,
    ),
    (&["zstd"], packed_if_told),
    (&["cp", "install"], copied),
    (&["dd"], written),
    (&["tee", "sponge"], overwritten),
    (&["tmpwatch", "tmpreaper"], aged),
    (&["rsync"], mirror),
    (&["fdupes", "jdupes", "rdfind"], duplicates),
    (&["rename", "prename", "file-rename", "mmv"], renamed),
    (&["git"], git),
    (&["docker", "podman"], prune),
    (&["virtualenv"], made_anew),
    (&["uv"], made_anew_by_uv),
    (&["conda", "mamba", "micromamba"], without_environment),
    (&["pipenv", "poetry"], without_own),
    (&["tar", "gtar", "bsdtar"], tar),
    (&["zip"], zip),
    (&["7z", "7za", "7zr", "7zz"], seven_zip),
    (&["rclone"], rclone),
    (&["aws"], aws),
    (
        &["gsutil", "gcloud", "s3cmd", "s5cmd", "mc", "azcopy"],
        copied_over,
    ),
    (&["pyclean", "py3clean", "pypyclean"], without_bytecode),
];

/// How a program of a name is read.
pub(in crate::sweep) fn remover(name: &str) -> Option<Reading> {
    REMOVERS
        .iter()
        .find(|(names, _)| names.contains(&name))
        .map(|(_, reading)| *reading)
}

fn remove(call: &Call<'_>) -> Effect {
    let options = Options::all(call.words, "");
    let all = options.has(&["-r", "-R", "--recursive"]);
    Effect::Takes(options.operands, all)
}

fn empty(call: &Call<'_>) -> Effect {
    const VALUED: &str = "-s --size -r --reference -n --iterations --random-source";
    if call
        .words
        .iter()
        .any(|word| word == "--help" || word == "--version")
    {
        return Effect::Nothing;
    }
    Effect::TakesThrough(Options::all(call.words, VALUED).operands, false)
}

fn unlinked(call: &Call<'_>) -> Effect {
    Effect::Takes(Options::all(call.words, "").operands, false)
}

fn whole(call: &Call<'_>) -> Effect {
    Effect::Takes(Options::all(call.words, "").operands, true)
}

/// Files get another name by an expression.
fn renamed(call: &Call<'_>) -> Effect {
    let options = Options::all(call.words, "-e -E -f");
    if options.has(&["-n", "--nono", "--no-act"]) {
        return Effect::Nothing;
    }
    let why = format!(
        "which files '{}' renames is known only when it runs",
        call.name
    );
    Effect::MayTake(options.operands, why)
}

/// Bytecode below directories goes, by the programs of Debian or by the package of the same name.
fn without_bytecode(call: &Call<'_>) -> Effect {
    let options = Options::all(
        call.words,
        "-p --package -V -X --ignore -i --debris -d --erase -e",
    );
    if options.operands.is_empty() || options.has(&["-n", "--dry-run"]) {
        return Effect::Nothing;
    }
    let mut words = options.operands;
    words.extend(["-name", "*.py[co]", "-delete"].map(str::to_owned));
    Effect::Removes(Removal::Find(Find::parse(call.machine, &words, call.cwd)))
}

/// Of what is there twice one goes.
fn duplicates(call: &Call<'_>) -> Effect {
    let plain: Vec<String> = call.words.iter().map(|word| unescaped(word)).collect();
    let deletes = if call.name == "rdfind" {
        let mut pairs = plain.windows(2);
        pairs.any(|two| two[0].starts_with("-delete") && two[1] == "true")
    } else {
        Options::all(call.words, "").has(&["-d", "--delete"])
    };
    if !deletes {
        return Effect::Nothing;
    }
    let operands = Options::all(call.words, "").operands;
    let why = format!(
        "which of the files that are there twice '{}' removes is known only when it runs",
        call.name
    );
    Effect::MayTake(operands, why)
}

fn gio(call: &Call<'_>) -> Effect {
    match call.words.split_first() {
        Some((verb, rest)) if matches!(verb.as_str(), "trash" | "remove") => {
            Effect::Takes(Options::all(rest, "").operands, true)
        }
        _ => Effect::Nothing,
    }
}

/// It moves away all that it is given but the last, which is where it goes.
fn moved(call: &Call<'_>) -> Effect {
    let options = Options::all(call.words, "-t --target-directory -S --suffix");
    let mut operands = options.operands.clone();
    if options.value(&["-t", "--target-directory"]).is_none() && operands.len() > 1 {
        operands.pop();
    }
    Effect::Takes(operands, true)
}

fn packed(call: &Call<'_>) -> Effect {
    const KEEPING: [&str; 10] = [
        "-k",
        "--keep",
        "-c",
        "--stdout",
        "--to-stdout",
        "-l",
        "--list",
        "-t",
        "--test",
        "--help",
    ];
    let options = Options::all(call.words, "-S --suffix -T --threads -b -p --processes");
    if options.has(&KEEPING) {
        return Effect::Nothing;
    }
    Effect::Takes(options.operands, false)
}

fn packed_if_told(call: &Call<'_>) -> Effect {
    let options = Options::all(call.words, "-o -T -D -M");
    if options.has(&["--rm"]) {
        Effect::Takes(options.operands, false)
    } else {
        Effect::Nothing
    }
}

/// A copy of nothing empties what it is copied to.
fn copied(call: &Call<'_>) -> Effect {
    let valued = "-t --target-directory -S --suffix -m -o -g --mode --owner --group";
    let mut operands = Options::all(call.words, valued).operands;
    match operands.pop() {
        Some(to) if operands == ["/dev/null"] => Effect::TakesThrough(vec![to], false),
        _ => Effect::Nothing,
    }
}

fn written(call: &Call<'_>) -> Effect {
    let to = call
        .words
        .iter()
        .filter_map(|word| word.strip_prefix("of="));
    Effect::TakesThrough(to.map(str::to_owned).collect(), false)
}

fn overwritten(call: &Call<'_>) -> Effect {
    let options = Options::all(call.words, "");
    if options.has(&["-a", "--append"]) {
        Effect::Nothing
    } else {
        Effect::TakesThrough(options.operands, false)
    }
}

/// `virtualenv --clear DIR`
fn made_anew(call: &Call<'_>) -> Effect {
    let options = Options::all(call.words, "-p --python --prompt --pip --seeder --app-data");
    if options.has(&["--clear"]) {
        Effect::TakesThrough(options.operands, true)
    } else {
        Effect::Nothing
    }
}

/// `uv venv --clear DIR`
fn made_anew_by_uv(call: &Call<'_>) -> Effect {
    let options = Options::all(
        call.words,
        "-p --python --prompt --index-url --cache-dir --directory --project --config-file --index \
            --default-index --extra-index-url -f --find-links --exclude-newer --link-mode --color \
            --index-strategy --keyring-provider --allow-insecure-host",
    );
    match options.operands.split_first() {
        Some((verb, dirs)) if verb == "venv" && options.has(&["--clear", "-c"]) => {
            let base = options.value(&["--directory"]);
            let below = |dir: &str| match &base {
                Some(base) if !dir.starts_with('/') => format!("{base}/{dir}"),
                _ => dir.to_owned(),
            };
            // The usual one stands in the project that is named, where that is one.
            let project = options.value(&["--project"]).map(|dir| below(&dir));
            let is_project = |dir: &String| {
                let file = place(call, &format!("{dir}/pyproject.toml"));
                call.machine.root.exists(file.as_ref())
            };
            let usual = match project.filter(is_project) {
                Some(project) => format!("{project}/.venv"),
                None => below(".venv"),
            };
            let dirs = match dirs {
                [] => vec![usual],
                dirs => dirs.iter().map(|dir| below(dir)).collect(),
            };
            Effect::TakesThrough(dirs, true)
        }
        _ => Effect::Nothing,
    }
}

/// `pipenv --rm`, `poetry env remove`: of the project in which they are started, where its environment stands there.
fn without_own(call: &Call<'_>) -> Effect {
    let options = Options::all(call.words, "-C --directory -P --project");
    let verbs: Vec<&str> = options.operands.iter().map(String::as_str).collect();
    let removes = match call.name {
        "pipenv" => options.has(&["--rm"]),
        _ => matches!(verbs.as_slice(), ["env", "remove", ..]),
    };
    let dir = options.value(&["-C", "--directory", "-P", "--project"]);
    let env = dir.map_or_else(|| ".venv".to_owned(), |dir| format!("{dir}/.venv"));
    Effect::Takes(vec![env].into_iter().filter(|_| removes).collect(), true)
}

/// `conda env remove -p DIR`, `conda remove -p DIR --all`
fn without_environment(call: &Call<'_>) -> Effect {
    let options = Options::all(call.words, "-p --prefix -n --name");
    let verbs: Vec<&str> = options.operands.iter().map(String::as_str).collect();
    let is_whole = match verbs.as_slice() {
        ["env", "remove", ..] => true,
        ["remove" | "uninstall", ..] => options.has(&["--all"]),
        _ => false,
    };
    let dirs = options.values(&["-p", "--prefix"]);
    Effect::Takes(dirs.into_iter().filter(|_| is_whole).collect(), true)
}

/// Only the daemon knows which volumes no container uses, and which containers have ended. So all volumes and layers
/// count.
fn prune(call: &Call<'_>) -> Effect {
    let has = |name: &str| call.words.iter().any(|word| word == name);
    if has("run") || has("exec") {
        return within(call);
    }
    if !has("prune") {
        return Effect::Nothing;
    }
    let mut dirs = Vec::new();
    if has("volume") || has("--volumes") {
        dirs.extend([
            "/var/lib/docker/volumes",
            "/var/lib/containers/storage/volumes",
        ]);
    }
    if has("system") || has("container") || has("image") || has("builder") {
        dirs.extend([
            "/var/lib/docker/overlay2",
            "/var/lib/containers/storage/overlay",
        ]);
    }
    Effect::Removes(Removal::Below(
        dirs.into_iter().map(str::to_owned).collect(),
    ))
}

/// What runs in a container reaches the directories of the machine that are mounted there.
fn within(call: &Call<'_>) -> Effect {
    let mounts =
        Options::all(call.words, "-v --volume --mount").values(&["-v", "--volume", "--mount"]);
    let mut words = call.words.iter().filter(|word| !word.starts_with('-'));
    let removes = words.any(|word| {
        let plain = unescaped(word);
        super::may_remove(&plain) || remover(&plain).is_some()
    });
    let is_place = |mount: &String| {
        mount.starts_with('/') || mount.contains("source=/") || mount.contains("src=/")
    };
    if mounts.iter().any(is_place) && removes {
        Effect::Odd(format!(
            "what '{}' runs in a container that sees directories of the machine is not followed",
            call.name
        ))
    } else {
        Effect::Nothing
    }
}
