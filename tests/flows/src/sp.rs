//! A service that speaks SAML: it asks for people to be signed in, reads what the browser brings back, and says and hears that
//! it is over. It believes an assertion only after the keys of our metadata verified it.

use crate::cast::app_service;
use crate::hub::{BASE, TestHub};
use crate::keys::drawn;
use crate::listener::Listener;
use crate::page::{Answer, Form};
use crate::rp::rule;
use preau_connector_api::{
    MountedService, NameIdKind, Network, SamlEncryption, SamlMetadata, SamlService, SamlSigned, SigningAlgorithm,
    WireName,
};
use preau_domain::{Fact, Identifier, Instant, Profile, ReleaseRule, Seconds};
use preau_keys::jose::{Alg, PublicKey};
use preau_keys::signers::{KeyUse, Make, SamlKey, plan};
use preau_keys::xml::{Bounds, Document, decrypt, sign};
use preau_keys::{Keyring, Sealer, Signers, SystemIds};
use preau_saml::bindings::{Kind, post, redirect};
use preau_saml::messages::{
    ArtifactResolve, ArtifactResponse, Assertion, AttributeValue, AuthnRequest, Held, LogoutRequest, LogoutResponse,
    NameId, Response, Status, new_id, soap,
};
use preau_saml::metadata::{Endpoint, Entity, Indexed, OurSp, Ours, Peer, PublishedKey};
use preau_saml::names::{ECP, MD, SAML, SAMLP, SOAP, binding};
use std::sync::{Arc, OnceLock};

/// See the module.
#[derive(Clone)]
pub struct SamlSp {
    hub: TestHub,
    /// Its name here.
    pub id: String,
    /// Its name in SAML.
    pub entity_id: String,
    /// What it signs with.
    pub key: Arc<SamlKey>,
}

/// What a browser brought back.
#[derive(Clone, Debug)]
pub struct Told {
    /// Where it was posted.
    pub to: String,
    /// The response.
    pub response: Response,
    /// What is said of the person.
    pub assertion: Option<Assertion>,
    /// What was given back.
    pub relay_state: Option<String>,
    /// The message, as it came.
    pub xml: String,
}

impl Told {
    /// The status, or the one below it where there is one, without its namespace.
    pub fn status(&self) -> &str {
        let Status { code, sub, .. } = &self.response.status;
        sub.as_ref().unwrap_or(code).rsplit(':').next().unwrap_or_default()
    }

    /// What is said of the person; the story fails when nothing is.
    pub fn assertion(&self) -> &Assertion {
        self.assertion.as_ref().unwrap_or_else(|| panic!("no assertion: {:?}", self.response.status))
    }

    /// What the service calls the person.
    pub fn name(&self) -> &NameId {
        self.assertion().subject.name_id.as_ref().expect("an assertion names somebody")
    }

    /// The name of the session.
    pub fn session(&self) -> &str {
        self.assertion().authn[0].session_index.as_deref().expect("a session has a name")
    }

    /// Values of an attribute, by its friendly name.
    pub fn values(&self, name: &str) -> Vec<String> {
        let all = self.assertion().attributes.iter().flat_map(|statement| &statement.attributes);
        let named = all.filter(|one| one.friendly_name.as_deref() == Some(name) || one.name == name);
        let text = |value: &AttributeValue| match value {
            AttributeValue::Text(text) => text.clone(),
            AttributeValue::NameId(name) => name.value.clone(),
        };
        named.flat_map(|one| one.values.iter().map(text)).collect()
    }
}

