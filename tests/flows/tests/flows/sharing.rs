//! Shared spaces in the hands of teachers: three screens from the first click to a guest at work, what whoever may not is told, and the stops
//! (ADM-10). The other ENT is played by a provider, whose key signs what that ENT signs.

use crate::guests::{ECOLE, HOME, House, listed, opened, service};
use http::Method;
use preau_domain::{Affiliation, Convention, Group, GroupKind, Person, Profile, SchoolPair, Seconds, ServiceId};
use preau_flows::{ALICE, Answer, Browser, COLLEGE, HUGO, INES, NOE, TestHub, When, stories, uai};
use preau_hosting::{Listed, RECALL_TYP};
use preau_store::ListsOf;
use serde_json::{Value, json};

stories!(
    a_teacher_opens_a_space_and_a_colleague_s_class_comes_in,
    a_draft_that_cannot_be_is_said_and_opens_nothing,
    a_list_that_nobody_we_know_signed_is_refused,
    a_list_is_looked_at_taken_in_by_hand_and_taken_back,
    a_home_takes_back_what_it_sent,
    whoever_manages_a_space_stops_it_at_once,
    a_head_sees_who_comes_in_and_stops_a_convention,
    a_space_goes_on_by_one_click,
    a_changed_space_lets_out_whom_it_names_no_longer,
    nobody_else_manages_a_space,
    a_form_of_their_own_manages_nothing_of_others,
    a_list_leaves_as_it_was_shown_and_by_a_plain_answer,
    what_changes_a_space_asks_for_a_recent_proof,
    a_teacher_accepts_an_invitation_and_takes_it_back,
    an_invitation_that_is_nobody_s_is_said,
    an_invitation_that_is_not_theirs_sends_nothing,
    a_school_reads_no_more_conventions_than_it_may_choose_from,
);

/// What a teacher fills in, of the first screen.
fn draft(until: &str) -> Vec<(&'static str, String)> {
    let with = format!("cycle3 {}", uai(ECOLE));
    let text = |name, value: &str| (name, value.to_owned());
    vec![
        text("title", "Le potager"),
        ("with", with),
        text("until", until),
        text("service", "pad"),
        text("class", "6B"),
        text("role", "redacteur"),
        text("their-classes", "CM2A"),
        text("their-role", "redacteur"),
        text("their-staff", "moderateur"),
    ]
}

/// A house whose convention lasts for months, with room for a class.
pub(crate) async fn house(hub: &TestHub) -> House {
    let house = House::new(hub).await;
    house.convention_is(|one| (one.until, one.quota) = (one.from + Seconds(200 * 86_400), 60)).await;
    house
}

/// The day that is so many days away.
fn day(hub: &TestHub, days: i64) -> String {
    (hub.hub.now() + Seconds(days * 86_400)).rfc3339()[..10].to_owned()
}

