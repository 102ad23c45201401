//! Interpreters of other languages than that of `sh`: where their code stands, and whether it names what removes files.

use regex::Regex;
use std::sync::LazyLock;

use crate::sweep::options::{Options, is_one};
use crate::sweep::quotes::unescaped;

/// An interpreter: its name without a version, options whose value is code, and other options that have a value.
pub(in crate::sweep) struct Interpreter {
    name: &'static str,
    code: &'static str,
    valued: &'static str,
}

const INTERPRETERS: [Interpreter; 16] = [
    row("python", "-c", "-c -m -W -X"),
    row("pypy", "-c", "-c -m -W -X"),
    row("perl", "-e -E", "-e -E -I -M -m"),
    row("ruby", "-e", "-e -I -r -E"),
    row(
        "node",
        "-e --eval -p --print",
        "-e --eval -p --print -r --require",
    ),
    row(
        "nodejs",
        "-e --eval -p --print",
        "-e --eval -p --print -r --require",
    ),
    row("php", "-r", "-r -d -c -f"),
    row("lua", "-e", "-e -l"),
    row("tclsh", "", ""),
    row("expect", "-c", "-c"),
    row("fish", "-c --command", "-c --command -C --init-command"),
    row("csh", "-c", "-c"),
    row("tcsh", "-c", "-c"),
    row("pwsh", "-Command -c", "-Command -c -File"),
    row("deno", "", ""),
    row("Rscript", "-e", "-e"),
];

const fn row(name: &'static str, code: &'static str, valued: &'static str) -> Interpreter {
    Interpreter { name, code, valued }
}

/// Where the code stands that an interpreter runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::sweep) enum Code {
    /// Among its words.
    Given(String),
    /// In a file.
    File(String),
    /// In what it reads.
    Input,
    /// In a module of its own.
    Module(String, Vec<String>),
}

/// The interpreter of a name: `python3.11` is a `python`.
pub(in crate::sweep) fn interpreter(name: &str) -> Option<&'static Interpreter> {
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    INTERPRETERS.iter().find(|one| one.name == bare)
}

/// What an interpreter runs that is given these words.
pub(in crate::sweep) fn code(interpreter: &Interpreter, words: &[String]) -> Code {
    let options = Options::leading(words, interpreter.valued);
    let given: Vec<&str> = options
        .given()
        .filter(|(name, _)| is_one(interpreter.code, name))
        .filter_map(|(_, value)| value)
        .collect();
    if !given.is_empty() {
        return Code::Given(given.join("\n"));
    }
    if interpreter.name.starts_with("py")
        && let Some(module) = options.value(&["-m"])
    {
        return Code::Module(module, options.operands);
    }
    match options.operands.first() {
        Some(file) if *file != "-" && *file != "/dev/stdin" => Code::File(unescaped(file)),
        _ => Code::Input,
    }
}

/// Whether code names what removes files in its language.
pub(in crate::sweep) fn may_remove(text: &str) -> bool {
    static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r"(?x)
            \brm(dir|tree|_rf|_r|Sync|dirSync)?\b | \bunlink(Sync|_to_empty)?\b
            | \bos\.(remove|removedirs|rename|replace)\b
            | \bremove_(tree|entry|dir|file)\b | \bFile(::|\.)delete\b | \bFileUtils\b | \brimraf\b | \bshred\b
            | \btruncate(Sync)?\b | \bshutil\.move\b | \bsend2trash\b | -delete\b | \bRemove-Item\b | \bdelTree\b
            | \bfile\s+delete\b | \bfind\b.*-exec\b",
        )
        .ok()
    });
    WORDS.as_ref().is_none_or(|words| words.is_match(text))
}

/// Whether code opens a file in a way that empties it.
pub(in crate::sweep) fn may_empty(text: &str) -> bool {
    static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(
            r#"(?x)
            \bopen\b[^\n]*['"](w|wb|w\+|>) | \bwrite_(text|bytes)\b | \bwriteFile(Sync)?\b
            | \bfile_put_contents\b"#,
        )
        .ok()
    });
    WORDS.as_ref().is_none_or(|words| words.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_found_wherever_it_stands() {
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        for (name, given, found) in [
            ("python3.11", "-I -c x", Code::Given("x".to_owned())),
            ("python3", "-Ic x", Code::Given("x".to_owned())),
            ("python3", "-u a.py -c", Code::File("a.py".to_owned())),
            ("python", "-W ignore -", Code::Input),
            ("python", "", Code::Input),
            ("perl", "-ne x", Code::Given("x".to_owned())),
            ("ruby", "a.rb", Code::File("a.rb".to_owned())),
            ("node", "--eval=x", Code::Given("x".to_owned())),
        ] {
            let interpreter = interpreter(name).unwrap();
            assert_eq!(code(interpreter, &words(given)), found, "{name} {given:?}");
        }
        assert!(interpreter("pythonic").is_none());
    }

    #[test]
    fn what_removes_files_is_known_in_each_language() {
        for text in [
            "shutil.rmtree(x)",
            "Path(x).unlink()",
            "os.remove(x)",
            "subprocess.run(['rm', x])",
            "unlink glob('x')",
            "FileUtils.rm_rf(x)",
            "fs.rmSync(x)",
            "fs.rm(x)",
            "rm -rf x",
            "find x -delete",
            "os.system('rm x')",
            "Remove-Item x",
            "rm $f",
        ] {
            assert!(may_remove(text), "{text}");
        }
        for text in [
            "os.listdir(x)",
            "armor",
            "print('farm')",
            "list.remove(x)",
            "warm-up",
        ] {
            assert!(!may_remove(text), "{text}");
        }
        assert!(may_empty("open('x', 'w')") && !may_empty("open('x')"));
    }
}
