//! What the machine takes for the unavoidable part of each job, and nothing else: the floors under `snap`'s own times.
//!
//! `floors VENV WORKDIR [--runs N] [--cold] [--json]`, or `floors --store STORE [--runs N]` for what a store with
//! many snapshots takes. Works in parallel on every core, in WORKDIR, which must lie on the disk that is meant.
//! Nothing here checks, repairs or recovers: that is the difference to `snap`. The venv is only read.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it is a program that answers on a terminal"
)]

mod frames;
mod look;
mod tree;
mod work;

use std::io::{Error, Result};
use std::path::{Path, PathBuf};
use std::time::Instant;

use work::Work;

struct Options {
    venv: PathBuf,
    dir: PathBuf,
    runs: usize,
    cold: bool,
    json: bool,
}

/// One floor: its name, what it does, and how.
type Floor = (&'static str, &'static str, fn(&Work) -> Result<()>);

/// In the order in which they run: each leaves what the next ones need.
const FLOORS: [Floor; 17] = [
    ("list", "list every directory, stat every name", Work::list),
    ("read", "the same, and read every byte", Work::read),
    ("blake3", "the same, and BLAKE3 of every file", Work::blake3),
    (
        "sha256",
        "read every byte, and SHA-256 of every file",
        Work::sha256,
    ),
    (
        "compress",
        "zstd -3 of all content in frames of 1 MiB, in memory",
        Work::compress,
    ),
    (
        "compress-decode",
        "the same, each frame decoded once",
        Work::compress_and_decode,
    ),
    ("decode", "decode every frame, in memory", Work::decode),
    ("pack", "write the frames to one file, fsync", Work::pack),
    (
        "save",
        "read, BLAKE3, compress, decode, write, fsync, in one pass",
        Work::save,
    ),
    (
        "verify",
        "read the frames from the file, decode, BLAKE3 of all",
        Work::verify,
    ),
    (
        "export",
        "read the frames, decode, compress once more, write, fsync",
        Work::export,
    ),
    (
        "create",
        "create every directory and file with mode and time, syncfs",
        Work::create,
    ),
    ("link", "hard-link the created tree, syncfs", Work::link),
    ("remove", "remove the linked tree", Work::remove),
    (
        "incident",
        "read and BLAKE3 the created tree, link it all but 61 files, write those, syncfs, exchange, remove the old",
        Work::incident,
    ),
    (
        "remove-last",
        "remove the created tree, with its content",
        Work::remove_created,
    ),
    (
        "restore",
        "read the frames, decode, create the tree, syncfs",
        Work::restore,
    ),
];

fn main() {
    if let Some((store, runs)) = store_options() {
        if let Err(error) = print_look(&store, runs) {
            eprintln!("floors: {error}");
            std::process::exit(1);
        }
        return;
    }
    let Some(options) = options() else {
        eprintln!(
            "usage: floors VENV WORKDIR [--runs N] [--cold] [--json]\n       floors --store STORE [--runs N]"
        );
        std::process::exit(2);
    };
    if let Err(error) = run(&options) {
        eprintln!("floors: {error}");
        std::process::exit(1);
    }
}

fn options() -> Option<Options> {
    let mut paths = Vec::new();
    let (mut runs, mut cold, mut json) = (5, false, false);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--runs" => runs = args.next()?.parse().ok().filter(|&runs| runs > 0)?,
            "--cold" => cold = true,
            "--json" => json = true,
            path if !path.starts_with('-') => paths.push(PathBuf::from(path)),
            _ => return None,
        }
    }
    let [venv, dir] = <[PathBuf; 2]>::try_from(paths).ok()?;
    Some(Options {
        venv,
        dir,
        runs,
        cold,
        json,
    })
}

fn store_options() -> Option<(PathBuf, usize)> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match &words[..] {
        [word, store] if word == "--store" => Some((store.into(), 5)),
        [word, store, other, runs] if word == "--store" && other == "--runs" => {
            let runs = runs.parse().ok().filter(|&runs| runs > 0)?;
            Some((store.into(), runs))
        }
        _ => None,
    }
}

fn print_look(store: &Path, runs: usize) -> Result<()> {
    let mut times = Vec::new();
    let mut counts = (0, 0);
    for _ in 0..runs {
        let start = Instant::now();
        counts = look::look(store)?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    println!(
        "the ends of {} packs and {} snapshot files: {:.1} ms, fastest {:.1}, of {runs} runs",
        counts.0,
        counts.1,
        times[runs / 2],
        times[0]
    );
    Ok(())
}

fn run(options: &Options) -> Result<()> {
    if options.cold && drop_caches(Path::new("/")).is_err() {
        println!("skipped: 1 cold cache: only root may drop it");
        return Ok(());
    }
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); FLOORS.len()];
    let work = Work::begin(&options.venv, &options.dir)?;
    for _ in 0..options.runs {
        for (floor, times) in FLOORS.iter().zip(&mut times) {
            tree::sync(&options.dir)?;
            if options.cold {
                drop_caches(&options.dir)?;
            }
            let start = Instant::now();
            floor.2(&work).map_err(|error| named(floor.0, &error))?;
            times.push(start.elapsed().as_secs_f64());
        }
        work.again()?;
    }
    let size = (work.files(), work.bytes());
    print(options, size, &mut times);
    Ok(())
}

fn named(name: &str, error: &Error) -> Error {
    Error::other(format!("{name}: {error}"))
}

fn drop_caches(dir: &Path) -> Result<()> {
    tree::sync(dir)?;
    std::fs::write("/proc/sys/vm/drop_caches", "3")
}

fn print(options: &Options, (files, bytes): (usize, u64), times: &mut [Vec<f64>]) {
    if options.json {
        let object: serde_json::Map<String, serde_json::Value> = FLOORS
            .iter()
            .zip(times)
            .map(|(floor, times)| (floor.0.to_owned(), times.clone().into()))
            .collect();
        println!("{}", serde_json::Value::Object(object));
        return;
    }
    let cache = if options.cold { "cold" } else { "warm" };
    let megabytes = bytes as f64 / 1e6;
    let (threads, runs) = (rayon::current_num_threads(), options.runs);
    println!("{files} files, {megabytes:.0} MB, {threads} threads, {cache} cache, {runs} runs\n");
    println!("| floor | does | median s | fastest s | µs per file |\n|---|---|---|---|---|");
    for ((name, does, _), times) in FLOORS.iter().zip(times) {
        times.sort_by(f64::total_cmp);
        let (median, min) = (times[times.len() / 2], times[0]);
        let each = min * 1e6 / files.max(1) as f64;
        println!("| {name} | {does} | {median:.3} | {min:.3} | {each:.1} |");
    }
}
