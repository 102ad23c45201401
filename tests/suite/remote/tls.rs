//! A bucket behind TLS: whom a client believes.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::Host;
use crate::support::bucket::Bucket;
use crate::support::faults::skipped;
use crate::support::tools::done;
use crate::support::{Run, Tree, venv};

/// Speaks TLS with whoever comes, and passes on what is within.
const FRONT: &str = r"
import socket, ssl, sys, threading
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass
def serve(raw):
    try:
        near = context.wrap_socket(raw, server_side=True)
        far = socket.create_connection(('127.0.0.1', int(sys.argv[3])))
    except OSError:
        return
    threading.Thread(target=pump, args=(far, near), daemon=True).start()
    pump(near, far)
listener = socket.create_server(('127.0.0.1', 0))
print(listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
";

struct Front {
    child: Child,
    port: u16,
}

impl Front {
    fn before(bucket: &Bucket, dir: &Path) -> Self {
        let (_, plain) = &bucket.variables()[0];
        let (_, port) = plain.rsplit_once(':').unwrap();
        let mut child = Command::new("python3")
            .args(["-c", FRONT, "leaf.pem", "leaf.key"])
            .arg(port)
            .current_dir(dir)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = child.stdout.as_mut().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap();
        Self { child, port }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes an authority and a certificate of it for 127.0.0.1.
fn certify(dir: &Path) {
    let openssl = |args: &str| {
        let mut command = Command::new("openssl");
        done(command.args(args.split(' ')).current_dir(dir));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2";
    openssl(&format!(
        "req -x509 {key} -subj /CN=ours -keyout ca.key -out ca.pem"
    ));
    openssl(&format!(
        "req -x509 {key} -subj /CN=here -keyout leaf.key -out leaf.pem -CA ca.pem -CAkey ca.key -addext \
         subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE"
    ));
}

#[test]
fn only_an_authority_that_was_named_is_believed() {
    if Command::new("openssl").arg("version").output().is_err() {
        return skipped(1, "there is no openssl");
    }
    let bucket = Bucket::serve();
    let host = Host::new(&bucket);
    let root = host.sandbox.venv();
    venv::tiny(&root);
    venv::write(&root, "large.bin", &venv::noise((5 << 20) + 3));
    let dir = host.sandbox.path("tls");
    std::fs::create_dir(&dir).unwrap();
    certify(&dir);
    let front = Front::before(&bucket, &dir);
    let endpoint = format!("https://127.0.0.1:{}", front.port);
    let by = |bundle: Option<&Path>, args: &[&str]| {
        let mut command = host.command(args);
        command.env("AWS_ENDPOINT_URL", &endpoint);
        if let Some(bundle) = bundle {
            command.env("AWS_CA_BUNDLE", bundle);
        }
        Run::of(command)
    };
    let run = by(None, &["save", "venv"]);
    assert!(run.code == 3 && run.stderr.contains("certificate"), "{run}");
    let run = by(Some(&dir.join("leaf.key")), &["save", "venv"]);
    assert!(run.code == 2 || run.code == 3, "{run}");
    assert!(run.stderr.contains("holds no certificates"), "{run}");
    assert!(bucket.keys().is_empty(), "{:?}", bucket.keys());

    let good = Tree::of(&root);
    let ours = dir.join("ca.pem");
    assert_eq!(by(Some(&ours), &["save", "venv"]).code, 0);
    std::fs::remove_dir_all(&root).unwrap();
    let run = by(Some(&ours), &["restore", "venv"]);
    assert_eq!(run.code, 0, "{run}");
    good.assert_same(&Tree::of(&root), "through TLS");
}
