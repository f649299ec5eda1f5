//! What somebody stopped stays so, whatever lists come after it, until whoever may lifts it; and what is too long for one page, or for one line of a
//! form, is handed over all the same.

use crate::guests::{House, listed};
use crate::sharing::{handed_in, house, list, name_of, space_of_alice};
use http::Method;
use preau_domain::{Affiliation, Lifter, PersonId, Profile, StopLift};
use preau_flows::{ALICE, Answer, Browser, COLLEGE, HUGO, TestHub, stories, uai};
use preau_store::{GuestsOf, ListsOf, StopsOf};

stories!(
    whom_the_head_stopped_stays_out_until_the_head_says_so,
    whom_a_teacher_stopped_stays_out_of_that_space,
    what_the_head_stopped_is_lifted_by_nobody_else,
    a_convention_that_the_head_stopped_opens_nothing_there,
    who_lifted_a_stop_stands_where_the_stop_did,
    more_stops_than_a_page_shows_are_found,
    a_list_comes_as_a_file,
    what_is_no_file_of_a_list_is_refused,
    a_list_of_long_ago_is_found_and_taken_back,
);

/// The head of the collège, signed in.
pub(crate) async fn head(house: &House) -> Browser {
    let mut hugo = HUGO.person();
    hugo.affiliations = vec![Affiliation::new(uai(COLLEGE), Profile::Head)];
    house.hub.put(hugo).await;
    let mut head = house.hub.browser();
    head.sign_in(&HUGO).at_home().await;
    head
}

async fn comes(house: &House, subject: &str) -> u16 {
    house.comes(&mut house.hub.browser(), "/", subject, |_| {}).await.status.as_u16()
}

async fn whom_the_head_stopped_stays_out_until_the_head_says_so(hub: TestHub) {
    let house = house(&hub).await;
    let (mut lou, mut head) = (house.guest().await, head(&house).await);
    let page = head.visit("/spaces/guests").await;
    head.submit_once(&page.form_with("guest"), &[]).await;
    assert!(lou.get("/").await.location().is_some(), "at once");
    let two = [listed("sujet-1", "Lou"), listed("sujet-2", "Max")];
    let taken = house.take(&house.list(&two, "k1", |_| {})).await.expect("the others come in");
    assert_eq!((taken.added, taken.stopped), (1, vec![0]));
    // A space that a teacher opens afterwards is no way around it.
    let (_, page) = space_of_alice(&house).await;
    let (status, answer) = handed_in(&house, &list(&house, &name_of(&page), &two)).await;
    assert!(status == 200 && answer["stopped"] == 1, "{answer}");
    assert_eq!((comes(&house, "sujet-1").await, comes(&house, "sujet-2").await), (403, 303), "and the others do");
    let page = head.visit("/spaces/guests").await;
    assert!(page.words().contains("Lou V. : arrêté par la direction pour tout l’établissement"), "{}", page.words());
    let page = head.submit(&page.form_to("/lift"), &[]).await;
    assert!(!page.words().contains("Lou V. : arrêté"), "{}", page.words());
    assert_eq!(comes(&house, "sujet-1").await, 403, "by the next list");
    house.invites(&two).await;
    assert_eq!(comes(&house, "sujet-1").await, 303, "lifted");
}

async fn whom_a_teacher_stopped_stays_out_of_that_space(hub: TestHub) {
    let house = house(&hub).await;
    let (mut alice, page) = space_of_alice(&house).await;
    let (space, one) = (name_of(&page), [listed("sujet-1", "Lou")]);
    handed_in(&house, &list(&house, &space, &one)).await;
    let page = alice.visit(&format!("/space/{space}")).await;
    let page = alice.submit(&page.form_with("guest"), &[]).await;
    assert!(page.words().contains("Lou V. : arrêté pour un espace"), "{}", page.words());
    let upload = page.form_to("/list");
    let looked = alice.submit(&upload, &[("text", &list(&house, &space, &one))]).await;
    assert!(looked.words().contains("Reste dehors : arrêté ici"), "{}", looked.words());
    alice.submit(&looked.form_with("yes"), &[]).await;
    assert_eq!(comes(&house, "sujet-1").await, 403);
    house.invites(&one).await;
    assert_eq!(comes(&house, "sujet-1").await, 303, "control: the space of somebody else");
    let page = alice.visit(&format!("/space/{space}")).await;
    let page = alice.submit(&page.form_to("/lift"), &[]).await;
    handed_in(&house, &list(&house, &space, &one)).await;
    assert!(alice.visit(&format!("/space/{space}")).await.words().contains("Lou V."), "{}", page.words());
}