async fn previewed(browser: &mut Browser, draft: &[(&'static str, String)]) -> Answer {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(draft).finish();
    browser.visit(&format!("/spaces/new?{query}")).await
}

/// A draft that can be, read again before it opens.
pub(crate) async fn previewed_good(browser: &mut Browser, house: &House) -> Answer {
    previewed(browser, &draft(&day(&house.hub, 20))).await
}

/// Alice opens a space for 6B and the CM2 across the road; its page.
pub(crate) async fn space_of_alice(house: &House) -> (Browser, Answer) {
    let mut alice = house.hub.browser();
    alice.sign_in(&ALICE).at_home().await;
    let form = previewed(&mut alice, &draft(&day(&house.hub, 20))).await.form_to("/spaces");
    let page = alice.submit(&form, &[]).await;
    (alice, page)
}

pub(crate) fn name_of(page: &Answer) -> String {
    page.form_to("/close").action.split('/').nth(2).expect("a space").to_owned()
}

/// A list the écoles sign for a space.
pub(crate) fn list(house: &House, space: &str, guests: &[Listed]) -> String {
    house.list(guests, "k1", |head| head["space"] = json!(space))
}

pub(crate) async fn handed_in(house: &House, text: &str) -> (u16, Value) {
    let answer = house.hub.browser().send(Method::POST, "/hosting/lists", &[], Some(text.as_bytes())).await;
    (answer.status.as_u16(), serde_json::from_str(&answer.body).unwrap_or_default())
}

async fn a_teacher_opens_a_space_and_a_colleague_s_class_comes_in(hub: TestHub) {
    let house = house(&hub).await;
    let mut alice = house.hub.browser();
    let home = alice.sign_in(&ALICE).at_home().await.answer;
    assert!(home.has_link("Mes espaces"), "{}", home.words());
    let before = house.hub.hub.store.spaces_at(&uai(COLLEGE), 0, 10).await.expect("read").len();
    let preview = previewed(&mut alice, &draft(&day(&house.hub, 20))).await;
    let words = preview.words();
    assert!(words.contains("Environ 31 invités") && words.contains("Places qui restent : 60"), "{words}");
    assert!(words.contains("Élèves de CM2A") && words.contains("rédaction"), "{words}");
    assert_eq!(house.hub.hub.store.spaces_at(&uai(COLLEGE), 0, 10).await.expect("read").len(), before, "nothing yet");
    let page = alice.submit(&preview.form_to("/spaces"), &[]).await;
    assert!(page.words().contains("Le potager") && page.body.contains(&format!("{HOME}/spaces/join?i=")));
    let space = name_of(&page);
    let handed = handed_in(&house, &list(&house, &space, &[listed("sujet-1", "Lou")])).await;
    assert_eq!(handed, (200, json!({ "added": 1, "known": 0, "stopped": 0 })));
    let page = alice.visit(&format!("/space/{space}")).await;
    assert!(page.words().contains("Lou V.") && page.words().contains("Invités : 1 sur les 60"), "{}", page.words());
    let mut lou = house.hub.browser();
    assert_eq!(house.comes(&mut lou, "/", "sujet-1", |_| {}).await.location(), Some("/"));
    assert!(opened(&mut lou, &house.pad).await.is_some(), "what the space mounts");
}

/// What makes no space, and what is said of it.
fn wrong<'d>(far: &'d str, past: &'d str) -> [(&'static str, &'d str, &'static str); 7] {
    [
        ("title", "", "Donnez un titre"),
        ("with", "cycle3 0990001N", "Choisissez une école de la liste"),
        ("until", far, "trop loin"),
        ("until", past, "déjà passé"),
        ("service", "gar", "au moins un service"),
        ("class", "5A", "vos classes"),
        ("their-classes", "", "Nommez leurs classes"),
    ]
}

async fn a_draft_that_cannot_be_is_said_and_opens_nothing(hub: TestHub) {
    let house = house(&hub).await;
    let mut gar = service("gar");
    gar.audience.allow[0].profiles = vec![Profile::Pupil, Profile::Teacher];
    house.hub.mount(gar);
    let mut alice = house.hub.browser();
    alice.sign_in(&ALICE).at_home().await;
    let good = draft(&day(&house.hub, 20));
    let form = previewed(&mut alice, &good).await.form_to("/spaces");
    for (name, value, said) in wrong(&day(&house.hub, 300), &day(&house.hub, -2)) {
        let answer = alice.submit(&form, &[(name, value)]).await;
        assert!(answer.status == 422 && answer.words().contains(said), "{said}: {}", answer.words());
    }
    let there = async || house.hub.hub.store.spaces_at(&uai(COLLEGE), 0, 10).await.expect("read").len();
    assert_eq!(there().await, 1, "that of the house alone");
    alice.submit(&form, &[]).await;
    assert_eq!(there().await, 2, "control");
}

async fn a_list_that_nobody_we_know_signed_is_refused(hub: TestHub) {
    let house = house(&hub).await;
    let one = [listed("sujet-1", "Lou")];
    let manager = Listed { class: "CM1B".into(), ..listed("sujet-2", "Max") };
    for (text, said) in [
        ("Lou".to_owned(), "no list of guests"),
        (house.list(&one, "k2", |_| {}), "not signed by the other party"),
        (house.list(&one, "k1", |head| head["convention"] = json!("autre")), "under no convention"),
        (house.list(&one, "k1", |head| head["aud"] = json!("https://autre.example")), "somebody else"),
        (house.list(&[listed("sujet-1", "Lou"), manager], "k1", |_| {}), "line 3"),
    ] {
        let (status, answer) = handed_in(&house, &text).await;
        assert!(status == 422 && answer.to_string().contains(said), "{said}: {answer}");
        assert_eq!(house.hub.hub.store.guest_count("cycle3").await.expect("a number"), 0);
    }
    let good = house.list(&one, "k1", |_| {});
    assert_eq!(handed_in(&house, &good).await.0, 200, "control");
    let (status, answer) = handed_in(&house, &good).await;
    assert!(status == 422 && answer.to_string().contains("already"), "once: {answer}");
}

