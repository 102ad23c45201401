//! `pip uninstall`, which takes what RECORD has of a distribution (Python packaging, "Recording installed projects").

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::Reader;
use super::streams::Stream;
use crate::model::RelPath;
use crate::python::dist::{Record, normalized};
use crate::sweep::glob::SHELL;
use crate::sweep::options::Options;
use crate::sweep::programs::{Code, code, interpreter};
use crate::sweep::quotes::{escaped, unescaped};
use crate::sweep::removal::Removal;

/// Options that have a value.
const VALUED: &str =
    "-r --requirement -p --python --prefix --target --log --cache-dir --root-user-action";

impl Reader<'_> {
    /// `pip uninstall` or `uv pip uninstall`; none for another command.
    pub(super) fn uninstalls(
        &mut self,
        name: &str,
        words: &[String],
        input: &Stream,
    ) -> Option<Stream> {
        let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        let of = |place: Option<PathBuf>| Some(place?.parent()?.parent()?.to_owned());
        if bare == "pip" {
            let env = of(self.program_place(name, &words[0]));
            return self.by_pip(words, &words[1..], env, input);
        }
        if let Some(python) = interpreter(name)
            && let Code::Module(module, rest) = code(python, &words[1..])
            && module == "pip"
        {
            let env = of(self.program_place(name, &words[0]));
            return self.by_pip(words, &rest, env, input);
        }
        if name != "uv" || words.get(1).is_none_or(|word| word != "pip") {
            return None;
        }
        // It works on the environment that is active, or on the one that stands here.
        let active = self.state.get("VIRTUAL_ENV");
        let active = active.and_then(|values| values.into_iter().flatten().next());
        let env = self.plain_place(active.as_deref().unwrap_or(".venv"));
        self.by_pip(words, &words[2..], env, input)
    }

    /// `pip uninstall NAME…` in an environment; none for another command.
    fn by_pip(
        &mut self,
        words: &[String],
        rest: &[String],
        env: Option<PathBuf>,
        input: &Stream,
    ) -> Option<Stream> {
        let options = Options::all(rest, VALUED);
        let (verb, names) = options.operands.split_first()?;
        if verb != "uninstall" && verb != "remove" {
            return None;
        }
        // Nobody answers by day or night where nothing says yes.
        let is_told = options.has(&["-y", "--yes"]) || *input != Stream::None || words[0] == "uv";
        let mut names: Vec<String> = names.iter().map(|name| unescaped(name)).collect();
        for file in options.values(&["-r", "--requirement"]) {
            let path = self.plain_place(&escaped(&file));
            let text = path.and_then(|path| self.machine.root.text(&path));
            let text = text.unwrap_or_default();
            names.extend(text.lines().filter_map(requirement));
        }
        let python = options.value(&["-p", "--python"]);
        let env = match python.and_then(|one| self.plain_place(&escaped(&one))) {
            Some(python) if self.machine.root.lacks_dir(&python) => {
                Some(python.parent()?.parent()?.to_owned())
            }
            Some(env) => Some(env),
            None => env,
        }?;
        let taken: Vec<String> = names
            .iter()
            .flat_map(|name| self.recorded(&env, name))
            .collect();
        if is_told && !taken.is_empty() {
            let removal = Removal::Named {
                patterns: taken,
                with_all: true,
                follows: false,
                rules: SHELL,
            };
            self.step(words, removal, None);
        }
        Some(Stream::Unknown)
    }

    /// What RECORD has of a distribution: directories that are its own, and other files.
    fn recorded(&self, env: &Path, name: &str) -> Vec<String> {
        let root = &self.machine.root;
        let mut all = BTreeSet::new();
        for lib in ["lib", "lib64"].map(|lib| env.join(lib)) {
            // A link there leads to the other one.
            let pythons = if root.is_link(&lib) {
                Vec::new()
            } else {
                root.list(&lib).unwrap_or_default()
            };
            for python in pythons {
                let infos = root.list(&python.join("site-packages"));
                let infos = infos.unwrap_or_default().into_iter();
                for info in infos.filter(|info| is_of(info, name)) {
                    let record = root.text(&info.join("RECORD")).unwrap_or_default();
                    all.extend(tops(env, &info, &record));
                }
            }
        }
        let shown = |path: PathBuf| escaped(&path.to_string_lossy());
        all.into_iter().map(shown).collect()
    }
}

/// Whether it is the directory of what is known of a distribution.
fn is_of(info: &Path, name: &str) -> bool {
    let own = info.file_name().unwrap_or_default().to_string_lossy();
    let own = own
        .strip_suffix(".dist-info")
        .and_then(|own| own.rsplit_once('-'));
    let asked = name
        .split(['=', '<', '>', '~', '!', '[', ';', ' ', '@'])
        .next();
    own.is_some_and(|(own, _)| normalized(own) == normalized(asked.unwrap_or_default()))
}

/// The name that a line of a list asks for.
fn requirement(line: &str) -> Option<String> {
    let bare = line.split('#').next().unwrap_or_default().trim();
    (!bare.is_empty() && !bare.starts_with('-')).then(|| bare.to_owned())
}

/// What a RECORD has: packages as they stand in its site, and files that are of none.
fn tops(env: &Path, info: &Path, record: &str) -> BTreeSet<PathBuf> {
    let below = |path: &Path| {
        let below = path.strip_prefix(env).ok()?;
        RelPath::new(below.as_os_str().as_bytes()).ok()
    };
    let (Some(own), Some(site)) = (below(&info.join("RECORD")), info.parent()) else {
        return BTreeSet::new();
    };
    let record = Record::parse(&own, record.as_bytes(), env.as_os_str().as_bytes());
    let paths: Vec<PathBuf> = record
        .rows
        .iter()
        .map(|row| env.join(OsStr::from_bytes(row.path.as_bytes())))
        .collect();
    let begins = paths.iter().filter(|path| path.ends_with("__init__.py"));
    let packages: HashSet<&Path> = begins.filter_map(|path| path.parent()).collect();
    let is_own = |dir: &&Path| *dir == info || packages.contains(dir);
    let top = |path: &PathBuf| {
        let above = path.ancestors().take_while(|dir| *dir != site);
        let above = above.filter(|dir| dir.starts_with(site));
        above.filter(is_own).last().unwrap_or(path).to_owned()
    };
    paths.iter().map(top).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_go_as_a_whole_and_other_files_by_themselves() {
        let record = "a/__init__.py,,\na/b/__init__.py,,\na/b/c.py,,\none.py,,\n\"odd,name.py\",,\n\
            space/part/__init__.py,,\nspace/part/x.py,,\nspace/alone.py,,\na-1.dist-info/RECORD,,\n\
            ../../../bin/a,,\n/v/bin/b,,\n../../../../out,,\n";
        let site = Path::new("/v/lib/python3.11/site-packages");
        let found = tops(Path::new("/v"), &site.join("a-1.dist-info"), record);
        let names = [
            "a",
            "a-1.dist-info",
            "odd,name.py",
            "one.py",
            "space/alone.py",
            "space/part",
        ];
        let mut paths: Vec<PathBuf> = names.map(|name| site.join(name)).to_vec();
        paths.extend(["/v/bin/a", "/v/bin/b"].map(PathBuf::from));
        assert_eq!(found, paths.into_iter().collect());
    }
}
