//! Where a store lies: in a directory of this host or in a bucket; and what it takes to reach buckets.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::model::Digest;

/// How the name of a store in a bucket of S3 begins.
const S3: &str = "s3://";

/// What the surroundings of a command say about stores elsewhere.
#[derive(Clone, Default)]
pub struct Access {
    /// The variables of the environment that tools of AWS read (`AWS_…`), by name.
    pub variables: BTreeMap<String, String>,
    /// The home directory, where the files of profiles lie.
    pub home: Option<PathBuf>,
    /// The directory for what is kept here of stores elsewhere.
    pub cache: Option<PathBuf>,
    /// How many bytes of one such store are kept at most, apart from its index.
    pub cache_bytes_max: u64,
    /// The name of this host.
    pub host: String,
    /// Whether the person asked to stop; none where nobody can. A server may be silent for long.
    pub asked_to_stop: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
}

/// Secrets are among the variables.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.variables.keys().collect();
        f.debug_struct("Access")
            .field("variables", &names)
            .finish_non_exhaustive()
    }
}

/// Where a store lies.
#[derive(Clone, Debug)]
pub struct Location {
    name: PathBuf,
    access: Arc<Access>,
}

impl Location {
    /// Of a path of a directory, or of the name of a store in a bucket as [`BucketUrl`] writes it. A journal holds
    /// the same.
    pub fn new(name: PathBuf, access: Arc<Access>) -> Self {
        Self { name, access }
    }

    /// A directory of this host.
    pub fn dir(path: &Path) -> Self {
        Self::new(path.to_owned(), Arc::default())
    }

    /// The path, or the URL: for messages and journals.
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// Another store, reached in the same way.
    #[must_use]
    pub fn other(&self, name: &Path) -> Self {
        Self::new(name.to_owned(), Arc::clone(&self.access))
    }

    /// The bucket; none where it is a directory.
    pub fn bucket(&self) -> Option<BucketUrl> {
        BucketUrl::parse(self.name.to_str()?)?.ok()
    }

    /// How stores elsewhere are reached.
    pub(super) fn access(&self) -> &Access {
        &self.access
    }

    /// The directory of this host that belongs to the store: itself, or what is kept here of it. None where there is
    /// no place for that.
    pub fn on_this_host(&self) -> Option<PathBuf> {
        let Some(bucket) = self.bucket() else {
            return Some(self.name.clone());
        };
        // The same name means another store at another endpoint.
        let said = |name: &str| self.access.variables.get(name);
        let endpoint = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_PROFILE"].map(said);
        let identity = format!("{bucket}\0{endpoint:?}");
        let digest = Digest::of(identity.as_bytes()).to_hex();
        Some(self.access.cache.as_ref()?.join(&digest[..32]))
    }
}

/// The name of a store in a bucket: `s3://BUCKET/PREFIX`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BucketUrl {
    bucket: String,
    /// Without a slash at either end; may be empty.
    prefix: String,
}

impl BucketUrl {
    /// Reads the name of a store in a bucket; none where the text is none, and an error where it is a wrong one.
    /// The error tells why without the text, since some people write their keys into it.
    pub fn parse(text: &str) -> Option<Result<Self, &'static str>> {
        let head = text.get(..S3.len())?;
        if !head.eq_ignore_ascii_case(S3) {
            return None;
        }
        let rest = &text[S3.len()..];
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        Some(Self::new(bucket, prefix))
    }

    fn new(bucket: &str, prefix: &str) -> Result<Self, &'static str> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if bucket.contains(['@', ':']) {
            return Err("neither keys nor a host belong into it");
        }
        if !(3..=63).contains(&bucket.len()) || !bucket.chars().all(plain) {
            return Err("no bucket has such a name");
        }
        let prefix = prefix.trim_matches('/');
        let parts = || prefix.split('/');
        let is_fine = |part: &str| {
            let chars = |c: char| plain(c) || matches!(c, '+' | '=' | ',' | '~');
            !matches!(part, "" | "." | "..") && part.chars().all(chars)
        };
        if !prefix.is_empty() && !parts().all(is_fine) {
            return Err(
                "what follows the bucket may hold letters, digits and '._-+=,~' between single slashes",
            );
        }
        if prefix.len() > 512 {
            return Err("it is too long");
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
        })
    }

    /// The bucket.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// What all keys of the store begin with, without a slash at either end. May be empty.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

impl fmt::Display for BucketUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        write!(f, "{S3}{}{slash}{}", self.bucket, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_of_a_bucket_has_one_form_and_a_wrong_one_is_told_without_its_text() {
        for (text, url) in [
            ("s3://bucket", "s3://bucket"),
            ("S3://bucket/", "s3://bucket"),
            ("s3://my.bucket-1/a/b_c/", "s3://my.bucket-1/a/b_c"),
        ] {
            assert_eq!(BucketUrl::parse(text).unwrap().unwrap().to_string(), url);
        }
        for text in [
            "s3://",
            "s3:///x",
            "s3://AKIA:secret@bucket/x",
            "s3://bucket:9000/x",
            "s3://bucket/a//b",
            "s3://bucket/../x",
            "s3://bucket/a?b",
            "s3://b/x",
        ] {
            let why = BucketUrl::parse(text).unwrap().unwrap_err();
            assert!(!why.contains("secret"), "{text}");
        }
        for text in ["/s3://bucket", "gs://bucket", "s3:/bucket", "ordner"] {
            assert_eq!(BucketUrl::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_same_bucket_at_another_endpoint_is_kept_apart() {
        let at = |endpoint: &str| {
            let name = "AWS_ENDPOINT_URL".to_owned();
            let access = Access {
                variables: BTreeMap::from([(name, endpoint.to_owned())]),
                cache: Some(PathBuf::from("/cache")),
                ..Access::default()
            };
            Location::new(PathBuf::from("s3://bucket/x"), Arc::new(access)).on_this_host()
        };
        assert_ne!(at("http://one"), at("http://two"));
        assert_eq!(at("http://one"), at("http://one"));
    }
}
