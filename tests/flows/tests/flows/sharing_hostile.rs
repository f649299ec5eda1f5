//! What somebody tries around shared spaces: the right of one school in another, a word of the other ENT that is too long, a list of an older version, a file
//! that is none; and what a teacher must find again.

use crate::guests::{HOME, House, listed};
use crate::sharing::{at_home, handed_in, house, invitation, list, name_of, space_of_alice};
use crate::sharing_stops::{head, sends};
use http::Method;
use preau_domain::{
    Affiliation, AuditKind, GuestList, Instant, JoinKey, Person, PersonId, Profile, Seconds, Space, SpaceGroup,
};
use preau_flows::{ALICE, Answer, BASE, Browser, COLLEGE, LYCEE, NOE, TestHub, stories, uai};
use preau_hosting::{Listed, RECALL_TYP};
use preau_store::StopsOf;
use serde_json::json;

stories!(
    the_head_of_one_school_lifts_nothing_at_another,
    the_head_of_two_schools_lifts_where_the_space_is,
    a_renewed_space_keeps_a_class_that_another_calls_otherwise,
    a_word_that_takes_back_names_a_list_and_nothing_else,
    a_list_of_an_older_version_is_refused_with_what_to_do,
    a_teacher_finds_their_own_lists,
    a_file_that_is_no_text_is_said_on_the_page,
    a_file_saved_by_an_editor_is_the_list,
    who_lets_a_child_come_back_is_found_by_the_child,
    a_child_whose_family_objects_is_on_no_list,
);

/// Alice teaches in the collège, where she works now, and heads the lycée, which has a space of its own; its page.
async fn alice_of_two_schools(house: &House) -> (Browser, Answer) {
    let fables = house.hub.hub.store.space("fables").await.expect("read").expect("a space");
    let space = Space { id: "verger".into(), host: uai(LYCEE), ..fables };
    house.hub.hub.store.put_space(&space, None, house.hub.hub.now()).await.expect("a space");
    let mut alice = ALICE.person();
    alice.affiliations =
        vec![Affiliation::new(uai(COLLEGE), Profile::Teacher), Affiliation::new(uai(LYCEE), Profile::Head)];
    house.hub.put(alice).await;
    let mut browser = house.hub.browser();
    browser.sign_in(&ALICE).at_home().await;
    let page = browser.visit("/space/verger").await;
    (browser, page)
}

async fn the_head_of_one_school_lifts_nothing_at_another(hub: TestHub) {
    let house = house(&hub).await;
    house.invites(&[listed("sujet-1", "Lou")]).await;
    let mut head = head(&house).await;
    let page = head.visit("/spaces/guests").await;
    let page = head.submit(&page.form_with("guest"), &[]).await;
    let stops = async || house.hub.hub.store.stops(StopsOf::Host(&uai(COLLEGE)), 0, 10).await.expect("stops");
    let whom = stops().await.remove(0).whom;
    let (mut alice, verger) = alice_of_two_schools(&house).await;
    let token = verger.form_to("/close").value("token").expect("a token").to_owned();
    for more in [&[("everywhere", "1")][..], &[]] {
        let fields = [&[("token", token.as_str()), ("whom", &whom)], more].concat();
        let fields: Vec<(String, String)> =
            fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        alice.post("/space/verger/lift", &fields).await;
        assert_eq!(stops().await.len(), 1, "{more:?}: what the head of the collège said");
    }
    head.submit(&page.form_to("/lift"), &[]).await;
    assert!(stops().await.is_empty(), "control");
}

async fn the_head_of_two_schools_lifts_where_the_space_is(hub: TestHub) {
    let house = house(&hub).await;
    let (mut alice, _) = alice_of_two_schools(&house).await;
    handed_in(&house, &list(&house, "verger", &[listed("sujet-1", "Lou")])).await;
    let page = alice.visit("/space/verger").await;
    let page = alice.submit(&page.form_with("guest"), &[]).await;
    let stops = async || house.hub.hub.store.stops(StopsOf::Host(&uai(LYCEE)), 0, 10).await.expect("stops").len();
    assert!(stops().await == 1 && page.words().contains("Lou V. : arrêté par la direction"), "{}", page.words());
    alice.submit(&page.form_to("/lift"), &[]).await;
    assert_eq!(stops().await, 0);
}

async fn a_renewed_space_keeps_a_class_that_another_calls_otherwise(hub: TestHub) {
    let house = house(&hub).await;
    let (mut alice, page) = space_of_alice(&house).await;
    let space = name_of(&page);
    house.space_is(|one| one.groups.push(SpaceGroup { code: "CM2 A".into(), ..one.groups[0].clone() })).await;
    handed_in(&house, &list(&house, &space, &[listed("sujet-1", "Lou")])).await;
    house.invites(&[Listed { class: "CM2 A".into(), ..listed("sujet-1", "Lou") }]).await;
    let page = alice.submit(&page.form_to("/renew"), &[]).await;
    assert!(page.words().contains("Lou V."), "{}", page.words());
}

