//! The hub: everything a request needs, put together once by the assembly and handed to every handler.
//!
//! Owns the way into and out of a session, and the decision at the door. It holds no per-request state and knows no
//! protocol by name.

use crate::acting::child_of;
use crate::line::Line;
use crate::live::{Answer, Common, Decided, Known, Recent};
use crate::registered::Running;
use crate::runs::Synchronisations;
use crate::sign_in::carried;
use crate::table::{Door, ServiceTable};
use crate::visitor::{Cookie, Network, Secret};
use crate::{Begin, Fault, FaultKind, Live, Protocol, SignInHints, Texts, Visitor, WebConfig, Words};
use arc_swap::ArcSwap;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use preau_connector_api::{Mounting, PasswordCheck, Probe, Redirect, Turns};
use preau_domain::{
    AccountState, AuditEvent, AuditKind, Authentication, Clock, CorrelationId, FactorKind, Ids, Instant, KeptKind,
    KeptThing, PendingId, PendingSignIn, Person, PersonId, Public, Seconds, Session, SessionId, SourceId, Strength,
    Uai, Upstream, Visit,
};
use preau_egress::Egress;
use preau_keys::strength::Breached;
use preau_keys::{ClientAuthorities, Keyring, Passwords, Signers};
use preau_passkeys::Passkeys;
use preau_policy::{Change, Decision, Facts, Reason, Refusal, ReleaseRefused, Released};
use preau_store::{Ending, NewSession, Store, StoreError};
use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::Notify;

/// Refused requests written to the journal in one second.
const REFUSALS_A_SECOND: u32 = 20;
/// Most children a parent is shown.
const MOST_CHILDREN: usize = 20;

/// A source people can sign in with.
#[derive(Clone)]
pub struct SignInSource {
    /// Checks passwords; `None` if the source cannot.
    pub password: Option<Arc<dyn PasswordCheck>>,
    /// Signs people in elsewhere; `None` if the source does not.
    pub redirect: Option<Arc<dyn Redirect>>,
    /// Says whether it answers.
    pub probe: Arc<dyn Probe>,
}

/// What the assembly gives.
pub struct HubParts {
    /// Storage.
    pub store: Arc<dyn Store>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub ids: Arc<dyn Ids>,
    /// Keys.
    pub keyring: Keyring,
    /// The keys tokens are signed with.
    pub signers: Arc<Signers>,
    /// The password pool.
    pub passwords: Passwords,
    /// Where signatures for those who have not signed in take their turn.
    pub turns: Turns,
    /// Settings, already validated.
    pub config: WebConfig,
    /// Sources by name.
    pub sources: HashMap<SourceId, SignInSource>,
    /// The way out to services.
    pub egress: Egress,
    /// What makes services of those that no file names.
    pub mounting: Arc<dyn Mounting>,
    /// Who vouches for the certificates of services.
    pub client_authorities: ClientAuthorities,
    /// Passwords that were stolen elsewhere.
    pub breached: Breached,
}

impl Deref for Hub {
    type Target = HubParts;

    fn deref(&self) -> &HubParts {
        &self.parts
    }
}

/// See the module. What the assembly gave is read through it: `hub.store`, `hub.clock`, ….
pub struct Hub {
    parts: HubParts,
    /// What people read.
    pub texts: Texts,
    /// Passkeys; none where our address has no domain to bind them to.
    pub passkeys: Option<Passkeys>,
    /// Wakes whoever tells services of ends of sessions.
    pub(crate) notices: Notify,
    /// The latest refused request of each service, for the bench.
    pub(crate) bench: crate::bench::Latest,
    /// Refused requests written to the journal within the second.
    refusals: Mutex<(i64, u32)>,
    services: ArcSwap<ServiceTable>,
    words: ArcSwap<Words>,
    /// What the running services are made of.
    running: Mutex<Running>,
    /// One reading of the registrations at a time, so that an older one never replaces a newer.
    pub(crate) taking: tokio::sync::Mutex<()>,
    /// The same of the openings of heads: nobody's yes waits for registrations.
    pub(crate) opening: tokio::sync::Mutex<()>,
    protocols: OnceLock<Vec<Arc<dyn Protocol>>>,
    synchronisations: OnceLock<Arc<dyn Synchronisations>>,
    live: Recent,
    /// Who waits to type a password.
    pub(crate) line: Line,
    common: Common,
    base: String,
    host: String,
    trusted: Vec<Network>,
}

