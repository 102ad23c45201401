//! A venv as pip makes it, and ways to hurt it.

use super::super::super::case::{Actual, Case, Expected, Hurt};
use crate::model::{Kind, RelPath, Time};
use std::borrow::Cow;

/// When pip wrote the first package: 2026-11-23 22:00 UTC. Each other one came two seconds later.
pub(super) const INSTALL: i64 = 1_795_471_200;

/// When damage came that is no fault of the install: 2026-11-24 01:19 UTC.
pub(super) const LATE: i64 = 1_795_483_140;

/// Where packages are.
const SITE: &str = "lib/python3.11/site-packages";

/// The packages with what only they have. A trailing `0` means that the file is empty.
const PACKAGES: [(&str, &[&str]); 8] = [
    ("click", &["core.py", "py.typed0"]),
    ("certifi", &["core.py", "cacert.pem", "py.typed0"]),
    ("idna", &["core.py", "py.typed0"]),
    ("httpcore", &["core.py", "lib/a.py", "lib/b.py"]),
    (
        "numpy",
        &[
            "core/__init__.py",
            "core/multi.py",
            "core/_umath.so",
            "fft/_p.so",
            "lib/io.py",
            "tests/t_a.py",
        ],
    ),
    (
        "pandas",
        &[
            "core/frame.py",
            "core/series.py",
            "_libs/algos.so",
            "tests/t_b.py",
            "tests/__init__.py0",
        ],
    ),
    (
        "wheelkit",
        &[
            "build/a.py",
            "build/__init__.py0",
            "data/x.json",
            "_speed.so",
        ],
    ),
    ("uvicorn", &["lib/ssl.py", "tests/t_c.py", "py.typed0"]),
];

/// A path.
pub(super) fn path(text: &str) -> RelPath {
    RelPath::new(text.as_bytes()).unwrap()
}

/// A path among the packages.
pub(super) fn site(text: &str) -> RelPath {
    path(&format!("{SITE}/{text}"))
}

/// A time.
pub(super) fn at(secs: i64) -> Time {
    Time { secs, nanos: 0 }
}

/// The package that owns a path of this venv.
pub(super) fn owner(path: &RelPath) -> Option<String> {
    let top = path.parts().nth(3)?;
    let name = std::str::from_utf8(top).unwrap().split('-').next()?;
    Some(name.to_owned())
}

/// The venv, whole.
pub(super) fn healthy() -> Case<'static> {
    let mut case = Case {
        root_uid: 1000,
        ..Case::default()
    };
    for (number, (name, own)) in PACKAGES.iter().enumerate() {
        let time = at(INSTALL + 2 * number as i64);
        let plain = (0..18).map(|n| format!("{name}/m{n:02}.py"));
        let meta = ["METADATA", "RECORD", "WHEEL", "INSTALLER"];
        let files = plain
            .chain([
                format!("{name}/__init__.py0"),
                format!("{name}-1.0.dist-info/REQUESTED0"),
            ])
            .chain(
                meta.iter()
                    .map(|file| format!("{name}-1.0.dist-info/{file}")),
            )
            .chain(own.iter().map(|file| format!("{name}/{file}")));
        for file in files {
            let size = if file.ends_with('0') { 0 } else { 9000 };
            let path = site(file.trim_end_matches('0'));
            let mut dir = path.parent();
            while let Some(each) = dir {
                dir = each.parent();
                case.dirs.insert(each, time);
            }
            case.expected.push(Expected {
                path: Cow::Owned(path),
                size: Some(size),
                mtime: None,
            });
        }
        case.dirs.insert(site(&format!("{name}/__pycache__")), time);
        case.installed.insert((*name).to_owned(), at(time.secs + 1));
    }
    case.expected.sort_by(|a, b| a.path.cmp(&b.path));
    case
}

/// What is found of a damaged file: written at this time, this long.
pub(super) fn actual(mtime: i64, size: u64) -> Actual {
    Actual {
        size,
        mtime: at(mtime),
        uid: 1000,
        mode: 0o644,
        ..Actual::default()
    }
}

impl Case<'_> {
    /// Removes the files that fit at a time, which their directories keep.
    pub(super) fn remove(mut self, time: i64, fits: impl Fn(&Expected) -> bool) -> Self {
        let gone: Vec<_> = self
            .expected
            .iter()
            .filter(|file| fits(file))
            .cloned()
            .collect();
        for file in &gone {
            self.dirs.insert(file.path.parent().unwrap(), at(time));
            self.push(file, Kind::Missing, None);
        }
        self
    }

    /// Hurts the files that fit.
    pub(super) fn hurt(
        mut self,
        kind: Kind,
        now: Actual,
        fits: impl Fn(&Expected) -> bool,
    ) -> Self {
        let hit: Vec<_> = self
            .expected
            .iter()
            .filter(|file| fits(file))
            .cloned()
            .collect();
        for file in &hit {
            self.push(file, kind, Some(now));
        }
        self
    }

    /// Keeps the order of paths.
    fn push(&mut self, file: &Expected, kind: Kind, actual: Option<Actual>) {
        self.hurts.push(Hurt {
            path: RelPath::clone(&file.path),
            kind,
            package: owner(&file.path),
            expected_size: file.size,
            behind: None,
            saved: false,
            expected_mtime: file.mtime,
            actual,
            compiled: false,
        });
        self.hurts.sort_by(|a, b| a.path.cmp(&b.path));
    }
}
