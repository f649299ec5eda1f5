//! People who sign in at another provider that speaks SAML 2.0: the way there, the form that brings the answer from another
//! site, and the end of the session on either side. What makes an answer believed is told in `connectors/upstream-saml`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use preau_connector_api::OpenContext;
use preau_domain::{Instant, Seconds, SourceId};
use preau_flows::{ALICE, Answer, BASE, Browser, HUGO, TestHub, stories};
use preau_keys::jose::{Alg, PrivateKey};
use preau_keys::xml::{Document, sign};
use preau_saml::bindings::redirect::{Received, encode};
use preau_saml::bindings::{Kind, post};
use preau_saml::messages::*;
use preau_saml::names::{MD, SAML, SAMLP, confirmation, context, nameid, status};
use preau_web::SignInSource;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use std::sync::LazyLock;

stories!(
    somebody_comes_in_through_the_form_of_another_site,
    who_has_several_accounts_chooses_and_a_name_for_the_occasion_links_nothing,
    an_answer_is_used_once_on_every_node,
    an_answer_belongs_to_the_browser_that_asked,
    what_belongs_to_no_round_leads_nowhere_and_leaves_nothing,
    a_session_that_ends_there_ends_here,
    a_session_that_ends_there_ends_no_other_here,
    who_signs_out_is_offered_the_way_out_there,
    who_comes_back_signed_out_there_reads_no_more_than_is_known,
    the_provider_reads_who_we_are,
    whom_the_provider_sends_by_itself_is_asked_for_there,
    nobody_is_sent_unless_the_configuration_says_so,
);

const IDP: &str = "https://educonnect.example/idp";
const SLO: &str = "https://educonnect.example/idp/slo";
const SINGLE: &str = "logout = \"single\"\nslo = \"https://educonnect.example/idp/slo\"";

/// A provider of the stories.
pub struct Idp {
    pub source: &'static str,
    pub entity: &'static str,
    pub key: &'static LazyLock<PrivateKey>,
    /// How people are found by what it says.
    pub rule: &'static str,
}

/// The one that most stories speak of.
pub const EDUCONNECT: Idp = Idp {
    source: "educonnect",
    entity: IDP,
    key: &THEIRS,
    rule: "{ claim = \"FrEduCtRefId\", as = \"record\", source = \"annuaire\" }",
};

pub static THEIRS: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::draw(Alg::ES256));
static OURS: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::draw(Alg::ES256));

fn pem(kind: &str, der: &[u8]) -> String {
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", STANDARD.encode(der))
}

pub fn certificate(key: &PrivateKey) -> String {
    let der = key.to_pkcs8();
    let pair = KeyPair::from_pkcs8_der_and_sign_algo(&der.as_slice().into(), &PKCS_ECDSA_P256_SHA256);
    let made = CertificateParams::new(vec!["peer.example".to_owned()]).expect("a name");
    pem("CERTIFICATE", made.self_signed(&pair.expect("a key")).expect("a certificate").der())
}

impl Idp {
    /// The source of the configuration that leads there.
    pub fn source(&self, more: &str) -> (SourceId, SignInSource) {
        let (entity, rule) = (self.entity, self.rule);
        let config = format!(
            "title = {{ fr = \"EduConnect\", en = \"EduConnect\" }}\nentity_id = \"{entity}\"\nsso = \"{entity}/sso\"\n\
             certificates = [\"idp.pem\"]\nkeys = [{{ key = \"own.key\", certificate = \"own.pem\" }}]\n{more}\n\
             match = [{rule}]"
        );
        self.opened(&config, &[("idp.pem", certificate(self.key))])
    }

    /// The source with that configuration and those files beside our key.
    pub fn opened(&self, config: &str, files: &[(&str, String)]) -> (SourceId, SignInSource) {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
        write("own.key", &pem("PRIVATE KEY", &OURS.to_pkcs8()));
        write("own.pem", &certificate(&OURS));
        files.iter().for_each(|(name, text)| write(name, text));
        let config: toml::Table = config.parse().expect("lines of a configuration");
        let source = SourceId::new(self.source);
        let context = OpenContext { source: &source, config: &config, base: folder.path() };
        preau_keys::install_provider();
        let opened = (preau_connector_upstream_saml::KIND.open)(&context).unwrap_or_else(|what| panic!("{what:?}"));
        (source, SignInSource { password: None, redirect: opened.redirect, probe: opened.probe })
    }

