//! What was saved comes back the same, seen by an eye that shares no code with the program.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::support::faults::is_root;
use crate::support::{Sandbox, Tree, venv};

#[test]
fn a_real_venv_comes_back_the_same_in_every_respect() {
    let sandbox = Sandbox::new();
    venv::real(&sandbox.venv());
    let before = Tree::of(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    sandbox.ok(&["restore", "venv", "--to", "out", "--exact"]);
    before.assert_same(&Tree::of(&sandbox.path("out")), "restored elsewhere");
    fs::remove_dir_all(sandbox.venv()).unwrap();
    sandbox.ok(&["restore", "venv"]);
    before.assert_same(&Tree::of(&sandbox.venv()), "restored after it was removed");
    assert_eq!(sandbox.debris(), Vec::<String>::new());
}

/// Everything that a file system can hold and that is easy to forget.
fn odd(root: &Path) {
    venv::tiny(root);
    let name = |bytes: &[u8]| root.join("odd").join(OsStr::from_bytes(bytes));
    fs::create_dir_all(root.join("odd/empty dir")).unwrap();
    for bytes in [
        b"\xff\xfe".as_slice(),
        b"a\nb",
        b"-rf",
        b"\x1b[31mred",
        b" ",
        "\u{202e}gnp".as_bytes(),
        &[b'n'; 255],
    ] {
        fs::write(name(bytes), bytes).unwrap();
    }
    fs::write(name(b"first"), b"linked content").unwrap();
    fs::hard_link(name(b"first"), name(b"second")).unwrap();
    fs::hard_link(name(b"first"), root.join("third")).unwrap();
    symlink("nowhere/at all", name(b"dangling")).unwrap();
    symlink("/", name(b"absolute")).unwrap();
    fs::write(name(b"setuid"), b"x").unwrap();
    fs::set_permissions(name(b"setuid"), fs::Permissions::from_mode(0o751)).unwrap();
    rustix::fs::setxattr(
        name(b"first"),
        "user.note",
        b"kept",
        rustix::fs::XattrFlags::empty(),
    )
    .unwrap();
    rustix::fs::setxattr(
        root.join("odd/empty dir"),
        "user.dir",
        b"too",
        rustix::fs::XattrFlags::empty(),
    )
    .unwrap();
    let sparse = fs::File::create(name(b"sparse")).unwrap();
    sparse.set_len(20 << 20).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&sparse, b"in the middle", 9 << 20).unwrap();
    // Times before the epoch and far from now.
    fs::write(name(b"old"), b"o").unwrap();
    venv::set_mtime(&name(b"old"), -86_400, 999_999_999);
    fs::create_dir(root.join("locked")).unwrap();
    fs::write(root.join("locked/inside"), b"i").unwrap();
    fs::set_permissions(root.join("locked"), fs::Permissions::from_mode(0o555)).unwrap();
}

#[test]
fn odd_names_links_times_attributes_and_holes_come_back() {
    let sandbox = Sandbox::new();
    odd(&sandbox.venv());
    let before = Tree::of(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    sandbox.ok(&["restore", "venv", "--to", "out", "--exact"]);
    before.assert_same(&Tree::of(&sandbox.path("out")), "restored elsewhere");
    let diff = sandbox.json(0, &["diff", "venv"]);
    assert_eq!(diff["identical"], true);
    // A file of holes takes no more room than before.
    use std::os::unix::fs::MetadataExt;
    assert!(
        fs::metadata(sandbox.path("out/odd/sparse"))
            .unwrap()
            .blocks()
            * 512
            < 5 << 20
    );
    // In place, where all that is good is taken over.
    fs::remove_file(sandbox.venv().join("odd/second")).unwrap();
    fs::write(sandbox.venv().join("odd/old"), b"new").unwrap();
    sandbox.ok(&["restore", "venv"]);
    before.assert_same(&Tree::of(&sandbox.venv()), "restored in place");
}

#[test]
fn a_path_longer_than_the_kernel_takes_comes_back() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    // 60 directories of 200 letters: 12,060 bytes, reached step by step.
    let make = "import os,sys\nos.chdir(sys.argv[1])\nfor _ in range(60):\n os.mkdir('d'*200); \
        os.chdir('d'*200)\nopen('deep','w').write('deep')";
    let read = "import os,sys\nos.chdir(sys.argv[1])\nfor _ in range(60): \
        os.chdir('d'*200)\nprint(open('deep').read())";
    let python = |code: &str, dir: &Path| {
        let output = std::process::Command::new("python3")
            .args(["-c", code])
            .arg(dir)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };
    python(make, &sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    fs::write(sandbox.venv().join("bin/tool"), b"").unwrap();
    sandbox.ok(&["restore", "venv"]);
    assert_eq!(python(read, &sandbox.venv()), "deep\n");
    sandbox.ok(&["restore", "venv", "--to", "out", "--copy"]);
    assert_eq!(python(read, &sandbox.path("out")), "deep\n");
    assert_eq!(sandbox.debris(), Vec::<String>::new());
}

#[test]
fn special_files_are_recorded_and_never_opened() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let fifo = sandbox.venv().join("fifo");
    venv::pipe(&fifo);
    let _socket = std::os::unix::net::UnixListener::bind(sandbox.venv().join("socket")).unwrap();
    // Opening the FIFO would wait for ever.
    sandbox.ok(&["save", "venv"]);
    let ls = sandbox.ok(&["ls", "latest", "--venv", "venv"]);
    assert!(
        ls.stdout.contains("prw") && ls.stdout.contains("srw"),
        "{ls}"
    );
    let run = sandbox.ok(&["restore", "venv", "--to", "out"]);
    assert!(
        run.stdout
            .contains("left out: 1 fifo, since a restore makes it only when asked to ('fifo')"),
        "{run}"
    );
    assert!(run.stderr.starts_with("hint: --preserve-special"), "{run}");
    assert!(!sandbox.path("out/fifo").exists());
    sandbox.ok(&["restore", "venv", "--to", "out2", "--preserve-special"]);
    assert_eq!(
        Tree::of(&sandbox.path("out2")).0[Path::new("fifo")].kind,
        "fifo"
    );
}

