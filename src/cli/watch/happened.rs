//! What threads tell the guard.

use std::sync::Arc;

use venv_snap::model::{RelPath, Who};
use venv_snap::watch::Input;

/// Something that happened, as threads tell it.
pub(super) enum Happened {
    /// To one venv, by its number.
    To(usize, Input),
    /// To all of them.
    ToAll(Input),
    /// Somebody was seen to make something, to take it away, or to write in it.
    Saw(usize, RelPath, Arc<Who>),
    /// A letter arrived, or why it did not.
    Sent(u64, Result<(), String>),
    /// Whoever watches this guard was called.
    Called(Result<(), String>),
    /// This guard is to end.
    End,
}
