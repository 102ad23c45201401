//! Snapshots leave and enter: as tars that everybody reads, from tars that anybody may have made, and from store to
//! store.

use crate::support::transport::{odd, run, works};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::support::{Sandbox, Tree, venv};

/// Python keeps times as floating point numbers, none of links, and no attributes.
fn as_python(mut tree: Tree) -> Tree {
    for record in tree.0.values_mut() {
        record.mtime.1 = 0;
        record.mtime.0 = if record.mtime.0 < 0 {
            -1
        } else {
            record.mtime.0
        };
        if record.kind == "symlink" {
            record.mtime.0 = 0;
        }
        record.xattrs.clear();
    }
    tree
}

#[test]
fn an_exported_tar_unpacks_to_the_same_tree_by_gnu_tar() {
    if !works("tar") {
        return;
    }
    let sandbox = Sandbox::new();
    odd(&sandbox.venv());
    let before = Tree::of(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    for (file, out) in [("v.tar", "out"), ("v.tar.zst", "out-zst")] {
        sandbox.ok(&["export", "latest", file, "--venv", "venv"]);
        let mode = fs::metadata(sandbox.path(file)).unwrap().permissions();
        assert_eq!(mode.mode() & 0o7777, 0o600);
        if file.ends_with("zst") && !works("zstd") {
            continue;
        }
        fs::create_dir(sandbox.path(out)).unwrap();
        let args = ["--xattrs", "--xattrs-include=*", "-xpf", file, "-C", out];
        let said = run("tar", &args, sandbox.root());
        let told: Vec<_> = said
            .lines()
            .filter(|l| !l.contains("implausibly old"))
            .collect();
        assert_eq!(told, [""; 0], "a good tar needs no warning");
        before.assert_same(&Tree::of(&sandbox.path(out)), file);
    }
    assert_eq!(sandbox.debris(), Vec::<String>::new());
}

#[test]
fn an_exported_tar_unpacks_to_the_same_tree_by_bsdtar() {
    if !works("bsdtar") {
        return;
    }
    let sandbox = Sandbox::new();
    odd(&sandbox.venv());
    // Its own escapes of attributes are not those of GNU tar.
    rustix::fs::removexattr(sandbox.path("venv/odd/none"), "user.a=b%").unwrap();
    // It reads a fraction before the epoch wrongly, and leaves the time of '.' alone.
    venv::set_mtime(&sandbox.path("venv/odd/none"), -86_400, 0);
    let own = |tree: &mut Tree| tree.0.get_mut(Path::new("")).unwrap().mtime = (0, 0);
    let mut before = Tree::of(&sandbox.venv());
    own(&mut before);
    sandbox.ok(&["save", "venv"]);
    sandbox.ok(&["export", "latest", "v.tar", "--venv", "venv"]);
    fs::create_dir(sandbox.path("out")).unwrap();
    let args = ["--xattrs", "-xpf", "v.tar", "-C", "out"];
    run("bsdtar", &args, sandbox.root());
    let mut after = Tree::of(&sandbox.path("out"));
    own(&mut after);
    before.assert_same(&after, "bsdtar");
}

#[test]
fn an_exported_tar_unpacks_to_the_same_tree_by_python_as_far_as_it_can() {
    let sandbox = Sandbox::new();
    odd(&sandbox.venv());
    let before = as_python(Tree::of(&sandbox.venv()));
    sandbox.ok(&["save", "venv"]);
    sandbox.ok(&["export", "latest", "v.tar", "--venv", "venv"]);
    let script = "import tarfile,sys\nt=tarfile.open('v.tar')\n\
        assert t.pax_headers['comment'].startswith('VENV-SNAP.snapshot {')\n\
        t.extractall('out',numeric_owner=True,**({'filter':'fully_trusted'} if hasattr(tarfile,'data_filter') else \
        {}))";
    run("python3", &["-X", "utf8", "-c", script], sandbox.root());
    before.assert_same(&as_python(Tree::of(&sandbox.path("out"))), "Python");
}

#[test]
fn standard_output_carries_the_tar_alone() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let args = ["export", "latest", "-", "--venv", "venv"];
    let output = sandbox.command(&args).output().unwrap();
    assert!(output.status.success());
    sandbox.ok(&["export", "latest", "v.tar", "--venv", "venv"]);
    assert_eq!(output.stdout, fs::read(sandbox.path("v.tar")).unwrap());
    let json = sandbox.snap(&["export", "latest", "-", "--venv", "venv", "--json"]);
    assert_eq!(json.code, 2, "{json}");
    // The same snapshot is the same tar, byte for byte.
    sandbox.ok(&["export", "latest", "w.tar", "--venv", "venv"]);
    assert_eq!(output.stdout, fs::read(sandbox.path("w.tar")).unwrap());
}

#[test]
fn a_file_that_exists_is_replaced_only_when_asked_to() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    fs::write(sandbox.path("v.tar"), b"precious").unwrap();
    let export = ["export", "latest", "v.tar", "--venv", "venv"];
    sandbox.code(3, &export);
    assert_eq!(fs::read(sandbox.path("v.tar")).unwrap(), b"precious");
    let told = sandbox.json(0, &[&export[..], &["--force"]].concat());
    assert_eq!(told["left_out"], 0);
    let len = fs::metadata(sandbox.path("v.tar")).unwrap().len();
    assert_eq!(told["bytes"].as_u64(), Some(len));
    sandbox.code(2, &["export", "latest", "v.zip", "--venv", "venv"]);
    sandbox.code(10, &["export", "latest~7", "x.tar", "--venv", "venv"]);
}

#[test]
fn a_socket_is_left_out_with_a_warning() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let _socket = std::os::unix::net::UnixListener::bind(sandbox.path("venv/sock")).unwrap();
    sandbox.ok(&["save", "venv"]);
    let run = sandbox.ok(&["export", "latest", "v.tar", "--venv", "venv"]);
    assert!(run.stderr.contains("'sock' is left out"), "{run}");
}

#[test]
fn a_damaged_object_is_never_exported() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    venv::write(&sandbox.venv(), "noise.bin", &venv::noise(200_000));
    sandbox.ok(&["save", "venv"]);
    for pack in fs::read_dir(sandbox.path("store/packs")).unwrap() {
        let path = pack.unwrap().path();
        let mut bytes = fs::read(&path).unwrap();
        if bytes.len() > 100_000 {
            bytes[50_000] ^= 1;
            fs::write(&path, bytes).unwrap();
        }
    }
    sandbox.code(3, &["export", "latest", "v.tar", "--venv", "venv"]);
    let left: Vec<_> = fs::read_dir(sandbox.root()).unwrap().flatten().collect();
    let names = left.iter().map(|e| e.file_name().into_string().unwrap());
    assert!(
        !names
            .into_iter()
            .any(|name| name.contains("tar") || name.contains("export"))
    );
}
