//! The step that sends a person to another provider and takes them back: the browser that left is the one that returns,
//! each round is used once, and what the provider vouches for leads to accounts that exist already.
//!
//! What the provider must say is the business of its connector. Here: the secret of the round (its address names it, the
//! store keeps its digest), and matching: the link of an earlier visit first, then the rules of the configuration. A mail
//! address names the records that give it, if they are one person's, and makes no link: it may be another's next year.
//! Several accounts are for the person to choose from; none is a page that says so.

use super::enter::enter;
use super::{asked, load, posted};
use crate::visitor::Secret;
use crate::{Fault, FaultKind, Fields, Hub, Visitor, pages};
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use preau_connector_api::{Departure, KnownAs, POSTED, RedirectError, Round, UpstreamIdentity};
use preau_domain::{
    AccountState, AuditEvent, AuditKind, Authentication, AuthnMethod, FederatedIdentity, FederatedLink, KeptKind,
    KeptThing, OneTimeKey, PendingId, PendingSignIn, Person, PersonId, SourceId, Upstream, Vouched,
};
use preau_keys::Sealer;
use preau_store::StoreError;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Longest the provider's answers may take together.
const PATIENCE: Duration = Duration::from_secs(10);
/// What a hint for signing out there is sealed for.
const HINT: &str = "upstream logout hint";
/// What a message that was posted is sealed for.
const MESSAGE: &str = "upstream message";

/// What is kept of a round. Its nonce and verifier are not: they come out of its secret and the master key.
#[derive(Serialize, Deserialize)]
struct Detour {
    pending: PendingId,
    source: SourceId,
    /// Digest of what its address carries.
    state: OneTimeKey,
}

/// Records that give one mail address, beyond which it is nobody's.
const MOST_OF_AN_ADDRESS: u32 = 10;

/// Letters of the part of a state that nobody can guess; before them stands the name of the sign-in.
const UNGUESSABLE: usize = 32;

/// Where the round of a sign-in with a provider is kept: there is one, whoever asks for another one ends it.
fn place(pending: &str, source: &str) -> OneTimeKey {
    preau_keys::one_time_key(&format!("{pending}/{source}"))
}

/// Where a message that a provider posted for a round is laid down: there is one.
fn laid(detour: &Detour, source: &SourceId) -> OneTimeKey {
    preau_keys::one_time_key(&format!("{}/{source}/{}", detour.pending, detour.state.as_str()))
}

/// The secrets of one round, from the one its address carries.
struct Secrets {
    state: Secret,
    nonce: String,
    verifier: String,
    callback: String,
}

impl Secrets {
    fn of(hub: &Hub, source: &SourceId, state: Secret) -> Secrets {
        let from = |purpose| hub.keyring.mac(purpose, &[source.as_str(), state.expose()]);
        let (nonce, verifier) = (from("upstream-nonce"), from("upstream-verifier"));
        let callback = hub.callback(source);
        Secrets { state, nonce, verifier, callback }
    }

    fn round<'a>(&'a self, hub: &Hub, visitor: &'a Visitor, pending: &PendingSignIn) -> Round<'a> {
        Round {
            callback: &self.callback,
            state: self.state.expose(),
            nonce: &self.nonce,
            verifier: &self.verifier,
            fresh_after: pending.fresh_after,
            locale: visitor.locale.code(),
            now: hub.now(),
        }
    }
}

