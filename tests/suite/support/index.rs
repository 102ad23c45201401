//! A small index on loopback (packaging.python.org, "Simple repository API"): real installers fill real caches from it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest, Sha256};

/// What kind of index it is.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a way in which indexes differ"
)]
pub(crate) struct Kind {
    /// Whether links carry the hash of the file.
    pub(crate) hashes: bool,
    /// Whether links are whole URLs.
    pub(crate) absolute: bool,
    /// Whether pages are JSON.
    pub(crate) json: bool,
    /// Whether answers say how long they are.
    pub(crate) lengths: bool,
}

/// One that says all.
pub(crate) const PLAIN: Kind = Kind {
    hashes: true,
    absolute: true,
    json: false,
    lengths: true,
};

/// A server, until it is dropped.
pub(crate) struct Index {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
}

impl Index {
    /// Serves the wheels and source archives of a directory.
    pub(crate) fn serve(dir: &Path, kind: Kind) -> Self {
        let mut files = BTreeMap::new();
        for entry in std::fs::read_dir(dir).unwrap().flatten() {
            let name = entry.file_name().to_str().unwrap().to_owned();
            files.insert(name, std::fs::read(entry.path()).unwrap());
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stopped = Arc::new(AtomicBool::new(false));
        let (files, seen) = (Arc::new(files), Arc::clone(&stopped));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if seen.load(Ordering::SeqCst) {
                    return;
                }
                let files = Arc::clone(&files);
                // A client that goes away in the middle is no failure.
                std::thread::spawn(move || drop(answer(stream, address, kind, &files)));
            }
        });
        Self { address, stopped }
    }

    /// The URL that installers are given.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/simple", self.address)
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
    }
}

fn answer(
    stream: TcpStream,
    address: SocketAddr,
    kind: Kind,
    files: &BTreeMap<String, Vec<u8>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let json = "application/vnd.pypi.simple.v1+json";
    let (typed, body) = if let Some(name) = path.strip_prefix("/files/") {
        ("application/octet-stream", files.get(name).cloned())
    } else {
        let name = path
            .trim_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default();
        let typed = if kind.json { json } else { "text/html" };
        (typed, page(name, address, kind, files))
    };
    let mut out = stream;
    let Some(body) = body else {
        return out.write_all(
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        );
    };
    let is_told = kind.lengths || !path.starts_with("/files/");
    let length = format!("Content-Length: {}\r\n", body.len());
    let length = if is_told { &*length } else { "" };
    // Without a date pip keeps nothing.
    let date = jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT");
    write!(
        out,
        "HTTP/1.1 200 OK\r\nDate: {date}\r\nContent-Type: {typed}\r\nCache-Control: \
         max-age=6000\r\n{length}Connection: close\r\n\r\n"
    )?;
    out.write_all(&body)
}

fn page(
    name: &str,
    address: SocketAddr,
    kind: Kind,
    files: &BTreeMap<String, Vec<u8>>,
) -> Option<Vec<u8>> {
    let own = files
        .iter()
        .filter(|(file, _)| file.split('-').next() == Some(name));
    let own: Vec<_> = own.collect();
    let host = if kind.absolute {
        format!("http://{address}")
    } else {
        String::new()
    };
    let hex = |body: &[u8]| data_encoding::HEXLOWER.encode(&Sha256::digest(body));
    if kind.json {
        let files = own.iter().map(|(file, body)| {
            let hashes = if kind.hashes {
                serde_json::json!({"sha256": hex(body)})
            } else {
                serde_json::json!({})
            };
            let url = format!("{host}/files/{file}");
            serde_json::json!({"filename": file, "url": url, "hashes": hashes, "size": body.len()})
        });
        let files: Vec<_> = files.collect();
        let meta = serde_json::json!({"api-version": "1.1"});
        let page =
            serde_json::json!({"meta": meta, "name": name, "files": files, "versions": ["1.0"]});
        return (!own.is_empty()).then(|| page.to_string().into_bytes());
    }
    let links = own.iter().map(|(file, body)| {
        let hash = if kind.hashes {
            format!("#sha256={}", hex(body))
        } else {
            String::new()
        };
        format!("<a href=\"{host}/files/{file}{hash}\">{file}</a><br>\n")
    });
    let links: String = links.collect();
    (!own.is_empty())
        .then(|| format!("<!DOCTYPE html><html><body>\n{links}</body></html>\n").into_bytes())
}
