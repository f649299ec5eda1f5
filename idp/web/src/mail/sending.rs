//! Letters taken to the mail server, in the background. One that fails through no fault of its own is tried again until it is of no use any
//! more; one whose process was killed is taken by whoever comes next. A letter that was taken twice bears the same name both times.

use super::resets::ASKED;
use super::{SEALED, Sheet};
use crate::Hub;
use futures::StreamExt;
use futures::stream;
use preau_connector_api::{Letter as Paper, NotSent, Post};
use preau_domain::{AuditEvent, AuditKind, CorrelationId, Instant, Seconds};
use preau_keys::Sealer;
use preau_store::{Letter, TakenLetter};
use std::sync::Arc;
use std::time::Duration;

/// Letters taken at once.
const TAKEN: u32 = 16;
/// Letters under way at once: a server that is slow holds so many connections and no more.
const AT_ONCE: usize = 4;
/// How long whoever takes letters has to send them: four turns of the forty seconds that one may take.
const LEASE: Seconds = Seconds(180);
/// Waits after tries that failed; the last one again and again, until the letter is of no use.
const WAITS: [Seconds; 5] = [Seconds(5), Seconds(30), Seconds(120), Seconds(600), Seconds(3600)];
/// How often somebody looks for letters whose time has come, when none is written here meanwhile.
const LOOK: Duration = Duration::from_secs(2);

fn count(letter: &Letter, result: &'static str) {
    metrics::counter!("preau_letters_total", "kind" => letter.kind.clone(), "result" => result).increment(1);
}

impl Hub {
    /// Sends letters, for ever; returns at once where there is no mail server. What is under way when this is dropped is sent later, by
    /// whoever takes it then.
    pub async fn send_letters(&self) {
        let Some(post) = self.mail.clone() else { return };
        let mut more = false;
        loop {
            if !more {
                tokio::select! {
                    () = self.letters.notified() => {}
                    () = tokio::time::sleep(LOOK) => {}
                }
            }
            let now = self.now();
            let taken = match self.store.take_letters(now, now + LEASE, TAKEN).await {
                Ok(taken) => taken,
                Err(error) => {
                    tracing::warn!(%error, "letters were not taken to the mail server; they will be");
                    more = false;
                    continue;
                }
            };
            more = taken.len() >= TAKEN as usize;
            stream::iter(taken).for_each_concurrent(AT_ONCE, |one| self.see_to(&post, one)).await;
        }
    }

    /// Answers a request, or sends a letter.
    async fn see_to(&self, post: &Arc<dyn Post>, taken: TakenLetter) {
        let (id, tries) = (taken.letter.id.clone(), taken.tries);
        let kept = if taken.letter.kind == ASKED {
            match self.answer_request(&taken.letter).await {
                Ok(()) => self.store.drop_letter(&id).await,
                Err(fault) => {
                    tracing::warn!(fault = fault.kind.as_str(), "a request for a new password waits");
                    self.store.postpone_letter(&id, self.now() + wait(tries)).await
                }
            }
        } else {
            match self.send(post, &taken.letter, tries).await {
                Some(until) => self.store.postpone_letter(&id, until).await,
                None => self.store.settle_letter(&id).await,
            }
        };
        if let Err(error) = kept {
            tracing::warn!(%error, "a letter may be sent once more");
        }
    }

    /// Sends a letter; when it is to be tried again, if it is.
    async fn send(&self, post: &Arc<dyn Post>, letter: &Letter, tries: u32) -> Option<Instant> {
        match self.reaches(letter).await {
            Ok(true) => {}
            Ok(false) => {
                count(letter, "dropped");
                return None;
            }
            Err(()) => return Some(self.now() + wait(tries)),
        }
        let opened = Sealer::new(&self.keyring).open(SEALED, &[&letter.id, &letter.kind], &letter.doc);
        let Some(sheet) = opened.and_then(|plain| serde_json::from_slice::<Sheet>(&plain).ok()) else {
            count(letter, "sealed-otherwise");
            tracing::error!(letter = letter.kind, "a letter does not open: it was sealed with another master key");
            return None;
        };
        let Sheet { to, subject, text } = sheet;
        match post.send(&Paper { id: letter.id.clone(), to, subject, text }).await {
            Ok(()) => {
                count(letter, "sent");
                None
            }
            Err(NotSent::Never(why)) => self.give_up(letter, "refused", &why),
            Err(NotSent::Later(why)) => {
                let next = self.now() + wait(tries);
                if next >= letter.expires {
                    return self.give_up(letter, "too-late", &why);
                }
                count(letter, "later");
                tracing::warn!(letter = letter.kind, tries, why, "a letter was not sent; it is tried again");
                Some(next)
            }
        }
    }

    /// Whether the person of a letter is still to be written to.
    async fn reaches(&self, letter: &Letter) -> Result<bool, ()> {
        let Some(person) = &letter.person else { return Ok(true) };
        match self.store.person(person).await {
            Ok(person) => Ok(person.is_some_and(|person| super::address(&person).is_some())),
            Err(error) => {
                tracing::warn!(%error, "whom a letter is for was not read; it is tried again");
                Err(())
            }
        }
    }

    fn give_up(&self, letter: &Letter, result: &'static str, why: &str) -> Option<Instant> {
        count(letter, result);
        tracing::warn!(letter = letter.kind, why, "a letter was given up");
        let way = CorrelationId::generate(&*self.ids, self.now());
        let detail = format!("{} {result}", letter.kind);
        let mut event = AuditEvent::new(self.now(), AuditKind::MailGivenUp, way, detail);
        event.person = letter.person.clone();
        self.audit(event);
        None
    }
}

fn wait(tries: u32) -> Seconds {
    let tries = usize::try_from(tries).unwrap_or(usize::MAX).max(1);
    WAITS.get(tries - 1).copied().unwrap_or(WAITS[WAITS.len() - 1])
}
