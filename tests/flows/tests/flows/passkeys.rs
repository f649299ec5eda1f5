//! Passkeys: made, used without a name and as a second factor, removed; and what is refused, each beside what is not.

use futures::future::BoxFuture;
use preau_authenticator::{Authenticator, Said};
use preau_domain::{AccountState, AuditKind, Factor, Instant, PendingId, Person, Seconds};
use preau_flows::{ALICE, Browser, GAELLE, NOE, Role, TestHub, When, authenticator, stories};
use preau_store::{Ending, FactorUse, Store};
use serde_json::json;
use std::sync::Arc;

stories!(
    a_passkey_signs_in_without_a_name,
    a_challenge_is_answered_once,
    a_passkey_used_elsewhere_meanwhile_opens_nothing,
    a_sign_in_that_ended_elsewhere_is_over_for_a_passkey,
    a_challenge_is_answered_in_time_by_whom_it_was_asked,
    a_passkey_opens_the_account_it_was_made_for,
    a_name_of_a_passkey_is_one_accounts,
    a_counter_that_goes_back_is_refused_and_told,
    whoever_may_not_sign_in_has_no_passkey_either,
    what_is_asked_tells_nothing_of_anybody,
    a_passkey_is_added_after_a_recent_proof,
    a_stolen_password_changes_nothing_where_there_is_a_passkey,
    a_passkey_that_is_removed_is_out_everywhere,
    the_last_passkey_of_an_administrator_stays,
    a_service_that_wants_two_factors_gets_them_or_an_error,
    half_a_sign_in_is_none,
    a_service_of_saml_wants_two_factors,
);

const HONEST: Said = Said {
    origin: None,
    domain: None,
    kind: None,
    cross_origin: false,
    challenge: None,
    flags: None,
    counter: None,
    algorithm: None,
    behind: Vec::new(),
    twice: false,
    handle: None,
    id: None,
    named: None,
    forged: false,
};
const TWO_FACTORS: &str = "https://refeds.org/profile/mfa";

/// Somebody signed in at home, and a device that has a passkey of theirs.
async fn equipped(hub: &TestHub, who: &Role) -> (Browser, Authenticator) {
    let (mut browser, mut device) = (hub.browser(), authenticator());
    browser.sign_in(who).at_home().await;
    let added = browser.add_passkey(&mut device, &HONEST).await;
    assert_eq!(added.location(), Some("/account"), "{}", added.words());
    (browser, device)
}

async fn journal(hub: &TestHub, who: &Role, kind: AuditKind) -> Vec<String> {
    hub.hub.store.flush_audit().await.expect("it is written");
    let told = hub.hub.store.audit_about(&who.person_id(), Instant(0), 100).await.expect("it is read");
    told.into_iter().filter(|event| event.kind == kind).map(|event| event.detail).collect()
}

async fn a_passkey_signs_in_without_a_name(hub: TestHub) {
    let (_, mut device) = equipped(&hub, &ALICE).await;
    let told = journal(&hub, &ALICE, AuditKind::FactorsChanged).await;
    assert!(told.len() == 1 && told[0].starts_with("passkey-added "), "{told:?}");
    let mut fresh = hub.browser();
    let page = fresh.visit("/").await;
    hub.faults.fail(0, When::Before);
    let home = fresh.prove_passkey(&page, &mut device, &HONEST).await;
    assert_eq!(home.location(), Some("/"), "{}", home.words());
    let (calls, apart) = (hub.faults.calls(), ["answer_by_factor", "keep", "take_kept", "remember_device"]);
    assert!(
        calls.contains(&"begin_session") && !calls.iter().any(|call| apart.contains(call)),
        "one stroke: {calls:?}"
    );
    assert!(fresh.visit("/").await.words().contains("Alice"));
    assert!(journal(&hub, &ALICE, AuditKind::SignInSucceeded).await.contains(&"passkey".to_owned()));
    let rp = hub.rp("rp");
    let code = fresh.get(&rp.url()).await.code();
    let claims = rp.claims(rp.redeem(&code).await.text("id_token")).await;
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!(TWO_FACTORS), &json!(["pop", "user", "mfa"])));
    let account = fresh.get("/account").await;
    assert!(account.words().contains("Téléphone") && account.words().contains("A servi"), "{}", account.words());
}