    /// Its answer about somebody of that name there, signed in every way it can be; to nobody's request, if that has no name.
    pub fn answer(&self, hub: &TestHub, trip: &Trip, name: NameId, attributes: &[(&str, &[&str])]) -> String {
        let (now, asked) = (hub.hub.now(), Some(trip.request.id.clone()).filter(|id| !id.is_empty()));
        let (acs, soon) = (trip.request.acs_url.clone(), Some(Instant(now.0 + 300_000)));
        let attribute = |(name, values): &(&str, &[&str])| {
            let values = values.iter().map(|value| AttributeValue::Text((*value).to_owned())).collect();
            Attribute { name: (*name).to_owned(), values, ..Attribute::default() }
        };
        let assertion = Assertion {
            id: "_assertion".to_owned(),
            issue_instant: now,
            issuer: self.entity.to_owned(),
            subject: Subject {
                name_id: Some(name),
                encrypted_id: None,
                confirmations: vec![Confirmation {
                    method: confirmation::BEARER.to_owned(),
                    not_on_or_after: soon,
                    recipient: acs.clone(),
                    in_response_to: asked.clone(),
                    ..Confirmation::default()
                }],
            },
            conditions: Conditions {
                not_on_or_after: soon,
                audiences: vec![vec![trip.request.issuer.clone()]],
                ..Conditions::default()
            },
            authn: vec![AuthnStatement {
                authn_instant: now,
                session_index: Some("there-1".to_owned()),
                class: Some(context::PASSWORD_PROTECTED_TRANSPORT.to_owned()),
                ..AuthnStatement::default()
            }],
            attributes: vec![AttributeStatement { attributes: attributes.iter().map(attribute).collect() }],
        };
        let response = Response {
            id: "_response".to_owned(),
            in_response_to: asked,
            issue_instant: now,
            destination: acs,
            issuer: Some(self.entity.to_owned()),
            status: Status::success(),
            assertion: None,
        };
        let signed =
            |xml: &str, namespace, local| sign(xml, namespace, local, self.key, Alg::ES256, None).expect("signed");
        let inner = signed(&assertion.write(), SAML, "Assertion");
        let around =
            response.around(None).into_text().replace("</samlp:Response>", &format!("{inner}</samlp:Response>"));
        post::encode(&signed(&around, SAMLP, "Response"))
    }

    /// Posts its form, as a browser does from another site: without a cookie.
    pub async fn form(&self, hub: &TestHub, message: &str, state: &str) -> Answer {
        hub.secrets.saw("answer of the provider", &message[..64]);
        let fields = [("SAMLResponse".to_owned(), message.to_owned()), ("RelayState".to_owned(), state.to_owned())];
        hub.browser().post(&format!("/upstream/{}/acs", self.source), &fields).await
    }

    /// Goes there from the home page, in the public of that word, and posts this answer.
    pub async fn comes_in(
        &self,
        hub: &TestHub,
        browser: &mut Browser,
        public: &str,
        attributes: &[(&str, &[&str])],
    ) -> Answer {
        let trip = leave_for(hub, browser, &format!("/elsewhere/{}?public={public}", self.source)).await;
        let message = self.answer(hub, &trip, persistent("agent-7"), attributes);
        let posted = self.form(hub, &message, &trip.state).await;
        browser.submit_once(&posted.form_with("posted"), &[]).await
    }
}

/// A name that stays.
pub fn persistent(value: &str) -> NameId {
    NameId { format: Some(nameid::PERSISTENT.to_owned()), value: value.to_owned(), ..NameId::default() }
}

/// A hub whose staff sign in at the provider, over the database of another one.
pub async fn serves_staff(hub: &TestHub, more: &str) -> TestHub {
    let source = EDUCONNECT.source(more);
    hub.again_with(|setup| {
        setup.config.sign_in.publics.insert("staff".to_owned(), "educonnect".to_owned());
        setup.sources.push(source);
    })
    .await
}

/// A browser on its way to the provider: what we ask, and the state of the round.
pub struct Trip {
    pub request: AuthnRequest,
    pub state: String,
}