/// A service of the stories: it is told everything, under object identifiers where there are some.
pub fn saml_service(id: &str) -> MountedService {
    let mut service = app_service(id, id, &format!("https://{id}.example/"), &Profile::ALL);
    service.cas = None;
    service.identifier = Identifier::Pairwise;
    service.release = vec![
        rule("displayName", Fact::DisplayName),
        rule("mail", Fact::Mail),
        rule("ENTPersonProfils", Fact::Profiles),
        ReleaseRule { scope: Some("@ent.example".to_owned()), ..rule("pairwise-id", Fact::Pairwise) },
        rule("title", Fact::Title),
    ];
    let wire = |name: &str, wire: &str| {
        let uri = wire.starts_with("urn:");
        (name.to_owned(), WireName { name: wire.to_owned(), friendly: uri.then(|| name.to_owned()), uri })
    };
    service.saml = Some(SamlService {
        entity_id: format!("https://{id}.example/saml/metadata"),
        metadata: SamlMetadata::Sources,
        nameid: NameIdKind::Persistent,
        sign: SamlSigned::Both,
        signing: SigningAlgorithm::ES256,
        encrypt: SamlEncryption::Auto,
        authn_requests_signed: false,
        attributes: [
            wire("displayName", "urn:oid:2.16.840.1.113730.3.1.241"),
            wire("mail", "urn:oid:0.9.2342.19200300.100.1.3"),
            wire("ENTPersonProfils", "ENTPersonProfils"),
            wire("pairwise-id", "urn:oasis:names:tc:SAML:attribute:pairwise-id"),
        ]
        .into(),
        ecp: Vec::new(),
        dialect: None,
        relay_state: None,
    });
    service
}

/// What a service of the stories says of itself: two addresses for assertions, one for the end, one key that signs.
pub fn sp_metadata(id: &str) -> OurSp {
    let acs = |index, end: &str, default| Indexed {
        index,
        default,
        binding: binding::POST.to_owned(),
        location: format!("https://{id}.example/saml/{end}"),
    };
    OurSp {
        acs: vec![acs(0, "acs", Some(true)), acs(1, "other", None)],
        slo: vec![heard(binding::REDIRECT, format!("https://{id}.example/saml/slo"))],
        keys: vec![PublishedKey { certificate: partner().1.certificate.clone(), signing: true, encryption: false }],
        ..OurSp::default()
    }
}

/// An address where something is heard.
pub fn heard(binding: &str, location: String) -> Endpoint {
    Endpoint { binding: binding.to_owned(), location, response_location: None }
}

/// The keys of every partner of the stories: one that opens, one that signs.
pub fn partner() -> &'static (Signers, Arc<SamlKey>) {
    static KEYS: OnceLock<(Signers, Arc<SamlKey>)> = OnceLock::new();
    KEYS.get_or_init(|| {
        let signers = Signers::new(Sealer::new(&Keyring::ephemeral(b"a partner of the stories")));
        let used = |make: &&Make| matches!(make.usage, KeyUse::Saml(Alg::ES256) | KeyUse::SamlOpening);
        let draw = |make: &Make| signers.row(&SystemIds, make, &drawn("partner", make), Instant(0));
        let rows: Vec<_> = plan(&[], Instant(0)).make.iter().filter(used).map(draw).collect();
        assert!(signers.take(&rows).is_empty(), "the keys of a partner open");
        let key = signers.saml(Alg::ES256, Instant(0)).expect("a partner signs");
        (signers, key)
    })
}

impl TestHub {
    /// Mounts a service that speaks SAML.
    pub fn sp(&self, id: &str) -> SamlSp {
        self.sp_of(saml_service(id), |_| {})
    }

    /// The same with some of its settings changed.
    pub fn sp_with(&self, id: &str, change: impl FnOnce(&mut SamlService)) -> SamlSp {
        let mut service = saml_service(id);
        change(service.saml.as_mut().expect("a service of SAML"));
        self.sp_of(service, |_| {})
    }

    /// Mounts a service that hears of the end of sessions by SOAP, at a listener.
    pub fn sp_at(&self, id: &str, listener: &Listener) -> SamlSp {
        let mut service = saml_service(id);
        service.network = Network::Private;
        let there = format!("{}slo", listener.url());
        self.sp_of(service, |sp| sp.slo.push(heard(binding::SOAP, there)))
    }

