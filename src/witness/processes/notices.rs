//! The kernel's notices of processes that are made, start a program and end (`linux/cn_proc.h`, `linux/connector.h`).
//! The crate for them, proc-connector, does not compile for musl.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::{Errno, Result};
use rustix::net::netlink::{CONNECTOR, SocketAddrNetlink};
use rustix::net::sockopt::{set_socket_recv_buffer_size, set_socket_recv_buffer_size_force};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recv, socket_with};

use super::netlink::{HEADER, messages, send, u16_at, u32_at};

/// Bytes that may wait to be read.
const WAITING: usize = 8 << 20;
/// The group of those who listen, which is the number of this connector as well.
const PROCESSES: u32 = 1;
/// The request to be told.
const LISTEN: u32 = 1;
/// Kinds of notices; the first answers a request.
const ANSWER: u32 = 0;
const FORK: u32 = 1;
const EXEC: u32 = 2;
const EXIT: u32 = 0x8000_0000;
/// Behind the header of netlink stands that of the connector, which ends with the length of the notice; the notice has
/// a head with kind, processor and time.
const LEN: usize = HEADER + 16;
const NOTICE: usize = HEADER + 20;
const TIME: usize = NOTICE + 8;
const OF_KIND: usize = NOTICE + 16;

/// What happened to a process. Threads are none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Notice {
    Forked { parent: u32, child: u32, at: u64 },
    Executed { pid: u32, at: u64 },
    Ended { pid: u32, at: u64 },
}

/// What was read in one go.
pub(super) enum Heard {
    Notices(Vec<Notice>),
    /// More happened than could wait.
    Missed,
}

/// A socket on which the kernel tells of each process.
#[derive(Debug)]
pub(super) struct Notices {
    socket: OwnedFd,
}

impl Notices {
    /// Asks the kernel to tell.
    pub(super) fn listen() -> Result<Self> {
        let socket = socket_with(
            AddressFamily::NETLINK,
            SocketType::DGRAM,
            SocketFlags::CLOEXEC,
            Some(CONNECTOR),
        )?;
        bind(&socket, &SocketAddrNetlink::new(0, PROCESSES))?;
        // Without the right to force this size, the system's limit stands.
        if set_socket_recv_buffer_size_force(&socket, WAITING).is_err() {
            set_socket_recv_buffer_size(&socket, WAITING)?;
        }
        send(&socket, &request(&[LISTEN]))?;
        let mut buffer = vec![0; 4096];
        let (_, len) = recv(&socket, &mut *buffer, RecvFlags::empty())?;
        refusal(&buffer[..len]).map_or(Ok(()), Err)?;
        // The kernel answers at once or, where only some kinds of events are wanted, not at all: whoever waited would
        // wait for the next process of this host. One before 6.6 does not know of kinds, and goes on telling all.
        rustix::io::ioctl_fionbio(&socket, true)?;
        send(&socket, &request(&[LISTEN, FORK | EXEC | EXIT]))?;
        Ok(Self { socket })
    }

    /// What waits, or nothing where nothing does.
    pub(super) fn read(&self, buffer: &mut [u8]) -> Option<Heard> {
        loop {
            match recv(&self.socket, &mut *buffer, RecvFlags::empty()) {
                Ok((_, len)) => {
                    let notices = messages(&buffer[..len]).filter_map(notice).collect();
                    return Some(Heard::Notices(notices));
                }
                Err(Errno::NOBUFS) => return Some(Heard::Missed),
                Err(Errno::INTR) => {}
                Err(_) => return None,
            }
        }
    }
}

