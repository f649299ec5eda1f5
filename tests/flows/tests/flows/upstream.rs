//! People who sign in at another provider: the way there and back, and which account it leads to.

use preau_domain::{AccountState, AuditKind, AuthnMethod};
use preau_flows::{ALICE, Answer, Browser, HUGO, NOE, Provider, TestHub, Trip, stories};
use serde_json::{Value, json};

stories!(
    somebody_vouched_for_comes_in_and_is_known_from_then_on,
    the_browser_is_sent_with_everything_that_binds_the_answer,
    nobody_gets_an_account_by_being_vouched_for,
    a_mail_address_leads_to_no_account,
    who_has_several_accounts_chooses_one,
    a_reference_of_educonnect_leads_to_the_record_it_names,
    who_must_prove_themselves_again_does_so_there,
    no_instant_of_a_proof_is_made_up,
    a_class_of_proof_is_had_where_it_can_be_had,
    a_public_may_have_a_password_and_a_provider_beside,
    the_provider_s_no_is_a_page,
    a_provider_may_want_a_key_instead_of_a_secret,
    a_secret_that_a_provider_replaced_is_read_anew,
    whom_a_provider_sends_by_itself_is_asked_for_there,
);

/// What a lie does to claims.
pub type Change = fn(&mut Value);

/// Sends a browser of staff to the provider, from the home page.
pub async fn leave(hub: &TestHub, browser: &mut Browser) -> Trip {
    leave_from(hub, browser, "/").await
}

/// Sends a browser of staff to the provider, from a page that asks to sign in.
pub async fn leave_from(hub: &TestHub, browser: &mut Browser, page: &str) -> Trip {
    let page = browser.visit(page).await;
    let way = page.links().into_iter().map(|(_, to)| to).find(|to| to.contains("/elsewhere/"));
    let way = way.unwrap_or_else(|| panic!("no way to the provider: {}", page.words()));
    let gone = browser.get(&way).await;
    Trip::read(hub, gone.location().unwrap_or_else(|| panic!("{} {}", gone.status, gone.words())))
}

/// Brings the browser back with a code for which the provider hands out this token.
pub async fn come_back(provider: &Provider, browser: &mut Browser, trip: &Trip, id_token: &str) -> Answer {
    provider.hands_out(id_token);
    let (state, issuer) = (trip.value("state"), provider.issuer());
    browser.get(&trip.back(&[("code", "code-9"), ("state", &state), ("iss", &issuer)])).await
}

/// Somebody comes in, with some claims changed.
pub async fn come_in(hub: &TestHub, provider: &Provider, browser: &mut Browser, change: impl Fn(&mut Value)) -> Answer {
    let trip = leave(hub, browser).await;
    let mut claims = provider.claims(hub, &trip);
    change(&mut claims);
    let token = provider.sign("k1", "JWT", &claims);
    hub.secrets.saw("id token", &token);
    come_back(provider, browser, &trip, &token).await
}

/// Takes a claim away.
pub fn without(claims: &mut Value, name: &str) {
    claims.as_object_mut().expect("claims are an object").remove(name);
}

/// From a tile of the provider's: a request of ours decides who comes in, where the configuration lets it send anybody.
async fn whom_a_provider_sends_by_itself_is_asked_for_there(hub: TestHub) {
    let provider = Provider::start().await;
    let closed = provider.serves_staff(&hub, "").await;
    assert_eq!(closed.browser().get("/upstream/guichet/enter").await.status, 404, "nobody is sent");
    let hub = provider.serves_staff(&hub, "unsolicited = true").await;
    let mut browser = hub.browser();
    let begun = browser.get("/upstream/guichet/enter?sub=agent-8&iss=https://elsewhere.example").await;
    let gone = browser.get(begun.location().unwrap_or_default()).await;
    let trip = Trip::read(&hub, gone.location().unwrap_or_else(|| panic!("{} {}", gone.status, gone.words())));
    let token = provider.sign("k1", "JWT", &provider.claims(&hub, &trip));
    let answer = come_back(&provider, &mut browser, &trip, &token).await;
    assert_eq!(answer.location(), Some("/"), "{}", answer.words());
    assert!(browser.visit("/").await.words().contains("Alice Martin"), "whom the provider names, and not the link");
    assert_eq!(browser.get("/upstream/guichet/enter").await.location(), Some("/"), "who is in stays who they are");
}

