//! Passwords of local accounts: Argon2id on a few threads of their own, behind a short queue.
//!
//! A hash costs 19 MiB and some 25 ms of one core. Left unbounded, a flood of sign-ins would take all memory and starve
//! every other request; here it meets a full queue, and the caller says so ([`Busy`]) at no cost. The memory of a hash
//! serves the next one, whichever thread computes it, since asking the system for fresh pages costs 15 % of a hash and what
//! was used last is nearest to the processor; it is given back when the pool has been idle for a while. It is in large pages where the
//! system has them ([ADR 0050](../../../docs/adr/0050-a-hash-has-large-pages.md)).
//!
//! The threads run when nobody else of this server wants the processor (`SCHED_IDLE`): a sign-on of 0.2 ms does not wait for the
//! end of a hash, and whatever is left over still goes to hashes. A hash that the machine is too busy for is made at everybody's
//! priority, one at a time ([ADR 0032](../../../docs/adr/0032-hashes-let-everybody-pass.md)).

use crate::constant_time_eq;
use argon2::password_hash::{Output, ParamsString, PasswordHash, SaltString};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use thiserror::Error;
use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
    thread_schedule_policy,
};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Longest password, in bytes as typed. A longer one is refused before any work is done on it.
pub const MAX_PASSWORD: usize = 4096;

/// What a new hash costs: 19 MiB, two passes, one lane (OWASP ASVS 5.0, appendix C).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const OUTPUT: usize = 32;

/// What a stored hash may ask for at most. Anything above would let one row of the database take the server's memory.
const MAX_MEMORY_KIB: u32 = 64 * 1024;
const MAX_PASSES: u32 = 8;
const MAX_LANES: u32 = 8;

/// How long memory is kept without work.
const IDLE: Duration = Duration::from_secs(10);
/// When no hash comes to its end for so long, the processors have no time left for the pool.
const STARVED: Duration = Duration::from_millis(500);
/// So often somebody whose password nobody began waits that long, and then no longer: ten seconds before whoever serves them gives the request
/// up, so that they are told to come again and it is no failure of theirs.
const LONGEST: u32 = 40;
/// The policy of its threads.
const AFTER_EVERYBODY: ThreadSchedulePolicy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);

/// The queue is full, or so slow that nobody would wait for it: nothing was checked. The caller answers "try again" and counts no failure against the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("too many passwords are being checked")]
pub struct Busy;

/// Why a new password was not hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotHashed {
    /// See [`Busy`].
    #[error(transparent)]
    Busy(#[from] Busy),
    /// There is no password.
    #[error("a password may not be empty")]
    Empty,
    /// Longer than [`MAX_PASSWORD`].
    #[error("a password may not be longer than {MAX_PASSWORD} bytes")]
    TooLong,
}

/// The pool. Dropping it ends its threads; what still waits is answered [`Busy`].
pub struct Passwords {
    shared: Arc<Shared>,
    limit: usize,
    /// Whose turn it is to have a hash at everybody's priority.
    turn: Arc<Semaphore>,
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords").field("limit", &self.limit).finish_non_exhaustive()
    }
}

struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Job>,
    /// Memory nobody uses, the latest used last.
    spare: Vec<Vec<Block>>,
    /// Jobs that were begun, and those that came to their end.
    begun: u64,
    ended: u64,
    closed: bool,
}

struct Job {
    task: Arc<Task>,
    reply: oneshot::Sender<Vec<u8>>,
}

/// What a hash is made of.
struct Task {
    password: Zeroizing<String>,
    recipe: Recipe,
}

/// Everything a hash depends on besides the password.
#[derive(Clone)]
struct Recipe {
    version: Version,
    params: Params,
    salt: Vec<u8>,
}

impl Passwords {
    /// A pool of `workers` threads with at most `queue` passwords waiting, one at least. Without a thread, whatever waits
    /// waits as long as anybody does: nothing is busier than that. Passwords are hashed within a runtime of tokio that has a clock.
    pub fn new(workers: usize, queue: usize) -> Passwords {
        let shared = Arc::new(Shared { queue: Mutex::default(), wake: Condvar::new() });
        for n in 0..workers {
            let shared = Arc::clone(&shared);
            let spawned = std::thread::Builder::new().name(format!("password-{n}")).spawn(move || work(&shared));
            if let Err(error) = spawned {
                tracing::error!(%error, "a password thread could not be started");
            }
        }
        Passwords { shared, limit: queue.max(1), turn: Arc::new(Semaphore::new(workers.min(1))) }
    }

