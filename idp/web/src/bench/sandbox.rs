//! Sandbox clients of the bench: an editor's own application goes the whole way, as somebody who does not exist.
//!
//! A sandbox is no service: it is in no table of services, has no tile, and nobody real can open it. It is its own provider,
//! at addresses of its own (`/oidc/sandbox/{id}`, `/cas/sandbox/{id}`), whose codes, tokens and tickets are kept as kinds
//! that no other address looks for, each with the name of its sandbox. There is no session and no cookie: the person is chosen
//! on a page, each time, among the cast. So what is handed out here opens nothing but this sandbox, because nothing else can
//! find it.
//!
//! No link leads out of the house: a browser leaves for the application by a form that a person sends, so that a sandbox, which
//! anybody may register, redirects nobody who did not see where to.

use super::{Met, Refused, Rehearsal, Sample, Stack, Synthetic, Wrong, meet};
use crate::{Door, Fault, FaultKind, Fields, Hub, Visitor, headers, pages};
use axum::response::Response;
use http::{HeaderMap, HeaderName, header};
use preau_connector_api::{InstanceFile, Mounting, Names, Network, OidcGrant, OidcSettings, SigningAlgorithm};
use preau_domain::{
    Audience, Ids, Instant, KeptKind, KeptThing, OneTimeKey, Population, Profile, Registration, RegistrationKind,
    Seconds, ServiceId,
};
use preau_policy::AccessRules;
use preau_store::{Store, StoreError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Sandboxes there may be at once.
pub const MOST: usize = 200;
/// How long one lives.
pub const LIFE: Seconds = Seconds(7 * 86_400);
/// Addresses one may be answered at.
const MAX_ADDRESSES: usize = 5;
/// Characters of the random part of a name.
const NAME: usize = 20;
/// Characters of a secret.
const SECRET: usize = 43;

/// The protocol a sandbox speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spoken {
    /// OpenID Connect.
    Oidc,
    /// CAS.
    Cas,
}

impl Spoken {
    /// The word that chooses it, and the name of the protocol.
    pub fn as_str(self) -> &'static str {
        match self {
            Spoken::Oidc => "oidc",
            Spoken::Cas => "cas",
        }
    }

    /// Reads that word.
    pub fn read(word: &str) -> Option<Spoken> {
        [Spoken::Oidc, Spoken::Cas].into_iter().find(|spoken| spoken.as_str() == word)
    }

    /// The product whose release it shows.
    fn product(self) -> &'static str {
        match self {
            Spoken::Oidc => "oidc-application",
            Spoken::Cas => "php-cas",
        }
    }
}

/// What an editor wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// What the application is called.
    pub name: String,
    /// The protocol.
    pub speaks: Spoken,
    /// Where it is answered: exact for OpenID Connect; for CAS the origin of the first counts.
    pub addresses: Vec<String>,
    /// It has no secret, and uses PKCE.
    #[serde(default)]
    pub public: bool,
    /// Its library knows no ES256.
    #[serde(default)]
    pub rsa: bool,
}

/// What the store keeps.
#[derive(Serialize, Deserialize)]
struct Doc {
    wish: Wish,
    secret: Option<String>,
}

/// A sandbox that has not expired. Only [`register`] and [`Sandbox::find`] make one.
pub struct Sandbox {
    /// What was wanted.
    pub wish: Wish,
    /// Until when it lives.
    pub expires: Instant,
    door: Door,
}

/// What is kept beside a code, a token or a ticket of a sandbox. Only its own sandbox finds it again.
#[derive(Serialize, Deserialize)]
pub struct Held<T> {
    /// The sandbox it is good for.
    sandbox: String,
    /// Who of the cast it stands for.
    person: String,
    /// When they were chosen.
    pub at: Instant,
    /// What the protocol wants to know again.
    pub asked: T,
}

/// Why there is no sandbox.
#[derive(Debug)]
pub enum NotMade {
    /// The name is empty, too long or no plain line.
    Name,
    /// No address, too many, or one that cannot be registered: why.
    Address(String),
    /// There are too many.
    Full,
    /// The store failed.
    Store(StoreError),
}

impl From<StoreError> for NotMade {
    fn from(error: StoreError) -> NotMade {
        NotMade::Store(error)
    }
}

