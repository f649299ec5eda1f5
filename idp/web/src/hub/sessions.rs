//! The way into a session and out of it: the beginning of a sign-in, the session it leads to, what is known of it while it lasts, and its end.
//! What is asked on the way is `sign_in`'s, and what a session may open is decided beside this.

use super::Hub;
use crate::acting::child_of;
use crate::sign_in::carried;
use crate::visitor::{Cookie, Secret};
use crate::{Begin, Fault, FaultKind, Live, SignInHints, Visitor};
use axum::response::Response;
use http::{HeaderValue, header};
use preau_domain::{
    AccountState, AuditEvent, AuditKind, Authentication, CorrelationId, FactorKind, Inspection, Instant, KeptKind,
    KeptThing, PendingId, PendingSignIn, Person, PersonId, Seconds, Session, SessionId, Uai, Upstream, Visit,
};
use preau_store::{Caller, Ending, NewSession, ProvedBy, StoreError};
use std::sync::Arc;

/// Most children a parent is shown.
const MOST_CHILDREN: usize = 20;

impl Hub {
    /// Begins a sign-in, which the browser carries, and sends it to the dispatcher.
    pub async fn begin_sign_in(&self, visitor: &Visitor, begin: Begin) -> Result<Response, Fault> {
        self.begin_sign_in_with(visitor, begin, SignInHints::default()).await
    }

    /// The same, with what the service believes of the person.
    pub async fn begin_sign_in_with(
        &self,
        visitor: &Visitor,
        begin: Begin,
        hints: SignInHints,
    ) -> Result<Response, Fault> {
        let now = self.now();
        if begin.request.len() > PendingSignIn::MAX_REQUEST {
            return Err(Fault::new(FaultKind::TooLarge, "more than a sign-in may keep"));
        }
        let secret = visitor.browser.clone().unwrap_or_else(|| Secret::generate(&*self.ids));
        let pending = PendingSignIn {
            id: PendingId::generate(&*self.ids),
            browser: preau_keys::one_time_key(secret.expose()),
            protocol: begin.protocol.to_owned(),
            service: begin.service,
            request: begin.request,
            fresh_after: begin.fresh_after,
            wants: begin.wants,
            public: None,
            login_hint: hints.login,
            person: None,
            authentication: None,
            vouched: None,
            correlation: visitor.correlation().clone(),
            created: now,
            expires: now + Seconds(self.config.session.sign_in_seconds),
        };
        let language = hints.locale.map_or(String::new(), |locale| format!("?lang={locale}"));
        let next = match &hints.towards {
            Some((public, source)) => format!("/sign-in/{}/elsewhere/{source}?public={}", pending.id, public.as_str()),
            None => match hints.page {
                Some(page) => format!("/sign-in/{}/{page}{language}", pending.id),
                None => format!("/sign-in/{}{language}", pending.id),
            },
        };
        let mut response = self.see_other(&next);
        if visitor.browser.is_none() {
            response.headers_mut().append(header::SET_COOKIE, Cookie::Browser.set(self.secure(), secret.expose()));
        }
        if !carried::carry(self, &pending, &carried::pages_of(&pending.id), &mut response) {
            self.store.put_pending(&pending).await?;
        }
        Ok(response)
    }

    /// The live session of that name: from memory for a few seconds, else from the store. A session that is idle for
    /// too long, or whose person may no longer sign in, is none.
    pub async fn live(&self, id: &SessionId) -> Result<Option<Arc<Live>>, Fault> {
        let now = self.now();
        if let Some(live) = self.live.get(id, now) {
            return Ok((now < live.session.expires).then_some(live));
        }
        let Some(mut session) = self.store.session(id, now).await? else {
            self.live.forget(id);
            return Ok(None);
        };
        let since = now - Seconds(self.config.session.idle_seconds);
        if session.last_seen < since {
            self.end(id, "idle", &CorrelationId::generate(&*self.ids, now), Some(since)).await?;
            // Another request may have used it meanwhile, in which case it goes on.
            let Some(used) = self.store.session(id, now).await? else { return Ok(None) };
            session = used;
        }
        if now - session.last_seen > 60_000 {
            self.store.touch_session(id, now).await?;
        }
        let Some(live) = self.load(session).await? else {
            return Ok(None);
        };
        self.live.keep(&live);
        Ok(Some(live))
    }

