//! Tokens for the holder of a key (DPoP, RFC 9449): whoever finds one can do nothing with it. Each attack stands beside the
//! same call without its hostile part.

use preau_connector_api::{ClientAuthentication, OidcGrant, OidcService};
use preau_flows::{ALICE, BASE, Document, Holder, OidcRp, TestHub, VERIFIER, nonce_of, stories};
use serde_json::{Value, json};

stories!(
    a_token_of_a_key_is_shown_with_its_key,
    a_proof_is_for_its_call_now_and_once,
    a_proof_names_the_token_it_goes_with,
    a_nonce_is_ours_and_of_this_moment,
    a_code_is_for_the_key_that_was_named,
    a_pushed_request_names_the_key_that_was_proved,
    the_refresh_token_of_a_public_client_is_for_its_key,
    a_confidential_client_may_change_its_key,
    a_service_may_have_none_but_tokens_of_a_key,
    a_token_of_a_key_is_exchanged_by_its_holder,
    a_page_may_prove_a_key_too,
);

async fn code(hub: &TestHub, rp: &OidcRp, change: &[(&str, &str)]) -> String {
    hub.browser().sign_in(&ALICE).through(&rp.url_with(change)).await.answer.code()
}

fn redemption<'a>(rp: &'a OidcRp, code: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", rp.redirect.as_str()),
        ("code_verifier", VERIFIER),
    ]
}

async fn tokens(hub: &TestHub, rp: &OidcRp, holder: &Holder) -> Document {
    let code = code(hub, rp, &[("scope", "openid profile")]).await;
    holder.call(hub, rp, "/oidc/token", &redemption(rp, &code)).await
}

fn public(hub: &TestHub, id: &str) -> OidcRp {
    hub.rp_with(id, |oidc: &mut OidcService| {
        (oidc.authentication, oidc.secret) = (ClientAuthentication::None, None);
    })
}

async fn a_token_of_a_key_is_shown_with_its_key(hub: TestHub) {
    let (rp, holder, thief) = (hub.rp("rp"), Holder::new(), Holder::new());
    let bound = tokens(&hub, &rp, &holder).await;
    assert_eq!(bound.text("token_type"), "DPoP");
    assert_eq!(holder.userinfo(&hub, &rp, bound.access()).await.text("name"), "Alice Martin", "control");
    let told = rp.call("/oidc/introspect", &[("token", bound.access())]).await;
    assert_eq!((told.text("token_type"), &told.json["cnf"]), ("DPoP", &json!({ "jkt": holder.thumbprint() })));
    let attack = hub.under_attack();
    let refused = rp.userinfo(bound.access()).await;
    assert_eq!(refused.error(), (401, "invalid_token"), "as a bearer");
    let ways: Vec<&str> = refused.answer.headers.get_all("www-authenticate").iter().flat_map(|v| v.to_str()).collect();
    assert!(ways[0].starts_with("Bearer error=") && ways[1] == "DPoP algs=\"RS256 PS256 ES256 EdDSA\"", "{ways:?}");
    attack.repelled(&refused.answer).await;
    assert_eq!(
        rp.post("/oidc/userinfo", &[], &[("access_token", bound.access())]).await.error(),
        (401, "invalid_token")
    );
    assert_eq!(thief.userinfo(&hub, &rp, bound.access()).await.error(), (401, "invalid_token"));
    let bare = rp.get("/oidc/userinfo", &[("authorization", &format!("DPoP {}", bound.access()))]).await;
    assert_eq!(bare.error(), (401, "invalid_dpop_proof"), "without a proof");
    let free = rp.redeem(&code(&hub, &rp, &[]).await).await;
    assert_eq!((free.text("token_type"), rp.userinfo(free.access()).await.answer.status.as_u16()), ("Bearer", 200));
    assert_eq!(holder.userinfo(&hub, &rp, free.access()).await.error(), (401, "invalid_token"), "bound to nothing");
}

