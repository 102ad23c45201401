//! Commands that people copy: words as `sh` reads them back, whatever bytes they are made of, and nothing in them that
//! a terminal takes for more than text.

use super::text::is_hidden;

/// One word of a command on a line of its own.
pub fn shell_word(word: &[u8]) -> String {
    match std::str::from_utf8(word) {
        Ok(text) if is_plain(text) => text.to_owned(),
        Ok(text) if !text.chars().any(is_hidden) => {
            format!("'{}'", text.replace('\'', "'\\''"))
        }
        _ => printed(word, '\''),
    }
}

/// One word of a command that stands between single quotes in a sentence, so the word itself has none around it.
pub fn shell_word_in_quotes(word: &[u8]) -> String {
    match std::str::from_utf8(word) {
        Ok(text) if is_plain(text) => text.to_owned(),
        // A shell that talks to people replaces `!` by an earlier command, also within double quotes.
        Ok(text) if !text.chars().any(|c| is_hidden(c) || c == '!') => {
            let mut quoted = String::from("\"");
            for c in text.chars() {
                if "\\\"$`".contains(c) {
                    quoted.push('\\');
                }
                quoted.push(c);
            }
            quoted + "\""
        }
        _ => printed(word, '"'),
    }
}

/// Words of a command on a line of its own.
pub fn shell_line<W: AsRef<[u8]>>(words: impl IntoIterator<Item = W>) -> String {
    let words = words.into_iter().map(|word| shell_word(word.as_ref()));
    words.collect::<Vec<_>>().join(" ")
}

fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "/._-+@%,:=^".contains(c);
    !text.is_empty() && text.chars().all(plain)
}

/// The word as a call of `printf`, with octal numbers for the bytes that no terminal should see.
fn printed(word: &[u8], quote: char) -> String {
    let mut text = String::new();
    let octal = |bytes: &[u8]| -> String {
        let all = bytes.iter().map(|byte| format!("\\{byte:03o}"));
        all.collect()
    };
    for chunk in word.utf8_chunks() {
        for c in chunk.valid().chars() {
            if is_hidden(c) || "'\"\\$`!%".contains(c) {
                text.push_str(&octal(c.encode_utf8(&mut [0; 4]).as_bytes()));
            } else {
                text.push(c);
            }
        }
        text.push_str(&octal(chunk.invalid()));
    }
    // `$(…)` drops line ends at the end of the output. A slash keeps the one that belongs to the word: with it the path
    // of a directory means the same.
    let end = if word.ends_with(b"\n") { "/" } else { "" };
    format!("\"$(printf -- {quote}{text}{end}{quote})\"")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// What `sh` makes of a command.
    fn read_back(line: &str) -> Vec<u8> {
        let line = format!("printf '%s\\0' {line}");
        let run = Command::new("sh").args(["-c", &line]).output().unwrap();
        assert!(run.status.success(), "{line}: {run:?}");
        run.stdout
    }

    #[test]
    fn a_shell_reads_every_word_back_and_a_terminal_sees_only_text() {
        let words: [&[u8]; 17] = [
            b"/srv/app/venv",
            b"",
            b" ",
            b"/srv/my app/venv",
            b"it's",
            b"\"$HOME\" `id` $(id) \\ \\\\",
            b"~/x",
            b"a!b !! c",
            b"a;b&c|d>e<f(g)h{i,j}*?[k]#l",
            b"-n",
            b"100%s %d",
            b"a\nb",
            b"a\tb\x1b[2J 'c' \"d\" $e `f` \\g !h %i",
            b"\xff\xfe",
            "søster \u{202e}".as_bytes(),
            b"'\n'",
            b"uvicorn[standard]>=0.2; python_version<\"3.8\"",
        ];
        for word in words {
            for line in [shell_word(word), shell_word_in_quotes(word)] {
                assert_eq!(read_back(&line), [word, b"\0"].concat(), "{line}");
                assert!(!line.chars().any(is_hidden), "{line}");
            }
        }
        let all = words.iter().flat_map(|word| [*word, b"\0"].concat());
        assert_eq!(read_back(&shell_line(words)), all.collect::<Vec<u8>>());
        // The path of a directory is another name of the same.
        assert_eq!(read_back(&shell_word(b"/a\n")), b"/a\n/\0");
    }

    #[test]
    fn words_are_as_plain_as_can_be() {
        assert_eq!(shell_word(b"/a/b-1.0+c"), "/a/b-1.0+c");
        assert_eq!(shell_word(b"/a b"), "'/a b'");
        assert_eq!(shell_word_in_quotes(b"/a b"), "\"/a b\"");
        assert_eq!(shell_word(b"/a\n b"), "\"$(printf -- '/a\\012 b')\"");
    }
}
