//! Keys that somebody has to be asked for: the program of a profile, or whom the client knows to ask.

use std::future::Future;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use object_store::aws::{AwsCredential, AwsCredentialProvider};
use object_store::{CredentialProvider, Error, Result};
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::answer::failed;
use super::credentials::{Keys, Program, Teller};
use super::objects::Failed;
use super::unconnected::Unconnected;

/// How long a program may take to tell keys.
const PROGRAM_TIME_MAX: Duration = Duration::from_mins(1);
/// How long keys of a program are used before it is asked again. None are handed out for less than fifteen minutes.
const ASKED_EVERY: Duration = Duration::from_mins(5);

type Answer<'f> = Pin<Box<dyn Future<Output = Result<Arc<AwsCredential>>> + Send + 'f>>;

/// A pair of keys as the client takes it.
pub(super) fn credential(keys: Keys) -> AwsCredential {
    AwsCredential {
        key_id: keys.id,
        secret_key: keys.secret,
        token: keys.token,
    }
}

/// That no keys were to be had, as the client passes it on.
fn none_told(why: Unconnected) -> Error {
    Error::Unauthenticated {
        path: String::new(),
        source: Box::new(why),
    }
}

/// Keys for which the client asks. What went wrong there is none of the bucket's answers, and told apart from them.
#[derive(Debug)]
pub(super) struct ByTeller {
    teller: Teller,
    client: AwsCredentialProvider,
}

impl ByTeller {
    pub(super) fn new(teller: Teller, client: &AwsCredentialProvider) -> Self {
        let client = Arc::clone(client);
        Self { teller, client }
    }
}

impl CredentialProvider for ByTeller {
    type Credential = AwsCredential;

    fn get_credential<'s, 'f>(&'s self) -> Answer<'f>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(async {
            self.client.get_credential().await.map_err(|why| {
                none_told(Unconnected::NoneTold {
                    teller: self.teller.name(),
                    why: match failed(&why) {
                        Failed::Missing => "it answers 404".to_owned(),
                        Failed::Denied(why) => why,
                        other => other.to_string(),
                    },
                })
            })
        })
    }
}

/// Keys that a program tells.
#[derive(Debug)]
pub(super) struct ByProgram {
    program: Program,
    last: Mutex<Option<(Arc<AwsCredential>, Instant)>>,
}

impl ByProgram {
    pub(super) fn new(program: Program) -> Self {
        let last = Mutex::default();
        Self { program, last }
    }

    /// Runs the program, which ends with whoever waits for it.
    async fn ask(&self) -> Result<Keys, Unconnected> {
        let (name, arguments) = self.program.words().ok_or(Unconnected::NoProgram)?;
        let ran = Command::new(name)
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .output();
        let silent = |_| Unconnected::ProgramSilent(PROGRAM_TIME_MAX.as_secs());
        let output = timeout(PROGRAM_TIME_MAX, ran).await.map_err(silent)?;
        Program::keys(&output.map_err(Unconnected::Program)?)
    }
}

impl CredentialProvider for ByProgram {
    type Credential = AwsCredential;

    fn get_credential<'s, 'f>(&'s self) -> Answer<'f>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(async {
            let mut last = self.last.lock().await;
            let fresh = last
                .as_ref()
                .filter(|(_, since)| since.elapsed() < ASKED_EVERY);
            if let Some((known, _)) = fresh {
                return Ok(Arc::clone(known));
            }
            let keys = self.ask().await.map_err(none_told)?;
            let told = Arc::new(credential(keys));
            *last = Some((Arc::clone(&told), Instant::now()));
            Ok(told)
        })
    }
}
