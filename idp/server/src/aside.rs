//! Where work is done that nobody waits for: synchronisations. Its threads have every other one pass (`SCHED_IDLE`), so that people
//! sign in while a whole academy is read. The one thread that writes to a SQLite file is not among them: it was started before, and
//! works while it holds the lock that others wait for ([ADR 0032](../../../docs/adr/0032-hashes-let-everybody-pass.md)).

use std::panic::resume_unwind;
use tokio::runtime::{Builder, Runtime};
use tokio_util::task::AbortOnDropHandle;

/// A runtime of such threads within a server.
pub(crate) struct Aside(Option<Runtime>);

impl Aside {
    /// Starts it.
    pub(crate) fn start() -> std::io::Result<Aside> {
        let mut runtime = Builder::new_multi_thread();
        runtime.worker_threads(1).thread_name("aside").enable_all().on_thread_start(give_way);
        Ok(Aside(Some(runtime.build()?)))
    }

    /// Does some work there, whole with what it has done on blocking threads. Whoever goes away meanwhile ends it.
    pub(crate) async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        let Some(runtime) = &self.0 else { return std::future::pending().await };
        match AbortOnDropHandle::new(runtime.spawn(work)).await {
            Ok(done) => done,
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // The runtime is gone, and the server with it.
                Err(_) => std::future::pending().await,
            },
        }
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // Within another runtime nobody may wait for the end of this one.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Has every other thread pass before this one, for good. Where the system refuses, its work competes with everybody's.
pub(crate) fn give_way() {
    if !preau_keys::give_way() {
        tracing::warn!("a synchronisation competes with everything else on this machine");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The policy of a thread, as the kernel tells it: the 41st number of its line.
    fn policy() -> String {
        let line = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        let (_, numbers) = line.rsplit_once(") ").unwrap();
        numbers.split(' ').nth(38).unwrap().to_owned()
    }

    #[tokio::test]
    async fn all_of_its_threads_give_way_and_nobody_elses() {
        const IDLE: &str = "5";
        let aside = Aside::start().unwrap();
        let there = aside.run(async { (policy(), tokio::task::spawn_blocking(policy).await.unwrap()) }).await;
        assert_eq!(there, (IDLE.to_owned(), IDLE.to_owned()));
        assert_ne!(policy(), IDLE);
        assert_ne!(tokio::task::spawn_blocking(policy).await.unwrap(), IDLE);
    }

    #[tokio::test]
    async fn whoever_goes_away_ends_the_work() {
        let aside = Aside::start().unwrap();
        let (alive, mut gone) = tokio::sync::mpsc::channel::<()>(1);
        let work = aside.run(async move {
            alive.send(()).await.unwrap();
            std::future::pending::<()>().await;
            drop(alive);
        });
        tokio::select! {
            () = work => panic!("it ended"),
            begun = gone.recv() => assert!(begun.is_some()),
        }
        assert!(gone.recv().await.is_none());
    }
}
