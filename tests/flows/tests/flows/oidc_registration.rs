//! Services that register themselves: behind an initial access token, closed until an operator says who, and never at an
//! address of another.

use futures::future::join_all;
use http::Method;
use preau_connector_api::ProofAlgorithm;
use preau_domain::{Audience, Population, Profile, Registration, RegistrationKind, ServiceId};
use preau_flows::{ALICE, BASE, Document, MTLS_HOST, NOE, OidcRp, TestHub, app_service, stories};
use preau_keys::ClientAuthorities;
use preau_keys::jose::{Alg, PrivateKey};
use preau_web::registered::{Registered, access};
use serde_json::{Value, json};

stories!(
    registration_is_off_unless_it_was_asked_for,
    a_registered_service_opens_for_nobody_until_an_operator_says_who,
    an_initial_access_token_lets_in_as_often_as_it_says,
    an_initial_access_token_is_taken_back_or_ends_by_itself,
    an_initial_access_token_of_one_use_is_used_once_among_many,
    oidc_32_hostile_metadata_registers_nothing,
    nobody_registers_an_address_of_another,
    a_file_of_the_operator_comes_first,
    a_registration_obeys_its_own_token_alone,
    a_registration_is_changed_and_withdrawn,
    another_name_or_place_closes_the_door_again,
    more_or_less_proof_waits_for_another_yes,
    an_operator_who_closes_the_door_is_not_undone,
    a_registration_runs_on_every_node,
    every_setting_is_kept_and_told_back,
    a_setting_that_nobody_can_keep_is_refused,
    certificates_are_registered_where_they_are_seen,
);

async fn on(hub: &TestHub) -> TestHub {
    hub.again_with(|setup| setup.config.registration = true).await
}

/// An editor with an initial access token.
async fn editor(hub: &TestHub, uses: Option<u32>) -> String {
    let hub = &hub.hub;
    access::issue(&*hub.store, &*hub.ids, hub.now(), 1, uses, "Atelier SARL").await.expect("the story goes on")
}

fn metadata() -> Value {
    json!({ "redirect_uris": ["https://atelier.example/cb"], "client_name": "Atelier", "scope": "openid profile" })
}

async fn call(hub: &TestHub, method: Method, path: &str, token: &str, body: &Value) -> Document {
    let anybody = hub.rp_registered(&json!({}));
    hub.secrets.saw("registration token", token);
    anybody.ask(method, path, &[("authorization", &format!("Bearer {token}"))], body.to_string()).await
}

async fn register(hub: &TestHub, token: &str, body: &Value) -> Document {
    call(hub, Method::POST, "/oidc/register", token, body).await
}

/// A service that is registered.
async fn registered(hub: &TestHub) -> Value {
    let told = register(hub, &editor(hub, Some(1)).await, &metadata()).await;
    assert_eq!(told.answer.status, 201, "{}", told.answer.body);
    told.json
}

async fn stored(hub: &TestHub, told: &Value) -> (Registration, Registered) {
    let id = ServiceId::new(told["client_id"].as_str().expect("the story goes on"));
    let registration =
        hub.hub.store.registration(&id, hub.hub.now()).await.expect("the story goes on").expect("the story goes on");
    let registered = Registered::read(&registration).expect("the story goes on");
    (registration, registered)
}

/// What `preau registration open` does.
async fn open(hub: &TestHub, told: &Value, profile: Profile) {
    let (registration, registered) = stored(hub, told).await;
    let population = Population { profiles: vec![profile], ..Population::default() };
    let audience = Audience { allow: vec![population], ..Audience::default() };
    let doc = Registered { audience, ..registered }.write().expect("the story goes on");
    let before = registration.doc.clone();
    hub.hub
        .store
        .replace_registration(&Registration { doc, ..registration }, &before, hub.hub.now())
        .await
        .expect("the story goes on");
    hub.hub.take_registrations().await.expect("the story goes on");
}

async fn count(hub: &TestHub) -> usize {
    hub.hub
        .store
        .registrations(RegistrationKind::Dynamic, None, hub.hub.now(), 100)
        .await
        .expect("the story goes on")
        .len()
}

async fn alice_gets_in(hub: &TestHub, rp: &OidcRp) -> bool {
    let arrival = hub.browser().sign_in(&ALICE).through(&rp.url_with(&[("scope", "openid profile")])).await;
    !arrival.answer.told("code").is_empty()
}