/// Registers a sandbox; its secret, if it has one, is told once.
pub async fn register(
    store: &dyn Store,
    ids: &dyn Ids,
    mounting: &dyn Mounting,
    now: Instant,
    wish: Wish,
) -> Result<(Sandbox, Option<String>), NotMade> {
    let name = wish.name.trim();
    if name.is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control) {
        return Err(NotMade::Name);
    }
    if wish.addresses.is_empty() || wish.addresses.len() > MAX_ADDRESSES {
        return Err(NotMade::Address(format!("1 to {MAX_ADDRESSES} addresses")));
    }
    let wish = Wish { name: name.to_owned(), ..wish };
    let id = ServiceId::new(format!("bench-{}", ids.text(NAME)));
    let secret = (wish.speaks == Spoken::Oidc && !wish.public).then(|| ids.text(SECRET));
    let doc = Doc { wish, secret: secret.as_deref().map(preau_keys::digest) };
    let text = serde_json::to_string(&doc).map_err(|_| NotMade::Name)?;
    let expires = now + LIFE;
    let sandbox = mounted(&id, doc, expires, mounting)?;
    let most = u32::try_from(MOST).unwrap_or(u32::MAX);
    if store.registrations(RegistrationKind::Sandbox, None, now, most).await?.len() >= MOST {
        return Err(NotMade::Full);
    }
    let kind = RegistrationKind::Sandbox;
    store
        .add_registration(&Registration { id, kind, owner: None, doc: text, created: now, expires: Some(expires) })
        .await?;
    Ok((sandbox, secret))
}

/// The sandboxes there are, latest first: for an operator.
pub async fn list(store: &dyn Store, now: Instant) -> Result<Vec<(ServiceId, Wish, Instant)>, StoreError> {
    let most = u32::try_from(2 * MOST).unwrap_or(u32::MAX);
    let all = store.registrations(RegistrationKind::Sandbox, None, now, most).await?;
    let read = |one: Registration| {
        let doc: Doc = serde_json::from_str(&one.doc).ok()?;
        Some((one.id, doc.wish, one.expires?))
    };
    Ok(all.into_iter().filter_map(read).collect())
}

/// Puts it together, with the checks of an instance file.
fn mounted(id: &ServiceId, doc: Doc, expires: Instant, mounting: &dyn Mounting) -> Result<Sandbox, NotMade> {
    let Doc { wish, secret } = doc;
    let no = |what: &str| NotMade::Address(what.to_owned());
    let first = wish.addresses.first().and_then(|address| preau_domain::strict_url(address));
    let first = first.ok_or_else(|| no("not a plain https address"))?;
    let everybody = Population { profiles: Profile::ALL.to_vec(), ..Population::default() };
    let authentication = match (&secret, wish.public) {
        (None, _) => preau_connector_api::ClientAuthentication::None,
        (Some(_), _) => preau_connector_api::ClientAuthentication::ClientSecretBasic,
    };
    let oidc = OidcSettings {
        redirect_uris: Some(wish.addresses.clone()),
        post_logout_redirect_uris: Some(Vec::new()),
        authentication: Some(authentication),
        client_secret_hash: secret,
        signing: wish.rsa.then_some(SigningAlgorithm::RS256),
        grants: Some(vec![OidcGrant::AuthorizationCode]),
        ..OidcSettings::default()
    };
    let instance = InstanceFile {
        connector: wish.speaks.product().to_owned(),
        parameters: BTreeMap::from([("url".to_owned(), first.origin().ascii_serialization())]),
        title: Some(Names { fr: wish.name.clone(), en: wish.name.clone() }),
        audience: Some(Audience { allow: vec![everybody], ..Audience::default() }),
        oidc: (wish.speaks == Spoken::Oidc).then_some(oidc),
        saml: None,
        link: None,
        network: Network::Public,
        two_keys: false,
        enabled: true,
    };
    let door = mounting.mount(id, instance).map_err(|problems| {
        let what = problems.into_iter().next().map_or(String::new(), |problem| problem.what);
        NotMade::Address(what)
    })?;
    Ok(Sandbox { wish, expires, door: Arc::new(door) })
}

