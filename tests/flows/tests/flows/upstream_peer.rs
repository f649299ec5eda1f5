//! ENT to ENT: the other provider is a second hub, served on loopback, with people and a database of its own.

use crate::upstream::leave;
use http::{Method, Request, header};
use preau_connector_api::OpenContext;
use preau_domain::{CorrelationId, Fact, ReleaseRule, SourceId};
use preau_flows::{ALICE, ANNUAIRE, Answer, Database, Listener, Setup, TestHub, oidc_service, stories};
use preau_web::SignInSource;
use std::collections::BTreeMap;
use tokio::net::TcpListener;
use url::Url;

stories!(
    somebody_of_another_ent_comes_in,
    a_code_of_another_round_is_refused_by_its_provider,
    who_signs_out_there_is_signed_out_here,
);

/// The other ENT, and a browser that goes there.
struct Peer {
    hub: TestHub,
    host: String,
    jar: BTreeMap<String, String>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Peer {
    /// The other ENT, where ours is a service that hears of the end of sessions at a listener.
    async fn start(listener: &Listener) -> Peer {
        let socket = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port on loopback");
        let host = socket.local_addr().expect("a bound socket has an address").to_string();
        let mut setup = Setup::default();
        setup.config.public_url = format!("http://{host}");
        let hub = TestHub::with(Database::sqlite(), setup).await;
        let mut ours = oidc_service("preau");
        ours.network = preau_connector_api::Network::Private;
        ours.release.push(ReleaseRule {
            name: "ent_login".to_owned(),
            copy: Some(Fact::Login),
            ..ours.release[0].clone()
        });
        hub.rp_of(ours, |oidc| {
            oidc.redirect_uris = vec!["https://ent.example/upstream/autre-ent/callback".to_owned()];
            oidc.backchannel_logout_uri = Some(format!("{}out", listener.url()));
        });
        let router = preau_web::router(hub.hub.clone());
        let server = tokio::spawn(async move { drop(axum::serve(socket, router).await) });
        Peer { hub, host, jar: BTreeMap::new(), server }
    }

    /// The other ENT as a source of ours.
    fn source(&self) -> SignInSource {
        let folder = tempfile::TempDir::new().expect("a folder");
        std::fs::write(folder.path().join("secret"), preau_flows::SECRET).expect("a file");
        let table = toml::toml! {
            client_id = "preau"
            client_secret_file = "secret"
            network = "private"
            scopes = ["ent"]
            title = { fr = "Autre ENT", en = "Other ENT" }
            match = [{ claim = "ent_login", as = "login", source = "annuaire" }]
        };
        let mut table = table;
        table.insert("issuer".to_owned(), self.hub.hub.base().into());
        let source = SourceId::new("autre-ent");
        let context = OpenContext { source: &source, config: &table, base: folder.path() };
        let opened = (preau_connector_upstream_oidc::KIND.open)(&context);
        let opened = opened.unwrap_or_else(|problems| panic!("{problems:?}"));
        SignInSource { password: None, redirect: opened.redirect, probe: opened.probe }
    }

    /// Asks the other ENT something, with its cookies; follows nothing.
    async fn ask(&mut self, method: Method, target: &str, body: String) -> Answer {
        let cookies: Vec<String> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header(header::HOST, &self.host)
            .header(header::COOKIE, cookies.join("; "))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = self.hub.answer(request.body(body.into()).expect("a request of a story")).await;
        self.jar.extend(answer.cookies());
        answer
    }

    /// Signs Alice in there, and gives the address her browser is sent back to.
    async fn signs_in(&mut self, path: &str) -> String {
        let begun = self.ask(Method::GET, path, String::new()).await;
        let page = begun.location().unwrap_or_else(|| panic!("{} {}", begun.status, begun.words())).to_owned();
        let joint = if page.contains('?') { '&' } else { '?' };
        let page = self.ask(Method::GET, &format!("{page}{joint}public=staff"), String::new()).await;
        let form = page.form_with("password");
        let typed = form.filled(&[("login", ALICE.login), ("password", ALICE.password)]);
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(typed).finish();
        let done = self.ask(Method::POST, &form.action, body).await;
        done.location().unwrap_or_else(|| panic!("{} {}", done.status, done.words())).to_owned()
    }
}

/// Our hub, whose staff sign in at the peer.
async fn ours(hub: &TestHub, peer: &Peer) -> TestHub {
    let source = peer.source();
    hub.again_with(|setup| {
        setup.config.sign_in.publics.insert("staff".to_owned(), "autre-ent".to_owned());
        setup.sources.push((SourceId::new("autre-ent"), source));
    })
    .await
}

async fn somebody_of_another_ent_comes_in(hub: TestHub) {
    let mut peer = Peer::start(&Listener::start().await).await;
    let hub = ours(&hub, &peer).await;
    let mut browser = hub.browser();
    let trip = leave(&hub, &mut browser).await;
    assert!(trip.endpoint().starts_with(peer.hub.hub.base()));
    let back = peer.signs_in(&trip.path()).await;
    assert!(back.starts_with("https://ent.example/upstream/autre-ent/callback?"), "{back}");
    let answer = browser.get(&back).await;
    assert_eq!(answer.location(), Some("/"), "{} {}", answer.status, answer.words());
    assert!(browser.visit("/").await.words().contains("Alice Martin"));
    let sessions = hub.hub.store.sessions_of(&ALICE.person_id(), hub.hub.now()).await.expect("sessions");
    assert_eq!(sessions[0].authentication.acr.as_deref(), Some("password"), "what happened there, in its words");
    assert!(browser.get(&back).await.status.is_client_error(), "a way back is used once");
    assert_eq!(ANNUAIRE, "annuaire", "the rule names the source of the stories");
}

/// RP-05: the verifier of a round opens no code of another one.
async fn a_code_of_another_round_is_refused_by_its_provider(hub: TestHub) {
    let mut peer = Peer::start(&Listener::start().await).await;
    let hub = ours(&hub, &peer).await;
    let stolen = peer.signs_in(&leave(&hub, &mut hub.browser()).await.path()).await;
    let stolen = Url::parse(&stolen).expect("a way back");
    let code = stolen.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
    let mut browser = hub.browser();
    let trip = leave(&hub, &mut browser).await;
    let (state, issuer) = (trip.value("state"), peer.hub.hub.base().to_owned());
    let answer = browser.get(&trip.back(&[("code", &code), ("state", &state), ("iss", &issuer)])).await;
    assert!(answer.status == 403 && !browser.signed_in(), "{}", answer.words());
    let said = [peer.hub.log.lines(), hub.log.lines()].concat();
    assert!(said.iter().any(|line| line.contains("oidc-invalid-grant")), "it is the provider that refuses");
    peer.jar.clear();
    let back = peer.signs_in(&leave(&hub, &mut browser).await.path()).await;
    assert_eq!(browser.get(&back).await.location(), Some("/"), "control");
}

async fn who_signs_out_there_is_signed_out_here(hub: TestHub) {
    let mut listener = Listener::start().await;
    let mut peer = Peer::start(&listener).await;
    let hub = ours(&hub, &peer).await;
    let mut browser = hub.browser();
    let trip = leave(&hub, &mut browser).await;
    let back = peer.signs_in(&trip.path()).await;
    assert_eq!(browser.get(&back).await.location(), Some("/"));
    let there = peer.hub.hub.store.sessions_of(&ALICE.person_id(), peer.hub.hub.now()).await.expect("sessions");
    peer.hub.hub.end_session(&there[0].id, "person", &CorrelationId::new("goodbye")).await.expect("it ends");
    let heard = listener.next().await;
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&heard.form).finish();
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let path = "/upstream/autre-ent/backchannel-logout";
    let told = hub.browser().send(Method::POST, path, &headers, Some(body.as_bytes())).await;
    assert_eq!(told.status, 200, "{}", told.body);
    assert!(browser.get("/").await.location().is_some_and(|to| to.starts_with("/sign-in/")), "over here too");
}
