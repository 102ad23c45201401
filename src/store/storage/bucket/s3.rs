//! Objects in a bucket of S3 or of what speaks like it, by the crate `object_store` and its runtime; whoever asks waits
//! for the answer.

use std::future::Future;
use std::ops::Range;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path as Key;
use object_store::{
    BackoffConfig, ClientOptions, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMode, PutPayload, RetryConfig,
};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::answer::failed;
use super::asked::{ByProgram, ByTeller, credential};
use super::credentials::{Credentials, Source};
use super::http::Connector;
use super::objects::{Failed, Listing, Objects, Put};
use super::unconnected::Unconnected;
use crate::store::location::{Access, BucketUrl};

/// How often a request is sent again that the server was too busy for, or that did not reach it.
const RETRIES_MAX: usize = 5;
/// For how long it is sent again.
const RETRY_TIME_MAX: Duration = Duration::from_mins(1);
/// How long a request without a body may take, when it is sent once.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);
/// The slowest line on which a body still arrives, in bytes each second.
const SLOWEST: u64 = 32 << 10;
/// How often it is asked whether the person wants to stop, while no answer comes,
const ASKED_TO_STOP_EVERY: Duration = Duration::from_millis(100);
/// and how long requests may still take then, all together: what goes well comes to its end.
const STOPPING_TIME_MAX: Duration = Duration::from_secs(2);

/// A bucket.
pub(super) struct S3 {
    runtime: Runtime,
    store: AmazonS3,
    asked_to_stop: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
    /// When that was first seen to be so.
    stopping: OnceLock<Instant>,
}

impl std::fmt::Debug for S3 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("S3")
    }
}

impl S3 {
    /// Makes ready for requests; sends none. An error tells why not, and nothing secret.
    pub(super) fn connect(url: &BucketUrl, access: &Access) -> Result<Self, Unconnected> {
        let credentials = Credentials::load(access)?;
        let mut builder = AmazonS3Builder::new();
        for (name, value) in access
            .variables
            .iter()
            .filter(|(_, value)| !value.is_empty())
        {
            // A bucket in the environment is none of ours, and the keys are chosen below.
            match name.to_ascii_lowercase().parse() {
                Ok(AmazonS3ConfigKey::Bucket) | Err(_) => {}
                Ok(key) => builder = builder.with_config(key, value),
            }
        }
        if let Some(region) = &credentials.region {
            builder = builder.with_region(region);
        }
        if let Some(endpoint) = &credentials.endpoint {
            builder = builder
                .with_config(AmazonS3ConfigKey::S3Endpoint, endpoint)
                .with_allow_http(endpoint.starts_with("http://"));
        }
        let connector = connector(&credentials)?;
        let plain = credentials
            .endpoint
            .as_ref()
            .is_some_and(|at| at.starts_with("http://"));
        let backoff = BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(5),
            base: 2.0,
        };
        builder = builder
            .with_bucket_name(url.bucket())
            .with_client_options(ClientOptions::new().with_allow_http(plain))
            .with_http_connector(connector)
            .with_retry(RetryConfig {
                backoff,
                max_retries: RETRIES_MAX,
                retry_timeout: RETRY_TIME_MAX,
            });
        let build = |builder: AmazonS3Builder| builder.build().map_err(|_| Unconnected::Settings);
        builder = match credentials.source {
            Source::Surroundings => builder,
            Source::Fixed(keys) => builder.with_credentials(Arc::new(
                object_store::StaticCredentialProvider::new(credential(keys)),
            )),
            Source::Program(program) => builder.with_credentials(Arc::new(ByProgram::new(program))),
            Source::Asked(teller) => {
                let asking = build(builder.clone())?;
                builder.with_credentials(Arc::new(ByTeller::new(teller, asking.credentials())))
            }
        };
        let store = build(builder)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("bucket")
            .enable_all()
            .build()
            .map_err(Unconnected::Thread)?;
        Ok(Self {
            runtime,
            store,
            asked_to_stop: access.asked_to_stop.clone(),
            stopping: OnceLock::new(),
        })
    }

    /// Waits for a request that moves `len` bytes.
    fn wait<T>(
        &self,
        len: u64,
        request: impl Future<Output = object_store::Result<T>>,
    ) -> Result<T, Failed> {
        let limit = ANSWER_TIME_MAX + RETRY_TIME_MAX + Duration::from_secs(len / SLOWEST);
        self.runtime.block_on(async {
            let mut request = pin!(request);
            let start = Instant::now();
            loop {
                match timeout(ASKED_TO_STOP_EVERY, request.as_mut()).await {
                    Ok(answer) => return answer.map_err(|error| failed(&error)),
                    Err(_) if start.elapsed() > limit => {
                        return Err(Failed::Unknown("no answer came in time".to_owned()));
                    }
                    Err(_) => {}
                }
                if self.asked_to_stop.as_ref().is_some_and(|asked| asked())
                    && self.stopping.get_or_init(Instant::now).elapsed() > STOPPING_TIME_MAX
                {
                    return Err(Failed::Stopped);
                }
            }
        })
    }
}