async fn a_list_is_looked_at_taken_in_by_hand_and_taken_back(hub: TestHub) {
    let house = house(&hub).await;
    let (mut alice, page) = space_of_alice(&house).await;
    let space = name_of(&page);
    let text = list(&house, &space, &[listed("sujet-1", "Lou"), listed("sujet-2", "Max")]).replace('\n', "\r\n");
    let upload = page.form_to("/list");
    let wrong = alice.submit(&upload, &[("text", &list(&house, "fables", &[listed("sujet-1", "Lou")]))]).await;
    assert!(wrong.status == 422 && wrong.words().contains("pour un autre espace"), "{}", wrong.words());
    let looked = alice.submit(&upload, &[("text", &text)]).await;
    assert!(
        looked.words().contains("Nouveaux invités : 2") && looked.words().contains("Max V. (CM2A)"),
        "{}",
        looked.words()
    );
    let count = async || house.hub.hub.store.guest_count("cycle3").await.expect("a number");
    assert_eq!(count().await, 0, "looking writes nothing");
    let page = alice.submit(&looked.form_with("yes"), &[]).await;
    assert_eq!(count().await, 2);
    assert!(page.words().contains("Listes reçues"), "{}", page.words());
    let page = alice.submit(&page.form_to("/undo"), &[]).await;
    assert!(page.words().contains("Liste retirée"), "{}", page.words());
    assert_eq!(count().await, 0);
}

async fn a_home_takes_back_what_it_sent(hub: TestHub) {
    let house = house(&hub).await;
    let mut lou = house.guest().await;
    let sent = house.hub.hub.store.lists(ListsOf::Space("fables"), 0, 10).await.expect("lists").remove(0);
    let recall = |kid: &str| {
        let now = house.hub.hub.now().seconds();
        let said =
            json!({ "iss": HOME, "aud": preau_flows::BASE, "iat": now, "convention": "cycle3", "list": sent.id });
        house.home.sign(kid, RECALL_TYP, &said)
    };
    for (token, status) in [(recall("k2"), 422), (recall("k1"), 200)] {
        let mut peer = house.hub.browser();
        let answer = peer.send(Method::POST, "/hosting/recalls", &[], Some(token.as_bytes())).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
        let out = lou.get("/").await.location().is_some_and(|to| to.starts_with("/sign-in/"));
        assert_eq!(out, status == 200, "the session ends at once");
    }
    assert_eq!(house.hub.hub.store.guest_count("cycle3").await.expect("a number"), 0);
}

async fn whoever_manages_a_space_stops_it_at_once(hub: TestHub) {
    let house = house(&hub).await;
    let (mut alice, page) = space_of_alice(&house).await;
    let space = name_of(&page);
    handed_in(&house, &list(&house, &space, &[listed("sujet-1", "Lou"), listed("sujet-2", "Max")])).await;
    let (mut lou, mut max) = (house.hub.browser(), house.hub.browser());
    house.comes(&mut lou, "/", "sujet-1", |_| {}).await;
    house.comes(&mut max, "/", "sujet-2", |_| {}).await;
    let page = alice.visit(&format!("/space/{space}")).await;
    let stop = page.forms().into_iter().find(|form| form.action.ends_with("/stop")).expect("a button");
    let answer = alice.submit_once(&stop, &[]).await;
    let kept = house.hub.journal(answer.incident()).await;
    assert!(kept.iter().any(|event| event.kind == preau_domain::AuditKind::GuestEnded), "{kept:?}");
    let out = async |browser: &mut Browser| browser.get("/").await.location().is_some();
    assert_eq!((out(&mut lou).await, out(&mut max).await), (true, false), "one of them, at once");
    assert_eq!(house.comes(&mut house.hub.browser(), "/", "sujet-1", |_| {}).await.status, 403);
    let list = alice.submit(&page.form_to("/close"), &[]).await;
    assert!(list.words().contains("Fermé."), "{}", list.words());
    assert!(out(&mut max).await, "everybody else, at once");
    // Also when the session is read anew, without the space.
    house.hub.clock.advance(4);
    let page = alice.visit(&format!("/space/{space}")).await;
    assert!(page.words().contains("Fermé.") && !page.body.contains("/renew"), "{}", page.words());
}