async fn what_the_head_stopped_is_lifted_by_nobody_else(hub: TestHub) {
    let house = house(&hub).await;
    let (mut alice, page) = space_of_alice(&house).await;
    let (space, own) = (name_of(&page), format!("/space/{}", name_of(&page)));
    handed_in(&house, &list(&house, &space, &[listed("sujet-1", "Lou")])).await;
    let mut head = head(&house).await;
    let page = head.visit(&own).await;
    let page = head.submit(&page.form_with("guest"), &[]).await;
    let lift = page.form_to("/lift");
    let shown = alice.visit(&own).await;
    assert!(!shown.body.contains("/lift"), "{}", shown.words());
    let token = shown.form_to("/close").value("token").expect("a token").to_owned();
    for target in [lift.action.as_str(), "/spaces/guests/lift"] {
        let fields = lift.filled(&[("token", &token)]);
        let answer = alice.post(target, &fields).await;
        assert!(matches!(answer.status.as_u16(), 303 | 404), "{target}: {}", answer.status);
        let stops = house.hub.hub.store.stops(StopsOf::Host(&uai(COLLEGE)), 0, 10).await.expect("stops");
        assert_eq!(stops.len(), 1, "{target}");
    }
    head.submit(&lift, &[]).await;
    assert!(house.hub.hub.store.stops(StopsOf::Host(&uai(COLLEGE)), 0, 10).await.expect("stops").is_empty(), "control");
}

async fn a_convention_that_the_head_stopped_opens_nothing_there(hub: TestHub) {
    let house = house(&hub).await;
    let mut head = head(&house).await;
    let mut alice = house.hub.browser();
    alice.sign_in(&ALICE).at_home().await;
    let form = crate::sharing::previewed_good(&mut alice, &house).await.form_to("/spaces");
    let page = head.visit("/spaces/guests").await;
    let page = head.submit(&page.form_with("convention"), &[]).await;
    assert!(page.words().contains("ENT des écoles, tous les invités : arrêtés par la direction"), "{}", page.words());
    let refused = alice.submit(&form, &[]).await;
    assert!(refused.status == 422 && refused.words().contains("Choisissez une école"), "{}", refused.words());
    let (status, answer) = handed_in(&house, &house.list(&[listed("sujet-1", "Lou")], "k1", |_| {})).await;
    assert!(status == 422 && answer["problems"].is_array(), "{answer}");
    head.submit(&page.form_to("/lift"), &[]).await;
    let opened = alice.submit(&form, &[]).await;
    assert!(opened.words().contains("Le potager"), "control: {}", opened.words());
}

/// What an operator lifts of the stops of a head, who left.
async fn lifted_by_an_operator(house: &House) {
    let store = &house.hub.hub.store;
    let stop = store.stops(StopsOf::Host(&uai(COLLEGE)), 0, 10).await.expect("stops").remove(0);
    let (by, why, at) = (Lifter::Operator, "Départ de la principale".into(), house.hub.hub.now());
    let lift = StopLift { host: stop.host, whom: stop.whom, space: stop.space, person: None, by, why, at };
    assert!(store.lift_stop(&lift).await.expect("lifted"));
}

/// Whoever made a stop reads who lifted it, and the head what an operator said.
async fn who_lifted_a_stop_stands_where_the_stop_did(hub: TestHub) {
    let house = house(&hub).await;
    let (mut alice, page) = space_of_alice(&house).await;
    let (space, own) = (name_of(&page), format!("/space/{}", name_of(&page)));
    handed_in(&house, &list(&house, &space, &[listed("sujet-1", "Lou"), listed("sujet-2", "Max")])).await;
    let page = alice.visit(&own).await;
    alice.submit(&page.form_with("guest"), &[]).await;
    let mut head = head(&house).await;
    let page = head.visit(&own).await;
    head.submit(&page.form_to("/lift"), &[]).await;
    let hers = alice.visit(&own).await.words();
    assert!(hers.contains("arrêt levé par la direction"), "{hers}");
    let page = head.visit(&own).await;
    head.submit(&page.form_with("guest"), &[]).await;
    lifted_by_an_operator(&house).await;
    let (theirs, hers) = (head.visit(&own).await.words(), alice.visit(&own).await.words());
    let said = "arrêt levé par l’exploitant de cet espace numérique";
    assert!(theirs.contains(said) && theirs.contains("Départ de la principale"), "{theirs}");
    assert!(!hers.contains(said) && !hers.contains("Départ"), "what the head said is the head's: {hers}");
    house.hub.clock.advance(32 * 86_400);
    head.sign_in(&HUGO).at_home().await;
    assert!(!head.visit(&own).await.words().contains("arrêt levé"), "for a month");
}

async fn more_stops_than_a_page_shows_are_found(hub: TestHub) {
    let house = house(&hub).await;
    let many: Vec<_> = (0..60).map(|n| listed(&format!("sujet-{n}"), &format!("Lou{n}"))).collect();
    let taken = house.take(&house.list(&many, "k1", |_| {})).await.expect("they come in");
    assert_eq!(taken.added, 60, "control");
    let store = &house.hub.hub.store;
    for guest in store.guests(GuestsOf::Convention("cycle3"), &PersonId::new(""), 100).await.expect("guests") {
        store.stop_guest(&uai(COLLEGE), None, &guest.person, true, house.hub.hub.now()).await.expect("stopped");
    }
    let mut head = head(&house).await;
    let first = head.visit("/spaces/guests").await;
    let next = head.visit(&first.link("Page suivante").expect("a next page")).await;
    let shown = |page: &Answer| page.forms().iter().filter(|form| form.action.ends_with("/lift")).count();
    assert_eq!((shown(&first), shown(&next)), (50, 10));
    head.submit(&next.form_to("/lift"), &[]).await;
    assert_eq!(store.stops(StopsOf::Host(&uai(COLLEGE)), 0, 100).await.expect("stops").len(), 59, "also of the last");
}

