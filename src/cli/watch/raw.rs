//! `watch.toml` as it is written. Where each part stands in the text is kept, so that whoever refuses it can say where.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::{Span, SpanRelativeTo};
use serde::Deserialize;
use serde::de::Error as _;
use toml::Spanned;

use super::possible;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub(super) defaults: Venv,
    #[serde(default)]
    pub(super) venv: Vec<Spanned<Venv>>,
    #[serde(default)]
    pub(super) alert: Vec<Spanned<Alert>>,
    pub(super) ping: Option<Spanned<Ping>>,
    #[serde(default)]
    pub(super) metrics: Metrics,
}

/// What may be said of one venv, and in `[defaults]` of all but its path.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Venv {
    pub(super) path: Option<Spanned<PathBuf>>,
    pub(super) service: Option<Spanned<Service>>,
    pub(super) health: Option<Spanned<Health>>,
    pub(super) imports: Option<Imports>,
    pub(super) integrity: Option<Integrity>,
    #[serde(default)]
    pub(super) policy: Policy,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Service {
    pub(super) unit: Option<Spanned<String>>,
    pub(super) command: Option<Words>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Health {
    pub(super) url: Option<Url>,
    pub(super) command: Option<Words>,
    pub(super) every: Option<Time>,
    pub(super) timeout: Option<Time>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Imports {
    pub(super) every: Option<Time>,
    pub(super) timeout: Option<Time>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Integrity {
    pub(super) every: Time,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Policy {
    pub(super) mode: Option<Mode>,
    pub(super) heals: Option<Count>,
    pub(super) window: Option<Time>,
    pub(super) failures: Option<Count>,
    pub(super) on_upgrade: Option<OnUpgrade>,
    pub(super) settle: Option<Time>,
    pub(super) reminder: Option<Time>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Mode {
    Observe,
    Heal,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum OnUpgrade {
    Save,
    Tell,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Alert {
    pub(super) command: Option<Words>,
    pub(super) webhook: Option<Url>,
    pub(super) webhook_file: Option<Spanned<PathBuf>>,
    pub(super) webhook_credential: Option<Spanned<String>>,
    pub(super) bearer_file: Option<Spanned<PathBuf>>,
    pub(super) bearer_credential: Option<Spanned<String>>,
    pub(super) timeout: Option<Time>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ping {
    pub(super) url: Option<Url>,
    pub(super) url_file: Option<Spanned<PathBuf>>,
    pub(super) url_credential: Option<Spanned<String>>,
    pub(super) every: Option<Time>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metrics {
    pub(super) textfile: Option<Spanned<PathBuf>>,
    pub(super) listen: Option<Loopback>,
}

/// A length of time, at least one second.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Time(pub(super) Duration);

impl TryFrom<String> for Time {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let bad = || {
            format!(
                "'{text}' is no length of time: write one such as \"60s\", \"5m\", \"12h\" or \"1d\""
            )
        };
        let span: Span = text.parse().map_err(|_| bad())?;
        let length = span
            .to_duration(SpanRelativeTo::days_are_24_hours())
            .map_err(|_| bad())?;
        let length = Duration::try_from(length).map_err(|_| bad())?;
        if length < Duration::from_secs(1) || length > YEAR {
            return Err(format!(
                "'{text}' is too short or too long: from 1s to 365d"
            ));
        }
        Ok(Self(length))
    }
}

const YEAR: Duration = Duration::from_hours(365 * 24);

/// A number of times, from 1 to 1000.
#[derive(Clone, Copy, Debug)]
pub(super) struct Count(pub(super) u32);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match i64::deserialize(from)? {
            count @ 1..=1000 => Ok(Self(count as u32)),
            other => Err(D::Error::custom(format!(
                "{other} is out of range: from 1 to 1000"
            ))),
        }
    }
}

/// A program by its absolute path, and its arguments.
#[derive(Clone, Debug)]
pub(super) struct Words(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Words {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let words = Vec::<String>::deserialize(from)?;
        match words.first() {
            _ if words.iter().any(|word| word.contains('\0')) => {
                Err(D::Error::custom("no word of a command holds a NUL"))
            }
            Some(program) if program.ends_with('/') => Err(D::Error::custom(format!(
                "'{program}' is a directory: write the path of a program"
            ))),
            Some(program) if program.starts_with('/') => Ok(Self(words)),
            Some(program) => Err(D::Error::custom(format!(
                "'{program}' is no absolute path: a guard has no PATH that you could count on"
            ))),
            None => Err(D::Error::custom(
                "a command needs a program: [\"/path/of/program\", \"argument\"]",
            )),
        }
    }
}

/// A URL of HTTP or HTTPS.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Url(pub(super) String);

impl TryFrom<String> for Url {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        if possible::is_url(&text) {
            return Ok(Self(text));
        }
        // The text itself is not told, since it may hold a secret.
        Err("no URL of a host: write http://HOST/… or https://HOST/…")
    }
}

/// An address of this host that no other host reaches.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Loopback(pub(super) u16);

impl TryFrom<String> for Loopback {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        match text.parse::<SocketAddr>() {
            Ok(address) if address.port() == 0 => {
                Err(format!("'{text}' has no port: write one from 1 to 65535"))
            }
            Ok(address) if address.ip() == std::net::Ipv4Addr::LOCALHOST => {
                Ok(Self(address.port()))
            }
            Ok(_) => Err(format!(
                "'{text}' is not loopback: only 127.0.0.1:PORT is listened on"
            )),
            Err(_) => Err(format!("'{text}' is no address: write \"127.0.0.1:9750\"")),
        }
    }
}
