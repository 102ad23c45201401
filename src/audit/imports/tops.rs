//! Modules that a venv does not hold itself: those of Python, of directories that `.pth` files add, of hooks that
//! they install.

use std::collections::HashSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::sync::LazyLock;

use super::guard::Python;
use crate::audit::Subject;
use crate::audit::sources::named;
use crate::model::RelPath;
use crate::python::path_files::Rules;
use crate::python::system_site::Beyond;

/// The modules of Python that every version has.
const ALWAYS: &str = "abc antigravity argparse array ast asyncio atexit base64 bdb binascii bisect builtins bz2 \
    cProfile \
    calendar cmath cmd code codecs codeop collections colorsys compileall concurrent configparser \
    contextlib contextvars copy copyreg csv ctypes curses dataclasses datetime dbm decimal difflib dis \
    doctest email encodings ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch fractions \
    ftplib functools gc genericpath getopt getpass gettext glob grp gzip hashlib heapq hmac html http \
    idlelib imaplib importlib inspect io ipaddress itertools json keyword linecache locale logging lzma \
    mailbox marshal math mimetypes mmap modulefinder multiprocessing netrc ntpath nturl2path numbers \
    opcode operator optparse os pathlib pdb pickle pickletools pkgutil platform plistlib poplib posix \
    posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri \
    random re readline reprlib resource rlcompleter runpy sched secrets select selectors shelve shlex \
    shutil signal site smtplib socket socketserver sqlite3 sre_compile sre_constants sre_parse ssl stat \
    statistics string stringprep struct subprocess symtable sys sysconfig syslog tabnanny tarfile \
    tempfile termios textwrap this threading time timeit tkinter token tokenize trace traceback \
    tracemalloc tty turtle turtledemo types typing unicodedata unittest urllib uuid venv warnings wave \
    weakref webbrowser wsgiref xml xmlrpc zipapp zipfile zipimport zlib __future__ __main__ zoneinfo \
    graphlib";

static EVERYWHERE: LazyLock<HashSet<&str>> = LazyLock::new(|| ALWAYS.split_whitespace().collect());

/// Modules that some versions have: the minor version of Python 3 from which on, and up to which. What a
/// distributor may leave out, or only some builds have, is neither certain nor ruled out, and stands in no list
/// here.
const SOME: [(&str, i64, i64); 31] = [
    ("aifc", 0, 12),
    ("annotationlib", 14, 99),
    ("asynchat", 0, 11),
    ("asyncore", 0, 11),
    ("audioop", 0, 12),
    ("binhex", 0, 10),
    ("cgi", 0, 12),
    ("cgitb", 0, 12),
    ("chunk", 0, 12),
    ("compression", 14, 99),
    ("crypt", 0, 12),
    ("distutils", 0, 11),
    ("imghdr", 0, 12),
    ("imp", 0, 11),
    ("lib2to3", 0, 12),
    ("mailcap", 0, 12),
    ("nis", 0, 12),
    ("nntplib", 0, 12),
    ("ossaudiodev", 0, 12),
    ("parser", 0, 9),
    ("pipes", 0, 12),
    ("smtpd", 0, 11),
    ("sndhdr", 0, 12),
    ("spwd", 0, 12),
    ("sunau", 0, 12),
    ("symbol", 0, 9),
    ("telnetlib", 0, 12),
    ("tomllib", 11, 99),
    ("uu", 0, 12),
    ("xdrlib", 0, 12),
    ("formatter", 0, 9),
];

/// Modules of Python on other systems, and those of Python 2.
const NEVER: [&str; 26] = [
    "msvcrt",
    "winreg",
    "winsound",
    "nt",
    "msilib",
    "_winapi",
    "_winreg",
    "_overlapped",
    "_msi",
    "_scproxy",
    "ConfigParser",
    "Queue",
    "StringIO",
    "cStringIO",
    "cPickle",
    "urllib2",
    "urlparse",
    "httplib",
    "__builtin__",
    "HTMLParser",
    "Cookie",
    "cookielib",
    "xmlrpclib",
    "Tkinter",
    "thread",
    "commands",
];

