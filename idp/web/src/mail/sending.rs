//! Letters taken to the mail server, in the background. One that fails through no fault of its own is tried again until it is of no use any
//! more; one whose process was killed is taken by whoever comes next. A letter that was taken twice bears the same name both times. Those
//! first that are of no use first.

use super::resets::ASKED;
use super::{SEALED, Sheet, address};
use crate::Hub;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use preau_connector_api::{Letter as Paper, NotSent, Post};
use preau_domain::{AuditEvent, AuditKind, CorrelationId, Instant, Seconds, normalised_mail};
use preau_keys::Sealer;
use preau_store::{Letter, TakenLetter};
use std::sync::Arc;
use std::time::Duration;

/// Letters under way at once: a server that is slow holds so many connections and no more. No more are taken than are sent at once, so that
/// one that is urgent waits behind none that nobody sends yet.
const AT_ONCE: usize = 4;
/// How long whoever takes a letter has to send it, and to note that it did: more than a conversation lasts.
const LEASE: Seconds = Seconds(240);
/// How long it is tried to note what became of a letter.
const TO_NOTE: Duration = Duration::from_secs(60);
/// How long those under way have when the server stops.
const TO_STOP: Duration = Duration::from_secs(10);
/// Waits after tries that failed, as long as half of the time that is left is longer.
const WAITS: [Seconds; 5] = [Seconds(5), Seconds(30), Seconds(120), Seconds(600), Seconds(3600)];
/// How often somebody looks for letters whose time has come, when none is written here meanwhile.
const LOOK: Duration = Duration::from_secs(2);

/// What is to be noted of a letter.
enum Became {
    /// It was sent or given up, and its name stays.
    Settled,
    /// A request that is of no use any more.
    Gone,
    Again(Instant),
}

fn count(letter: &Letter, result: &'static str) {
    metrics::counter!("preau_letters_total", "kind" => letter.kind.clone(), "result" => result).increment(1);
}

