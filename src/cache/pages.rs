//! Pages of an index that pip keeps (packaging.python.org, "Simple repository API"): which hash each file should have.
//! Entries are named by the SHA-224 of the URL, so a page tells which of them it speaks of.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha224};

use crate::python::dist::{Hash, Sum, hash, normalized};

/// The name of an entry of pip: SHA-224 of its URL.
pub(super) type Key = [u8; 28];

/// A longer page is not read.
pub(super) const PAGE_MAX: u64 = 48 << 20;

/// What a page says of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Expected {
    /// The name of the file.
    pub(super) file: String,
    pub(super) sum: Option<Sum>,
    pub(super) size: Option<u64>,
}

/// What all pages say of the entries that there are.
#[derive(Debug, Default)]
pub(super) struct Pages {
    /// By the names of entries.
    pub(super) files: HashMap<Key, Expected>,
    /// Hashes by the names of files, from pages whose own URL is not known, nor that of their relative links.
    pub(super) named: HashMap<String, Vec<Sum>>,
}

/// So many files are remembered by name.
const NAMED_MAX: usize = 100_000;

/// A link of a page.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Link {
    url: String,
    sum: Option<Sum>,
    size: Option<u64>,
    /// The hash of the metadata that lies beside the file (PEP 658).
    metadata: Option<Sum>,
}

impl Pages {
    /// Adds what a page says of the entries that there are; false where it makes no sense. `key` is its own name,
    /// `indexes` the URLs of indexes that are known, by which relative links are understood.
    pub(super) fn add(
        &mut self,
        page: &[u8],
        is_json: bool,
        key: &Key,
        there: &HashSet<Key>,
        indexes: &[String],
    ) -> bool {
        let links = if is_json {
            json(page)
        } else {
            Some(html(page))
        };
        let Some(links) = links else { return false };
        let base = links
            .first()
            .and_then(|link| base(file_name(&link.url), key, indexes));
        for link in links {
            let file = file_name(&link.url).to_owned();
            let Some(url) = resolve(base.as_deref(), &link.url) else {
                let is_room = self.named.len() < NAMED_MAX;
                if let Some(sum) = link.sum.filter(|_| is_room) {
                    self.named.entry(file).or_default().push(sum);
                }
                continue;
            };
            let Link {
                sum,
                size,
                metadata,
                ..
            } = link;
            let beside = metadata.map(|sum| {
                let (file, sum) = (format!("{file}.metadata"), Some(sum));
                Expected {
                    file,
                    sum,
                    size: None,
                }
            });
            for url in spellings(&url) {
                let expected = Expected {
                    file: file.clone(),
                    sum: sum.clone(),
                    size,
                };
                self.put(&url, there, Some(expected));
                self.put(&format!("{url}.metadata"), there, beside.clone());
            }
        }
        true
    }

    fn put(&mut self, url: &str, there: &HashSet<Key>, expected: Option<Expected>) {
        let key: Key = Sha224::digest(url).into();
        if let Some(expected) = expected.filter(|_| there.contains(&key)) {
            self.files.insert(key, expected);
        }
    }
}

/// The links of a page in JSON (PEP 691); none where it is none.
fn json(page: &[u8]) -> Option<Vec<Link>> {
    #[derive(serde::Deserialize)]
    struct Page {
        files: Vec<File>,
    }
    #[derive(serde::Deserialize)]
    struct File {
        url: String,
        #[serde(default)]
        hashes: HashMap<String, String>,
        size: Option<u64>,
        #[serde(alias = "dist-info-metadata", alias = "data-dist-info-metadata")]
        #[serde(rename = "core-metadata", default)]
        metadata: Beside,
    }
    #[derive(serde::Deserialize, Default)]
    #[serde(untagged)]
    enum Beside {
        Hashes(HashMap<String, String>),
        Other(serde::de::IgnoredAny),
        #[default]
        None,
    }
    let of = |hashes: &HashMap<String, String>| {
        let sum = hashes.get("sha256")?;
        known(&format!("sha256={sum}"))
    };
    let page: Page = match serde_json::from_slice(page) {
        Ok(page) => page,
        // JSON of another shape is no page of an index, and not damaged.
        Err(error) if error.is_data() => return Some(Vec::new()),
        Err(_) => return None,
    };
    let link = |file: File| Link {
        sum: of(&file.hashes),
        metadata: match &file.metadata {
            Beside::Hashes(hashes) => of(hashes),
            Beside::Other(_) | Beside::None => None,
        },
        url: file.url,
        size: file.size,
    };
    Some(page.files.into_iter().map(link).collect())
}