async fn registration_is_off_unless_it_was_asked_for(hub: TestHub) {
    let token = editor(&hub, None).await;
    assert_eq!(register(&hub, &token, &metadata()).await.answer.status, 404);
    let discovery = "/.well-known/openid-configuration";
    let anybody = hub.rp_registered(&json!({}));
    assert_eq!(anybody.get(discovery, &[]).await.json["registration_endpoint"], Value::Null);
    let hub = on(&hub).await;
    let anybody = anybody.meets(&hub);
    let at = format!("{BASE}/oidc/register");
    assert_eq!(anybody.get(discovery, &[]).await.text("registration_endpoint"), at, "control");
    let told = register(&hub, &token, &metadata()).await;
    assert_eq!(told.answer.status, 201, "control: {}", told.answer.body);
    // Whoever turns it off again shuts the doors of what had registered.
    open(&hub, &told.json, Profile::Teacher).await;
    assert!(alice_gets_in(&hub, &hub.rp_registered(&told.json)).await, "control");
    let off = hub.again_with(|setup| setup.config.registration = false).await;
    off.hub.take_registrations().await.expect("the story goes on");
    let refused = off.browser().get(&off.rp_registered(&told.json).url()).await;
    assert_eq!((refused.status.as_u16(), refused.location()), (403, None), "{}", refused.words());
}

async fn a_registered_service_opens_for_nobody_until_an_operator_says_who(hub: TestHub) {
    let hub = on(&hub).await;
    let told = registered(&hub).await;
    let rp = hub.rp_registered(&told);
    assert!(!alice_gets_in(&hub, &rp).await, "closed");
    open(&hub, &told, Profile::Teacher).await;
    let mut browser = hub.browser();
    let arrival = browser.sign_in(&ALICE).through(&rp.url_with(&[("scope", "openid profile email")])).await;
    let tokens = rp.redeem(&arrival.answer.code()).await;
    let claims = rp.claims(tokens.text("id_token")).await;
    let told = rp.userinfo(tokens.access()).await.json;
    assert_eq!((told["sub"].as_str(), told["family_name"].as_str()), (claims["sub"].as_str(), Some(ALICE.name.1)));
    assert_eq!(told["email"], Value::Null, "a scope it did not register for");
    let pupil = hub.browser().sign_in(&NOE).through(&rp.url()).await;
    assert_eq!(pupil.answer.told("code"), "", "for teachers alone");
}

async fn an_initial_access_token_lets_in_as_often_as_it_says(hub: TestHub) {
    let hub = on(&hub).await;
    let at = |n: u32| json!({ "redirect_uris": [format!("https://atelier{n}.example/cb")] });
    let token = editor(&hub, Some(2)).await;
    for n in 0..2 {
        assert_eq!(register(&hub, &token, &at(n)).await.answer.status, 201);
    }
    let spent = register(&hub, &token, &at(3)).await;
    assert_eq!(spent.error(), (401, "invalid_token"));
    assert!(
        spent.answer.headers["www-authenticate"]
            .to_str()
            .expect("the story goes on")
            .starts_with("Bearer error=\"invalid_token\"")
    );
    for hostile in ["", "x", &"y".repeat(43), "a b", &"z".repeat(4000)] {
        assert_eq!(register(&hub, hostile, &at(3)).await.answer.status, 401, "{hostile}");
    }
    assert_eq!(count(&hub).await, 2);
}

async fn an_initial_access_token_is_taken_back_or_ends_by_itself(hub: TestHub) {
    let hub = on(&hub).await;
    let at = |n: u32| json!({ "redirect_uris": [format!("https://atelier{n}.example/cb")] });
    let (now, store) = (hub.hub.now(), &*hub.hub.store);
    let taken = editor(&hub, None).await;
    let name = access::list(store, now).await.expect("the story goes on")[0].name.clone();
    assert!(
        access::revoke(store, &name, now).await.expect("the story goes on")
            && !access::revoke(store, &name, now).await.expect("the story goes on")
    );
    assert_eq!(register(&hub, &taken, &at(4)).await.answer.status, 401, "taken back");
    let late = editor(&hub, None).await;
    assert_eq!(register(&hub, &late, &at(5)).await.answer.status, 201, "control");
    hub.clock.advance(86_400);
    assert_eq!(register(&hub, &late, &at(6)).await.answer.status, 401, "a day later");
    assert_eq!(count(&hub).await, 1);
}

