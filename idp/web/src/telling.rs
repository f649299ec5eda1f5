//! Services told, in the background, that visits are over.
//!
//! Notices wait in the outbox of the store (`logout` says how they come there). Each service is told at its own pace, with a bound
//! on how many calls run at once. What it answers is one of three things. It closed its session: its protocol says which answers
//! confirm that, 2xx if it says nothing. It is in trouble, and is told again: no answer, 5xx, and of 4xx those that ask for
//! patience. Or it said no: any other answer, which would be the same the next time.

use crate::{Hub, NoticeBody};
use futures::StreamExt;
use futures::stream::{self, FuturesUnordered};
use http::StatusCode;
use preau_domain::{AuditEvent, AuditKind, CorrelationId, Instant, Seconds, ServiceId, Visit};
use preau_store::Notice;
use std::collections::HashMap;
use std::time::Duration;

/// Notices of one service taken at once. A service that hangs waits for itself and for nobody else.
const TAKEN_OF_ONE: u32 = 48;
/// Calls under way at once to one service.
const CALLS_TO_ONE: usize = 16;
/// Notices taken at once.
const TAKEN: u32 = 256;
/// How long whoever takes notices has to tell them: more than three calls of four seconds one after the other, the most
/// that those of one service take. One whose process was killed is told again after that.
const LEASE: Seconds = Seconds(15);
/// Waits after a try that failed; when there is none left, the notice is given up.
const WAITS: [Seconds; 5] = [Seconds(2), Seconds(15), Seconds(60), Seconds(5 * 60), Seconds(20 * 60)];
/// Longest answer of a service to an envelope.
const MAX_ANSWER: usize = 64 * 1024;
/// How often somebody looks for notices whose time has come, when no session ends here meanwhile.
const LOOK: Duration = Duration::from_secs(2);

/// What came of telling one notice.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// There is nothing more to do: the service closed its session, need not hear, or was given up.
    Settled,
    /// The service said no.
    Refused,
    /// It is told again.
    Later,
}

/// What a service said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Closed,
    No,
    Trouble,
}

impl Said {
    /// What an answer says that is no confirmation.
    fn unless_confirmed(status: StatusCode) -> Said {
        match status {
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => Said::Trouble,
            _ if status.is_server_error() => Said::Trouble,
            _ => Said::No,
        }
    }
}

impl Hub {
    /// Those of these visits whose services hear of their end in the background.
    pub(crate) fn listening(&self, mut visits: Vec<Visit>) -> Vec<Visit> {
        visits.retain(|visit| self.protocol(&visit.protocol).is_some_and(|p| p.logout_notice(self, visit).is_some()));
        visits
    }

    /// Says that notices may wait in the outbox.
    pub(crate) fn look_for_notices(&self) {
        self.notices.notify_one();
    }

    /// Tells services of visits that are over, for ever. Each has turns of its own, so that one that hangs keeps no other
    /// waiting. What is under way when this is dropped is told again later, by whoever takes it then.
    pub async fn tell_services(&self) {
        let (mut calls, mut busy) = (FuturesUnordered::new(), Vec::new());
        loop {
            tokio::select! {
                () = self.notices.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
                Some(service) = calls.next(), if !calls.is_empty() => busy.retain(|other| *other != service),
            }
            let now = self.now();
            let taken = match self.store.take_notices(now, now + LEASE, &busy, TAKEN_OF_ONE, TAKEN).await {
                Ok(taken) => taken,
                Err(error) => {
                    tracing::warn!(%error, "services could not be told of ends of sessions; they will be");
                    continue;
                }
            };
            let mut by_service: HashMap<ServiceId, Vec<Notice>> = HashMap::new();
            for notice in taken {
                by_service.entry(notice.visit.service.clone()).or_default().push(notice);
            }
            for (service, notices) in by_service {
                busy.push(service.clone());
                calls.push(self.tell_one(service, notices, now));
            }
        }
    }

