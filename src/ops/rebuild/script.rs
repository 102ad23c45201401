//! Files for which RECORD has no hash though an installer always writes the same there: scripts of entry points, and
//! the mark that virtualenv leaves of what it brought.

use crate::disk::rooted::Rooted;
use crate::model::RelPath;
use crate::python::dist::Dist;
use crate::tree::hash::read_file;

/// What is larger is no such file.
const BYTES_MAX: u64 = 64 << 10;

/// The lines of such a script beside those that name the function: of pip (distlib) and of virtualenv.
const COMMON: [&str; 5] = [
    "# -*- coding: utf-8 -*-",
    "import re",
    "import sys",
    "if __name__ == '__main__':",
    r"sys.argv[0] = re.sub(r'(-script\.pyw|\.exe)?$', '', sys.argv[0])",
];

/// Whether a file of a distribution is what an installer writes there, told by its content alone.
pub(super) fn is_as_written(root: &Rooted, dist: &Dist, path: &RelPath) -> bool {
    let Some(content) = read_file(root, path, BYTES_MAX) else {
        return false;
    };
    if path.name().ends_with(b".virtualenv") {
        return content.is_empty();
    }
    let points = dist.info.join(b"entry_points.txt").ok();
    let points = points.and_then(|path| read_file(root, &path, BYTES_MAX));
    let (Some(points), Ok(text)) = (points, String::from_utf8(content)) else {
        return false;
    };
    is_script_of(&text, &String::from_utf8_lossy(&points))
}

/// Whether a script does nothing but call a function that the entry points name.
fn is_script_of(script: &str, points: &str) -> bool {
    let mut lines = script.lines();
    let Some(python) = lines.next().filter(|line| line.starts_with("#!/")) else {
        return false;
    };
    if !python.contains("python") && !python.contains("pypy") {
        return false;
    }
    let lines: Vec<&str> = lines
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let named = points
        .lines()
        .filter_map(|line| line.split_once('=')?.1.trim().split_once(':'));
    named.into_iter().any(|(module, function)| {
        let import = format!("from {module} import {function}");
        let call = format!("sys.exit({function}())");
        let known = |line: &&str| COMMON.contains(line) || *line == import || *line == call;
        lines.iter().all(known)
            && lines.contains(&import.as_str())
            && lines.contains(&call.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_known_by_the_function_that_it_calls_and_by_nothing_else_in_it() {
        let points = "[console_scripts]\npip = pip._internal.cli.main:main\npip3 = pip._internal.cli.main:main\n";
        let of_pip = "#!/v/bin/python3\n# -*- coding: utf-8 -*-\nimport re\nimport sys\n\
            from pip._internal.cli.main import main\nif __name__ == '__main__':\n    \
            sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])\n    sys.exit(main())\n";
        assert!(is_script_of(of_pip, points));
        for (from, to) in [
            ("import sys\n", "import sys, evil\n"),
            ("sys.exit(main())", ""),
            ("main import main", "main import other"),
            ("#!/v/bin/python3", "#!/bin/sh"),
        ] {
            assert!(!is_script_of(&of_pip.replace(from, to), points), "{to}");
        }
        assert!(!is_script_of(
            of_pip,
            "[console_scripts]\npip = other:main\n"
        ));
        assert!(!is_script_of("", points));
    }
}