/// First by the rule of the configuration, then by the link alone (domain: matching a federated identity).
async fn somebody_vouched_for_comes_in_and_is_known_from_then_on(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    let mut browser = hub.browser();
    let answer = come_in(&hub, &provider, &mut browser, |claims| claims["acr"] = json!("eidas2")).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, Some("/")), "{}", answer.words());
    assert!(browser.visit("/").await.words().contains("Alice Martin"));
    let journal = hub.journal(answer.incident()).await;
    let kinds: Vec<AuditKind> = journal.iter().map(|event| event.kind).collect();
    assert!(kinds.contains(&AuditKind::SignInSucceeded) && kinds.contains(&AuditKind::AccountLinked), "{kinds:?}");
    let sessions = hub.hub.store.sessions_of(&ALICE.person_id(), hub.hub.now()).await.expect("sessions");
    let proof = &sessions[0].authentication;
    assert_eq!((proof.method, proof.acr.as_deref()), (AuthnMethod::Federated, Some("eidas2")));
    let mut later = hub.browser();
    let answer = come_in(&hub, &provider, &mut later, |claims| without(claims, "record")).await;
    assert_eq!(answer.location(), Some("/"), "the link is enough: {}", answer.words());
    let answer = come_in(&hub, &provider, &mut hub.browser(), |claims| claims["sub"] = json!("agent-8")).await;
    assert_eq!(answer.location(), Some("/"), "the rule holds for whoever it names");
}

/// State, nonce, PKCE and our own address, new each time.
async fn the_browser_is_sent_with_everything_that_binds_the_answer(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "scopes = [\"profile\"]\nacr_values = [\"eidas2\"]").await;
    let (trip, other) = (leave(&hub, &mut hub.browser()).await, leave(&hub, &mut hub.browser()).await);
    assert_eq!(trip.endpoint(), format!("{}/authorize", provider.issuer()));
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", "preau"),
        ("code_challenge_method", "S256"),
        ("redirect_uri", "https://ent.example/upstream/guichet/callback"),
        ("acr_values", "eidas2"),
        ("ui_locales", "fr"),
        ("scope", "openid profile"),
        ("prompt", ""),
    ] {
        assert_eq!(trip.value(name), value, "{name}");
    }
    for name in ["state", "nonce", "code_challenge"] {
        assert!(trip.value(name).len() >= 32 && trip.value(name) != other.value(name), "{name}");
    }
    let answer = come_in(&hub, &provider, &mut hub.browser(), |claims| claims["acr"] = json!("eidas2")).await;
    assert_eq!(answer.location(), Some("/"), "control: {}", answer.words());
    let asked = &provider.heard("/token")[0];
    assert!(asked.field("code_verifier").len() == 43 && asked.field("client_secret").is_empty());
    assert!(asked.head.to_ascii_lowercase().contains("authorization: basic "), "{}", asked.head);
    let weaker = come_in(&hub, &provider, &mut hub.browser(), |claims| claims["acr"] = json!("eidas1")).await;
    assert_eq!(weaker.status, 403, "a weaker proof than was asked for is refused");
}

/// No account, or none that may be used: a page with the number to quote, and nothing is made.
async fn nobody_gets_an_account_by_being_vouched_for(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    hub.put(preau_domain::Person { state: AccountState::Suspended, ..HUGO.person() }).await;
    for (record, title) in
        [("key-nobody", "Aucun compte ne vous correspond ici"), (&HUGO.key(), "Votre compte est suspendu")]
    {
        let mut browser = hub.browser();
        let trip = leave(&hub, &mut browser).await;
        let mut claims = provider.claims(&hub, &trip);
        claims["record"] = json!(record);
        let token = provider.sign("k1", "JWT", &claims);
        let attack = hub.under_attack();
        let answer = come_back(&provider, &mut browser, &trip, &token).await;
        assert_eq!(answer.status, 403);
        assert!(answer.words().contains(title), "{}", answer.words());
        assert!(answer.words().contains(answer.incident()), "the number to quote");
        attack.repelled(&answer).await;
    }
    let control = come_in(&hub, &provider, &mut hub.browser(), |_| {}).await;
    assert_eq!(control.location(), Some("/"));
}