/// Modules of some version of `CPython` for its own use, and those that are written in C. Some begin with `_test`,
/// `_xx` or `_sysconfigdata` beside.
const PRIVATE: &str = "_abc _aix_support _android_support _apple_support _ast _ast_unparse _asyncio _bisect _blake2 \
    _bootlocale _bootsubprocess _bz2 _codecs _codecs_cn _codecs_hk _codecs_iso2022 _codecs_jp _codecs_kr _codecs_tw \
    _collections _collections_abc _colorize _compat_pickle _compression _contextvars _crypt _csv _ctypes \
    _ctypes_test _curses _curses_panel _datetime _dbm _decimal _dummy_thread _dummy_threading _elementtree \
    _frozen_importlib _frozen_importlib_external _functools _gdbm _hashlib _heapq _hmac _imp _interpchannels \
    _interpqueues _interpreters _io _ios_support _json _locale _lsprof _lzma _markupbase _math_integer _md5 \
    _missing_stdlib_info \
    _multibytecodec _multiprocessing _opcode _opcode_metadata _operator _osx_support _peg_parser _pickle \
    _posixshmem _posixsubprocess _py_abc _py_warnings _pydatetime _pydecimal _pyio _pylong _pyrepl _queue _random \
    _remote_debugging _sha1 _sha2 _sha256 _sha3 _sha512 _signal _sitebuiltins _socket _sqlite3 _sre _ssl _stat \
    _statistics _string _strptime _struct _suggestions _symtable _sysconfig _thread _threading_local _tkinter \
    _tokenize _tracemalloc _types _typing _uuid _warnings _weakref _weakrefset _wmi _zoneinfo _zstd";

static OF_CPYTHON: LazyLock<HashSet<&str>> = LazyLock::new(|| PRIVATE.split_whitespace().collect());

/// What is known of a name that no site holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Top {
    /// It is there, outside of the sites.
    Found,
    /// Nobody knows.
    Unknown,
    /// It is not there, and an installed distribution says that it brought it.
    Lost,
    /// It is not there.
    Absent,
}

/// What setuptools asks in the `.pth` files of namespaces: where they lie.
const OF_SETUPTOOLS: &str = "f_locals['sitedir']";

/// What there is beyond the sites.
pub(super) struct Tops<'a> {
    subject: &'a Subject<'a>,
    python: Python,
    /// Directories that `.pth` files add.
    dirs: Vec<PathBuf>,
    /// What `.pth` and `.start` files and the modules that they start say: a name in it may be one that they bring.
    hooks: String,
    /// Names that distributions say that they bring.
    promised: HashSet<String>,
    /// Whether the venv uses packages of the interpreter too.
    is_open: bool,
}

impl<'a> Tops<'a> {
    pub(super) fn new(subject: &'a Subject<'a>, python: &Python) -> Self {
        let mut tops = Self {
            subject,
            python: python.clone(),
            dirs: Vec::new(),
            hooks: String::new(),
            promised: HashSet::new(),
            is_open: subject
                .interpreter
                .is_none_or(|facts| facts.beyond != Beyond::Nothing),
        };
        let in_site = |path: &RelPath| {
            let dir = path.parent();
            dir.is_some_and(|dir| subject.dists.layout.sites.contains(&dir))
        };
        let rules = Rules::of(subject.interpreter.map(|facts| &facts.known));
        for entry in subject.manifest.entries() {
            let name = entry.path.name();
            let starts = rules.starts(name);
            let adds = name.ends_with(b".pth") || name.ends_with(b".egg");
            if !starts && !adds || !in_site(&entry.path) {
                continue;
            }
            let content = (subject.read)(&entry.path).unwrap_or_default();
            if starts {
                tops.run(&entry.path, &String::from_utf8_lossy(&content));
                continue;
            }
            let places = named(&content).map(|place| OsString::from_vec(place.to_vec()).into());
            tops.dirs.extend(places);
            tops.hook(&entry.path, &content);
        }
        tops.promise();
        tops
    }

