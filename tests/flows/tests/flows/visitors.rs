//! Who is told that an inspector is a visitor: a service that does not hear it, or does not ask, lets none in.

use crate::inspections::{VERA, blog, granted, head, told};
use preau_domain::{Inspection, PersonId, Population, Profile, Seconds, ServiceId};
use preau_flows::{ALICE, HUGO, LYCEE, OidcRp, Role, TestHub, app_service, oidc_service, saml_service, stories, uai};

stories!(
    an_answer_without_attributes_takes_no_visitor_for_somebody_else,
    a_service_that_asks_for_no_role_gets_no_visitor,
    tokens_from_before_an_inspection_tell_of_nobody_else,
    an_attribute_that_saml_leaves_out_is_told_to_nobody,
    a_service_that_is_told_no_more_lets_no_visitor_in,
    nobody_lets_themselves_in,
    nobody_ends_the_inspection_of_their_own_space,
    an_inspector_looks_at_so_many_spaces_at_once,
);

/// The same profiles and those of the academy.
fn with_academy() -> Vec<Population> {
    vec![Population { profiles: vec![Profile::Teacher, Profile::Pupil, Profile::Academy], ..Population::default() }]
}

async fn an_answer_without_attributes_takes_no_visitor_for_somebody_else(hub: TestHub) {
    let app = blog(&hub).await;
    granted(&mut head(&hub).await, &[]).await;
    let (mut vera, mut alice) = (hub.browser(), hub.browser());
    let first = vera.sign_in(&VERA).to(&app).await.ticket();
    assert_eq!(app.validate(&first).await.user(), Some(VERA.login), "control: where she is told to be a visitor");
    let hers = alice.sign_in(&ALICE).to(&app).await.ticket();
    for endpoint in ["serviceValidate", "proxyValidate"] {
        let ticket = vera.open(&app).await.ticket();
        assert_eq!(app.validate_at(endpoint, &ticket, &[]).await.user(), None, "{endpoint}");
    }
    let ticket = vera.open(&app).await.ticket();
    assert_eq!(app.validate_plain(&ticket).await, "no\n");
    assert_eq!(
        app.validate_at("serviceValidate", &hers, &[]).await.user(),
        Some(ALICE.login),
        "control: of anybody else"
    );
}

/// A pad that is told who is a visitor, of whoever asks for it.
fn pad(hub: &TestHub) -> OidcRp {
    hub.rp_of(told(oidc_service("pad")), |_| {})
}

async fn a_service_that_asks_for_no_role_gets_no_visitor(hub: TestHub) {
    blog(&hub).await;
    let rp = pad(&hub);
    let asking = async |who: &Role, change: &[(&str, &str)]| {
        let arrival = hub.browser().sign_in(who).through(&rp.url_with(change)).await;
        (arrival.answer.status.as_u16() == 403, !arrival.answer.told("code").is_empty())
    };
    let plain = [("scope", "openid profile")];
    assert_eq!(asking(&VERA, &plain).await, (false, true), "control: before, by her own right");
    granted(&mut head(&hub).await, &[("service", "pad")]).await;
    assert_eq!(asking(&VERA, &plain).await, (true, false));
    assert_eq!(asking(&ALICE, &plain).await, (false, true), "control: whoever is no visitor");
    assert_eq!(asking(&VERA, &[("scope", "openid ent")]).await, (false, true), "control: who asks");
    let half = [("claims", "{\"userinfo\":{\"role\":null}}")];
    assert_eq!(asking(&VERA, &half).await, (true, false), "a visitor of nobody knows whom");
    let named = [("claims", "{\"userinfo\":{\"role\":null,\"inspected\":null}}")];
    assert_eq!(asking(&VERA, &named).await, (false, true), "control: by their names");
}

async fn tokens_from_before_an_inspection_tell_of_nobody_else(hub: TestHub) {
    blog(&hub).await;
    let rp = pad(&hub);
    let plain = rp.url_with(&[("scope", "openid profile offline_access")]);
    let code = hub.browser().sign_in(&VERA).through(&plain).await.answer.code();
    let tokens = rp.redeem(&code).await;
    let worth = async || rp.call("/oidc/introspect", &[("token", tokens.access())]).await.json["active"].clone();
    assert_eq!(
        (rp.userinfo(tokens.access()).await.answer.status.as_u16(), worth().await),
        (200, true.into()),
        "control"
    );
    granted(&mut head(&hub).await, &[("service", "pad")]).await;
    hub.clock.advance(4);
    assert_eq!((rp.userinfo(tokens.access()).await.answer.status.as_u16(), worth().await), (403, false.into()));
    assert_eq!(rp.refresh(tokens.text("refresh_token")).await.error(), (400, "invalid_grant"));
}