    /// Tells a service its notices, some at once; gives it back.
    async fn tell_one(&self, service: ServiceId, notices: Vec<Notice>, now: Instant) -> ServiceId {
        let tell = |notice: Notice| async move { (notice.id, self.tell(&notice, now).await) };
        let told: Vec<(i64, Outcome)> = stream::iter(notices).map(tell).buffer_unordered(CALLS_TO_ONE).collect().await;
        let those = |outcome| told.iter().filter(|one| one.1 == outcome).map(|one| one.0).collect::<Vec<i64>>();
        let (settled, refused) = (those(Outcome::Settled), those(Outcome::Refused));
        let mut kept = self.store.settle_notices(&settled).await;
        if !refused.is_empty() {
            kept = kept.and(self.store.refuse_notices(&refused).await);
        }
        if let Err(error) = kept {
            tracing::warn!(service.id = %service, %error, "what a service was told is told again");
        }
        service
    }

    /// Tells one notice, taken at `now`.
    async fn tell(&self, notice: &Notice, now: Instant) -> Outcome {
        let service = notice.visit.service.as_str();
        // A service that was taken away, or does not listen any more, need not hear.
        let Some(said) = self.call(&notice.visit).await else { return Outcome::Settled };
        match said {
            Said::Closed => {
                metrics::counter!("preau_logout_notices_total", "result" => "told").increment(1);
                return Outcome::Settled;
            }
            Said::No => {
                metrics::counter!("preau_logout_notices_total", "result" => "refused").increment(1);
                self.lives_on(notice, AuditKind::LogoutRefused);
                return Outcome::Refused;
            }
            Said::Trouble => {}
        }
        let tries = usize::try_from(notice.tries).unwrap_or(usize::MAX).max(1);
        let Some(wait) = WAITS.get(tries - 1) else {
            metrics::counter!("preau_logout_notices_total", "result" => "given-up").increment(1);
            tracing::warn!(service.id = service, "service was not told of a logout: its own session may live on");
            self.lives_on(notice, AuditKind::LogoutGivenUp);
            return Outcome::Settled;
        };
        if let Err(error) = self.store.postpone_notice(notice.id, now + *wait).await {
            tracing::warn!(service.id = service, %error, "the next try comes when this one is forgotten");
        }
        Outcome::Later
    }

    /// Calls a service, and reads what it says; `None` if there is nobody to call.
    async fn call(&self, visit: &Visit) -> Option<Said> {
        let protocol = self.protocol(&visit.protocol)?;
        let call = protocol.logout_notice(self, visit)?;
        let (service, to, network) = (visit.service.as_str(), call.to.as_str(), call.door.network);
        let answer = match &call.body {
            NoticeBody::Form(form) => self.egress.post_form(to, form, network).await,
            NoticeBody::Soap(envelope) => self.egress.post_soap(to, envelope, network, MAX_ANSWER).await,
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                tracing::info!(service.id = service, %error, "service not told of a logout");
                return Some(Said::Trouble);
            }
        };
        let confirmed = protocol.logout_confirmed(self, visit, &answer);
        let said = if confirmed { Said::Closed } else { Said::unless_confirmed(answer.status()) };
        let status = answer.status().as_u16();
        match said {
            Said::Closed => tracing::debug!(service.id = service, status, "service told of a logout"),
            Said::No => tracing::info!(service.id = service, status, "service did not close a session"),
            Said::Trouble => tracing::info!(service.id = service, status, "service failed to hear of a logout"),
        }
        Some(said)
    }

    /// Notes in the journal, under the number of the sign-out, that the session at a service may live on.
    fn lives_on(&self, notice: &Notice, kind: AuditKind) {
        let own = || CorrelationId::generate(&*self.ids, self.now());
        let way = notice.way.clone().unwrap_or_else(own);
        let mut event = AuditEvent::new(self.now(), kind, way, "its session may live on");
        event.session = Some(notice.visit.session.clone());
        event.service = Some(notice.visit.service.clone());
        self.audit(event);
    }
}