    /// A person without a session, as their record says now: for what a service may do while they are away, on the proof
    /// they once gave. Absent unless the account is active.
    pub async fn offline(
        &self,
        person: &PersonId,
        authentication: &Authentication,
        expires: Instant,
    ) -> Result<Option<Arc<Live>>, Fault> {
        // What a child proved in a lesson counts in that lesson.
        if authentication.by_card() {
            return Ok(None);
        }
        let session = Session {
            // No browser has a secret of this digest.
            id: SessionId::new("offline"),
            person: person.clone(),
            // What was delegated ends with the session.
            authentication: Authentication { delegations: Vec::new(), ..authentication.clone() },
            establishment: None,
            created: authentication.at,
            expires,
            last_seen: self.now(),
            child: None,
        };
        self.load(session).await
    }

    async fn load(&self, session: Session) -> Result<Option<Arc<Live>>, Fault> {
        let (now, charte) = (self.now(), self.charte_asked());
        let (asked, after) = (charte.as_ref().map(|charte| charte.version.as_str()), now - Inspection::SAID_AFTER);
        let Some(caller) = self.store.caller(&session.person, asked, after).await? else {
            return Ok(None);
        };
        let Caller { person, accepted, inspections: inspected } = caller;
        if !person.state.may_sign_in() {
            return Ok(None);
        }
        // Whoever has a session has signed in.
        if person.state == AccountState::PreCreated {
            self.store.used(&person.id).await?;
        }
        let (mut person, mut spaces) = crate::spaces::of(&*self.store, person, now).await?;
        let by_card = session.authentication.by_card();
        if by_card {
            let Some(place) = crate::cards::in_use(&*self.store, &session, now).await? else { return Ok(None) };
            crate::cards::narrow(&mut person, &mut spaces, &place);
            if person.affiliations.is_empty() {
                return Ok(None);
            }
        }
        if person.is_hosted() && person.affiliations.is_empty() {
            return Ok(None);
        }
        let mut session = session;
        let child = child_of(&*self.store, &person, session.child.as_ref()).await?;
        session.child = child.as_ref().map(|child| child.id.clone());
        let uais: Vec<Uai> = person.establishments().into_iter().take(100).cloned().collect();
        let establishments = self.store.establishments(&uais).await?;
        let establishments = self.common.establishments(establishments);
        if session.establishment.as_ref().is_none_or(|uai| !uais.contains(uai)) {
            session.establishment = uais.first().cloned();
        }
        let inspections = match inspected {
            true => crate::inspections::of(&*self.store, &person, now).await?,
            false => Vec::new(),
        };
        // Whoever cannot read accepts nothing: their teacher is there.
        let charte_due = !by_card && asked.is_some() && !accepted;
        let live = Live::new(session, &person, child, establishments, now)?.with_inspections(inspections, inspected);
        Ok(Some(Arc::new(live.with_spaces(spaces).with_charte_due(charte_due))))
    }

    /// The children somebody may act for, each once and under the key by which the parent's record names them, in the order of that
    /// record, those that are known here; at most twenty.
    pub(crate) async fn children_of(&self, person: &Person) -> Result<Vec<Person>, Fault> {
        let mut found: Vec<Person> = Vec::new();
        for child in person.represented().take(MOST_CHILDREN) {
            let pupil = self.store.person_by_join(&child.pupil).await?;
            let new =
                |pupil: &Person| pupil.state.may_sign_in() && found.iter().all(|known: &Person| known.id != pupil.id);
            if let Some(pupil) = pupil.filter(new) {
                found.push(Person { join: Some(child.pupil.clone()), ..pupil });
            }
        }
        Ok(found)
    }

    /// A sign-in that lasts twice as long, because somebody proved something: of too many that are stored, those that nobody typed
    /// anything into go first, however many came after it. The choice of who they are travels with the form, as before.
    pub(crate) fn held(&self, pending: &PendingSignIn) -> PendingSignIn {
        let until = pending.created + Seconds(2 * self.config.session.sign_in_seconds);
        PendingSignIn { expires: pending.expires.max(until), public: None, ..pending.clone() }
    }

