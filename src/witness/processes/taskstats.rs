//! What the kernel counts of each process that ends: its name and its user, also of one that lived for a millisecond
//! (Documentation/accounting/taskstats.rst, `linux/taskstats.h`, `linux/genetlink.h`).

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Result;
use rustix::net::netlink::{GENERIC, SocketAddrNetlink};
use rustix::net::sockopt::set_socket_recv_buffer_size_force;
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recv, socket_with};

use super::netlink::{HEADER, messages, parts, send, u16_at, u32_at};

/// Bytes that may wait to be read.
const WAITING: usize = 4 << 20;
/// The family that names the others, and its request.
const CONTROL: u16 = 0x10;
const GET_FAMILY: u8 = 3;
const FAMILY_NAME: u16 = 2;
const FAMILY_ID: u16 = 1;
/// Requests of the family, and what comes of them.
const GET: u8 = 1;
const NEW: u8 = 2;
const REGISTER_CPUMASK: u16 = 3;
const AGGREGATE_PID: u16 = 4;
const STATS: u16 = 3;
/// The header of generic netlink, behind that of netlink.
const GENERIC_HEADER: usize = 4;
const REQUEST: u16 = 1;
const ACKNOWLEDGE: u16 = 4;
const ERROR: u16 = 2;
/// Where `struct taskstats` has name, user and number; fields were only ever added behind them.
const NAME: std::ops::Range<usize> = 80..112;
const UID: usize = 120;
const PID: usize = 128;

/// What was counted of one thread; that of a process has the number of the process.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Counted {
    pub(super) pid: u32,
    pub(super) name: String,
    pub(super) uid: u32,
}

/// A socket on which the kernel tells of each thread that ends.
#[derive(Debug)]
pub(super) struct TaskStats {
    socket: OwnedFd,
}

impl TaskStats {
    /// Asks the kernel to tell, on all processors; they are given as `/sys/devices/system/cpu/possible` has them.
    pub(super) fn listen(processors: &str) -> Result<Self> {
        let flags = SocketFlags::CLOEXEC;
        let socket = socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            flags,
            Some(GENERIC),
        )?;
        bind(&socket, &SocketAddrNetlink::new(0, 0))?;
        // Without the right to force this size, the system's limit stands.
        let _ = set_socket_recv_buffer_size_force(&socket, WAITING);
        let mut buffer = vec![0; 8192];
        send(
            &socket,
            &request(CONTROL, GET_FAMILY, FAMILY_NAME, b"TASKSTATS\0"),
        )?;
        let (_, len) = recv(&socket, &mut *buffer, RecvFlags::empty())?;
        let family = family(&buffer[..len]).ok_or(rustix::io::Errno::NOENT)?;
        let mask = [processors.trim().as_bytes(), b"\0"].concat();
        send(&socket, &request(family, GET, REGISTER_CPUMASK, &mask))?;
        let (_, len) = recv(&socket, &mut *buffer, RecvFlags::empty())?;
        refusal(&buffer[..len]).map_or(Ok(()), Err)?;
        rustix::io::ioctl_fionbio(&socket, true)?;
        Ok(Self { socket })
    }

    /// All that was told since. What was lost because nobody read it is gone: of those processes the name may be
    /// unknown.
    pub(super) fn read(&self, buffer: &mut [u8]) -> Vec<Counted> {
        let mut all = Vec::new();
        loop {
            match recv(&self.socket, &mut *buffer, RecvFlags::empty()) {
                Ok((_, len)) => all.extend(messages(&buffer[..len]).filter_map(counted)),
                Err(rustix::io::Errno::NOBUFS | rustix::io::Errno::INTR) => {}
                Err(_) => return all,
            }
        }
    }
}

impl AsFd for TaskStats {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// One request with one attribute.
fn request(family: u16, command: u8, attribute: u16, value: &[u8]) -> Vec<u8> {
    let padded = value.len().next_multiple_of(4);
    let len = HEADER + GENERIC_HEADER + 4 + padded;
    let mut message = Vec::with_capacity(len);
    message.extend((len as u32).to_ne_bytes());
    message.extend(family.to_ne_bytes());
    message.extend((REQUEST | ACKNOWLEDGE).to_ne_bytes());
    message.extend([0; 8]);
    message.extend([command, 1, 0, 0]);
    message.extend((4 + value.len() as u16).to_ne_bytes());
    message.extend(attribute.to_ne_bytes());
    message.extend_from_slice(value);
    message.resize(len, 0);
    message
}

/// Type and value of the attributes.
fn attributes(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let all = parts(bytes, 4, |head| Some(usize::from(u16_at(head, 0)?)));
    all.filter_map(|part| Some((u16_at(part, 2)? & 0x3fff, part.get(4..)?)))
}

fn body(message: &[u8]) -> &[u8] {
    message.get(HEADER + GENERIC_HEADER..).unwrap_or_default()
}

fn family(bytes: &[u8]) -> Option<u16> {
    let message = messages(bytes).next()?;
    let mut all = attributes(body(message));
    all.find(|(kind, _)| *kind == FAMILY_ID)
        .and_then(|(_, value)| u16_at(value, 0))
}

/// The error that an answer tells.
fn refusal(bytes: &[u8]) -> Option<rustix::io::Errno> {
    let message = messages(bytes).find(|message| u16_at(message, 4) == Some(ERROR))?;
    let number = u32_at(message, HEADER)?.cast_signed();
    (number != 0).then(|| rustix::io::Errno::from_raw_os_error(-number))
}

fn counted(message: &[u8]) -> Option<Counted> {
    if message.get(HEADER) != Some(&NEW) {
        return None;
    }
    let (_, of_one) = attributes(body(message)).find(|(kind, _)| *kind == AGGREGATE_PID)?;
    let (_, stats) = attributes(of_one).find(|(kind, _)| *kind == STATS)?;
    let name = stats.get(NAME)?.split(|&byte| byte == 0).next()?;
    Some(Counted {
        pid: u32_at(stats, PID)?,
        name: String::from_utf8_lossy(name).into_owned(),
        uid: u32_at(stats, UID)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = (4 + value.len() as u16).to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend_from_slice(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn message() -> Vec<u8> {
        let mut stats = vec![0; 328];
        stats[80..85].copy_from_slice(b"crond");
        stats[120..124].copy_from_slice(&7_u32.to_ne_bytes());
        stats[128..132].copy_from_slice(&4711_u32.to_ne_bytes());
        let of_one = [
            attribute(1, &4711_u32.to_ne_bytes()),
            attribute(STATS, &stats),
        ]
        .concat();
        let body = attribute(AGGREGATE_PID | 0x8000, &of_one);
        let mut message = ((HEADER + 4 + body.len()) as u32).to_ne_bytes().to_vec();
        message.extend([0; 12]);
        message.extend([NEW, 1, 0, 0]);
        message.extend(body);
        message
    }

    #[test]
    fn name_and_user_of_what_ended_are_read() {
        let expected = Counted {
            pid: 4711,
            name: "crond".to_owned(),
            uid: 7,
        };
        let two = message().repeat(2);
        let read: Vec<_> = messages(&two).filter_map(counted).collect();
        assert_eq!(read, [expected.clone(), expected]);
    }

    #[test]
    fn what_is_cut_or_broken_is_no_record_and_does_no_harm() {
        let whole = message();
        for len in 0..whole.len() {
            let read = messages(&whole[..len]).filter_map(counted).count();
            assert_eq!(read, 0, "{len}");
        }
        for at in 0..60 {
            let mut broken = whole.clone();
            broken[at] = 0xff;
            messages(&broken).filter_map(counted).for_each(drop);
        }
    }
}
