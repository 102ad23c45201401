//! `cat`: the content of one file of a snapshot, checked on the way out.

use std::io::Write;

use super::context::Context;
use super::error::Error;
use super::lookup::{choose_to_read, read_tree};
use crate::disk::error::At;
use crate::model::{Node, RelPath, SnapshotRef};
use crate::store::{CorruptPart, Corruption, Store};
use crate::tree::Site;

/// Writes the content of a file to `out`, piece by piece.
pub fn cat(
    context: &Context<'_>,
    name: &SnapshotRef,
    path: &RelPath,
    site: Option<&Site>,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let (store, chosen) = choose_to_read(context, name, site)?;
    let manifest = read_tree(context, &store, &chosen)?;
    let entry = manifest.get(path).ok_or_else(|| Error::NoSuchPath {
        id: chosen.id,
        path: path.to_string(),
    })?;
    let write = |out: &mut dyn Write, bytes: &[u8]| {
        out.write_all(bytes)
            .at("write", std::path::Path::new("standard output"))
    };
    match &entry.node {
        Node::File { digest, size, .. } => {
            let mut done = 0;
            for number in 0..size.div_ceil(Store::PIECE_LEN) {
                context.go_on()?;
                let piece = store.objects.read_piece(digest, number)?;
                done += piece.len() as u64;
                write(out, &piece)?;
            }
            if done == *size {
                return Ok(());
            }
            Err(Error::Store(crate::store::Error::Corrupt {
                part: CorruptPart::File(path.clone()),
                what: Corruption::OtherLength,
            }))
        }
        Node::Symlink(target) => {
            let (path, target) = (path.clone(), target.clone());
            Err(Error::IsALink { path, target })
        }
        other => Err(Error::NotAFile {
            path: path.clone(),
            type_name: other.type_name(),
        }),
    }
}