    /// The end of a sign-in, remembered as long as the longest of its copies counts.
    pub(crate) fn ending(&self, pending: &PendingSignIn) -> Ending {
        Ending { id: pending.id.clone(), until: self.held(pending).expires }
    }

    /// Begins the session a sign-in leads to, taking the sign-in out in the same stroke. The answer carries the new
    /// cookie; the browser's former session is replaced (same person) or ended (another one). It goes on in the establishment the
    /// person worked in, or begins in the first of `posts` that is theirs, or else in the first of theirs. What of the proof is not noted yet is
    /// noted by the same stroke.
    pub async fn begin_session(
        &self,
        visitor: &Visitor,
        pending: &PendingSignIn,
        person: &PersonId,
        (authentication, proved): (Authentication, Option<ProvedBy>),
        upstream: Option<Upstream>,
        posts: &[Uai],
    ) -> Result<(Arc<Live>, HeaderValue), Fault> {
        let now = self.now();
        let secret = Secret::generate(&*self.ids);
        let before = match &visitor.session {
            Some(id) => self.store.session(id, now).await?,
            None => None,
        };
        let own = before.as_ref().filter(|before| before.person == *person);
        let child = own.and_then(|own| own.child.clone());
        let establishment = match own.and_then(|own| own.establishment.clone()) {
            None if !posts.is_empty() => self.first_of(posts, person).await?,
            worked_in => worked_in,
        };
        let by_card = authentication.by_card();
        // Guests come in from elsewhere or by a card, and in no other way.
        let maybe_guest = upstream.is_some() || by_card;
        // A second factor beside the proof of a live session makes it no longer; a remembered device is none.
        let added = authentication.second.is_some_and(FactorKind::proves) && pending.authentication.is_none();
        let mut expires = match own.filter(|_| added) {
            Some(own) => own.expires,
            None => now + Seconds(self.config.session.absolute_seconds),
        };
        if by_card {
            expires = expires.min(self.card_until(visitor, person).await?);
        }
        if maybe_guest {
            expires = expires.min(self.last_space_ends(person, now).await?.unwrap_or(expires));
        }
        let session = Session {
            id: preau_keys::session_id(secret.expose()),
            person: person.clone(),
            authentication,
            establishment,
            created: now,
            expires,
            last_seen: now,
            child,
        };
        let new = NewSession {
            session: session.clone(),
            pending: Some(self.ending(pending)),
            replaces: before.as_ref().map(|s| s.id.clone()),
            proved,
            upstream,
            way: Some(pending.correlation.clone()),
        };
        if now >= pending.expires {
            return Err(Fault::new(FaultKind::SignInExpired, "its time was over before its end"));
        }
        let orphans = self.store.begin_session(&new).await.map_err(|error| match error {
            StoreError::Conflict => Fault::new(FaultKind::SignInExpired, "this sign-in was ended already"),
            other => other.into(),
        })?;
        if let Some(before) = &before {
            self.live.forget(&before.id);
            if new.upstream.is_none() && before.person == *person {
                self.keep_hint(before, &session).await?;
            }
        }
        if !orphans.is_empty() {
            self.look_for_notices();
        }
        let Some(live) = self.load(session).await? else {
            return Err(Fault::new(FaultKind::NoAccount, "the account is not active"));
        };
        if maybe_guest && live.known()?.person.is_hosted() {
            self.store.guest_used(person, now).await?;
        }
        self.live.keep(&live);
        Ok((live, Cookie::Session.set(self.secure(), secret.expose())))
    }

    /// The first of these establishments that is somebody's.
    async fn first_of(&self, posts: &[Uai], person: &PersonId) -> Result<Option<Uai>, Fault> {
        let theirs = self.store.person(person).await?;
        let is_theirs = |uai: &&Uai| theirs.as_ref().is_some_and(|one| one.establishments().contains(uai));
        Ok(posts.iter().find(is_theirs).cloned())
    }

    /// When the last space of a guest ends, after which they have no session, and say so to no service; none of anybody else.
    async fn last_space_ends(&self, person: &PersonId, now: Instant) -> Result<Option<Instant>, Fault> {
        let Some(guest) = self.store.guest(person).await? else { return Ok(None) };
        Ok(self.store.spaces_of_guest(&guest.person, now).await?.into_iter().map(|grant| grant.until).max())
    }

