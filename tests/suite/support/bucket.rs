//! A bucket on loopback that speaks as much of S3 as a store needs, and does what a test wants with any request: refuse
//! it, lose its answer, cut it short. Signatures are not checked.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What happens to a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// It is answered with this status, and nothing is done.
    Status(u16),
    /// It is carried out, and answered with this status.
    Done(u16),
    /// The connection is closed before anything is done.
    Reset,
    /// It is carried out, and the connection closed without an answer.
    Lost,
    /// Half of the body comes back.
    Cut,
    /// No answer comes while the client waits for one.
    Silent,
}

/// Decides what happens to a request, by its number from 0 on, its method, and its key or query; none lets it go well.
pub(crate) type Plan = Arc<dyn Fn(usize, &str, &str) -> Option<Fault> + Send + Sync>;

/// A server, until it is dropped.
pub(crate) struct Bucket {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    objects: Mutex<BTreeMap<String, Vec<u8>>>,
    /// When objects were written, in seconds since 1970. An object that is not among them counts as written now.
    times: Mutex<BTreeMap<String, i64>>,
    /// By how many seconds the clock is ahead.
    ahead: AtomicI64,
    plan: Mutex<Plan>,
    asked: AtomicUsize,
    log: Mutex<Vec<String>>,
    stopped: AtomicBool,
    /// Whether conditions are not looked at.
    is_blind: AtomicBool,
    /// Whether parts are told as if they were the whole.
    gives_no_parts: AtomicBool,
    /// How many keys a page of a list has.
    page: AtomicUsize,
}

impl Bucket {
    pub(crate) fn serve() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            objects: Mutex::default(),
            times: Mutex::default(),
            ahead: AtomicI64::new(0),
            plan: Mutex::new(Arc::new(|_, _, _| None)),
            asked: AtomicUsize::new(0),
            log: Mutex::default(),
            stopped: AtomicBool::new(false),
            is_blind: AtomicBool::new(false),
            gives_no_parts: AtomicBool::new(false),
            page: AtomicUsize::new(50),
        });
        let of_server = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if of_server.stopped.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&of_server);
                // A client that goes away in the middle is no failure.
                std::thread::spawn(move || drop(converse(stream, &shared)));
            }
        });
        Self { address, shared }
    }

    /// Decides what happens to requests from now on, which are counted from 0 again.
    pub(crate) fn plan(
        &self,
        plan: impl Fn(usize, &str, &str) -> Option<Fault> + Send + Sync + 'static,
    ) {
        *self.shared.plan.lock().unwrap() = Arc::new(plan);
        self.shared.asked.store(0, Ordering::SeqCst);
        self.shared.log.lock().unwrap().clear();
    }

    /// Looks at no condition from now on, as some servers do.
    pub(crate) fn blind(&self) {
        self.shared.is_blind.store(true, Ordering::SeqCst);
    }

    /// Answers to a question for a part with the status of a whole object from now on, as some servers do.
    pub(crate) fn give_no_parts(&self) {
        self.shared.gives_no_parts.store(true, Ordering::SeqCst);
    }

    /// Lets a page of a list have so many keys. Those of S3 have 1000, and in most tests 50, so that they have several.
    pub(crate) fn page(&self, keys: usize) {
        self.shared.page.store(keys, Ordering::SeqCst);
    }

    /// Lets all that is there be older by so many seconds.
    pub(crate) fn age(&self, seconds: i64) {
        let keys = self.keys();
        let mut times = self.shared.times.lock().unwrap();
        for key in keys {
            *times.entry(key).or_insert_with(|| self.shared.now()) -= seconds;
        }
    }

    /// Lets the clock be ahead by so many seconds.
    pub(crate) fn set_clock_ahead(&self, seconds: i64) {
        self.shared.ahead.store(seconds, Ordering::SeqCst);
    }

    /// Lets everything go well again.
    pub(crate) fn calm(&self) {
        self.plan(|_, _, _| None);
    }

    /// How many requests came since the last plan.
    pub(crate) fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }

    /// The requests since the last plan: method, and key or query.
    pub(crate) fn log(&self) -> Vec<String> {
        self.shared.log.lock().unwrap().clone()
    }

    /// The keys of all objects.
    pub(crate) fn keys(&self) -> Vec<String> {
        let objects = self.shared.objects.lock().unwrap();
        objects.keys().cloned().collect()
    }

    /// Changes the objects behind everybody's back.
    pub(crate) fn change(&self, change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>)) {
        change(&mut self.shared.objects.lock().unwrap());
    }

    /// The variables that lead a command to this bucket, with keys that open it.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
            ("AWS_ACCESS_KEY_ID", "AKOPEN".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "SECRETWORD".to_owned()),
            ("AWS_REGION", "here-1".to_owned()),
        ]
    }
}