    /// Mounts this service, with some of its metadata changed.
    pub fn sp_of(&self, service: MountedService, change: impl FnOnce(&mut OurSp)) -> SamlSp {
        let id = service.service.id.to_string();
        let entity_id = service.saml.as_ref().expect("a service of SAML").entity_id.clone();
        let mut sp = sp_metadata(&id);
        change(&mut sp);
        let said = Ours { entity_id: entity_id.clone(), id: "_metadata".to_owned(), sp: Some(sp), ..Ours::default() };
        let document = Document::parse(said.write().as_bytes()).expect("metadata of a story are read");
        let entity = Entity::read(document.unverified()).unwrap_or_else(|error| panic!("{error}"));
        self.put_peer(Peer { entity, source: "a story".to_owned() });
        self.mount(service);
        self.take_signing_keys();
        SamlSp { hub: self.clone(), id, entity_id, key: Arc::clone(&partner().1) }
    }

    /// Calls an address of SAML with a message in an envelope.
    pub async fn soap(&self, path: &str, message: &str) -> Answer {
        let (kind, body) = ([("content-type", "text/xml")], soap::envelope(message));
        self.browser().send(http::Method::POST, path, &kind, Some(body.as_bytes())).await
    }

    /// Asks as a program does, with a password when there is one.
    pub async fn program(&self, message: &str, password: Option<(&str, &str)>) -> Answer {
        use base64::Engine;
        let said = password.map(|(login, password)| {
            self.secrets.saw("password", password);
            base64::engine::general_purpose::STANDARD.encode(format!("{login}:{password}"))
        });
        let said = said.map(|said| format!("Basic {said}"));
        let mut headers = vec![("content-type", "text/xml")];
        headers.extend(said.as_deref().map(|said| ("authorization", said)));
        let body = soap::envelope(message);
        self.browser().send(http::Method::POST, "/saml/ecp", &headers, Some(body.as_bytes())).await
    }

    /// The keys our metadata publish, the one in force first.
    pub async fn saml_keys(&self) -> Vec<PublicKey> {
        let published = self.browser().get("/saml/metadata").await.body;
        let document = Document::parse_within(published.as_bytes(), Bounds::METADATA).expect("our metadata are read");
        let entity = Entity::read(document.unverified()).unwrap_or_else(|error| panic!("{error}"));
        let keys = entity.idp.expect("we are an identity provider").keys.verifying();
        document.verify(MD, "EntityDescriptor", &keys).expect("our metadata are signed");
        keys
    }
}

impl SamlSp {
    /// The same service in front of another hub, which signs with the same keys.
    pub fn meets(mut self, hub: &TestHub) -> SamlSp {
        hub.take_signing_keys();
        self.hub = hub.clone();
        self
    }

    /// What it asks for: somebody, at its first address.
    pub fn request(&self) -> AuthnRequest {
        AuthnRequest {
            destination: Some(format!("{BASE}/saml/sso")),
            ..AuthnRequest::of(new_id(&SystemIds), self.hub.hub.now(), self.entity_id.clone())
        }
    }

    /// Where it sends people to sign in.
    pub fn url(&self) -> String {
        self.url_of(&self.request())
    }

    /// The same with another request, unsigned.
    pub fn url_of(&self, request: &AuthnRequest) -> String {
        redirect::encode("/saml/sso", Kind::Request, &request.write(), Some("state-of-the-story"), None)
            .expect("a request travels")
    }

    /// The same, signed with a key.
    pub fn signed_url(&self, request: &AuthnRequest, key: &SamlKey) -> String {
        let signer = Some((&key.private, key.alg));
        redirect::encode("/saml/sso", Kind::Request, &request.write(), Some("state-of-the-story"), signer)
            .expect("a request travels")
    }

    /// The form that carries a request, signed inside when a key is given.
    pub fn form_of(&self, request: &AuthnRequest, key: Option<&SamlKey>) -> Form {
        let xml = match key {
            Some(key) => sign(&request.write(), SAMLP, "AuthnRequest", &key.private, key.alg, None).expect("it signs"),
            None => request.write().into_text(),
        };
        form_to("/saml/sso", "SAMLRequest", &xml)
    }

    /// What the browser brings back, believed: signed by a key of our metadata, for this service, now.
    pub async fn told(&self, answer: &Answer) -> Told {
        let form = answer.form_with("SAMLResponse");
        let document = post::decode(form.value("SAMLResponse").unwrap_or_default()).expect("a response is read");
        self.believed(document, &form, message_of(&form)).await
    }

