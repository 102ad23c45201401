//! Trees that compress by more than a bomb may: what was exported can be imported all the same.

use std::fs;
use std::io::Write;

use crate::support::tar::Tar;
use crate::support::transport::exported;
use crate::support::venv;

/// What compresses by more than a bomb may: a file of zeros, and the same attribute on many files.
fn hollow(root: &std::path::Path) {
    venv::tiny(root);
    let file = fs::File::create(root.join("zeros.bin")).unwrap();
    file.set_len(160 << 20).unwrap();
    let flags = rustix::fs::XattrFlags::empty();
    for n in 0..200 {
        venv::write(root, &format!("same/{n:03}"), b"");
        let file = root.join(format!("same/{n:03}"));
        rustix::fs::setxattr(file, "user.same", &[b'x'; 1500], flags).unwrap();
    }
}

#[test]
fn what_was_exported_can_be_imported_however_well_it_compresses_and_by_what() {
    let sandbox = exported(hollow, "v.tar");
    sandbox.ok(&["export", "latest", "v.tar.zst", "--venv", "venv"]);
    let tar = fs::read(sandbox.path("v.tar")).unwrap();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gz.write_all(&tar).unwrap();
    fs::write(sandbox.path("v.tar.gz"), gz.finish().unwrap()).unwrap();
    let best = zstd::encode_all(&tar[..], 15).unwrap();
    fs::write(sandbox.path("v.best.tar.zst"), best).unwrap();
    for file in ["v.tar.zst", "v.tar.gz", "v.best.tar.zst"] {
        let packed = fs::metadata(sandbox.path(file)).unwrap().len();
        assert!(packed * 200 < (160 << 20) - (64 << 20), "{file}: {packed}");
        let told = sandbox.json(
            0,
            &["import", file, "--store", file.split_once('.').unwrap().1],
        );
        assert_eq!(told["bytes"], tar.len(), "{file}");
    }
    // Of a tar of others nobody knows how long it may become, so a person has to say that it is honest.
    let others = Tar::venv().file("./zeros.bin", &vec![0; 160 << 20]).end();
    fs::write(
        sandbox.path("x.tar.zst"),
        zstd::encode_all(&others[..], 3).unwrap(),
    )
    .unwrap();
    let import = ["import", "x.tar.zst", "--store", "others", "--venv", "venv"];
    let run = sandbox.code(3, &import);
    assert!(run.stderr.contains("import --force"), "{run}");
    sandbox.ok(&[&import[..], &["--force"]].concat());
}