impl Shared {
    fn now(&self) -> i64 {
        jiff::Timestamp::now().as_second() + self.ahead.load(Ordering::SeqCst)
    }

    /// When an object was written.
    fn written(&self, key: &str) -> jiff::Timestamp {
        let known = self.times.lock().unwrap().get(key).copied();
        jiff::Timestamp::from_second(known.unwrap_or_else(|| self.now())).unwrap()
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

struct Request {
    method: String,
    key: String,
    query: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

fn read(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split(' ').map(str::to_owned);
    let (method, target) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? <= 2 {
            break;
        }
        let (name, value) = header.split_once(':').unwrap_or_default();
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let len = headers
        .get("content-length")
        .map_or(0, |len| len.parse().unwrap());
    let mut body = vec![0; len];
    reader.read_exact(&mut body)?;
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let key = path
        .trim_start_matches('/')
        .split_once('/')
        .map_or("", |(_, key)| key);
    Ok(Some(Request {
        method,
        key: key.to_owned(),
        query: query.to_owned(),
        headers,
        body,
    }))
}

fn converse(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut out = stream;
    while let Some(request) = read(&mut reader)? {
        let number = shared.asked.fetch_add(1, Ordering::SeqCst);
        let what = if request.key.is_empty() {
            &request.query
        } else {
            &request.key
        };
        let told = format!("{} {what}", request.method);
        shared.log.lock().unwrap().push(told);
        let plan = Arc::clone(&shared.plan.lock().unwrap());
        let fault = plan(number, &request.method, what);
        let (status, headers, body) = match fault {
            Some(Fault::Reset) => return Ok(()),
            // Nothing more comes before the client is gone.
            Some(Fault::Silent) => return read(&mut reader).map(drop),
            Some(Fault::Status(status)) => (status, String::new(), error(status)),
            Some(Fault::Done(status)) => {
                carry_out(&request, shared);
                (status, String::new(), error(status))
            }
            Some(Fault::Lost) => {
                carry_out(&request, shared);
                return Ok(());
            }
            Some(Fault::Cut) | None => carry_out(&request, shared),
        };
        let len = body.len();
        let is_cut = fault == Some(Fault::Cut) && len > 0;
        let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {len}\r\n{headers}\r\n");
        let body = if request.method == "HEAD" {
            Vec::new()
        } else {
            body
        };
        let sent = if is_cut {
            &body[..body.len() / 2]
        } else {
            &body
        };
        out.write_all(&[head.as_bytes(), sent].concat())?;
        if is_cut {
            return Ok(());
        }
    }
    Ok(())
}

fn error(status: u16) -> Vec<u8> {
    let code = match status {
        404 => "NoSuchKey",
        412 => "PreconditionFailed",
        409 => "ConditionalRequestConflict",
        400 => "ExpiredToken",
        403 => "AccessDenied",
        _ => "SlowDown",
    };
    // What a server tells of a signature must not come to a terminal.
    let told = "<StringToSign>SECRETWORD AKOPEN</StringToSign>";
    format!("<Error><Code>{code}</Code>{told}</Error>").into_bytes()
}

fn carry_out(request: &Request, shared: &Shared) -> (u16, String, Vec<u8>) {
    let mut objects = shared.objects.lock().unwrap();
    let key = &request.key;
    let written = shared.written(key);
    let time = written.strftime("Last-Modified: %a, %d %b %Y %H:%M:%S GMT\r\n");
    let missing = || (404, String::new(), error(404));
    match (request.method.as_str(), key.is_empty()) {
        ("GET", true) => (
            200,
            String::new(),
            listing(&request.query, &objects, shared),
        ),
        ("POST", true) => {
            let text = String::from_utf8(request.body.clone()).unwrap();
            let mut done = String::new();
            for part in text.split("<Key>").skip(1) {
                let key = part.split("</Key>").next().unwrap();
                objects.remove(key);
                done.push_str(&format!("<Deleted><Key>{key}</Key></Deleted>"));
            }
            (
                200,
                String::new(),
                format!("<DeleteResult>{done}</DeleteResult>").into_bytes(),
            )
        }
        ("PUT", _) => {
            let is_seeing = !shared.is_blind.load(Ordering::SeqCst);
            let is_new = is_seeing && request.headers.contains_key("if-none-match");
            if is_new && objects.contains_key(key) {
                return (412, String::new(), error(412));
            }
            objects.insert(key.clone(), request.body.clone());
            shared
                .times
                .lock()
                .unwrap()
                .insert(key.clone(), shared.now());
            (200, "ETag: \"1\"\r\n".to_owned(), Vec::new())
        }
        ("DELETE", _) => {
            objects.remove(key);
            (204, String::new(), Vec::new())
        }
        ("GET" | "HEAD", _) => {
            let Some(content) = objects.get(key) else {
                return missing();
            };
            let headers = format!("{time}ETag: \"{}\"\r\n", tag(content));
            let Some(range) = request.headers.get("range") else {
                return (200, headers, content.clone());
            };
            let (from, to) = range.trim_start_matches("bytes=").split_once('-').unwrap();
            let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
            if from >= content.len() {
                return (416, String::new(), error(416));
            }
            let to = to.min(content.len() - 1);
            let headers = format!(
                "{headers}Content-Range: bytes {from}-{to}/{}\r\n",
                content.len()
            );
            let is_part = !shared.gives_no_parts.load(Ordering::SeqCst);
            let status = if is_part { 206 } else { 200 };
            (status, headers, content[from..=to].to_vec())
        }
        _ => (501, String::new(), Vec::new()),
    }
}

/// The `ETag` of a content.
fn tag(content: &[u8]) -> String {
    blake3::hash(content).to_hex()[..32].to_owned()
}

/// The answer to a list.
fn listing(query: &str, objects: &BTreeMap<String, Vec<u8>>, shared: &Shared) -> Vec<u8> {
    let get = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let value = pairs
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.replace("%2F", "/"));
        value.unwrap_or_default()
    };
    let len = shared.page.load(Ordering::SeqCst);
    let prefix = get("prefix");
    let after = get("continuation-token").max(get("start-after"));
    let found: Vec<_> = objects
        .iter()
        .filter(|(key, _)| key.starts_with(&prefix) && **key > after)
        .take(len + 1)
        .collect();
    let page = found.iter().take(len).map(|(key, content)| {
        format!(
            "<Contents><Key>{key}</Key><Size>{}</Size><ETag>{}</ETag>\
             <LastModified>{}</LastModified></Contents>",
            content.len(),
            tag(content),
            shared.written(key).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        )
    });
    let page: String = page.collect();
    let more = match found.get(len) {
        Some(_) => format!(
            "<IsTruncated>true</IsTruncated><NextContinuationToken>{}</NextContinuationToken>",
            found[len - 1].0
        ),
        None => "<IsTruncated>false</IsTruncated>".to_owned(),
    };
    format!("<ListBucketResult>{more}{page}</ListBucketResult>").into_bytes()
}
