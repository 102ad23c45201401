//! Environments of conda, built to the letter of its format: records in `conda-meta` as conda 24 and rattler 0.28 write
//! them, files with their placeholder replaced as both do it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use serde_json::{Value, json};

/// The place for which packages of conda are built.
fn placeholder() -> String {
    format!("/home/build/_h_env{}", "_placehold".repeat(10))
}

pub(crate) fn sha256(content: &[u8]) -> String {
    use sha2::Digest;
    data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(content))
}

/// A file as conda puts it to a place, and its entry in the record.
fn placed(root: &Path, path: &str, packed: &[u8]) -> Value {
    let (held, place) = (placeholder(), root.to_str().unwrap().to_owned());
    let mut entry = json!({
        "_path": path, "path_type": "hardlink", "sha256": sha256(packed), "size_in_bytes": packed.len(),
    });
    let mut content = packed.to_vec();
    if memchr::memmem::find(packed, held.as_bytes()).is_some() {
        let is_binary = packed.contains(&0);
        entry["file_mode"] = if is_binary { "binary" } else { "text" }.into();
        entry["prefix_placeholder"] = held.as_str().into();
        content = Vec::new();
        for string in packed.split_inclusive(|&byte| byte == 0) {
            let text = String::from_utf8_lossy(string).replace(&held, &place);
            content.extend_from_slice(text.as_bytes());
            if is_binary {
                content.resize(content.len() + string.len() - text.len(), 0);
            }
        }
        entry["sha256_in_prefix"] = sha256(&content).into();
    }
    let file = root.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, content).unwrap();
    if path.starts_with("bin/") {
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    entry
}

fn record(root: &Path, name: &str, version: &str, build: &str, paths: &[Value]) {
    let files: Vec<&Value> = paths.iter().map(|one| &one["_path"]).collect();
    let record = json!({
        "name": name, "version": version, "build": build, "build_number": 0, "subdir": "linux-64", "depends": [],
        "channel": "https://conda.example/forge", "fn": format!("{name}-{version}-{build}.conda"), "files": files,
        "paths_data": {"paths_version": 1, "paths": paths}, "link": {"source": "/pkgs/x", "type": 1},
        "requested_spec": "None",
    });
    let file = root.join(format!("conda-meta/{name}-{version}-{build}.json"));
    fs::write(file, serde_json::to_vec_pretty(&record).unwrap()).unwrap();
}

/// The directory of packages.
pub(crate) const SITE: &str = "lib/python3.12/site-packages";
/// A library that holds the place.
pub(crate) const LIBRARY: &str = "lib/libcool.so.1";

/// An environment of three packages, of which one carries a distribution.
pub(crate) fn environment(root: &Path) {
    fs::create_dir_all(root.join("conda-meta")).unwrap();
    fs::write(
        root.join("conda-meta/history"),
        "==> 2026-01-01 00:00:00 <==\n",
    )
    .unwrap();
    let held = placeholder();
    let tool = format!("#!{held}/bin/runner\nprint('{held}')\n");
    let library = format!("\x7fELF\0{held}/lib:{held}/more\0tail\0{held}\0\x01\x02");
    let mut paths = vec![
        placed(root, "bin/cool", tool.as_bytes()),
        placed(root, LIBRARY, library.as_bytes()),
        placed(root, "share/cool/empty", b""),
    ];
    for (link, to) in [
        ("lib/libcool.so", "libcool.so.1"),
        ("lib/nowhere.so", "not-there.so"),
    ] {
        symlink(to, root.join(link)).unwrap();
        paths.push(json!({"_path": link, "path_type": "softlink", "sha256": sha256(b""), "size_in_bytes": 0}));
    }
    record(root, "cool", "3.3.0", "h4ab18f5_0", &paths);
    record(root, "_alias", "4.5", "2_gnu", &[]);
    // The RECORD is that of the wheel: the script was made by conda, for this place.
    let info = format!("{SITE}/wool-1.0.dist-info");
    let list = "wool/__init__.py,,\n../../../bin/wool,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,9\n\
        wool-1.0.dist-info/METADATA,,\nwool-1.0.dist-info/RECORD,,\n";
    let mut paths = vec![
        placed(
            root,
            &format!("{SITE}/wool/__init__.py"),
            b"def main(): pass\n",
        ),
        placed(
            root,
            &format!("{info}/METADATA"),
            b"Metadata-Version: 2.1\nName: wool\nVersion: 1.0\n",
        ),
        placed(root, &format!("{info}/INSTALLER"), b"conda\n"),
        placed(root, &format!("{info}/RECORD"), list.as_bytes()),
        json!({"_path": format!("{SITE}/wool/__pycache__/__init__.cpython-312.pyc"), "path_type": "pyc_file"}),
    ];
    let script = format!(
        "#!{}/bin/runner\nimport wool\nwool.main()\n",
        root.display()
    );
    let mut entry = placed(root, "bin/wool", script.as_bytes());
    entry["path_type"] = "unix_python_entry_point".into();
    entry["sha256_in_prefix"] = entry["sha256"].take();
    entry.as_object_mut().unwrap().remove("sha256");
    paths.push(entry);
    record(root, "wool", "1.0", "pyhd8ed1ab_0", &paths);
}