impl AsFd for Notices {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// A message for the connector of processes.
fn request(words: &[u32]) -> Vec<u8> {
    let len = NOTICE + 4 * words.len();
    let mut message = Vec::with_capacity(len);
    message.extend((len as u32).to_ne_bytes());
    // Any type that is not netlink's own, and the flag of a request.
    message.extend(16_u16.to_ne_bytes());
    message.extend(1_u16.to_ne_bytes());
    message.extend([0; 8]);
    message.extend(PROCESSES.to_ne_bytes());
    message.extend(PROCESSES.to_ne_bytes());
    message.extend([0; 8]);
    message.extend((4 * words.len() as u16).to_ne_bytes());
    message.extend([0; 2]);
    message.extend(words.iter().flat_map(|word| word.to_ne_bytes()));
    message
}

/// The kind of a notice, if the message is one and whole.
fn told(message: &[u8]) -> Option<u32> {
    let is_ours = [HEADER, HEADER + 4].map(|at| u32_at(message, at)) == [Some(PROCESSES); 2];
    let len = usize::from(u16_at(message, LEN)?);
    (is_ours && message.len() >= NOTICE + len).then(|| u32_at(message, NOTICE))?
}

/// The error that the answer to a request tells.
fn refusal(bytes: &[u8]) -> Option<Errno> {
    let answer = messages(bytes).find(|message| told(message) == Some(ANSWER))?;
    let number = u32_at(answer, OF_KIND)?.cast_signed();
    (number != 0).then(|| Errno::from_raw_os_error(number.saturating_abs()))
}

fn notice(message: &[u8]) -> Option<Notice> {
    let kind = told(message)?;
    let at = u64::from_ne_bytes(message.get(TIME..TIME + 8)?.try_into().ok()?);
    let number = |place: usize| u32_at(message, OF_KIND + 4 * place);
    match kind {
        FORK if number(2)? == number(3)? => Some(Notice::Forked {
            parent: number(1)?,
            child: number(2)?,
            at,
        }),
        EXEC => Some(Notice::Executed {
            pid: number(1)?,
            at,
        }),
        EXIT if number(0)? == number(1)? => Some(Notice::Ended {
            pid: number(0)?,
            at,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message as the kernel sends it.
    fn message(kind: u32, numbers: &[u32]) -> Vec<u8> {
        let len = OF_KIND + 4 * numbers.len();
        let mut message = request(&[]);
        message[..4].copy_from_slice(&(len as u32).to_ne_bytes());
        message[LEN..LEN + 2].copy_from_slice(&((len - NOTICE) as u16).to_ne_bytes());
        message.extend(kind.to_ne_bytes());
        message.extend(3_u32.to_ne_bytes());
        message.extend(77_u64.to_ne_bytes());
        message.extend(numbers.iter().flat_map(|number| number.to_ne_bytes()));
        message
    }

    fn all(bytes: &[u8]) -> Vec<Notice> {
        messages(bytes).filter_map(notice).collect()
    }

    #[test]
    fn processes_are_told_and_threads_are_not() {
        let bytes = [
            message(FORK, &[8, 7, 12, 12]),
            message(FORK, &[8, 7, 13, 12]),
            message(EXEC, &[13, 12]),
            message(EXIT, &[13, 12, 0, 0, 8, 7]),
            message(EXIT, &[12, 12, 0, 17, 8, 7]),
            message(0x200, &[12, 12, 0, 0, 0, 0]),
        ];
        let expected = [
            Notice::Forked {
                parent: 7,
                child: 12,
                at: 77,
            },
            Notice::Executed { pid: 12, at: 77 },
            Notice::Ended { pid: 12, at: 77 },
        ];
        assert_eq!(all(&bytes.concat()), expected);
    }

    #[test]
    fn a_refusal_is_an_error_and_a_notice_is_none() {
        assert_eq!(refusal(&message(ANSWER, &[1])), Some(Errno::PERM));
        assert_eq!(
            refusal(&message(ANSWER, &[1_u32.wrapping_neg()])),
            Some(Errno::PERM)
        );
        assert_eq!(refusal(&message(ANSWER, &[0])), None);
        assert_eq!(refusal(&message(EXEC, &[13, 12])), None);
    }

    #[test]
    fn what_is_cut_or_of_others_is_no_notice() {
        let whole = message(EXIT, &[12, 12, 0, 17, 8, 7]);
        for len in 0..whole.len() {
            assert_eq!(all(&whole[..len]), [], "{len}");
        }
        for at in [HEADER, HEADER + 4, LEN] {
            let mut broken = whole.clone();
            broken[at] = 0xff;
            assert_eq!(all(&broken), [], "{at}");
        }
    }
}