async fn leave(hub: &TestHub, browser: &mut Browser) -> Trip {
    leave_for(hub, browser, "/elsewhere/").await
}

/// Leaves the home page by the link whose address holds that.
pub async fn leave_for(hub: &TestHub, browser: &mut Browser, way: &str) -> Trip {
    let page = browser.visit("/").await;
    let way = page.links().into_iter().map(|(_, to)| to).find(|to| to.contains(way));
    let gone = browser.get(&way.unwrap_or_else(|| panic!("no way there: {}", page.words()))).await;
    on_its_way(hub, &gone)
}

/// What an answer that leads to the provider takes there.
fn on_its_way(hub: &TestHub, gone: &Answer) -> Trip {
    let query = gone.location().and_then(|to| to.split_once('?')).map(|(_, query)| query.to_owned());
    let received = Received::read(&query.unwrap_or_else(|| panic!("{}", gone.words()))).expect("a request");
    let asked = received.verified(&[OURS.public().clone()]).expect("it is signed");
    let state = received.relay_state.clone().expect("a state");
    hub.secrets.saw("state", &state);
    Trip { request: AuthnRequest::read(asked).expect("a request"), state }
}

/// The provider's answer about somebody.
fn answer(hub: &TestHub, trip: &Trip, records: &[&str], format: &str) -> String {
    let name = NameId { format: Some(format.to_owned()), ..persistent("agent-7") };
    EDUCONNECT.answer(hub, trip, name, &[("FrEduCtRefId", records)])
}

async fn form(hub: &TestHub, message: &str, state: &str) -> Answer {
    EDUCONNECT.form(hub, message, state).await
}

/// Somebody comes in.
async fn come_in(hub: &TestHub, browser: &mut Browser, records: &[&str], format: &str) -> Answer {
    let trip = leave(hub, browser).await;
    let posted = form(hub, &answer(hub, &trip, records, format), &trip.state).await;
    browser.submit_once(&posted.form_with("posted"), &[]).await
}

async fn somebody_comes_in_through_the_form_of_another_site(hub: TestHub) {
    let hub = serves_staff(&hub, "").await;
    let mut browser = hub.browser();
    let trip = leave(&hub, &mut browser).await;
    assert_eq!(trip.request.acs_url.as_deref(), Some("https://ent.example/upstream/educonnect/acs"));
    assert!(trip.state.len() <= 80, "the standard's bound");
    let posted = form(&hub, &answer(&hub, &trip, &[&ALICE.key()], nameid::PERSISTENT), &trip.state).await;
    let back = posted.form_with("posted");
    assert_eq!(back.action, "https://ent.example/upstream/educonnect/callback", "{}", posted.words());
    assert!(posted.cookies().is_empty(), "a form of another site leaves nothing in the browser");
    let inside = browser.submit_once(&back, &[]).await;
    assert_eq!((inside.status.as_u16(), inside.location()), (303, Some("/")), "{}", inside.words());
    assert!(browser.visit("/").await.words().contains("Alice Martin"));
    let later = come_in(&hub, &mut hub.browser(), &[], nameid::PERSISTENT).await;
    assert_eq!(later.location(), Some("/"), "the link is enough: {}", later.words());
}

async fn who_has_several_accounts_chooses_and_a_name_for_the_occasion_links_nothing(hub: TestHub) {
    let hub = serves_staff(&hub, "").await;
    let mut browser = hub.browser();
    let records = [ALICE.key(), HUGO.key()];
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    let chooser = come_in(&hub, &mut browser, &records, nameid::TRANSIENT).await;
    let page = browser.visit(chooser.location().unwrap_or_default()).await;
    assert!(page.words().contains("Hugo Lambert") && page.words().contains("Alice Martin"), "{}", page.words());
    let chosen = browser.submit(&page.form_with("account"), &[("account", "1")]).await;
    assert!(chosen.words().contains("Hugo Lambert"), "{}", chosen.words());
    let links = hub.hub.store.links_of_person(&HUGO.person_id()).await.expect("links");
    assert!(links.is_empty(), "{links:?}");
    let nobody = come_in(&hub, &mut hub.browser(), &[], nameid::TRANSIENT).await;
    assert_eq!(nobody.status, 403, "{}", nobody.words());
}

