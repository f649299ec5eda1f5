//! The hub: everything a request needs, put together once by the assembly and handed to every handler.
//!
//! Owns the decision at the door; the way into and out of a session is in `hub/sessions.rs`. It holds no per-request state and knows no
//! protocol by name.

mod sessions;

use crate::line::Line;
use crate::live::{Answer, Common, Decided, Known, Recent};
use crate::registered::Running;
use crate::runs::Synchronisations;
use crate::spray::Sprays;
use crate::table::{Door, ServiceTable};
use crate::visitor::Network;
use crate::{Fault, FaultKind, Live, Protocol, Texts, Visitor, WebConfig, Words};
use arc_swap::ArcSwap;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use preau_connector_api::{Mounting, PasswordCheck, Post, Probe, Redirect, Turns};
use preau_domain::{AuditEvent, AuditKind, Clock, Ids, Instant, Public, SourceId, Strength};
use preau_egress::Egress;
use preau_keys::strength::Breached;
use preau_keys::{ClientAuthorities, Keyring, Passwords, Signers};
use preau_passkeys::Passkeys;
use preau_policy::{Change, Decision, Facts, Reason, Refusal, ReleaseRefused, Released, inspecting};
use preau_store::Store;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::Notify;

/// Refused requests written to the journal in one second, and as many codes that are nobody's.
const REFUSALS_A_SECOND: u32 = 20;

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
    /// The way for letters; none where nobody is written to.
    pub mail: Option<Arc<dyn Post>>,
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
    /// Wakes whoever takes letters to the mail server.
    pub(crate) letters: Notify,
    /// The latest refused request of each service, for the bench.
    pub(crate) bench: crate::bench::Latest,
    /// Refused requests written to the journal within the second.
    refusals: Mutex<(i64, u32)>,
    /// Codes that are nobody's, likewise: neither hides the other.
    guesses: Mutex<(i64, u32)>,
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
    /// Which passwords fail at one account after another.
    pub(crate) sprays: Sprays,
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
            letters: Notify::new(),
            bench: crate::bench::Latest::default(),
            refusals: Mutex::new((0, 0)),
            guesses: Mutex::new((0, 0)),
            services: ArcSwap::new(Arc::clone(&services)),
            words: ArcSwap::default(),
            running: Mutex::new(Running::new(services)),
            taking: tokio::sync::Mutex::default(),
            opening: tokio::sync::Mutex::default(),
            protocols: OnceLock::new(),
            synchronisations: OnceLock::new(),
            live: Recent::default(),
            line: Line::default(),
            sprays: Sprays::default(),
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
        released.map_err(|why| Fault {
            reason: (why == ReleaseRefused::Visitor).then_some(Reason::Visitor),
            ..refused(&why.to_string())
        })
    }

    /// What leaves of these facts, told from the establishment that opens the door.
    fn released(&self, live: &Live, door: &Door, facts: &Facts, decided: &Decided) -> Result<Released, ReleaseRefused> {
        let derived = OnceCell::new();
        let pairwise = || derived.get_or_init(|| self.keyring.pairwise(door.sector(), &live.session.person)).clone();
        let elsewhere = decided.establishment.as_ref().filter(|uai| Some(*uai) != facts.current());
        let moved = elsewhere.map(|uai| facts.seen_from(uai, live.establishment(uai).map(|e| e.name.as_str())));
        let facts = moved.as_ref().unwrap_or(facts);
        let visitor = inspecting(facts, &self.services.load().rules, &door.service.id);
        // The services may have changed since it was decided.
        if visitor.is_none() && decided.is_inspection() {
            return Err(ReleaseRefused::Visitor);
        }
        preau_policy::release(
            visitor.as_ref().unwrap_or(facts),
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

    /// The rule by which a door opens to the person of a live session, or the fault that says why it does not. That of a proof which is not
    /// strong enough ([`Fault::is_one_factor`]) nobody reads before [`Hub::may_step_up`].
    pub fn opens<'d>(
        &self,
        visitor: &Visitor,
        live: &Live,
        door: &Door,
        decided: &'d Decided,
    ) -> Result<&'d str, Fault> {
        match &**decided {
            Decision::Allow { rule, .. } => Ok(rule),
            Decision::StepUp(_) => {
                let too_weak = Fault::new(FaultKind::Refused, format!("service {} wants two factors", door.service.id));
                Err(Fault { reason: Some(Reason::TwoFactors), ..too_weak })
            }
            Decision::Deny(why) => Err(self.refused(visitor, live, door, why)),
        }
    }

    /// What the journal says of a service that was opened, whichever door it was: by whom and in which session, so that it is found again
    /// from either; by which rule; and from which establishment, which nobody could tell afterwards: it need not be the one they work in,
    /// and what the service is told is told from there.
    pub fn opened(&self, visitor: &Visitor, live: &Live, door: &Door, decided: &Decided, rule: &str) -> AuditEvent {
        AuditEvent {
            service: Some(door.service.id.clone()),
            establishment: decided.establishment.clone(),
            ..self.event_of(visitor, live, AuditKind::ServiceOpened, rule)
        }
    }

    /// The fault a policy refusal becomes in front of a person, with its audit event.
    pub fn refused(&self, visitor: &Visitor, live: &Live, door: &Door, why: &Refusal) -> Fault {
        self.audit(AuditEvent {
            service: Some(door.service.id.clone()),
            // None opens it: the one they work in.
            establishment: live.session.establishment.clone(),
            ..self.event_of(visitor, live, AuditKind::ServiceRefused, why.reason.key())
        });
        Fault {
            reason: Some(why.reason),
            window: why.window().cloned().map(Box::new),
            service: Some((door.title.fr.clone(), door.title.en.clone())),
            ..Fault::new(FaultKind::Refused, format!("service {} refused: {}", door.service.id, why.reason))
        }
    }

    /// An event of somebody in a session, which names both. What else it is about says whoever knows.
    pub fn event_of(&self, visitor: &Visitor, live: &Live, kind: AuditKind, detail: impl Into<String>) -> AuditEvent {
        AuditEvent {
            person: Some(live.session.person.clone()),
            session: Some(live.session.id.clone()),
            ..AuditEvent::new(self.now(), kind, visitor.correlation().clone(), detail)
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
        let kept = match event.kind {
            AuditKind::RequestRefused => keeps(&self.refusals, event.at),
            AuditKind::SignInRefused if costs_nothing(&event) => keeps(&self.guesses, event.at),
            _ => true,
        };
        if kept {
            self.store.record(event);
        }
    }

    /// The same for what is about to be done: where the journal cannot keep it, it is not done.
    pub async fn audit_before(&self, event: AuditEvent) -> Result<(), Fault> {
        self.audit(event);
        Ok(self.store.flush_audit().await?)
    }

    /// The same for an event that refuses a service something; the bench tells its editor why.
    pub fn audit_refusal(&self, event: AuditEvent, why: &'static str) {
        if self.config.bench {
            self.bench.see(&event, why);
        }
        self.audit(event);
    }

    /// A 303 to a path of ours or to an address that is already trusted.
    pub fn see_other(&self, to: &str) -> Response {
        match HeaderValue::from_str(to) {
            Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
            Err(_) => Fault::new(FaultKind::Internal, "address cannot be a header").into_response(),
        }
    }
}

