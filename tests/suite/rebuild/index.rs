//! What an index does wrong, and caches that are poisoned. Nothing is changed, and what is to blame is named.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};

use super::scene::{Scene, build};
use crate::support::index::{Index, Kind, PLAIN};
use crate::support::tree::Tree;
use crate::support::{Run, tools, wheel};

/// A venv of which `ant` has to be fetched.
fn broken() -> Scene {
    let scene = Scene::of_pip();
    fs::remove_file(scene.file("ant/core.py")).unwrap();
    scene
}

/// Runs it with another index, wants 3, and that nothing is changed. Returns all that it said.
#[track_caller]
fn refused(scene: &Scene, index: &str, args: &[&str]) -> String {
    let before = Tree::of(&scene.venv());
    let mut command = scene.command(args);
    command.env("PIP_INDEX_URL", index).env("PIP_TIMEOUT", "5");
    command
        .env("UV_INDEX_URL", index)
        .env("UV_HTTP_RETRIES", "0");
    if let Some(uv) = args.contains(&"uv").then(|| tools::find("uv")).flatten() {
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", uv.parent().unwrap().display()));
    }
    let run = Run::of(command);
    assert_eq!(run.code, 3, "{run}");
    assert_eq!(scene.sandbox.debris(), Vec::<String>::new(), "{run}");
    Tree::of(&scene.venv()).assert_same(&before, "a refusal");
    assert_eq!(scene.sandbox.ids(), Vec::<String>::new(), "{run}");
    assert!(
        run.stderr.contains("nothing was changed") && run.stdout.is_empty(),
        "{run}"
    );
    run.stderr
}

/// Writes an archive of the index anew by a script that has its path in `p`.
fn rewrite(path: &Path, script: &str) {
    let head = "import sys, zipfile, io; p = sys.argv[1]; d = bytearray(open(p, 'rb').read())\n";
    let mut command = Command::new("python3");
    tools::done(command.args(["-c", &format!("{head}{script}")]).arg(path));
}

#[test]
fn what_an_index_does_wrong_is_named_and_changes_nothing() {
    let scene = broken();
    let dir = scene.sandbox.path("other");
    let ant = dir.join("ant-1.0-py3-none-any.whl");
    let bare = Kind {
        hashes: false,
        ..PLAIN
    };

    // Nobody listens.
    let said = refused(&scene, "http://127.0.0.1:9/t0kenOfAnIndex123/simple", &[]);
    assert!(
        said.contains("cannot be reached") && said.contains("ant"),
        "{said}"
    );
    assert!(!said.contains("t0kenOfAnIndex123"), "{said}");

    // A wheel that is cut, whether or not the index has its hash.
    for kind in [PLAIN, bare] {
        build(&dir, "ant", &[]);
        rewrite(&ant, "open(p, 'wb').write(d[:len(d) // 2])");
        let said = refused(&scene, &Index::serve(&dir, kind).url(), &[]);
        assert!(said.contains("could not install ant"), "{said}");
    }

    // A wheel of which RECORD says something else: pip installs it, the audit does not let it through.
    build(&dir, "ant", &[]);
    rewrite(
        &ant,
        "z = zipfile.ZipFile(p); items = [(n, z.read(n)) for n in z.namelist()]; z.close(); z = zipfile.ZipFile(p, \
         'w')\n\
         for n, c in items: z.writestr(n, b'' if n == 'ant/core.py' else c)\nz.close()",
    );
    let said = refused(&scene, &Index::serve(&dir, PLAIN).url(), &[]);
    assert!(
        said.contains("not sound") && said.contains("ant/core.py"),
        "{said}"
    );

    // The version is gone from the index.
    fs::remove_file(&ant).unwrap();
    wheel::build(&dir, "ant", "2.0", &[("ant/__init__.py", "")], &[]);
    let said = refused(&scene, &Index::serve(&dir, PLAIN).url(), &[]);
    assert!(
        said.contains("could not install ant") && said.contains("gone from the index"),
        "{said}"
    );

    // With --all also what RECORD proves is fetched, and that it need not be is told.
    build(&dir, "ant", &[]);
    build(&dir, "bee", &["ant"]);
    let said = refused(&scene, &Index::serve(&dir, PLAIN).url(), &["--all"]);
    assert!(said.contains("could not install cat"), "{said}");
    assert!(said.contains("RECORD proves every file of cat"), "{said}");
}