/// The same mail address from another provider links nothing (RP-09), and no rule may name one.
async fn a_mail_address_leads_to_no_account(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    let mail = ALICE.person().mail;
    let answer = come_in(&hub, &provider, &mut hub.browser(), |claims| {
        claims["record"] = json!(mail);
        claims["email"] = json!(mail);
        claims["email_verified"] = json!(true);
    })
    .await;
    assert_eq!(answer.status, 403);
    assert!(answer.words().contains("Aucun compte"), "{}", answer.words());
    for claim in ["email", "mail", "ctemail", "Email", "ctEMail"] {
        let rule = format!("match = [{{ claim = \"{claim}\", as = \"login\", source = \"annuaire\" }}]");
        let problems = provider.try_source(&rule).err().unwrap_or_default();
        assert!(problems.iter().any(|what| what.contains("mail addresses")), "{claim}: {problems:?}");
    }
    let by_login = "match = [{ claim = \"uid\", as = \"login\", source = \"annuaire\" }]";
    assert!(provider.try_source(by_login).is_ok(), "control");
}

/// Two records, two accounts: the person says which, and may say the other next time.
async fn who_has_several_accounts_chooses_one(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    let both = |claims: &mut Value| claims["record"] = json!([ALICE.key(), HUGO.key()]);
    for (index, name) in [("0", "Alice Martin"), ("1", "Hugo Lambert")] {
        let mut browser = hub.browser();
        let answer = come_in(&hub, &provider, &mut browser, both).await;
        assert!(!browser.signed_in(), "nobody is in before they chose");
        let page = browser.visit(answer.location().unwrap_or_default()).await;
        let words = page.words();
        assert!(words.contains("Alice Martin") && words.contains("Hugo Lambert"), "{words}");
        let form = page.form_with("account");
        let outside = browser.submit_once(&form, &[("account", "2")]).await;
        assert_eq!(outside.status, 400, "an account that was not offered");
        let stranger = hub.browser().submit_once(&form, &[("account", index)]).await;
        assert_eq!(stranger.status, 400, "another browser");
        let chosen = browser.submit_once(&form, &[("account", index)]).await;
        assert_eq!(chosen.location(), Some("/"), "{}", chosen.words());
        assert!(browser.visit("/").await.words().contains(name));
    }
}

/// One value of several is of our academy.
async fn a_reference_of_educonnect_leads_to_the_record_it_names(hub: TestHub) {
    let provider = Provider::start().await;
    let rule = "match = [{ claim = \"ref\", as = \"aaf\", source = \"annuaire\", academies = [\"16\"] }]";
    let hub = provider.serves_staff(&hub, rule).await;
    let refs = |academy: &'static str| {
        move |claims: &mut Value| {
            claims["ref"] = json!([format!("{{AAF}}{academy}|2D|{}", ALICE.key()), "{AAF}17|2D|1", "junk"]);
        }
    };
    let elsewhere = come_in(&hub, &provider, &mut hub.browser(), refs("15")).await;
    assert_eq!(elsewhere.status, 403);
    let ours = come_in(&hub, &provider, &mut hub.browser(), refs("16")).await;
    assert_eq!(ours.location(), Some("/"), "{}", ours.words());
}

/// `renew` goes through: the provider is asked for a proof made now, and held to it.
async fn who_must_prove_themselves_again_does_so_there(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    let app = hub.app("app");
    let again = |old: i64| {
        let (hub, provider, app) = (&hub, &provider, &app);
        async move {
            let mut browser = hub.browser();
            come_in(hub, provider, &mut browser, |_| {}).await;
            hub.clock.advance(600);
            let page = browser.visit(&app.login_with(&[("renew", "true")])).await;
            let way = page.link("Enseignant").unwrap_or_else(|| panic!("{}", page.words()));
            let gone = browser.get(&way).await;
            let trip = Trip::read(hub, gone.location().unwrap_or_default());
            assert_eq!((trip.value("prompt").as_str(), trip.value("max_age").as_str()), ("login", "0"));
            let mut claims = provider.claims(hub, &trip);
            claims["auth_time"] = json!(hub.hub.now().seconds() - old);
            come_back(provider, &mut browser, &trip, &provider.sign("k1", "JWT", &claims)).await
        }
    };
    assert_eq!(again(600).await.status, 403, "a proof of before is no proof of now");
    let answer = again(0).await;
    assert!(answer.location().is_some_and(|to| to.contains("ticket=ST-")), "control: {}", answer.words());
}