    /// Remembers what a `.pth` file starts.
    fn hook(&mut self, path: &RelPath, content: &[u8]) {
        let text = String::from_utf8_lossy(content);
        // An egg, a directory below the site and the like: what is in them is not looked at.
        self.is_open |= path.name().ends_with(b".egg");
        for line in text.lines() {
            let is_plain = line.starts_with('/') || line.starts_with('#') || line.trim().is_empty();
            let Some(rest) = line.strip_prefix("import") else {
                self.is_open |= !is_plain;
                continue;
            };
            // setuptools makes namespaces of directories of this same site, and nothing else.
            if path.name().ends_with(b"-nspkg.pth") && rest.contains(OF_SETUPTOOLS) {
                continue;
            }
            self.run(path, rest);
        }
    }

    /// Remembers what code says that is run at each start, and what the modules say that it names.
    fn run(&mut self, path: &RelPath, code: &str) {
        self.hooks.push_str(code);
        let names = code.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '.');
        for name in names.filter(|name| !name.is_empty()) {
            let mut above = path.parent();
            // With a module its packages are imported.
            for part in name.split('.') {
                let Some(dir) = above else { break };
                let package = dir.join(part.as_bytes()).ok();
                let files = [
                    dir.join([part, ".py"].concat().as_bytes()).ok(),
                    package
                        .as_ref()
                        .and_then(|dir| dir.join(b"__init__.py").ok()),
                ];
                let files = files.into_iter().flatten();
                for file in files.filter(|file| self.subject.manifest.get(file).is_some()) {
                    let source = (self.subject.read)(&file).unwrap_or_default();
                    self.hooks.push_str(&String::from_utf8_lossy(&source));
                }
                above = package;
            }
        }
    }

    /// Remembers the names that distributions say that they bring.
    fn promise(&mut self) {
        for dist in &self.subject.dists.all {
            if dist.editable() {
                continue;
            }
            self.promised.insert(dist.name.replace('-', "_"));
            let list = dist.info.join(b"top_level.txt").ok();
            let list = list.filter(|list| self.subject.manifest.get(list).is_some());
            let list = list
                .and_then(|list| (self.subject.read)(&list))
                .unwrap_or_default();
            let text = String::from_utf8_lossy(&list);
            self.promised
                .extend(text.split_whitespace().map(str::to_owned));
        }
    }

    /// Names that distributions say that they bring.
    pub(super) fn promised(&self) -> impl Iterator<Item = &str> {
        self.promised.iter().map(String::as_str)
    }

    /// Whether a distribution says that it brings a name.
    pub(super) fn has_promised(&self, name: &str) -> bool {
        self.promised.contains(name)
    }

    /// What is known of a top-level name that no site holds.
    pub(super) fn find_top(&self, name: &str) -> Top {
        if EVERYWHERE.contains(name) {
            return Top::Found;
        }
        let is_there = |dir: &PathBuf| {
            let there = |file: String| !(self.subject.gone)(&dir.join(file));
            there(name.to_owned()) || there(format!("{name}.py"))
        };
        if self.dirs.iter().any(is_there) {
            return Top::Found;
        }
        if self.is_open || self.hooks.contains(name) {
            return Top::Unknown;
        }
        if self.promised.contains(name) {
            return Top::Lost;
        }
        if NEVER.contains(&name) {
            return Top::Absent;
        }
        match SOME.iter().find(|(known, ..)| *known == name) {
            Some((_, since, until)) => match self.python.minor() {
                Some((3, minor)) if minor > *until || minor < *since => Top::Absent,
                Some((3, _)) => Top::Found,
                _ => Top::Unknown,
            },
            // Modules of Python that are written in C, and those for its own use.
            None if name.starts_with('_') && self.may_be_pythons(name) => Top::Unknown,
            None => Top::Absent,
        }
    }

    /// Whether the interpreter may have a module for its own use.
    fn may_be_pythons(&self, name: &str) -> bool {
        const SOME: [&str; 3] = ["_test", "_xx", "_sysconfigdata"];
        !self.python.is_cpython()
            || OF_CPYTHON.contains(name)
            || SOME.iter().any(|some| name.starts_with(some))
    }
}