async fn a_word_that_takes_back_names_a_list_and_nothing_else(hub: TestHub) {
    let house = house(&hub).await;
    let recalls = async |name: &str| {
        let now = house.hub.hub.now().seconds();
        let said = json!({ "iss": HOME, "aud": BASE, "iat": now, "convention": "cycle3", "list": name });
        let token = house.home.sign("k1", RECALL_TYP, &said);
        house.hub.browser().send(Method::POST, "/hosting/recalls", &[], Some(token.as_bytes())).await
    };
    for name in [String::new(), "a".repeat(65), "a b".to_owned(), "a\nguest-admitted b".to_owned()] {
        let answer = recalls(&name).await;
        assert_eq!(answer.status, 422, "{name:?}");
        assert!(house.hub.journal(answer.incident()).await.is_empty(), "{name:?}");
    }
    assert_eq!(recalls("liste-1").await.status, 200, "control");
}

async fn a_list_of_an_older_version_is_refused_with_what_to_do(hub: TestHub) {
    let house = house(&hub).await;
    let older = house
        .list(&[listed("sujet-1", "Lou")], "k1", |head| drop(head.as_object_mut().expect("a head").remove("terms")));
    let (status, answer) = handed_in(&house, &older).await;
    let told = answer["problems"][0].as_str().unwrap_or_default().to_owned();
    assert!(status == 422 && told.contains("an older version") && told.contains("terms"), "{answer}");
    let other = house.list(&[listed("sujet-1", "Lou")], "k1", |head| head["terms"] = json!("7f3a-19c2"));
    let (status, answer) = handed_in(&house, &other).await;
    let told = answer["problems"][0].as_str().unwrap_or_default().to_owned();
    assert!(status == 422 && told.contains("preau conventions amend") && told.contains(&house.terms()), "{answer}");
    assert_eq!(handed_in(&house, &house.list(&[listed("sujet-1", "Lou")], "k1", |_| {})).await.0, 200, "control");
}

/// A list that somebody of the collège sent.
fn sent(id: String, by: PersonId, at: Instant) -> GuestList {
    GuestList {
        convention: "cycle3".into(),
        id,
        sent: true,
        space: "contes".into(),
        title: "Contes".into(),
        home: uai(COLLEGE),
        class: "6B".into(),
        one_class: true,
        guests: 27,
        by: Some(by),
        at,
        way: None,
        withdrawn: None,
    }
}

/// A colleague of the same school sent more lists since than a page shows.
async fn a_teacher_finds_their_own_lists(hub: TestHub) {
    let house = house(&hub).await;
    let now = house.hub.hub.now();
    let store = &house.hub.hub.store;
    store.note_list(&sent("la-mienne".into(), ALICE.person_id(), now)).await.expect("noted");
    for n in 0..60 {
        let of_others = sent(format!("une-autre-{n}"), PersonId::new("pautre"), now + Seconds(60 + n));
        store.note_list(&of_others).await.expect("noted");
    }
    let mut alice = house.hub.browser();
    alice.sign_in(&ALICE).at_home().await;
    let page = alice.visit("/spaces").await;
    assert!(page.body.contains("la-mienne") && !page.body.contains("une-autre"), "{}", page.words());
    assert!(!page.has_link("Page suivante"), "{}", page.words());
    let one = alice.visit(&page.link("6B").expect("a way")).await;
    assert!(one.words().contains("27 personnes") && one.words().contains("ne dit plus"), "of before: {}", one.words());
    let mut head = head(&house).await;
    let page = head.visit("/spaces").await;
    assert!(page.body.contains("une-autre-59") && page.has_link("Page suivante"), "control: the head sees all");
}

/// What a part of a form holds, as bytes.
async fn sends_bytes(browser: &mut Browser, to: &str, token: &str, file: &[u8]) -> Answer {
    let mut body = format!("--x\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{token}\r\n").into_bytes();
    body.extend(b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"liste.xlsx\"\r\n\r\n");
    body.extend(file);
    body.extend(b"\r\n--x--\r\n");
    browser.send(Method::POST, to, &[("content-type", "multipart/form-data; boundary=x")], Some(&body)).await
}