/// Sends the browser to a provider that serves the public.
pub async fn leave(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path((id, source)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let (pending, _) = asked(&hub, &visitor, &id, query.as_deref()).await?;
    let unknown = || Fault::new(FaultKind::NotFound, "no such provider for this public");
    let public = pending.public.ok_or_else(unknown)?;
    let offered = hub.providers_of(public);
    let (source, provider) = offered.into_iter().find(|(name, _)| name.as_str() == source).ok_or_else(unknown)?;
    let state = Secret::read(&format!("{}{}", pending.id, hub.ids.text(UNGUESSABLE)));
    let state = state.ok_or_else(|| Fault::new(FaultKind::Internal, "the name of a sign-in is no word"))?;
    let secrets = Secrets::of(&hub, &source, state);
    let to = tokio::time::timeout(PATIENCE, provider.begin(&secrets.round(&hub, &visitor, &pending))).await;
    let to = match to {
        Ok(Ok(to)) => to,
        Ok(Err(unavailable)) => return Err(Fault::new(FaultKind::ProviderDown, unavailable.0)),
        Err(_) => return Err(Fault::new(FaultKind::ProviderDown, "no answer in time")),
    };
    let key = place(pending.id.as_str(), source.as_str());
    let state = preau_keys::one_time_key(secrets.state.expose());
    let detour = Detour { pending: pending.id.clone(), source, state };
    let doc = serde_json::to_string(&detour).map_err(|error| Fault::new(FaultKind::Internal, error.to_string()))?;
    let kept = KeptThing { key, kind: KeptKind::Redirect, doc, expires: pending.expires };
    match hub.store.keep(&kept, hub.now()).await {
        Err(StoreError::Conflict) => {
            hub.store.take_kept(&kept.key, KeptKind::Redirect, hub.now()).await?;
            hub.store.keep(&kept, hub.now()).await?;
        }
        other => other?,
    }
    match to {
        Departure::Address(to) => Ok(hub.see_other(&to)),
        Departure::Form { to, fields } => {
            let to = Url::parse(&to).map_err(|_| Fault::new(FaultKind::Internal, "a provider has no address"))?;
            Ok(pages::posting_elsewhere(&hub, &visitor, &to, &fields))
        }
    }
}

/// Takes the message that a provider's page makes the browser post. It comes from another site, and so without the cookie
/// that proves whose it is: it is laid down under the round it belongs to, sealed, and the browser asks again from here.
pub async fn take_in(State(hub): State<Arc<Hub>>, Path(source): Path<String>, body: Bytes) -> Result<Response, Fault> {
    let source = SourceId::new(source);
    let provider = hub.provider(&source).ok_or_else(|| Fault::new(FaultKind::NotFound, "no such provider"))?;
    let fields = Fields::of_message(&body)?;
    let form: Vec<(&str, &str)> = fields.iter().collect();
    let none = || Fault::new(FaultKind::BadRequest, "no answer of a provider");
    let (state, message) = provider.posted(&form).ok_or_else(none)?;
    let state = Secret::read(state).ok_or_else(expired)?;
    // Only who knows the state of a round that is open lays anything down, and one message a round.
    let (detour, kept) = under_way(&hub, source.as_str(), &state).await?;
    let sealed = Sealer::new(&hub.keyring).seal(&*hub.ids, MESSAGE, &[state.expose()], message.as_bytes());
    let doc = sealed.filter(|doc| doc.len() <= KeptThing::MOST);
    let doc = doc.ok_or_else(|| Fault::new(FaultKind::TooLarge, "answer of a provider too long"))?;
    let laid = KeptThing { key: laid(&detour, &source), kind: KeptKind::Redirect, doc, expires: kept.expires };
    match hub.store.keep(&laid, hub.now()).await {
        Ok(()) => Ok(hub.see_other(&format!("/upstream/{source}/callback?state={}", state.expose()))),
        Err(StoreError::Conflict) => Err(expired()),
        Err(other) => Err(other.into()),
    }
}

/// The round a state belongs to, which stays.
async fn under_way(hub: &Hub, source: &str, state: &Secret) -> Result<(Detour, KeptThing), Fault> {
    let name = state.expose().len().checked_sub(UNGUESSABLE).and_then(|end| state.expose().get(..end));
    let key = place(name.ok_or_else(expired)?, source);
    let kept = hub.store.kept(&key, KeptKind::Redirect, hub.now()).await?.ok_or_else(expired)?;
    let detour: Detour = serde_json::from_str(&kept.doc).map_err(|_| expired())?;
    let digest = preau_keys::one_time_key(state.expose());
    if !preau_keys::constant_time_eq(digest.as_str().as_bytes(), detour.state.as_str().as_bytes()) {
        return Err(expired());
    }
    if detour.source.as_str() != source {
        return Err(expired());
    }
    Ok((detour, kept))
}

/// Takes the browser back.
pub async fn come_back(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(source): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let fields = Fields::parse(query.as_deref().unwrap_or_default())?;
    let state = fields.one("state")?.and_then(Secret::read).ok_or_else(expired)?;
    let (detour, kept) = under_way(&hub, &source, &state).await?;
    // Taken out whatever comes of it: a round is used once.
    let taken = hub.store.take_kept(&kept.key, KeptKind::Redirect, hub.now()).await?;
    if taken.is_none_or(|taken| taken.doc != kept.doc) {
        return Err(expired());
    }
    let laid = laid(&detour, &detour.source);
    let message = hub.store.take_kept(&laid, KeptKind::Redirect, hub.now()).await?;
    let open = |kept: KeptThing| Sealer::new(&hub.keyring).open(MESSAGE, &[state.expose()], &kept.doc);
    let message = message.and_then(open).and_then(|message| String::from_utf8(message.to_vec()).ok());
    let pending = load(&hub, &visitor, detour.pending.as_str()).await?;
    let provider = hub.provider(&detour.source).ok_or_else(expired)?;
    let secrets = Secrets::of(&hub, &detour.source, state);
    let answer: Vec<(&str, &str)> = match &message {
        Some(message) => vec![(POSTED, message)],
        None => fields.iter().filter(|(name, _)| *name != POSTED).collect(),
    };
    let round = secrets.round(&hub, &visitor, &pending);
    let identity = match tokio::time::timeout(PATIENCE, provider.complete(&round, &answer)).await {
        Ok(Ok(identity)) => identity,
        Ok(Err(error)) => return Err(refused(&hub, &visitor, error)),
        Err(_) => return Err(Fault::new(FaultKind::ProviderDown, "no answer in time")),
    };
    welcome(&hub, &visitor, pending, detour.source, identity).await
}

fn expired() -> Fault {
    Fault::new(FaultKind::SignInExpired, "no such round for this browser")
}

/// The fault a round without an identity becomes, with its audit event.
fn refused(hub: &Hub, visitor: &Visitor, error: RedirectError) -> Fault {
    let (kind, why) = match &error {
        RedirectError::Unavailable(_) => return Fault::new(FaultKind::ProviderDown, error.to_string()),
        RedirectError::Refused(_) => (FaultKind::ProviderRefused, "provider-refused"),
        RedirectError::NotBelieved(_) => (FaultKind::ProviderNotBelieved, "provider-not-believed"),
    };
    hub.audit(AuditEvent::new(hub.now(), AuditKind::SignInRefused, visitor.correlation.clone(), why));
    Fault::new(kind, error.to_string())
}

/// Finds the accounts of somebody a provider vouches for, and lets them in or asks which one.
async fn welcome(
    hub: &Hub,
    visitor: &Visitor,
    mut pending: PendingSignIn,
    source: SourceId,
    identity: UpstreamIdentity,
) -> Result<Response, Fault> {
    let vouched = vouched(hub, source, &identity);
    let Found { people: found, shared } = accounts(hub, &vouched.upstream.identity, &identity.names).await?;
    let nobody = match found.as_slice() {
        [] if shared => "mail-shared",
        [] => "no-account",
        _ => "suspended",
    };
    let active: Vec<Person> = found.into_iter().filter(|person| person.state == AccountState::Active).collect();
    match active.as_slice() {
        [] => {
            hub.audit(AuditEvent::new(hub.now(), AuditKind::SignInRefused, visitor.correlation.clone(), nobody));
            Err(Fault::new(
                FaultKind::AccountNotFound,
                format!("vouched for by {}: {nobody}", vouched.upstream.identity.provider),
            ))
        }
        [person] => let_in(hub, visitor, pending, vouched, &person.id).await,
        several => {
            let accounts = several.iter().map(|person| person.id.clone()).collect();
            pending.vouched = Some(Vouched { accounts, ..vouched });
            hub.store.update_pending(&pending).await?;
            Ok(hub.see_other(&format!("/sign-in/{}", pending.id)))
        }
    }
}

/// What is kept of an identity: digests, and the hint for signing out there, sealed.
fn vouched(hub: &Hub, source: SourceId, identity: &UpstreamIdentity) -> Vouched {
    let now = hub.now();
    let at = identity.at.unwrap_or(now).min(now);
    let authentication = Authentication {
        method: AuthnMethod::Federated,
        at,
        unsaid: identity.at.is_none(),
        by: Some(source.clone()),
        acr: identity.acr.clone(),
        delegations: identity.agent.delegations.clone(),
    };
    let digest = |what, name: &str| hub.upstream_digest(&source, &identity.issuer, what, name);
    let (subject, sid) = (digest("sub", &identity.subject), identity.sid.as_deref().map(|sid| digest("sid", sid)));
    let hint = identity.logout_hint.as_deref();
    let seal = |hint: &str| Sealer::new(&hub.keyring).seal(&*hub.ids, HINT, &[source.as_str()], hint.as_bytes());
    let logout_hint = hint.and_then(seal);
    let who = FederatedIdentity { provider: source, issuer: identity.issuer.clone(), subject };
    let by_address = |name: &KnownAs| matches!(name, KnownAs::Mail(..));
    let lasting = identity.lasting && !identity.names.iter().any(by_address);
    Vouched {
        upstream: Upstream { identity: who, sid },
        authentication,
        accounts: Vec::new(),
        posts: identity.agent.posts.clone(),
        lasting,
        logout_hint,
    }
}

/// Opens a hint that was sealed when the session began.
pub(crate) fn open_hint(hub: &Hub, source: &SourceId, sealed: &str) -> Option<String> {
    let hint = Sealer::new(&hub.keyring).open(HINT, &[source.as_str()], sealed)?;
    String::from_utf8(hint.to_vec()).ok()
}

/// The accounts an identity may be.
struct Found {
    people: Vec<Person>,
    /// A mail address named records of more than one person: it names none of them.
    shared: bool,
}

/// Every account it may be, active or not: those linked at an earlier visit, then those the rules name.
async fn accounts(hub: &Hub, who: &FederatedIdentity, names: &[KnownAs]) -> Result<Found, Fault> {
    let (mut found, mut shared): (Vec<Person>, bool) = (Vec::new(), false);
    let mut add = |person: Person| {
        if found.iter().all(|other| other.id != person.id) {
            found.push(person);
        }
    };
    for link in hub.store.links_of(who).await? {
        hub.store.person(&link.person).await?.into_iter().for_each(&mut add);
    }
    for name in names {
        match name {
            KnownAs::Record(join) => hub.store.person_by_join(join).await?.into_iter().for_each(&mut add),
            KnownAs::Login(source, login) => {
                let theirs = hub.store.people_by_login(login, 10).await?.into_iter();
                let theirs = theirs.filter(|person| person.join.as_ref().is_some_and(|join| join.source == *source));
                theirs.for_each(&mut add);
            }
            KnownAs::Mail(source, mail) => {
                let theirs = hub.store.people_by_mail(source, mail, MOST_OF_AN_ADDRESS).await?;
                if is_one_person(&theirs) {
                    theirs.into_iter().for_each(&mut add);
                } else {
                    shared = true;
                }
            }
        }
    }
    Ok(Found { people: found, shared })
}

/// Whether records that give one mail address are one person's, who is a teacher here and a parent there: those in use bear
/// one name. The address of an office or a couple is nobody's.
fn is_one_person(records: &[Person]) -> bool {
    let in_use = || records.iter().filter(|person| person.state == AccountState::Active);
    let name = |person: &Person| (person.given_name.to_lowercase(), person.family_name.to_lowercase());
    let all_alike = in_use().next().is_none_or(|first| in_use().all(|person| name(person) == name(first)));
    all_alike && records.len() < MOST_OF_AN_ADDRESS as usize
}

/// Lets somebody in to one account, which is linked to who they are elsewhere from now on.
async fn let_in(
    hub: &Hub,
    visitor: &Visitor,
    mut pending: PendingSignIn,
    vouched: Vouched,
    person: &PersonId,
) -> Result<Response, Fault> {
    pending.vouched = None;
    let lasting = vouched.lasting;
    let link = FederatedLink { identity: vouched.upstream.identity.clone(), person: person.clone(), at: hub.now() };
    let linked = async {
        if !lasting {
            return Ok(None);
        }
        match hub.store.add_link(&link).await {
            Ok(()) => {
                let (at, kind) = (link.at, AuditKind::AccountLinked);
                let mut event = AuditEvent::new(at, kind, visitor.correlation.clone(), "first-match");
                event.person = Some(person.clone());
                hub.audit(event);
            }
            // They were here before.
            Err(StoreError::Conflict) => {}
            Err(other) => return Err(other.into()),
        }
        Ok(None)
    };
    enter(hub, visitor, pending, person, vouched.authentication.clone(), Some(vouched), linked).await
}

/// The answer of a person who has several accounts.
pub async fn choose_account(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let (mut pending, fields) = posted(&hub, &visitor, &id, &body).await?;
    let none = || Fault::new(FaultKind::BadRequest, "no such account to choose");
    let vouched = pending.vouched.take().ok_or_else(none)?;
    let index: usize = fields.required("account")?.parse().map_err(|_| none())?;
    let person = vouched.accounts.get(index).cloned().ok_or_else(none)?;
    let active = hub.store.person(&person).await?.is_some_and(|person| person.state == AccountState::Active);
    if !active {
        return Err(Fault::new(FaultKind::AccountNotFound, "stopped while choosing"));
    }
    let_in(&hub, &visitor, pending, vouched, &person).await
}