impl Hub {
    /// Sends letters until it is told to stop; returns at once where there is no mail server. What is under way then has some seconds to come
    /// to its end: what is cut off is sent later, by whoever takes it, and may have been sent already.
    pub async fn send_letters(&self, stop: impl Future<Output = ()>) {
        let Some(post) = self.mail.clone() else { return };
        let mut under_way = FuturesUnordered::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            let (now, free) = (self.now(), AT_ONCE - under_way.len());
            if free > 0 {
                match self.store.take_letters(now, now + LEASE, u32::try_from(free).unwrap_or(0)).await {
                    Ok(taken) => under_way.extend(taken.into_iter().map(|one| self.see_to(&post, one))),
                    Err(error) => tracing::warn!(%error, "letters were not taken to the mail server; they will be"),
                }
            }
            tokio::select! {
                Some(()) = under_way.next() => {}
                () = self.letters.notified(), if under_way.len() < AT_ONCE => {}
                () = tokio::time::sleep(LOOK) => {}
                () = &mut stop => break,
            }
        }
        drop(tokio::time::timeout(TO_STOP, async { while under_way.next().await.is_some() {} }).await);
    }

    /// Answers a request, or sends a letter, and notes it.
    async fn see_to(&self, post: &Arc<dyn Post>, taken: TakenLetter) {
        let TakenLetter { letter, tries } = taken;
        let became = if letter.kind == ASKED {
            match self.answer_request(&letter).await {
                // It went with what answers it.
                Ok(()) => return,
                Err(fault) => {
                    tracing::warn!(fault = fault.kind.as_str(), "a request for a new password waits");
                    again(&letter, tries, self.now()).map_or(Became::Gone, Became::Again)
                }
            }
        } else {
            self.send(post, &letter, tries).await.map_or(Became::Settled, Became::Again)
        };
        self.note(&letter, &became).await;
    }

    /// Notes what became of a letter, and tries it for a while: one that was sent and is not known to be is sent once more.
    async fn note(&self, letter: &Letter, became: &Became) {
        let begun = tokio::time::Instant::now();
        loop {
            let noted = match became {
                Became::Settled => self.store.settle_letter(&letter.id).await,
                Became::Gone => self.store.drop_letter(&letter.id).await,
                Became::Again(until) => self.store.postpone_letter(&letter.id, *until).await,
            };
            let Err(error) = noted else { return };
            if begun.elapsed() > TO_NOTE {
                tracing::warn!(%error, "a letter may be sent once more");
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Sends a letter; when it is to be tried again, if it is.
    async fn send(&self, post: &Arc<dyn Post>, letter: &Letter, tries: u32) -> Option<Instant> {
        let opened = Sealer::new(&self.keyring).open(SEALED, &[&letter.id, &letter.kind], &letter.doc);
        let Some(sheet) = opened.and_then(|plain| serde_json::from_slice::<Sheet>(&plain).ok()) else {
            count(letter, "sealed-otherwise");
            tracing::error!(letter = letter.kind, "a letter does not open: it was sealed with another master key");
            return None;
        };
        match self.reaches(letter, &sheet).await {
            Ok(true) => {}
            Ok(false) => {
                count(letter, "dropped");
                return None;
            }
            Err(()) => return again(letter, tries, self.now()),
        }
        let Sheet { to, subject, text, .. } = sheet;
        match post.send(&Paper { id: letter.id.clone(), to, subject, text }).await {
            Ok(()) => {
                count(letter, "sent");
                None
            }
            Err(NotSent::Never(why)) => self.give_up(letter, "refused", &why),
            Err(NotSent::Later(why)) => {
                let Some(next) = again(letter, tries, self.now()) else {
                    return self.give_up(letter, "too-late", &why);
                };
                count(letter, "later");
                tracing::warn!(letter = letter.kind, tries, why, "a letter was not sent; it is tried again");
                Some(next)
            }
        }
    }

    /// Whether one of those whom a letter is about is still to be written to, at that address: it may have been somebody else's.
    async fn reaches(&self, letter: &Letter, sheet: &Sheet) -> Result<bool, ()> {
        let mailbox = normalised_mail(&sheet.to);
        for person in sheet.people.iter().chain(letter.person.as_ref()) {
            let person = self.store.person(person).await.map_err(|error| {
                tracing::warn!(%error, "whom a letter is for was not read; it is tried again");
            })?;
            let now = person.as_ref().and_then(address).and_then(normalised_mail);
            if now.is_some() && now == mailbox {
                return Ok(true);
            }
        }
        Ok(false)
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

/// When a letter is tried again that was tried so often; none when that would be too late. The shorter the time that is left, the sooner.
fn again(letter: &Letter, tries: u32, now: Instant) -> Option<Instant> {
    let tries = usize::try_from(tries).unwrap_or(usize::MAX).clamp(1, WAITS.len());
    let half = (letter.expires - now).div_euclid(2_000);
    let next = now + Seconds(half.clamp(WAITS[0].0, WAITS[tries - 1].0));
    (next < letter.expires).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_tried_until_it_is_of_no_use() {
        for (lasts, most) in [(600, 30), (1_800, 30), (2 * 86_400, 80)] {
            let (at, expires) = (Instant(0), Instant(0) + Seconds(lasts));
            let (id, kind, doc) = (String::new(), "code".to_owned(), String::new());
            let letter = Letter { id, kind, person: None, doc, at, expires };
            let (mut now, mut tries, mut last) = (at, 1, at);
            while let Some(next) = again(&letter, tries, now) {
                assert!(next - now >= 5_000 && tries < most, "{lasts} s: {tries} tries by {now:?}");
                (last, now, tries) = (next, next, tries + 1);
            }
            assert!(expires - last <= 10_000, "{lasts} s: the last time at {last:?}");
        }
    }
}
