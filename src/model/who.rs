//! Who changed something: a process, as far as the kernel told of it.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use super::shell::shell_line;

/// The process that made a change.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Who {
    /// Its number, as the host counts.
    pub pid: u32,
    /// What it ran.
    #[serde(flatten)]
    pub image: Image,
    /// How well that is known.
    pub certainty: Certainty,
    /// What the same process ran until right before the change; the change may have been made by that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Image>,
    /// Its parent, the parent of that, and so on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<Ancestor>,
    /// The systemd unit that it belongs to (`cron.service`, `session-3.scope`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// The command of the cron job that it belongs to, as the crontab has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// As whom it ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
    /// Who had logged in, whatever they became since; none for what the system started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<User>,
}

/// How well it is known what a process ran.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// The process was looked at while it lived.
    Live,
    /// Looked at when the program was started.
    Exec,
    /// Only the name of the program, which the kernel told when the process ended.
    Comm,
    /// Nothing but the number.
    #[default]
    Unknown,
}

impl Certainty {
    /// The word in text and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Exec => "exec",
            Self::Comm => "comm",
            Self::Unknown => "unknown",
        }
    }
}

/// A program that a process runs.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Image {
    /// Its name, at most 15 bytes of it (lossy).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The file that is executed (lossy): of a script the interpreter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exe: Option<String>,
    /// Its arguments, the first of which is its own name. Secrets in them are masked.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub argv: Option<Argv>,
}

/// A process above the one that made a change.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Ancestor {
    /// Its number.
    pub pid: u32,
    /// What it ran then.
    #[serde(flatten)]
    pub image: Image,
}

/// An account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct User {
    /// Its number.
    pub uid: u32,
    /// Its name, where this host knows one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Arguments of a program: bytes, as all names are.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "WrittenArgv", into = "WrittenArgv")]
pub struct Argv(pub Vec<Vec<u8>>);

#[derive(Serialize, Deserialize)]
struct WrittenArgv {
    argv: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    argv_b64: Option<Vec<String>>,
}

impl From<Argv> for WrittenArgv {
    fn from(argv: Argv) -> Self {
        let is_text = argv.0.iter().all(|one| std::str::from_utf8(one).is_ok());
        let lossy = argv.0.iter().map(|one| String::from_utf8_lossy(one));
        Self {
            argv: lossy.map(std::borrow::Cow::into_owned).collect(),
            argv_b64: (!is_text).then(|| argv.0.iter().map(|one| BASE64.encode(one)).collect()),
        }
    }
}

impl From<WrittenArgv> for Argv {
    fn from(written: WrittenArgv) -> Self {
        let exact = written.argv_b64.and_then(|all| {
            let decoded = all.iter().map(|one| BASE64.decode(one.as_bytes()).ok());
            decoded.collect()
        });
        Self(exact.unwrap_or_else(|| written.argv.into_iter().map(String::into_bytes).collect()))
    }
}

/// What stands in place of a secret.
const MASK: &[u8] = b"***";
/// Words in the name of an option whose value is a secret.
const SECRET: [&[u8]; 6] = [
    b"password",
    b"passwd",
    b"token",
    b"secret",
    b"apikey",
    b"api-key",
];

impl Argv {
    /// Arguments as `/proc/PID/cmdline` has them, each ended by a NUL. None where there are none. Of secrets, those
    /// in URLs and the values of options that are named for one are masked.
    pub fn from_cmdline(cmdline: &[u8]) -> Option<Self> {
        let trimmed = cmdline.strip_suffix(b"\0").unwrap_or(cmdline);
        if trimmed.is_empty() {
            return None;
        }
        let mut argv: Vec<Vec<u8>> = Vec::new();
        let mut is_value = false;
        for part in trimmed.split(|&byte| byte == 0) {
            if is_value && !part.starts_with(b"-") {
                argv.push(MASK.to_vec());
                is_value = false;
                continue;
            }
            let name = part.split(|&byte| byte == b'=').next().unwrap_or(part);
            let is_secret = part.starts_with(b"-") && names_a_secret(name);
            is_value = is_secret && name.len() == part.len();
            argv.push(if is_secret && !is_value {
                [name, b"=", MASK].concat()
            } else {
                without_credentials(part)
            });
        }
        Some(Self(argv))
    }

