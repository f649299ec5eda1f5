//! A service that speaks OpenID Connect: it sends people to us, redeems the codes they come back with, and asks what may be
//! said of them. It believes a token only after the keys we publish verified it.

use crate::cast::app_service;
use crate::hub::{BASE, HOST, TestHub};
use crate::keys::drawn;
use crate::listener::Listener;
use crate::page::Answer;
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, Method, Request, header};
use preau_connector_api::{
    ClientAuthentication, ClientSecret, MountedService, Network, OidcFlow, OidcGrant, OidcService, SigningAlgorithm,
};
use preau_domain::{Fact, Identifier, Instant, Profile, ReleaseRule, StoredKey};
use preau_keys::ClientCertificate;
use preau_keys::jose::{Alg, Expect, Jwks, Typ, verify};
use preau_keys::signers::{Make, plan};
use preau_web::PeerCertificate;
use serde_json::{Map, Value};
use std::sync::{Arc, OnceLock};
use url::Url;

/// The secret of every service of the stories that has one.
pub const SECRET: &str = "a-secret-of-the-stories-0123456789abcdef";
/// Where services show a certificate, in the stories that have such a place.
pub const MTLS_HOST: &str = "ent.example:8443";
/// What the service keeps to itself until it redeems a code.
pub const VERIFIER: &str = "a-verifier-of-the-stories-0123456789-abcdef.~";

/// See the module.
#[derive(Clone)]
pub struct OidcRp {
    hub: TestHub,
    /// Its name here.
    pub id: String,
    /// Where answers come back to.
    pub redirect: String,
    /// How it proves that it is itself.
    pub authentication: ClientAuthentication,
    /// Its secret.
    pub secret: String,
    /// The connection it calls through, if that was asked for a certificate.
    connection: Option<PeerCertificate>,
}

/// An answer to a call of the service itself.
#[derive(Clone, Debug)]
pub struct Document {
    /// Everything.
    pub answer: Answer,
    /// The document, null if there is none.
    pub json: Value,
}

impl Document {
    /// A text of the document; empty when it is not there.
    pub fn text(&self, name: &str) -> &str {
        self.json[name].as_str().unwrap_or_default()
    }

    /// Status and code of an error.
    pub fn error(&self) -> (u16, &str) {
        (self.answer.status.as_u16(), self.text("error"))
    }

    /// The access token; the story fails when there is none.
    pub fn access(&self) -> &str {
        assert!(!self.text("access_token").is_empty(), "no access token: {} {}", self.answer.status, self.answer.body);
        self.text("access_token")
    }
}

/// The rule that copies a fact under a name.
pub(crate) fn rule(name: &str, copy: Fact) -> ReleaseRule {
    ReleaseRule {
        name: name.to_owned(),
        when: None,
        copy: Some(copy),
        add: Vec::new(),
        map: Default::default(),
        limit: Vec::new(),
        scope: None,
        first: false,
        join: None,
    }
}

/// A service of the stories: it may do everything the provider offers, is told everything, and is called by its id.
pub fn oidc_service(id: &str) -> MountedService {
    let mut service = app_service(id, id, &format!("https://{id}.example/"), &Profile::ALL);
    service.cas = None;
    service.identifier = Identifier::Pairwise;
    service.release = vec![
        rule("name", Fact::DisplayName),
        rule("given_name", Fact::GivenName),
        rule("family_name", Fact::FamilyName),
        rule("email", Fact::Mail),
        rule("ent_establishment", Fact::Uai),
        rule("ent_profiles", Fact::Affiliations),
        rule("ent_classes", Fact::ClassesPaired),
    ];
    service.oidc = Some(OidcService {
        redirect_uris: vec![format!("https://{id}.example/cb"), format!("https://{id}.example/other?a=1")],
        post_logout_redirect_uris: vec![format!("https://{id}.example/bye")],
        authentication: ClientAuthentication::ClientSecretBasic,
        secret: Some(ClientSecret::Text(SECRET.to_owned())),
        signing: SigningAlgorithm::ES256,
        flows: vec![OidcFlow::Code, OidcFlow::Hybrid, OidcFlow::Implicit],
        grants: vec![OidcGrant::AuthorizationCode, OidcGrant::RefreshToken],
        scopes: ["profile", "email", "ent", "address", "phone", "offline_access"].map(str::to_owned).into(),
        ..OidcService::default()
    });
    service
}

impl TestHub {
    /// Mounts a service that speaks OpenID Connect.
    pub fn rp(&self, id: &str) -> OidcRp {
        self.rp_with(id, |_| {})
    }

    /// The same with some things changed.
    pub fn rp_with(&self, id: &str, change: impl FnOnce(&mut OidcService)) -> OidcRp {
        self.rp_of(oidc_service(id), change)
    }