/// What a proof for the token endpoint may not say.
fn twisted(now: i64) -> Vec<(&'static str, Value)> {
    vec![
        ("htm", json!("GET")),
        ("htm", json!("post")),
        ("htm", Value::Null),
        ("htu", json!(format!("{BASE}/oidc/userinfo"))),
        ("htu", json!("https://evil.test/oidc/token")),
        ("htu", json!("https://ent.example@evil.test/oidc/token")),
        ("htu", json!("http://ent.example/oidc/token")),
        ("htu", json!(format!("{BASE}/oidc/../oidc/token"))),
        ("htu", json!([format!("{BASE}/oidc/token")])),
        ("htu", Value::Null),
        ("iat", json!(now - 301)),
        ("iat", json!(now + 301)),
        ("iat", json!("now")),
        ("iat", Value::Null),
        ("exp", json!(now - 301)),
        ("nbf", json!(now + 301)),
        ("jti", Value::Null),
        ("jti", json!("")),
        ("jti", json!("x".repeat(257))),
    ]
}

async fn a_proof_is_for_its_call_now_and_once(hub: TestHub) {
    let (rp, holder) = (hub.rp("rp"), Holder::new());
    let (path, code, now) = ("/oidc/token", code(&hub, &rp, &[]).await, hub.hub.now().seconds());
    let form = redemption(&rp, &code);
    let nonce = json!(nonce_of(&rp.call_with(path, &[("dpop", &holder.proof(&hub, path, &[]))], &form).await));
    let proof = |change: &[(&str, Value)]| holder.proof(&hub, path, &[&[("nonce", nonce.clone())], change].concat());
    for (name, value) in twisted(now) {
        let refused = rp.call_with(path, &[("dpop", &proof(&[(name, value.clone())]))], &form).await;
        assert_eq!(refused.error(), (400, "invalid_dpop_proof"), "{name} {value}");
    }
    let (sound, twice) = (proof(&[("htu", json!("https://ENT.example:443/oidc/token?a=1#b"))]), proof(&[]));
    for lines in [vec![("dpop", "x")], vec![("dpop", ""), ("dpop", "")], vec![("dpop", &*twice), ("dpop", &*twice)]] {
        assert_eq!(rp.call_with(path, &lines, &form).await.error(), (400, "invalid_dpop_proof"), "{lines:?}");
    }
    rp.call_with(path, &[("dpop", &sound)], &form).await.access();
    let attack = hub.under_attack();
    let again = rp.call_with(path, &[("dpop", &sound)], &form).await;
    assert_eq!(again.error(), (400, "invalid_dpop_proof"), "the code is not even looked at");
    attack.repelled(&again.answer).await;
}

async fn a_proof_names_the_token_it_goes_with(hub: TestHub) {
    let (rp, holder, path) = (hub.rp("rp"), Holder::new(), "/oidc/userinfo");
    let (bound, other) = (tokens(&hub, &rp, &holder).await, tokens(&hub, &rp, &holder).await);
    let nonce = json!(nonce_of(&holder.userinfo(&hub, &rp, bound.access()).await));
    for (ath, status) in [
        (json!(preau_keys::digest(bound.access())), 200),
        (json!(preau_keys::digest(other.access())), 401),
        (json!(bound.access()), 401),
        (Value::Null, 401),
    ] {
        let proof = holder.proof(&hub, path, &[("htm", json!("GET")), ("nonce", nonce.clone()), ("ath", ath.clone())]);
        let shown = format!("DPoP {}", bound.access());
        let answer = rp.get(path, &[("authorization", &shown), ("dpop", &proof)]).await.answer;
        assert_eq!(answer.status, status, "{ath}");
        let again = rp.get(path, &[("authorization", &shown), ("dpop", &proof)]).await;
        assert_eq!(again.error(), (401, "invalid_dpop_proof"), "a proof is shown once");
    }
}