/// Why somebody is refused whose password was looked at, or for whom another provider vouched: that cost its work, and is always kept.
const WORKED_FOR: [&str; 13] = [
    "ambiguous",
    "charte",
    "expired",
    "guest-over",
    "locked",
    "mail-shared",
    "no-account",
    "not-by-call",
    "other-public",
    "suspended",
    "unknown",
    "vector-shared",
    "wrong-password",
];

/// Whether a refusal is of something that anybody can try at any pace: a code or a passkey that is nobody's, an answer that a provider is said to
/// give, a password that is not looked at because it comes too soon. Of nobody in particular it is, unless it is known to cost its work.
fn costs_nothing(refused: &AuditEvent) -> bool {
    refused.detail == "too-soon" || (refused.person.is_none() && !WORKED_FOR.contains(&refused.detail.as_str()))
}

/// Whether one more refusal goes to the journal: a flood of them is in the log and in the metrics, and must not fill the database.
fn keeps(counted: &Mutex<(i64, u32)>, at: Instant) -> bool {
    let mut counted = counted.lock().unwrap_or_else(PoisonError::into_inner);
    if counted.0 != at.seconds() {
        *counted = (at.seconds(), 0);
    }
    counted.1 += 1;
    let kept = counted.1 <= REFUSALS_A_SECOND;
    if !kept {
        metrics::counter!("preau_events_not_kept_total").increment(1);
    }
    kept
}
