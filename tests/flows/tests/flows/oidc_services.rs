//! Services that call one another: in their own name, or on behalf of a person. Rows OIDC-34, 35 and 37 of the security page;
//! each attack stands beside the same request without its hostile part.

use preau_connector_api::{ClientAuthentication, OidcGrant, OidcService};
use preau_domain::Profile;
use preau_flows::{ALICE, Document, NOE, OidcRp, TestHub, oidc_service, stories};
use serde_json::json;

stories!(
    a_service_calls_another_in_its_own_name,
    oidc_34_a_token_of_a_service_tells_of_nobody,
    a_service_calls_another_on_behalf_of_a_person,
    oidc_34_an_exchange_gives_what_the_called_service_is_granted,
    oidc_35_no_service_calls_another_unless_both_records_say_so,
    oidc_35_what_is_exchanged_is_the_own_token_of_the_service,
    oidc_37_what_was_exchanged_dies_with_what_it_came_from,
    oidc_37_what_was_exchanged_dies_with_the_very_token_it_came_from,
    oidc_37_a_record_that_changes_closes_the_door_at_once,
    the_journal_knows_what_an_introspection_told,
);

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";

/// A service that calls, and one that is called.
fn pair(hub: &TestHub) -> (OidcRp, OidcRp) {
    (caller(hub, "caller"), called(hub, &["profile", "ent", "meals:read"]))
}

fn caller(hub: &TestHub, id: &str) -> OidcRp {
    hub.rp_with(id, |oidc: &mut OidcService| {
        oidc.grants.extend([OidcGrant::ClientCredentials, OidcGrant::TokenExchange]);
        oidc.calls = vec!["called".to_owned()];
    })
}

fn called(hub: &TestHub, scopes: &[&str]) -> OidcRp {
    hub.rp_with("called", |oidc: &mut OidcService| {
        oidc.scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        oidc.called_by = vec!["caller".to_owned()];
    })
}

async fn exchange(rp: &OidcRp, token: &str, change: &[(&str, &str)]) -> Document {
    let usual =
        [("grant_type", EXCHANGE), ("subject_token", token), ("subject_token_type", ACCESS), ("audience", "called")];
    let kept = usual.into_iter().filter(|(name, _)| !change.iter().any(|(changed, _)| changed == name));
    let form: Vec<_> = kept.chain(change.iter().copied()).collect();
    rp.call("/oidc/token", &form).await
}

async fn signed_in(hub: &TestHub, rp: &OidcRp, scope: &str) -> Document {
    let code = hub.browser().sign_in(&ALICE).through(&rp.url_with(&[("scope", scope)])).await.answer.code();
    rp.redeem(&code).await
}

async fn a_service_calls_another_in_its_own_name(hub: TestHub) {
    let (caller, called) = pair(&hub);
    let asked = [("grant_type", "client_credentials"), ("audience", "called"), ("scope", "meals:read meals:write")];
    let tokens = caller.call("/oidc/token", &asked).await;
    assert_eq!((tokens.text("scope"), &tokens.json["expires_in"]), ("meals:read", &json!(600)));
    assert!(tokens.json.get("id_token").is_none() && tokens.json.get("refresh_token").is_none());
    let told = called.call("/oidc/introspect", &[("token", tokens.access())]).await;
    let who = (told.text("client_id"), told.text("sub"), told.text("aud"), told.text("scope"));
    assert_eq!(who, ("caller", "caller", "called", "meals:read"));
    let other = caller.call("/oidc/introspect", &[("token", tokens.access())]).await;
    assert_eq!(other.json, json!({ "active": false }), "it is made for the service that is called");
    caller.call("/oidc/revoke", &[("token", tokens.access())]).await;
    let told = called.call("/oidc/introspect", &[("token", tokens.access())]).await;
    assert_eq!(told.json, json!({ "active": false }));
}

async fn oidc_34_a_token_of_a_service_tells_of_nobody(hub: TestHub) {
    let (caller, _) = pair(&hub);
    let asked = [("grant_type", "client_credentials"), ("scope", "openid profile email ent offline_access")];
    let tokens = caller.call("/oidc/token", &asked).await;
    assert_eq!(tokens.text("scope"), "");
    assert_eq!(caller.userinfo(tokens.access()).await.error(), (403, "insufficient_scope"));
    let refused = exchange(&caller, tokens.access(), &[]).await;
    assert_eq!(refused.error(), (400, "invalid_request"), "nobody's behalf");
    let told = caller.call("/oidc/introspect", &[("token", tokens.access())]).await;
    assert_eq!((&told.json["active"], told.text("sub")), (&json!(true), "caller"), "control");
    let person = signed_in(&hub, &caller, "openid profile").await;
    assert_eq!(caller.userinfo(person.access()).await.text("name"), "Alice Martin", "control");
}

