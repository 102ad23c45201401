//! The doors of fuzzers: each takes any bytes, and panics where a reader breaks its word (promise 8). They are there
//! for tests and for `tests/fuzz/` alone; no user has them.

pub use crate::archive::fuzz::tar;
pub use crate::audit::fuzz::metadata;
pub use crate::python::fuzz::{bytecode, pyvenv, record};
pub use crate::store::fuzz::{pack, snapshot, tree};

use crate::model::{RelPath, Shown};

/// A name as people see it.
pub fn shown(data: &[u8]) {
    let plain = |text: String| {
        let hidden = |c: char| {
            c.is_control()
                || ('\u{202a}'..='\u{202e}').contains(&c)
                || ('\u{2066}'..='\u{2069}').contains(&c)
        };
        assert!(!text.contains(hidden), "{text:?} could mislead");
    };
    plain(Shown(data).to_string());
    if let Ok(path) = RelPath::new(data) {
        plain(path.to_string());
        let again = path.parent().map(|parent| parent.join(path.name()));
        assert!(
            again.is_none_or(|again| again == Ok(path)),
            "a path has two forms"
        );
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::{Duration, Instant};

    /// How many seeds that were changed are tried, with `VENV_SNAP_FAULTS=long` and without.
    const TRIED: [usize; 2] = [200_000, 2_000];
    /// On a machine that is busy with other things.
    const PATIENCE: Duration = Duration::from_secs(20);
    const MEMORY_KB_MAX: u64 = 1 << 20;

    struct Dice(u64);

    impl Dice {
        fn below(&mut self, end: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            ((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) % end.max(1) as u64) as usize
        }
    }

    /// What readers stumble over.
    const STUMBLES: [&[u8]; 14] = [
        b"",
        b"\0",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x80\x00",
        b"../",
        b"/",
        b"\n",
        b"\r\n",
        b"\"",
        b"=",
        b"9999999999999999999999",
        b"-1",
        b"\xe2\x80\xae",
        b"\xff\xff\xff\xff",
    ];

    /// Changes a few things in an input. What is cut, doubled and joined is whole units of it: in a tar all else ends
    /// at the next header.
    fn mutate(dice: &mut Dice, seeds: &[Vec<u8>], unit: usize) -> Vec<u8> {
        let mut data = seeds[dice.below(seeds.len())].clone();
        for _ in 0..=dice.below(4) {
            let at = dice.below(data.len() / unit + 1) * unit;
            let end = (at + dice.below(16) * unit).min(data.len());
            if unit > 1 && dice.below(2) == 0 {
                let at = at + dice.below(unit);
                let word = STUMBLES[dice.below(14)];
                let end = (at + word.len()).min(data.len());
                drop(data.splice(at.min(end)..end, word.to_vec()));
                continue;
            }
            match dice.below(7) {
                0 if at < data.len() => data[at] ^= 1 << dice.below(8),
                1 if at < data.len() => data[at] = dice.below(256) as u8,
                2 => drop(data.drain(at..end)),
                3 => drop(data.splice(at..at, data[at..end].to_vec())),
                4 if unit == 1 => {
                    drop(data.splice(at..end, STUMBLES[dice.below(14)].to_vec()));
                }
                5 => data.truncate(at),
                _ => {
                    let other = &seeds[dice.below(seeds.len())];
                    data.truncate(at);
                    data.extend_from_slice(&other[dice.below(other.len() / unit + 1) * unit..]);
                }
            }
        }
        data
    }

    fn memory_kb() -> u64 {
        let text = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = text
            .lines()
            .find(|line| line.starts_with("VmHWM:"))
            .unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    #[track_caller]
    fn run(target: &str, door: fn(&[u8])) {
        run_in_units(target, door, 1);
    }

    #[track_caller]
    fn run_in_units(target: &str, door: fn(&[u8]), unit: usize) {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures/fuzz")
            .join(target);
        let mut paths: Vec<_> = std::fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        let seeds: Vec<_> = paths
            .iter()
            .map(|path| std::fs::read(path).unwrap())
            .collect();
        assert!(!seeds.is_empty());
        let long = std::env::var_os("VENV_SNAP_FAULTS").is_some_and(|word| word == "long");
        let mut dice = Dice(
            target
                .bytes()
                .fold(7, |sum, byte| sum * 31 + u64::from(byte))
                | 1,
        );
        let mutated = (0..TRIED[usize::from(!long)]).map(|_| mutate(&mut dice, &seeds, unit));
        for data in seeds.iter().cloned().chain(mutated) {
            let start = Instant::now();
            let done = std::panic::catch_unwind(|| door(&data));
            let shown = || data_encoding::HEXLOWER.encode(&data);
            assert!(done.is_ok(), "{target} breaks at {}", shown());
            assert!(start.elapsed() < PATIENCE, "{target} hangs at {}", shown());
        }
        assert!(
            memory_kb() < MEMORY_KB_MAX,
            "{target} takes {} kB",
            memory_kb()
        );
    }

    #[test]
    fn no_bytes_break_the_reader_of_a_pack() {
        run("pack", super::pack);
    }

    #[test]
    fn no_bytes_break_the_reader_of_a_tree() {
        run("tree", super::tree);
    }

    #[test]
    fn no_bytes_break_the_reader_of_a_snapshot_file() {
        run("snapshot", super::snapshot);
    }

    #[test]
    fn no_bytes_break_the_reader_of_record() {
        run("record", super::record);
    }

    #[test]
    fn no_bytes_break_the_reader_of_pyvenv_cfg() {
        run("pyvenv", super::pyvenv);
    }

    #[test]
    fn no_bytes_break_the_reader_of_bytecode() {
        run("bytecode", super::bytecode);
    }

    #[test]
    fn no_bytes_break_the_reader_of_metadata_and_requirements() {
        run("metadata", super::metadata);
    }

    #[test]
    fn no_bytes_break_the_reader_of_a_tar() {
        run("tar", super::tar);
        run_in_units("tar", super::tar, 512);
    }

    #[test]
    fn no_name_misleads_who_reads_it() {
        run("shown", super::shown);
    }
}