#[test]
fn set_id_bits_come_back_only_when_asked_for() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    let tool = sandbox.venv().join("bin/tool");
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o4755)).unwrap();
    sandbox.ok(&["save", "venv"]);
    let mode = |path: &str| {
        fs::metadata(sandbox.path(path).join("bin/tool"))
            .unwrap()
            .permissions()
            .mode()
            & 0o7777
    };
    let run = sandbox.ok(&["restore", "venv", "--to", "plain"]);
    assert!(run.stderr.contains("--preserve-special"), "{run}");
    assert_eq!(mode("plain"), 0o755);
    sandbox.ok(&["restore", "venv", "--to", "special", "--preserve-special"]);
    assert_eq!(mode("special"), 0o4755);
}

#[test]
fn owners_come_back() {
    if !is_root() {
        return crate::support::faults::skipped(1, "other owners need root");
    }
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    std::os::unix::fs::chown(sandbox.venv().join("bin/tool"), Some(1234), Some(4321)).unwrap();
    std::os::unix::fs::lchown(sandbox.venv().join("lib64"), Some(1234), Some(4321)).unwrap();
    std::os::unix::fs::chown(sandbox.venv().join("bin"), Some(77), Some(78)).unwrap();
    let before = Tree::of(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    sandbox.ok(&["restore", "venv", "--to", "out", "--exact"]);
    before.assert_same(&Tree::of(&sandbox.path("out")), "owners");
}

#[test]
fn an_unchanged_venv_is_saved_again_without_reading_or_writing_content() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    let added = sandbox.json(0, &["save", "venv"]);
    assert_eq!(added["added"]["objects"], 0);
    assert_nothing_is_opened(&sandbox, &["save", "venv"]);
}

#[test]
fn after_a_restore_a_save_reads_no_content() {
    let sandbox = Sandbox::new();
    venv::real(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    fs::write(sandbox.venv().join("bin/activate"), b"").unwrap();
    sandbox.ok(&["restore", "venv"]);
    assert_nothing_is_opened(&sandbox, &["save", "venv"]);
}

/// No file of the venv is opened for reading.
fn assert_nothing_is_opened(sandbox: &Sandbox, args: &[&str]) {
    if !crate::support::faults::can_trace() {
        return;
    }
    let output = sandbox.path("trace");
    let mut command = std::process::Command::new("strace");
    sandbox.dress(&mut command);
    let status = command
        .args(["-f", "-qq", "-e", "trace=openat2", "-o"])
        .arg(&output)
        .arg(env!("CARGO_BIN_EXE_snap"))
        .args(args)
        .status()
        .unwrap();
    assert!(status.success());
    let trace = fs::read_to_string(output).unwrap();
    let opened: Vec<&str> = trace
        .lines()
        .filter(|line| line.contains("openat2(") && !line.contains("O_DIRECTORY"))
        .collect();
    assert!(opened.is_empty(), "{opened:?}");
}

#[test]
fn a_file_that_kept_size_and_time_but_not_content_is_saved_anew() {
    let sandbox = Sandbox::new();
    venv::tiny(&sandbox.venv());
    sandbox.ok(&["save", "venv"]);
    crate::support::damage::Damage::AlterKeepingTime
        .apply(&sandbox.venv().join(venv::SITE).join("click/core.py"));
    let added = sandbox.json(0, &["save", "venv", "--force"]);
    assert!(added["added"]["objects"].as_u64().unwrap() > 0);
    let run = sandbox.code(1, &["diff", "latest~1", "latest", "--venv", "venv"]);
    assert!(run.code == 1, "{run}");
}