async fn a_head_sees_who_comes_in_and_stops_a_convention(hub: TestHub) {
    let house = house(&hub).await;
    let mut lou = house.guest().await;
    let mut hugo = HUGO.person();
    hugo.affiliations = vec![Affiliation::new(uai(COLLEGE), Profile::Head)];
    house.hub.put(hugo).await;
    let mut head = house.hub.browser();
    head.sign_in(&HUGO).at_home().await;
    let page = head.visit("/spaces/guests").await;
    for said in ["ENT des écoles", "Fables", "CM2A", "Lou V.", "pad"] {
        assert!(page.words().contains(said), "{said}: {}", page.words());
    }
    let mut alice = house.hub.browser();
    alice.sign_in(&ALICE).at_home().await;
    assert_eq!(alice.visit("/spaces/guests").await.status, 404, "a teacher is no head");
    assert_eq!(lou.get("/").await.status, 200, "control");
    let page = head.submit(&page.form_with("convention"), &[]).await;
    assert!(page.words().contains("Aucun invité"), "{}", page.words());
    assert!(lou.get("/").await.location().is_some(), "at once");
    assert_eq!(house.comes(&mut house.hub.browser(), "/", "sujet-1", |_| {}).await.status, 403);
    let convention = house.hub.hub.store.convention("cycle3").await.expect("read").expect("a convention");
    assert!(convention.in_force(house.hub.hub.now()), "other schools go on");
}

async fn a_space_goes_on_by_one_click(hub: TestHub) {
    let house = house(&hub).await;
    let (mut alice, page) = space_of_alice(&house).await;
    let space = name_of(&page);
    handed_in(&house, &list(&house, &space, &[listed("sujet-1", "Lou")])).await;
    let home = alice.visit("/").await;
    assert!(home.words().contains("se termine bientôt"), "{}", home.words());
    let now = house.hub.hub.now();
    let until = async || house.hub.hub.store.space(&space).await.expect("read").expect("a space").until;
    let before = until().await;
    let page = alice.submit(&page.form_to("/renew"), &[]).await;
    assert!(until().await > before && !page.body.contains("/renew"), "as long as may be");
    let convention = house.hub.hub.store.convention("cycle3").await.expect("read").expect("a convention");
    assert!(until().await <= convention.until.min(preau_hosting::next_summer(now)));
    let mut lou = house.hub.browser();
    house.comes(&mut lou, "/", "sujet-1", |_| {}).await;
    house.hub.clock.advance(40 * 86_400);
    assert_eq!(house.comes(&mut house.hub.browser(), "/", "sujet-1", |_| {}).await.location(), Some("/"), "guests too");
}

async fn a_changed_space_lets_out_whom_it_names_no_longer(hub: TestHub) {
    let house = house(&hub).await;
    let (mut alice, page) = space_of_alice(&house).await;
    let space = name_of(&page);
    handed_in(&house, &list(&house, &space, &[listed("sujet-1", "Lou")])).await;
    let mut lou = house.hub.browser();
    house.comes(&mut lou, "/", "sujet-1", |_| {}).await;
    let there = alice.visit(&format!("/space/{space}/change")).await;
    assert!(
        there.words().contains("Changer « Le potager »") && there.body.contains("value=\"CM2A\""),
        "{}",
        there.words()
    );
    for (name, value, stays) in [("role", "visiteur", true), ("their-classes", "CM1B", false)] {
        let mut draft = draft(&day(&house.hub, 20));
        draft.retain(|(field, _)| *field != name);
        draft.push((name, value.to_owned()));
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&draft).finish();
        let preview = alice.visit(&format!("/space/{space}/change?{query}")).await;
        let page = alice.submit(&preview.form_to("/change"), &[]).await;
        assert_eq!(page.words().contains("Lou V."), stays, "{name}: {}", page.words());
        assert_eq!(lou.get("/").await.status == 200, stays, "{name}, at once");
    }
    let other = [("with", ""), ("their-classes", "")];
    let form = alice.visit(&format!("/space/{space}/change?title=a")).await.form_to("/change");
    let refused = alice.post(&form.action, &form.filled(&other)).await;
    assert_eq!(refused.status.as_u16(), 400, "no token, no change");
}