async fn an_initial_access_token_of_one_use_is_used_once_among_many(hub: TestHub) {
    let hub = on(&hub).await;
    let token = editor(&hub, Some(1)).await;
    let bodies: Vec<Value> = (0..8).map(|n| json!({ "redirect_uris": [format!("https://a{n}.example/cb")] })).collect();
    let all = join_all(bodies.iter().map(|body| register(&hub, &token, body))).await;
    let won = all.iter().filter(|answer| answer.answer.status == 201).count();
    assert_eq!((won, count(&hub).await), (1, 1));
    assert!(all.iter().all(|answer| matches!(answer.answer.status.as_u16(), 201 | 401)));
}

async fn oidc_32_hostile_metadata_registers_nothing(hub: TestHub) {
    let hub = on(&hub).await;
    let token = editor(&hub, Some(1)).await;
    for (name, value, error) in [
        ("redirect_uris", json!(["http://atelier.example/cb"]), "invalid_redirect_uri"),
        ("redirect_uris", json!(["https://atelier.example/cb#x"]), "invalid_redirect_uri"),
        ("redirect_uris", json!(["https://ATELIER.example/cb"]), "invalid_redirect_uri"),
        ("redirect_uris", json!(vec!["https://atelier.example/cb"; 1000]), "invalid_redirect_uri"),
        ("jwks_uri", json!("https://127.0.0.1/keys"), "invalid_client_metadata"),
        ("logo_uri", json!("http://169.254.169.254/"), "invalid_client_metadata"),
        ("sector_identifier_uri", json!("https://127.0.0.1/"), "invalid_client_metadata"),
        ("initiate_login_uri", json!("javascript:alert(1)"), "invalid_client_metadata"),
        ("backchannel_logout_uri", json!("https://localhost/out"), "invalid_client_metadata"),
        ("client_name", json!("<script>alert(1)</script>"), "invalid_client_metadata"),
        ("jwks", json!({ "keys": [{ "kty": "oct", "k": "AAAA" }] }), "invalid_client_metadata"),
        ("token_endpoint_auth_method", json!("private_key_jwt"), "invalid_client_metadata"),
    ] {
        let mut hostile = metadata();
        hostile[name] = value;
        assert_eq!(register(&hub, &token, &hostile).await.error(), (400, error), "{name}");
    }
    let form = call(&hub, Method::POST, "/oidc/register", &token, &json!("redirect_uris=https://a.example/")).await;
    assert_eq!(form.error(), (400, "invalid_client_metadata"));
    assert_eq!(count(&hub).await, 0);
    assert_eq!(register(&hub, &token, &metadata()).await.answer.status, 201, "control: the one use was not spent");
}

async fn nobody_registers_an_address_of_another(hub: TestHub) {
    let hub = on(&hub).await;
    let token = editor(&hub, None).await;
    for hostile in [
        json!({ "redirect_uris": ["https://app.example/cas/cb"] }),
        json!({ "redirect_uris": ["https://app.example/x"], "client_uri": "https://app.example/cas/login/" }),
        json!({ "redirect_uris": ["https://other.example/cb"] }),
        json!({ "redirect_uris": ["https://atelier.example/cb", "https://other.example/cb"] }),
    ] {
        assert_eq!(register(&hub, &token, &hostile).await.error(), (400, "invalid_client_metadata"), "{hostile}");
    }
    let first = register(&hub, &token, &metadata()).await;
    assert_eq!(first.answer.status, 201, "control");
    let second = register(&hub, &token, &metadata()).await;
    assert_eq!(second.answer.status, 400, "an address of who came first");
    let app = hub.app("app");
    let ticket = hub.browser().sign_in(&ALICE).to(&app).await.ticket();
    assert_eq!(app.validate(&ticket).await.user(), Some(ALICE.login), "control: the others open as before");
}

