//! How much of what is dear the house does at once for people who have not shown who they are.
//!
//! A signature with RSA, opening what somebody encrypted for us, or reading a message as long as none is, costs more than all the rest
//! of a request, and there are places where anybody may have it done. There it takes a turn: a few at once, each in the order it came, a short queue, and
//! beyond it a refusal that costs nothing. Whoever has signed in, and a service that has proven who it is, waits in no queue.

use thiserror::Error;
use tokio::sync::{Semaphore, SemaphorePermit};

/// Bytes of a form or an envelope beyond which reading it is dear: messages have a few thousand.
const LARGE: usize = 32 * 1024;

/// The queue is full: nothing was done, and it may be tried again in a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("too many who have not signed in ask for what is dear at this instant")]
pub struct Crowded;

/// See the module.
#[derive(Debug)]
pub struct Turns {
    places: Semaphore,
    turns: Semaphore,
}

/// Somebody's turn, until it is dropped. It is held while the processor works, and never while anything else is waited for.
#[must_use = "a turn that is dropped is over"]
#[derive(Debug)]
pub struct Turn<'a> {
    _turn: SemaphorePermit<'a>,
    _place: SemaphorePermit<'a>,
}

impl Turns {
    /// So many at once, one at least, and so many that wait besides.
    pub fn new(at_once: usize, waiting: usize) -> Turns {
        let at_once = at_once.max(1);
        Turns { places: Semaphore::new(at_once + waiting), turns: Semaphore::new(at_once) }
    }

    /// Waits for a turn; [`Crowded`], at once, when too many wait already.
    pub async fn take(&self) -> Result<Turn<'_>, Crowded> {
        let place = self.places.try_acquire().map_err(|_| Crowded)?;
        let turn = self.turns.acquire().await.map_err(|_| Crowded)?;
        Ok(Turn { _turn: turn, _place: place })
    }

    /// The turn in which so many bytes are read that anybody may have brought: none is waited for unless they are more than messages have.
    /// What is longer costs as much as a signature, whoever sent it.
    pub async fn to_read(&self, bytes: usize) -> Result<Option<Turn<'_>>, Crowded> {
        if bytes > LARGE { self.take().await.map(Some) } else { Ok(None) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Waker};

    #[test]
    fn a_few_at_once_and_a_few_that_wait_in_their_order() {
        let turns = Turns::new(1, 2);
        let mut context = Context::from_waker(Waker::noop());
        let (mut first, mut second, mut third) = (pin!(turns.take()), pin!(turns.take()), pin!(turns.take()));
        let std::task::Poll::Ready(Ok(turn)) = first.as_mut().poll(&mut context) else { panic!("nobody was there") };
        assert!(second.as_mut().poll(&mut context).is_pending());
        assert!(third.as_mut().poll(&mut context).is_pending());
        let refused = pin!(turns.take()).poll(&mut context);
        assert!(matches!(refused, std::task::Poll::Ready(Err(Crowded))), "no place is left, and that is said at once");
        drop(turn);
        assert!(third.as_mut().poll(&mut context).is_pending(), "who came before goes before");
        assert!(second.as_mut().poll(&mut context).is_ready());
        assert!(pin!(turns.take()).poll(&mut context).is_pending(), "a place is free again");
    }

    #[test]
    fn there_is_one_turn_at_least() {
        let turns = Turns::new(0, 0);
        let mut context = Context::from_waker(Waker::noop());
        assert!(pin!(turns.take()).poll(&mut context).is_ready());
    }
}
