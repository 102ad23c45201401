//! Entries and paths in JSON.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::model::{Entry, Node, RelPath};

/// `path` (lossy) and, if it is not UTF-8, `path_b64`.
pub(super) fn path(path: &RelPath) -> Value {
    let mut value = json!({});
    put(&mut value, "path", path.as_bytes());
    value
}

/// Puts a name into a field (lossy) and, if it is not UTF-8, its bytes into `…_b64`.
pub(super) fn put(value: &mut Value, field: &str, name: &[u8]) {
    value[field] = String::from_utf8_lossy(name).into();
    if let Some(bytes) = bytes(name) {
        value[format!("{field}_b64")] = bytes.into();
    }
}

/// Puts an absolute path into a field, in the same way.
pub(super) fn put_path(value: &mut Value, field: &str, path: &Path) {
    put(value, field, path.as_os_str().as_bytes());
}

/// Puts several paths into a field, as a list. The list `…_b64` is there where one of them is not UTF-8, with null for
/// those that are.
pub(super) fn put_paths(value: &mut Value, field: &str, paths: &[PathBuf]) {
    let names = || paths.iter().map(|path| path.as_os_str().as_bytes());
    value[field] = names()
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .collect();
    let all: Vec<Option<String>> = names().map(bytes).collect();
    if all.iter().any(Option::is_some) {
        value[format!("{field}_b64")] = all.into();
    }
}

/// The bytes of a name in base64; none where the name is UTF-8.
fn bytes(name: &[u8]) -> Option<String> {
    let is_text = std::str::from_utf8(name).is_ok();
    (!is_text).then(|| BASE64.encode(name))
}

/// What an entry is, without its path.
pub(super) fn value(entry: &Entry) -> Value {
    let meta = &entry.meta;
    let mtime = Timestamp::new(meta.mtime.secs, meta.mtime.nanos as i32)
        .ok()
        .map(|time| time.to_string());
    let mut value = json!({"type": entry.node.type_name()});
    if let Node::File { size, digest, .. } = &entry.node {
        value["size"] = (*size).into();
        value["blake3"] = digest.to_hex().into();
    }
    value["mode"] = format!("{:04o}", meta.mode).into();
    value["uid"] = meta.uid.into();
    value["gid"] = meta.gid.into();
    value["mtime"] = mtime.into();
    match &entry.node {
        Node::Symlink(target) => put(&mut value, "target", target),
        Node::File {
            link_to: Some(first),
            ..
        } => put(&mut value, "link_to", first.as_bytes()),
        Node::Unreadable(reason) => value["reason"] = reason.as_str().into(),
        _ => {}
    }
    if !meta.xattrs.is_empty() {
        let xattrs = meta.xattrs.iter().map(|(name, value)| {
            (
                String::from_utf8_lossy(name).into_owned(),
                BASE64.encode(value).into(),
            )
        });
        value["xattrs_b64"] = Value::Object(xattrs.collect());
    }
    value
}