/// An answer about a stranger, to nobody's request, brought to the browser of somebody else.
async fn brings_what_nobody_asked_for(hub: &TestHub, browser: &mut Browser) -> Answer {
    let us = format!("{BASE}/upstream/educonnect");
    let mut request = AuthnRequest::of(String::new(), hub.hub.now(), format!("{us}/metadata"));
    request.acs_url = Some(format!("{us}/acs"));
    let message = answer(hub, &Trip { request, state: String::new() }, &[&HUGO.key()], nameid::PERSISTENT);
    let fields = [("SAMLResponse".to_owned(), message)];
    browser.post("/upstream/educonnect/acs", &fields).await
}

/// SAML-25, where it is allowed: a request of ours decides who comes in, and never what was brought.
async fn whom_the_provider_sends_by_itself_is_asked_for_there(hub: TestHub) {
    let hub = serves_staff(&hub, "unsolicited = true").await;
    let mut browser = hub.browser();
    let sent = brings_what_nobody_asked_for(&hub, &mut hub.browser()).await;
    assert_eq!(sent.location(), Some("/upstream/educonnect/enter"), "{}", sent.words());
    let begun = browser.get("/upstream/educonnect/enter").await;
    let gone = browser.get(begun.location().unwrap_or_default()).await;
    let trip = on_its_way(&hub, &gone);
    let posted = form(&hub, &answer(&hub, &trip, &[&ALICE.key()], nameid::PERSISTENT), &trip.state).await;
    let inside = browser.submit_once(&posted.form_with("posted"), &[]).await;
    assert_eq!(inside.location(), Some("/"), "{}", inside.words());
    assert!(browser.visit("/").await.words().contains("Alice Martin"), "and not the stranger");
    let again = browser.get("/upstream/educonnect/enter").await;
    assert_eq!(again.location(), Some("/"), "who is in stays who they are");
    let answered = form(&hub, &answer(&hub, &trip, &[&HUGO.key()], nameid::PERSISTENT), "x").await;
    assert_eq!(hub.browser().submit_once(&answered.form_with("posted"), &[]).await.status, 400, "somebody asked");
}

async fn nobody_is_sent_unless_the_configuration_says_so(hub: TestHub) {
    let closed = serves_staff(&hub, "").await;
    let refused = brings_what_nobody_asked_for(&closed, &mut closed.browser()).await;
    assert_eq!((refused.status.as_u16(), refused.location()), (400, None), "{}", refused.words());
    assert_eq!(closed.browser().get("/upstream/educonnect/enter").await.status, 404);
    let open = serves_staff(&hub, "unsolicited = true").await;
    let sent = brings_what_nobody_asked_for(&open, &mut open.browser()).await;
    assert_eq!(sent.location(), Some("/upstream/educonnect/enter"), "control");
    assert_eq!(open.browser().get("/upstream/other/enter").await.status, 404);
}

/// SAML-22: what was used opens nothing a second time, here, on another node or after a restart.
async fn an_answer_is_used_once_on_every_node(hub: TestHub) {
    let hub = serves_staff(&hub, "").await;
    let node = hub.node().await;
    let mut browser = hub.browser();
    let trip = leave(&hub, &mut browser).await;
    let message = answer(&hub, &trip, &[&ALICE.key()], nameid::PERSISTENT);
    let back = form(&hub, &message, &trip.state).await.form_with("posted");
    let kept = browser.clone();
    assert_eq!(browser.submit_once(&back, &[]).await.location(), Some("/"), "control");
    for hub in [&hub, &node, &hub.again_with(|_| {}).await] {
        let mut same = kept.clone().meets(hub);
        let back = form(hub, &message, &trip.state).await.form_with("posted");
        let attack = hub.under_attack();
        let again = same.submit_once(&back, &[]).await;
        assert_eq!((again.status.as_u16(), same.signed_in()), (400, false), "{}", again.words());
        attack.ignored(&again).await;
        assert_eq!(hub.browser().submit_once(&back, &[]).await.status, 400);
    }
}