/// Hugo, of the staff, who may open spaces and manages none of others, as the head of another school or as a teacher of this one without the
/// class; and a form token of his own session.
pub(crate) async fn stranger(house: &House, teaches_here: bool) -> (Browser, String) {
    let mut hugo = HUGO.person();
    if teaches_here {
        let mut without = Affiliation::new(uai(COLLEGE), Profile::Teacher);
        without.classes = vec!["5A".into()];
        hugo.affiliations = vec![without];
    }
    house.hub.put(hugo).await;
    let mut browser = house.hub.browser();
    browser.sign_in(&HUGO).at_home().await;
    let token = browser.form_token("spaces");
    (browser, token)
}

/// A guest least of all: they invite nobody and set no end, their own neither.
async fn nobody_else_manages_a_space(hub: TestHub) {
    let house = house(&hub).await;
    let (mut alice, page) = space_of_alice(&house).await;
    let space = name_of(&page);
    handed_in(&house, &list(&house, &space, &[listed("sujet-1", "Lou")])).await;
    let [mut lou, mut noe, mut ines, mut hugo] = [(); 4].map(|()| house.hub.browser());
    house.comes(&mut lou, "/", "sujet-1", |_| {}).await;
    noe.sign_in(&NOE).at_home().await;
    ines.sign_in(&INES).at_home().await;
    let own = format!("/space/{space}");
    for browser in [&mut lou, &mut noe, &mut ines] {
        for target in ["/spaces", "/spaces/new", "/spaces/guests", "/spaces/join?i=a", &own] {
            assert_eq!(browser.get(target).await.status, 404, "{target}");
        }
        for end in ["/renew", "/close", "/list"] {
            let form = alice.visit(&own).await.form_to(end);
            assert_eq!(browser.submit_once(&form, &[("text", "a")]).await.status, 404, "{end}");
        }
    }
    hugo.sign_in(&HUGO).at_home().await;
    assert_eq!(hugo.get(&own).await.status, 404, "the head of another school");
    assert_eq!(alice.get(&own).await.status, 200, "control");
}

async fn a_form_of_their_own_manages_nothing_of_others(hub: TestHub) {
    let house = house(&hub).await;
    let (mut alice, page) = space_of_alice(&house).await;
    let space = name_of(&page);
    handed_in(&house, &list(&house, &space, &[listed("sujet-1", "Lou")])).await;
    let page = alice.visit(&format!("/space/{space}")).await;
    let guest = page.form_with("guest").value("guest").expect("a guest").to_owned();
    let list = page.form_with("list").value("list").expect("a list").to_owned();
    for teaches_here in [false, true] {
        let (mut other, token) = stranger(&house, teaches_here).await;
        for end in ["renew", "close", "stop", "lift", "undo", "list", "change"] {
            let fields =
                [("token", token.as_str()), ("guest", &guest), ("whom", "guest/k"), ("list", &list), ("text", "a")];
            let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
            assert_eq!(other.post(&format!("/space/{space}/{end}"), &fields).await.status, 404, "{end}");
        }
    }
    assert!(
        alice.submit(&page.form_to("/stop"), &[]).await.words().contains("Personne n’est encore invité"),
        "control"
    );
}

async fn a_list_leaves_as_it_was_shown_and_by_a_plain_answer(hub: TestHub) {
    let house = at_home(&hub).await;
    let mut alice = house.hub.browser();
    let link = format!("/spaces/join?i={}", invitation(&house, "k1", |_| {}));
    let form = alice.sign_in(&ALICE).through(&link).await.answer.form_with("invitation");
    let mut own = Affiliation::new(uai(COLLEGE), Profile::Pupil);
    (own.classes, own.level) = (vec!["6B".into()], Some("SEGPA".into()));
    let join = NOE.person().join.map(|join| preau_domain::JoinKey { key: "key-zoe".into(), ..join });
    let zoe =
        Person {
            id: preau_domain::PersonId::new("pzoe"), given_name: "Zoé".into(), login: None, join, ..NOE.person()
        };
    house.hub.put(Person { affiliations: vec![own], mail: None, ..zoe }).await;
    let again = alice.submit(&form, &[]).await;
    assert!(again.words().contains("Zoé P."), "who came since is shown first: {}", again.words());
    assert!(house.home.heard("/hosting/lists").is_empty());
    house.home.json("/hosting/lists", &json!({}));
    let odd = alice.submit(&again.form_with("invitation"), &[]).await;
    assert!(odd.words().contains("n’a pas répondu"), "an answer of somebody else: {}", odd.words());
    let heard = house.home.heard("/hosting/lists").remove(0).body;
    assert!(heard.contains("Zoé") && !heard.contains("SEGPA") && !heard.contains("level"), "{heard}");
}