async fn a_challenge_is_answered_once(hub: TestHub) {
    let (_, mut device) = equipped(&hub, &ALICE).await;
    let mut browser = hub.browser();
    let page = browser.visit("/").await;
    let forged = browser.prove_passkey(&page, &mut device, &Said { forged: true, ..HONEST }).await;
    assert_eq!(forged.status, 422);
    assert!(forged.words().contains("ne vous a pas identifié"), "{}", forged.words());
    let again = browser.prove_passkey(&page, &mut device, &HONEST).await;
    assert_eq!((again.status.as_u16(), browser.signed_in()), (422, false), "the challenge was answered");
    let control = browser.prove_passkey(&forged, &mut device, &HONEST).await;
    assert_eq!((control.location(), browser.signed_in()), (Some("/"), true));
}

async fn a_passkey_used_elsewhere_meanwhile_opens_nothing(hub: TestHub) {
    let (_, mut device) = equipped(&hub, &ALICE).await;
    let Factor { id, counter, doc, .. } =
        hub.hub.store.factors_of(&ALICE.person_id()).await.expect("they are read").remove(0);
    let mut browser = hub.browser();
    let page = browser.visit("/").await;
    let used = FactorUse { id, was: counter, counter: counter + 100, doc, at: hub.hub.now() };
    let elsewhere = move |store: Arc<dyn Store>| -> BoxFuture<'static, ()> {
        Box::pin(async move { store.use_factor(&used).await.expect("it is used") })
    };
    hub.faults.meanwhile("factor", Box::new(elsewhere));
    let raced = browser.prove_passkey(&page, &mut device, &HONEST).await;
    assert_eq!((raced.status.as_u16(), browser.signed_in()), (422, false), "{}", raced.words());
    assert!(journal(&hub, &ALICE, AuditKind::SignInRefused).await.contains(&"passkey-raced".to_owned()));
    let again = browser.prove_passkey(&page, &mut device, &HONEST).await;
    assert_eq!((again.status.as_u16(), browser.signed_in()), (422, false), "its challenge was answered");
    browser.prove_passkey(&again, &mut device, &HONEST).await;
    assert!(browser.signed_in(), "control");
}

async fn a_sign_in_that_ended_elsewhere_is_over_for_a_passkey(hub: TestHub) {
    let (_, mut device) = equipped(&hub, &ALICE).await;
    let mut browser = hub.browser();
    let page = browser.visit("/").await;
    let id = page.form_with("answer").action.split('/').nth(2).expect("of a sign-in").to_owned();
    let ending = Ending { id: PendingId::new(id), until: hub.hub.now() + Seconds(900) };
    let elsewhere = move |store: Arc<dyn Store>| -> BoxFuture<'static, ()> {
        Box::pin(async move { assert!(store.end_pending(&ending).await.expect("it ends")) })
    };
    hub.faults.meanwhile("factor", Box::new(elsewhere));
    let late = browser.prove_passkey(&page, &mut device, &HONEST).await;
    assert_eq!((late.status.as_u16(), browser.signed_in()), (400, false), "{}", late.words());
    let page = browser.visit("/").await;
    browser.prove_passkey(&page, &mut device, &HONEST).await;
    assert!(browser.signed_in(), "control");
}

async fn a_challenge_is_answered_in_time_by_whom_it_was_asked(hub: TestHub) {
    let (mut alice, mut device) = equipped(&hub, &ALICE).await;
    let (mut one, mut other) = (hub.browser(), hub.browser());
    let (mine, theirs) = (one.visit("/").await, other.visit("/").await);
    let answer = device.get(&theirs.passkey_asked().expect("it asks"), &HONEST);
    let form = mine.form_with("answer");
    let challenge = theirs.form_with("answer").value("challenge").expect("it is there").to_owned();
    let swapped = one.submit_once(&form, &[("challenge", &challenge), ("answer", &answer)]).await;
    assert_eq!((swapped.status.as_u16(), one.signed_in()), (422, false), "of another sign-in");
    let control = other.submit_once(&theirs.form_with("answer"), &[("answer", &answer)]).await;
    assert_eq!(control.location(), Some("/"));
    let page = alice.visit("/").await;
    assert!(page.passkey_asked().is_none(), "nobody is asked who is signed in");
    let page = other.get("/account/passkeys/new").await;
    let made = authenticator().create(&page.passkey_asked().expect("it asks"), &HONEST);
    hub.clock.advance(11 * 60);
    let late = other.submit_once(&page.form_with("answer"), &[("answer", &made), ("name", "x")]).await;
    assert_eq!(late.status, 422, "too late");
    let added = other.add_passkey(&mut authenticator(), &HONEST).await;
    assert_eq!(added.location(), Some("/account"), "control");
}

