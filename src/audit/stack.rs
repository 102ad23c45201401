//! Room on the stack for what calls itself. Threads may lack, and what could not be looked at for want of one would
//! count as sound.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Does work on a stack of its own, in this thread; none where it panics. Memory that lacks for the stack ends the
/// program, as every other want of memory does.
pub(super) fn with_stack<T>(size: usize, work: impl FnOnce() -> T) -> Option<T> {
    stacker::grow(size, || catch_unwind(AssertUnwindSafe(work)).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_has_the_room_that_it_was_given_and_a_panic_of_it_is_no_end() {
        fn deep(level: u32) -> u64 {
            let piece = std::hint::black_box([u64::from(level); 512]);
            match level {
                0 => 0,
                _ => deep(level - 1) + piece[511],
            }
        }
        assert_eq!(with_stack(64 << 20, || deep(4_000)), Some(8_002_000));
        assert_eq!(with_stack(1 << 20, || -> u64 { panic!("wanted") }), None);
    }
}