async fn a_file_of_the_operator_comes_first(hub: TestHub) {
    let hub = on(&hub).await;
    let told = registered(&hub).await;
    open(&hub, &told, Profile::Teacher).await;
    let rp = hub.rp_registered(&told);
    assert!(alice_gets_in(&hub, &rp).await, "control");
    let mounted = |id: &str| hub.hub.services().get(&ServiceId::new(id)).is_some();
    hub.mount(app_service("mine", "À moi", "https://atelier.example/", &Profile::ALL));
    assert!(mounted("mine") && !mounted(&rp.id), "the address is the operator's now");
    let id = rp.id.clone();
    hub.mount(app_service("mine", "À moi", "https://mine.example/", &Profile::ALL));
    assert!(mounted(&id), "and was given back");
    hub.mount(app_service(&id, "Par fichier", "https://file.example/", &[]));
    let services = hub.hub.services();
    assert_eq!(services.get(&ServiceId::new(id)).expect("the story goes on").title.fr, "Par fichier");
    assert_eq!(hub.browser().get(&rp.url()).await.location(), None, "what had registered answers no more");
}

/// Where a registration is read, and by which token.
fn own(told: &Value) -> (String, String) {
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    (text("registration_client_uri").replacen(BASE, "", 1), text("registration_access_token"))
}

async fn a_registration_obeys_its_own_token_alone(hub: TestHub) {
    let hub = on(&hub).await;
    let told = registered(&hub).await;
    let (path, token) = own(&told);
    let another = json!({ "redirect_uris": ["https://b.example/cb"] });
    let another = register(&hub, &editor(&hub, None).await, &another).await;
    let secret = told["client_secret"].as_str().unwrap_or_default();
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        for hostile in [another.text("registration_access_token"), "", secret] {
            let refused = call(&hub, method.clone(), &path, hostile, &metadata()).await;
            assert_eq!(refused.error(), (401, "invalid_token"), "{method}");
        }
        for nowhere in ["/oidc/register/dyn-0000000000000000", "/oidc/register/app"] {
            let refused = call(&hub, method.clone(), nowhere, &token, &metadata()).await;
            assert_eq!(refused.error(), (401, "invalid_token"), "{method} {nowhere}");
        }
    }
    let read = call(&hub, Method::GET, &path, &token, &Value::Null).await;
    assert_eq!((read.answer.status.as_u16(), &read.json["client_id"]), (200, &told["client_id"]), "control");
    assert_eq!(read.json["client_secret"], Value::Null, "known by its digest alone");
}

async fn a_registration_is_changed_and_withdrawn(hub: TestHub) {
    let hub = on(&hub).await;
    let told = registered(&hub).await;
    let (path, token) = own(&told);
    let mut change = metadata();
    change["client_id"] = told["client_id"].clone();
    change["redirect_uris"] = json!(["https://atelier.example/new"]);
    for (name, wrong) in [("client_id", json!("dyn-other")), ("client_secret", json!("x".repeat(43)))] {
        let mut wrong_change = change.clone();
        wrong_change[name] = wrong;
        let refused = call(&hub, Method::PUT, &path, &token, &wrong_change).await;
        assert_eq!(refused.error(), (400, "invalid_client_metadata"), "{name}");
    }
    let changed = call(&hub, Method::PUT, &path, &token, &change).await;
    assert_eq!((changed.answer.status.as_u16(), &changed.json["redirect_uris"]), (200, &change["redirect_uris"]));
    open(&hub, &told, Profile::Teacher).await;
    let rp = hub.rp_registered(&changed.json).with_secret(told["client_secret"].as_str().unwrap_or_default());
    let code = hub.browser().sign_in(&ALICE).through(&rp.url()).await.answer.code();
    let tokens = rp.redeem(&code).await;
    assert_eq!(rp.userinfo(tokens.access()).await.answer.status, 200, "control: its secret is the same");
    assert_eq!(call(&hub, Method::DELETE, &path, &token, &Value::Null).await.answer.status, 204);
    assert_eq!(rp.userinfo(tokens.access()).await.answer.status, 401, "its tokens are worth nothing");
    assert_eq!(call(&hub, Method::GET, &path, &token, &Value::Null).await.answer.status, 401);
}

async fn another_name_or_place_closes_the_door_again(hub: TestHub) {
    let hub = on(&hub).await;
    let told = registered(&hub).await;
    let path = told["registration_client_uri"]
        .as_str()
        .expect("the story goes on")
        .strip_prefix(BASE)
        .expect("the story goes on")
        .to_owned();
    let own = told["registration_access_token"].as_str().expect("the story goes on");
    for (name, value, stays) in [
        ("redirect_uris", json!(["https://atelier.example/cb", "https://atelier.example/two"]), true),
        ("client_name", json!("Pronote"), false),
        ("redirect_uris", json!(["https://atelier.example/cb", "https://evil.example/cb"]), false),
        ("backchannel_logout_uri", json!("https://evil.example/out"), false),
    ] {
        let mut change = metadata();
        change["client_id"] = told["client_id"].clone();
        let back = call(&hub, Method::PUT, &path, own, &change).await;
        assert_eq!(back.answer.status, 200, "{}", back.answer.body);
        open(&hub, &told, Profile::Teacher).await;
        change[name] = value;
        let changed = call(&hub, Method::PUT, &path, own, &change).await;
        assert_eq!(changed.answer.status, 200, "{}", changed.answer.body);
        assert_eq!(alice_gets_in(&hub, &hub.rp_registered(&told)).await, stays, "{change}");
    }
}