async fn what_changes_a_space_asks_for_a_recent_proof(hub: TestHub) {
    let house = house(&hub).await;
    let (mut alice, page) = space_of_alice(&house).await;
    house.hub.clock.advance(16 * 60);
    let own = format!("/space/{}", name_of(&page));
    assert_eq!(alice.get(&own).await.status, 200, "reading asks for nothing more");
    for form in [page.form_to("/close"), page.form_to("/renew")] {
        let answer = alice.submit_once(&form, &[]).await;
        assert!(answer.location().is_some_and(|to| to.starts_with("/sign-in/")), "{:?}", answer.location());
    }
    assert!(alice.get("/spaces/new").await.location().is_some_and(|to| to.starts_with("/sign-in/")));
    assert!(!house.hub.hub.store.space(&name_of(&page)).await.expect("read").expect("a space").closed);
    let mut again = house.hub.browser();
    again.sign_in(&ALICE).at_home().await;
    assert_eq!(again.submit_once(&page.form_to("/close"), &[]).await.status, 403, "a form of another session");
}

/// A house that is the home: the provider is the host, at whose address lists are taken.
pub(crate) async fn at_home(hub: &TestHub) -> House {
    let house = House::new(hub).await;
    let mut door = service("pad");
    door.network = preau_connector_api::Network::Private;
    house.hub.mount(door);
    let url = house.home.issuer();
    house
        .convention_is(|one| {
            (one.peer.url, one.peer.service) = (url, Some(ServiceId::new("pad")));
            (one.establishments, one.ours) = (vec![uai(ECOLE)], vec![uai(COLLEGE)]);
        })
        .await;
    let mut places = house.hub.hub.store.establishments(&[uai(COLLEGE)]).await.expect("places");
    places[0].groups = vec![Group { code: "6B".into(), label: "6B".into(), kind: GroupKind::Class, mefs: vec![] }];
    house.hub.hub.store.put_establishments(None, &places).await.expect("kept");
    house
}

/// An invitation of the other ENT for a class of the collège.
pub(crate) fn invitation(house: &House, kid: &str, change: impl FnOnce(&mut Value)) -> String {
    let now = house.hub.hub.now().seconds();
    let mut said = json!({
        "iss": house.home.issuer(), "aud": preau_flows::BASE, "iat": now, "exp": now + 600, "convention": "cycle3", "terms": house.terms(),
        "space": "contes", "title": "Contes", "host": uai(ECOLE), "establishment": uai(COLLEGE), "class": "6 b",
        "role": "redacteur", "staff": "moderateur", "until": now + 3_000,
    });
    change(&mut said);
    house.home.sign(kid, "preau-invitation+jwt", &said)
}

async fn a_teacher_accepts_an_invitation_and_takes_it_back(hub: TestHub) {
    let house = at_home(&hub).await;
    let mut alice = house.hub.browser();
    let link = format!("/spaces/join?i={}", invitation(&house, "k1", |_| {}));
    let page = alice.sign_in(&ALICE).through(&link).await.answer;
    assert!(page.words().contains("Noé P.") && page.words().contains("Alice M. (vous)"), "{}", page.words());
    assert!(house.home.heard("/hosting/lists").is_empty(), "nothing left yet");
    house.home.json("/hosting/lists", &json!({ "added": 2, "known": 0 }));
    let done = alice.submit(&page.form_with("invitation"), &[]).await;
    assert!(done.words().contains("Nouveaux invités : 2"), "{}", done.words());
    let heard = house.home.heard("/hosting/lists").remove(0).body;
    let lines: Vec<&str> = heard.lines().skip(1).collect();
    assert!(lines.len() == 2 && heard.contains("\"Noé\"") && heard.contains("\"6 b\""), "{heard}");
    for nothing in ["Petit", "Martin", NOE.id, ALICE.id, "@", "noe.petit"] {
        assert!(!lines.iter().any(|line| line.contains(nothing)), "{nothing}: {heard}");
    }
    let page = alice.visit("/spaces").await;
    house.home.json("/hosting/recalls", &json!({ "added": 0, "known": 2 }));
    let page = alice.submit(&page.form_to("/recall"), &[]).await;
    assert!(page.words().contains("Liste retirée"), "{}", page.words());
    assert_eq!(house.home.heard("/hosting/recalls").len(), 1);
}

