//! Releases of Python by their bytecode: the tag in its name, the number at its beginning, and how code is laid out
//! in it (`Include/internal/pycore_magic_number.h` of `CPython`, `pypy/module/imp/importing.py` of `PyPy`).

use super::layout::python_dir;
use super::marshal::Layout;
use crate::model::RelPath;

/// A final release: bytecode of its tag that begins with another number is not loaded but made anew.
struct Release {
    /// `sys.implementation.cache_tag`.
    tag: &'static str,
    magic: u16,
    layout: Layout,
}

const fn release(tag: &'static str, magic: u16, layout: Layout) -> Release {
    Release { tag, magic, layout }
}

const RELEASES: [Release; 11] = [
    release("cpython-37", 3394, Layout::Older),
    release("cpython-38", 3413, Layout::Old),
    release("cpython-39", 3425, Layout::Old),
    release("cpython-310", 3439, Layout::Old),
    release("cpython-311", 3495, Layout::New),
    release("cpython-312", 3531, Layout::New),
    release("cpython-313", 3571, Layout::New),
    release("cpython-314", 3627, Layout::New),
    release("cpython-315", 3666, Layout::New),
    release("pypy39", 336, Layout::Old),
    release("pypy311", 432, Layout::PyPy),
];

/// From this number of `CPython` on the hash of a source is the shorter `SipHash`, that of one and three rounds.
const SHORT_HASH: std::ops::Range<u16> = 3450..u16::MAX;
/// The bytes behind the number: a file that went through a conversion of line ends has others.
const MARK: [u8; 2] = *b"\r\n";

/// The first four bytes of bytecode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Magic([u8; 4]);

impl Magic {
    /// Takes them from the beginning of a file.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        bytes.first_chunk().copied().map(Self)
    }

    fn number(self) -> Option<u16> {
        let [low, high, mark @ ..] = self.0;
        (mark == MARK).then(|| u16::from_le_bytes([low, high]))
    }

    /// How code is laid out behind it; none where that is not known.
    pub(super) fn layout(self) -> Option<Layout> {
        let number = self.number()?;
        let found = RELEASES.iter().find(|release| release.magic == number);
        found.map(|release| release.layout)
    }

    /// Whether the Python that a path belongs to reads a file of its cache that begins so: the name carries its tag,
    /// and the bytes are its own. Of a release that is not known, only the tag is asked.
    pub(super) fn is_read_at(self, path: &RelPath) -> bool {
        let Some((tag, number)) = tag(path).zip(self.number()) else {
            return false;
        };
        if place(path).is_some_and(|place| place != tag) {
            return false;
        }
        let known = RELEASES.iter().find(|release| release.tag == tag);
        known.is_none_or(|release| release.magic == number)
    }

    /// The same of a file that stands in the place of its source, and so has no tag.
    pub(super) fn is_read_alone(self, path: &RelPath) -> bool {
        let place = place(path);
        let known = RELEASES
            .iter()
            .find(|one| place.as_deref() == Some(one.tag));
        known.is_some_and(|release| Some(release.magic) == self.number())
    }

    /// The hash of a source as a header carries it (`_imp.source_hash`): keyed by the number, in little-endian order.
    pub(super) fn source_hash(self, source: &[u8]) -> [u8; 8] {
        let key = u64::from(u32::from_le_bytes(self.0));
        let is_short = self
            .number()
            .is_some_and(|number| SHORT_HASH.contains(&number));
        let hash = if is_short {
            siphasher::sip::SipHasher13::new_with_keys(key, 0).hash(source)
        } else {
            siphasher::sip::SipHasher24::new_with_keys(key, 0).hash(source)
        };
        hash.to_le_bytes()
    }
}

/// The tag in the name of a bytecode file: `cpython-311` of `m.cpython-311.opt-1.pyc`. None where some tool compiled
/// it in its own way, such as pytest: Python never loads that.
fn tag(path: &RelPath) -> Option<String> {
    let name = std::str::from_utf8(path.name())
        .ok()?
        .strip_suffix(".pyc")?;
    let (_, rest) = name.split_once('.')?;
    let tag = match rest.split_once(".opt-") {
        Some((tag, level)) if !level.is_empty() && !level.contains('.') => tag,
        Some(_) => return None,
        None => rest,
    };
    let is_plain = tag.split('-').count() <= 2 && !tag.contains('.');
    (is_plain && !tag.is_empty()).then(|| single(tag))
}