async fn an_attribute_that_saml_leaves_out_is_told_to_nobody(hub: TestHub) {
    blog(&hub).await;
    let both = |id: &str| {
        let mut service = told(saml_service(id));
        let saml = service.saml.as_mut().expect("a service of SAML");
        let wire = saml.attributes["displayName"].clone();
        saml.attributes.insert("role".into(), wire);
        service
    };
    let mut by_two = both("cahier");
    by_two.cas = app_service("other", "Autre", "https://autre.example/", &Profile::ALL).cas;
    let (sp, mut hugo) = (hub.sp_of(by_two, |_| {}), head(&hub).await);
    hub.sp_of(both("sourd"), |_| {});
    let deaf = granted(&mut hugo, &[("service", "sourd")]).await;
    assert!(deaf.words().contains("ne sait pas distinguer un visiteur"), "where SAML alone speaks: {}", deaf.words());
    let mut vera = hub.browser();
    assert_eq!(vera.sign_in(&VERA).through(&sp.url()).await.answer.status.as_u16(), 200, "control: by her own right");
    granted(&mut hugo, &[("service", "cahier")]).await;
    hub.clock.advance(4);
    let refused = vera.get(&sp.url()).await;
    assert_eq!(refused.status.as_u16(), 403, "{}", refused.words());
    assert!(refused.words().contains("en visiteur"), "she reads why: {}", refused.words());
}

async fn a_service_that_is_told_no_more_lets_no_visitor_in(hub: TestHub) {
    let (app, mut vera) = (blog(&hub).await, hub.browser());
    granted(&mut head(&hub).await, &[]).await;
    assert!(vera.sign_in(&VERA).to(&app).await.some_ticket().is_some(), "control");
    hub.amend("blog", |service| service.release.retain(|rule| rule.name != "inspected"));
    assert!(vera.open(&app).await.some_ticket().is_none() && !vera.visit("/").await.has_link("Blog"));
    hub.amend("blog", |service| service.audience.allow = with_academy());
    let answer = app.validate(&vera.open(&app).await.ticket()).await;
    assert_eq!(answer.attribute("role"), [""; 0], "by her own right she is no visitor");
}

async fn nobody_lets_themselves_in(hub: TestHub) {
    let app = blog(&hub).await;
    let both = Role { affiliations: &[(Profile::Head, LYCEE), (Profile::Academy, 990_900)], ..HUGO.clone() };
    hub.put(both.person()).await;
    let mut hugo = head(&hub).await;
    let answer = granted(&mut hugo, &[("inspector", HUGO.login)]).await;
    assert!(answer.words().contains("personne ne s’accorde une consultation"), "{}", answer.words());
    hub.clock.advance(4);
    assert!(hugo.open(&app).await.some_ticket().is_none());
    assert!(granted(&mut hugo, &[]).await.words().contains("Véra Duval consulte"), "control: another inspector");
}

async fn nobody_ends_the_inspection_of_their_own_space(hub: TestHub) {
    blog(&hub).await;
    let both = Role { affiliations: &[(Profile::Head, LYCEE), (Profile::Teacher, LYCEE)], ..HUGO.clone() };
    hub.put(both.person()).await;
    let mut hugo = head(&hub).await;
    granted(&mut hugo, &[]).await;
    let own = granted(&mut hugo, &[("teacher", HUGO.id)]).await;
    let ends: Vec<_> = own.forms().into_iter().filter(|form| form.action == "/inspections/end").collect();
    assert_eq!(ends.len(), 1, "of the space of somebody else: {}", own.words());
    let of = preau_store::InspectionsOf::Teacher(&HUGO.person_id());
    let his = async || hub.hub.store.inspections(of, hub.hub.now(), 9).await.expect("read");
    let held = his().await;
    let refused = hugo.submit_once(&ends[0], &[("inspection", &held[0].id)]).await;
    assert_eq!((refused.status.as_u16(), his().await), (404, held));
    assert_eq!(hugo.submit_once(&ends[0], &[]).await.status.as_u16(), 303, "control");
}

async fn an_inspector_looks_at_so_many_spaces_at_once(hub: TestHub) {
    blog(&hub).await;
    let one = |n: u32| Inspection {
        id: format!("i{n}"),
        inspector: VERA.person_id(),
        teacher: PersonId::new(format!("t{n}")),
        establishment: uai(LYCEE),
        service: ServiceId::new("blog"),
        space: format!("t{n}"),
        reason: "Rendez-vous de carrière".into(),
        by: None,
        from: hub.hub.now(),
        until: hub.hub.now() + Seconds(86_400),
    };
    for n in 0..Inspection::MOST {
        hub.hub.store.grant_inspection(&one(n), None, hub.hub.now()).await.expect("granted");
    }
    let mut hugo = head(&hub).await;
    assert!(granted(&mut hugo, &[]).await.words().contains("déjà autant d’espaces"));
    hub.hub.store.end_inspection("i0", None, "", hub.hub.now()).await.expect("ended");
    assert!(granted(&mut hugo, &[]).await.words().contains("Alice Martin"), "control: there is room again");
}
