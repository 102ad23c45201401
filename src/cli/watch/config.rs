//! Reads `watch.toml`: rules, or a mistake with file, line, column, and what would be right.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use venv_snap::model::Shown;
use venv_snap::watch::{
    Ask, Guarded, Health, Imports, Metrics, OnUpgrade, Ping, Policy, Receiver, Rules, Secret,
    Service,
};

use super::super::error::Failure;
use super::mistake::{Checked, Mistake, explained, position, wrong};
use super::raw;

/// A longer file is refused: no file of rules has so many bytes.
const BYTES_MAX: u64 = 4 << 20;

/// Reads and checks a file of rules.
pub(super) fn read(path: &Path) -> Result<Rules, Failure> {
    let shown = Shown::path(path);
    let cannot = |why: &dyn std::fmt::Display| {
        Failure::not_done(format!("cannot read the rules '{shown}': {why}")).with_hint(
            "the shortest rules are two lines, '[[venv]]' and 'path = \"/srv/app/venv\"'; another file is named with \
             --config FILE"
                .to_owned(),
        )
    };
    let meta = std::fs::metadata(path).map_err(|error| cannot(&error))?;
    if !meta.is_file() || meta.len() > BYTES_MAX {
        return Err(cannot(&"it is no regular file of at most 4 MiB"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| cannot(&error))?;
    parse(&text).map_err(|mistake| {
        let (line, column) = position(&text, mistake.at);
        let message = format!("{shown}:{line}:{column}: {}", mistake.why);
        Failure::usage(message, "docs/cli.md, \"Guarding a host\", tells every key")
    })
}

fn parse(text: &str) -> Checked<Rules> {
    let file: raw::File = toml::from_str(text).map_err(|error| Mistake {
        at: error.span().map_or(0, |span| span.start),
        why: explained(error.message()),
    })?;
    if let Some(path) = &file.defaults.path {
        return wrong(
            &path.span(),
            "'path' is of one venv: write it in a [[venv]]",
        );
    }
    let mut seen = BTreeSet::new();
    let mut venvs = Vec::new();
    for venv in &file.venv {
        let guarded = guarded(venv, &file.defaults)?;
        if !seen.insert(guarded.path.clone()) {
            let why = format!("'{}' is guarded twice", Shown::path(&guarded.path));
            return wrong(&venv.span(), &why);
        }
        venvs.push(guarded);
    }
    if venvs.is_empty() {
        return wrong(
            &(0..0),
            "no venv is guarded: write a [[venv]] with its path",
        );
    }
    Ok(Rules {
        venvs,
        receivers: file.alert.iter().map(receiver).collect::<Checked<_>>()?,
        ping: file.ping.as_ref().map(ping).transpose()?,
        metrics: metrics(&file.metrics)?,
    })
}

fn guarded(venv: &Spanned<raw::Venv>, defaults: &raw::Venv) -> Checked<Guarded> {
    let own = venv.get_ref();
    let Some(path) = &own.path else {
        return wrong(
            &venv.span(),
            "a [[venv]] needs its path: path = \"/srv/app/venv\"",
        );
    };
    Ok(Guarded {
        path: absolute(path)?,
        service: own
            .service
            .as_ref()
            .or(defaults.service.as_ref())
            .map(service)
            .transpose()?,
        health: own
            .health
            .as_ref()
            .or(defaults.health.as_ref())
            .map(health)
            .transpose()?,
        imports: own.imports.or(defaults.imports).map(|raw| Imports {
            every: time(raw.every, 300),
            timeout: time(raw.timeout, 120),
        }),
        integrity_every: time(
            own.integrity.or(defaults.integrity).map(|raw| raw.every),
            24 * 3600,
        ),
        policy: policy(own.policy, defaults.policy),
    })
}

fn absolute(path: &Spanned<PathBuf>) -> Checked<PathBuf> {
    if path.get_ref().is_absolute() {
        return Ok(path.get_ref().clone());
    }
    let why = format!("'{}' is no absolute path", Shown::path(path.get_ref()));
    wrong(&path.span(), &why)
}

fn time(raw: Option<raw::Time>, seconds: u64) -> Duration {
    raw.map_or(Duration::from_secs(seconds), |time| time.0)
}

fn service(raw: &Spanned<raw::Service>) -> Checked<Service> {
    match (&raw.get_ref().unit, &raw.get_ref().command) {
        (Some(unit), None) if !unit.is_empty() && !unit.starts_with('-') => {
            Ok(Service::Unit(unit.clone()))
        }
        (None, Some(words)) => Ok(Service::Command(words.0.clone())),
        _ => wrong(
            &raw.span(),
            "a service needs one of unit = \"NAME.service\" and command = [\"/program\", …]",
        ),
    }
}

fn health(raw: &Spanned<raw::Health>) -> Checked<Health> {
    let own = raw.get_ref();
    let ask = match (&own.url, &own.command) {
        (Some(url), None) => Ask::Url(url.0.clone()),
        (None, Some(words)) => Ask::Command(words.0.clone()),
        _ => {
            return wrong(
                &raw.span(),
                "a health check needs one of url = \"http://…\" and command = [\"/program\", …]",
            );
        }
    };
    Ok(Health {
        ask,
        every: time(own.every, 60),
        timeout: time(own.timeout, 10),
    })
}

fn policy(own: raw::Policy, defaults: raw::Policy) -> Policy {
    let base = Policy::default();
    let count = |own: Option<raw::Count>, other: Option<raw::Count>, base: u32| {
        own.or(other).map_or(base, |count| count.0)
    };
    let length = |own: Option<raw::Time>, other: Option<raw::Time>, base: Duration| {
        own.or(other).map_or(base, |time| time.0)
    };
    Policy {
        heals: matches!(own.mode.or(defaults.mode), Some(raw::Mode::Heal)),
        heals_max: count(own.heals, defaults.heals, base.heals_max),
        window: length(own.window, defaults.window, base.window),
        failures: count(own.failures, defaults.failures, base.failures),
        on_upgrade: match own.on_upgrade.or(defaults.on_upgrade) {
            Some(raw::OnUpgrade::Save) => OnUpgrade::Save,
            _ => OnUpgrade::Tell,
        },
        settle: length(own.settle, defaults.settle, base.settle),
        reminder: length(own.reminder, defaults.reminder, base.reminder),
    }
}

/// One of a text, a file with it, and a credential with it. More than one is a mistake.
fn secret(
    plain: Option<&raw::Url>,
    file: Option<&PathBuf>,
    credential: Option<&String>,
) -> Result<Option<Secret>, ()> {
    match (plain, file, credential) {
        (None, None, None) => Ok(None),
        (Some(text), None, None) => Ok(Some(Secret::Plain(text.0.clone()))),
        (None, Some(path), None) if path.is_absolute() => Ok(Some(Secret::File(path.clone()))),
        (None, None, Some(name)) if !name.is_empty() && !name.contains('/') => {
            Ok(Some(Secret::Credential(name.clone())))
        }
        _ => Err(()),
    }
}

fn receiver(alert: &Spanned<raw::Alert>) -> Checked<Receiver> {
    let (own, at) = (alert.get_ref(), alert.span());
    let url = secret(
        own.webhook.as_ref(),
        own.webhook_file.as_ref(),
        own.webhook_credential.as_ref(),
    );
    let bearer = secret(
        None,
        own.bearer_file.as_ref(),
        own.bearer_credential.as_ref(),
    );
    let Ok(bearer) = bearer else {
        return wrong(
            &at,
            "the token of an alert needs one of bearer_file = \"/FILE\" and bearer_credential = \"NAME\"",
        );
    };
    match (&own.command, url) {
        (Some(_), Ok(None)) if bearer.is_some() => wrong(&at, "only a webhook is sent a token"),
        (Some(words), Ok(None)) => Ok(Receiver::Command {
            words: words.0.clone(),
            timeout: time(own.timeout, 30),
        }),
        (None, Ok(Some(url))) => Ok(Receiver::Webhook {
            url,
            bearer,
            timeout: time(own.timeout, 10),
        }),
        _ => wrong(
            &at,
            "an [[alert]] needs one of command = [\"/program\", …], webhook = \"https://…\", webhook_file = \"/FILE\" \
             and \
             webhook_credential = \"NAME\"",
        ),
    }
}

fn ping(raw: &Spanned<raw::Ping>) -> Checked<Ping> {
    let own = raw.get_ref();
    match secret(
        own.url.as_ref(),
        own.url_file.as_ref(),
        own.url_credential.as_ref(),
    ) {
        Ok(Some(url)) => Ok(Ping {
            url,
            every: time(own.every, 60),
        }),
        _ => wrong(
            &raw.span(),
            "a ping needs one of url = \"https://…\", url_file = \"/FILE\" and url_credential = \"NAME\"",
        ),
    }
}

fn metrics(raw: &raw::Metrics) -> Checked<Metrics> {
    Ok(Metrics {
        textfile: raw.textfile.as_ref().map(absolute).transpose()?,
        port: raw.listen.map(|address| address.0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const VENV: &str = "[[venv]]\npath = \"/srv/app/venv\"\n";

    #[track_caller]
    fn refused(text: &str, at: (usize, usize), says: &str) {
        let mistake = parse(text).expect_err(text);
        assert!(mistake.why.contains(says), "{text}\n{}", mistake.why);
        assert_eq!(position(text, mistake.at), at, "{text}\n{}", mistake.why);
    }

    #[test]
    fn every_mistake_is_told_with_its_place_and_what_is_allowed() {
        refused("", (1, 1), "no venv is guarded");
        refused("[[venv]]\npath = 3\n", (2, 8), "expected path string");
        refused("[[venv]]\npath = \"a\n", (2, 10), "");
        refused(
            "[[venv]]\npath = \"srv\"\n",
            (2, 8),
            "'srv' is no absolute path",
        );
        refused(
            "[[venv]]\nservice = { unit = \"a\" }\n",
            (1, 1),
            "needs its path",
        );
        refused(
            &format!("{VENV}healt = {{}}\n"),
            (3, 1),
            "did you mean `health`?",
        );
        refused(
            &format!("{VENV}policy = {{ mod = \"heal\" }}\n"),
            (3, 12),
            "did you mean `mode`?",
        );
        refused(
            &format!("{VENV}policy = {{ mode = \"hael\" }}\n"),
            (3, 19),
            "did you mean `heal`?",
        );
        refused(
            &format!("{VENV}policy = {{ heals = 0 }}\n"),
            (3, 20),
            "from 1 to 1000",
        );
        refused(
            &format!("{VENV}policy = {{ window = \"soon\" }}\n"),
            (3, 21),
            "no length of time",
        );
        refused(
            &format!("{VENV}policy = {{ window = \"0s\" }}\n"),
            (3, 21),
            "from 1s to 365d",
        );
        refused(&format!("{VENV}service = {{}}\n"), (3, 11), "one of unit");
        refused(
            &format!("{VENV}service = {{ command = [] }}\n"),
            (3, 23),
            "needs a program",
        );
        refused(
            &format!("{VENV}service = {{ command = [\"x\"] }}\n"),
            (3, 23),
            "no absolute path",
        );
        refused(
            &format!("{VENV}health = {{ url = \"ftp://x\" }}\n"),
            (3, 18),
            "no URL",
        );
        refused(
            &format!("{VENV}health = {{ every = \"60s\" }}\n"),
            (3, 10),
            "one of url",
        );
        refused(&format!("{VENV}{VENV}"), (3, 1), "guarded twice");
        refused(
            &format!("{VENV}[[alert]]\n"),
            (3, 1),
            "needs one of command",
        );
        refused(
            &format!("{VENV}[metrics]\nlisten = \"0.0.0.0:1\"\n"),
            (4, 10),
            "not loopback",
        );
        refused(
            &format!("{VENV}[ping]\nevery = \"60s\"\n"),
            (3, 1),
            "a ping needs",
        );
        refused("[defaults]\npath = \"/a\"\n", (2, 8), "of one venv");
        refused("[[vnv]]\n", (1, 3), "did you mean `venv`?");
        refused("ä = \"ä\" x\n", (1, 9), "");
    }

    #[test]
    fn what_one_venv_does_not_say_its_defaults_do() {
        let text = format!(
            "[defaults]\npolicy = {{ mode = \"heal\", heals = 5 }}\nintegrity = {{ every = \"12h\" }}\n{VENV}policy = \
             {{ heals = 3 }}\n"
        );
        let rules = parse(&text).map_err(|mistake| mistake.why).unwrap();
        let venv = &rules.venvs[0];
        assert!(venv.policy.heals);
        assert_eq!(venv.policy.heals_max, 3);
        assert_eq!(venv.policy.failures, 3);
        assert_eq!(venv.integrity_every, Duration::from_hours(12));
        assert_eq!(venv.imports, None);
    }

    #[test]
    fn the_example_that_is_shipped_is_understood() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/watch.toml");
        let rules = parse(&std::fs::read_to_string(path).unwrap())
            .map_err(|mistake| mistake.why)
            .unwrap();
        assert!(rules.venvs.len() == 2 && rules.receivers.len() == 2 && rules.ping.is_some());
    }

    #[test]
    fn a_secret_is_never_shown() {
        let text = format!("{VENV}[[alert]]\nwebhook = \"https://host/T0KEN\"\n");
        let rules = parse(&text).map_err(|mistake| mistake.why).unwrap();
        assert!(!format!("{rules:?}").contains("T0KEN"));
    }
}
