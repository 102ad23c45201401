//! What Python runs at each start of this venv: whether it can, and what of it no distribution lists. Whoever looks for
//! the cause of something odd wants to know of code that nobody installed.

use super::Subject;
use super::python::is_valid_python;
use crate::model::{Check, Finding, Node, RelPath};
use crate::python::path_files::{Line, Rules, is_entry};
use crate::python::pyvenv::minor;

/// Modules that `site` imports. The second one only where packages of the user count.
const CUSTOMIZE: [&str; 2] = ["sitecustomize", "usercustomize"];

/// Looks through the directories of packages.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let rules = Rules::of(subject.interpreter.map(|facts| &facts.known));
    let sites = subject.dists.layout.sites.iter();
    let sites = sites.filter(|site| is_searched(subject, site));
    sites
        .flat_map(|site| check_site(subject, rules, site))
        .collect()
}

/// Whether the interpreter looks for packages there; those of another version may lie beside.
fn is_searched(subject: &Subject<'_>, site: &RelPath) -> bool {
    let version = subject
        .interpreter
        .map(|facts| facts.known.version.as_str());
    let Some((major, small)) = version.and_then(minor) else {
        return true;
    };
    let dir = site.parent().unwrap_or_default();
    let name = String::from_utf8_lossy(dir.name()).into_owned();
    let digits = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    digits.trim_end_matches('t') == format!("{major}.{small}")
}

fn check_site(subject: &Subject<'_>, rules: Rules, site: &RelPath) -> Vec<Finding> {
    let entries = subject.manifest.entries().iter();
    let here = entries.filter(|entry| entry.path.parent_bytes() == site.as_bytes());
    let files: Vec<&RelPath> = here
        .filter(|entry| entry.size().is_some())
        .map(|entry| &entry.path)
        .collect();
    let mut findings = Vec::new();
    for path in &files {
        if rules.reads(path.name()) {
            findings.extend(path_file(subject, rules, site, path));
        } else if rules.starts(path.name()) {
            findings.extend(start_file(subject, rules, path));
        }
    }
    findings.extend(
        CUSTOMIZE
            .iter()
            .filter_map(|name| customize(subject, site, name)),
    );
    findings
}

fn path_file(subject: &Subject<'_>, rules: Rules, site: &RelPath, path: &RelPath) -> Vec<Finding> {
    let Some(content) = (subject.read)(path) else {
        return Vec::new();
    };
    let found =
        |check, text: String| super::owned(Finding::new(check, text).at(path), subject.dists, path);
    let Some(text) = rules.decoded(&content) else {
        return vec![if rules.dies_of_bytes() {
            let text = "it is not UTF-8, and no Python of this venv starts with it: remove it or write it anew";
            found(Check::StartupBroken, text.to_owned())
        } else {
            let text = "it is not UTF-8: Python tells so at each start, and adds no path of it";
            found(Check::StartupError, text.to_owned())
        }];
    };
    if is_void(subject, rules, site, path) {
        return Vec::new();
    }
    let is_owned = subject.dists.owner(path).is_some();
    let mut findings = Vec::new();
    for (number, line) in rules.lines(text) {
        let Line::Code(code) = line else { continue };
        if !is_valid_python(code.as_bytes()) {
            let rest = if rules.stops_at_errors() {
                ", and what follows in it is not looked at"
            } else {
                ""
            };
            let text = format!("line {number} is no valid Python: each start tells an error{rest}");
            findings.push(found(Check::StartupError, text));
        } else if !is_owned && !is_of_an_installer(path, code) {
            let text = format!(
                "line {number} is code that runs at each start of Python, and no distribution lists it"
            );
            findings.push(found(Check::StartupCode, text));
        }
    }
    findings
}

/// Whether a `.start` file beside it takes the place of the code of a path file. One that cannot be decoded does not
/// count.
fn is_void(subject: &Subject<'_>, rules: Rules, site: &RelPath, path: &RelPath) -> bool {
    let stem = path.name().strip_suffix(b".pth").unwrap_or_default();
    let name = [stem, b".start"].concat();
    let beside = site.join(&name).ok().filter(|_| rules.starts(&name));
    let beside = beside.filter(|path| subject.manifest.get(path).is_some());
    let content = beside.and_then(|path| (subject.read)(&path));
    content.is_some_and(|content| std::str::from_utf8(&content).is_ok())
}

fn start_file(subject: &Subject<'_>, rules: Rules, path: &RelPath) -> Vec<Finding> {
    let Some(content) = (subject.read)(path) else {
        return Vec::new();
    };
    let found =
        |check, text: String| super::owned(Finding::new(check, text).at(path), subject.dists, path);
    let Some(text) = rules.decoded(&content) else {
        let text = "it is not UTF-8, so Python leaves it out without a word";
        return vec![found(Check::StartupError, text.to_owned())];
    };
    let is_owned = subject.dists.owner(path).is_some();
    let lines = text.lines().map(str::trim).enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let told = lines.filter_map(|(at, line)| {
        let number = at + 1;
        if !is_entry(line) {
            let text = format!("line {number} names no function: each start tells an error");
            return Some(found(Check::StartupError, text));
        }
        let text = format!(
            "line {number} calls a function at each start of Python, and no distribution lists the file"
        );
        (!is_owned).then(|| found(Check::StartupCode, text))
    });
    told.collect()
}

