//! What a password is, what a hash may ask for, and what a flood meets.

use super::*;
use std::future::Future;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_multi_thread().enable_time().build().unwrap());

fn wait<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.block_on(future)
}

/// Runs something whose waits are over at once.
fn soon<T>(future: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(future)
}

#[test]
fn a_password_opens_its_own_hash_only() {
    let pool = Passwords::new(2, 8);
    let hash = wait(pool.hash("Tilleul d'été 42")).unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert_ne!(hash, wait(pool.hash("Tilleul d'été 42")).unwrap(), "the salt is fresh");
    assert_eq!(wait(pool.verify("Tilleul d'été 42", Some(&hash))), Ok(true));
    assert_eq!(wait(pool.verify("Tilleul d'e\u{301}te\u{301} 42", Some(&hash))), Ok(true), "one form of Unicode");
    for wrong in ["tilleul d'été 42", "Tilleul d'été 42 ", " Tilleul d'été 42", "Tilleul d'été 42\0", "x"] {
        assert_eq!(wait(pool.verify(wrong, Some(&hash))), Ok(false), "{wrong:?}");
    }
    assert_eq!(wait(pool.verify("Tilleul d'été 42", None)), Ok(false));
}

#[test]
fn a_long_password_is_used_to_its_last_byte() {
    let pool = Passwords::new(1, 8);
    let long = "é".repeat(MAX_PASSWORD / 2);
    let hash = wait(pool.hash(&long)).unwrap();
    assert_eq!(wait(pool.verify(&long, Some(&hash))), Ok(true));
    let mut other = long.clone();
    other.pop();
    other.push('è');
    assert_eq!(wait(pool.verify(&other, Some(&hash))), Ok(false));
    assert_eq!(wait(pool.hash(&format!("{long}x"))), Err(NotHashed::TooLong));
    assert_eq!(wait(pool.verify(&format!("{long}x"), Some(&hash))), Ok(false));
    assert_eq!(wait(pool.hash("")), Err(NotHashed::Empty));
    assert_eq!(wait(pool.verify("", Some(&hash))), Ok(false));
}

#[test]
fn a_published_hash_is_read_and_a_greedy_one_is_not() {
    // From the tests of the reference implementation.
    let known = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let pool = Passwords::new(1, 8);
    assert_eq!(wait(pool.verify("password", Some(known))), Ok(true), "control");
    assert_eq!(wait(pool.verify("passwore", Some(known))), Ok(false));
    for (from, to) in [("m=65536", "m=65537"), ("m=65536", "m=4294967295"), ("t=2", "t=9"), ("p=1", "p=9")] {
        let greedy = known.replace(from, to);
        assert!(read(&greedy).is_none(), "{greedy}");
        assert_eq!(wait(pool.verify("password", Some(&greedy))), Ok(false), "{greedy}");
    }
    for broken in ["", "password", "$argon2id$", "$2b$12$abc", &known.replace("argon2id", "argon2i")] {
        assert_eq!(wait(pool.verify("password", Some(broken))), Ok(false), "{broken}");
    }
}

#[test]
fn a_flood_meets_a_full_queue_and_leaves_room_again() {
    let pool = Passwords::new(1, 2);
    let _runtime = RUNTIME.enter();
    let mut context = Context::from_waker(Waker::noop());
    let mut waiting: Vec<_> = (0..50).map(|_| Box::pin(pool.verify("secret-word", None))).collect();
    let refused = waiting.iter_mut().map(|job| job.as_mut().poll(&mut context)).filter(|now| now.is_ready()).count();
    assert!(refused >= 40, "{refused}");
    drop(waiting);
    // Those who left are passed over; the next one is served.
    let served = std::iter::repeat_with(|| wait(pool.verify("secret-word", None))).find(Result::is_ok);
    assert_eq!(served, Some(Ok(false)));
}

#[test]
fn no_more_are_hashed_at_once_than_there_are_threads() {
    let _runtime = RUNTIME.enter();
    for workers in [1, 3] {
        let pool = Passwords::new(workers, 12);
        let mut context = Context::from_waker(Waker::noop());
        let mut all: Vec<_> = (0..12).map(|_| Box::pin(pool.verify("secret-word", None))).collect();
        assert!(all.iter_mut().all(|job| job.as_mut().poll(&mut context).is_pending()), "there is room for each");
        assert!(all.into_iter().all(|job| wait(job) == Ok(false)));
        let queue = pool.shared.lock();
        // Each hash works on memory of its own, and what it leaves the next one takes: as many as there ever were at once,
        // with the one that a busy machine may have starved.
        assert!(queue.begun == 12 && (1..=workers + 1).contains(&queue.spare.len()), "{}", queue.spare.len());
    }
}

