//! Stores in a bucket: `--store s3://…`.

mod faults;
mod hosts;
mod promises;
mod prune;
mod read_only;
mod repair;
mod requests;
mod secrets;
mod sharing;
mod silent;
mod tls;
mod told;
mod work;

use std::ops::Deref;

use crate::support::Sandbox;
use crate::support::bucket::Bucket;

/// The store that these tests use.
pub(crate) const STORE: &str = "s3://bucket/hosts";

/// A host: a sandbox whose store lies in a bucket.
pub(crate) struct Host {
    /// The same place with a store of its own.
    pub(crate) sandbox: Sandbox,
    remote: Sandbox,
}

impl Host {
    pub(crate) fn new(bucket: &Bucket) -> Self {
        let sandbox = Sandbox::new();
        let mut variables = bucket.variables();
        variables.push(("VENV_SNAP_STORE", STORE.to_owned()));
        let remote = sandbox.with(variables);
        Self { sandbox, remote }
    }
}

impl Deref for Host {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.remote
    }
}