impl Hub {
    /// Puts the hub together over the services that run first. Protocols are added by [`Hub::with_protocols`] before the
    /// first request.
    pub fn new(parts: HubParts, services: ServiceTable) -> Hub {
        let services = Arc::new(services);
        let base = parts.config.public_url.trim_end_matches('/').to_owned();
        let host = base.split_once("://").map_or(String::new(), |(_, host)| host.to_ascii_lowercase());
        let trusted = parts.config.trusted_proxies.iter().filter_map(|p| Network::parse(p)).collect();
        let passkeys = parts.config.passkeys();
        Hub {
            parts,
            passkeys,
            texts: Texts::load(),
            notices: Notify::new(),
            bench: crate::bench::Latest::default(),
            refusals: Mutex::new((0, 0)),
            services: ArcSwap::new(Arc::clone(&services)),
            words: ArcSwap::default(),
            running: Mutex::new(Running::new(services)),
            taking: tokio::sync::Mutex::default(),
            opening: tokio::sync::Mutex::default(),
            protocols: OnceLock::new(),
            synchronisations: OnceLock::new(),
            live: Recent::default(),
            line: Line::default(),
            common: Common::default(),
            base,
            host,
            trusted,
        }
    }

    /// Gives the hub its protocols, once.
    pub fn with_protocols(self, protocols: Vec<Arc<dyn Protocol>>) -> Hub {
        // A second call would be a mistake of the assembly; the first list stays.
        let _ = self.protocols.set(protocols);
        self
    }

    /// Gives the hub what it synchronises with, once.
    pub fn with_synchronisations(self, all: Arc<dyn Synchronisations>) -> Hub {
        // As above.
        let _ = self.synchronisations.set(all);
        self
    }

    /// What the house synchronises with, if it does.
    pub fn synchronisations(&self) -> Option<&Arc<dyn Synchronisations>> {
        self.synchronisations.get()
    }

    /// The protocols.
    pub fn protocols(&self) -> &[Arc<dyn Protocol>] {
        self.protocols.get().map_or(&[], Vec::as_slice)
    }

    /// The protocol of that name.
    pub fn protocol(&self, name: &str) -> Option<&Arc<dyn Protocol>> {
        self.protocols().iter().find(|p| p.name() == name)
    }

    /// Our own address, without a final slash.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Our own host and port, lower case.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Where services show a certificate, without a final slash.
    pub fn mtls_base(&self) -> Option<&str> {
        self.config.mtls_url.as_deref().map(|url| url.trim_end_matches('/'))
    }

    /// Whether a host is the one where services show a certificate.
    pub fn is_mtls_host(&self, host: &str) -> bool {
        let own = self.mtls_base().and_then(|base| base.strip_prefix("https://"));
        own.is_some_and(|own| own.eq_ignore_ascii_case(host))
    }

    /// Whether the certificate of a caller can reach us.
    pub fn sees_certificates(&self) -> bool {
        self.config.mtls_url.is_some() || self.config.client_certificate_header.is_some()
    }

    /// Whether our address is https, and cookies are marked accordingly.
    pub fn secure(&self) -> bool {
        self.base.starts_with("https://")
    }

    /// Proxies whose word is taken.
    pub fn trusted_proxies(&self) -> &[Network] {
        &self.trusted
    }

    /// The present instant.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The running services.
    pub fn services(&self) -> Arc<ServiceTable> {
        self.services.load_full()
    }