/// SAML-25: a stranger's answer, brought to somebody's browser, signs nobody in as the stranger.
async fn an_answer_belongs_to_the_browser_that_asked(hub: TestHub) {
    let hub = serves_staff(&hub, "").await;
    let (mut stranger, mut victim) = (hub.browser(), hub.browser());
    let (theirs, own) = (leave(&hub, &mut stranger).await, leave(&hub, &mut victim).await);
    let message = answer(&hub, &theirs, &[&HUGO.key()], nameid::PERSISTENT);
    let back = form(&hub, &message, &theirs.state).await.form_with("posted");
    let brought = victim.submit_once(&back, &[]).await;
    assert_eq!(brought.status, 400, "{}", brought.words());
    assert!(!victim.signed_in());
    let crossed = form(&hub, &answer(&hub, &theirs, &[&HUGO.key()], nameid::PERSISTENT), &own.state).await;
    let refused = victim.submit_once(&crossed.form_with("posted"), &[]).await;
    assert_eq!(refused.status, 403, "another round's answer: {}", refused.words());
    let control = come_in(&hub, &mut victim, &[&ALICE.key()], nameid::PERSISTENT).await;
    assert_eq!(control.location(), Some("/"), "{}", control.words());
}

async fn what_belongs_to_no_round_leads_nowhere_and_leaves_nothing(hub: TestHub) {
    let hub = serves_staff(&hub, "").await;
    let mut browser = hub.browser();
    let trip = leave(&hub, &mut browser).await;
    let message = answer(&hub, &trip, &[&ALICE.key()], nameid::PERSISTENT);
    let changed = trip.state.replace(['a', '7'], "b");
    for state in ["", "https://evil.test/", &"a".repeat(5_000)] {
        assert_eq!(form(&hub, &message, state).await.status, 400, "{state:.60}");
    }
    for state in ["x", &changed, &"a".repeat(trip.state.len())] {
        let back = form(&hub, &message, state).await.form_with("posted");
        assert_eq!(browser.submit_once(&back, &[]).await.status, 400, "{state:.60}");
    }
    let once = [("SAMLResponse".to_owned(), message.clone())];
    for fields in [once.to_vec(), [once.clone(), once].concat()] {
        assert_eq!(hub.browser().post("/upstream/educonnect/acs", &fields).await.status, 400);
    }
    assert_eq!(form(&hub, &"A".repeat(70_000), &trip.state).await.status, 413);
    let swept = hub.hub.store.sweep(hub.hub.now() + Seconds(3600), hub.hub.now(), 100).await.expect("a sweep");
    assert_eq!(swept.kept, 0, "nothing was kept of any of them");
    let back = form(&hub, &message, &trip.state).await.form_with("posted");
    let strange = hub.browser().submit_once(&back, &[]).await;
    assert_eq!(
        (strange.status.as_u16(), browser.submit_once(&back, &[]).await.location()),
        (400, Some("/")),
        "control"
    );
}

fn logout_request(hub: &TestHub, id: &str, (format, session): (&str, &str), key: &PrivateKey) -> String {
    let request = LogoutRequest {
        id: id.to_owned(),
        issue_instant: hub.hub.now(),
        destination: Some(format!("{BASE}/upstream/educonnect/slo")),
        issuer: IDP.to_owned(),
        not_on_or_after: None,
        reason: None,
        name_id: Some(NameId { format: Some(format.to_owned()), value: "agent-7".to_owned(), ..NameId::default() }),
        encrypted_id: None,
        session_indexes: vec![session.to_owned()],
    };
    let signer = Some((key, Alg::ES256));
    let address = encode("/upstream/educonnect/slo", Kind::Request, &request.write(None), Some("s"), signer);
    address.expect("an address")
}

async fn a_session_that_ends_there_ends_here(hub: TestHub) {
    let hub = serves_staff(&hub, SINGLE).await;
    let mut browser = hub.browser();
    come_in(&hub, &mut browser, &[&ALICE.key()], nameid::PERSISTENT).await;
    let foreign = hub.browser().get(&logout_request(&hub, "_forged", (nameid::PERSISTENT, "there-1"), &OURS)).await;
    assert_eq!(foreign.status, 400, "{}", foreign.words());
    assert!(browser.visit("/").await.words().contains("Alice Martin"), "nobody is signed out by a stranger");
    let address = logout_request(&hub, "_out", (nameid::PERSISTENT, "there-1"), &THEIRS);
    let heard = hub.browser().get(&address).await;
    let then = heard.location().unwrap_or_else(|| panic!("{}", heard.words()));
    assert!(then.starts_with(&format!("{SLO}?SAMLResponse=")), "{then}");
    assert!(browser.get("/").await.location().is_some_and(|to| to.starts_with("/sign-in/")), "the session is over");
    assert_eq!(hub.browser().get(&address).await.status, 400, "a message is heard once");
    let unsigned = hub.browser().send(Method::GET, "/upstream/educonnect/slo", &[], None).await;
    assert_eq!(unsigned.status, 400);
}