async fn a_passkey_opens_the_account_it_was_made_for(hub: TestHub) {
    let (_, mut alices) = equipped(&hub, &ALICE).await;
    equipped(&hub, &NOE).await;
    let noe = hub.hub.keyring.handle(&NOE.person_id()).to_vec();
    let mut browser = hub.browser();
    let page = browser.visit("/").await;
    let wrong = browser.prove_passkey(&page, &mut alices, &Said { handle: Some(noe), ..HONEST }).await;
    assert_eq!((wrong.status.as_u16(), browser.signed_in()), (422, false));
    browser.prove_passkey(&wrong, &mut alices, &HONEST).await;
    assert!(browser.visit("/").await.words().contains("Alice"), "control");
}

async fn a_name_of_a_passkey_is_one_accounts(hub: TestHub) {
    let (mut alice, mut noe, name) = (hub.browser(), hub.browser(), Said { id: Some(vec![7; 32]), ..HONEST });
    alice.sign_in(&ALICE).at_home().await;
    noe.sign_in(&NOE).at_home().await;
    let first = alice.add_passkey(&mut authenticator(), &name).await;
    assert_eq!(first.location(), Some("/account"), "control");
    let second = noe.add_passkey(&mut authenticator(), &name).await;
    assert_eq!(second.status, 422, "{}", second.words());
    let kept = hub.hub.store.factors_of(&NOE.person_id()).await.expect("they are read");
    assert_eq!(kept, []);
    assert_eq!(journal(&hub, &NOE, AuditKind::FactorsChanged).await, ["refused passkey-taken"]);
}

async fn a_counter_that_goes_back_is_refused_and_told(hub: TestHub) {
    let (_, mut device) = equipped(&hub, &ALICE).await;
    let at = |counter| Said { counter: Some(counter), ..HONEST };
    for (counter, opens) in [(5, true), (5, false), (4, false), (6, true)] {
        let mut browser = hub.browser();
        let page = browser.visit("/").await;
        let answer = browser.prove_passkey(&page, &mut device, &at(counter)).await;
        assert_eq!(browser.signed_in(), opens, "{counter}: {}", answer.words());
        if !opens {
            let told = journal(&hub, &ALICE, AuditKind::SignInRefused).await;
            assert!(told.contains(&"passkey-counter".to_owned()), "it is hers: {told:?}");
        }
    }
}

async fn whoever_may_not_sign_in_has_no_passkey_either(hub: TestHub) {
    let (_, mut device) = equipped(&hub, &ALICE).await;
    hub.put(Person { state: AccountState::Suspended, ..ALICE.person() }).await;
    let mut browser = hub.browser();
    let page = browser.visit("/").await;
    let suspended = browser.prove_passkey(&page, &mut device, &HONEST).await;
    let unknown = Said { id: None, ..HONEST };
    let mut stranger = authenticator();
    let asked = equipped_question(&hub).await;
    stranger.create(&asked, &unknown);
    let nobody = browser.prove_passkey(&suspended, &mut stranger, &HONEST).await;
    assert_eq!((suspended.status.as_u16(), nobody.status.as_u16(), browser.signed_in()), (422, 422, false));
    let sentence = "Cette clé d’accès ne vous a pas identifié.";
    assert!(suspended.words().contains(sentence) && nobody.words().contains(sentence), "one answer for both");
    hub.put(ALICE.person()).await;
    browser.prove_passkey(&nobody, &mut device, &HONEST).await;
    assert!(browser.signed_in(), "control");
}

/// What a page asks of whoever makes a passkey, without its being added.
async fn equipped_question(hub: &TestHub) -> String {
    let mut noe = hub.browser();
    noe.sign_in(&NOE).at_home().await;
    noe.get("/account/passkeys/new").await.passkey_asked().expect("it asks")
}