#[test]
fn a_build_that_fails_is_named_with_what_it_said() {
    let scene = broken();
    let dir = scene.sandbox.path("other");
    fs::create_dir_all(&dir).unwrap();
    sdist(&dir, "raise SystemExit('no compiler for the moon')");
    let said = refused(&scene, &Index::serve(&dir, PLAIN).url(), &[]);
    assert!(said.contains("could not install ant"), "{said}");
    assert!(said.contains("no compiler for the moon"), "{said}");
}

/// Makes a source archive of `ant` whose backend runs a line before it builds a wheel.
pub(super) fn sdist(dir: &Path, line: &str) {
    let script = r#"
import sys, tarfile, io
backend = '''
import base64, hashlib, os, zipfile
def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    LINE
    files = {"ant/__init__.py": "from .core import main\\nuid = %d\\n" % os.getuid(),
             "ant/core.py": "def main():\\n    print('ant')\\n",
             "ant-1.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: ant\\nVersion: 1.0\\n",
             "ant-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\\nGenerator: t\\n"
                 "Root-Is-Purelib: true\\nTag: py3-none-any\\n",
             "ant-1.0.dist-info/entry_points.txt": "[console_scripts]\\nant-tool = ant:main\\n"}
    name = "ant-1.0-py3-none-any.whl"
    rows = []
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as out:
        for path, text in files.items():
            out.writestr(path, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            rows.append("%s,sha256=%s,%d" % (path, digest, len(text)))
        out.writestr("ant-1.0.dist-info/RECORD", "\\n".join(rows + ["ant-1.0.dist-info/RECORD,,"]) + "\\n")
    return name
'''.replace("LINE", sys.argv[2])
project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
info = "Metadata-Version: 2.1\nName: ant\nVersion: 1.0\n"
with tarfile.open(sys.argv[1] + "/ant-1.0.tar.gz", "w:gz") as out:
    for name, text in (("backend.py", backend), ("pyproject.toml", project), ("PKG-INFO", info)):
        member = tarfile.TarInfo("ant-1.0/" + name); data = text.encode(); member.size = len(data)
        out.addfile(member, io.BytesIO(data))
"#;
    let mut command = Command::new("python3");
    tools::done(command.args(["-c", script]).arg(dir).arg(line));
}

#[test]
fn where_uv_installs_the_same_is_named() {
    if tools::find("uv").is_none() {
        return;
    }
    let scene = broken();
    let dir = scene.sandbox.path("other");
    let ant = dir.join("ant-1.0-py3-none-any.whl");
    let by_uv = ["--installer", "uv"];
    let said = refused(&scene, "http://127.0.0.1:9/simple", &by_uv);
    assert!(
        said.contains("cannot be reached") && said.contains("ant"),
        "{said}"
    );
    let url = format!("http://watchman:s3cret-w0rd@{}/simple", forbidding());
    let said = refused(&scene, &url, &by_uv);
    assert!(!said.contains("s3cret-w0rd"), "{said}");
    assert!(said.contains("credentials"), "{said}");

    build(&dir, "ant", &[]);
    rewrite(&ant, "open(p, 'wb').write(d[:len(d) // 2])");
    let said = refused(&scene, &Index::serve(&dir, PLAIN).url(), &by_uv);
    assert!(said.contains("could not install ant"), "{said}");

    fs::remove_file(&ant).unwrap();
    wheel::build(&dir, "ant", "2.0", &[("ant/__init__.py", "")], &[]);
    let said = refused(&scene, &Index::serve(&dir, PLAIN).url(), &by_uv);
    assert!(
        said.contains("could not install ant") && said.contains("gone from the index"),
        "{said}"
    );

    fs::remove_dir_all(&dir).unwrap();
    fs::create_dir_all(&dir).unwrap();
    sdist(&dir, "raise SystemExit('no compiler for the moon')");
    let said = refused(&scene, &Index::serve(&dir, PLAIN).url(), &by_uv);
    assert!(said.contains("could not install ant"), "{said}");
    assert!(said.contains("no compiler for the moon"), "{said}");
}

