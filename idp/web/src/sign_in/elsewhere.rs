//! The step that sends a person to another provider and takes them back: the browser that left is the one that returns,
//! what the provider vouches for is believed once, and leads to accounts that exist already.
//!
//! What the provider must say is the business of its connector. Here: the state of the round, and matching: the link of an
//! earlier visit first, then the rules of the configuration. Nothing is stored of a round: its state names the sign-in and is
//! proved by the secret of the browser, so that whoever leaves again and again fills nothing. A mail
//! address names the records that give it, if they are one person's, and makes no link: it may be another's next year.
//! Several accounts are for the person to choose from; none is a page that says so.

use super::enter::{Proof, enter};
use super::{asked, carried, load, posted};
use crate::visitor::Secret;
use crate::{Begin, Fault, FaultKind, Fields, Hub, SignInHints, Visitor, pages};
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use preau_connector_api::{Departure, KnownAs, POSTED, RedirectError, Round, UpstreamIdentity};
use preau_domain::{
    AuditEvent, AuditKind, Authentication, AuthnMethod, FederatedIdentity, FederatedLink, KeptKind, KeptThing,
    PendingSignIn, Person, PersonId, Public, SourceId, Upstream, Vouched,
};
use preau_keys::Sealer;
use preau_store::StoreError;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Longest the provider's answers may take together.
const PATIENCE: Duration = Duration::from_secs(10);
/// What a hint for signing out there is sealed for.
const HINT: &str = "upstream logout hint";
/// What the proof of a state is made for.
const STATE: &str = "upstream-state";

/// Records that give one mail address, beyond which it is nobody's.
const MOST_OF_AN_ADDRESS: u32 = 10;
/// Records that a number of a school leads to, the pupil and adults, beyond which it is nobody's.
const MOST_OF_A_NUMBER: u32 = 50;

/// Letters of a state that differ from round to round; before them stands the name of the sign-in.
const OWN: usize = 16;
/// Letters of its proof, behind them: 128 bits.
const PROOF: usize = 32;

/// What shows that a state was given to this browser, for that provider.
fn proof(hub: &Hub, visitor: &Visitor, source: &SourceId, named: &str) -> String {
    let browser = visitor.browser.as_ref().map_or("", Secret::expose);
    let mut proof = preau_keys::fingerprint(hub.keyring.mac(STATE, &[browser, source.as_str(), named]).as_bytes());
    proof.truncate(PROOF);
    proof
}

/// The state of a new round of this browser's sign-in.
fn new_state(hub: &Hub, visitor: &Visitor, source: &SourceId, pending: &PendingSignIn) -> Option<Secret> {
    let named = format!("{}{}", pending.id, hub.ids.text(OWN));
    Secret::read(&format!("{named}{}", proof(hub, visitor, source, &named)))
}

/// The name of the sign-in that a state belongs to, if it was given to this browser.
fn belongs_to(hub: &Hub, visitor: &Visitor, source: &SourceId, state: &Secret) -> Result<String, Fault> {
    let end = state.expose().len().checked_sub(PROOF).ok_or_else(expired)?;
    let (named, shown) = state.expose().split_at_checked(end).ok_or_else(expired)?;
    let proof = proof(hub, visitor, source, named);
    if visitor.browser.is_none() || !preau_keys::constant_time_eq(shown.as_bytes(), proof.as_bytes()) {
        return Err(expired());
    }
    let id = named.len().checked_sub(OWN).and_then(|end| named.get(..end));
    id.map(str::to_owned).ok_or_else(expired)
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

    fn round<'a>(&'a self, hub: &'a Hub, visitor: &'a Visitor, pending: &PendingSignIn) -> Round<'a> {
        Round {
            callback: &self.callback,
            state: self.state.expose(),
            nonce: &self.nonce,
            verifier: &self.verifier,
            fresh_after: pending.fresh_after,
            locale: visitor.locale.code(),
            now: hub.now(),
            turns: &hub.turns,
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
    let state = new_state(&hub, &visitor, &source, &pending);
    let state = state.ok_or_else(|| Fault::new(FaultKind::Internal, "the name of a sign-in is no word"))?;
    let secrets = Secrets::of(&hub, &source, state);
    let to = tokio::time::timeout(PATIENCE, provider.begin(&secrets.round(&hub, &visitor, &pending))).await;
    let to = match to {
        Ok(Ok(to)) => to,
        Ok(Err(RedirectError::Crowded(crowded))) => return Err(crowded.into()),
        Ok(Err(error)) => return Err(Fault::new(FaultKind::ProviderDown, error.to_string())),
        Err(_) => return Err(Fault::new(FaultKind::ProviderDown, "no answer in time")),
    };
    let mut response = match to {
        Departure::Address(to) => hub.see_other(&to),
        Departure::Form { to, fields } => {
            let to = Url::parse(&to).map_err(|_| Fault::new(FaultKind::Internal, "a provider has no address"))?;
            pages::posting_elsewhere(&hub, &visitor, &to, &fields)
        }
    };
    // What was too long to be carried here is too long to be carried there, and stored.
    carried::carry(&hub, &PendingSignIn { public: None, ..pending }, &carried::answers_of(&source), &mut response);
    Ok(response)
}