    /// Mounts a service that hears of the end of sessions at a listener.
    pub fn rp_at(&self, id: &str, listener: &Listener) -> OidcRp {
        let mut service = oidc_service(id);
        service.network = Network::Private;
        self.rp_of(service, |oidc| oidc.backchannel_logout_uri = Some(format!("{}out", listener.url())))
    }

    /// Mounts this service, with some things changed.
    pub fn rp_of(&self, mut service: MountedService, change: impl FnOnce(&mut OidcService)) -> OidcRp {
        let oidc = service.oidc.as_mut().expect("a service of OpenID Connect");
        change(oidc);
        let (redirect, authentication) = (oidc.redirect_uris[0].clone(), oidc.authentication);
        self.secrets.saw("client secret", SECRET);
        self.secrets.saw("verifier", VERIFIER);
        let id = service.service.id.to_string();
        self.mount(service);
        self.take_signing_keys();
        OidcRp { hub: self.clone(), id, redirect, authentication, secret: SECRET.to_owned(), connection: None }
    }

    /// A service that registered itself and was answered this.
    pub fn rp_registered(&self, told: &Value) -> OidcRp {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        self.take_signing_keys();
        self.secrets.saw("client secret", &text(&told["client_secret"]));
        let authentication = ClientAuthentication::ClientSecretBasic;
        let (id, redirect, secret) = (&told["client_id"], &told["redirect_uris"][0], &told["client_secret"]);
        OidcRp {
            hub: self.clone(),
            id: text(id),
            redirect: text(redirect),
            authentication,
            secret: text(secret),
            connection: None,
        }
    }
}

impl TestHub {
    /// Takes the keys of the stories.
    pub(crate) fn take_signing_keys(&self) {
        assert!(self.hub.signers.take(&signing_keys(self)).is_empty(), "the keys of the stories open");
    }
}

/// The keys every hub of the stories signs with.
fn signing_keys(hub: &TestHub) -> Vec<StoredKey> {
    static KEYS: OnceLock<Vec<StoredKey>> = OnceLock::new();
    let draw = |make: &Make| hub.hub.signers.row(&*hub.hub.ids, make, &drawn("hub", make), Instant(0));
    KEYS.get_or_init(|| plan(&[], Instant(0)).make.iter().map(draw).collect()).clone()
}

impl OidcRp {
    /// The same service with the secret it was given earlier.
    pub fn with_secret(mut self, secret: &str) -> OidcRp {
        secret.clone_into(&mut self.secret);
        self
    }

    /// The same service in front of another hub, which signs with the same keys.
    pub fn meets(mut self, hub: &TestHub) -> OidcRp {
        hub.take_signing_keys();
        self.hub = hub.clone();
        self
    }

    /// The same service on a connection of our own listener, where it shows this certificate.
    pub fn showing(&self, certificate: &Arc<ClientCertificate>) -> OidcRp {
        OidcRp { connection: Some(PeerCertificate(Some(certificate.clone()))), ..self.clone() }
    }

    /// The same service there, without a certificate.
    pub fn showing_none(&self) -> OidcRp {
        OidcRp { connection: Some(PeerCertificate(None)), ..self.clone() }
    }

    /// Where it sends people to sign in: code flow with PKCE.
    pub fn url(&self) -> String {
        self.url_with(&[])
    }

    /// The same with parameters replaced or added; one that is replaced by nothing is left out.
    pub fn url_with(&self, change: &[(&str, &str)]) -> String {
        format!("{BASE}/oidc/authorize?{}", self.query(change))
    }