async fn a_file_that_is_no_text_is_said_on_the_page(hub: TestHub) {
    let house = house(&hub).await;
    let (mut alice, page) = space_of_alice(&house).await;
    let upload = page.form_to("/list");
    let token = upload.value("token").expect("a token");
    for file in [&b"PK\x03\x04\x14\x00\xff\xfe\x00"[..], b"\xff\xfel\x00i\x00", b"Pr\xe9nom;Initiale\r\n", b"\n", b""] {
        let answer = sends_bytes(&mut alice, &upload.action, token, file).await;
        assert!(
            answer.status == 422 && answer.words().contains("La liste est refusée"),
            "{file:?}: {}",
            answer.words()
        );
        assert!(answer.words().contains("Le potager"), "on the page of the space");
    }
    let answer = sends_bytes(&mut alice, &upload.action, "\u{fffd}", b"\xff").await;
    assert_eq!(answer.status.as_u16(), 400, "nothing but the file may be anything");
    let text = list(&house, &name_of(&page), &[listed("sujet-1", "Lou")]);
    let answer = sends_bytes(&mut alice, &upload.action, token, text.as_bytes()).await;
    assert!(answer.status == 200 && answer.words().contains("Lou V."), "control: {}", answer.words());
}

/// A mark at its beginning, and lines that end as on Windows.
async fn a_file_saved_by_an_editor_is_the_list(hub: TestHub) {
    let house = house(&hub).await;
    let (mut alice, page) = space_of_alice(&house).await;
    let upload = page.form_to("/list");
    let token = upload.value("token").expect("a token");
    let text = list(&house, &name_of(&page), &[listed("sujet-1", "Lou"), listed("sujet-2", "Max")]);
    let saved = format!("\u{feff}{}", text.trim_end().replace('\n', "\r\n"));
    let answer = sends(&mut alice, &upload.action, &[("token", token), ("file", &saved)]).await;
    assert!(answer.status == 200 && answer.words().contains("Max V."), "{}", answer.words());
}

async fn who_lets_a_child_come_back_is_found_by_the_child(hub: TestHub) {
    let house = house(&hub).await;
    house.invites(&[listed("sujet-1", "Lou")]).await;
    let mut head = head(&house).await;
    let page = head.visit("/spaces/guests").await;
    let page = head.submit(&page.form_with("guest"), &[]).await;
    let lou = house
        .hub
        .hub
        .store
        .stops(StopsOf::Host(&uai(COLLEGE)), 0, 1)
        .await
        .expect("stops")
        .remove(0)
        .person
        .expect("an account");
    let lift = page.form_to("/lift");
    let of = |events: &[preau_domain::AuditEvent]| {
        events.iter().filter(|one| one.kind == AuditKind::Administered && one.person.as_ref() == Some(&lou)).count()
    };
    let nobody = head.submit_once(&lift, &[("whom", "guest/autre")]).await;
    assert!(house.hub.journal(nobody.incident()).await.is_empty(), "nobody was let back");
    let answer = head.submit_once(&lift, &[]).await;
    let kept = house.hub.journal(answer.incident()).await;
    assert_eq!(of(&kept), 1, "{kept:?}");
    assert!(house.hub.hub.store.stops(StopsOf::Host(&uai(COLLEGE)), 0, 1).await.expect("stops").is_empty());
}

/// The box belongs to the form that sends the list, wherever it stands on the page.
async fn a_child_whose_family_objects_is_on_no_list(hub: TestHub) {
    let house = at_home(&hub).await;
    let mut own = Affiliation::new(uai(COLLEGE), Profile::Pupil);
    own.classes = vec!["6B".into()];
    let join = NOE.person().join.map(|join| JoinKey { key: "key-zoe".into(), ..join });
    let zoe = Person { id: PersonId::new("pzoe"), given_name: "Zoé".into(), login: None, join, ..NOE.person() };
    house.hub.put(Person { affiliations: vec![own], mail: None, ..zoe }).await;
    let mut alice = house.hub.browser();
    let link = format!("/spaces/join?i={}", invitation(&house, "k1", |_| {}));
    let page = alice.sign_in(&ALICE).through(&link).await.answer;
    // In the order of their names: Noé, then Zoé.
    let boxes: Vec<&str> = page.body.split("name=\"without\" value=\"").skip(1).collect();
    let noe = boxes.first().and_then(|rest| rest.split('"').next()).unwrap_or("nobody");
    assert!(page.body.contains("form=\"sending\"") && page.body.contains("id=\"sending\""), "{}", page.body);
    house.home.json("/hosting/lists", &json!({ "added": 2, "known": 0 }));
    let stale = alice.submit(&page.form_with("invitation"), &[("without", noe), ("shown", "another")]).await;
    assert!(stale.body.contains(&format!("value=\"{noe}\" checked")), "what was ticked stays so");
    alice.submit(&page.form_with("invitation"), &[("without", noe)]).await;
    let heard = house.home.heard("/hosting/lists").remove(0).body;
    assert!(!heard.contains("Noé") && heard.contains("Zoé"), "{heard}");
    let sent = house.hub.hub.store.lists(preau_store::ListsOf::Home(&uai(COLLEGE)), 0, 1).await.expect("lists");
    assert_eq!(sent[0].guests, 2, "Zoé and her teacher");
}