async fn a_service_calls_another_on_behalf_of_a_person(hub: TestHub) {
    let (caller, called) = pair(&hub);
    let tokens = signed_in(&hub, &caller, "openid profile email").await;
    let given = exchange(&caller, tokens.access(), &[]).await;
    assert_eq!((given.text("issued_token_type"), given.text("scope")), (ACCESS, "openid profile"));
    let told = called.call("/oidc/introspect", &[("token", given.access())]).await;
    assert_eq!((told.text("name"), told.text("client_id"), told.text("aud")), ("Alice Martin", "caller", "called"));
    assert_eq!(told.json["act"], json!({ "sub": "caller" }));
    let own = signed_in(&hub, &called, "openid").await;
    let sub = called.claims(own.text("id_token")).await["sub"].clone();
    assert_eq!(told.json["sub"], sub, "the name by which the called service knows the person");
    assert_ne!(caller.claims(tokens.text("id_token")).await["sub"], sub);
}

async fn oidc_34_an_exchange_gives_what_the_called_service_is_granted(hub: TestHub) {
    let (caller, called) = pair(&hub);
    let tokens = signed_in(&hub, &caller, "openid profile email").await;
    let wide = exchange(&caller, tokens.access(), &[("scope", "openid profile email ent offline_access")]).await;
    assert_eq!(wide.text("scope"), "openid profile", "what the token had, and the called service declared");
    assert_eq!(caller.userinfo(wide.access()).await.error(), (403, "insufficient_scope"), "the caller reads nothing");
    let told = called.call("/oidc/introspect", &[("token", wide.access())]).await;
    assert!(told.text("name") == "Alice Martin" && told.json.get("email").is_none(), "control");
    let mut strict = oidc_service("called");
    strict.audience.allow[0].profiles = vec![Profile::Head];
    hub.rp_of(strict, |oidc| oidc.called_by = vec!["caller".to_owned()]);
    assert_eq!(exchange(&caller, tokens.access(), &[]).await.error(), (400, "access_denied"));
    let told = called.call("/oidc/introspect", &[("token", wide.access())]).await;
    assert_eq!(told.json, json!({ "active": false }), "the door is asked again");
}

async fn oidc_35_no_service_calls_another_unless_both_records_say_so(hub: TestHub) {
    let (caller, _) = pair(&hub);
    let plain = hub.rp("plain");
    let tokens = signed_in(&hub, &caller, "openid").await;
    exchange(&caller, tokens.access(), &[]).await.access();
    let own = [("grant_type", "client_credentials"), ("audience", "called")];
    for target in ["plain", "nobody", "app", "https://called.example/"] {
        let refused = exchange(&caller, tokens.access(), &[("audience", target)]).await;
        assert_eq!(refused.error(), (400, "invalid_target"), "{target}");
        let refused = caller.call("/oidc/token", &[own[0], ("audience", target)]).await;
        assert_eq!(refused.error(), (400, "invalid_target"), "{target}");
    }
    let alone = self::caller(&hub, "alone");
    assert_eq!(alone.call("/oidc/token", &own).await.error(), (400, "invalid_target"), "called does not know it");
    assert_eq!(plain.call("/oidc/token", &own).await.error(), (400, "unauthorized_client"));
    assert_eq!(exchange(&plain, tokens.access(), &[]).await.error(), (400, "unauthorized_client"));
    let open = hub.rp_with("open", |oidc| {
        (oidc.authentication, oidc.secret) = (ClientAuthentication::None, None);
        oidc.grants.push(OidcGrant::ClientCredentials);
    });
    assert_eq!(open.call("/oidc/token", &own[..1]).await.error(), (400, "unauthorized_client"));
}