    /// The ticket the browser brings in place of a response, and the form it comes in.
    pub fn artifact(&self, answer: &Answer) -> (String, Form) {
        let form = answer.form_with("SAMLart");
        (form.value("SAMLart").unwrap_or_default().to_owned(), form)
    }

    /// How it asks for the message of a ticket.
    pub fn resolve(&self, artifact: &str) -> ArtifactResolve {
        ArtifactResolve {
            id: new_id(&SystemIds),
            issue_instant: self.hub.hub.now(),
            destination: Some(format!("{BASE}/saml/artifact")),
            issuer: self.entity_id.clone(),
            artifact: artifact.to_owned(),
        }
    }

    /// The same, signed with a key.
    pub fn signed_resolve(&self, request: &ArtifactResolve, key: &SamlKey) -> String {
        sign(&request.write(), SAMLP, "ArtifactResolve", &key.private, key.alg, None).expect("it signs")
    }

    /// What it is answered, believed: signed by us, to this request. The message, if there is one, as a document.
    pub async fn resolved(&self, request: &ArtifactResolve, answer: &Answer) -> Option<Document> {
        assert_eq!(answer.status, 200, "{}", answer.body);
        let envelope = Document::parse(answer.body.as_bytes()).expect("an answer is read");
        let message = soap::open(&envelope, &[]).expect("an envelope");
        let keys = self.hub.saml_keys().await;
        let signed = message.verify(SAMLP, "ArtifactResponse", &keys).expect("an answer is signed");
        let response = ArtifactResponse::read(signed.element()).expect("an answer is one");
        assert!(response.status.is_success() && response.in_response_to.as_ref() == Some(&request.id));
        response.message.map(|_| message.below(&[(SAMLP, "Response")]).expect("a response stands in it"))
    }

    /// Brings a ticket back by itself, and reads what it is told.
    pub async fn fetched(&self, answer: &Answer) -> Option<Told> {
        let (artifact, form) = self.artifact(answer);
        let request = self.resolve(&artifact);
        let answer = self.hub.soap("/saml/artifact", &self.signed_resolve(&request, &self.key)).await;
        let document = self.resolved(&request, &answer).await?;
        Some(self.believed(document, &form, answer.body).await)
    }

    /// What a program brings back from us, believed, at the address it is told to take it to.
    pub async fn told_in_envelope(&self, answer: &Answer) -> Told {
        assert_eq!(answer.status, 200, "{}", answer.body);
        let envelope = Document::parse(answer.body.as_bytes()).expect("an envelope is read");
        let header = envelope.unverified().all(SOAP, "Header").flat_map(|header| header.all(ECP, "Response")).next();
        let header = header.expect("a program is told where to go");
        assert_eq!(header.attribute_of(SOAP, "mustUnderstand"), Some("1"));
        assert_eq!(header.attribute_of(SOAP, "actor"), Some("http://schemas.xmlsoap.org/soap/actor/next"));
        let action = header.attribute("AssertionConsumerServiceURL").expect("an address").to_owned();
        let form = Form { action, method: "post".to_owned(), fields: Vec::new() };
        let message = soap::open(&envelope, soap::ECP_BLOCKS).expect("a message");
        self.believed(message, &form, answer.body.clone()).await
    }

    async fn believed(&self, document: Document, form: &Form, xml: String) -> Told {
        let keys = self.hub.saml_keys().await;
        let signed = document.verify(SAMLP, "Response", &keys);
        let root = signed.as_ref().map_or(document.unverified(), |verified| verified.element());
        let response = Response::read(root).unwrap_or_else(|error| panic!("{error}"));
        let opened = match &response.assertion {
            Some(Held::Encrypted(sealed)) => {
                Some(decrypt(sealed, &partner().0.saml_opening()).expect("it is encrypted for this service"))
            }
            Some(Held::Plain(_)) => {
                Some(document.below(&[(SAML, "Assertion")]).expect("an assertion stands in the response"))
            }
            None => None,
        };
        let assertion = opened.map(|opened| {
            let alone = opened.verify(SAML, "Assertion", &keys);
            assert!(signed.is_ok() || alone.is_ok(), "nobody signed what is said: {signed:?} {alone:?}");
            let element = alone.map_or_else(|_| opened.unverified().clone(), |verified| verified.into_element());
            Assertion::read(&element).unwrap_or_else(|error| panic!("{error}"))
        });
        if let Some(assertion) = &assertion {
            self.holds(assertion, &form.action);
        }
        Told {
            to: form.action.clone(),
            response,
            assertion,
            relay_state: form.value("RelayState").map(str::to_owned),
            xml,
        }
    }