    /// The hash of a new password, as a PHC string with a random salt.
    pub async fn hash(&self, password: &str) -> Result<String, NotHashed> {
        if password.is_empty() {
            return Err(NotHashed::Empty);
        }
        if password.len() > MAX_PASSWORD {
            return Err(NotHashed::TooLong);
        }
        let mut salt = [0u8; 16];
        preau_domain::Ids::fill(&crate::SystemIds, &mut salt);
        let recipe = Recipe { version: Version::V0x13, params: standard(), salt: salt.to_vec() };
        let output = self.compute(password, recipe).await?;
        Ok(phc(&salt, &output))
    }

    /// Whether the password is the one of that hash. Without a hash, or with one that cannot be read, the same work is
    /// done against nothing and the answer is no: time does not tell which accounts exist. An empty or oversized
    /// password is refused at once; that depends on what was typed alone.
    pub async fn verify(&self, password: &str, phc: Option<&str>) -> Result<bool, Busy> {
        if password.is_empty() || password.len() > MAX_PASSWORD {
            return Ok(false);
        }
        let stored = phc.and_then(|text| {
            let stored = read(text);
            if stored.is_none() {
                tracing::warn!("a stored password hash cannot be used: its account cannot sign in");
            }
            stored
        });
        let (recipe, expected) = stored
            .unwrap_or_else(|| (Recipe { version: Version::V0x13, params: standard(), salt: vec![0; 16] }, Vec::new()));
        let output = self.compute(password, recipe).await?;
        Ok(!expected.is_empty() && constant_time_eq(&output, &expected))
    }

    /// How many passwords wait, and how many may.
    pub fn waiting(&self) -> (usize, usize) {
        (self.shared.lock().jobs.len(), self.limit)
    }

    /// How many passwords were hashed so far, to the end or not.
    pub fn hashed(&self) -> u64 {
        self.shared.lock().begun
    }

    async fn compute(&self, password: &str, recipe: Recipe) -> Result<Vec<u8>, Busy> {
        let task = Arc::new(Task { password: Zeroizing::new(password.nfc().collect::<String>()), recipe });
        let (reply, mut answer) = oneshot::channel();
        let mut ended = {
            let mut queue = self.shared.lock();
            if queue.jobs.len() >= self.limit {
                return Err(Busy);
            }
            queue.jobs.push_back(Job { task: Arc::clone(&task), reply });
            queue.ended
        };
        self.shared.wake.notify_one();
        let mut waited = 0;
        loop {
            if let Ok(answer) = timeout(STARVED, &mut answer).await {
                return answer.map_err(|_| Busy);
            }
            waited += 1;
            if waited >= LONGEST && self.shared.withdraw(&task) {
                return Err(Busy);
            }
            let before = std::mem::replace(&mut ended, self.shared.lock().ended);
            // While others come to their end this is a queue, and its turn comes.
            if before == ended
                && let Ok(turn) = Arc::clone(&self.turn).try_acquire_owned()
            {
                let shared = Arc::clone(&self.shared);
                let hash = tokio::task::spawn_blocking(move || {
                    if shared.withdraw(&task) {
                        shared.lock().begun += 1;
                    }
                    let output = shared.compute(&task);
                    drop(turn);
                    output
                });
                // A thread that has begun it already makes its own for nobody.
                return hash.await.ok().flatten().ok_or(Busy);
            }
        }
    }
}

