//! A future that wakes itself while it is polled is polled again at once.
//!
//! A connection does so with every request that has a body: the handler asks for the body, the connection hears of it and reads it,
//! the handler hears of that. Left to the runtime, each such word puts the connection back into the queue and wakes another
//! thread to look at it, which costs as much as a small request.

use futures::task::AtomicWaker;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};

/// How often a future is polled in a row: one that wakes itself again and again leaves others their turn.
const TURNS: usize = 8;

/// See the module.
pub(super) struct Eager {
    heard: Arc<Heard>,
    waker: Waker,
}

/// What wakes the future.
#[derive(Default)]
struct Heard {
    polled: AtomicBool,
    woken: AtomicBool,
    /// The task around it.
    task: AtomicWaker,
}

impl Wake for Heard {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, SeqCst);
        // Whoever polls looks at `woken` after `polled`, so that one of the two sees the other.
        if !self.polled.load(SeqCst) {
            self.task.wake();
        }
    }
}

impl Default for Eager {
    fn default() -> Eager {
        let heard = Arc::new(Heard::default());
        Eager { waker: Waker::from(Arc::clone(&heard)), heard }
    }
}

impl Eager {
    /// Polls a future, the same one each time.
    pub fn poll<F: Future>(&self, mut future: Pin<&mut F>, task: &mut Context<'_>) -> Poll<F::Output> {
        self.heard.task.register(task.waker());
        for _ in 0..TURNS {
            self.heard.woken.store(false, SeqCst);
            self.heard.polled.store(true, SeqCst);
            let polled = future.as_mut().poll(&mut Context::from_waker(&self.waker));
            self.heard.polled.store(false, SeqCst);
            if polled.is_ready() || !self.heard.woken.load(SeqCst) {
                return polled;
            }
        }
        task.waker().wake_by_ref();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::sync::atomic::AtomicUsize;

    /// Counts how often the runtime is asked.
    #[derive(Default)]
    struct Asked(AtomicUsize);

    impl Wake for Asked {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    /// Polls once what wakes itself that many times before it waits for somebody else; says how often it was polled and how
    /// often the runtime was asked, then wakes it from outside and says the latter again.
    fn polled(itself: usize) -> (usize, usize, usize) {
        let (asked, eager, mut turns) = (Arc::new(Asked::default()), Eager::default(), 0);
        let waker = Waker::from(asked.clone());
        let mut waits = Box::pin(poll_fn(|cx| {
            turns += 1;
            if turns <= itself {
                cx.waker().wake_by_ref();
            }
            Poll::<()>::Pending
        }));
        assert!(eager.poll(waits.as_mut(), &mut Context::from_waker(&waker)).is_pending());
        drop(waits);
        let before = asked.0.load(SeqCst);
        eager.waker.wake_by_ref();
        (turns, before, asked.0.load(SeqCst))
    }

    #[test]
    fn what_wakes_itself_is_polled_again_without_the_runtime() {
        assert_eq!(polled(0), (1, 0, 1));
        assert_eq!(polled(3), (4, 0, 1));
    }

    #[test]
    fn what_wakes_itself_for_ever_leaves_others_their_turn() {
        assert_eq!(polled(usize::MAX).0, TURNS);
        assert!(polled(usize::MAX).1 > 0, "it is polled again later");
    }
}
