//! Reads `watch.toml`: rules, or a mistake with file, line, column, and what would be right.

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
use super::possible;
use super::raw;
use super::spot::Spot;

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
    let bytes = std::fs::read(path).map_err(|error| cannot(&error))?;
    let (text, parsed) = match String::from_utf8(bytes) {
        Ok(text) => (text.clone(), parse(&text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            (
                text,
                wrong(&(at..at), "this is no UTF-8: write the file in UTF-8"),
            )
        }
    };
    parsed.map_err(|mistake| {
        let (line, column) = position(&text, mistake.at);
        let message = format!("{shown}:{line}:{column}: {}", mistake.why);
        Failure::usage(message, "docs/cli.md, \"Guarding a host\", tells every key")
    })
}

fn parse(text: &str) -> Checked<Rules> {
    let file: raw::File = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let why = explained(error.message(), text, at);
        Mistake { at, why }
    })?;
    if let Some(path) = &file.defaults.path {
        return wrong(
            &path.span(),
            "'path' is of one venv: write it in a [[venv]]",
        );
    }
    // What every venv has otherwise is wrong all the same.
    file.defaults.service.as_ref().map(service).transpose()?;
    file.defaults.health.as_ref().map(health).transpose()?;
    let mut spots: Vec<Spot> = Vec::new();
    let mut venvs = Vec::new();
    for venv in &file.venv {
        let guarded = guarded(venv, &file.defaults)?;
        let spot = Spot::of(&guarded.path);
        if let Some(at) = spots.iter().position(|other| other.is(&spot)) {
            let (line, _) = position(text, file.venv[at].span().start);
            let why = format!(
                "'{}' is guarded twice: the [[venv]] of line {line} has the same place",
                Shown::path(&guarded.path)
            );
            return wrong(&venv.span(), &why);
        }
        spots.push(spot);
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
        // However it is spelled: a guard is remembered by its path.
        path: possible::path(path)?.components().collect(),
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

fn time(raw: Option<raw::Time>, seconds: u64) -> Duration {
    raw.map_or(Duration::from_secs(seconds), |time| time.0)
}

fn service(raw: &Spanned<raw::Service>) -> Checked<Service> {
    match (&raw.get_ref().unit, &raw.get_ref().command) {
        (Some(unit), None) => possible::unit(unit).map(Service::Unit),
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

/// One of a text, a file with it, and a credential with it. More than one is the mistake that `several` tells.
fn secret(
    plain: Option<&raw::Url>,
    file: Option<&Spanned<PathBuf>>,
    credential: Option<&Spanned<String>>,
    several: impl Fn() -> Mistake,
) -> Checked<Option<Secret>> {
    match (plain, file, credential) {
        (None, None, None) => Ok(None),
        (Some(text), None, None) => Ok(Some(Secret::Plain(text.0.clone()))),
        (None, Some(path), None) => Ok(Some(Secret::File(possible::file(path)?))),
        (None, None, Some(name)) => Ok(Some(Secret::Credential(possible::credential(name)?))),
        _ => Err(several()),
    }
}

fn receiver(alert: &Spanned<raw::Alert>) -> Checked<Receiver> {
    let (own, at) = (alert.get_ref(), alert.span());
    let mistake = |why: &str| Mistake {
        at: at.start,
        why: why.to_owned(),
    };
    let needs_one = || {
        mistake(
            "an [[alert]] needs one of command = [\"/program\", …], webhook = \"https://…\", webhook_file = \"/FILE\" \
             and webhook_credential = \"NAME\"",
        )
    };
    let needs_one_token = || {
        mistake(
            "the token of an alert needs one of bearer_file = \"/FILE\" and bearer_credential = \"NAME\"",
        )
    };
    let url = secret(
        own.webhook.as_ref(),
        own.webhook_file.as_ref(),
        own.webhook_credential.as_ref(),
        needs_one,
    )?;
    let bearer = secret(
        None,
        own.bearer_file.as_ref(),
        own.bearer_credential.as_ref(),
        needs_one_token,
    )?;
    match (&own.command, url) {
        (Some(_), None) if bearer.is_some() => Err(mistake("only a webhook is sent a token")),
        (Some(words), None) => Ok(Receiver::Command {
            words: words.0.clone(),
            timeout: time(own.timeout, 30),
        }),
        (None, Some(url)) => Ok(Receiver::Webhook {
            url,
            bearer,
            timeout: time(own.timeout, 10),
        }),
        _ => Err(needs_one()),
    }
}

fn ping(raw: &Spanned<raw::Ping>) -> Checked<Ping> {
    let own = raw.get_ref();
    let needs_one = || {
        Mistake {
        at: raw.span().start,
        why: "a ping needs one of url = \"https://…\", url_file = \"/FILE\" and url_credential = \"NAME\""
            .to_owned(),
    }
    };
    let url = secret(
        own.url.as_ref(),
        own.url_file.as_ref(),
        own.url_credential.as_ref(),
        needs_one,
    )?;
    Ok(Ping {
        url: url.ok_or_else(needs_one)?,
        every: time(own.every, 60),
    })
}

fn metrics(raw: &raw::Metrics) -> Checked<Metrics> {
    Ok(Metrics {
        textfile: raw.textfile.as_ref().map(possible::file).transpose()?,
        port: raw.listen.map(|address| address.0),
    })
}

#[cfg(test)]
mod tests;
