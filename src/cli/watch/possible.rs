//! Which values of `watch.toml` can be: a name that no unit has, or a path that leads nowhere on any machine, is a
//! mistake that a person should hear of before the night in which it matters.

use std::net::Ipv4Addr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use toml::Spanned;
use ureq::http::Uri;
use venv_snap::model::Shown;

use super::mistake::{Checked, wrong};

/// The longest name of a file, a unit or a credential, in bytes.
const NAME_MAX: usize = 255;
/// Units that nobody starts: the kernel or a program makes them.
const NOT_STARTED: [&str; 2] = ["device", "scope"];

/// An absolute path that some file could have.
pub(super) fn path(path: &Spanned<PathBuf>) -> Checked<PathBuf> {
    let own = path.get_ref();
    let shown = Shown::path(own);
    let is_long = |part: &std::ffi::OsStr| part.len() > NAME_MAX;
    let why = if !own.is_absolute() {
        "is no absolute path: write one that begins with '/'"
    } else if own.as_os_str().as_bytes().contains(&0) {
        "holds a NUL, which no path does"
    } else if own.iter().any(is_long) {
        "has a part of more than 255 bytes, which no file has"
    } else if own.file_name().is_none() {
        "names no entry of a directory: write the path itself"
    } else {
        return Ok(own.clone());
    };
    wrong(&path.span(), &format!("'{shown}' {why}"))
}

/// The same of a file.
pub(super) fn file(path_to: &Spanned<PathBuf>) -> Checked<PathBuf> {
    if path_to.get_ref().as_os_str().as_bytes().ends_with(b"/") {
        let shown = Shown::path(path_to.get_ref());
        let why = format!("'{shown}' is a directory: write the path of a file");
        return wrong(&path_to.span(), &why);
    }
    path(path_to)
}

/// The name of a unit that systemd could start (systemd.unit(5), "Description"); `.service` may be left out.
pub(super) fn unit(name: &Spanned<String>) -> Checked<String> {
    let own = name.get_ref();
    let shown = Shown(own.as_bytes());
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c);
    let (stem, kind) = own.rsplit_once('.').unwrap_or((own, "service"));
    let is_name = !stem.is_empty()
        && own.len() <= NAME_MAX
        && !own.starts_with(['-', '@'])
        && !Path::new(own).iter().any(|part| part == "..")
        && own.chars().all(is_plain);
    let is_template = own.split_once('@').is_some_and(|(_, rest)| {
        let instance = rest.rsplit_once('.').map_or(rest, |(instance, _)| instance);
        instance.is_empty()
    });
    let why = if !is_name {
        "is no name of a unit: write one such as \"app.service\""
    } else if is_template {
        "is a template, of which only instances are started: write one such as \"app@one.service\""
    } else if NOT_STARTED.contains(&kind) {
        "is of a kind that nobody starts: write the service, such as \"app.service\""
    } else {
        return Ok(own.clone());
    };
    wrong(&name.span(), &format!("'{shown}' {why}"))
}

/// The name of a credential of systemd (systemd.exec(5), "LoadCredential"): a name of a file.
pub(super) fn credential(name: &Spanned<String>) -> Checked<String> {
    let own = name.get_ref();
    let is_plain = |c: char| c.is_ascii_graphic() && !"/:".contains(c) || c == ' ';
    let is_name = !own.is_empty() && own.len() <= NAME_MAX && own != "." && own != "..";
    if is_name && own.chars().all(is_plain) {
        return Ok(own.clone());
    }
    let why = format!(
        "'{}' is no name of a credential: write the one of LoadCredential=NAME:PATH",
        Shown(own.as_bytes())
    );
    wrong(&name.span(), &why)
}

/// Whether a text is a URL of HTTP or HTTPS, of a host that can be.
pub(super) fn is_url(text: &str) -> bool {
    let is_http = text.starts_with("http://") || text.starts_with("https://");
    let Ok(uri) = text.parse::<Uri>() else {
        return false;
    };
    let Some(authority) = uri.authority().filter(|_| is_http) else {
        return false;
    };
    let host = authority.host();
    let own = authority.as_str().rsplit('@').next().unwrap_or_default();
    let port = own.strip_prefix(host).unwrap_or_default();
    let is_port = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    is_port && is_host(host)
}

/// Whether a host can be called so. A name that ends with a number is an address (URL Standard, "host parsing").
fn is_host(host: &str) -> bool {
    if host.starts_with('[') {
        let inner = host.trim_start_matches('[').trim_end_matches(']');
        return inner.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    let mut parts = name.split('.');
    let is_number = name
        .rsplit('.')
        .next()
        .is_some_and(|last| !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit()));
    parts.all(|part| !part.is_empty() && part.len() < 64)
        && (!is_number || name.parse::<Ipv4Addr>().is_ok())
}