/// A provider need not say when somebody proved themselves, unless it is asked by `max_age`. Then a service is told what it said.
async fn no_instant_of_a_proof_is_made_up(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    let rp = hub.rp("rp");
    let mut browser = hub.browser();
    come_in(&hub, &provider, &mut browser, |claims| without(claims, "auth_time")).await;
    let tokens = rp.redeem(&browser.visit(&rp.url()).await.code()).await;
    assert_eq!(rp.claims(tokens.text("id_token")).await.get("auth_time"), None);
    let again = browser.get(&rp.url_with(&[("prompt", "none"), ("id_token_hint", tokens.text("id_token"))])).await;
    again.code();
    let page = browser.visit(&rp.url_with(&[("max_age", "86400")])).await;
    let gone = browser.get(&page.link("Enseignant").unwrap_or_else(|| panic!("{}", page.words()))).await;
    let trip = Trip::read(&hub, gone.location().unwrap_or_default());
    assert_eq!((trip.value("prompt").as_str(), trip.value("max_age").as_str()), ("login", "0"));
    let token = provider.sign("k1", "JWT", &provider.claims(&hub, &trip));
    let tokens = rp.redeem(&come_back(&provider, &mut browser, &trip, &token).await.code()).await;
    assert_eq!(rp.claims(tokens.text("id_token")).await["auth_time"], json!(hub.hub.now().seconds()));
    browser.get(&rp.url_with(&[("max_age", "86400")])).await.code();
}

/// Core 5.5.1.1: a class that is insisted on is reached, asked for again, or missed in the words of the standard.
async fn a_class_of_proof_is_had_where_it_can_be_had(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "acr_values = [\"eidas2\"]").await;
    let rp = hub.rp("rp");
    let essential =
        |class: &str| json!({ "id_token": { "acr": { "essential": true, "values": [class] } } }).to_string();
    let (eidas2, gold) = (essential("eidas2"), essential("gold"));
    let told = rp.get("/.well-known/openid-configuration", &[]).await;
    let two_factors = ["https://refeds.org/profile/mfa", "phr"];
    assert_eq!(told.json["acr_values_supported"], json!(["eidas2", two_factors[0], "password", two_factors[1]]));
    let mut pupil = hub.browser();
    pupil.sign_in(&NOE).at_home().await;
    pupil.get(&rp.url_with(&[("acr_values", "eidas2 gold")])).await.code();
    let silent = pupil.get(&rp.url_with(&[("claims", &eidas2), ("prompt", "none")])).await;
    assert_eq!(silent.told("error"), "login_required");
    hub.clock.advance(1);
    let by_password = pupil.sign_in(&NOE).through(&rp.url_with(&[("claims", &eidas2)])).await.answer;
    assert_eq!(by_password.told("error"), "unmet_authentication_requirements", "asked again, and a password is none");
    for browser in [&mut pupil, &mut hub.browser()] {
        let never = browser.get(&rp.url_with(&[("claims", &gold)])).await;
        assert_eq!(never.told("error"), "unmet_authentication_requirements");
    }
    let mut staff = hub.browser();
    come_in(&hub, &provider, &mut staff, |claims| claims["acr"] = json!("eidas2")).await;
    let tokens = rp.redeem(&staff.get(&rp.url_with(&[("claims", &eidas2)])).await.code()).await;
    assert_eq!(rp.claims(tokens.text("id_token")).await["acr"], "eidas2");
}

/// A second way in, beside the password.
async fn a_public_may_have_a_password_and_a_provider_beside(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    let hub = hub
        .again_with(|setup| {
            setup.config.sign_in.publics.clear();
            setup.config.sign_in.also.insert("staff".to_owned(), vec!["guichet".to_owned()]);
        })
        .await;
    let mut browser = hub.browser();
    let page = browser.password_page("/", &ALICE).await;
    let way = page.link("Continuer avec Guichet de l’académie").expect("a way beside the password");
    let gone = browser.get(&way).await;
    let trip = Trip::read(&hub, gone.location().unwrap_or_default());
    let token = provider.sign("k1", "JWT", &provider.claims(&hub, &trip));
    assert_eq!(come_back(&provider, &mut browser, &trip, &token).await.location(), Some("/"));
    hub.browser().sign_in(&ALICE).at_home().await;
    let pupil = hub.browser().password_page("/", &NOE).await;
    assert!(!pupil.has_link("Continuer avec"), "it is for staff");
    let id = pupil.url.rsplit('/').next().unwrap_or_default();
    let sneaked = hub.browser().get(&format!("/sign-in/{id}/elsewhere/guichet?public=pupil")).await;
    assert!(sneaked.status.is_client_error());
}