impl Objects for S3 {
    fn put(&self, key: &str, content: &[Bytes], put: Put) -> Result<(), Failed> {
        let mode = match put {
            Put::Over => PutMode::Overwrite,
            Put::New => PutMode::Create,
        };
        let payload: PutPayload = content.iter().cloned().collect();
        let len = payload.content_length() as u64;
        let key = Key::from(key);
        self.wait(len, self.store.put_opts(&key, payload, mode.into()))
            .map(|_| ())
    }

    fn get(&self, key: &str, range: Option<Range<u64>>, max: u64) -> Result<Bytes, Failed> {
        let key = Key::from(key);
        let options = GetOptions {
            range: range.map(GetRange::Bounded),
            ..GetOptions::default()
        };
        let request = async {
            let answer = self.store.get_opts(&key, options).await?;
            let len = answer.range.end - answer.range.start;
            if len > max {
                return Ok(Err(Failed::TooLong));
            }
            let bytes = answer.bytes().await?;
            if bytes.len() as u64 != len {
                return Ok(Err(Failed::Unknown("the answer was cut short".to_owned())));
            }
            Ok(Ok(bytes))
        };
        self.wait(max.min(64 << 20), request)?
    }

    fn head(&self, key: &str) -> Result<Listing, Failed> {
        let key = Key::from(key);
        Ok(listing(&self.wait(0, self.store.head(&key))?))
    }

    fn list(&self, prefix: &str, after: Option<&str>) -> Result<Vec<Listing>, Failed> {
        let prefix = (!prefix.is_empty()).then(|| Key::from(prefix));
        let found = match after {
            Some(after) => self
                .store
                .list_with_offset(prefix.as_ref(), &Key::from(after)),
            None => self.store.list(prefix.as_ref()),
        };
        // A long listing takes many requests, one for a thousand keys, so it has the time of a long body.
        let all = found.map_ok(|meta| listing(&meta));
        self.wait(64 << 20, all.try_collect())
    }

    fn delete(&self, keys: Vec<String>) -> Result<(), Failed> {
        let keys: Vec<_> = keys.into_iter().map(|key| Ok(Key::from(key))).collect();
        let deleted = self
            .store
            .delete_stream(futures_util::stream::iter(keys).boxed());
        let gone = deleted.try_for_each(|_| std::future::ready(Ok(())));
        match self.wait(0, gone) {
            Err(Failed::Missing) => Ok(()),
            done => done,
        }
    }
}

/// How connections are made.
fn connector(credentials: &Credentials) -> Result<Connector, Unconnected> {
    let bundle = credentials.ca_file.as_ref().map(std::fs::read).transpose();
    Connector::new(bundle.map_err(Unconnected::Authorities)?.as_deref())
}

fn listing(meta: &ObjectMeta) -> Listing {
    Listing {
        key: meta.location.to_string(),
        size: meta.size,
        written: meta.last_modified.timestamp(),
        tag: meta.e_tag.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn all_requests_together_have_but_one_respite_once_somebody_asked_to_stop() {
        // Nobody ever takes what reaches it.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", silent.local_addr().unwrap());
        let variables = [
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let access = Access {
            variables: variables.into(),
            asked_to_stop: Some(Arc::new(|| true)),
            ..Access::default()
        };
        let url = BucketUrl::parse("s3://bucket/x").unwrap().unwrap();
        let bucket = S3::connect(&url, &access).unwrap();
        let start = Instant::now();
        for _ in 0..4 {
            assert!(matches!(bucket.head("key"), Err(Failed::Stopped)));
        }
        let took = start.elapsed();
        assert!(took > STOPPING_TIME_MAX, "{took:?}");
        assert!(took < 2 * STOPPING_TIME_MAX, "{took:?}");
    }
}
