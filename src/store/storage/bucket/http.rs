//! HTTP for the crate `object_store`, by the one client that the whole program has. It waits, so each request has a
//! thread; what a thread reads is passed on in parts, so that no answer takes more memory than was asked for.

use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::stream::poll_fn;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use object_store::ClientOptions;
use object_store::client::{
    ClientConfigKey, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest,
    HttpResponse, HttpResponseBody, HttpService,
};
use tokio::sync::{mpsc, oneshot};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, SendBody, Timeout};

use super::unconnected::Unconnected;

/// How long it takes to find that nobody is there, where the options do not say it.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// How many connections are kept open to one server: a few more than there are requests at once.
const KEPT_OPEN: usize = 16;
/// The largest part of an answer that is passed on at once, in bytes.
const PART_MAX: u64 = 1 << 20;
/// How many parts may wait for whoever reads them.
const PARTS_WAITING: usize = 2;

/// Makes clients that believe the authorities given, or those of the system.
#[derive(Debug)]
pub(super) struct Connector {
    roots: RootCerts,
}

impl Connector {
    /// Takes a bundle of certificates in PEM in the place of what the system believes, as the tools of AWS take it.
    pub(super) fn new(bundle: Option<&[u8]>) -> Result<Self, Unconnected> {
        let Some(pem) = bundle else {
            return Ok(Self {
                roots: RootCerts::PlatformVerifier,
            });
        };
        let mut found: Vec<Certificate<'static>> = Vec::new();
        for item in parse_pem(pem) {
            if let PemItem::Certificate(certificate) =
                item.map_err(|_| Unconnected::NoAuthorities)?
            {
                found.push(certificate);
            }
        }
        if found.is_empty() {
            return Err(Unconnected::NoAuthorities);
        }
        Ok(Self {
            roots: RootCerts::Specific(Arc::new(found)),
        })
    }
}

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let told = |key| options.get_config_value(&key);
        let seconds = |text: String| {
            text.strip_suffix('s')?
                .parse()
                .ok()
                .map(Duration::from_secs)
        };
        let connect = told(ClientConfigKey::ConnectTimeout).and_then(seconds);
        let config = Agent::config_builder()
            .https_only(told(ClientConfigKey::AllowHttp).as_deref() != Some("true"))
            .timeout_connect(Some(connect.unwrap_or(CONNECT_TIME_MAX)))
            .max_idle_connections(KEPT_OPEN)
            .max_idle_connections_per_host(KEPT_OPEN)
            // An answer of any kind is judged by whoever asked; a signed request is no one's but its server's.
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("venv-snap/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(self.roots.clone()).build());
        Ok(HttpClient::new(Client(config.build().into())))
    }
}

#[derive(Debug)]
struct Client(Agent);

impl Drop for Client {
    /// Nobody waits any more for what still runs.
    fn drop(&mut self) {
        self.0.clone().shutdown();
    }
}

type Answer<'f> = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'f>>;