    /// What any service checks.
    fn holds(&self, assertion: &Assertion, there: &str) {
        let now = self.hub.hub.now();
        assert_eq!(assertion.issuer, format!("{BASE}/saml/metadata"));
        assert_eq!(assertion.conditions.audiences, [[self.entity_id.clone()]]);
        let confirmation = &assertion.subject.confirmations[0];
        assert_eq!(confirmation.recipient.as_deref(), Some(there));
        assert!(confirmation.not_on_or_after.is_some_and(|until| until > now && until <= now + Seconds(600)));
        assert!(assertion.conditions.not_before.is_none_or(|from| from <= now));
    }

    /// What it says when the person signs out there.
    pub fn logout(&self, told: &Told) -> LogoutRequest {
        LogoutRequest {
            id: new_id(&SystemIds),
            issue_instant: self.hub.hub.now(),
            destination: Some(format!("{BASE}/saml/slo")),
            issuer: self.entity_id.clone(),
            not_on_or_after: None,
            reason: None,
            name_id: Some(told.name().clone()),
            encrypted_id: None,
            session_indexes: vec![told.session().to_owned()],
        }
    }

    /// A request to sign out, signed inside.
    pub fn signed(&self, request: &LogoutRequest) -> String {
        let key = &self.key;
        sign(&request.write(None), SAMLP, "LogoutRequest", &key.private, key.alg, None).expect("it signs")
    }

    /// What it says when it was told that it is over.
    pub fn logout_answer(&self, request: &LogoutRequest, status: Status) -> LogoutResponse {
        LogoutResponse {
            id: "_over".to_owned(),
            in_response_to: Some(request.id.clone()),
            issue_instant: self.hub.hub.now(),
            destination: Some(format!("{BASE}/saml/slo")),
            issuer: Some(self.entity_id.clone()),
            status,
        }
    }

    /// The same, signed inside.
    pub fn signed_answer(&self, response: &LogoutResponse) -> String {
        let key = &self.key;
        sign(&response.write(), SAMLP, "LogoutResponse", &key.private, key.alg, None).expect("it signs")
    }

    /// The same, in a query.
    pub fn answer_url(&self, response: &LogoutResponse, key: Option<&SamlKey>) -> String {
        let signer = key.map(|key| (&key.private, key.alg));
        redirect::encode("/saml/slo", Kind::Response, &response.write(), None, signer).expect("it travels")
    }

    /// A request for somebody to be signed in, signed inside.
    pub fn signed_request(&self, request: &AuthnRequest) -> String {
        let key = &self.key;
        sign(&request.write(), SAMLP, "AuthnRequest", &key.private, key.alg, None).expect("it signs")
    }

    /// Where it sends people to sign out everywhere.
    pub fn logout_url(&self, request: &LogoutRequest, key: Option<&SamlKey>) -> String {
        let signer = key.map(|key| (&key.private, key.alg));
        redirect::encode("/saml/slo", Kind::Request, &request.write(None), Some("bye"), signer).expect("it travels")
    }
}

/// A form with one message.
pub fn form_to(action: &str, field: &str, xml: &str) -> Form {
    let fields =
        vec![(field.to_owned(), post::encode(xml)), ("RelayState".to_owned(), "state-of-the-story".to_owned())];
    Form { action: action.to_owned(), method: "post".to_owned(), fields }
}

/// The message of a form, as text.
pub fn message_of(form: &Form) -> String {
    use base64::Engine;
    let message = form.value("SAMLResponse").or(form.value("SAMLRequest")).unwrap_or_default();
    let bytes = base64::engine::general_purpose::STANDARD.decode(message);
    String::from_utf8(bytes.expect("a message in base64")).expect("a message is text")
}