/// The tag of the Python that looks for modules at a path of a venv: that of `lib/python3.11`.
fn place(path: &RelPath) -> Option<String> {
    let name = std::str::from_utf8(python_dir(path)?).ok()?;
    let (tag, version) = match name.strip_prefix("python") {
        Some(version) => ("cpython-", version),
        None => ("pypy", name.strip_prefix("pypy")?),
    };
    let digits = version.replace('.', "");
    version
        .contains('.')
        .then(|| single(&format!("{tag}{digits}")))
}

/// A tag without the letter of a build that has no global lock: some releases name it in directories alone.
fn single(tag: &str) -> String {
    tag.strip_suffix('t').unwrap_or(tag).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn magic(number: u16) -> Magic {
        let [low, high] = number.to_le_bytes();
        Magic([low, high, b'\r', b'\n'])
    }

    /// Sums that the interpreters gave (`importlib.util.source_hash`), of nothing and of a line.
    #[test]
    fn the_hash_of_a_source_is_that_of_its_release() {
        for (number, empty, line) in [
            (3394, "85ee0caabd83b6a7", "20329d810db227ea"),
            (3413, "81e4881b3643e8e9", "1506f08f32bf3ff3"),
            (3425, "ac0bb7c83e5b1c5f", "f1d665a9e50fdffa"),
            (3439, "8cc0cd2525e7fd27", "d94aade28c8cbebf"),
            (3495, "738d9cd5d5e87f73", "4c0372aa93f75252"),
            (3531, "baf18eedc9387a25", "1522561917f5df08"),
            (3571, "27ec6d312f93b814", "e786e2893651120e"),
            (3627, "61f5b7cb653a6aa4", "1db2b6325ca282a7"),
            (3666, "4a3c34e72b7ffc07", "a8abdb6f34c441fd"),
            (336, "f3548a5dfe7fe95f", "152e8119840baf92"),
            (432, "9a73c01c39470505", "d2a9e8b178f4af56"),
        ] {
            for (source, sum) in [(&b""[..], empty), (b"x = 1\n", line)] {
                let found = magic(number).source_hash(source);
                assert_eq!(data_encoding::HEXLOWER.encode(&found), sum, "{number}");
            }
        }
    }

    #[test]
    fn only_the_python_of_a_place_reads_what_carries_its_tag_and_its_number() {
        let reads = |path: &str, number| {
            let path = RelPath::new(path.as_bytes()).unwrap();
            magic(number).is_read_at(&path)
        };
        let site = "lib/python3.11/site-packages/__pycache__";
        for name in ["m.cpython-311.pyc", "m.cpython-311.opt-2.pyc"] {
            assert!(reads(&format!("{site}/{name}"), 3495), "{name}");
            assert!(!reads(&format!("{site}/{name}"), 3494), "{name}");
        }
        for name in [
            "m.cpython-312.pyc",
            "m.cpython-311-pytest-8.0.pyc",
            "m.n.cpython-311.pyc",
            "m.pyc",
            "m.cpython-311.nbc",
        ] {
            assert!(!reads(&format!("{site}/{name}"), 3495), "{name}");
        }
        assert!(reads("lib/python3.99/x/__pycache__/m.cpython-399.pyc", 9));
        assert!(reads(
            "lib/python3.13t/x/__pycache__/m.cpython-313t.pyc",
            3571
        ));
        assert!(reads(
            "lib/python3.13t/x/__pycache__/m.cpython-313.pyc",
            3571
        ));
        assert!(reads("lib/pypy3.9/x/__pycache__/m.pypy39.pyc", 336));
        assert!(reads("src/__pycache__/m.cpython-312.pyc", 3531));
        let other = Magic([0xa7, 0x0d, b'\n', b'\n']);
        let path = RelPath::new(format!("{site}/m.cpython-311.pyc").as_bytes()).unwrap();
        assert!(!other.is_read_at(&path));
    }
}