impl Sandbox {
    /// The sandbox of that name that speaks this protocol. Where the bench is off there is none.
    pub async fn find(hub: &Hub, id: &str, speaks: Option<Spoken>) -> Result<Sandbox, Fault> {
        let none = || Fault::new(FaultKind::NotFound, "no such sandbox");
        let known = id.len() == "bench-".len() + NAME && id.starts_with("bench-");
        if !hub.config.bench || !known {
            return Err(none());
        }
        let found = hub.store.registration(&ServiceId::new(id), hub.now()).await?;
        let found = found.filter(|found| found.kind == RegistrationKind::Sandbox).ok_or_else(none)?;
        let doc: Doc = serde_json::from_str(&found.doc).map_err(|_| none())?;
        let expires = found.expires.ok_or_else(none)?;
        let sandbox = mounted(&found.id, doc, expires, &*hub.mounting).map_err(|_| none())?;
        if speaks.is_some_and(|speaks| speaks != sandbox.wish.speaks) {
            return Err(none());
        }
        Ok(sandbox)
    }

    /// Its name: the `client_id` of OpenID Connect.
    pub fn id(&self) -> &str {
        self.door.service.id.as_str()
    }

    /// How it speaks, and what it is told: the record of a service that is mounted nowhere.
    pub fn door(&self) -> &Door {
        &self.door
    }

    /// The address it finds its provider at: the issuer of OpenID Connect, or the CAS server.
    pub fn provider(&self, hub: &Hub) -> String {
        format!("{}/{}/sandbox/{}", hub.base(), self.wish.speaks.as_str(), self.id())
    }

    /// Somebody of the cast who was chosen: what is kept of it, once they were met at the door.
    pub fn hold<T>(&self, hub: &Hub, person: &str, asked: T) -> Result<Held<T>, Fault> {
        self.meet(hub, person)?;
        Ok(Held { sandbox: self.id().to_owned(), person: person.to_owned(), at: hub.now(), asked })
    }

    /// Keeps it under a key, as a kind that only sandboxes look for.
    pub async fn keep<T: Serialize>(
        &self,
        hub: &Hub,
        held: &Held<T>,
        (kind, key): (KeptKind, OneTimeKey),
        life: Seconds,
    ) -> Result<(), Fault> {
        let doc = serde_json::to_string(held).map_err(|error| Fault::new(FaultKind::Internal, error.to_string()))?;
        let thing = KeptThing { key, kind, doc, expires: hub.now() + life };
        Ok(hub.store.keep(&thing, hub.now()).await?)
    }

    /// What was kept there, if this sandbox kept it; it stays.
    pub async fn kept<T: DeserializeOwned>(
        &self,
        hub: &Hub,
        kind: KeptKind,
        key: &OneTimeKey,
    ) -> Result<Option<Held<T>>, StoreError> {
        Ok(hub.store.kept(key, kind, hub.now()).await?.and_then(|kept| self.own(&kept.doc)))
    }

    /// The same, and it is gone, whosever it was: every attempt is the last.
    pub async fn take<T: DeserializeOwned>(
        &self,
        hub: &Hub,
        kind: KeptKind,
        key: &OneTimeKey,
    ) -> Result<Option<Held<T>>, StoreError> {
        Ok(hub.store.take_kept(key, kind, hub.now()).await?.and_then(|kept| self.own(&kept.doc)))
    }

    fn own<T: DeserializeOwned>(&self, doc: &str) -> Option<Held<T>> {
        serde_json::from_str(doc).ok().filter(|held: &Held<T>| held.sandbox == self.id())
    }

    /// Whom it stands for, and what they are released now.
    pub fn who<T>(&self, hub: &Hub, held: &Held<T>) -> Result<Sample, Fault> {
        self.meet(hub, &held.person)
    }

    /// Somebody of the cast at its door, by the rules and the release of the house.
    fn meet(&self, hub: &Hub, word: &str) -> Result<Sample, Fault> {
        let person = Synthetic::of(word).ok_or_else(|| Fault::new(FaultKind::BadRequest, "nobody of the cast"))?;
        let rules = AccessRules::compile(std::iter::once((&self.door.service.id, &self.door.audience)));
        let rules = rules.map_err(|_| Fault::new(FaultKind::Internal, "the door of a sandbox has no rules"))?;
        let internal = |what: String| Err(Fault::new(FaultKind::Internal, what));
        match meet(hub, &rules, &self.door, person) {
            Met::In(sample) => Ok(*sample),
            Met::Shut(reason) => internal(format!("a sandbox is shut: {reason}")),
            Met::Unsound(what) => internal(format!("a sandbox releases nothing: {what}")),
        }
    }

