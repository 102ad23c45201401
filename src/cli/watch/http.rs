//! What a guard says and asks over HTTP. Certificates are those that the host trusts. No URL is ever part of an error.

use std::path::PathBuf;
use std::time::Duration;

use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};
use venv_snap::watch::Secret;

/// A secret is the first line of a file that has no more bytes.
const SECRET_MAX: u64 = 64 << 10;

fn agent(timeout: Duration) -> Agent {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    let config = Agent::config_builder()
        .timeout_global(Some(timeout))
        .tls_config(tls)
        .max_redirects(3)
        .user_agent(concat!("venv-snap/", env!("CARGO_PKG_VERSION")));
    config.build().into()
}

/// Asks; an answer with a status of 200 to 299 is good.
pub(super) fn get(url: &str, timeout: Duration) -> Result<(), String> {
    agent(timeout)
        .get(url)
        .call()
        .map(drop)
        .map_err(|error| without_url(&error))
}

/// Sends a document.
pub(super) fn post(
    url: &Secret,
    bearer: Option<&Secret>,
    body: &str,
    timeout: Duration,
) -> Result<(), String> {
    let mut request = agent(timeout)
        .post(text(url)?)
        .content_type("application/json");
    if let Some(bearer) = bearer {
        request = request.header("Authorization", format!("Bearer {}", text(bearer)?));
    }
    request
        .send(body)
        .map(drop)
        .map_err(|error| without_url(&error))
}

/// Calls a server that expects it.
pub(super) fn ping(url: &Secret, timeout: Duration) -> Result<(), String> {
    get(&text(url)?, timeout)
}

/// What went wrong, of which no part is a text that somebody gave us.
fn without_url(error: &ureq::Error) -> String {
    match error {
        ureq::Error::StatusCode(status) => format!("the answer was {status}"),
        ureq::Error::Timeout(_) => "it did not answer in time".to_owned(),
        ureq::Error::Io(error) => format!("it cannot be reached: {error}"),
        ureq::Error::ConnectionFailed => "it cannot be reached".to_owned(),
        ureq::Error::HostNotFound => "its host is not known".to_owned(),
        ureq::Error::Tls(why) => format!("its certificate is refused: {why}"),
        ureq::Error::Rustls(why) => format!("its certificate is refused: {why}"),
        ureq::Error::TooManyRedirects | ureq::Error::RedirectFailed => {
            "it sends elsewhere and elsewhere".to_owned()
        }
        _ => "it did not answer as HTTP has it".to_owned(),
    }
}

/// The text of a secret, read now: it may have been renewed.
fn text(secret: &Secret) -> Result<String, String> {
    let path = match secret {
        Secret::Plain(text) => return Ok(text.clone()),
        Secret::File(path) => path.clone(),
        Secret::Credential(name) => match std::env::var_os("CREDENTIALS_DIRECTORY") {
            Some(dir) => PathBuf::from(dir).join(name),
            None => {
                return Err(format!(
                    "no credential '{name}' was given: CREDENTIALS_DIRECTORY is not set"
                ));
            }
        },
    };
    let meta = std::fs::metadata(&path);
    let cannot = |why: &dyn std::fmt::Display| {
        format!("cannot read the secret in '{}': {why}", path.display())
    };
    match meta {
        Ok(meta) if meta.is_file() && meta.len() <= SECRET_MAX => {}
        Ok(_) => return Err(cannot(&"it is no regular file of at most 64 KiB")),
        Err(error) => return Err(cannot(&error)),
    }
    let text = std::fs::read_to_string(&path).map_err(|error| cannot(&error))?;
    match text.lines().next().map(str::trim) {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(cannot(&"its first line is empty")),
    }
}