async fn a_nonce_is_ours_and_of_this_moment(hub: TestHub) {
    let rp = hub.rp_with("rp", |oidc| oidc.grants.push(OidcGrant::ClientCredentials));
    let (holder, path, form) = (Holder::new(), "/oidc/token", [("grant_type", "client_credentials")]);
    let show = async |nonce: Value| {
        rp.call_with(path, &[("dpop", &holder.proof(&hub, path, &[("nonce", nonce)]))], &form).await
    };
    for wrong in [Value::Null, json!(""), json!("a-guess"), json!(1)] {
        assert_eq!(show(wrong.clone()).await.error(), (400, "use_dpop_nonce"), "{wrong}");
    }
    let nonce = json!(nonce_of(&show(Value::Null).await));
    show(nonce.clone()).await.access();
    hub.clock.advance(120);
    let renewed = show(nonce.clone()).await;
    renewed.access();
    assert_ne!(json!(nonce_of(&renewed)), nonce, "every answer gives the one of the moment");
    hub.clock.advance(120);
    assert_eq!(show(nonce).await.error(), (400, "use_dpop_nonce"), "too old");
    show(json!(nonce_of(&renewed))).await.access();
    assert_eq!(nonce_of(&rp.call(path, &form).await), "", "whoever proves nothing is told nothing");
}

async fn a_code_is_for_the_key_that_was_named(hub: TestHub) {
    let (rp, holder, thief) = (hub.rp("rp"), Holder::new(), Holder::new());
    let named = [("dpop_jkt", holder.thumbprint())];
    let stolen = code(&hub, &rp, &named).await;
    let refused = thief.call(&hub, &rp, "/oidc/token", &redemption(&rp, &stolen)).await;
    assert_eq!(refused.error(), (400, "invalid_grant"), "of another key");
    assert_eq!(rp.redeem(&code(&hub, &rp, &named).await).await.error(), (400, "invalid_grant"), "of none");
    let own = code(&hub, &rp, &named).await;
    holder.call(&hub, &rp, "/oidc/token", &redemption(&rp, &own)).await.access();
    let mut browser = hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    for change in [("dpop_jkt", "short"), ("response_type", "code token")] {
        let answer = browser.get(&rp.url_with(&[&named[..], &[change]].concat())).await;
        assert_eq!(answer.told("error"), "invalid_request", "{change:?}");
    }
}

async fn a_pushed_request_names_the_key_that_was_proved(hub: TestHub) {
    let (rp, holder, thief) = (hub.rp("rp"), Holder::new(), Holder::new());
    let query = rp.query(&[]);
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let mut form: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let through = async |form: &[(&str, &str)]| {
        let told = holder.call(&hub, &rp, "/oidc/par", form).await;
        let asked = [("client_id", rp.id.as_str()), ("request_uri", told.text("request_uri"))];
        let asked = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).finish();
        hub.browser().sign_in(&ALICE).through(&format!("{BASE}/oidc/authorize?{asked}")).await.answer.code()
    };
    let stolen = through(&form).await;
    let refused = thief.call(&hub, &rp, "/oidc/token", &redemption(&rp, &stolen)).await;
    assert_eq!(refused.error(), (400, "invalid_grant"));
    let own = through(&form).await;
    holder.call(&hub, &rp, "/oidc/token", &redemption(&rp, &own)).await.access();
    form.push(("dpop_jkt", thief.thumbprint()));
    let told = holder.call(&hub, &rp, "/oidc/par", &form).await;
    assert_eq!(told.error(), (400, "invalid_dpop_proof"), "two keys are named");
}

async fn the_refresh_token_of_a_public_client_is_for_its_key(hub: TestHub) {
    let (rp, holder, thief) = (public(&hub, "page"), Holder::new(), Holder::new());
    let bound = tokens(&hub, &rp, &holder).await;
    let form = [("grant_type", "refresh_token"), ("refresh_token", bound.text("refresh_token"))];
    assert_eq!(rp.call("/oidc/token", &form).await.error(), (400, "invalid_grant"), "without a key");
    let attack = hub.under_attack();
    let refused = thief.call(&hub, &rp, "/oidc/token", &form).await;
    assert_eq!(refused.error(), (400, "invalid_grant"), "with another");
    attack.repelled(&refused.answer).await;
    let next = holder.call(&hub, &rp, "/oidc/token", &form).await;
    assert_eq!(next.text("token_type"), "DPoP", "control: it was not spent");
    let form = [("grant_type", "refresh_token"), ("refresh_token", next.text("refresh_token"))];
    assert_eq!(thief.call(&hub, &rp, "/oidc/token", &form).await.error(), (400, "invalid_grant"), "the next one too");
}