/// The service changes its registration to the usual one with some things said besides.
async fn changed(hub: &TestHub, told: &Value, said: &Value) {
    let (path, token) = own(told);
    let mut all = metadata();
    all["client_id"] = told["client_id"].clone();
    said.as_object().expect("an object").iter().for_each(|(name, value)| all[name] = value.clone());
    let answer = call(hub, Method::PUT, &path, &token, &all).await.answer;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// What an operator said yes to is what is in force.
async fn more_or_less_proof_waits_for_another_yes(hub: TestHub) {
    let hub = on(&hub).await;
    let told = registered(&hub).await;
    let refreshing = json!({ "grant_types": ["authorization_code", "refresh_token"] });
    let by = |way: &str| json!({ "token_endpoint_auth_method": way });
    let dpop = json!({ "dpop_bound_access_tokens": true });
    for (before, after, stays) in [
        (json!({}), json!({ "scope": "openid" }), true),
        (json!({}), json!({ "scope": "openid profile email ent" }), false),
        (json!({}), json!({ "scope": null }), false),
        (refreshing.clone(), json!({}), true),
        (json!({}), refreshing, false),
        (by("none"), by("client_secret_post"), true),
        (by("client_secret_post"), by("none"), false),
        (json!({}), dpop.clone(), true),
        (dpop, json!({}), false),
    ] {
        changed(&hub, &told, &before).await;
        open(&hub, &told, Profile::Teacher).await;
        changed(&hub, &told, &after).await;
        assert_eq!(alice_gets_in(&hub, &hub.rp_registered(&told)).await, stays, "{before}, then {after}");
    }
}

/// The service read its registration, the operator closes the door, and only then the service writes what it had read.
async fn an_operator_who_closes_the_door_is_not_undone(hub: TestHub) {
    let hub = on(&hub).await;
    let told = registered(&hub).await;
    open(&hub, &told, Profile::Teacher).await;
    let (read, _) = stored(&hub, &told).await;
    let (store, now) = (&hub.hub.store, hub.hub.now());
    let (before, one) = stored(&hub, &told).await;
    let doc = Registered { audience: Audience::default(), ..one }.write().expect("the story goes on");
    store
        .replace_registration(&Registration { doc, ..before.clone() }, &before.doc, now)
        .await
        .expect("the story goes on");
    assert!(store.replace_registration(&read, &read.doc, now).await.is_err());
    hub.hub.take_registrations().await.expect("the story goes on");
    assert!(!alice_gets_in(&hub, &hub.rp_registered(&told)).await);
}

async fn a_registration_runs_on_every_node(hub: TestHub) {
    let hub = on(&hub).await;
    let other = hub.node().await;
    let told = registered(&hub).await;
    open(&hub, &told, Profile::Teacher).await;
    let refused = other.browser().get(&other.rp_registered(&told).url()).await;
    assert_eq!((refused.status.as_u16(), refused.location()), (403, None), "it has not looked yet");
    assert!(
        other.hub.take_registrations().await.expect("the story goes on"),
        "what the job of a server does every two seconds"
    );
    assert!(!other.hub.take_registrations().await.expect("the story goes on"), "and again, when nothing changed");
    assert!(alice_gets_in(&other, &other.rp_registered(&told)).await);
}

async fn every_setting_is_kept_and_told_back(hub: TestHub) {
    let hub = on(&hub).await;
    let said = [
        ("jwks", own_keys()),
        ("token_endpoint_auth_method", json!("private_key_jwt")),
        ("token_endpoint_auth_signing_alg", json!("ES256")),
        ("request_object_signing_alg", json!("ES256")),
        ("userinfo_signed_response_alg", json!("ES256")),
        ("dpop_bound_access_tokens", json!(true)),
        ("require_pushed_authorization_requests", json!(true)),
        ("post_logout_redirect_uris", json!(["https://atelier.example/"])),
        ("backchannel_logout_uri", json!("https://atelier.example/out")),
        ("frontchannel_logout_uri", json!("https://atelier.example/frame")),
        ("initiate_login_uri", json!("https://atelier.example/in")),
    ];
    let mut all = metadata();
    said.iter().for_each(|(name, value)| all[name] = value.clone());
    let told = register(&hub, &editor(&hub, Some(1)).await, &all).await;
    assert_eq!(told.answer.status, 201, "{}", told.answer.body);
    for (name, value) in &said {
        assert_eq!(told.json[name], *value, "{name}");
    }
    let services = hub.hub.services();
    let door = services.get(&ServiceId::new(told.text("client_id"))).expect("it is mounted");
    let oidc = door.oidc.as_ref().expect("it speaks");
    assert!(oidc.require_dpop && oidc.require_pushed && oidc.secret.is_none());
    assert_eq!(oidc.assertion_signing, Some(ProofAlgorithm::ES256));
}

async fn a_setting_that_nobody_can_keep_is_refused(hub: TestHub) {
    let hub = on(&hub).await;
    let token = editor(&hub, Some(1)).await;
    let signs = own_keys();
    for hostile in [
        json!({ "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "atelier.example" }),
        json!({ "token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": signs }),
        json!({ "tls_client_certificate_bound_access_tokens": true }),
        json!({ "tls_client_auth_san_dns": "atelier.example" }),
        json!({ "request_object_signing_alg": "ES256" }),
        json!({ "id_token_encrypted_response_alg": "ECDH-ES" }),
        json!({ "id_token_encrypted_response_alg": "RSA-OAEP-256", "jwks": signs }),
    ] {
        let mut all = metadata();
        let own = hostile.as_object().expect("an object");
        own.iter().for_each(|(name, value)| all[name] = value.clone());
        assert_eq!(register(&hub, &token, &all).await.error(), (400, "invalid_client_metadata"), "{hostile}");
    }
    assert_eq!(register(&hub, &token, &metadata()).await.answer.status, 201, "control");
}

async fn certificates_are_registered_where_they_are_seen(hub: TestHub) {
    let token = editor(&hub, None).await;
    let by = |names: &[(&str, &str)]| {
        let mut all = metadata();
        all["token_endpoint_auth_method"] = json!("tls_client_auth");
        names.iter().for_each(|(name, value)| all[name] = json!(value));
        all
    };
    let dns = ("tls_client_auth_san_dns", "atelier.example");
    let nobody = seeing(&hub, ClientAuthorities::default()).await;
    let refused = register(&nobody, &token, &by(&[dns])).await;
    assert_eq!(refused.error(), (400, "invalid_client_metadata"), "no authority vouches for a name");
    let hub = seeing(&hub, believed()).await;
    for wrong in [&[][..], &[("tls_client_auth_san_dns", "*.example")], &[dns, ("tls_client_auth_san_ip", "192.0.2.1")]]
    {
        assert_eq!(register(&hub, &token, &by(wrong)).await.error(), (400, "invalid_client_metadata"), "{wrong:?}");
    }
    let told = register(&hub, &token, &by(&[dns])).await;
    assert_eq!((told.answer.status.as_u16(), told.text(dns.0)), (201, dns.1), "control: {}", told.answer.body);
    assert_eq!(told.json["client_secret"], Value::Null);
}

/// A hub that sees certificates, and believes those authorities about them.
async fn seeing(hub: &TestHub, authorities: ClientAuthorities) -> TestHub {
    hub.again_with(|setup| {
        setup.config.registration = true;
        setup.config.mtls_url = Some(format!("https://{MTLS_HOST}"));
        setup.client_authorities = authorities;
    })
    .await
}

/// The keys a service signs with.
fn own_keys() -> Value {
    json!({ "keys": [PrivateKey::draw(Alg::ES256).public().to_jwk("own", Alg::ES256)] })
}

/// An authority that vouches for services.
fn believed() -> ClientAuthorities {
    let mut params = rcgen::CertificateParams::new(Vec::new()).expect("no host");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let own = rcgen::CertifiedIssuer::self_signed(params, rcgen::KeyPair::generate().expect("a key"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, own.expect("an authority").pem()).expect("the authority is written");
    ClientAuthorities::load(&[file]).expect("an authority is read")
}
