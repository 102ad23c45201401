//! Messages of netlink, by which the kernel tells of processes: each begins with its length (`linux/netlink.h`).

use std::os::fd::OwnedFd;

use rustix::io::Result;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{SendFlags, sendto};

/// The header of each message.
pub(super) const HEADER: usize = 16;

/// Sends a message to the kernel.
pub(super) fn send(socket: &OwnedFd, message: &[u8]) -> Result<()> {
    sendto(
        socket,
        message,
        SendFlags::empty(),
        &SocketAddrNetlink::new(0, 0),
    )
    .map(|_| ())
}

/// The messages in what was read, each with its headers.
pub(super) fn messages(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    parts(bytes, HEADER, |head| Some(u32_at(head, 0)? as usize))
}

/// Parts that begin with their length, each at a multiple of four bytes.
pub(super) fn parts(
    mut bytes: &[u8],
    least: usize,
    len: impl Fn(&[u8]) -> Option<usize>,
) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let part = bytes.get(..len(bytes).filter(|len| *len >= least)?)?;
        bytes = bytes
            .get(part.len().next_multiple_of(4)..)
            .unwrap_or_default();
        Some(part)
    })
}

/// A number of four bytes, as this processor has it.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u32::from_ne_bytes(four))
}

/// A number of two bytes.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..at + 2)?.try_into().ok()?;
    Some(u16::from_ne_bytes(two))
}