async fn a_confidential_client_may_change_its_key(hub: TestHub) {
    let (rp, first, second) = (hub.rp("rp"), Holder::new(), Holder::new());
    let bound = tokens(&hub, &rp, &first).await;
    let form = [("grant_type", "refresh_token"), ("refresh_token", bound.text("refresh_token"))];
    let next = second.call(&hub, &rp, "/oidc/token", &form).await;
    assert_eq!(second.userinfo(&hub, &rp, next.access()).await.answer.status, 200);
    assert_eq!(first.userinfo(&hub, &rp, next.access()).await.error(), (401, "invalid_token"));
}

async fn a_service_may_have_none_but_tokens_of_a_key(hub: TestHub) {
    let rp = hub.rp_with("rp", |oidc| oidc.require_dpop = true);
    let refused = rp.redeem(&code(&hub, &rp, &[]).await).await;
    assert_eq!(refused.error(), (400, "invalid_request"));
    let bound = tokens(&hub, &rp, &Holder::new()).await;
    assert_eq!(bound.text("token_type"), "DPoP", "control");
    assert_eq!(rp.refresh(bound.text("refresh_token")).await.error(), (400, "invalid_request"));
    let asked = rp.url_with(&[("response_type", "code id_token token")]);
    let answer = hub.browser().get(&asked).await;
    assert_eq!((answer.told("error").as_str(), answer.told("access_token").as_str()), ("invalid_request", ""));
}

async fn a_token_of_a_key_is_exchanged_by_its_holder(hub: TestHub) {
    let (holder, thief) = (Holder::new(), Holder::new());
    let called = hub.rp_with("called", |oidc| oidc.called_by = vec!["caller".to_owned()]);
    let caller = hub.rp_with("caller", |oidc| {
        oidc.grants.push(OidcGrant::TokenExchange);
        oidc.calls = vec!["called".to_owned()];
    });
    let bound = tokens(&hub, &caller, &holder).await;
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", bound.access()),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("audience", "called"),
    ];
    assert_eq!(caller.call("/oidc/token", &form).await.error(), (400, "invalid_request"), "it would be bound no more");
    assert_eq!(thief.call(&hub, &caller, "/oidc/token", &form).await.error(), (400, "invalid_request"));
    let given = holder.call(&hub, &caller, "/oidc/token", &form).await;
    let told = called.call("/oidc/introspect", &[("token", given.access())]).await;
    assert_eq!(told.json["cnf"], json!({ "jkt": holder.thumbprint() }), "whoever is called checks the proof");
}

async fn a_page_may_prove_a_key_too(hub: TestHub) {
    let (rp, holder) = (public(&hub, "page"), Holder::new());
    let origin = ("origin", "https://page.example");
    let asked = rp.options("/oidc/token", &[origin]).await;
    assert_eq!(asked.headers["access-control-allow-headers"], "authorization, content-type, dpop");
    let bound = tokens(&hub, &rp, &holder).await;
    for (path, shown) in [("/oidc/token", String::new()), ("/oidc/userinfo", format!("DPoP {}", bound.access()))] {
        let change = [("ath", json!(preau_keys::digest(bound.access())))];
        let headers = [origin, ("dpop", &*holder.proof(&hub, path, &change)), ("authorization", &*shown)];
        let headers = if shown.is_empty() { &headers[..2] } else { &headers[..] };
        let told = rp.post(path, headers, &[("client_id", "page"), ("grant_type", "refresh_token")]).await;
        assert_eq!(told.text("error"), "use_dpop_nonce", "{path}");
        assert_eq!(told.answer.headers["access-control-allow-origin"], "https://page.example");
        assert_eq!(told.answer.headers["access-control-expose-headers"], "dpop-nonce, etag, www-authenticate");
    }
    let told = rp.get("/.well-known/openid-configuration", &[]).await.json;
    assert_eq!(told["dpop_signing_alg_values_supported"], json!(["RS256", "PS256", "ES256", "EdDSA"]));
}