    /// Replaces the services of the operator's files; what registered itself stays beside them, and requests under way
    /// finish with the old ones.
    pub fn set_services(&self, services: ServiceTable) {
        self.change_services(|running, mounting| Some(running.set_files(services, mounting)));
    }

    /// What the operator says on the portal.
    pub fn words(&self) -> Arc<Words> {
        self.words.load_full()
    }

    /// Says something else from now on.
    pub fn set_words(&self, words: Words) {
        self.words.store(Arc::new(words));
    }

    /// Something of what the running services are made of.
    pub(crate) fn of_running<T>(&self, read: impl FnOnce(&Running) -> T) -> T {
        read(&self.running.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes what the running services are made of; says whether they are others now.
    pub(crate) fn change_services(
        &self,
        change: impl FnOnce(&mut Running, &dyn Mounting) -> Option<Arc<ServiceTable>>,
    ) -> bool {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut running, &*self.parts.mounting);
        let is_another = changed.is_some();
        if let Some(table) = changed {
            self.services.store(table);
        }
        is_another
    }

    /// Which source serves a public; `None` is the accounts kept here.
    pub fn source_of(&self, public: Public) -> Option<&SourceId> {
        match self.config.sign_in.publics.get(public.as_str()) {
            Some(name) if name == "local" => None,
            Some(name) => self.sources.keys().find(|id| id.as_str() == name),
            None if public == Public::Guest => None,
            None => {
                let mut checking = self.sources.iter().filter(|(_, source)| source.password.is_some());
                let only = checking.next().map(|(id, _)| id);
                only.filter(|_| checking.next().is_none())
            }
        }
    }

    /// The provider of that name, if people are sent to it.
    pub fn provider(&self, source: &SourceId) -> Option<Arc<dyn Redirect>> {
        self.sources.get(source)?.redirect.clone()
    }

    /// The providers a public may sign in with, the one that serves it first.
    pub fn providers_of(&self, public: Public) -> Vec<(SourceId, Arc<dyn Redirect>)> {
        let also = self.config.sign_in.also.get(public.as_str()).into_iter().flatten();
        let also = also.map(|name| SourceId::new(name.clone()));
        let all = self.source_of(public).cloned().into_iter().chain(also);
        all.filter_map(|source| Some((source.clone(), self.provider(&source)?))).collect()
    }

    /// Whether a public is asked for a password; one that is not signs in elsewhere.
    pub fn asks_password(&self, public: Public) -> bool {
        self.source_of(public).is_none_or(|source| self.provider(source).is_none())
    }

    /// The digest under which a name that a provider gave is kept; `what` tells names of people from those of sessions.
    pub(crate) fn upstream_digest(&self, source: &SourceId, issuer: &str, what: &str, name: &str) -> String {
        crate::upstream::digest(&self.keyring, source, issuer, what, name)
    }

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
        let Some(person) = self.store.person(&session.person).await? else {
            return Ok(None);
        };
        if !person.state.may_sign_in() {
            return Ok(None);
        }
        // Whoever has a session has signed in.
        if person.state == AccountState::PreCreated {
            self.store.used(&person.id).await?;
        }
        let now = self.now();
        let (person, spaces) = crate::spaces::of(&*self.store, person, now).await?;
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
        let charte_due = self.charte_due(&person.id).await?;
        let live = Live::new(session, &person, child, establishments, now)?;
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
    /// person worked in, or begins in the first of `posts` that is theirs, or else in the first of theirs.
    pub async fn begin_session(
        &self,
        visitor: &Visitor,
        pending: &PendingSignIn,
        person: &PersonId,
        authentication: Authentication,
        upstream: Option<Upstream>,
        posts: &[Uai],
    ) -> Result<(Arc<Live>, HeaderValue), Fault> {
        let now = self.now();
        let secret = Secret::generate(&*self.ids);
        let before = match &visitor.session {
            Some(id) => self.store.session(id, now).await?,
            None => None,
        };
        let child = before.as_ref().filter(|s| &s.person == person).and_then(|s| s.child.clone());
        let worked_in = before.as_ref().filter(|s| &s.person == person).and_then(|s| s.establishment.clone());
        let establishment = match worked_in {
            None if !posts.is_empty() => {
                let theirs = self.store.person(person).await?;
                let is_theirs = |uai: &&Uai| theirs.as_ref().is_some_and(|one| one.establishments().contains(uai));
                posts.iter().find(is_theirs).cloned()
            }
            worked_in => worked_in,
        };
        // A second factor beside the proof of a live session makes it no longer; a remembered device is none.
        let added = authentication.second.is_some_and(FactorKind::proves) && pending.authentication.is_none();
        let goes_on = before.as_ref().filter(|before| added && before.person == *person);
        let mut expires = goes_on.map_or(now + Seconds(self.config.session.absolute_seconds), |before| before.expires);
        if upstream.is_some()
            && let Some(guest) = self.store.guest(person).await?
        {
            // A guest has no session, and says so to no service, for longer than the last of their spaces.
            let ends = self.store.spaces_of_guest(&guest.person, now).await?.into_iter().map(|grant| grant.until).max();
            expires = expires.min(ends.unwrap_or(expires));
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
        if new.upstream.is_some() && live.known()?.person.is_hosted() {
            self.store.guest_used(person, now).await?;
        }
        self.live.keep(&live);
        Ok((live, Cookie::Session.set(self.secure(), secret.expose())))
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

    /// Decides whether the person of a live session may open a service, whichever of their establishments allows it.
    pub fn decide(&self, live: &Live, door: &Door) -> Decided {
        self.answer(live, door).decided
    }

    fn answer(&self, live: &Live, door: &Door) -> Answer {
        let services = self.services.load();
        let (id, generation) = (&door.service.id, services.generation());
        if let Some(answer) = live.answer(id, generation) {
            return answer;
        }
        let answer = |decided, released| Answer { service: id.clone(), generation, visited: false, decided, released };
        match live.known() {
            Ok(Known { facts, .. }) => {
                let decision = self.common.decision(id, preau_policy::access(&facts, &services.rules, id));
                let decided = Decided::on(&facts, decision);
                // What the service receives is asked for next, and the record is open now. Why there is nothing to tell is told
                // to whoever asks for it.
                let released = if decided.allows() { self.released(live, door, &facts, &decided).ok() } else { None };
                let answer = answer(decided, released);
                live.keep(answer.clone());
                answer
            }
            // Nothing is known of them: the door stays shut.
            Err(fault) => {
                tracing::error!(detail = %fault.detail, "no decision");
                let (reason, would_change) = (Reason::PolicyError, vec![Change::RepairRules]);
                answer(Decided::closed(Decision::Deny(Refusal { reason, rule: None, would_change })), None)
            }
        }
    }

    /// What a service receives of the person of a live session, told from the establishment that opens it. Access is
    /// decided first; a refusal releases nothing.
    pub fn release(&self, live: &Live, door: &Door) -> Result<Released, Fault> {
        let refused = |why: &str| Fault {
            service: Some((door.title.fr.clone(), door.title.en.clone())),
            ..Fault::new(FaultKind::Refused, format!("service {}: {why}", door.service.id))
        };
        let answer = self.answer(live, door);
        if let Some(released) = answer.released {
            return Ok(released);
        }
        if !answer.decided.allows() {
            return Err(refused("nothing is released without access"));
        }
        let Known { facts, .. } = live.known()?;
        let released = self.released(live, door, &facts, &answer.decided);
        released.map_err(|why| refused(&why.to_string()))
    }

    /// What leaves of these facts, told from the establishment that opens the door.
    fn released(&self, live: &Live, door: &Door, facts: &Facts, decided: &Decided) -> Result<Released, ReleaseRefused> {
        let derived = OnceCell::new();
        let pairwise = || derived.get_or_init(|| self.keyring.pairwise(door.sector(), &live.session.person)).clone();
        let elsewhere = decided.establishment.as_ref().filter(|uai| Some(*uai) != facts.current());
        let moved = elsewhere.map(|uai| facts.seen_from(uai, live.establishment(uai).map(|e| e.name.as_str())));
        preau_policy::release(
            moved.as_ref().unwrap_or(facts),
            door.identifier,
            &door.release,
            &door.audience.roles,
            pairwise,
        )
    }

    /// Whether the person of a live session is asked for what makes their proof as strong as the service wants it; whoever has nothing that
    /// would is refused.
    pub async fn may_step_up(
        &self,
        visitor: &Visitor,
        live: &Live,
        door: &Door,
        wanted: Strength,
    ) -> Result<(), Fault> {
        let asked = self.lacks(&live.session.person, &live.session.authentication, wanted).await?;
        if asked.is_empty() { Err(self.refused(visitor, live, door, &Refusal::one_factor(None))) } else { Ok(()) }
    }

    /// The fault of a proof that is not strong enough, which nobody reads before [`Hub::may_step_up`].
    pub fn too_weak(&self, door: &Door) -> Fault {
        let reason = Some(Reason::TwoFactors);
        Fault { reason, ..Fault::new(FaultKind::Refused, format!("service {} wants two factors", door.service.id)) }
    }

    /// The fault a policy refusal becomes in front of a person, with its audit event.
    pub fn refused(&self, visitor: &Visitor, live: &Live, door: &Door, why: &Refusal) -> Fault {
        let mut event =
            AuditEvent::new(self.now(), AuditKind::ServiceRefused, visitor.correlation().clone(), why.reason.key());
        event.person = Some(live.session.person.clone());
        event.session = Some(live.session.id.clone());
        event.service = Some(door.service.id.clone());
        event.establishment = live.session.establishment.clone();
        self.audit(event);
        Fault {
            reason: Some(why.reason),
            window: why.window().cloned().map(Box::new),
            service: Some((door.title.fr.clone(), door.title.en.clone())),
            ..Fault::new(FaultKind::Refused, format!("service {} refused: {}", door.service.id, why.reason))
        }
    }

    /// Hands an event to the journal and counts it.
    pub fn audit(&self, event: AuditEvent) {
        metrics::counter!("preau_events_total", "kind" => event.kind.as_str()).increment(1);
        // The journal keeps every event; the log repeats those an operator watches for.
        if event.kind.is_routine() {
            tracing::debug!(event.kind = event.kind.as_str(), correlation = %event.correlation, "audit");
        } else {
            tracing::info!(
                event.kind = event.kind.as_str(),
                event.detail = %event.detail,
                correlation = %event.correlation,
                person.id = event.person.as_ref().map(|p| p.as_str()),
                service.id = event.service.as_ref().map(|s| s.as_str()),
                "audit"
            );
        }
        if event.kind != AuditKind::RequestRefused || self.keeps_refusal(event.at) {
            self.store.record(event);
        }
    }

    /// The same for an event that refuses a service something; the bench tells its editor why.
    pub fn audit_refusal(&self, event: AuditEvent, why: &'static str) {
        if self.config.bench {
            self.bench.see(&event, why);
        }
        self.audit(event);
    }

    /// Whether one more refused request goes to the journal: a flood of them is in the log and in the metrics, and must
    /// not fill the database.
    fn keeps_refusal(&self, at: Instant) -> bool {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        if refusals.0 != at.seconds() {
            *refusals = (at.seconds(), 0);
        }
        refusals.1 += 1;
        let kept = refusals.1 <= REFUSALS_A_SECOND;
        if !kept {
            metrics::counter!("preau_events_not_kept_total").increment(1);
        }
        kept
    }

    /// A 303 to a path of ours or to an address that is already trusted.
    pub fn see_other(&self, to: &str) -> Response {
        match HeaderValue::from_str(to) {
            Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
            Err(_) => Fault::new(FaultKind::Internal, "address cannot be a header").into_response(),
        }
    }
}