/// A server that takes nobody's password.
fn forbidding() -> SocketAddr {
    listening().0
}

/// The same, with the lines that it is told.
fn listening() -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (heard, lines) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                let _ = heard.send(std::mem::take(&mut line));
            }
            let mut out = stream;
            let _ = out.write_all(
                b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            );
        }
    });
    (address, lines)
}

#[test]
fn variables_that_a_file_of_requirements_names_reach_the_index_and_nobody_else() {
    let scene = broken();
    let (address, heard) = listening();
    let line = format!("-i http://watchman:${{DEPLOY_TOKEN}}@{address}/simple\n");
    fs::write(scene.sandbox.path("index.txt"), line).unwrap();
    fs::write(scene.sandbox.path("all.txt"), "-r index.txt\nant==1.0\n").unwrap();
    let before = Tree::of(&scene.venv());
    let mut command = scene.command(&["--from", "all.txt"]);
    command.env_remove("PIP_INDEX_URL");
    command.env("DEPLOY_TOKEN", "s3cret-w0rd");
    let run = Run::of(command);
    assert_eq!(run.code, 3, "{run}");
    Tree::of(&scene.venv()).assert_same(&before, "a refusal");
    // What `watchman:s3cret-w0rd` is in base64.
    let told = heard
        .try_iter()
        .any(|line| line.contains("d2F0Y2htYW46czNjcmV0LXcwcmQ="));
    assert!(told, "{run}");
    assert!(!run.stderr.contains("s3cret-w0rd"), "{run}");
}

#[test]
fn a_password_is_in_nothing_that_is_told() {
    let scene = broken();
    let url = format!("http://watchman:s3cret-w0rd@{}/simple", forbidding());
    let said = refused(&scene, &url, &[]);
    assert!(!said.contains("s3cret-w0rd"), "{said}");
    assert!(said.contains("credentials"), "{said}");
}

#[test]
fn poisoned_caches_are_passed_by() {
    let scene = broken();
    let cache = scene.sandbox.path("cache/pip");
    // What pip keeps of an index with hashes is never looked at again by the versions that are there: here it lies.
    for sub in ["http", "http-v2", "wheels"] {
        fs::create_dir_all(cache.join(sub)).unwrap();
    }
    let mut filled = wheel::pip_command(&scene.venv(), &["download", "ant", "-d"]);
    filled
        .arg(scene.sandbox.path("download"))
        .arg("--cache-dir")
        .arg(&cache);
    filled
        .env_remove("PIP_NO_INDEX")
        .env("PIP_INDEX_URL", scene.index.url())
        .env("PIP_NO_CACHE_DIR", "0");
    tools::done(&mut filled);
    poison(&cache);
    let mut command = scene.command(&[]);
    command.env("PIP_CACHE_DIR", &cache);
    let run = Run::of(command);
    assert_eq!(run.code, 0, "{run}");
    scene.assert_works();

    let Some(uv) = tools::find("uv") else { return };
    let scene = Scene::of_uv(&uv);
    let cache = scene.sandbox.path("cache/uv");
    // The venv's files are links into the cache, so both are hurt.
    fs::write(scene.file("ant/core.py"), "").unwrap();
    let path = std::env::var("PATH").unwrap();
    let mut command = scene.command(&["--all"]);
    command.env("PATH", format!("{}:{path}", uv.parent().unwrap().display()));
    command.env("UV_CACHE_DIR", &cache);
    let run = Run::of(command);
    assert_eq!(run.code, 0, "{run}");
    scene.assert_works();
}

/// Cuts every file of a cache.
fn poison(dir: &Path) {
    for entry in fs::read_dir(dir).unwrap().flatten() {
        if entry.path().is_dir() {
            poison(&entry.path());
        } else {
            let content = fs::read(entry.path()).unwrap();
            fs::write(entry.path(), &content[..content.len() / 2]).unwrap();
        }
    }
}
