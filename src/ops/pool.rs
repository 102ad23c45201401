//! Waiting for what the threads of the pool make.

use std::sync::mpsc::{Receiver, TryRecvError};

use rayon::Yield;

/// Waits for what a task of the pool sends; none where it ends without that.
///
/// Where no thread could be started, the one that waits is the only one that works (`cli/limits.rs`). So it does tasks
/// as long as there are some, and only then sleeps.
pub(super) fn wait_for<T>(receiver: &Receiver<T>) -> Option<T> {
    loop {
        match receiver.try_recv() {
            Ok(made) => return Some(made),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => {}
        }
        if !matches!(rayon::yield_now(), Some(Yield::Executed)) {
            return receiver.recv().ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use super::*;

    #[test]
    fn who_is_the_only_worker_does_what_it_waits_for() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let made = pool.unwrap().install(|| {
            rayon::in_place_scope(|scope| {
                let (send, receive) = sync_channel(1);
                scope.spawn(move |_| send.send(7).unwrap());
                wait_for(&receive)
            })
        });
        assert_eq!(made, Some(7));
    }

    #[test]
    fn what_ends_without_an_answer_is_none() {
        let (send, receive) = sync_channel::<u8>(1);
        drop(send);
        assert_eq!(wait_for(&receive), None);
    }
}