impl Drop for Passwords {
    fn drop(&mut self) {
        let mut queue = self.shared.lock();
        queue.closed = true;
        queue.jobs.clear();
        drop(queue);
        self.shared.wake.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        // A thread that panicked while it held the lock left a list of jobs, which is whole at every moment.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job, or `None` when the pool is gone. Whoever has waited long gives back what nobody uses.
    fn next(&self) -> Option<Job> {
        let mut queue = self.lock();
        let (mut rested, mut begun) = (false, queue.begun);
        loop {
            if queue.closed {
                return None;
            }
            if let Some(job) = queue.jobs.pop_front() {
                queue.begun += 1;
                return Some(job);
            }
            if rested {
                queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
            } else {
                let (back, waited) = self.wake.wait_timeout(queue, IDLE).unwrap_or_else(PoisonError::into_inner);
                queue = back;
                if waited.timed_out() && begun == queue.begun {
                    rested = true;
                    // Large regions go back to the system: not while whoever asks for a hash waits for the queue behind a thread that
                    // has everybody pass.
                    let spare = std::mem::take(&mut queue.spare);
                    drop(queue);
                    drop(spare);
                    queue = self.lock();
                }
                begun = queue.begun;
            }
        }
    }

    /// Takes a job that waits out of the queue, if it is still there.
    fn withdraw(&self, task: &Arc<Task>) -> bool {
        let mut queue = self.lock();
        let before = queue.jobs.len();
        queue.jobs.retain(|job| !Arc::ptr_eq(&job.task, task));
        queue.jobs.len() < before
    }

    /// A hash, in memory that another one left if there is some.
    fn compute(&self, task: &Task) -> Option<Vec<u8>> {
        let mut memory = self.lock().spare.pop().unwrap_or_default();
        let output = compute(&mut memory, task);
        self.lock().spare.push(memory);
        output
    }
}

/// One thread of the pool.
fn work(shared: &Shared) {
    if !give_way() {
        tracing::warn!("password threads compete with everything else: a storm of passwords slows sign-ons down");
    }
    while let Some(job) = shared.next() {
        // Whoever asked may have gone away: the work would be for nobody.
        let output = if job.reply.is_closed() { None } else { shared.compute(&job.task) };
        shared.lock().ended += 1;
        if let Some(output) = output {
            // A caller who leaves meanwhile loses the answer, which is theirs to lose.
            let _ = job.reply.send(output);
        }
    }
}

/// Has every other thread pass before the one that calls, for good: without a privilege nobody comes back from it. Threads that it
/// starts do the same. Says whether the system took it.
pub fn give_way() -> bool {
    // The second half of that call sets a niceness, which this policy does not look at, and may not be allowed to.
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, AFTER_EVERYBODY).is_ok()
        || thread_schedule_policy() == Ok(AFTER_EVERYBODY)
}

fn compute(memory: &mut Vec<Block>, task: &Task) -> Option<Vec<u8>> {
    let params = &task.recipe.params;
    let blocks = params.block_count();
    if memory.len() < blocks {
        // Room for more than 32 MiB, of which only the blocks used are ever touched: above that size the C library
        // maps a region of its own and gives it back whole when it is dropped. Below, the memory of an idle server
        // would stay with the process.
        if memory.capacity() < blocks {
            *memory = Vec::with_capacity(blocks.max(33 * 1024));
            // A hash jumps all over its memory: in pages of 4 KiB it waits for addresses at half of its steps.
            preau_hugepages::ask_under(memory.spare_capacity_mut());
        }
        memory.resize(blocks, Block::new());
    }
    let mut output = vec![0u8; params.output_len().unwrap_or(OUTPUT)];
    Argon2::new(Algorithm::Argon2id, task.recipe.version, params.clone())
        .hash_password_into_with_memory(
            task.password.as_bytes(),
            &task.recipe.salt,
            &mut output,
            memory.get_mut(..blocks)?,
        )
        .ok()?;
    Some(output)
}

fn standard() -> Params {
    Params::new(MEMORY_KIB, PASSES, LANES, Some(OUTPUT)).expect("the parameters above are within Argon2's bounds")
}

fn phc(salt: &[u8; 16], output: &[u8]) -> String {
    let salt = SaltString::encode_b64(salt).expect("16 bytes are a salt");
    PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&standard()).expect("the parameters above can be written"),
        salt: Some(salt.as_salt()),
        hash: Some(Output::new(output).expect("32 bytes are an output")),
    }
    .to_string()
}

/// Reads a PHC string and refuses what is no Argon2id or costs more than the bounds.
fn read(text: &str) -> Option<(Recipe, Vec<u8>)> {
    let hash = PasswordHash::new(text).ok()?;
    if hash.algorithm != Algorithm::Argon2id.ident() {
        return None;
    }
    let version = hash.version.map_or(Ok(Version::V0x13), Version::try_from).ok()?;
    let params = Params::try_from(&hash).ok()?;
    if params.m_cost() > MAX_MEMORY_KIB || params.t_cost() > MAX_PASSES || params.p_cost() > MAX_LANES {
        return None;
    }
    let expected = hash.hash?.as_bytes().to_vec();
    if expected.len() < 16 {
        return None;
    }
    let mut buffer = [0u8; 64];
    let salt = hash.salt?.decode_b64(&mut buffer).ok()?.to_vec();
    Some((Recipe { version, params, salt }, expected))
}

#[cfg(test)]
mod tests;
