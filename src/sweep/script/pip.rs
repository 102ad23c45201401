//! `pip uninstall`, which takes what RECORD has of a distribution (Python packaging, "Recording installed projects").

use std::path::{Path, PathBuf};

use super::Reader;
use super::streams::Stream;
use crate::model::plain::plain;
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
        let mut all = Vec::new();
        for lib in ["lib", "lib64"] {
            let pythons = root.list(&env.join(lib)).unwrap_or_default();
            for python in pythons {
                let site = python.join("site-packages");
                let infos = root.list(&site).unwrap_or_default().into_iter();
                for info in infos.filter(|info| is_of(info, name)) {
                    let record = root.text(&info.join("RECORD")).unwrap_or_default();
                    all.extend(tops(&record).iter().map(|top| site.join(top)));
                }
            }
        }
        let shown = |path: PathBuf| escaped(&plain(&path).to_string_lossy());
        all.into_iter().map(shown).collect()
    }
}

/// Whether it is the directory of what is known of a distribution.
fn is_of(info: &Path, name: &str) -> bool {
    let own = info.file_name().unwrap_or_default().to_string_lossy();
    let own = own
        .strip_suffix(".dist-info")
        .and_then(|own| own.rsplit_once('-'));
    own.is_some_and(|(own, _)| normal(own) == normal(name))
}

/// A name as names are compared.
fn normal(name: &str) -> String {
    let bare = name
        .split(['=', '<', '>', '~', '!', '[', ';', ' ', '@'])
        .next();
    bare.unwrap_or_default()
        .to_lowercase()
        .replace(['_', '.'], "-")
}

/// The name that a line of a list asks for.
fn requirement(line: &str) -> Option<String> {
    let bare = line.split('#').next().unwrap_or_default().trim();
    (!bare.is_empty() && !bare.starts_with('-')).then(|| bare.to_owned())
}

/// The names that a RECORD has at the top, of which one is a directory where that is a package.
fn tops(record: &str) -> Vec<String> {
    let paths: Vec<&str> = record
        .lines()
        .filter_map(|line| line.rsplitn(3, ',').nth(2))
        .map(|path| path.trim_matches('"'))
        .collect();
    let is_package = |dir: &str| {
        let begin = format!("{dir}/__init__.py");
        dir.ends_with(".dist-info") || paths.iter().any(|path| *path == begin)
    };
    let mut all: Vec<String> = paths
        .iter()
        .map(|path| match path.split_once('/') {
            Some((dir, _)) if is_package(dir) => dir.to_owned(),
            _ => (*path).to_owned(),
        })
        .collect();
    all.sort();
    all.dedup();
    all
}
