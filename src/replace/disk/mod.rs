//! What a replacement changes on the disk: the only files of this room that do.

pub(super) mod apply;
pub(super) mod inode;
pub(super) mod journal;
pub(super) mod reuse;
pub(super) mod staging;
pub(super) mod step;
pub(super) mod swap;
