//! Which process was what, also of those that are gone: the kernel's notices of fork, exec and exit, and looks at
//! `/proc` while there is something to be seen.

mod clock;
mod look;
mod naming;
mod netlink;
mod notices;
mod table;
mod taskstats;
mod tracer;

pub(super) use clock::now;
pub(super) use look::look;
pub(super) use tracer::{Tracer, WhoTold};