/// With a name that is made for the occasion, by which all the sessions of a person are found.
async fn a_session_that_ends_there_ends_no_other_here(hub: TestHub) {
    let hub = serves_staff(&hub, SINGLE).await;
    for format in [nameid::PERSISTENT, nameid::TRANSIENT] {
        let mut browser = hub.browser();
        come_in(&hub, &mut browser, &[&ALICE.key()], format).await;
        let of = |id: &str, session: &str| {
            logout_request(&hub, &format!("_{id}{}", format.len()), (format, session), &THEIRS)
        };
        let address = of("other", "there-2");
        let heard = hub.browser().get(&address).await;
        let then = heard.location().unwrap_or_else(|| panic!("{}", heard.words())).to_owned();
        assert!(browser.visit("/").await.words().contains("Alice Martin"), "{format}: another session ended");
        let received = Received::read(then.split_once('?').expect("an answer").1).expect("an answer");
        let answer =
            LogoutResponse::read(received.verified(&[OURS.public().clone()]).expect("signed")).expect("an answer");
        assert_eq!(answer.status.sub.as_deref(), Some(status::UNKNOWN_PRINCIPAL));
        hub.browser().get(&of("own", "there-1")).await;
        assert!(browser.get("/").await.location().is_some_and(|to| to.starts_with("/sign-in/")), "{format}: control");
    }
}

async fn who_signs_out_is_offered_the_way_out_there(hub: TestHub) {
    let soft = "logout = \"soft\"\nlogout_address = \"https://educonnect.example/idp/out\"";
    for (more, to) in [(SINGLE, format!("{SLO}?SAMLRequest=")), (soft, format!("{IDP}/out"))] {
        let hub = serves_staff(&hub, more).await;
        let mut browser = hub.browser();
        come_in(&hub, &mut browser, &[&ALICE.key()], nameid::PERSISTENT).await;
        let out = browser.sign_out().await;
        assert!(!out.words().contains("tout est fermé"), "not there: {}", out.words());
        let way = out.links().into_iter().find(|(_, address)| address.starts_with(&to));
        assert!(way.is_some(), "{:?}", out.links());
    }
}

async fn who_comes_back_signed_out_there_reads_no_more_than_is_known(hub: TestHub) {
    let hub = serves_staff(&hub, SINGLE).await;
    let response = LogoutResponse {
        id: "_done".to_owned(),
        in_response_to: None,
        issue_instant: hub.hub.now(),
        destination: Some(format!("{BASE}/upstream/educonnect/slo")),
        issuer: Some(IDP.to_owned()),
        status: Status::success(),
    };
    let signer = Some((&*THEIRS, Alg::ES256));
    let back = encode("/upstream/educonnect/slo", Kind::Response, &response.write(), None, signer).expect("an address");
    let page = hub.browser().visit(&back).await;
    assert!(page.status == 200 && page.words().contains("Votre session est terminée ici"), "{}", page.words());
    assert!(!page.words().contains("tout est fermé"), "who knows what was open: {}", page.words());
}

async fn the_provider_reads_who_we_are(hub: TestHub) {
    let hub = serves_staff(&hub, "").await;
    let page = hub.browser().get("/upstream/educonnect/metadata").await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, "application/samlmetadata+xml"));
    let document = Document::parse(page.body.as_bytes()).expect("a document");
    let verified = document.verify(MD, "EntityDescriptor", &[OURS.public().clone()]).expect("it is signed");
    let name = format!("{BASE}/upstream/educonnect/metadata");
    assert_eq!(verified.element().attribute("entityID"), Some(name.as_str()));
    assert_eq!(hub.browser().get("/upstream/annuaire/metadata").await.status, 404);
}