#[test]
fn the_answer_to_nobody_costs_what_an_answer_costs() {
    // Counted in work and not in time: both walk the same blocks the same number of times.
    let (stored, _) = read(&phc(&[7; 16], &[7; 32])).unwrap();
    let params = standard();
    assert_eq!(
        (stored.params.m_cost(), stored.params.t_cost(), stored.params.p_cost(), stored.params.output_len()),
        (params.m_cost(), params.t_cost(), params.p_cost(), params.output_len())
    );
}

#[test]
fn a_pool_that_is_gone_answers_busy() {
    let pool = Passwords::new(1, 64);
    let mut context = Context::from_waker(Waker::noop());
    let shared = Arc::clone(&pool.shared);
    let (reply, mut answer) = oneshot::channel();
    drop(pool);
    let recipe = Recipe { version: Version::V0x13, params: standard(), salt: vec![0; 16] };
    let task = Arc::new(Task { password: Zeroizing::new("x".into()), recipe });
    shared.lock().jobs.push_back(Job { task, reply });
    assert!(shared.next().is_none());
    drop(shared.lock().jobs.pop_front());
    assert!(matches!(std::pin::Pin::new(&mut answer).poll(&mut context), Poll::Ready(Err(_))));
}

#[test]
fn the_threads_let_everybody_else_pass() {
    let pool = Passwords::new(1, 1);
    assert_eq!(wait(pool.verify("secret-word", None)), Ok(false));
    // The 41st field of a thread's line is its policy: 0 is everybody's, 5 comes after everybody (proc(5), sched(7)).
    let policy = |thread: &str| {
        let line = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat")).unwrap_or_default();
        let (named, rest) = line.split_once(") ")?;
        Some((named.contains("(password-"), rest.split(' ').nth(38)?.to_owned()))
    };
    let threads = std::fs::read_dir("/proc/self/task").unwrap().map(|one| one.unwrap().file_name());
    let policies: Vec<_> = threads.filter_map(|thread| policy(thread.to_str()?)).collect();
    assert!(policies.contains(&(true, "5".into())) && policies.contains(&(false, "0".into())), "{policies:?}");
    assert!(policies.iter().all(|(password, policy)| (policy == "5") == *password), "{policies:?}");
}

/// A pool whose threads have no time at all.
fn starved() -> Passwords {
    let mut pool = Passwords::new(0, 8);
    pool.turn = Arc::new(Semaphore::new(1));
    pool
}

#[test]
fn a_hash_the_machine_has_no_time_for_is_made_at_everybodys_priority() {
    let never = soon(Passwords::new(0, 8).verify("secret-word", None));
    assert_eq!(never, Err(Busy), "control: without threads there is no such turn");
    let pool = starved();
    let hash = soon(pool.hash("secret-word")).unwrap();
    assert_eq!(soon(pool.verify("secret-word", Some(&hash))), Ok(true));
    assert_eq!(soon(pool.verify("secret-wort", Some(&hash))), Ok(false));
}

#[test]
fn a_machine_without_time_makes_one_hash_at_a_time() {
    let pool = starved();
    soon(async {
        let mut hash = pin!(pool.verify("secret-word", None));
        let turn = Arc::clone(&pool.turn).try_acquire_owned().unwrap();
        assert!(timeout(30 * STARVED, &mut hash).await.is_err(), "it is another one's turn");
        drop(turn);
        assert_eq!(hash.await, Ok(false));
    });
}

#[test]
fn a_queue_that_moves_is_waited_in() {
    let pool = starved();
    soon(async {
        let mut hash = pin!(pool.verify("secret-word", None));
        for _ in 0..60 {
            assert!(timeout(STARVED / 2, &mut hash).await.is_err(), "others come to their end");
            pool.shared.lock().ended += 1;
        }
        assert_eq!(hash.await, Ok(false), "and then no one does");
    });
}

#[test]
fn a_queue_that_moves_too_slowly_is_left() {
    let pool = starved();
    soon(async {
        let (mut hash, mut waited) = (pin!(pool.verify("secret-word", None)), Duration::ZERO);
        let answer = loop {
            if let Ok(answer) = timeout(STARVED / 2, &mut hash).await {
                break answer;
            }
            waited += STARVED / 2;
            pool.shared.lock().ended += 1;
        };
        assert_eq!((answer, pool.waiting().0, pool.hashed()), (Err(Busy), 0, 0), "nothing was checked");
        assert!((35 * STARVED..=41 * STARVED).contains(&waited), "{waited:?}");
    });
}