impl HttpService for Client {
    fn call<'s, 'f>(&'s self, request: HttpRequest) -> Answer<'f>
    where
        's: 'f,
        Self: 'f,
    {
        let agent = self.0.clone();
        Box::pin(async move {
            let request = sendable(request).await?;
            let (answer, answered) = oneshot::channel();
            thread::Builder::new()
                .name("request".to_owned())
                .spawn(move || exchange(&agent, request, answer))
                .map_err(|why| HttpError::new(HttpErrorKind::Unknown, why))?;
            let gone =
                |_| HttpError::new(HttpErrorKind::Unknown, io::Error::other("it was given up"));
            answered.await.map_err(gone)?
        })
    }
}

/// A request whose body is read from the buffers in which it lies.
type Sendable = http::Request<bytes::buf::Reader<Box<dyn Buf + Send>>>;

async fn sendable(request: HttpRequest) -> Result<Sendable, HttpError> {
    let (mut parts, body) = request.into_parts();
    let len = body.content_length();
    // Without a length it would be sent in chunks, which S3 takes only when they are signed one by one.
    if len > 0 || parts.method == http::Method::PUT || parts.method == http::Method::POST {
        parts
            .headers
            .insert(http::header::CONTENT_LENGTH, len.into());
    }
    let body: Box<dyn Buf + Send> = Box::new(body.collect().await?.aggregate());
    Ok(http::Request::from_parts(parts, body.reader()))
}

/// Sends a request, tells the head of the answer, and then passes its body on until nobody takes it.
fn exchange(
    agent: &Agent,
    request: Sendable,
    answer: oneshot::Sender<Result<HttpResponse, HttpError>>,
) {
    let (parts, body) = request.into_parts();
    let body = if parts.headers.contains_key(http::header::CONTENT_LENGTH) {
        SendBody::from_owned_reader(body)
    } else {
        SendBody::none()
    };
    let (head, body) = match agent.run(http::Request::from_parts(parts, body)) {
        Ok(response) => response.into_parts(),
        Err(why) => {
            let _ = answer.send(Err(broken(why)));
            return;
        }
    };
    let (give, mut take) = mpsc::channel(PARTS_WAITING);
    let parts = StreamBody::new(poll_fn(move |context| take.poll_recv(context)));
    if answer
        .send(Ok(HttpResponse::from_parts(
            head,
            HttpResponseBody::new(parts),
        )))
        .is_ok()
    {
        pass_on(body, &give);
    }
}

fn pass_on(body: Body, give: &mpsc::Sender<Result<Frame<Bytes>, HttpError>>) {
    let mut left = body.content_length();
    let mut body = body.into_reader();
    loop {
        // What the server says of its length is believed for one part alone.
        let room = left.unwrap_or(PART_MAX / 16).min(PART_MAX);
        let mut part = Vec::with_capacity(usize::try_from(room).unwrap_or_default());
        let read = body.by_ref().take(PART_MAX).read_to_end(&mut part);
        let last = part.is_empty();
        left = left.map(|left| left.saturating_sub(part.len() as u64));
        let told = match read {
            Err(why) => give.blocking_send(Err(broken(ureq::Error::from(why)))),
            Ok(_) if last => return,
            Ok(_) => give.blocking_send(Ok(Frame::data(part.into()))),
        };
        if told.is_err() || last {
            return;
        }
    }
}

/// What went wrong, as `object_store` decides by it whether a request is sent again.
fn broken(why: ureq::Error) -> HttpError {
    use io::ErrorKind as Io;
    let kind = match &why {
        ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::ConnectProxyFailed(_)
        | ureq::Error::Tls(_)
        | ureq::Error::Rustls(_)
        | ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => HttpErrorKind::Connect,
        ureq::Error::Timeout(_) => HttpErrorKind::Timeout,
        ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => HttpErrorKind::Decode,
        ureq::Error::Io(why) => match why.kind() {
            Io::ConnectionRefused
            | Io::HostUnreachable
            | Io::NetworkUnreachable
            | Io::AddrNotAvailable => HttpErrorKind::Connect,
            Io::TimedOut => HttpErrorKind::Timeout,
            Io::ConnectionAborted | Io::ConnectionReset | Io::BrokenPipe | Io::UnexpectedEof => {
                HttpErrorKind::Interrupted
            }
            _ => HttpErrorKind::Unknown,
        },
        _ => HttpErrorKind::Unknown,
    };
    // Some of its words have the address of the request, and that can hold a token.
    let said = |text: &'static str| HttpError::new(kind, io::Error::other(text));
    match why {
        ureq::Error::Io(why) => HttpError::new(kind, why),
        ureq::Error::RequireHttpsOnly(_) => said("its address must begin with https://"),
        ureq::Error::BadUri(_) => said("its address is none"),
        ureq::Error::ConnectProxyFailed(_) => said("the proxy refuses"),
        why => HttpError::new(kind, why),
    }
}