async fn an_invitation_that_is_nobody_s_is_said(hub: TestHub) {
    let house = at_home(&hub).await;
    let mut alice = house.hub.browser();
    alice.sign_in(&ALICE).at_home().await;
    let now = house.hub.hub.now().seconds();
    for (token, said) in [
        (invitation(&house, "k2", |_| {}), "pas une invitation"),
        (invitation(&house, "k1", |one| one["aud"] = json!("https://autre.example")), "pas une invitation"),
        (invitation(&house, "k1", |one| one["exp"] = json!(now)), "a expiré"),
        (invitation(&house, "k1", |one| one["terms"] = json!("7f3a-19c2")), "pas signé le même texte"),
        (invitation(&house, "k1", |one| one["convention"] = json!("autre")), "Aucune convention"),
        (invitation(&house, "k1", |one| one["establishment"] = json!(uai(preau_flows::LYCEE))), "Aucune convention"),
    ] {
        let page = alice.visit(&format!("/spaces/join?i={token}")).await;
        assert!(page.status == 422 && page.words().contains(said), "{said}: {}", page.words());
    }
    let good = invitation(&house, "k1", |_| {});
    assert_eq!(alice.visit(&format!("/spaces/join?i={good}")).await.status, 200, "control");
}

async fn an_invitation_that_is_not_theirs_sends_nothing(hub: TestHub) {
    let house = at_home(&hub).await;
    let colleague = Person { affiliations: vec![Affiliation::new(uai(COLLEGE), Profile::Librarian)], ..HUGO.person() };
    house.hub.put(colleague).await;
    let link = format!("/spaces/join?i={}", invitation(&house, "k1", |_| {}));
    let page = house.hub.browser().sign_in(&HUGO).through(&link).await.answer;
    assert!(page.words().contains("vous n’avez pas de classe"), "{}", page.words());
    let mut alice = house.hub.browser();
    let form = alice.sign_in(&ALICE).through(&link).await.answer.form_with("invitation");
    assert_eq!(alice.submit_once(&form, &[("class", "5A")]).await.status, 400, "a class of others");
    house.convention_is(|one| one.state = preau_domain::ConventionState::Suspended).await;
    assert_eq!(alice.submit_once(&form, &[]).await.status, 422, "stopped meanwhile");
    assert!(house.home.heard("/hosting/lists").is_empty(), "nothing left");
    assert!(house.hub.hub.store.lists(ListsOf::Home(&uai(COLLEGE)), 0, 10).await.expect("lists").is_empty());
    house.convention_is(|one| one.state = preau_domain::ConventionState::SignedByBoth).await;
    let answer = alice.submit_once(&form, &[]).await;
    assert!(answer.words().contains("n’a pas répondu"), "the other ENT answers nothing: {}", answer.words());
    assert_eq!(house.home.heard("/hosting/lists").len(), 1, "control");
}

/// Conventions for all may be many: a school reads those of its écoles, and of the others what one question reads.
async fn a_school_reads_no_more_conventions_than_it_may_choose_from(hub: TestHub) {
    let house = house(&hub).await;
    let (store, ecole) = (&house.hub.hub.store, uai(990_777));
    let one = store.convention("cycle3").await.expect("read").expect("a convention");
    for n in 0..450 {
        let id = format!("pour-tous-{n:03}");
        store.put_convention(&Convention { id, ..one.clone() }, None).await.expect("signed");
    }
    let last = Convention { id: "zone".into(), establishments: vec![ecole.clone()], ..one };
    store.put_convention(&last, None).await.expect("signed");
    let pair = SchoolPair { college: uai(COLLEGE), ecoles: vec![ecole.clone()] };
    store.put_school_pair(&pair).await.expect("a pair");
    let mut alice = house.hub.browser();
    alice.sign_in(&ALICE).at_home().await;
    house.hub.faults.fail(0, When::Before);
    let page = alice.visit("/spaces/new").await;
    let read = house.hub.faults.calls().iter().filter(|call| **call == "conventions_of").count();
    assert_eq!(read, 3, "of its own, of its écoles, of the others");
    assert!(page.body.contains(&format!("\"zone {ecole}\"")), "that of its école is there");
    let ends = ["pour-tous-000", "pour-tous-449"].map(|id| page.body.contains(id));
    assert_eq!(ends, [true, false]);
}