/// The links of a page in HTML (PEP 503), each with the hash in its fragment.
fn html(page: &[u8]) -> Vec<Link> {
    let text = String::from_utf8_lossy(page);
    let mut links = Vec::new();
    let anchors = text.match_indices('<').filter_map(|(at, _)| {
        let rest = &text[at + 1..];
        let is_anchor = rest
            .as_bytes()
            .first()
            .is_some_and(|byte| byte.eq_ignore_ascii_case(&b'a'));
        (is_anchor && rest[1..].starts_with(char::is_whitespace)).then_some(rest)
    });
    for anchor in anchors {
        let tag = anchor.split('>').next().unwrap_or_default();
        let Some(href) = attribute(tag, "href") else {
            continue;
        };
        let href = href.replace("&amp;", "&");
        let (url, fragment) = href.split_once('#').unwrap_or((&href, ""));
        let metadata = attribute(tag, "data-core-metadata");
        let metadata = metadata.or_else(|| attribute(tag, "data-dist-info-metadata"));
        links.push(Link {
            url: url.to_owned(),
            sum: fragment.split('&').find_map(known),
            size: None,
            metadata: metadata.and_then(known),
        });
    }
    links
}

/// The value of an attribute in a tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let lower = tag.to_ascii_lowercase();
    let mut from = 0;
    while let Some(at) = lower[from..].find(name).map(|at| at + from) {
        from = at + name.len();
        let begins = lower[..at].ends_with(char::is_whitespace);
        let value = tag[from..]
            .trim_start()
            .strip_prefix('=')
            .map(str::trim_start);
        let quote = value.and_then(|value| value.chars().next());
        match (begins, value, quote) {
            (true, Some(value), Some(quote @ ('"' | '\''))) => {
                return value[1..].split(quote).next();
            }
            (true, Some(value), Some(_)) => return value.split_whitespace().next(),
            _ => {}
        }
    }
    None
}

fn known(text: &str) -> Option<Sum> {
    match hash(text.as_bytes()) {
        Hash::Known(sum) => Some(sum),
        Hash::None | Hash::Link | Hash::Unknown => None,
    }
}

/// The URL of a page itself: the one of its project at a known index whose SHA-224 is `key`; none where there is none.
fn base(file: &str, key: &Key, indexes: &[String]) -> Option<String> {
    let name = project(file)?;
    let pages = indexes.iter().map(|index| {
        let index = without_user(index);
        format!("{}/{name}/", index.trim_end_matches('/'))
    });
    pages
        .into_iter()
        .find(|page| <Key>::from(Sha224::digest(page)) == *key)
}

/// The project of a file, by its name (packaging.python.org, "Binary distribution format", "Source distribution file
/// name").
fn project(file: &str) -> Option<String> {
    let stem = file.strip_suffix(".whl").map(|stem| stem.split('-').next());
    let name = stem.unwrap_or_else(|| file.rsplit_once('-').map(|(name, _)| name))?;
    Some(normalized(name))
}

/// A URL as pip asks for it in the end: without credentials, scheme and host in lower case.
fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit('@').next().unwrap_or(host);
    format!(
        "{}://{}/{path}",
        scheme.to_ascii_lowercase(),
        host.to_ascii_lowercase()
    )
}

fn file_name(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    path.rsplit('/').next().unwrap_or(path)
}

/// An absolute URL of a link (RFC 3986, section 5.2); none where the page's own is not known.
fn resolve(base: Option<&str>, url: &str) -> Option<String> {
    if url.contains("://") {
        return Some(without_user(url));
    }
    let (scheme, rest) = base?.split_once("://")?;
    if let Some(rest) = url.strip_prefix("//") {
        return Some(format!("{scheme}://{rest}"));
    }
    let (host, path) = rest.split_once('/')?;
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    if url.starts_with('/') {
        parts.clear();
    }
    for part in url.trim_start_matches('/').split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." => {}
            part => parts.push(part),
        }
    }
    Some(format!("{scheme}://{host}/{}", parts.join("/")))
}

/// A URL as it stands, and as pip writes it: with all but plain characters in per cent.
fn spellings(url: &str) -> Vec<String> {
    let quoted = url.split_once("://").and_then(|(scheme, rest)| {
        let (host, path) = rest.split_once('/')?;
        let (path, query) = path
            .split_once('?')
            .map_or((path, None), |(path, q)| (path, Some(q)));
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        Some(format!("{scheme}://{host}/{}{query}", quote(path)))
    });
    let mut all: Vec<String> = quoted.into_iter().collect();
    if all.first().is_none_or(|quoted| quoted != url) {
        all.push(url.to_owned());
    }
    all
}

fn quote(path: &str) -> String {
    let mut out = String::new();
    let bytes = path.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = bytes.get(at + 1..at + 3).filter(|_| byte == b'%');
        let decoded = hex.and_then(|hex| data_encoding::HEXUPPER_PERMISSIVE.decode(hex).ok());
        let (byte, len) = decoded.map_or((byte, 1), |one| (one[0], 3));
        let is_plain = byte.is_ascii_alphanumeric() || b"_.-~@".contains(&byte);
        if is_plain || byte == b'/' && len == 1 {
            out.push(byte.into());
        } else {
            out.push('%');
            out.push_str(&data_encoding::HEXUPPER.encode(&[byte]));
        }
        at += len;
    }
    out
}