async fn oidc_35_what_is_exchanged_is_the_own_token_of_the_service(hub: TestHub) {
    let (caller, _) = pair(&hub);
    let foreign = signed_in(&hub, &hub.rp("plain"), "openid").await;
    let tokens = signed_in(&hub, &caller, "openid").await;
    let given = exchange(&caller, tokens.access(), &[]).await;
    for bad in [foreign.access(), given.access(), tokens.text("refresh_token"), tokens.text("id_token"), "a-guess"] {
        let attack = hub.under_attack();
        let refused = exchange(&caller, bad, &[]).await;
        assert_eq!(refused.error(), (400, "invalid_request"));
        attack.repelled(&refused.answer).await;
    }
    for change in [
        ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"),
        ("actor_token", given.access()),
        ("resource", "https://called.example/"),
        ("audience", ""),
    ] {
        assert_eq!(exchange(&caller, tokens.access(), &[change]).await.error(), (400, "invalid_request"), "{change:?}");
    }
}

async fn oidc_37_what_was_exchanged_dies_with_what_it_came_from(hub: TestHub) {
    let (caller, called) = pair(&hub);
    let mut browser = hub.browser();
    let code = browser.sign_in(&NOE).through(&caller.url()).await.answer.code();
    let tokens = caller.redeem(&code).await;
    let alive = async |token: &str| called.call("/oidc/introspect", &[("token", token)]).await.json["active"] == true;
    hub.clock.advance(500);
    let given = exchange(&caller, tokens.access(), &[]).await;
    assert!(alive(given.access()).await && given.json["expires_in"] == 100, "not longer than what it came from");
    caller.call("/oidc/revoke", &[("token", tokens.text("refresh_token"))]).await;
    assert!(!alive(given.access()).await, "the family is gone");
    let again = caller.redeem(&browser.get(&caller.url()).await.code()).await;
    let given = exchange(&caller, again.access(), &[]).await;
    assert!(alive(given.access()).await, "control");
    browser.sign_out().await;
    assert!(!alive(given.access()).await);
}

async fn oidc_37_what_was_exchanged_dies_with_the_very_token_it_came_from(hub: TestHub) {
    let (caller, called) = pair(&hub);
    let tokens = signed_in(&hub, &caller, "openid").await;
    let given = exchange(&caller, tokens.access(), &[]).await;
    let alive = async |token: &str| called.call("/oidc/introspect", &[("token", token)]).await.json["active"] == true;
    assert!(alive(given.access()).await, "control");
    caller.call("/oidc/revoke", &[("token", tokens.access())]).await;
    assert!(!alive(given.access()).await);
    assert_eq!(exchange(&caller, tokens.access(), &[]).await.error(), (400, "invalid_request"));
    caller.refresh(tokens.text("refresh_token")).await.access();
}

async fn the_journal_knows_what_an_introspection_told(hub: TestHub) {
    let (caller, called) = pair(&hub);
    let asked = caller.url_with(&[("scope", "openid profile")]);
    let answer = hub.browser().sign_in(&ALICE).through(&asked).await.answer;
    let tokens = caller.redeem(&answer.code()).await;
    let given = exchange(&caller, tokens.access(), &[]).await;
    called.call("/oidc/introspect", &[("token", given.access())]).await;
    caller.call("/oidc/introspect", &[("token", tokens.access())]).await;
    let journal = hub.journal(answer.incident()).await;
    let told = journal.iter().filter(|event| event.detail.starts_with("introspection"));
    let told: Vec<_> =
        told.map(|event| (event.service.as_ref().map(|id| id.as_str()), event.person.is_some())).collect();
    assert_eq!(told, [(Some("called"), true)], "once, and not what a service knows of its own token");
    let names = journal.iter().find_map(|event| event.detail.strip_prefix("introspection sub ")).unwrap_or_default();
    assert!(names.split(' ').any(|name| name == "given_name"), "{journal:?}");
}

async fn oidc_37_a_record_that_changes_closes_the_door_at_once(hub: TestHub) {
    let (caller, called) = pair(&hub);
    let tokens = signed_in(&hub, &caller, "openid").await;
    let given = exchange(&caller, tokens.access(), &[]).await;
    let own = caller.call("/oidc/token", &[("grant_type", "client_credentials"), ("audience", "called")]).await;
    for token in [given.access(), own.access()] {
        let told = called.call("/oidc/introspect", &[("token", token)]).await;
        assert_eq!(told.json["active"], json!(true), "control");
    }
    hub.rp("called");
    for token in [given.access(), own.access()] {
        let told = called.call("/oidc/introspect", &[("token", token)]).await;
        assert_eq!(told.json, json!({ "active": false }));
    }
}