/// Somebody gives up there, and begins again here.
async fn the_provider_s_no_is_a_page(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "").await;
    let mut browser = hub.browser();
    let trip = leave(&hub, &mut browser).await;
    let (state, issuer) = (trip.value("state"), provider.issuer());
    let no = [("error", "access_denied"), ("error_description", "<b>no</b>"), ("state", &state), ("iss", &issuer)];
    let attack = hub.under_attack();
    let answer = browser.get(&trip.back(&no)).await;
    assert!(answer.words().contains("Votre identification n’a pas abouti"), "{}", answer.words());
    assert!(!answer.body.contains("<b>no"), "what it writes is shown to nobody");
    attack.repelled(&answer).await;
    assert_eq!(come_in(&hub, &provider, &mut browser, |_| {}).await.location(), Some("/"), "and again");
}

/// `private_key_jwt`, and a secret in the form.
async fn a_provider_may_want_a_key_instead_of_a_secret(hub: TestHub) {
    let provider = Provider::start().await;
    let post = provider.serves_staff(&hub, "authentication = \"client_secret_post\"").await;
    assert_eq!(come_in(&post, &provider, &mut post.browser(), |_| {}).await.location(), Some("/"));
    assert_eq!(provider.heard("/token")[0].field("client_secret"), "grille-Noire-202");
    let key = preau_keys::jose::PrivateKey::draw(preau_keys::jose::Alg::ES256);
    let der = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, key.to_pkcs8().as_slice());
    let pem = ["BEGIN", "END"].map(|end| format!("-----{end} {} KEY-----\n", "PRIVATE")).join(&format!("{der}\n"));
    std::fs::write(provider.folder().join("key"), pem).expect("a file");
    let more = "authentication = \"private_key_jwt\"\nclient_secret_file = \"\"\nprivate_key_file = \"key\"\nkey_id = \"2026\"";
    let hub = provider.serves_staff(&hub, more).await;
    assert_eq!(come_in(&hub, &provider, &mut hub.browser(), |_| {}).await.location(), Some("/"));
    let asked = provider.heard("/token").pop().expect("the last call");
    let keys = preau_keys::jose::Jwks::parse(
        json!({ "keys": [key.public().to_jwk("2026", preau_keys::jose::Alg::ES256)] }).to_string().as_bytes(),
    );
    let expect =
        preau_keys::jose::Expect { algs: preau_keys::jose::Alg::ALL, typ: preau_keys::jose::Typ::Is(&["JWT"]) };
    let said =
        preau_keys::jose::verify(asked.field("client_assertion"), &keys.expect("a set"), expect).expect("signed");
    assert_eq!((said.text("iss"), said.text("sub")), (Some("preau"), Some("preau")));
    assert_eq!(said.text("aud"), Some(format!("{}/token", provider.issuer()).as_str()));
    assert!(asked.field("client_secret").is_empty() && !asked.head.to_ascii_lowercase().contains("authorization:"));
}

/// The file is changed while the server runs; one that cannot be read changes nothing.
async fn a_secret_that_a_provider_replaced_is_read_anew(hub: TestHub) {
    let provider = Provider::start().await;
    let hub = provider.serves_staff(&hub, "authentication = \"client_secret_post\"").await;
    let file = provider.folder().join("secret");
    for (text, shown) in
        [("", "grille-Noire-202"), ("grille-Noire-203\n", "grille-Noire-203"), ("\n", "grille-Noire-203")]
    {
        if !text.is_empty() {
            std::fs::write(&file, text).expect("a file");
        }
        hub.secrets.saw("client secret", shown);
        assert_eq!(come_in(&hub, &provider, &mut hub.browser(), |_| {}).await.location(), Some("/"));
        assert_eq!(provider.heard("/token").pop().expect("a call").field("client_secret"), shown, "{text:?}");
    }
}