/// Takes the message that a provider's page makes the browser post. It comes from another site, and so without the cookie
/// that proves whose it is: a page of ours has the browser bring it again, from here.
pub async fn take_in(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(source): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let source = SourceId::new(source);
    let provider = hub.provider(&source).ok_or_else(|| Fault::new(FaultKind::NotFound, "no such provider"))?;
    let fields = Fields::of_message(&body)?;
    let form: Vec<(&str, &str)> = fields.iter().collect();
    if provider.sends_people() {
        // Whether somebody asked stands in the message, which anybody may have written.
        let _turn = hub.turns.to_read(body.len()).await?;
        if provider.unasked(&form) {
            return Ok(hub.see_other(&format!("/upstream/{source}/enter")));
        }
    }
    let none = || Fault::new(FaultKind::BadRequest, "no answer of a provider");
    let (state, message) = provider.posted(&form).ok_or_else(none)?;
    let state = Secret::read(state).ok_or_else(expired)?;
    let to = Url::parse(&hub.callback(&source));
    let to = to.map_err(|_| Fault::new(FaultKind::Internal, "our own address is none"))?;
    let fields = [("state", state.expose().to_owned()), (POSTED, message.to_owned())];
    Ok(pages::posting_back(&hub, &visitor, &to, &fields))
}

/// Takes in a person whom a provider sends without having been asked: the browser goes there again with a request of ours, and
/// whoever is signed in there is whom it answers about. What they were sent with counts for nothing: it may be another's, who
/// wants them signed in as somebody else.
pub async fn sent(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(source): Path<String>,
) -> Result<Response, Fault> {
    let source = SourceId::new(source);
    let none = || Fault::new(FaultKind::NotFound, "no provider that sends people by itself");
    hub.provider(&source).filter(|provider| provider.sends_people()).ok_or_else(none)?;
    if visitor.live_by_anything(&hub).await?.is_some() {
        return Ok(hub.see_other("/"));
    }
    let offers = |public: &Public| hub.providers_of(*public).iter().any(|(name, _)| *name == source);
    let public = Public::ALL.into_iter().find(offers).ok_or_else(none)?;
    let begin = Begin::for_page("/");
    let hints = SignInHints { towards: Some((public, source)), ..SignInHints::default() };
    hub.begin_sign_in_with(&visitor, begin, hints).await
}

/// Takes the browser back.
pub async fn come_back(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(source): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let fields = Fields::parse(query.as_deref().unwrap_or_default())?;
    let answer: Vec<(&str, &str)> = fields.iter().filter(|(name, _)| *name != POSTED).collect();
    back(&hub, &visitor, source, fields.one("state")?, &answer).await
}

/// Takes the browser back with the message it had posted.
pub async fn bring_back(
    State(hub): State<Arc<Hub>>,
    visitor: Visitor,
    Path(source): Path<String>,
    body: Bytes,
) -> Result<Response, Fault> {
    let fields = Fields::of_message(&body)?;
    let message = fields.required(POSTED)?;
    back(&hub, &visitor, source, fields.one("state")?, &[(POSTED, message)]).await
}

/// Has the provider's answer read, and goes on with whoever it is about.
async fn back(
    hub: &Hub,
    visitor: &Visitor,
    source: String,
    state: Option<&str>,
    answer: &[(&str, &str)],
) -> Result<Response, Fault> {
    let (source, state) = (SourceId::new(source), state.and_then(Secret::read).ok_or_else(expired)?);
    let pending = load(hub, visitor, &belongs_to(hub, visitor, &source, &state)?).await?;
    let provider = hub.provider(&source).ok_or_else(expired)?;
    let key = preau_keys::one_time_key(state.expose());
    let secrets = Secrets::of(hub, &source, state);
    let round = secrets.round(hub, visitor, &pending);
    let identity = match tokio::time::timeout(PATIENCE, provider.complete(&round, answer)).await {
        Ok(Ok(identity)) => identity,
        Ok(Err(error)) => return Err(refused(hub, visitor, &source, error)),
        Err(_) => return Err(Fault::new(FaultKind::ProviderDown, "no answer in time").claimed(source.as_str())),
    };
    // A round is believed once; only what a provider vouches for leaves anything behind.
    let once = KeptThing { key, kind: KeptKind::ReplayGuard, doc: String::new(), expires: pending.expires };
    hub.store.keep(&once, hub.now()).await.map_err(ended)?;
    welcome(hub, visitor, pending, source, identity).await
}

fn expired() -> Fault {
    Fault::new(FaultKind::SignInExpired, "no such round for this browser")
}

/// What the store's word that something is over becomes.
fn ended(error: StoreError) -> Fault {
    match error {
        StoreError::Conflict => expired(),
        other => other.into(),
    }
}

