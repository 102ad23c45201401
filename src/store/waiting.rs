//! Objects that wait for company in a frame.

use super::frame::Object;

/// Objects, and what they take.
#[derive(Default)]
pub(super) struct Waiting {
    pub(super) objects: Vec<Object<'static>>,
    /// Their plain bytes.
    pub(super) bytes: usize,
}

impl Waiting {
    /// Adds one.
    pub(super) fn push(&mut self, object: Object<'static>) {
        self.bytes += object.bytes.len();
        self.objects.push(object);
    }
}