    /// Configurations to copy.
    pub(crate) fn stacks(&self, hub: &Hub) -> Vec<(&'static str, String)> {
        let spoken = |stack: &&Stack| stack.protocol == self.wish.speaks.as_str();
        let provider = self.provider(hub);
        super::STACKS.iter().filter(spoken).map(|s| (s.name, s.filled(hub.base(), &provider, &self.door))).collect()
    }
}

#[cfg(test)]
impl Sandbox {
    /// One to draw pages from.
    pub(crate) fn sample(speaks: Spoken) -> Sandbox {
        let (name, address) = ("Atelier d’essai", "http://localhost:3000/callback");
        let oidc = preau_connector_api::OidcService {
            redirect_uris: vec![
                address.to_owned(),
                "https://essai.atelier-numerique.example/connexion/retour".to_owned(),
            ],
            scopes: ["profile", "email", "ent"].map(str::to_owned).into(),
            ..Default::default()
        };
        let services = crate::pages::tests::samples::services();
        let mut door = preau_connector_api::MountedService::clone(&services.all()[0]);
        door.service.id = ServiceId::new("bench-0123456789abcdefghjk");
        door.oidc = (speaks == Spoken::Oidc).then_some(oidc);
        let wish = Wish { name: name.into(), speaks, addresses: vec![address.into()], public: false, rsa: false };
        Sandbox { wish, expires: Instant(1_789_369_200_000), door: Arc::new(door) }
    }
}

impl Hub {
    /// The page on which somebody of the cast is chosen; it posts what was asked, and who comes, to `action`.
    pub fn who_comes(&self, visitor: &Visitor, sandbox: &Sandbox, action: &str, asked: &Fields) -> Response {
        let mut page = pages::who_comes(self, visitor, sandbox, action, asked);
        let policy = headers::form_action(sandbox.door.origins().iter().map(String::as_str));
        page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        page
    }

    /// The page that says what is wrong with a request of a sandbox, what its application would be told, and the way there.
    /// The bench remembers the request.
    pub fn would_be_told(&self, visitor: &Visitor, sandbox: &Sandbox, told: Told<'_>) -> Response {
        self.bench_refusal(&sandbox.door, visitor, &told);
        pages::would_be_told(self, visitor, sandbox, told)
    }
}

/// A request that is refused, for [`Hub::would_be_told`] and for the bench.
pub struct Told<'a> {
    /// The protocol.
    pub protocol: &'static str,
    /// The word of the journal.
    pub word: &'static str,
    /// Why.
    pub why: &'static str,
    /// Which parameter, if one can be named.
    pub wrong: Option<Wrong>,
    /// What was asked.
    pub asked: &'a Fields,
    /// Where the answer would go, if it may go anywhere.
    pub answer: Option<String>,
}

/// Takes a form that a page of ours sent, and none of another site: it needs no session, so that nothing else in it tells the two
/// apart. Our pages send no referrer, and a browser then writes `Origin: null`: what it says by `Sec-Fetch-Site` comes first.
pub fn sent_from_here(hub: &Hub, headers: &HeaderMap) -> Result<(), Fault> {
    let is = |name: HeaderName, own: &str| headers.get(name).map(|said| said.as_bytes() == own.as_bytes());
    let site = is(HeaderName::from_static("sec-fetch-site"), "same-origin");
    match site.or_else(|| is(header::ORIGIN, hub.base())) {
        Some(false) => Err(Fault::new(FaultKind::BadRequest, "a form of the bench, sent by a page of another site")),
        _ => Ok(()),
    }
}

/// The page of a sandbox: what to configure, and its latest refused request.
pub(crate) async fn page(hub: &Hub, visitor: &Visitor, id: &str, replay: bool) -> Result<Response, Fault> {
    let sandbox = Sandbox::find(hub, id, None).await?;
    let refused = hub.bench.of(&sandbox.door.service.id);
    let now = refused.as_ref().filter(|_| replay).and_then(|refused: &Refused| refused.again(hub, &sandbox.door));
    Ok(show(hub, visitor, &sandbox, None, refused, now))
}

/// The same, with the secret when it has just been made.
pub(crate) fn show(
    hub: &Hub,
    visitor: &Visitor,
    sandbox: &Sandbox,
    secret: Option<&str>,
    refused: Option<Refused>,
    now: Option<Rehearsal>,
) -> Response {
    pages::sandbox(hub, visitor, pages::SandboxPage { sandbox, secret, refused, now, stacks: sandbox.stacks(hub) })
}
