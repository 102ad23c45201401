//! The figures of a guard: a file for the textfile collector, and a port of the loopback address.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use venv_snap::model::Shown;
use venv_snap::report::metrics::Metrics;
use venv_snap::watch::{self, Moment};

use super::super::error::{Failure, no_thread};
use super::super::ui::Ui;

/// Figures are not written more often than this, unless something happened.
const PAUSE: Duration = Duration::from_secs(15);
/// So long a client may take, and so much it may ask.
const PATIENCE: Duration = Duration::from_secs(5);
const REQUEST_MAX: usize = 8 << 10;

/// Where figures go.
pub(super) struct Figures {
    file: Option<PathBuf>,
    /// What the port answers; none without one.
    text: Option<Arc<Mutex<String>>>,
    due: Moment,
    /// Whether the file could not be written the last time.
    failed: bool,
}

impl Figures {
    /// Opens the port, if one is asked for.
    pub(super) fn open(rules: &watch::Metrics, now: Moment) -> Result<Self, Failure> {
        let text = rules.port.map(|port| {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| {
                Failure::not_done(format!("cannot listen on 127.0.0.1:{port}: {error}"))
            })?;
            let text = Arc::new(Mutex::new(String::new()));
            let own = Arc::clone(&text);
            let started = std::thread::Builder::new().spawn(move || {
                for client in listener.incoming().flatten() {
                    // A client that hangs up or asks for nothing gets nothing.
                    let _ = answer(&client, &own);
                }
            });
            started.map_err(|error| no_thread(&error))?;
            Ok::<_, Failure>(text)
        });
        Ok(Self {
            file: rules.textfile.clone(),
            text: text.transpose()?,
            due: now,
            failed: false,
        })
    }

    /// Figures that go nowhere.
    pub(super) fn none(now: Moment) -> Self {
        Self {
            file: None,
            text: None,
            due: now,
            failed: false,
        }
    }

    /// Whether they go anywhere.
    pub(super) fn are_wanted(&self) -> bool {
        self.file.is_some() || self.text.is_some()
    }

    /// Whether it is time to write them again. Nobody is woken for that.
    pub(super) fn are_due(&self, now: Moment) -> bool {
        now >= self.due && self.are_wanted()
    }

    /// Publishes figures. A file that cannot be written is told once.
    pub(super) fn publish(&mut self, metrics: &Metrics, ui: &Ui, now: Moment) {
        self.due = now.after(PAUSE);
        if let Some(text) = &self.text {
            let mut text = text.lock().unwrap_or_else(PoisonError::into_inner);
            metrics.as_str().clone_into(&mut text);
        }
        let Some(file) = &self.file else {
            return;
        };
        let written = metrics.publish(file);
        if let (Err(error), false) = (&written, self.failed) {
            let file = Shown::path(file);
            ui.alert(&format!(
                "the figures cannot be written to '{file}': {error}"
            ));
        }
        self.failed = written.is_err();
    }
}

/// Answers one request (RFC 9112): `GET /metrics`, and `GET /healthz` for who only asks whether somebody is there.
fn answer(mut client: &TcpStream, text: &Mutex<String>) -> std::io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    client.set_write_timeout(Some(PATIENCE))?;
    let mut request = Vec::new();
    let mut piece = [0; 1024];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") && request.len() < REQUEST_MAX {
        match client.read(&mut piece)? {
            0 => break,
            len => request.extend_from_slice(&piece[..len]),
        }
    }
    let line = request.split(|&b| b == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let mut words = line.split(' ');
    let (status, body) = match (words.next(), words.next()) {
        (Some("GET"), Some("/metrics")) => {
            let text = text.lock().unwrap_or_else(PoisonError::into_inner);
            ("200 OK", text.clone())
        }
        (Some("GET"), Some("/healthz")) => ("200 OK", "ok\n".to_owned()),
        (Some("GET"), Some(_)) => ("404 Not Found", "/metrics\n/healthz\n".to_owned()),
        _ => ("405 Method Not Allowed", String::new()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: \
         {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    client.write_all(head.as_bytes())?;
    client.write_all(body.as_bytes())
}