    /// As one line that a shell would read the same way.
    pub fn line(&self) -> String {
        shell_line(&self.0)
    }
}

fn names_a_secret(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET
        .iter()
        .any(|word| name.windows(word.len()).any(|part| part == *word))
}

/// A text in which what stands between `://` and `@` of a host is masked.
fn without_credentials(text: &[u8]) -> Vec<u8> {
    let mut clean = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.windows(3).position(|part| part == b"://") {
        let (before, after) = rest.split_at(at + 3);
        clean.extend_from_slice(before);
        let ends = |byte: &u8| matches!(byte, b'/' | b'?' | b'#' | b' ' | b'"' | b'\'');
        let host = after.iter().position(ends).unwrap_or(after.len());
        let secret = after[..host].iter().rposition(|&byte| byte == b'@');
        if secret.is_some() {
            clean.extend_from_slice(MASK);
        }
        rest = &after[secret.unwrap_or(0)..];
    }
    clean.extend_from_slice(rest);
    clean
}

impl Image {
    /// The command line where it is known, else the name of the program (lossy, not escaped for a terminal).
    pub fn line(&self) -> Option<String> {
        let line = self.argv.as_ref().map(Argv::line);
        line.or_else(|| self.program.clone())
    }
}

impl Who {
    /// Whether it is that process or one that came of it.
    pub fn is_below(&self, pid: u32) -> bool {
        self.pid == pid || self.parents.iter().any(|parent| parent.pid == pid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(args: &[&str]) -> Vec<String> {
        let line: Vec<u8> = args
            .iter()
            .flat_map(|a| [a.as_bytes(), b"\0"].concat())
            .collect();
        let argv = Argv::from_cmdline(&line).unwrap();
        argv.0
            .iter()
            .map(|a| String::from_utf8_lossy(a).into_owned())
            .collect()
    }

    #[test]
    fn secrets_in_arguments_are_masked_and_nothing_else_is() {
        assert_eq!(
            masked(&[
                "pip",
                "-i",
                "https://me:word@host/simple",
                "--no-deps",
                "a@b"
            ]),
            ["pip", "-i", "https://***@host/simple", "--no-deps", "a@b"]
        );
        assert_eq!(
            masked(&[
                "x",
                "--db-password",
                "word",
                "--token=word",
                "--token",
                "-v",
                ""
            ]),
            [
                "x",
                "--db-password",
                "***",
                "--token=***",
                "--token",
                "-v",
                ""
            ]
        );
        assert_eq!(
            masked(&["git+ssh://git@host/a http://u:p@h"]),
            ["git+ssh://***@host/a http://***@h"]
        );
    }

    #[test]
    fn arguments_come_back_from_json_to_the_byte() {
        for bytes in [&b"rm\0-rf\0a b\0"[..], b"rm\0\xff\xfe\0", b"one"] {
            let argv = Argv::from_cmdline(bytes).unwrap();
            let who = Who {
                image: Image {
                    argv: Some(argv),
                    ..Image::default()
                },
                ..Who::default()
            };
            let text = serde_json::to_string(&who).unwrap();
            assert_eq!(serde_json::from_str::<Who>(&text).unwrap(), who, "{text}");
        }
        let bare = Who::default();
        let text = serde_json::to_string(&bare).unwrap();
        assert_eq!(serde_json::from_str::<Who>(&text).unwrap(), bare, "{text}");
    }

    #[test]
    fn a_line_reads_as_a_shell_would() {
        let argv = Argv::from_cmdline(b"sh\0-c\0rm 'a'; :\0\0").unwrap();
        assert_eq!(argv.line(), r"sh -c 'rm '\''a'\''; :' ''");
    }
}