async fn what_is_asked_tells_nothing_of_anybody(hub: TestHub) {
    equipped(&hub, &ALICE).await;
    for who in [&ALICE, &NOE] {
        let mut browser = hub.browser();
        let page = browser.password_page("/", who).await;
        let wrong = browser.try_password(&page, who.login, "pas-le-bon").await;
        for asked in [page.passkey_asked(), wrong.passkey_asked()] {
            let asked = asked.expect("it asks");
            assert!(asked.contains(r#""allowCredentials":[]"#), "{}: {asked}", who.login);
        }
        assert!(page.body.contains("autocomplete=\"username webauthn\""), "the browser may offer one");
    }
}

async fn a_passkey_is_added_after_a_recent_proof(hub: TestHub) {
    let mut alice = hub.browser();
    let nobody = alice.get("/account/passkeys/new").await;
    assert!(nobody.location().is_some_and(|to| to.starts_with("/sign-in/")));
    alice.sign_in(&ALICE).at_home().await;
    let page = alice.get("/account/passkeys/new").await;
    let answer = authenticator().create(&page.passkey_asked().expect("control: it asks"), &HONEST);
    hub.clock.advance(16 * 60);
    let fields = [("answer", answer.as_str()), ("name", "x")];
    let late = alice.submit_once(&page.form_with("answer"), &fields).await;
    assert!(late.location().is_some_and(|to| to.starts_with("/sign-in/")), "{}", late.status);
    assert_eq!(hub.hub.store.factors_of(&ALICE.person_id()).await.expect("they are read"), []);
    let page = alice.password_page("/account/passkeys/new", &ALICE).await;
    let back = alice.try_password(&page, ALICE.login, ALICE.password).await;
    assert_eq!(back.location(), Some("/account/passkeys/new"));
    let added = alice.add_passkey(&mut authenticator(), &HONEST).await;
    assert_eq!(added.location(), Some("/account"));
    let another = hub.browser().submit_once(&page.form_with("answer"), &fields).await;
    assert_ne!(another.location(), Some("/account"), "a form of another browser");
}

async fn a_stolen_password_changes_nothing_where_there_is_a_passkey(hub: TestHub) {
    let (_, mut device) = equipped(&hub, &ALICE).await;
    let mut thief = hub.browser();
    thief.sign_in(&ALICE).at_home().await;
    let account = thief.get("/account").await;
    for form in ["/account/factors/remove", "/account/factors/name"] {
        let answer = thief.submit_once(&account.form_to(form), &[("name", "à moi")]).await;
        assert!(answer.location().is_some_and(|to| to.starts_with("/sign-in/")), "{form}: {}", answer.status);
    }
    let page = thief.visit("/account/passkeys/new").await;
    assert!(page.words().contains("Confirmez que c’est bien vous"), "{}", page.words());
    let kept = hub.hub.store.factors_of(&ALICE.person_id()).await.expect("they are read");
    assert_eq!(kept.iter().map(|factor| factor.name.as_str()).collect::<Vec<_>>(), ["Téléphone"]);
    let onward = thief.prove_passkey(&page, &mut device, &HONEST).await;
    assert_eq!(onward.location(), Some("/account/passkeys/new"), "control: whoever has it as well");
    let added = thief.add_passkey(&mut authenticator(), &HONEST).await;
    assert_eq!(added.location(), Some("/account"), "{}", added.words());
}

async fn a_passkey_that_is_removed_is_out_everywhere(hub: TestHub) {
    let (mut first, mut device) = equipped(&hub, &ALICE).await;
    let mut second = hub.browser();
    let page = second.visit("/").await;
    second.prove_passkey(&page, &mut device, &HONEST).await;
    let account = second.get("/account").await;
    let named = second.submit_once(&account.form_to("/factors/name"), &[("name", "Vieux téléphone")]).await;
    assert_eq!(named.location(), Some("/account"));
    assert_eq!(first.get("/account").await.status, 200, "control: both are signed in");
    let removed = second.submit_once(&account.form_to("/factors/remove"), &[]).await;
    assert_eq!(removed.location(), Some("/account"), "{}", removed.words());
    assert!(first.get("/account").await.location().is_some_and(|to| to.starts_with("/sign-in/")), "it is closed");
    assert_eq!(second.get("/account").await.status, 200);
    let mut fresh = hub.browser();
    let page = fresh.visit("/").await;
    assert_eq!(fresh.prove_passkey(&page, &mut device, &HONEST).await.status, 422);
    let told = journal(&hub, &ALICE, AuditKind::FactorsChanged).await;
    let all = ["passkey-removed ", "factor-renamed ", "passkey-added "];
    assert!(all.iter().all(|one| told.iter().any(|told| told.starts_with(one))), "{told:?}");
}

async fn the_last_passkey_of_an_administrator_stays(hub: TestHub) {
    let hub = hub.again_with(|setup| setup.config.administrators = vec![GAELLE.id.to_owned()]).await;
    let (mut gaelle, mut device) = equipped(&hub, &GAELLE).await;
    let page = gaelle.visit("/sources").await;
    assert!(
        page.words().contains("Confirmez que c’est bien vous"),
        "a password alone administers no more: {}",
        page.words()
    );
    let sources = gaelle.prove_passkey(&page, &mut device, &HONEST).await;
    assert_eq!(sources.location(), Some("/sources"));
    assert_eq!(gaelle.get("/sources").await.status, 200);
    let account = gaelle.get("/account").await;
    let last = gaelle.submit_once(&account.form_to("/factors/remove"), &[]).await;
    assert_eq!(last.status, 422);
    assert!(last.words().contains("dernier moyen de connexion"), "{}", last.words());
    gaelle.add_passkey(&mut authenticator(), &HONEST).await;
    let account = gaelle.get("/account").await;
    let removed = gaelle.submit_once(&account.form_to("/factors/remove"), &[]).await;
    assert_eq!(removed.location(), Some("/account"), "control: another one is left");
    assert_eq!(hub.hub.store.factors_of(&GAELLE.person_id()).await.expect("they are read").len(), 1);
    let (mut alice, _) = equipped(&hub, &ALICE).await;
    let account = alice.get("/account").await;
    let page = alice.submit_once(&account.form_to("/factors/remove"), &[]).await;
    assert!(page.location().is_some_and(|to| to.starts_with("/sign-in/")), "she proves it first");
}

async fn a_service_that_wants_two_factors_gets_them_or_an_error(hub: TestHub) {
    let (mut alice, mut device) = equipped(&hub, &ALICE).await;
    let (rp, insists) = (hub.rp("rp"), json!({ "id_token": { "acr": { "essential": true, "value": TWO_FACTORS } } }));
    let asked = rp.url_with(&[("claims", &insists.to_string())]);
    let page = alice.visit(&asked).await;
    assert!(page.words().contains("Confirmez que c’est bien vous"), "{}", page.words());
    let code = alice.prove_passkey(&page, &mut device, &HONEST).await.code();
    let claims = rp.claims(rp.redeem(&code).await.text("id_token")).await;
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!(TWO_FACTORS), &json!(["pwd", "pop", "user", "mfa"])));
    let wishes = rp.url_with(&[("acr_values", "phr")]);
    let code = alice.get(&wishes).await.code();
    assert_eq!(rp.claims(rp.redeem(&code).await.text("id_token")).await["acr"], "phr", "what was wished for is told");
    let mut noe = hub.browser();
    let refused = noe.sign_in(&NOE).through(&asked).await.answer;
    assert_eq!(refused.told("error"), "unmet_authentication_requirements", "he has none: {}", refused.words());
    let code = noe.get(&wishes).await.code();
    assert_eq!(rp.claims(rp.redeem(&code).await.text("id_token")).await["acr"], "password", "a wish is no more");
}