/// The fault a round without an identity becomes, with its audit event.
fn refused(hub: &Hub, visitor: &Visitor, source: &SourceId, error: RedirectError) -> Fault {
    let fault = |kind| Fault::new(kind, format!("{source}: {error}")).claimed(source.as_str());
    let (kind, word, check) = match &error {
        RedirectError::Crowded(crowded) => return (*crowded).into(),
        RedirectError::Unavailable(_) => return fault(FaultKind::ProviderDown),
        RedirectError::Refused(word) => (FaultKind::ProviderRefused, "provider-refused", word),
        RedirectError::NotBelieved(check) => (FaultKind::ProviderNotBelieved, "provider-not-believed", check),
    };
    let detail = format!("{word} {source}: {check}");
    hub.audit(AuditEvent::new(hub.now(), AuditKind::SignInRefused, visitor.correlation().clone(), detail));
    fault(kind)
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
    let (nobody, kind) = match found.as_slice() {
        [] => (shared.unwrap_or("no-account"), FaultKind::AccountNotFound),
        [guest, ..] if guest.is_hosted() => ("guest-over", FaultKind::GuestOver),
        _ => ("suspended", FaultKind::AccountSuspended),
    };
    let mut active: Vec<Person> = Vec::with_capacity(found.len());
    for person in found {
        if hub.may_enter(&person).await? {
            active.push(person);
        }
    }
    match active.as_slice() {
        [] => {
            hub.audit(AuditEvent::new(hub.now(), AuditKind::SignInRefused, visitor.correlation().clone(), nobody));
            Err(Fault::new(kind, format!("vouched for by {}: {nobody}", vouched.upstream.identity.provider)))
        }
        [person] => let_in(hub, visitor, pending, vouched, &person.id).await,
        several => {
            let accounts = several.iter().map(|person| person.id.clone()).collect();
            pending.vouched = Some(Vouched { accounts, ..vouched });
            let held = hub.held(&pending);
            hub.store.put_pending(&held).await.map_err(super::ended)?;
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
        password: None,
        by: Some(source.clone()),
        acr: identity.acr.clone(),
        turn: None,
        delegations: identity.agent.delegations.clone(),
        second: None,
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
    /// What named records of more than one person, and so none of them.
    shared: Option<&'static str>,
}

/// Every account it may be, active or not: those linked at an earlier visit, then those the rules name. Whom a list of another ENT named is that
/// guest and nobody else, also when their time is over: what their home says of them names none of ours.
async fn accounts(hub: &Hub, who: &FederatedIdentity, names: &[KnownAs]) -> Result<Found, Fault> {
    let (mut found, mut shared): (Vec<Person>, _) = (Vec::new(), None);
    for link in hub.store.links_of(who).await? {
        let linked = hub.store.person(&link.person).await?;
        found.extend(linked.filter(|person| found.iter().all(|other| other.id != person.id)));
    }
    if found.iter().any(Person::is_hosted) {
        found.retain(Person::is_hosted);
        return Ok(Found { people: found, shared: None });
    }
    let mut add = |person: Person| {
        if found.iter().all(|other| other.id != person.id) {
            found.push(person);
        }
    };
    for name in names {
        match name {
            KnownAs::Record(join) => hub.store.person_by_join(join).await?.into_iter().for_each(&mut add),
            KnownAs::Login(source, login) => {
                hub.store.people_of_login(source, login, 10).await?.into_iter().for_each(&mut add);
            }
            KnownAs::Mail(source, mail) => {
                let theirs = hub.store.people_by_mail(source, mail, MOST_OF_AN_ADDRESS).await?;
                if is_one_person(&theirs) {
                    theirs.into_iter().for_each(&mut add);
                } else {
                    shared = Some("mail-shared");
                }
            }
            KnownAs::Vector(source, vector) => {
                let (at, most) = (&vector.establishment, MOST_OF_A_NUMBER);
                let mut theirs = hub.store.people_enrolled(source, at, &vector.number, most).await?;
                let whole = theirs.len() < most as usize;
                theirs.retain(|person| vector.names(person));
                if whole && theirs.iter().filter(|person| person.state.may_sign_in()).count() <= 1 {
                    theirs.into_iter().for_each(&mut add);
                } else {
                    shared = Some("vector-shared");
                }
            }
        }
    }
    Ok(Found { people: found, shared })
}

/// Whether records that give one mail address are one person's, who is a teacher here and a parent there: those in use bear
/// one name. The address of an office or a couple is nobody's.
fn is_one_person(records: &[Person]) -> bool {
    let in_use = || records.iter().filter(|person| person.state.may_sign_in());
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
                let mut event = AuditEvent::new(at, kind, visitor.correlation().clone(), "first-match");
                event.person = Some(person.clone());
                hub.audit(event);
            }
            // They were here before.
            Err(StoreError::Conflict) => {}
            Err(other) => return Err(other.into()),
        }
        Ok(None)
    };
    let proof = Proof::vouched(vouched.authentication.clone(), Some(vouched));
    enter(hub, visitor, pending, person, proof, |_| linked).await
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
    let chosen = hub.store.person(&person).await?;
    let may_enter = match &chosen {
        Some(person) => hub.may_enter(person).await?,
        None => false,
    };
    if !may_enter {
        return Err(Fault::new(FaultKind::AccountSuspended, "stopped while choosing"));
    }
    let_in(&hub, &visitor, pending, vouched, &person).await
}
