//! Benchmarks of the inner parts on a generated venv, so that a change of one part is seen. benches/README.md says
//! how to read them.

#![expect(clippy::unwrap_used, reason = "a benchmark that fails may panic")]

mod venv;

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use jiff::Timestamp;
use venv_snap::bench::{Known, Objects, Restoring, Table, directories, insert, load, scan, walk};
use venv_snap::model::Digest;
use venv_snap::monitor::Silent;
use venv_snap::ops::{Context, SaveOptions, save};
use venv_snap::{Location, Site};

use venv::Venv;

/// Python files of the generated venv; about 2.4 KB each.
const MODULES: usize = 2_000;

fn tree(c: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let venv = Venv::new(dir.path(), MODULES);
    let entries = walk(&venv.path).unwrap() as u64;
    let known = Known::read(&venv.path).unwrap();
    let mut group = c.benchmark_group("tree");
    group.throughput(Throughput::Elements(entries));
    group.bench_function("walk", |b| b.iter(|| walk(black_box(&venv.path)).unwrap()));
    group.bench_function("scan-known", |b| b.iter(|| known.scan().unwrap()));
    group.bench_function("stat-cache", |b| b.iter(|| assert!(known.keep())));
    group.throughput(Throughput::Bytes(venv.bytes));
    group.bench_function("scan-and-hash", |b| b.iter(|| scan(&venv.path).unwrap()));
    let manifest = scan(&venv.path).unwrap();
    let directories = directories(&manifest);
    group.throughput(Throughput::Elements(entries));
    group.bench_function("encode", |b| {
        b.iter(|| {
            directories
                .iter()
                .map(|dir| dir.encode().len())
                .sum::<usize>()
        });
    });
    let trees: Vec<_> = directories.iter().map(|dir| (dir, dir.encode())).collect();
    group.bench_function("decode", |b| {
        b.iter(|| {
            let entries =
                |(dir, tree): &(&venv_snap::bench::Directory, Vec<u8>)| dir.decode(tree).unwrap();
            trees.iter().map(entries).sum::<usize>()
        });
    });
    group.finish();
}

fn content(c: &mut Criterion) {
    let sources = venv::sources(11, 1 << 20);
    let noise = vec![venv::noise(12, 1 << 20)];
    let mut group = c.benchmark_group("content");
    for (name, contents) in [("source", sources), ("noise", noise)] {
        let bytes = contents.iter().map(Vec::len).sum::<usize>() as u64;
        group.throughput(Throughput::Bytes(bytes));
        let hash = || {
            for bytes in &contents {
                black_box(Digest::of(bytes));
            }
        };
        group.bench_function(BenchmarkId::new("hash", name), |b| b.iter(hash));
        let objects = Objects::new(contents.clone());
        group.bench_function(BenchmarkId::new("frame-encode", name), |b| {
            b.iter(|| objects.seal().unwrap());
        });
        let frame = objects.seal().unwrap();
        group.bench_function(BenchmarkId::new("frame-decode", name), |b| {
            b.iter(|| frame.open().unwrap());
        });
        let raw = frame.open().unwrap();
        group.bench_function(BenchmarkId::new("frame-check", name), |b| {
            b.iter(|| assert!(frame.holds(&raw)));
        });
    }
    group.finish();
}

fn index(c: &mut Criterion) {
    let mut group = c.benchmark_group("index");
    for packs in [1, 10, 100] {
        let tables: Vec<Table> = (0..packs)
            .map(|seed| Table::sample(seed, 1_000).unwrap())
            .collect();
        group.throughput(Throughput::Elements(packs * 1_000));
        group.bench_function(BenchmarkId::new("insert", packs), |b| {
            b.iter_batched(
                || tempfile::tempdir().unwrap(),
                |dir| {
                    insert(dir.path(), &tables).unwrap();
                    dir
                },
                BatchSize::PerIteration,
            );
        });
        let dir = tempfile::tempdir().unwrap();
        insert(dir.path(), &tables).unwrap();
        group.bench_function(BenchmarkId::new("load", packs), |b| {
            b.iter(|| load(dir.path()).unwrap());
        });
    }
    group.finish();
}

fn restore(c: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    let venv = Venv::new(dir.path(), MODULES);
    let monitor = Silent::default();
    let context = context(&dir.path().join("store"), &monitor);
    let site = Site::resolve(&venv.path).unwrap();
    save(&context, &site, &SaveOptions::default()).unwrap();
    let restoring = Restoring::open(&context, &site).unwrap();
    let elsewhere = Site::resolve(&dir.path().join("elsewhere")).unwrap();

    let mut group = c.benchmark_group("restore");
    let entries = restoring.target(&elsewhere).unwrap() as u64;
    group.throughput(Throughput::Elements(entries));
    group.bench_function("target", |b| {
        b.iter(|| restoring.target(&elsewhere).unwrap());
    });
    for (name, place) in [("written", &elsewhere), ("taken-over", &site)] {
        let mut planned = restoring.plan(place).unwrap();
        let staged = planned.stage().unwrap();
        let (written, taken_over) = staged.counts();
        assert_eq!(written == 0, taken_over > 0, "{name} is what it says");
        drop(staged);
        let planned = restoring.plan(place).unwrap();
        group.bench_function(BenchmarkId::new("plan", name), |b| {
            b.iter(|| planned.cost());
        });
        group.bench_function(BenchmarkId::new("stage", name), |b| {
            b.iter_batched(
                || restoring.plan(place).unwrap(),
                // What is staged is thrown away outside of the time that is taken, so its plan has to outlive it.
                |plan| Box::leak(Box::new(plan)).stage().unwrap(),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

fn context<'a>(store: &Path, monitor: &'a Silent) -> Context<'a> {
    Context {
        store: Location::dir(store),
        host: "bench".to_owned(),
        host_name: "bench".to_owned(),
        now: Timestamp::now(),
        lock_wait: Duration::from_secs(5),
        monitor,
    }
}

criterion_group! {
    name = parts;
    config = Criterion::default().sample_size(20);
    targets = tree, content, index, restore
}
criterion_main!(parts);