    /// The parameters of such a request.
    pub fn query(&self, change: &[(&str, &str)]) -> String {
        let challenge = preau_keys::digest(VERIFIER);
        let usual = [
            ("response_type", "code"),
            ("client_id", self.id.as_str()),
            ("redirect_uri", self.redirect.as_str()),
            ("scope", "openid"),
            ("state", "state-of-the-story"),
            ("nonce", "nonce-of-the-story"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        let mode = self.hub.by_form.then_some(("response_mode", "form_post"));
        let usual = usual.into_iter().chain(mode);
        let kept = usual.filter(|(name, _)| !change.iter().any(|(changed, _)| changed == name));
        let all = kept.chain(change.iter().copied().filter(|(_, value)| !value.is_empty()));
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish()
    }

    /// POSTs a form to an address of ours, with these headers.
    pub async fn post(&self, path: &str, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Document {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.ask(Method::POST, path, headers, body).await
    }

    /// GETs an address of ours.
    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Document {
        self.ask(Method::GET, path, headers, String::new()).await
    }

    /// Asks an address of ours in whatever way.
    pub async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Document {
        let host = if self.connection.is_some() { MTLS_HOST } else { HOST };
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, host);
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header of a story");
            request = request.header(name, *value);
        }
        let mut request = request.body(Body::from(body)).expect("a request of a service");
        if let Some(connection) = &self.connection {
            request.extensions_mut().insert(connection.clone());
        }
        let answer = self.hub.answer(request).await;
        let json: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        for name in ["access_token", "refresh_token", "id_token"] {
            self.hub.secrets.saw("token", json[name].as_str().unwrap_or_default());
        }
        Document { answer, json }
    }

    /// What a browser is told that asks whether a page may call an address.
    pub async fn options(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask(Method::OPTIONS, path, headers, String::new()).await.answer
    }

    /// Calls an address with the proof the service registered.
    pub async fn call(&self, path: &str, form: &[(&str, &str)]) -> Document {
        self.call_with(path, &[], form).await
    }

    /// The same with some headers more.
    pub async fn call_with(&self, path: &str, headers: &[(&str, &str)], form: &[(&str, &str)]) -> Document {
        let (mut headers, mut form) = (headers.to_vec(), form.to_vec());
        let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", self.id, self.secret)));
        match self.authentication {
            ClientAuthentication::ClientSecretBasic => headers.push(("authorization", &basic)),
            ClientAuthentication::ClientSecretPost => {
                form.extend([("client_id", &*self.id), ("client_secret", &self.secret)])
            }
            _ => form.push(("client_id", &self.id)),
        }
        self.post(path, &headers, &form).await
    }

    /// Redeems a code.
    pub async fn redeem(&self, code: &str) -> Document {
        self.redeem_with(code, &[]).await
    }

    /// The same with parameters replaced or added; one that is replaced by nothing is left out.
    pub async fn redeem_with(&self, code: &str, change: &[(&str, &str)]) -> Document {
        self.redeem_at_with("/oidc/token", code, change).await
    }

    /// Redeems a code at another address than that of the provider.
    pub async fn redeem_at(&self, path: &str, code: &str) -> Document {
        self.redeem_at_with(path, code, &[]).await
    }

    /// The same with parameters replaced or added.
    pub async fn redeem_at_with(&self, path: &str, code: &str, change: &[(&str, &str)]) -> Document {
        self.hub.secrets.saw("code", code);
        let usual = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.redirect.as_str()),
            ("code_verifier", VERIFIER),
        ];
        let kept = usual.into_iter().filter(|(name, _)| !change.iter().any(|(changed, _)| changed == name));
        let form: Vec<_> = kept.chain(change.iter().copied().filter(|(_, value)| !value.is_empty())).collect();
        self.call(path, &form).await
    }

    /// Redeems a refresh token.
    pub async fn refresh(&self, token: &str) -> Document {
        self.call("/oidc/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// Asks what may be said of the person.
    pub async fn userinfo(&self, access: &str) -> Document {
        self.get("/oidc/userinfo", &[("authorization", &format!("Bearer {access}"))]).await
    }

    /// The claims of an ID token, after the published keys verified it and what it says of itself was checked.
    pub async fn claims(&self, token: &str) -> Map<String, Value> {
        let claims = self.verified(token, "JWT").await;
        let now = preau_domain::Clock::now(&*self.hub.clock).seconds();
        assert_eq!((claims["iss"].as_str(), claims["aud"].as_str()), (Some(BASE), Some(&*self.id)));
        assert!(claims["iat"].as_i64() <= Some(now) && claims["exp"].as_i64() > Some(now), "{claims:?}");
        claims
    }

    /// What a token says, once the published keys verified it.
    pub async fn verified(&self, token: &str, typ: &str) -> Map<String, Value> {
        let keys = self.get("/oidc/jwks", &[]).await.answer.body;
        let keys = Jwks::parse(keys.as_bytes()).expect("a set of public keys");
        let expect = Expect { algs: &[Alg::RS256, Alg::ES256, Alg::EdDSA], typ: Typ::Is(&[typ]) };
        verify(token, &keys, expect).expect("a token signed by this house").into_claims()
    }
}

impl Answer {
    /// A parameter of the address it leads to, in its query or behind its `#`, or of the form it posts; empty when it is not
    /// there.
    pub fn told(&self, name: &str) -> String {
        if let Some(to) = self.location().and_then(|to| Url::parse(to).ok()) {
            let fragment = to.fragment().unwrap_or_default().to_owned();
            let behind = url::form_urlencoded::parse(fragment.as_bytes()).into_owned();
            let all = to.query_pairs().into_owned().chain(behind);
            return all.filter(|(key, _)| key == name).map(|(_, value)| value).next().unwrap_or_default();
        }
        let forms = if self.is_html() { self.forms() } else { Vec::new() };
        forms.iter().find_map(|form| form.value(name)).unwrap_or_default().to_owned()
    }

    /// Where it goes: the address it leads to, or that of the form it posts.
    pub fn goes_to(&self) -> String {
        let form = || self.forms().first().map(|form| form.action.clone());
        self.location().map(str::to_owned).or_else(form).unwrap_or_default()
    }

    /// The code of the answer; the story fails when there is none.
    pub fn code(&self) -> String {
        let code = self.told("code");
        assert!(!code.is_empty(), "no code: {} {:?} {}", self.status, self.location(), self.words());
        code
    }
}