/// The form of a module that Python would take: a package first, then an extension, source, and bytecode that stands
/// alone.
fn customize(subject: &Subject<'_>, site: &RelPath, name: &str) -> Option<Finding> {
    let at = |text: String| {
        text.split('/')
            .try_fold(site.clone(), |dir, part| dir.join(part.as_bytes()).ok())
    };
    let is_file = |path: &RelPath| {
        let node = subject.manifest.get(path).map(|entry| &entry.node);
        node.is_some_and(|node| matches!(node, Node::File { .. } | Node::Symlink(_)))
    };
    let suffixes = subject.interpreter.map(|facts| facts.suffixes.clone());
    let suffixes = suffixes.filter(|known| !known.is_empty());
    let suffixes = suffixes.unwrap_or_else(|| vec![".so".to_owned()]);
    let package = ["__init__.py", "__init__.pyc"].map(|file| format!("{name}/{file}"));
    let files = suffixes.iter().map(|suffix| format!("{name}{suffix}"));
    let forms = package
        .into_iter()
        .chain(files)
        .chain([format!("{name}.py"), format!("{name}.pyc")]);
    let path = forms.filter_map(at).find(is_file)?;
    if subject.dists.owner(&path).is_some() {
        return None;
    }
    let text = if name == CUSTOMIZE[0] {
        match own_customize(subject, name) {
            Some(own) => format!(
                "no distribution lists it; it would run at each start of Python, but '{own}' of the interpreter comes \
                 before it"
            ),
            None => "it runs at each start of Python, and no distribution lists it".to_owned(),
        }
    } else if subject.interpreter.is_some_and(|facts| facts.known.shares) {
        "it runs at each start of Python where packages of the user count, and no distribution lists it".to_owned()
    } else {
        "no distribution lists it; it would run at each start of Python if the venv took in packages from \
         outside"
            .to_owned()
    };
    Some(Finding::new(Check::StartupCode, text).at(&path))
}

/// The module of that name in the standard library, as distributions of Linux add one: it is found first.
fn own_customize(subject: &Subject<'_>, name: &str) -> Option<String> {
    let library = &subject.interpreter?.library;
    let own = library.join(format!("{name}.py"));
    let is_known = !library.as_os_str().is_empty();
    (is_known && !(subject.gone)(&own)).then(|| crate::model::Shown::path(&own).to_string())
}

/// Whether an installer wrote such a line, which it lists nowhere: virtualenv, and setuptools for what it installed in
/// its old ways.
fn is_of_an_installer(path: &RelPath, code: &str) -> bool {
    let code = code.trim_end();
    match path.name() {
        b"_virtualenv.pth" => code == "import _virtualenv",
        b"distutils-precedence.pth" => ["local", "stdlib"].iter().any(|default| {
            let enabled = format!("enabled = os.environ.get(var, '{default}') == 'local'");
            let head = "import os; var = 'SETUPTOOLS_USE_DISTUTILS'";
            let tail = "enabled and __import__('_distutils_hack').add_shim();";
            code == format!("{head}; {enabled}; {tail}")
                || code.trim_end_matches(' ') == format!("{head}; {enabled}; {tail} ")
        }),
        b"easy-install.pth" | b"setuptools.pth" => EASY_INSTALL.contains(&code),
        name if name.ends_with(b"-nspkg.pth") => {
            let mut parts = code.split(';').map(str::trim);
            parts.all(|part| NAMESPACE.iter().any(|known| part.starts_with(known)))
        }
        _ => false,
    }
}

/// How `easy_install` and `setup.py develop` put their paths in front of others.
const EASY_INSTALL: [&str; 2] = [
    "import sys; sys.__plen = len(sys.path)",
    "import sys; new=sys.path[sys.__plen:]; del sys.path[sys.__plen:]; p=getattr(sys,'__egginsert',0); \
     sys.path[p:p]=new; sys.__egginsert = p+len(new)",
];

/// The statements with which setuptools makes a namespace package, as far as they are the same for all.
const NAMESPACE: [&str; 11] = [
    "import sys, types, os",
    "has_mfs = sys.version_info",
    "pep420 = sys.version_info",
    "p = os.path.join(sys._getframe(1).f_locals['sitedir']",
    "importlib = has_mfs and __import__('importlib.util')",
    "has_mfs and __import__('importlib.machinery')",
    "m = has_mfs and sys.modules.setdefault(",
    "m = m or sys.modules.setdefault(",
    "mp = (m or []) and m.__dict__.setdefault('__path__',[])",
    "(p not in mp) and mp.append(p)",
    "m and setattr(sys.modules[",
];
