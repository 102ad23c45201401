//! Entries and paths in JSON.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use data_encoding::BASE64;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::model::{Entry, Node, RelPath};

/// `path` (lossy) and, if it is not UTF-8, `path_b64`.
pub(super) fn path(path: &RelPath) -> Value {
    let bytes = path.as_bytes();
    let mut value = json!({"path": String::from_utf8_lossy(bytes)});
    if std::str::from_utf8(bytes).is_err() {
        value["path_b64"] = BASE64.encode(bytes).into();
    }
    value
}

/// An absolute path as text, lossy.
pub(super) fn path_text(path: &Path) -> String {
    String::from_utf8_lossy(path.as_os_str().as_bytes()).into_owned()
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
        Node::Symlink(target) => value["target"] = String::from_utf8_lossy(target).into(),
        Node::File {
            link_to: Some(first),
            ..
        } => value["link_to"] = String::from_utf8_lossy(first.as_bytes()).into(),
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