async fn half_a_sign_in_is_none(hub: TestHub) {
    let (_, mut device) = equipped(&hub, &ALICE).await;
    let (_, mut noes) = equipped(&hub, &NOE).await;
    let (rp, insists) = (hub.rp("rp"), json!({ "id_token": { "acr": { "essential": true, "value": TWO_FACTORS } } }));
    let asked = rp.url_with(&[("claims", &insists.to_string())]);
    let mut browser = hub.browser();
    let page = browser.sign_in(&ALICE).through(&asked).await.answer;
    assert!(page.words().contains("Confirmez que c’est bien vous"), "{}", page.words());
    assert!(!browser.signed_in(), "no session began");
    let elsewhere = browser.get(&rp.url()).await;
    assert!(elsewhere.location().is_some_and(|to| to.starts_with("/sign-in/")), "the step cannot be gone around");
    let another = browser.prove_passkey(&page, &mut noes, &HONEST).await;
    assert_eq!((another.status.as_u16(), browser.signed_in()), (422, false), "the passkey of somebody else");
    let code = browser.prove_passkey(&another, &mut device, &HONEST).await.code();
    assert!(browser.signed_in(), "control");
    assert_eq!(rp.claims(rp.redeem(&code).await.text("id_token")).await["acr"], TWO_FACTORS);
}

async fn a_service_of_saml_wants_two_factors(hub: TestHub) {
    let (mut alice, mut device) = equipped(&hub, &ALICE).await;
    let sp = hub.sp("sp");
    let mut request = sp.request();
    request.requested_context = Some(preau_saml::messages::RequestedContext {
        comparison: preau_saml::messages::Comparison::Exact,
        classes: vec![TWO_FACTORS.to_owned()],
    });
    let page = alice.visit(&sp.url_of(&request)).await;
    assert!(page.words().contains("Confirmez que c’est bien vous"), "{}", page.words());
    let answer = alice.prove_passkey(&page, &mut device, &HONEST).await;
    let told = sp.told(&answer).await;
    assert_eq!(told.assertion().authn[0].class.as_deref(), Some(TWO_FACTORS));
    let mut noe = hub.browser();
    request.id.push('n');
    let refused = noe.sign_in(&NOE).through(&sp.url_of(&request)).await.answer;
    assert!(sp.told(&refused).await.status().ends_with("NoAuthnContext"), "he has none");
}