    /// What ends the session at the provider that opened it stays with the session that goes on.
    async fn keep_hint(&self, before: &Session, after: &Session) -> Result<(), Fault> {
        let key = |session: &Session| preau_keys::one_time_key(session.id.as_str());
        let (now, kind) = (self.now(), KeptKind::LogoutHint);
        if let Some(hint) = self.store.take_kept(&key(before), kind, now).await? {
            self.store.keep(&KeptThing { key: key(after), expires: after.expires, ..hint }, now).await?;
        }
        Ok(())
    }

    /// Ends a session and tells the services it reached. `why` is a word for the audit. Returns the visits whose services are
    /// being told.
    pub async fn end_session(
        &self,
        id: &SessionId,
        why: &'static str,
        correlation: &CorrelationId,
    ) -> Result<Vec<Visit>, Fault> {
        self.end(id, why, correlation, None).await
    }

    /// Ends every session of a person but one, and tells the services, however many there are.
    pub(crate) async fn end_others(
        &self,
        person: &PersonId,
        but: &SessionId,
        why: &'static str,
        correlation: &CorrelationId,
    ) -> Result<(), Fault> {
        loop {
            let sessions = self.store.sessions_of(person, self.now()).await?;
            let others: Vec<_> = sessions.iter().filter(|session| session.id != *but).collect();
            if others.is_empty() {
                return Ok(());
            }
            for session in others {
                self.end_session(&session.id, why, correlation).await?;
            }
        }
    }

    /// Ends a session; where an instant is given, only if nobody used it since.
    async fn end(
        &self,
        id: &SessionId,
        why: &'static str,
        correlation: &CorrelationId,
        unused_since: Option<Instant>,
    ) -> Result<Vec<Visit>, Fault> {
        let known = self.live.get(id, self.now()).map(|live| live.session.person.clone());
        self.live.forget(id);
        let person = match known {
            Some(person) => Some(person),
            // Also of a session that has expired: its end belongs to somebody.
            None => self.store.session(id, Instant(i64::MIN)).await?.map(|session| session.person),
        };
        let ended = match unused_since {
            Some(since) => self.store.end_idle_session(id, since, self.now(), Some(correlation)).await?,
            None => self.store.end_session(id, self.now(), Some(correlation)).await?,
        };
        let Some(visits) = ended else {
            return Ok(Vec::new());
        };
        let mut event = AuditEvent::new(self.now(), AuditKind::SignedOut, correlation.clone(), why);
        event.person = person;
        event.session = Some(id.clone());
        self.audit(event);
        if !visits.is_empty() {
            self.look_for_notices();
        }
        Ok(self.listening(visits))
    }

    /// Ends the sessions that expired, that were stopped with their person or that nobody used for too long, and tells
    /// the services; at most `limit` of each. Returns how many.
    pub async fn end_expired_sessions(&self, limit: u32) -> Result<usize, Fault> {
        self.live.sweep(self.now());
        self.common.sweep();
        let expired = self.store.expired_sessions(self.now(), limit).await?;
        for id in &expired {
            let why = if self.is_stopped(id).await? { "account-stopped" } else { "expired" };
            self.end_session(id, why, &CorrelationId::generate(&*self.ids, self.now())).await?;
        }
        let since = self.now() - Seconds(self.config.session.idle_seconds);
        let idle = self.store.idle_sessions(since, limit).await?;
        for id in &idle {
            self.end(id, "idle", &CorrelationId::generate(&*self.ids, self.now()), Some(since)).await?;
        }
        Ok(expired.len() + idle.len())
    }

    /// Whether a session that is over, or about to be, is one of somebody whose account is stopped, suspended or gone.
    async fn is_stopped(&self, id: &SessionId) -> Result<bool, Fault> {
        let Some(session) = self.store.session(id, Instant(i64::MIN)).await? else { return Ok(false) };
        let person = self.store.person(&session.person).await?;
        Ok(person.is_none_or(|person| !person.state.may_sign_in()))
    }

    /// Forgets what memory holds of a session, after a change to it in the store.
    pub fn forget_live(&self, id: &SessionId) {
        self.live.forget(id);
    }
}