/// A form of several parts, as a browser writes it.
pub(crate) async fn sends(browser: &mut Browser, to: &str, parts: &[(&str, &str)]) -> Answer {
    let mut body = String::new();
    for (name, value) in parts {
        let file =
            if *name == "file" { "; filename=\"cm2a.list\"\r\nContent-Type: application/octet-stream" } else { "" };
        body.push_str(&format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n"));
    }
    body.push_str("--x--\r\n");
    let kind = [("content-type", "multipart/form-data; boundary=x")];
    browser.send(Method::POST, to, &kind, Some(body.as_bytes())).await
}

async fn a_list_comes_as_a_file(hub: TestHub) {
    let house = house(&hub).await;
    let (mut alice, page) = space_of_alice(&house).await;
    let upload = page.form_to("/list");
    assert!(page.body.contains("enctype=\"multipart/form-data\"") && page.body.contains("type=\"file\""));
    let text = list(&house, &name_of(&page), &[listed("sujet-1", "Lou"), listed("sujet-2", "Max")]);
    let token = upload.value("token").expect("a token");
    let looked = sends(&mut alice, &upload.action, &[("token", token), ("file", &text), ("text", "")]).await;
    assert!(looked.words().contains("Max V. (CM2A)"), "{}", looked.words());
    // The yes brings it again, in the lines of a form.
    let again = looked.form_with("yes").value("text").expect("the list").replace('\n', "\r\n");
    let done = sends(&mut alice, &upload.action, &[("token", token), ("text", &again), ("yes", "1")]).await;
    assert_eq!(done.status, 303, "{}", done.words());
    assert_eq!(house.hub.hub.store.guest_count("cycle3").await.expect("a number"), 2);
}

async fn what_is_no_file_of_a_list_is_refused(hub: TestHub) {
    let house = house(&hub).await;
    let (mut alice, page) = space_of_alice(&house).await;
    let upload = page.form_to("/list");
    let text = list(&house, &name_of(&page), &[listed("sujet-1", "Lou")]);
    let token = upload.value("token").expect("a token");
    let long = "a".repeat(1024 * 1024 + 1);
    let more = "a".repeat(2 * 1024 * 1024);
    for (parts, status) in [
        (vec![("token", "another"), ("file", &*text), ("yes", "1")], 403),
        (vec![("file", &text), ("yes", "1")], 400),
        (vec![("token", token), ("file", &long), ("yes", "1")], 413),
        (vec![("token", token), ("file", &more), ("yes", "1")], 413),
        (vec![("token", token), ("file", &text), ("file", &text), ("yes", "1")], 400),
        (vec![("token", token), ("file", &text[..text.len() - 9]), ("yes", "1")], 422),
        (vec![("token", token), ("yes", "1")], 422),
    ] {
        let answer = sends(&mut alice, &upload.action, &parts).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.words());
        assert_eq!(house.hub.hub.store.guest_count("cycle3").await.expect("a number"), 0);
    }
    let done = sends(&mut alice, &upload.action, &[("token", token), ("file", &text), ("yes", "1")]).await;
    assert_eq!(done.status, 303, "control: {}", done.words());
}

/// There are more lists than a page shows: the first is on the next one, and taken back from there.
async fn a_list_of_long_ago_is_found_and_taken_back(hub: TestHub) {
    let house = house(&hub).await;
    let (mut alice, page) = space_of_alice(&house).await;
    let space = name_of(&page);
    handed_in(&house, &list(&house, &space, &[listed("sujet-1", "Lou")])).await;
    house.hub.clock.advance(60);
    for _ in 0..50 {
        handed_in(&house, &list(&house, &space, &[listed("sujet-2", "Max")])).await;
    }
    let page = alice.visit(&format!("/space/{space}")).await;
    let next = page.link("Page suivante").expect("a next page");
    let page = alice.visit(&next).await;
    assert!(page.has_link("Page précédente") && !page.has_link("Page suivante"), "{}", page.words());
    alice.submit(&page.form_to("/undo"), &[]).await;
    let store = &house.hub.hub.store;
    assert_eq!(store.guest_count("cycle3").await.expect("a number"), 1, "Max is left");
    let lists = store.lists(ListsOf::Space(&space), 0, 100).await.expect("lists");
    let back: Vec<bool> = lists.iter().map(|one| one.withdrawn.is_some()).collect();
    assert_eq!((back.len(), back.iter().filter(|one| **one).count(), back[50]), (51, 1, true), "the first of all");
}
